#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bench/desk/desk.hpp"
#include "core/errors.hpp"
#include "core/io/memory_link.hpp"
#include "core/task.hpp"
#include "meters/telegram.hpp"

namespace meterrig::bench {

// The clock of these tests begins on a Saturday at midnight.
inline constexpr Utc desk_epoch = std::chrono::sys_days{std::chrono::year{2026} / 11 / 21};

// A meter of the desk at the far end of its serial line.
struct DeskLine {
  explicit DeskLine(const std::string& meter_json)
      : meter(make_desk_meter(clock, json::parse(meter_json, "meter.json"))),
        link(std::make_unique<MemoryLink>(clock, "virtual:meter", *meter.link, meter.line)) {}

  // What comes back within a second; nothing: silence.
  std::vector<std::uint8_t> ask(const std::vector<std::uint8_t>& request) {
    std::vector<std::uint8_t> reply(512);
    const auto exchange = [&]() -> Task<> {
      const Instant deadline = clock.now() + 2s;
      co_await link->write(request, deadline);
      try {
        const std::size_t count = co_await link->read(reply, deadline);
        reply.resize(count);
      } catch (const TimeoutError&) {
        reply.clear();
      }
    };
    run(clock, exchange());
    return reply;
  }
  void elapse(Duration duration) {
    bool over = false;
    Timer timer(clock, [&] { over = true; });
    timer.at(clock.now() + duration);
    clock.run_until([&] { return over; });
  }
  // To this time after midnight.
  void elapse_to(Duration since_epoch) { elapse(since_epoch - (clock.utc() - desk_epoch)); }

  VirtualClock clock{desk_epoch};
  DeskMeter meter;
  std::unique_ptr<MemoryLink> link;
};

// Item name -> "value unit".
using Values = std::map<std::string, std::string>;
inline Values values(const Telegram& telegram) {
  Values found;
  for (const TelegramItem& item : telegram.items)
    found[item.name] = item.unit.empty() ? item.value : item.value + " " + item.unit;
  return found;
}

}  // namespace meterrig::bench
