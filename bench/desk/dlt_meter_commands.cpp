#include <algorithm>
#include <string_view>
#include <utility>

#include "bench/desk/dlt_errors.hpp"
#include "bench/desk/dlt_meter.hpp"
#include "bench/desk/dlt_parameters.hpp"
#include "bench/desk/dlt_registers.hpp"
#include "bench/meter/fields.hpp"
#include "meters/cjt188.hpp"

namespace meterrig::bench {
namespace {

using dlt645::Bytes;
using dlt645::Relay;

constexpr std::size_t identifier_size = 4, operator_size = 4, authority_size = 8, password_size = 4;
constexpr std::string_view moment_letters = "smhDMY";
// Meters follow a broadcast once a day, and not far.
constexpr Duration broadcast_reach = 5min;

}  // namespace

// PA P0 P1 P2 C0 C1 C2 C3 at the front: the operator's code. Null: another password than that of its level.
std::optional<DltMeter::Content> DltMeter::authorised(Content data) const {
  if (data.size() < authority_size) return std::nullopt;
  const auto known = passwords_.find(data[0]);
  if (known == passwords_.end() || !std::equal(known->second.begin(), known->second.end(), data.begin() + 1))
    return std::nullopt;
  return data.subspan(password_size, operator_size);
}

Bytes DltMeter::stamp(Content operator_code) const {
  Bytes record;
  append_time(record, model_.time(), moment_letters);
  append(record, operator_code);
  return record;
}

DltMeter::Reply DltMeter::write(Content data) {
  if (data.size() < identifier_size + authority_size) return {dlt_error::other};
  const std::uint32_t identifier = low_first(data.first(identifier_size));
  const auto by = authorised(data.subspan(identifier_size));
  if (!by) return {dlt_error::not_authorised};
  const Content value = data.subspan(identifier_size + authority_size);
  if (identifier == 0x04000101 || identifier == 0x04000102 || identifier == 0x0400010C)
    return {write_clock(identifier, value, *by) ? std::uint8_t{0} : dlt_error::other};
  const bool is_address = identifier == 0x04000401;
  if (!is_address && !dlt_writable(identifier)) return {dlt_error::no_such_data};
  if (is_address ? write_address(value).error != 0 : !write_parameter(identifier, value)) return {dlt_error::other};
  Bytes record = stamp(*by);
  append(record, data.first(identifier_size));
  events_.add(DltEvents::programming, std::move(record));
  return {};
}

// Date and time each leave the other as it is.
bool DltMeter::write_clock(std::uint32_t identifier, Content value, Content operator_code) {
  const Utc before = model_.time();
  Bytes whole(value.begin(), value.end());
  if (identifier == 0x04000101) {
    whole.clear();
    append_time(whole, before, "smh");
    append(whole, value);
  } else if (identifier == 0x04000102) {
    append_time(whole, before, "WDMY");
  }
  const auto after = civil_from(whole, "smhWDMY");
  if (!after) return false;
  model_.set_time(*time_of(*after));
  Bytes record(operator_code.begin(), operator_code.end());
  append_time(record, before, moment_letters);
  append_time(record, model_.time(), moment_letters);
  events_.add(DltEvents::clock_set, std::move(record));
  return true;
}

bool DltMeter::write_parameter(std::uint32_t identifier, Content value) {
  if (!dlt_fits(identifier, value)) return false;
  if (identifier == dlt_settlement_day) {
    const auto hour = *cjt188::from_bcd(value.first(1)), day = *cjt188::from_bcd(value.subspan(1));
    if (day < 1 || day > 28 || hour > 23) return false;
    model_.set_settlement(static_cast<unsigned>(day), static_cast<unsigned>(hour));
  }
  parameters_[identifier].assign(value.begin(), value.end());
  return true;
}

DltMeter::Reply DltMeter::write_address(Content data) {
  if (data.size() != address_.size() || !cjt188::from_bcd(data)) return {dlt_error::other};
  if (std::equal(data.begin(), data.end(), dlt645::broadcast_address.begin())) return {dlt_error::other};
  std::copy(data.begin(), data.end(), address_.begin());
  return {};
}

// mm hh DD MM, from the high end 99 for any; all 99: now.
DltMeter::Reply DltMeter::freeze(Content data) {
  constexpr std::uint64_t any = 99;
  if (data.size() != 4) return {dlt_error::other};
  std::array<std::optional<unsigned>, 4> parts;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto part = cjt188::from_bcd(data.subspan(i, 1));
    if (!part) return {dlt_error::other};
    if (*part != any) parts[i] = static_cast<unsigned>(*part);
    if (i > 0 && parts[i] && !parts[i - 1]) return {dlt_error::other};
  }
  if (!parts[0]) {
    model_.freeze();
    return {};
  }
  if (*parts[0] > 59 || parts[1].value_or(0) > 23 || parts[2].value_or(1) > 31 || parts[3].value_or(1) > 12)
    return {dlt_error::other};
  model_.set_freeze_time({*parts[0], parts[1], parts[2], parts[3]});
  return {};
}

