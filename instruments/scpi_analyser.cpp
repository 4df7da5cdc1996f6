#include <bit>
#include <cmath>

#include <fmt/format.h>

#include "instruments/sample_block.hpp"
#include "instruments/scpi_drivers.hpp"

namespace meterrig {
namespace {

// A digitising current analyser (N6705C with N6781A): means over an interval each, seamless ranging.
class ScpiAnalyser final : public CurrentMeter {
 public:
  ScpiAnalyser(std::shared_ptr<ScpiSession> session, const Profile& profile, int channel, const std::string& role)
      : session_(std::move(session)),
        profile_(profile),
        role_(role),
        channel_(channel),
        accuracy_(profile.accuracy("current")) {
    points_max_ = profile_.role(role).at("points_max");
    const auto& waveform = profile_.role(role).at("waveform");
    if (waveform.value("byte_order", "big") == "little") byte_order_ = std::endian::little;
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
      co_await session_->floats(asked, timeout, byte_order_, samples_);
      convert(asked, waveform);
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
    // A program that was killed may have left an acquisition under way, which would refuse every setting.
    co_await session_->command(text("abort"));
    // A channel that emulates an ammeter conducts only while its output is on; it sources nothing then.
    co_await session_->command(text("function"));
    co_await session_->command(text("enable_current"));
    co_await session_->command(text("range_auto"));
    co_await session_->command(text("trigger_source"));
    co_await session_->command(text("output_on"));
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
      if (!order_told_) co_await session_->command(text("byte_order"));
      order_told_ = true;
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
      } else if (parse_number(field, value) && std::abs(value) >= scpi_infinity) {
        waveform.counts.push_back(Waveform::overload);
      } else {
        throw ProtocolError(fmt::format("{}: {:?} in a waveform", session_->name(), field),
                            {session_->name(), asked, std::string(field), {}});
      }
      rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
    }
  }

  void convert(const std::string& asked, Waveform& waveform) const {
    waveform.counts.resize(samples_.size());
    if (!counts_of(samples_, waveform.counts, Waveform::overload))
      throw ProtocolError(fmt::format("{}: more than 200 kA in a waveform; is its byte order right?", session_->name()),
                          {session_->name(), asked, fmt::format("{} samples", samples_.size()), {}});
  }

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
  bool order_told_ = false;
  std::endian byte_order_ = std::endian::big;  // of the profile's waveform
  std::vector<float> samples_;                 // kept, so that its memory is there for the next one
};

}  // namespace

std::unique_ptr<CurrentMeter> make_scpi_analyser(std::shared_ptr<ScpiSession> session, const Profile& profile,
                                                 int channel, const std::string& role) {
  return std::make_unique<ScpiAnalyser>(std::move(session), profile, channel, role);
}

}  // namespace meterrig
