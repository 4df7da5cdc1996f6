#include <cmath>

#include <fmt/format.h>

#include "instruments/dmm_role.hpp"
#include "instruments/scpi_drivers.hpp"

namespace meterrig {
namespace {

// Any multimeter or picoammeter whose profile says how. Single readings range by themselves; a series stays in the
// range that the profile uses in this role, since a range change takes longer than the pulses of a meter.
class ScpiCurrentMeter final : public CurrentMeter {
 public:
  ScpiCurrentMeter(Clock& clock, std::shared_ptr<ScpiSession> session, const Profile& profile, const std::string& role)
      : clock_(clock),
        role_(std::move(session), profile, role),
        usual_(role_.usual()),
        single_(profile.accuracy("current")),
        series_(single_.of_range(usual_.range)) {
    if (!role_.has("series")) return;
    const auto& interval = role_.document().at("sample_interval_s");
    interval_min_s_ = interval.at("min");
    interval_max_s_ = interval.at("max");
    memory_ = role_.document().at("points_max");
  }

  Task<Reading> current() override {
    if (!single_ready_) co_await role_.send("single", usual_);
    single_ready_ = role_.document().value("stays_configured", true);
    co_return single_.reading(co_await role_.reading());
  }

  void expect_series(Duration interval, std::size_t points) const override {
    const std::string who = fmt::format("{} ({})", role_.session().name(), role_.profile().id());
    const std::string asked = fmt::format("{} points of {:g} s", points, to_seconds(interval));
    if (memory_ == 0)
      throw UserError(
          fmt::format("{} gives single readings as {}; {} are asked for: use an instrument that digitises, "
                      "such as keysight_n6705c, keysight_34465a, keithley_dmm6500 or nordic_ppk2",
                      who, role_.name(), asked));
    if (to_seconds(interval) < interval_min_s_ * (1 - 1e-9))
      throw UserError(
          fmt::format("{} takes a reading every {:g} s at best; {} are asked for", who, interval_min_s_, asked));
    if (points * parts(interval) > memory_)
      throw UserError(fmt::format("{} stores {} readings; {} are asked for", who, memory_, asked));
  }

  Task<> start(Duration interval, std::size_t points) override {
    if (points == 0) throw std::logic_error(fmt::format("{}: a series of no points", role_.session().name()));
    expect_series(interval, points);
    single_ready_ = false;
    interval_ = interval;
    points_ = points;
    DmmValues values = usual_;
    values.count = points * parts(interval);
    values.interval_s = to_seconds(interval) / static_cast<double>(parts(interval));
    values.aperture_s = values.interval_s;
    co_await role_.send("series", values);
    end_ = clock_.now() + interval * static_cast<std::int64_t>(points);
  }

  Task<Waveform> fetch(bool) override {
    const std::size_t raw = points_ * parts(interval_);
    co_await sleep_until(end_);
    co_await all_taken(raw);
    std::vector<std::int64_t> counts;
    counts.reserve(raw);
    const std::size_t chunk = role_.document().value("fetch_chunk", std::size_t{10'000});
    while (counts.size() < raw) {
      DmmValues values = usual_;
      values.count = std::min(chunk, raw - counts.size());
      values.first = counts.size() + 1;
      values.last = counts.size() + values.count;
      const std::string asked = role_.text(role_.command("fetch"), values);
      const std::string answer = co_await fetched(asked);
      parse(answer, asked, values.count, counts);
    }
    co_return averaged(counts);
  }

  Task<> abort() override { co_await role_.send("stop", usual_); }
  const Accuracy& accuracy() const override { return memory_ == 0 ? single_ : series_; }
  std::size_t points_max() const override { return memory_ == 0 ? 1 : memory_; }
  double range_max() const override { return usual_.range; }

 private:
  // Readings that make one point: an instrument with a slowest rate takes several.
  std::size_t parts(Duration interval) const {
    return static_cast<std::size_t>(std::max(1.0, std::ceil(to_seconds(interval) / interval_max_s_ * (1 - 1e-9))));
  }

  Task<> all_taken(std::size_t wanted) {
    const std::string asked = role_.command("available");
    const Instant deadline = clock_.now() + seconds(role_.profile().answer_timeout_s()) + clock_.exchange_slack();
    for (;;) {
      const double there = co_await role_.session().number(asked);
      if (there >= static_cast<double>(wanted)) co_return;
      if (clock_.now() > deadline)
        throw NoReading(fmt::format("{} has taken {:g} of {} readings when the time for all of them is over",
                                    role_.session().name(), there, wanted),
                        {role_.session().name(), asked, fmt::format("{:g}", there), {}});
      co_await sleep_for(10ms);
    }
  }

  Task<std::string> fetched(std::string asked) {
    if (!role_.document().value("fetch_is_block", false)) co_return co_await role_.session().query(asked);
    const Bytes block = co_await role_.session().block(asked, seconds(role_.profile().answer_timeout_s()));
    co_return std::string(block.begin(), block.end());
  }

  void parse(std::string_view rest, const std::string& asked, std::size_t wanted,
             std::vector<std::int64_t>& counts) const {
    const std::size_t before = counts.size();
    while (!rest.empty()) {
      const auto comma = rest.find(',');
      const std::string_view field = rest.substr(0, comma);
      std::int64_t count = 0;
      if (parse_scaled(field, 10, count)) {
        counts.push_back(count);
      } else {
        counts.push_back(Waveform::overload);
        try {
          reading_of(field, "", role_.session(), asked, std::string(field));
          throw ProtocolError(fmt::format("{}: {:?} in a waveform", role_.session().name(), field),
                              {role_.session().name(), asked, std::string(field), {}});
        } catch (const OverRange&) {
          // A sample beyond the range is marked, and what it means is the procedure's to say.
        }
      }
      rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    }
    if (counts.size() - before != wanted)
      throw ProtocolError(fmt::format("{}: {} readings of {}", role_.session().name(), counts.size() - before, wanted),
                          {role_.session().name(), asked, fmt::format("{} readings", counts.size() - before), {}});
  }

  Waveform averaged(const std::vector<std::int64_t>& counts) const {
    Waveform waveform{interval_, {}};
    waveform.counts.reserve(points_);
    const std::size_t n = parts(interval_);
    for (std::size_t i = 0; i < counts.size(); i += n) {
      std::int64_t sum = 0;
      bool over = false;
      for (std::size_t k = i; k < i + n; ++k) {
        over = over || counts[k] == Waveform::overload;
        if (!over) sum += counts[k];
      }
      const auto rounding = static_cast<std::int64_t>(n / 2);
      const std::int64_t mean = (sum + (sum < 0 ? -rounding : rounding)) / static_cast<std::int64_t>(n);
      waveform.counts.push_back(over ? Waveform::overload : mean);
    }
    return waveform;
  }

  Clock& clock_;
  DmmRole role_;
  DmmValues usual_;
  Accuracy single_;
  Accuracy series_;
  double interval_min_s_ = 0;
  double interval_max_s_ = 1;
  std::size_t memory_ = 0;
  Duration interval_{};
  std::size_t points_ = 0;
  Instant end_{};
  bool single_ready_ = false;
};

}  // namespace

std::unique_ptr<CurrentMeter> make_scpi_current_meter(Clock& clock, std::shared_ptr<ScpiSession> session,
                                                      const Profile& profile, int channel, const std::string& role) {
  if (!profile.role(role).contains("sequences")) return make_scpi_analyser(std::move(session), profile, channel, role);
  return std::make_unique<ScpiCurrentMeter>(clock, std::move(session), profile, role);
}

}  // namespace meterrig
