#include <cmath>

#include <fmt/format.h>

#include "instruments/scpi_drivers.hpp"

namespace meterrig {
namespace {

// The numbers of one answer, "a,b,c".
std::vector<double> numbers(const std::string& answer, std::size_t count, const ScpiSession& session,
                            const std::string& asked) {
  std::vector<double> values;
  std::string_view rest = answer;
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    double value = 0;
    if (!parse_number(rest.substr(0, comma), value)) break;
    values.push_back(value);
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
  }
  if (values.size() != count || !rest.empty())
    throw ProtocolError(fmt::format("{} answered {:?} with {:?}, not {} numbers", session.name(), asked, answer, count),
                        {session.name(), asked, answer, {}});
  return values;
}

class ScpiVoltmeter final : public Voltmeter {
 public:
  ScpiVoltmeter(std::shared_ptr<ScpiSession> session, const Profile& profile)
      : session_(std::move(session)), profile_(profile), accuracy_(profile.accuracy("read")) {}

  Task<Reading> voltage() override {
    co_await leave_watch();
    if (!configured_) {
      co_await session_->command(text("configure"));
      co_await session_->command(text("set_integration", 1.0));
      configured_ = true;
    }
    co_return accuracy_.reading(co_await session_->number(text("read")));
  }

  Task<> start_watch(Duration interval, Duration longest) override {
    co_await leave_watch();
    configured_ = false;
    co_await session_->command(text("configure"));
    co_await session_->command(text("set_aperture", to_seconds(interval) / 5));
    co_await session_->command(text("sample_timer"));
    co_await session_->command(text("set_sample_interval", to_seconds(interval)));
    co_await session_->command(text("set_sample_count", static_cast<int>(longest / interval)));
    co_await session_->command(text("statistics_on"));
    co_await session_->command(text("initiate"));
    watching_ = true;
  }

  Task<Watched> stop_watch() override {
    const std::string asked = text("statistics");
    const std::string answer = co_await session_->query(asked);
    co_await leave_watch();
    // CALC:AVER:ALL? gives average, standard deviation, minimum, maximum.
    const std::vector<double> all = numbers(answer, 4, *session_, asked);
    for (const double value : all)
      if (value == scpi_not_a_number || std::abs(value) >= scpi_infinity)
        throw NoReading(fmt::format("{} saw nothing while it watched", session_->name()),
                        {session_->name(), asked, answer, {}});
    co_return Watched{all[2], all[0], all[3]};
  }

  double half_width(double volts) const override { return accuracy_.half_width(volts); }

 private:
  template <typename... Value>
  std::string text(const char* command, Value... value) const {
    const std::string& pattern = profile_.command("voltmeter", command);
    return fmt::format(fmt::runtime(pattern), fmt::arg("range", 10.0), fmt::arg("value", value)...);
  }
  Task<> leave_watch() {
    if (!watching_) co_return;
    watching_ = false;
    configured_ = false;
    co_await session_->command(text("abort"));
  }

  std::shared_ptr<ScpiSession> session_;
  const Profile& profile_;
  Accuracy accuracy_;
  bool configured_ = false;
  bool watching_ = false;
};

}  // namespace

std::unique_ptr<Voltmeter> make_scpi_voltmeter(Clock&, std::shared_ptr<ScpiSession> session, const Profile& profile) {
  return std::make_unique<ScpiVoltmeter>(std::move(session), profile);
}

}  // namespace meterrig
