#include <bit>
#include <cmath>
#include <cstring>

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
    co_return Watched{accuracy_.reading(all[2]).value, accuracy_.reading(all[0]).value,
                      accuracy_.reading(all[3]).value};
  }

  const Accuracy& accuracy() const override { return accuracy_; }

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

// A digitising current analyser (N6705C with N6781A): means over an interval each, seamless ranging.
class ScpiAnalyser final : public CurrentMeter {
 public:
  ScpiAnalyser(Clock& clock, std::shared_ptr<ScpiSession> session, const Profile& profile, int channel,
               const std::string& role)
      : clock_(clock),
        session_(std::move(session)),
        profile_(profile),
        role_(role),
        channel_(channel),
        accuracy_(profile.accuracy("current")) {
    points_max_ = profile_.role(role).at("points_max");
    for (const auto& range : profile_.role(role).at("ranges"))
      range_max_ = std::max(range_max_, range.at("current_a").get<double>());
  }

  Task<Reading> current() override {
    // MEAS? averages over the interval and points in force, which may be those of a long acquisition.
    co_await sweep(100us, 500);
    co_return accuracy_.reading(co_await session_->number(text("measure_current")));
  }

  Task<> start(Duration interval, std::size_t points) override {
    if (points == 0 || points > points_max_)
      throw std::logic_error(fmt::format("{}: {} points of at most {}", session_->name(), points, points_max_));
    co_await sweep(interval, points);
    co_await session_->command(text("initiate"));
    co_await session_->command(text("trigger"));
  }

  Task<Waveform> fetch(bool exact) override {
    Waveform waveform{interval_, {}};
    const Duration timeout = seconds(profile_.answer_timeout_s()) + interval_ * static_cast<std::int64_t>(points_);
    co_await set_format(exact);
    if (exact) {
      const std::string asked = text("fetch_current");
      const std::string answer = co_await session_->query(asked, timeout);
      parse_text(answer, asked, waveform);
    } else {
      const std::string asked = text("fetch_current");
      const Bytes block = co_await session_->block(asked, timeout);
      parse_block(block, waveform);
    }
    if (waveform.size() != points_)
      throw ProtocolError(fmt::format("{}: {} samples of {}", session_->name(), waveform.size(), points_),
                          {session_->name(), text("fetch_current"), fmt::format("{} samples", waveform.size()), {}});
    co_return waveform;
  }

  Task<> abort() override { co_await session_->command(text("abort")); }
  const Accuracy& accuracy() const override { return accuracy_; }
  std::size_t points_max() const override { return points_max_; }
  double range_max() const override { return range_max_; }

 private:
  template <typename... Value>
  std::string text(const char* command, Value... value) const {
    const std::string& pattern = profile_.command(role_, command);
    return fmt::format(fmt::runtime(pattern), fmt::arg("channel", channel_), fmt::arg("value", value)...);
  }

  Task<> prepare() {
    if (prepared_) co_return;
    co_await session_->command(text("enable_current"));
    co_await session_->command(text("range_auto"));
    co_await session_->command(text("trigger_source"));
    prepared_ = true;
  }

  // What an acquisition and a measurement average over; sent only when it changes.
  Task<> sweep(Duration interval, std::size_t points) {
    co_await prepare();
    interval_ = interval;
    points_ = points;
    const std::string name = fmt::format("sweep of channel {}", channel_);
    const std::string value = fmt::format("{} of {} ns", points, interval.count());
    if (session_->was_told(name, value)) co_return;
    session_->forget_told(name);
    co_await session_->command(text("set_sample_interval", to_seconds(interval)));
    const double real = co_await session_->number(text("read_sample_interval"));
    if (std::abs(real - to_seconds(interval)) > 1e-9)
      throw ReadBackError(
          fmt::format("{}: sample interval {:g} s reads back {:g} s", session_->name(), to_seconds(interval), real),
          {session_->name(), "sample interval", fmt::format("{:g}", real), {}});
    co_await session_->command(text("set_points", static_cast<int>(points)));
    session_->note_told(name, value);
  }

  // The format belongs to the mainframe, and another channel's driver may have changed it: it is set before each fetch.
  Task<> set_format(bool exact) {
    if (exact) {
      co_await session_->command("FORM:DATA ASC");
    } else {
      co_await session_->command(text("format"));
      if (!byte_order_) co_await session_->command(text("byte_order"));
      byte_order_ = true;
    }
  }

  void parse_text(const std::string& answer, const std::string& asked, Waveform& waveform) const {
    waveform.counts.reserve(points_);
    std::string_view rest = answer;
    while (!rest.empty()) {
      const auto comma = rest.find(',');
      const std::string_view field = rest.substr(0, comma);
      std::int64_t counts = 0;
      double value = 0;
      if (parse_scaled(field, 10, counts)) {
        waveform.counts.push_back(counts);
      } else if (parse_number(field, value) && std::abs(value) >= scpi_not_a_number) {
        waveform.counts.push_back(Waveform::overload);
      } else {
        throw ProtocolError(fmt::format("{}: {:?} in a waveform", session_->name(), field),
                            {session_->name(), asked, std::string(field), {}});
      }
      rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    }
  }

  void parse_block(const Bytes& block, Waveform& waveform) const {
    if (block.size() % 4 != 0)
      throw ProtocolError(fmt::format("{}: a block of {} bytes holds no whole samples", session_->name(), block.size()),
                          {session_->name(), text("fetch_current"), "", {}});
    waveform.counts.resize(block.size() / 4);
    for (std::size_t i = 0; i < waveform.counts.size(); ++i) {
      std::uint32_t bits = 0;
      std::memcpy(&bits, block.data() + 4 * i, 4);
      const float amperes = std::bit_cast<float>(__builtin_bswap32(bits));
      const bool over = !(std::abs(amperes) < 1e30f);
      waveform.counts[i] = over ? Waveform::overload : static_cast<std::int64_t>(std::llrint(amperes * 1e10));
    }
  }

  Clock& clock_;
  std::shared_ptr<ScpiSession> session_;
  const Profile& profile_;
  std::string role_;
  int channel_;
  Accuracy accuracy_;
  std::size_t points_max_ = 0;
  double range_max_ = 0;
  Duration interval_{};
  std::size_t points_ = 0;
  bool prepared_ = false;
  bool byte_order_ = false;
};

}  // namespace

std::unique_ptr<Voltmeter> make_scpi_voltmeter(Clock&, std::shared_ptr<ScpiSession> session, const Profile& profile) {
  return std::make_unique<ScpiVoltmeter>(std::move(session), profile);
}

std::unique_ptr<CurrentMeter> make_scpi_analyser(Clock& clock, std::shared_ptr<ScpiSession> session,
                                                 const Profile& profile, int channel, const std::string& role) {
  return std::make_unique<ScpiAnalyser>(clock, std::move(session), profile, channel, role);
}

}  // namespace meterrig
