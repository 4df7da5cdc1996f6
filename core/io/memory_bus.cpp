#include "core/io/memory_bus.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace meterrig {
namespace {

const char* word(RegisterTable table) {
  switch (table) {
    case RegisterTable::coils:
      return "coils";
    case RegisterTable::discrete_inputs:
      return "discrete inputs";
    case RegisterTable::holding:
      return "holding registers";
    case RegisterTable::input:
      return "input registers";
  }
  return "?";
}

}  // namespace

MemoryBus::MemoryBus(Clock& clock, std::string name, Duration byte_time, Duration turnaround)
    : clock_(clock), name_(std::move(name)), byte_time_(byte_time), turnaround_(turnaround) {}

RegisterPeer* MemoryBus::peer(int unit) const {
  const auto found = peers_.find(unit);
  return found == peers_.end() ? nullptr : found->second;
}

Task<> MemoryBus::line(std::size_t bytes, Instant deadline, const Exchange& exchange) {
  if (closed_) throw ClosedError(fmt::format("{}: the bus is closed", name_), exchange);
  const Instant start = std::max(clock_.now(), line_free_);
  line_free_ = start + byte_time_ * static_cast<std::int64_t>(bytes) + turnaround_;
  const Instant end = line_free_;
  co_await sleep_until(std::min(end, deadline));
  if (end > deadline) throw TimeoutError(fmt::format("{}: the bus was busy past the deadline", name_), exchange);
}

Task<std::vector<std::uint16_t>> MemoryBus::read(int unit, RegisterTable table, std::uint16_t address,
                                                 std::uint16_t count, Instant deadline) {
  const Instant asked = clock_.now();
  Exchange exchange{
      fmt::format("{} unit {}", name_, unit), fmt::format("read {} {}+{}", word(table), address, count), "", {}};
  const bool bits = table == RegisterTable::coils || table == RegisterTable::discrete_inputs;
  co_await line(8 + 5 + (bits ? (count + 7u) / 8 : 2u * count), deadline, exchange);
  bool silent = peer(unit) == nullptr;
  int refused = 0;
  std::vector<std::uint16_t> values;
  try {
    if (!silent) values = peer(unit)->read(table, address, count);
  } catch (const RegisterPeer::Silence&) {
    silent = true;
  } catch (const RegisterPeer::Refusal& refusal) {
    refused = refusal.code;
  }
  if (silent) co_await sleep_until(deadline);
  exchange.after = clock_.now() - asked;
  if (silent) throw TimeoutError(fmt::format("{}: no answer to {}", exchange.of, exchange.asked), exchange);
  if (refused) throw ModbusException(refused, exchange);
  co_return values;
}

Task<> MemoryBus::write(int unit, RegisterTable table, std::uint16_t address, std::vector<std::uint16_t> values,
                        Instant deadline) {
  const Instant asked = clock_.now();
  Exchange exchange{fmt::format("{} unit {}", name_, unit),
                    fmt::format("write {} {} = {}", word(table), address, fmt::join(values, ",")),
                    "",
                    {}};
  co_await line(values.size() == 1 ? 16 : 17 + 2 * values.size(), deadline, exchange);
  bool silent = peer(unit) == nullptr;
  int refused = 0;
  try {
    if (!silent) peer(unit)->write(table, address, values);
  } catch (const RegisterPeer::Silence&) {
    silent = true;
  } catch (const RegisterPeer::Refusal& refusal) {
    refused = refusal.code;
  }
  if (silent) co_await sleep_until(deadline);
  exchange.after = clock_.now() - asked;
  if (silent) throw TimeoutError(fmt::format("{}: no answer to {}", exchange.of, exchange.asked), exchange);
  if (refused) throw ModbusException(refused, exchange);
}

Task<> MemoryBus::reopen(Instant) {
  closed_ = false;
  co_return;
}

}  // namespace meterrig
