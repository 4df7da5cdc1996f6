#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include "bench/meter/fields.hpp"

namespace meterrig::bench {

// What has happened to an electricity meter, as DL/T 645-2007 annex A.4 keeps it: a count, and the last ten records.
class DltEvents {
 public:
  // The identifier of an event's count; its records follow it.
  enum Event : std::uint32_t {
    power_down = 0x03110000,
    programming = 0x03300000,
    meter_clear = 0x03300100,
    demand_clear = 0x03300200,
    event_clear = 0x03300300,
    clock_set = 0x03300400,
    cover_open = 0x03300D00,
  };

  // Null: no such event. A record of what hasn't happened is zeros.
  std::optional<FieldBytes> read(std::uint32_t identifier) const;
  void add(Event event, FieldBytes record);
  // The record of an event that is still going on.
  FieldBytes* latest(Event event);
  // FFFFFFFF all, with DI0 = FF one kind. The records of clearing stay. False: no such event.
  bool clear(std::uint32_t identifier);

 private:
  struct Log {
    std::size_t record_size = 0;
    std::int64_t count = 0;
    std::deque<FieldBytes> records{};  // latest first
  };
  // With the sizes of their records (A.4).
  std::map<std::uint32_t, Log> logs_{{power_down, {12}},   {programming, {50}}, {meter_clear, {34}},
                                     {demand_clear, {26}}, {event_clear, {14}}, {clock_set, {16}},
                                     {cover_open, {60}}};
};

}  // namespace meterrig::bench
