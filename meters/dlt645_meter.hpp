#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "meters/dlt645.hpp"
#include "meters/meter.hpp"
#include "meters/request_line.hpp"

namespace meterrig {

// A DL/T 645 meter on its UART. Items with a data identifier of eight digits are asked for in the 2007 edition, those
// of four in that of 1997; items with a `command` have a control code of their own.
class Dlt645Meter final : public Meter {
 public:
  // `access.address` empty: the wildcard, for a meter alone on the line.
  Dlt645Meter(Clock& clock, std::unique_ptr<ByteStream> stream, const MeterProfile& profile, const MeterAccess& access,
              std::string name, Duration tolerance = usual_tolerance);

  Task<std::vector<MeterReading>> readings(std::vector<std::string> names) override;
  // Commands are written: {"relay", "trip"}, {"freeze", "now"}, {"clear_events", "FFFFFFFF"}.
  Task<> write(std::string name, std::string value) override;
  Task<std::string> find_address() override;
  const MeterProfile& profile() const noexcept override { return profile_; }
  MeterCounters counters() const override { return line_.counters; }

 private:
  // The data field of the answer, without 33H.
  Task<dlt645::Bytes> exchange(dlt645::Frame request);
  // Whether the frame is the reply. Throws for one that refuses.
  bool take(const dlt645::Frame& reply, const dlt645::Frame& request, const Exchange& asked);
  // All of an identifier's content, over subsequent frames where there are some.
  Task<dlt645::Bytes> content(std::string identifier);
  Task<> command(const MeterItem& item, std::string value);
  Task<dlt645::Bytes> relay_deadline();
  dlt645::Bytes authority() const;
  MeterReading reading(const MeterItem& item, const dlt645::Bytes& content) const;

  const MeterProfile& profile_;
  RequestLine<dlt645::Scanner> line_;
  dlt645::Address address_;
  MeterAccess access_;
  std::string name_;
  bool more_follows_ = false;  // said by the last reply
};

}  // namespace meterrig
