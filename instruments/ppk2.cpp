#include "instruments/ppk2.hpp"

#include <cmath>

#include <fmt/format.h>

namespace meterrig {
namespace {

// Commands of pc-nrfconnect-ppk, src/constants.ts.
constexpr std::uint8_t average_start = 0x06, average_stop = 0x07, device_running = 0x0c, regulator_set = 0x0d,
                       power_mode = 0x11, get_metadata = 0x19;
constexpr Duration sample_time = 10us;
constexpr int millivolts_min = 800, millivolts_max = 5000;

}  // namespace

Ppk2::Ppk2(Clock& clock, std::unique_ptr<ByteStream> stream, const Profile& profile, std::string name)
    : clock_(clock), stream_(std::move(stream)), profile_(profile), name_(std::move(name)) {}

// g++ 12 miscompiles braced lists in an expression that waits: the bytes come one by one.
Task<> Ppk2::send(std::uint8_t opcode, std::optional<int> first, std::optional<int> second) {
  Bytes command(1, opcode);
  if (first) command.push_back(static_cast<std::uint8_t>(*first));
  if (second) command.push_back(static_cast<std::uint8_t>(*second));
  co_await stream_->write(command, clock_.now() + seconds(profile_.answer_timeout_s()) + clock_.exchange_slack());
}

Task<> Ppk2::read_metadata() {
  // It may still be sampling for whoever used it before.
  co_await send(average_stop);
  co_await sleep_for(50ms);
  stream_->drain();
  co_await send(get_metadata);
  const Instant asked_at = clock_.now();
  const Instant deadline = asked_at + seconds(profile_.answer_timeout_s()) + clock_.exchange_slack();
  std::string text;
  Bytes chunk(4096);
  bool silent = false;
  while (!silent && text.find("END") == std::string::npos && text.size() < 64 * chunk.size()) {
    try {
      const std::size_t got = co_await stream_->read(chunk, deadline);
      text.append(chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(got));
    } catch (const TimeoutError&) {
      silent = true;
    }
  }
  if (silent && text.empty())
    throw TimeoutError(fmt::format("{} did not answer the request for its metadata; a PPK2 has two serial ports, and "
                                   "answers on the one whose interface number is 01",
                                   name_),
                       {name_, "metadata (19)", "", clock_.now() - asked_at});
  calibration_ = parse_ppk2_metadata(text, name_);
  known_ = true;
}

Task<std::string> Ppk2::identify() {
  co_await read_metadata();
  co_return fmt::format("Nordic Semiconductor,PPK2,,HW {}", calibration_.hardware);
}

Task<> Ppk2::use(Mode mode, int millivolts) {
  if (millivolts < millivolts_min || millivolts > millivolts_max)
    throw UserError(
        fmt::format("{}: {} mV is outside {} .. {} mV of a PPK2", name_, millivolts, millivolts_min, millivolts_max));
  if (mode_ == mode && millivolts_ == millivolts) co_return;
  co_await send(power_mode, static_cast<int>(mode));
  co_await send(regulator_set, millivolts >> 8, millivolts & 0xff);
  co_await read_metadata();
  if (calibration_.mode != static_cast<int>(mode) || calibration_.vdd_mv != millivolts)
    throw ReadBackError(fmt::format("{}: set to mode {} and {} mV, its metadata say mode {} and {} mV", name_,
                                    static_cast<int>(mode), millivolts, calibration_.mode, calibration_.vdd_mv),
                        {name_,
                         "mode (11) and regulator (0d)",
                         fmt::format("mode {}, VDD {}", calibration_.mode, calibration_.vdd_mv),
                         {}});
  mode_ = mode;
  millivolts_ = millivolts;
}

Task<> Ppk2::power(bool on) { co_await send(device_running, on ? 1 : 0); }

Task<> Ppk2::start(Duration interval, std::size_t points) {
  if (points == 0 || interval < sample_time || interval % sample_time != Duration::zero())
    throw UserError(fmt::format("{}: a point is a whole number of 10 us, not {:g} s", name_, to_seconds(interval)));
  if (!known_) co_await read_metadata();
  co_await stop();
  stream_->drain();
  decoder_.emplace(calibration_, millivolts_ / 1000.0, profile_.document().value("spike_filter", true));
  waveform_ = {interval, {}};
  waveform_.counts.reserve(points);
  points_ = points;
  per_point_ = static_cast<std::size_t>(interval / sample_time);
  in_point_ = gaps_ = 0;
  sum_ = 0;
  gap_here_ = false;
  co_await send(average_start);
  pump_.emplace(clock_, nullptr);
  pump_->spawn(collect(points));
}

Task<> Ppk2::collect(std::size_t wanted) {
  const Duration longest = waveform_.interval * static_cast<std::int64_t>(wanted);
  const Instant deadline = clock_.now() + longest + seconds(profile_.answer_timeout_s()) + clock_.exchange_slack();
  Bytes chunk(65536);
  while (waveform_.size() < wanted) {
    const std::size_t got = co_await stream_->read(chunk, deadline);
    decoder_->feed(std::span(chunk).first(got), [this](std::optional<double> amperes) { take(amperes); });
  }
  co_await send(average_stop);
}

void Ppk2::take(std::optional<double> amperes) {
  if (waveform_.size() == points_) return;
  if (amperes)
    sum_ += *amperes;
  else
    gap_here_ = true;
  if (++in_point_ < per_point_) return;
  const double mean = sum_ / static_cast<double>(per_point_);
  waveform_.counts.push_back(decoder_->clipped() ? Waveform::overload : std::llrint(mean * 1e10));
  decoder_->forget_clipping();
  if (gap_here_) ++gaps_;
  gap_here_ = false;
  in_point_ = 0;
  sum_ = 0;
}

Task<Waveform> Ppk2::fetch() {
  if (!pump_) throw std::logic_error(name_ + ": nothing was started");
  co_await pump_->join();
  pump_.reset();
  if (gaps_ > 0)
    throw NoReading(fmt::format("{} lost {} samples in {} of {} points; leave the USB port to it alone", name_,
                                decoder_->lost(), gaps_, points_),
                    {name_, "samples", fmt::format("{} lost", decoder_->lost()), {}});
  co_return std::move(waveform_);
}

Task<> Ppk2::stop() {
  pump_.reset();
  co_await send(average_stop);
}

Task<double> Ppk2::mean(Duration time) {
  co_await start(time, 1);
  const Waveform one = co_await fetch();
  if (one.overloads() > 0)
    throw OverRange(fmt::format("{}: the current is beyond its last range", name_),
                    {name_, "samples", "full scale", {}});
  co_return one.mean();
}

namespace {

class Ppk2Meter final : public CurrentMeter {
 public:
  Ppk2Meter(std::shared_ptr<Ppk2> device, const std::string& role)
      : device_(std::move(device)), role_(role), accuracy_(device_->profile().accuracy("current")) {
    for (const auto& range : device_->profile().role(role).at("ranges"))
      range_max_ = std::max(range_max_, range.at("current_a").get<double>());
    points_max_ = device_->profile().role(role).at("points_max");
  }
  Task<Reading> current() override {
    co_await ready();
    co_return accuracy_.reading(co_await device_->mean(100ms));
  }
  void expect_series(Duration interval, std::size_t points) const override {
    if (interval < sample_time || interval % sample_time != Duration::zero() || points > points_max_)
      throw UserError(
          fmt::format("{} (nordic_ppk2) gives at most {} points of a whole number of 10 us; {} of {:g} s "
                      "are asked for",
                      device_->name(), points_max_, points, to_seconds(interval)));
  }
  Task<> start(Duration interval, std::size_t points) override {
    expect_series(interval, points);
    co_await ready();
    co_await device_->start(interval, points);
  }
  Task<Waveform> fetch(bool) override { return device_->fetch(); }
  Task<> abort() override { return device_->stop(); }
  const Accuracy& accuracy() const override { return accuracy_; }
  std::size_t points_max() const override { return points_max_; }
  double range_max() const override { return range_max_; }

 private:
  // The path's own voltage enters its calibration; as an ampere meter it must also be on to measure.
  Task<> ready() {
    if (ready_) co_return;
    co_await device_->use(Ppk2::Mode::ampere_meter, device_->profile().role(role_).at("path_mv"));
    co_await device_->power(true);
    ready_ = true;
  }

  std::shared_ptr<Ppk2> device_;
  std::string role_;
  Accuracy accuracy_;
  double range_max_ = 0;
  std::size_t points_max_ = 0;
  bool ready_ = false;
};

}  // namespace

std::unique_ptr<CurrentMeter> make_ppk2_meter(std::shared_ptr<Ppk2> device, const std::string& role) {
  return std::make_unique<Ppk2Meter>(std::move(device), role);
}

}  // namespace meterrig
