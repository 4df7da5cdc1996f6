#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>

#include "bench/desk/dlt_events.hpp"
#include "bench/desk/electricity_model.hpp"
#include "bench/desk/serial_meter.hpp"
#include "core/json/node.hpp"
#include "meters/dlt645.hpp"

namespace meterrig::bench {

// A three-phase electricity meter with a relay (DL/T 645-2007): all commands but authentication, registers with four
// tariffs, settlements, freezes and event records.
class DltMeter final : public SerialMeter<dlt645::Scanner> {
 public:
  DltMeter(Clock& clock, const json::Node& meter);

  // What a person does to it, or the mains.
  void press_key();
  void open_cover(bool open);
  void set_power(bool on);
  ElectricityModel& model() { return model_; }

 private:
  using Bytes = dlt645::Bytes;
  using Content = std::span<const std::uint8_t>;
  // The error word's bits (7.1, table of ERR); none: all was well.
  struct Reply {
    std::uint8_t error = 0;
    Bytes data{};
    bool more = false;
  };

  std::optional<Bytes> answer(const dlt645::Frame& request) override;
  bool addressed(const dlt645::Address& address) const;
  void obey_broadcast(const dlt645::Frame& request);
  Reply execute(std::uint8_t function, Content data);

  // dlt_meter.cpp: reading
  Reply read(Content data);
  Reply read_next(Content data);
  Reply piece(std::size_t room);
  std::optional<Bytes> item(std::uint32_t identifier);
  std::optional<Bytes> clock_item(std::uint32_t identifier) const;
  std::optional<Bytes> status_words(unsigned number) const;

  // dlt_meter_commands.cpp
  std::optional<Content> authorised(Content data) const;
  Reply write(Content data);
  bool write_clock(std::uint32_t identifier, Content value, Content operator_code);
  bool write_parameter(std::uint32_t identifier, Content value);
  Reply write_address(Content data);
  Reply freeze(Content data);
  Reply set_baud_rate(Content data);
  Reply set_password(Content data);
  Reply clear_demand(Content data);
  Reply clear_meter(Content data);
  Reply clear_events(Content data);
  Reply relay(Content data);
  bool obey_relay(dlt645::Relay command);
  void set_time_by_broadcast(Content data);
  Bytes stamp(Content operator_code) const;

  ElectricityModel model_;
  DltEvents events_;
  dlt645::Address address_;
  std::map<std::uint8_t, std::array<std::uint8_t, 3>> passwords_;  // by level, P0 first
  std::map<std::uint32_t, Bytes> parameters_;
  std::size_t data_limit_;
  int preamble_;
  bool baud_rate_fixed_;
  // What a subsequent read goes on with.
  std::uint32_t pending_identifier_ = 0;
  Bytes pending_;
  std::uint8_t pending_number_ = 0;
  bool close_permitted_ = false, keeps_power_ = false;
  std::optional<Utc> set_by_broadcast_;
};

}  // namespace meterrig::bench
