#include "bench/desk/dlt_meter.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "bench/desk/dlt_errors.hpp"
#include "bench/desk/dlt_parameters.hpp"
#include "bench/desk/dlt_registers.hpp"
#include "bench/desk/settings.hpp"
#include "bench/meter/fields.hpp"
#include "meters/telegram.hpp"

namespace meterrig::bench {
namespace {

namespace control = dlt645::control;
using dlt645::Bytes;

constexpr Duration byte_gap = 500ms;  // Tb, 5.3.3
constexpr std::size_t identifier_size = 4;
constexpr std::uint8_t any = 0xAA;

std::array<std::uint8_t, 3> password_from(const json::Node& meter, const char* key) {
  std::array<std::uint8_t, 3> password{};
  const Bytes bytes = bytes_from_hex(meter.string_or(key, "000000"));
  std::reverse_copy(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(bytes.size(), 3)),
                    password.begin());
  return password;
}

}  // namespace

DltMeter::DltMeter(Clock& clock, const json::Node& meter)
    : SerialMeter(clock, LineTiming::serial(2400), delay_of(meter, 50), byte_gap),
      model_(clock, meter),
      address_(dlt645::address_from_hex(meter.at("address").string())),
      passwords_{{std::uint8_t{2}, password_from(meter, "password_02")},
                 {std::uint8_t{4}, password_from(meter, "password_04")}},
      parameters_(dlt_parameters()),
      data_limit_(static_cast<std::size_t>(meter.integer_or("data_limit", 200))),
      preamble_(static_cast<int>(meter.integer_or("preamble", 4))),
      baud_rate_fixed_(meter.boolean_or("baud_rate_fixed", false)) {}

void DltMeter::press_key() {
  if (close_permitted_) model_.set_relay(false);
}

void DltMeter::open_cover(bool open) {
  Bytes record;
  if (open) {
    append_time(record, model_.time(), "smhDMY");
    append_bcd(record, 0, 6);
    append_totals(record, model_.now());
    return events_.add(DltEvents::cover_open, std::move(record));
  }
  Bytes* const opened = events_.latest(DltEvents::cover_open);
  if (opened == nullptr) return;
  append_time(record, model_.time(), "smhDMY");
  std::copy(record.begin(), record.end(), opened->begin() + 6);
  Bytes totals;
  append_totals(totals, model_.now());
  std::copy_backward(totals.begin(), totals.end(), opened->end());
}

void DltMeter::set_power(bool on) {
  if (on == model_.powered()) return;
  model_.set_power(on);
  Bytes time;
  append_time(time, model_.time(), "smhDMY");
  if (!on) return events_.add(DltEvents::power_down, std::move(time));
  std::copy_backward(time.begin(), time.end(), events_.latest(DltEvents::power_down)->end());
}

// AA stands for any two digits.
bool DltMeter::addressed(const dlt645::Address& address) const {
  return std::equal(address.begin(), address.end(), address_.begin(),
                    [](std::uint8_t asked, std::uint8_t own) { return asked == any || asked == own; });
}

std::optional<Bytes> DltMeter::answer(const dlt645::Frame& request) {
  if (!model_.powered() || (request.control & (control::reply | control::abnormal | control::more)) != 0)
    return std::nullopt;
  if (request.address == dlt645::broadcast_address) {
    obey_broadcast(request);
    return std::nullopt;
  }
  const std::uint8_t function = request.control & control::function;
  if (!addressed(request.address) || function == control::broadcast_time) return std::nullopt;
  Reply reply = execute(function, request.data);
  // A new address holds for the answer already.
  dlt645::Frame frame{address_, static_cast<std::uint8_t>(request.control | control::reply), std::move(reply.data)};
  if (reply.more) frame.control |= control::more;
  if (reply.error != 0) {
    frame.control |= control::abnormal;
    frame.data = {reply.error};
  }
  return dlt645::encode(frame, preamble_);
}

void DltMeter::obey_broadcast(const dlt645::Frame& request) {
  if (request.control == control::broadcast_time) set_time_by_broadcast(request.data);
  if (request.control == control::freeze) freeze(request.data);
}

