#pragma once

#include <memory>
#include <string>
#include <vector>

#include "meters/mbus.hpp"
#include "meters/meter.hpp"
#include "meters/request_line.hpp"

namespace meterrig {

// A meter on M-Bus (EN 13757-2, -3), by its primary address ("0" to "250") or its secondary one (16 hexadecimal digits;
// F matches any).
class MbusMeter final : public Meter {
 public:
  // `access.address` empty: the test address FE, for a meter alone on the line.
  MbusMeter(Clock& clock, std::unique_ptr<ByteStream> stream, const MeterProfile& profile, const MeterAccess& access,
            std::string name, Duration tolerance = usual_tolerance);

  // Of the meter's telegrams, all of those that say that more follow.
  Task<std::vector<MeterReading>> readings(std::vector<std::string> names) override;
  // By SND_UD with the records that the profile gives.
  Task<> write(std::string name, std::string value) override;
  // The secondary address.
  Task<std::string> find_address() override;
  const MeterProfile& profile() const noexcept override { return profile_; }
  MeterCounters counters() const override { return line_.counters; }

 private:
  Task<> select();
  Task<Telegram> request_data();
  Task<Telegram> exchange(mbus::Frame request);
  Telegram checked(const Exchange& asked);
  Duration answer_time() const;

  const MeterProfile& profile_;
  RequestLine<mbus::Scanner> line_;
  std::string name_;
  std::string secondary_;
  std::uint8_t primary_ = mbus::test_address;
  bool selected_ = false;
  bool frame_count_ = false;
  mbus::Bytes answer_;  // the last one
};

}  // namespace meterrig
