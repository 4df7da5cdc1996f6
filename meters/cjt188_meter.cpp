#include "meters/cjt188_meter.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "core/errors.hpp"
#include "meters/telegram.hpp"

namespace meterrig {
namespace {

using cjt188::Address;
using cjt188::Frame;

// CJ/T 188-2004 6.4: the bus is idle for 30 ms before the master may send again, and a request is repeated at most
// three times; two have been enough.
constexpr Duration idle = 30ms;
constexpr int usual_repeats = 2;
constexpr std::size_t longest_reply = 13 + 0x64 + 16;

Exchange with_reply(Exchange asked, const Frame& reply) {
  asked.got = to_hex(cjt188::encode(reply, 0));
  return asked;
}

bool is_abnormal(const Frame& frame) { return (frame.control & 0xC0) == cjt188::control::abnormal; }

bool is_write(const Frame& request) {
  return request.control == cjt188::control::write_data || request.control == cjt188::control::write_motor_sync ||
         request.control == cjt188::control::write_address;
}

}  // namespace

Cjt188Meter::Cjt188Meter(Clock& clock, std::unique_ptr<ByteStream> stream, const MeterProfile& profile,
                         const Address& address, Duration byte_time, std::string name, Duration tolerance)
    : profile_(profile),
      form_(profile),
      line_(clock, std::move(stream), {byte_time, idle, longest_reply},
            cjt188_gap(byte_time, tolerance + clock.exchange_slack())),
      address_(address),
      name_(std::move(name)) {}

// CJ/T 188-2004 6.4: a reply starts at most 500 ms + 30 characters after the request.
Duration Cjt188Meter::answer_time() const { return 500ms + 30 * line_.rules().byte_time; }

Frame Cjt188Meter::frame(const Address& to, std::uint8_t control, const cjt188::Identifier2& identifier,
                         std::span<const std::uint8_t> content) {
  cjt188::Bytes data(3 + content.size());
  data[0] = identifier[0];
  data[1] = identifier[1];
  // Plain requests count as well, but never so far that the meter would take the next enciphered one for an old one: it
  // is silent to what is not 1 to 127 ahead of the last.
  constexpr int reach = 64;
  if (opened_ser_ && static_cast<std::uint8_t>(ser_ + 1 - sealed_ser_) > reach) ser_ = sealed_ser_;
  data[2] = ++ser_;
  std::copy(content.begin(), content.end(), data.begin() + 3);
  return {form_.type(), to, control, std::move(data)};
}

Frame Cjt188Meter::opened(const Frame& reply, const Exchange& asked) {
  cjt188::Opened opened = cjt188::open(reply, *security_, opened_ser_);
  if (!opened.error.empty()) {
    ++line_.counters.unopened;
    throw ProtocolError(fmt::format("{}: {}: {}", name_, opened.error, opened.explanation), with_reply(asked, reply));
  }
  opened_ser_ = opened.plain.data[2];
  return std::move(opened.plain);
}

bool Cjt188Meter::take(const Frame& frame, const Frame& request, bool enciphered, const Exchange& asked, Frame& reply) {
  if ((frame.control & cjt188::control::reply) == 0) return false;  // our own request, echoed by the line
  // 2004, table 12: the reply to a new address comes under it already.
  const bool renamed = request.control == cjt188::control::write_address;
  if (!renamed && request.address != cjt188::wildcard_address && frame.address != request.address) {
    ++line_.counters.foreign;
    throw ForeignReply(
        fmt::format("{}: asked meter {}, but {} answered", name_, to_hex(request.address), to_hex(frame.address)),
        with_reply(asked, frame));
  }
  if ((frame.control & 0x3F) != request.control)
    throw ProtocolError(
        fmt::format("{}: reply with control code {:02X} to {:02X}", name_, frame.control, request.control),
        with_reply(asked, frame));
  const bool refused = is_abnormal(frame);
  reply = enciphered && !refused ? opened(frame, asked) : frame;
  const std::size_t ser_at = refused ? 0 : 2;
  if (reply.data.size() <= ser_at || reply.data[ser_at] != request.data[2]) {
    ++line_.counters.foreign;
    return false;  // a late one
  }
  if (refused) {
    ++line_.counters.refused;
    throw MeterRefused(fmt::format("{}: the meter refused {}", name_, asked.asked), with_reply(asked, frame));
  }
  const bool same = std::equal(request.data.begin(), request.data.begin() + 2, reply.data.begin());
  const bool swapped = request.data[0] == reply.data[1] && request.data[1] == reply.data[0];
  if (!same && !swapped)
    throw ProtocolError(fmt::format("{}: reply for another data item", name_), with_reply(asked, frame));
  return true;
}

// A request that meets silence is made again: under a new serial number where it is enciphered, since a meter that has
// taken the message and whose answer got lost would be silent to the same one.
Task<Frame> Cjt188Meter::exchange_new(std::function<Frame()> make, bool enciphered, int repeats) {
  for (int left = enciphered ? repeats : 0;; --left) {
    Frame request = make();
    if (left == 0) co_return co_await exchange(std::move(request), enciphered, enciphered ? 0 : repeats, answer_time());
    std::optional<Frame> reply;
    try {
      reply = co_await exchange(std::move(request), enciphered, 0, answer_time());
    } catch (const TimeoutError&) {
    }
    if (reply) co_return std::move(*reply);
  }
}

// One request, repeated in silence; what does not belong to it is passed over, another address is an error.
Task<Frame> Cjt188Meter::exchange(Frame request, bool enciphered, int repeats, Duration patience) {
  const cjt188::Bytes bytes =
      cjt188::encode(enciphered ? cjt188::seal(request, *security_) : request, form_.preamble());
  if (enciphered) sealed_ser_ = request.data[2];
  if (is_write(request)) last_written_ = bytes;
  Exchange asked{name_, to_hex(bytes), "", {}};
  const Instant asked_at = line_.clock().now();
  Frame reply;
  const bool answered = co_await line_.ask(bytes, patience, repeats, [&](const Frame& frame) {
    asked.after = line_.clock().now() - asked_at;
    return take(frame, request, enciphered, asked, reply);
  });
  if (answered) co_return reply;
  asked.got = line_.dropped();
  asked.after = line_.clock().now() - asked_at;
  throw TimeoutError(fmt::format("{}: meter {} did not answer {}{}", name_, to_hex(request.address), asked.asked,
                                 asked.got.empty() ? "" : "; it sent " + asked.got),
                     asked);
}

bool Cjt188Meter::is_enciphered(const std::string& name, bool is_write) const {
  const cjt188::Encrypted how = form_.place(name).encrypted;
  if (how == cjt188::Encrypted::writes && !is_write) return false;
  if (how == cjt188::Encrypted::yes && !security_)
    throw UserError(fmt::format("{:?} of {} travels enciphered; give the key", name, profile_.id()));
  return how != cjt188::Encrypted::no && security_.has_value();
}

// A meter takes an enciphered message only when its SER is 1 to 127 ahead of that of the last one, and is silent
// otherwise. Which that was only the meter knows: a question that changes nothing finds it in steps of half the way.
Task<> Cjt188Meter::find_sequence(std::string name) {
  constexpr int steps = 4;
  constexpr std::uint8_t step = 64;
  const cjt188::Place& place = form_.place(name);
  for (int i = 0; i < steps && !opened_ser_; ++i) {
    Frame request = frame(address_, place.control, place.identifier, {});
    bool silent = false;
    try {
      co_await exchange(std::move(request), true, 0, answer_time());
    } catch (const TimeoutError&) {
      silent = true;
    }
    if (silent) ser_ = static_cast<std::uint8_t>(ser_ + step - 1);
  }
}

// An item whose enciphered reading tells the sequence; empty: the profile has none.
std::string Cjt188Meter::question_in_cipher() const {
  for (const auto& [name, item] : profile_.items())
    if (item.readable() && form_.place(name).encrypted != cjt188::Encrypted::no) return name;
  return {};
}

Task<Cjt188Meter::Content> Cjt188Meter::content(const std::string& name) {
  const cjt188::Place& place = form_.place(name);
  const bool enciphered = is_enciphered(name, false);
  if (enciphered && !opened_ser_) co_await find_sequence(name);
  auto make = [&] { return frame(address_, place.control, place.identifier, {}); };
  const Frame reply = co_await exchange_new(std::move(make), enciphered, usual_repeats);
  Content content{cjt188::Bytes(reply.data.begin() + 3, reply.data.end()), reply.address, {}};
  if (!form_.expects(reply.type)) content.departures.emplace_back("meter_type_changed");
  if (reply.data[0] != place.identifier[0] || reply.data[1] != place.identifier[1])
    content.departures.emplace_back("identifier_order_changed");
  co_return content;
}

std::span<const std::uint8_t> Cjt188Meter::value_bytes(const MeterItem& item,
                                                       std::span<const std::uint8_t> content) const {
  const std::size_t offset = form_.place(item.name).offset;
  if (item.length == 0 && offset <= content.size()) return content.subspan(offset);
  if (offset + item.length > content.size())
    throw ProtocolError(fmt::format("{}: the reply has {} bytes, {:?} ends at {}", name_, content.size(), item.name,
                                    offset + item.length),
                        {name_, item.name, to_hex(content), {}});
  return content.subspan(offset, item.length);
}

MeterReading Cjt188Meter::reading(const MeterItem& item, const Content& content) const {
  MeterReading reading{item.name, "", item.unit, content.departures, ""};
  const cjt188::Place& place = form_.place(item.name);
  if (place.form == cjt188::Place::Form::address) {
    reading.value = to_hex_reversed(content.from);
    return reading;
  }
  const auto bytes = value_bytes(item, content.bytes);
  reading.raw = to_hex(bytes);
  if (place.form == cjt188::Place::Form::status) {
    const std::string status = form_.status_text(bytes);
    reading.value = status.empty() ? "good" : status;
    return reading;
  }
  FieldFormat format = item.format;
  if (const auto at = place.unit_at; at && *at < content.bytes.size()) {
    const auto unit = form_.unit(content.bytes[*at]);
    // A power of ten of the unit moves the point: the value stays exact.
    if (unit) format.decimals -= unit->tens;
    reading.unit = unit ? unit->unit : "";
    if (!unit) reading.departures.emplace_back("unknown_unit");
  }
  const auto text = field_text(format, bytes);
  if (!text) reading.departures.push_back(why_no_value(item.format, bytes));
  reading.value = text.value_or("");
  return reading;
}

Task<std::vector<MeterReading>> Cjt188Meter::readings(std::vector<std::string> names) {
  std::map<cjt188::Identifier2, Content> replies;
  std::vector<MeterReading> result;
  for (const std::string& name : names) {
    const MeterItem& item = profile_.item(name);
    if (!item.readable()) throw UserError(fmt::format("{:?} of {} can be written only", name, profile_.id()));
    const cjt188::Identifier2 identifier = form_.place(name).identifier;
    if (!replies.contains(identifier)) replies[identifier] = co_await content(name);
    result.push_back(reading(item, replies[identifier]));
  }
  co_return result;
}

Task<std::map<std::string, std::string>> Cjt188Meter::read(std::vector<std::string> names) {
  std::map<std::string, std::string> values;
  std::vector<MeterReading> all = co_await readings(std::move(names));
  for (const MeterReading& reading : all)
    values[reading.name] = reading.value.empty() ? "invalid:" + reading.raw : reading.value;
  co_return values;
}

Task<Frame> Cjt188Meter::send_write(const std::string& name, std::string value) {
  const MeterItem& item = profile_.item(name);
  const cjt188::Place& place = form_.place(name);
  if (!place.write)
    throw UserError(fmt::format("the meter profile {} does not say how {:?} is written", profile_.id(), name));
  cjt188::Bytes content;
  if (place.form == cjt188::Place::Form::address) {
    const Address address = cjt188::address_from_hex(value);
    content.assign(address.rbegin(), address.rend());
  } else if (item.length > 0 || (item.format.kind == FieldFormat::Kind::hex && !value.empty())) {
    const std::size_t size = item.length > 0 ? item.length : (value.size() + 1) / 2;
    content = field_bytes(item.format, size, {item.name, value, ""});
  }
  content.insert(content.end(), place.write->suffix.begin(), place.write->suffix.end());
  const bool enciphered = is_enciphered(name, true);
  co_return co_await send_request(name, std::move(content), enciphered, usual_repeats);
}

Task<Frame> Cjt188Meter::send_request(std::string name, cjt188::Bytes content, bool enciphered, int repeats) {
  const std::string question = enciphered && !opened_ser_ ? question_in_cipher() : std::string();
  if (!question.empty()) co_await find_sequence(question);
  const cjt188::Place& place = form_.place(name);
  auto make = [&] { return frame(address_, place.write->control, place.write->identifier, content); };
  co_return co_await exchange_new(std::move(make), enciphered, repeats);
}

Task<cjt188::Bytes> Cjt188Meter::bytes_of(std::string name) {
  const MeterItem& item = profile_.item(name);
  const Content data = co_await content(item.name);
  const auto bytes = value_bytes(item, data.bytes);
  co_return cjt188::Bytes(bytes.begin(), bytes.end());
}

Task<Cjt188Meter::Answer> Cjt188Meter::offer(std::string name, cjt188::Bytes content) {
  co_return co_await once(name, std::move(content), is_enciphered(name, true));
}

Task<Cjt188Meter::Answer> Cjt188Meter::offer_plain(std::string name, cjt188::Bytes content) {
  co_return co_await once(name, std::move(content), false);
}

Task<Cjt188Meter::Answer> Cjt188Meter::once(std::string name, cjt188::Bytes content, bool enciphered) {
  if (!form_.place(profile_.item(name).name).write)
    throw UserError(fmt::format("the meter profile {} does not say how {:?} is written", profile_.id(), name));
  Answer answer = Answer::accepted;
  try {
    co_await send_request(name, std::move(content), enciphered, 0);
  } catch (const MeterRefused&) {
    answer = Answer::refused;
  } catch (const TimeoutError&) {
    answer = Answer::silent;
  }
  co_return answer;
}

Task<Cjt188Meter::Answer> Cjt188Meter::send_as_is(cjt188::Bytes bytes) {
  Answer answer = Answer::silent;
  co_await line_.ask(bytes, answer_time(), 0, [&](const Frame& frame) {
    if ((frame.control & cjt188::control::reply) == 0 || frame.address != address_) return false;
    answer = is_abnormal(frame) ? Answer::refused : Answer::accepted;
    return true;
  });
  co_return answer;
}

Task<> Cjt188Meter::write(std::string name, std::string value) {
  const Frame reply = co_await send_write(name, std::move(value));
  const bool is_address = form_.place(name).form == cjt188::Place::Form::address;
  if (is_address && address_ != cjt188::wildcard_address) address_ = reply.address;
}

Task<std::string> Cjt188Meter::find_address() {
  const Address address = co_await who_is_there();
  co_return to_hex_reversed(address);
}

Task<std::int64_t> Cjt188Meter::volume_steps() {
  const MeterItem& item = profile_.item("cumulative_volume");
  const Content data = co_await content(item.name);
  const auto digits = cjt188::from_bcd(value_bytes(item, data.bytes));
  if (!digits)
    throw ProtocolError(fmt::format("{}: the cumulative volume is no BCD number", name_),
                        {name_, item.name, to_hex(data.bytes), {}});
  co_return static_cast<std::int64_t>(*digits);
}

MeterStatus Cjt188Meter::parse_status(std::span<const std::uint8_t> bytes) const {
  const std::string valve = form_.status_word(bytes, "valve");
  MeterStatus status;
  status.valve = valve == "open"     ? MeterStatus::Valve::open
                 : valve == "closed" ? MeterStatus::Valve::closed
                                     : MeterStatus::Valve::faulty;
  status.undervoltage = form_.status(bytes, "battery_low") != 0;
  status.awaiting_manual_action = form_.status(bytes, "awaiting_manual_action") != 0;
  return status;
}

Task<MeterStatus> Cjt188Meter::status() {
  const MeterItem& item = profile_.item("status");
  const Content data = co_await content(item.name);
  co_return parse_status(value_bytes(item, data.bytes));
}

Frame Cjt188Meter::valve_frame(const Address& to, bool open) {
  ++(open ? valve_commands_.openings : valve_commands_.closings);
  valve_commands_.last_was_open = open;
  const MeterItem& item = profile_.item("valve");
  const auto& place = form_.place(item.name).write;
  return frame(to, place->control, place->identifier,
               field_bytes(item.format, item.length, {item.name, open ? "valve_open" : "valve_close", ""}));
}

Task<MeterStatus> Cjt188Meter::write_valve(bool open) {
  Frame request = valve_frame(address_, open);
  const Frame reply = co_await exchange(std::move(request), is_enciphered("valve", true), usual_repeats, answer_time());
  if (reply.data.size() < 5)
    throw ProtocolError(fmt::format("{}: a valve reply without status", name_),
                        {name_, "valve", to_hex(reply.data), {}});
  co_return parse_status(std::span(reply.data).subspan(3, 2));
}

Task<MeterStatus> Cjt188Meter::authorise_opening() { return write_valve(true); }
Task<MeterStatus> Cjt188Meter::close_valve() { return write_valve(false); }

Task<Address> Cjt188Meter::who_is_there() {
  const cjt188::Place& place = form_.place(profile_.item("meter_address").name);
  Frame request = frame(cjt188::wildcard_address, place.control, place.identifier, {});
  const Frame reply = co_await exchange(std::move(request), false, usual_repeats, answer_time());
  co_return reply.address;
}

Task<bool> Cjt188Meter::answers(Duration patience) {
  const cjt188::Place& place = form_.place(profile_.item("status").name);
  Frame request = frame(address_, place.control, place.identifier, {});
  bool silent = false;
  try {
    co_await exchange(std::move(request), false, 0, patience);
  } catch (const TimeoutError&) {
    silent = true;
  }
  co_return !silent;
}

Task<bool> Cjt188Meter::hears_itself() {
  const cjt188::Bytes pattern{0x00, 0xFF, 0x55, 0xAA, 0x68, 0x16};
  cjt188::Bytes heard;
  const Duration patience = line_.rules().byte_time * 20 + 500ms;
  co_await line_.half_duplex().ask(pattern, patience, [&](std::span<const std::uint8_t> chunk) {
    heard.insert(heard.end(), chunk.begin(), chunk.end());
    return heard.size() >= pattern.size();
  });
  co_return heard == pattern;
}

cjt188::Bytes Cjt188Meter::request_status(const Address& to) {
  const cjt188::Place& place = form_.place(profile_.item("status").name);
  return cjt188::encode(frame(to, place.control, place.identifier, {}), form_.preamble());
}

cjt188::Bytes Cjt188Meter::request_valve(const Address& to, bool open) {
  return cjt188::encode(valve_frame(to, open), form_.preamble());
}

Cjt188Meter::AirReply Cjt188Meter::parse_air_reply(std::span<const std::uint8_t> bytes) const {
  cjt188::Scanner scanner;
  scanner.feed(bytes);
  const auto reply = scanner.next();
  const Exchange got{name_ + " over the air", "", to_hex(bytes), {}};
  if (!reply) throw ProtocolError("no frame in what came over the air", got);
  AirReply result;
  result.address = reply->address;
  const std::size_t ser_at = is_abnormal(*reply) ? 0 : 2;
  if (reply->data.size() <= ser_at || reply->data[ser_at] != ser_)
    throw ProtocolError("an over-the-air reply with another serial number than the request", got);
  result.refused = is_abnormal(*reply);
  if (result.refused) return result;
  const std::span<const std::uint8_t> content = std::span(reply->data).subspan(3);
  if (reply->control == (cjt188::control::read_data | cjt188::control::reply)) {
    result.status = parse_status(value_bytes(profile_.item("status"), content));
    const auto digits = cjt188::from_bcd(value_bytes(profile_.item("cumulative_volume"), content));
    if (!digits) throw ProtocolError("an over-the-air reading that is no BCD number", got);
    result.volume_steps = static_cast<std::int64_t>(*digits);
  } else if (content.size() >= 2) {
    result.status = parse_status(content.first(2));
  }
  return result;
}

}  // namespace meterrig