// Z has one bit for each of 600 to 19200 Bd. The line of a virtual meter has the pace that its port was opened with;
// what changes is the word that is read back.
DltMeter::Reply DltMeter::set_baud_rate(Content data) {
  constexpr std::array<std::uint8_t, 6> rates{0x02, 0x04, 0x08, 0x10, 0x20, 0x40};
  if (data.size() != 1) return {dlt_error::other};
  if (baud_rate_fixed_ || std::find(rates.begin(), rates.end(), data[0]) == rates.end())
    return {dlt_error::baud_rate_fixed};
  parameters_[dlt_baud_rate] = {data[0]};
  return {0, {data[0]}};
}

// DI, the password that proves the right, the new one of its level. Level 0 is the highest: one sets its own and lower.
DltMeter::Reply DltMeter::set_password(Content data) {
  if (data.size() != identifier_size + 2 * password_size) return {dlt_error::other};
  if (low_first(data.first(identifier_size)) >> 8 != 0x04000C) return {dlt_error::no_such_data};
  const Content old = data.subspan(identifier_size, password_size), fresh = data.last(password_size);
  const auto known = passwords_.find(old[0]);
  const bool right =
      known != passwords_.end() && std::equal(known->second.begin(), known->second.end(), old.begin() + 1);
  if (!right || fresh[0] < old[0] || fresh[0] > 9) return {dlt_error::not_authorised};
  std::copy_n(fresh.begin() + 1, 3, passwords_[fresh[0]].begin());
  return {0, Bytes(fresh.begin(), fresh.end())};
}

DltMeter::Reply DltMeter::clear_demand(Content data) {
  if (data.size() != authority_size) return {dlt_error::other};
  const auto by = authorised(data);
  if (!by) return {dlt_error::not_authorised};
  Bytes record = stamp(*by);
  const auto cleared = energy_or_demand(model_, 0x01010000), cleared_reverse = energy_or_demand(model_, 0x01020000);
  append(record, *cleared);
  append(record, *cleared_reverse);
  model_.clear_demand();
  events_.add(DltEvents::demand_clear, std::move(record));
  return {};
}

DltMeter::Reply DltMeter::clear_meter(Content data) {
  if (data.size() != authority_size) return {dlt_error::other};
  const auto by = authorised(data);
  if (!by) return {dlt_error::not_authorised};
  Bytes record = stamp(*by);
  append_totals(record, model_.now());
  model_.clear_all();
  events_.clear(0xFFFFFFFF);
  events_.add(DltEvents::meter_clear, std::move(record));
  return {};
}

DltMeter::Reply DltMeter::clear_events(Content data) {
  if (data.size() != authority_size + identifier_size) return {dlt_error::other};
  const auto by = authorised(data);
  if (!by) return {dlt_error::not_authorised};
  const Content which = data.last(identifier_size);
  if (!events_.clear(low_first(which))) return {dlt_error::no_such_data};
  Bytes record = stamp(*by);
  append(record, which);
  events_.add(DltEvents::event_clear, std::move(record));
  return {};
}

// N1 the command, N2 reserved, N3 to N8 how long it holds.
DltMeter::Reply DltMeter::relay(Content data) {
  if (data.size() != authority_size + 8) return {dlt_error::other};
  if (!authorised(data)) return {dlt_error::not_authorised};
  const auto deadline = civil_from(data.last(moment_letters.size()), moment_letters);
  if (!deadline || *time_of(*deadline) < model_.time()) return {dlt_error::other};
  return {obey_relay(static_cast<Relay>(data[authority_size])) ? std::uint8_t{0} : dlt_error::other};
}

bool DltMeter::obey_relay(Relay command) {
  switch (command) {
    case Relay::trip:
      if (keeps_power_) return false;
      close_permitted_ = false;
      model_.set_relay(true);
      return true;
    case Relay::permit_close:
      close_permitted_ = true;
      return true;
    case Relay::close:
      close_permitted_ = true;
      model_.set_relay(false);
      return true;
    case Relay::keep_power:
    case Relay::keep_power_off:
      keeps_power_ = command == Relay::keep_power;
      if (keeps_power_) model_.set_relay(false);
      return true;
    case Relay::alarm:
    case Relay::alarm_off:
      return true;
    default:
      // 1D and 1E close again by themselves, after a time that this meter has no field for.
      return false;
  }
}

void DltMeter::set_time_by_broadcast(Content data) {
  const auto time = civil_from(data, moment_letters);
  if (!time) return;
  const Utc before = model_.time(), after = *time_of(*time);
  const auto day = std::chrono::floor<std::chrono::days>(before);
  const bool once = !set_by_broadcast_ || std::chrono::floor<std::chrono::days>(*set_by_broadcast_) != day;
  if (!once || std::chrono::abs(after - before) > broadcast_reach) return;
  set_by_broadcast_ = before;
  model_.set_time(after);
}

}  // namespace meterrig::bench
