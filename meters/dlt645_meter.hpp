#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "meters/dlt645.hpp"
#include "meters/half_duplex.hpp"
#include "meters/meter.hpp"

namespace meterrig {

// A DL/T 645 meter on its UART. Items with a data identifier of eight digits are asked for in the 2007 edition, those
// of four in that of 1997; items with a `command` have a control code of their own.
class Dlt645Meter final : public Meter {
 public:
  // `access.address` empty: the wildcard, for a meter alone on the line.
  Dlt645Meter(Clock& clock, std::unique_ptr<ByteStream> stream, const MeterProfile& profile, const MeterAccess& access,
              std::string name);

  Task<std::vector<MeterReading>> readings(std::vector<std::string> names) override;
  // Commands are written: {"relay", "trip"}, {"freeze", "now"}, {"clear_events", "FFFFFFFF"}.
  Task<> write(std::string name, std::string value) override;
  Task<std::string> find_address() override;
  const MeterProfile& profile() const noexcept override { return profile_; }
  MeterCounters counters() const override { return counters_; }

 private:
  // The data field of the answer, without 33H.
  Task<dlt645::Bytes> exchange(dlt645::Frame request);
  std::optional<dlt645::Frame> reply_in(std::span<const std::uint8_t> chunk, const dlt645::Frame& request,
                                        const Exchange& asked);
  // All of an identifier's content, over subsequent frames where there are some.
  Task<dlt645::Bytes> content(std::string identifier);
  Task<> command(const MeterItem& item, std::string value);
  Task<dlt645::Bytes> relay_deadline();
  dlt645::Bytes authority() const;
  MeterReading reading(const MeterItem& item, const dlt645::Bytes& content) const;

  const MeterProfile& profile_;
  HalfDuplex line_;
  dlt645::Address address_;
  MeterAccess access_;
  std::string name_;
  dlt645::Scanner scanner_;
  bool more_follows_ = false;  // said by the last reply
  MeterCounters counters_;
};

}  // namespace meterrig
