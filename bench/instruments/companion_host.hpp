#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "bench/instruments/line_peer.hpp"
#include "bench/meter/radio_channel.hpp"
#include "core/clock.hpp"
#include "meters/cjt188.hpp"

namespace meterrig::bench {

// Companion equipment CH-1, own design: the radio side of the meters, one command a line, every answer ends with OK or
// ERR:...; it speaks for all stations on the one radio channel.
//
//   *IDN?                          METERRIG,CH-1,<serial>,1.0.0        (this line only)
//   AT                             OK
//   AT+ID                          METERRIG,CH-1,<serial>,1.0.0 / OK
//   AT+CH=<0..15>, AT+CH?          channel number, kept only; +CH:<n> / OK
//   AT+ATT=<0..60>, AT+ATT?        attenuator, dB
//   AT+T2=<0..60>, AT+T2?          listening period of the meters, s: a request goes out behind a wake burst of 1.2*T2
//                                  (CJ/T 503-2016 A.4.3); 0 sends none. Starts as 5.
//   AT+SEND=<address>,<frame>      address: 14 hex digits, A0 first; frame: hex. +RX:<frame>,<rssi dBm> for everything
//                                  heard; OK behind the answer of that address, ERR:NOREPLY after the burst and 5 s.
//                                  ERR:BUSY while a request or AT+LISTEN runs.
//   AT+LISTEN=<s>                  +RX:... for s seconds, then OK
//   AT+STOP                        ends a request or listening with OK; the frame that was cut off is not answered
//   anything else                  ERR:SYNTAX; a number out of range ERR:RANGE
class CompanionHost final : public LinePeer {
 public:
  CompanionHost(Clock& clock, RadioChannel& channel, std::string serial);

 private:
  enum class Task { none, request, listening };
  void take(const std::string& line) override;
  bool parameter(std::string_view line, std::string_view name, double low, double high, double& value);
  void send_request(std::string_view arguments);
  void heard(std::span<const std::uint8_t> frame, double rssi);
  void end(std::string_view word);
  void give_up();

  Clock& clock_;
  RadioChannel& channel_;
  std::string identity_;
  double channel_number_ = 0;
  double attenuation_db_ = 0;
  double wake_period_s_ = 5;
  Task task_ = Task::none;
  cjt188::Address awaited_{};
  std::optional<cjt188::Frame> request_;
  Timer timer_;
};

}  // namespace meterrig::bench