DltMeter::Reply DltMeter::execute(std::uint8_t function, Content data) {
  switch (function) {
    case control::read_data:
      return read(data);
    case control::read_next:
      return read_next(data);
    case control::read_address:
      return {0, Bytes(address_.begin(), address_.end())};
    case control::write_data:
      return write(data);
    case control::write_address:
      return write_address(data);
    case control::freeze:
      return freeze(data);
    case control::baud_rate:
      return set_baud_rate(data);
    case control::password:
      return set_password(data);
    case control::clear_demand:
      return clear_demand(data);
    case control::clear_meter:
      return clear_meter(data);
    case control::clear_events:
      return clear_events(data);
    case control::relay:
      return relay(data);
    case control::output:
      // 00 seconds, 01 demand period, 02 tariff switch on the multifunction terminal.
      if (data.size() == 1 && data[0] <= 2) return {0, Bytes(data.begin(), data.end())};
      return {dlt_error::other};
    default:
      return {dlt_error::other};
  }
}

DltMeter::Reply DltMeter::read(Content data) {
  if (data.size() < identifier_size) return {dlt_error::other};
  const std::uint32_t identifier = low_first(data.first(identifier_size));
  auto content = item(identifier);
  if (!content) return {dlt_error::no_such_data};
  pending_identifier_ = identifier;
  pending_ = std::move(*content);
  pending_number_ = 0;
  return piece(data_limit_ - identifier_size);
}

// The next `room` bytes of what was asked for.
DltMeter::Reply DltMeter::piece(std::size_t room) {
  const auto end = pending_.begin() + static_cast<std::ptrdiff_t>(std::min(room, pending_.size()));
  Reply reply;
  append_low_first(reply.data, pending_identifier_, identifier_size);
  reply.data.insert(reply.data.end(), pending_.begin(), end);
  pending_.erase(pending_.begin(), end);
  reply.more = !pending_.empty();
  return reply;
}

// 7.3: the frames are numbered from 1 and come in turn.
DltMeter::Reply DltMeter::read_next(Content data) {
  if (data.size() != identifier_size + 1) return {dlt_error::other};
  const std::uint8_t number = data.back();
  const bool in_turn = low_first(data.first(identifier_size)) == pending_identifier_ && number == pending_number_ + 1;
  if (!in_turn || pending_.empty()) return {dlt_error::no_such_data};
  pending_number_ = number;
  Reply reply = piece(data_limit_ - identifier_size - 1);
  reply.data.push_back(number);
  return reply;
}

std::optional<Bytes> DltMeter::item(std::uint32_t identifier) {
  switch (identifier >> 24) {
    case 0x00:
    case 0x01:
      return energy_or_demand(model_, identifier);
    case 0x02:
      return instantaneous(model_, identifier);
    case 0x03:
      return events_.read(identifier);
    case 0x05:
      return frozen_data(model_, identifier);
    default:
      break;
  }
  if (identifier >> 8 == 0x040005) return status_words(identifier & 0xFF);
  if (const auto time = clock_item(identifier)) return time;
  const auto found = parameters_.find(identifier);
  return found == parameters_.end() ? std::nullopt : std::optional(found->second);
}

std::optional<Bytes> DltMeter::clock_item(std::uint32_t identifier) const {
  Bytes out;
  switch (identifier) {
    case 0x04000101:
      append_time(out, model_.time(), "WDMY");
      return out;
    case 0x04000102:
      append_time(out, model_.time(), "smh");
      return out;
    case 0x0400010C:
      append_time(out, model_.time(), "smhWDMY");
      return out;
    case 0x04000401:
      return Bytes(address_.begin(), address_.end());
    default:
      return std::nullopt;
  }
}

// Word 3 (A.5, status word 3): bit 3 programming permitted, bit 4 relay open, bit 6 ordered open. FF: all seven.
std::optional<Bytes> DltMeter::status_words(unsigned number) const {
  constexpr unsigned words = 7, all = 0xFF;
  if ((number == 0 || number > words) && number != all) return std::nullopt;
  const bool ordered_open = model_.relay_open() && !close_permitted_;
  const std::uint32_t third = 1U << 3 | (model_.relay_open() ? 1U << 4 : 0U) | (ordered_open ? 1U << 6 : 0U);
  Bytes out;
  for (unsigned each = 1; each <= words; ++each)
    if (number == each || number == all) append_low_first(out, each == 3 ? third : 0, 2);
  return out;
}

}  // namespace meterrig::bench
