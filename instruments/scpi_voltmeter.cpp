#include <cmath>

#include <fmt/format.h>

#include "instruments/dmm_role.hpp"
#include "instruments/scpi_drivers.hpp"

namespace meterrig {
namespace {

// Any multimeter whose profile says how. It stays in one range, and its limits of error are those of that range.
class ScpiVoltmeter final : public Voltmeter {
 public:
  ScpiVoltmeter(std::shared_ptr<ScpiSession> session, const Profile& profile)
      : role_(std::move(session), profile, "voltmeter"),
        usual_(role_.usual()),
        accuracy_(profile.accuracy("read").of_range(usual_.range)) {}

  Task<Reading> voltage() override {
    co_await leave_watch();
    if (!configured_) {
      co_await role_.send("single", usual_);
      configured_ = true;
    }
    co_return accuracy_.reading(co_await role_.reading());
  }

  void expect_watch(Duration interval) const override {
    const std::string who = fmt::format("{} ({})", role_.session().name(), role_.profile().id());
    if (!role_.has("watch"))
      throw UserError(
          fmt::format("{} gives single readings and cannot watch a voltage every {:g} s; use a voltmeter "
                      "that can, such as keysight_34465a or keithley_dmm6500",
                      who, to_seconds(interval)));
    const double least = role_.document().value("watch_interval_min_s", 0.0);
    if (to_seconds(interval) < least * (1 - 1e-9))
      throw UserError(fmt::format("{} watches a voltage every {:g} s at best; {:g} s are asked for", who, least,
                                  to_seconds(interval)));
  }

  Task<> start_watch(Duration interval, Duration longest) override {
    expect_watch(interval);
    co_await leave_watch();
    configured_ = false;
    DmmValues values = usual_;
    // An instrument with a slowest rate looks more often than asked.
    values.interval_s = std::min(to_seconds(interval), role_.document().value("watch_interval_max_s", 3600.0));
    values.aperture_s = values.interval_s / 5;
    values.count = static_cast<std::uint64_t>(to_seconds(longest) / values.interval_s * (1 + 1e-12));
    // Set before: stopped in the middle of it, the watch is still to be left.
    watching_ = true;
    co_await role_.send("watch", values);
  }

  Task<Watched> stop_watch() override {
    const Watched seen = co_await statistics();
    co_await leave_watch();
    co_return seen;
  }

  const Accuracy& accuracy() const override { return accuracy_; }

 private:
  // In one answer, or one query each.
  Task<Watched> statistics() {
    const auto& how = role_.document().at("statistics");
    std::map<std::string, double> found;
    for (const auto& [query, names] : how.items()) {
      const std::string asked = query;
      const std::string answer = co_await role_.session().query(asked);
      std::string_view rest = answer;
      for (const auto& name : names) {
        const auto comma = rest.find(',');
        found[name] = value_of(rest.substr(0, comma), asked, answer);
        rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
      }
      if (!rest.empty())
        throw ProtocolError(fmt::format("{} answered {:?} with {:?}, not {} numbers", role_.session().name(), asked,
                                        answer, names.size()),
                            {role_.session().name(), asked, answer, {}});
    }
    const auto corrected = [&](const char* name) { return accuracy_.reading(found.at(name)).value; };
    co_return Watched{corrected("minimum"), corrected("mean"), corrected("maximum")};
  }

  double value_of(std::string_view field, const std::string& asked, const std::string& answer) const {
    try {
      return reading_of(field, "", role_.session(), asked, answer);
    } catch (const OverRange&) {
      throw NoReading(fmt::format("{} saw nothing while it watched", role_.session().name()),
                      {role_.session().name(), asked, answer, {}});
    }
  }

  Task<> leave_watch() {
    if (!watching_) co_return;
    watching_ = false;
    configured_ = false;
    co_await role_.send("stop", usual_);
  }

  DmmRole role_;
  DmmValues usual_;
  Accuracy accuracy_;
  bool configured_ = false;
  bool watching_ = false;
};

}  // namespace

std::unique_ptr<Voltmeter> make_scpi_voltmeter(Clock&, std::shared_ptr<ScpiSession> session, const Profile& profile) {
  return std::make_unique<ScpiVoltmeter>(std::move(session), profile);
}

}  // namespace meterrig
