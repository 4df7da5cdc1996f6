#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "core/io/memory_link.hpp"
#include "meters/cjt188_meter.hpp"
#include "meters/dlt645.hpp"
#include "meters/frame_receiver.hpp"

// 64 meters at 2400 8E1 polled at once on one thread: how many frames, of those that the bit rate and the standards'
// own gaps allow.
namespace meterrig {
namespace {

constexpr std::size_t meters = 64;
constexpr Duration span = 60s;
constexpr Duration byte_time{1'000'000'000LL * 11 / 2400};

Duration sending(std::size_t bytes) { return byte_time * static_cast<std::int64_t>(bytes); }

cjt188::Bytes reply_to(const cjt188::Frame& question) {
  cjt188::Bytes data(0x16);
  std::copy_n(question.data.begin(), 3, data.begin());
  return cjt188::encode({question.type, question.address, 0x81, std::move(data)}, 2);
}
dlt645::Bytes reply_to(const dlt645::Frame& question) {
  dlt645::Bytes data = question.data;
  data.resize(data.size() + 4);
  return dlt645::encode({question.address, 0x91, std::move(data)}, 0);
}

// Answers as soon as its standard allows, and watches how long the line was idle before each question.
template <typename Scanner>
class PromptMeter final : public LinkPeer {
 public:
  PromptMeter(Clock& clock, Duration turnaround, Duration idle) : clock_(clock), turnaround_(turnaround), idle_(idle) {}

  void receive(Port& port, std::span<const std::uint8_t> bytes) override {
    hasty_ += clock_.now() - sending(bytes.size()) < free_;
    scanner_.feed(bytes);
    while (const auto question = scanner_.next()) {
      const auto reply = reply_to(*question);
      const Instant starts = clock_.now() + turnaround_;
      port.send(reply, starts);
      free_ = starts + sending(reply.size()) + idle_;
      shortest_cycle_ = sending(bytes.size() + reply.size()) + turnaround_ + idle_;
    }
  }
  Duration shortest_cycle() const { return shortest_cycle_; }
  std::size_t hasty() const { return hasty_; }

 private:
  Clock& clock_;
  Duration turnaround_, idle_;
  Scanner scanner_;
  Duration shortest_cycle_{};
  std::size_t hasty_ = 0;
  Instant free_{};
};

// One more is counted for each exchange that ended within the span.
template <typename Exchange>
Task<> poll(Clock& clock, Exchange exchange, std::size_t& frames) {
  for (;;) {
    co_await exchange();
    if (clock.now() >= Instant{} + span) co_return;
    ++frames;
  }
}

template <typename Meters>
void expect_nearly_all(const Meters& polled, std::size_t frames) {
  double ideal = 0;
  for (const auto& meter : polled) {
    EXPECT_EQ(meter->hasty(), 0u);
    ideal += to_seconds(span) / to_seconds(meter->shortest_cycle());
  }
  const double share = static_cast<double>(frames) / ideal;
  testing::Test::RecordProperty("share", fmt::format("{:.4f}", share));
  EXPECT_GE(share, 0.98);
  EXPECT_LE(share, 1.0);
}

// CJ/T 188-2004 6.4: a reply starts a character after the question, and a question 30 ms after the reply.
TEST(Polling, Cjt188MetersAtOnce) {
  VirtualClock clock;
  std::ifstream file(METERRIG_SOURCE_DIR "/config/meters/cjt188_gas.json");
  const MeterProfile profile(nlohmann::json::parse(file));
  ASSERT_EQ(profile.byte_time(), byte_time);
  std::vector<std::unique_ptr<PromptMeter<cjt188::Scanner>>> polled;
  std::vector<std::unique_ptr<Cjt188Meter>> drivers;
  std::size_t frames = 0;
  const std::vector<std::string> items{"accumulated_volume"};
  const auto exchange = [&](Cjt188Meter& driver) -> Task<> {
    co_await driver.read(items);
    co_await sleep_for(30ms);
  };
  TaskGroup group(clock, nullptr);
  for (std::size_t i = 0; i < meters; ++i) {
    const cjt188::Address address{static_cast<std::uint8_t>(i)};
    const std::string name = fmt::format("meter {}", i);
    polled.push_back(std::make_unique<PromptMeter<cjt188::Scanner>>(clock, byte_time, 30ms));
    auto link = std::make_unique<MemoryLink>(clock, name, *polled.back(), LineTiming::serial(2400));
    drivers.push_back(std::make_unique<Cjt188Meter>(clock, std::move(link), profile, address, byte_time, name));
    Cjt188Meter& driver = *drivers.back();
    group.spawn(poll(
        clock, [&exchange, &driver] { return exchange(driver); }, frames));
  }
  clock.run_until([&] { return group.done(); });
  expect_nearly_all(polled, frames);
}

Task<> exchange_plainly(Clock& clock, ByteStream& line, FrameReceiver<dlt645::Scanner>& receiver) {
  receiver.clear();
  const dlt645::Bytes question = dlt645::encode(dlt645::read_request({1}, 0x00010000));
  const Instant until = clock.now() + sending(question.size()) + 1s;
  co_await line.write(question, until);
  dlt645::Bytes chunk(256);
  for (;;) {
    const Instant deadline = std::min(until, receiver.gives_up_at().value_or(until));
    const std::size_t count = co_await line.read(chunk, deadline);
    receiver.feed(clock.now(), std::span(chunk).first(count));
    const auto reply = receiver.next();
    if (reply && reply->control == 0x91) co_return;
  }
}

// DL/T 645-2007 5.3.3: a reply starts 20 ms after the question; a question may follow at once.
TEST(Polling, Dlt645MetersAtOnce) {
  VirtualClock clock;
  std::vector<std::unique_ptr<PromptMeter<dlt645::Scanner>>> polled;
  std::vector<std::unique_ptr<MemoryLink>> lines;
  std::vector<FrameReceiver<dlt645::Scanner>> receivers(meters, FrameReceiver<dlt645::Scanner>(dlt645_line(byte_time)));
  std::size_t frames = 0;
  TaskGroup group(clock, nullptr);
  for (std::size_t i = 0; i < meters; ++i) {
    polled.push_back(std::make_unique<PromptMeter<dlt645::Scanner>>(clock, 20ms, Duration{}));
    lines.push_back(std::make_unique<MemoryLink>(clock, "meter", *polled.back(), LineTiming::serial(2400)));
    group.spawn(poll(
        clock, [&, i] { return exchange_plainly(clock, *lines[i], receivers[i]); }, frames));
  }
  clock.run_until([&] { return group.done(); });
  expect_nearly_all(polled, frames);
}

}  // namespace
}  // namespace meterrig
