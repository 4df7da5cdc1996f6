#include "bench/desk/dlt_events.hpp"

#include <utility>

namespace meterrig::bench {
namespace {

constexpr std::size_t most_records = 10;
constexpr std::uint32_t all_events = 0xFFFFFFFF, number_bits = 0xFF;

bool is_of_clearing(std::uint32_t event) { return event == DltEvents::meter_clear || event == DltEvents::event_clear; }

}  // namespace

std::optional<FieldBytes> DltEvents::read(std::uint32_t identifier) const {
  const auto found = logs_.find(identifier & ~number_bits);
  const std::size_t number = identifier & number_bits;
  if (found == logs_.end() || number > most_records) return std::nullopt;
  const Log& log = found->second;
  FieldBytes out;
  if (number == 0)
    append_bcd(out, log.count, 3);
  else
    out = number <= log.records.size() ? log.records[number - 1] : FieldBytes(log.record_size);
  return out;
}

void DltEvents::add(Event event, FieldBytes record) {
  Log& log = logs_.at(event);
  record.resize(log.record_size);
  ++log.count;
  log.records.push_front(std::move(record));
  if (log.records.size() > most_records) log.records.pop_back();
}

FieldBytes* DltEvents::latest(Event event) {
  Log& log = logs_.at(event);
  return log.records.empty() ? nullptr : &log.records.front();
}

bool DltEvents::clear(std::uint32_t identifier) {
  const std::uint32_t event = identifier & ~number_bits;
  const bool all = identifier == all_events;
  if (!all && (!logs_.contains(event) || is_of_clearing(event) || (identifier & number_bits) != number_bits))
    return false;
  for (auto& [each, log] : logs_)
    if ((all || each == event) && !is_of_clearing(each)) log = Log{log.record_size};
  return true;
}

}  // namespace meterrig::bench
