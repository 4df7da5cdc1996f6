#include "meters/dlt645_meter.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "core/errors.hpp"
#include "meters/telegram.hpp"

namespace meterrig {
namespace {

namespace control = dlt645::control;
using dlt645::Frame;

// DL/T 645-2007 5.3.3: an answer begins 20 to 500 ms after the request.
constexpr Duration idle = 20ms, answer_time = 500ms;
constexpr int repeats = 2;
constexpr int longest_answer = 4 + 12 + 200;
constexpr std::size_t longest_content = 16 * 200;
constexpr std::uint8_t to_1997 = 0x10;  // 2007 reads with 11H and 12H, 1997 with 01H and 02H

Exchange with_reply(Exchange asked, const Frame& reply) {
  asked.got = to_hex(dlt645::encode(reply, 0));
  return asked;
}

// Of the identifier that a reply repeats; 0: it repeats none.
std::size_t identifier_size(std::uint8_t function) {
  if (function == control::read_data || function == control::read_next) return 4;
  return function == control::read_data - to_1997 || function == control::read_next - to_1997 ? 2 : 0;
}

// Low byte first, as it goes on the line.
dlt645::Bytes line_bytes(const std::string& hex) {
  dlt645::Bytes bytes = bytes_from_hex(hex);
  std::reverse(bytes.begin(), bytes.end());
  return bytes;
}

struct Command {
  const char* name;
  std::uint8_t control;
  bool with_authority;
};
constexpr std::array commands{
    Command{"address", control::write_address, false},
    Command{"broadcast_time", control::broadcast_time, false},
    Command{"freeze", control::freeze, false},
    Command{"baud_rate", control::baud_rate, false},
    Command{"password", control::password, false},
    Command{"clear_demand", control::clear_demand, true},
    Command{"clear_meter", control::clear_meter, true},
    Command{"clear_events", control::clear_events, true},
    Command{"relay", control::relay, true},
    Command{"output", control::output, false},
};

const Command& command_of(const std::string& name) {
  const auto* found = std::find_if(commands.begin(), commands.end(), [&](const Command& c) { return c.name == name; });
  if (found == commands.end()) throw UserError(fmt::format("DL/T 645 has no command {:?}", name));
  return *found;
}

}  // namespace

Dlt645Meter::Dlt645Meter(Clock& clock, std::unique_ptr<ByteStream> stream, const MeterProfile& profile,
                         const MeterAccess& access, std::string name, Duration tolerance)
    : profile_(profile),
      line_(clock, std::move(stream), {profile.byte_time(), idle, longest_answer},
            dlt645_gap(profile.byte_time(), tolerance + clock.exchange_slack())),
      address_(access.address.empty() ? dlt645::wildcard_address : dlt645::address_from_hex(access.address)),
      access_(access),
      name_(std::move(name)) {}

bool Dlt645Meter::take(const Frame& reply, const Frame& request, const Exchange& asked) {
  if ((reply.control & control::reply) == 0) return false;  // our own request, echoed by the line
  const bool wildcard =
      std::any_of(request.address.begin(), request.address.end(), [](std::uint8_t byte) { return byte == 0xAA; });
  // A new address answers under itself already.
  const bool renamed = request.control == control::write_address;
  if (!wildcard && !renamed && reply.address != request.address) {
    ++line_.counters.foreign;
    throw ForeignReply(fmt::format("{}: asked meter {}, but {} answered", name_, to_hex_reversed(request.address),
                                   to_hex_reversed(reply.address)),
                       with_reply(asked, reply));
  }
  if ((reply.control & control::function) != request.control) {
    ++line_.counters.foreign;
    return false;  // a late one
  }
  if ((reply.control & control::abnormal) != 0) {
    ++line_.counters.refused;
    const std::string why = reply.data.empty() ? "" : dlt645::error_text(reply.data[0]);
    throw MeterRefused(
        fmt::format("{}: the meter refused {}: {}", name_, asked.asked, why.empty() ? "no reason given" : why),
        with_reply(asked, reply));
  }
  const std::size_t size = identifier_size(request.control);
  const auto identifier = std::span(request.data).first(std::min(size, request.data.size()));
  if (reply.data.size() < size || !std::equal(identifier.begin(), identifier.end(), reply.data.begin())) {
    ++line_.counters.foreign;
    return false;
  }
  more_follows_ = (reply.control & control::more) != 0;
  return true;
}

Task<dlt645::Bytes> Dlt645Meter::exchange(Frame request) {
  const dlt645::Bytes bytes = dlt645::encode(request, profile_.document().value("preamble", 4));
  Exchange asked{name_, to_hex(bytes), "", {}};
  const Instant asked_at = line_.clock().now();
  // A line in memory hands an answer over with its last byte.
  const Duration patience = answer_time + profile_.byte_time() * longest_answer;
  dlt645::Bytes data;
  const bool answered = co_await line_.ask(bytes, patience, repeats, [&](const Frame& reply) {
    asked.after = line_.clock().now() - asked_at;
    if (!take(reply, request, asked)) return false;
    data = reply.data;
    return true;
  });
  if (answered) co_return data;
  asked.got = line_.dropped();
  asked.after = line_.clock().now() - asked_at;
  throw TimeoutError(fmt::format("{}: meter {} did not answer {}{}", name_, to_hex_reversed(request.address),
                                 asked.asked, asked.got.empty() ? "" : "; it sent " + asked.got),
                     asked);
}

Task<dlt645::Bytes> Dlt645Meter::content(std::string identifier) {
  const dlt645::Bytes id = line_bytes(identifier);
  const std::uint8_t offset = id.size() == 2 ? to_1997 : std::uint8_t{0};
  Frame request{address_, static_cast<std::uint8_t>(control::read_data - offset), id};
  dlt645::Bytes content = co_await exchange(request);
  content.erase(content.begin(), content.begin() + static_cast<std::ptrdiff_t>(id.size()));
  // Each subsequent frame ends with its number, from 1.
  for (std::uint8_t number = 1; more_follows_; ++number) {
    request.control = static_cast<std::uint8_t>(control::read_next - offset);
    request.data = id;
    request.data.push_back(number);
    const dlt645::Bytes next = co_await exchange(request);
    if (next.size() <= id.size() || next.back() != number || content.size() > longest_content)
      throw ProtocolError(fmt::format("{}: subsequent frame {} of {} does not follow", name_, number, identifier),
                          {name_, identifier, to_hex(next), {}});
    content.insert(content.end(), next.begin() + static_cast<std::ptrdiff_t>(id.size()), next.end() - 1);
  }
  co_return content;
}

MeterReading Dlt645Meter::reading(const MeterItem& item, const dlt645::Bytes& content) const {
  MeterReading reading{item.name, "", item.unit, {}, ""};
  const std::size_t offset = item.entry.value("offset", std::size_t{0});
  if (offset + item.length > content.size())
    throw ProtocolError(fmt::format("{}: the reply has {} bytes, {:?} ends at {}", name_, content.size(), item.name,
                                    offset + item.length),
                        {name_, item.name, to_hex(content), {}});
  const std::size_t length = item.length > 0 ? item.length : content.size() - offset;
  const auto bytes = std::span(content).subspan(offset, length);
  reading.raw = to_hex(bytes);
  const auto text = field_text(item.format, bytes);
  if (!text) {
    reading.departures.push_back(why_no_value(item.format, bytes));
  }
  reading.value = text.value_or("");
  return reading;
}

Task<std::vector<MeterReading>> Dlt645Meter::readings(std::vector<std::string> names) {
  std::map<std::string, dlt645::Bytes> contents;
  std::vector<MeterReading> result;
  for (const std::string& name : names) {
    const MeterItem& item = profile_.item(name);
    if (!item.readable()) throw UserError(fmt::format("{:?} of {} can be written only", name, profile_.id()));
    if (item.entry.value("command", "") == "address") {
      std::string address = co_await find_address();
      result.push_back({name, std::move(address), "", {}, ""});
      continue;
    }
    const std::string identifier = item.entry.at("di");
    if (!contents.contains(identifier)) contents[identifier] = co_await content(identifier);
    result.push_back(reading(item, contents[identifier]));
  }
  co_return result;
}

Task<std::string> Dlt645Meter::find_address() {
  Frame request = dlt645::read_address_request();
  const dlt645::Bytes address = co_await exchange(std::move(request));
  co_return to_hex_reversed(address);
}

dlt645::Bytes Dlt645Meter::authority() const {
  if (access_.password.size() != 8)
    throw UserError(fmt::format("{}: found password {:?}; expected level and password, eight digits such as 02123456",
                                name_, access_.password));
  const dlt645::Bytes password = line_bytes(access_.password.substr(2));
  dlt645::Bytes bytes = bytes_from_hex(access_.password.substr(0, 2));
  bytes.insert(bytes.end(), password.begin(), password.end());
  if (!access_.operator_code.empty() && access_.operator_code.size() != 8)
    throw UserError(fmt::format("{}: found operator {:?}; expected eight digits", name_, access_.operator_code));
  const dlt645::Bytes who = line_bytes(access_.operator_code.empty() ? "00000000" : access_.operator_code);
  bytes.insert(bytes.end(), who.begin(), who.end());
  return bytes;
}

// The meter refuses a command past its deadline by its own clock: ten minutes from what that shows.
Task<dlt645::Bytes> Dlt645Meter::relay_deadline() {
  constexpr std::uint32_t date_and_time = 0x0400010C;  // ss mm hh WW DD MM YY
  FieldFormat format{.kind = FieldFormat::Kind::time, .layout = "ssmmhhWWDDMMYY", .words = {}};
  const dlt645::Bytes clock = co_await content(fmt::format("{:08X}", date_and_time));
  if (!field_text(format, clock))
    throw ProtocolError(fmt::format("{}: the meter's clock shows no time", name_), {name_, "clock", to_hex(clock), {}});
  const auto part = [&](std::size_t at) { return (clock[at] >> 4) * 10 + (clock[at] & 0xF); };
  const Utc deadline = std::chrono::sys_days{std::chrono::year{2000 + part(6)} / part(5) / part(4)} +
                       std::chrono::hours{part(2)} + std::chrono::minutes{part(1) + 10} + std::chrono::seconds{part(0)};
  const auto day = std::chrono::floor<std::chrono::days>(deadline);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss time{std::chrono::floor<std::chrono::seconds>(deadline - day)};
  format.layout = "ssmmhhDDMMYY";
  const std::string text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                                       time.hours().count(), time.minutes().count(), time.seconds().count());
  co_return field_bytes(format, 6, {"deadline", text, ""});
}

Task<> Dlt645Meter::command(const MeterItem& item, std::string value) {
  const Command& how = command_of(item.entry.at("command"));
  Frame request{address_, how.control, how.with_authority ? authority() : dlt645::Bytes{}};
  dlt645::Bytes content =
      item.length > 0 ? field_bytes(item.format, item.length, {item.name, value, ""}) : dlt645::Bytes{};
  if (how.control == control::relay) {
    content.push_back(0);  // N2 is reserved
    const dlt645::Bytes deadline = co_await relay_deadline();
    content.insert(content.end(), deadline.begin(), deadline.end());
  } else if (how.control == control::password) {
    // The identifier of the password's level, the old one, the new one.
    const dlt645::Bytes old = authority();
    request.data = line_bytes(item.entry.at("di"));
    request.data.insert(request.data.end(), old.begin(), old.begin() + 4);
  } else if (how.control == control::write_address) {
    request.address = dlt645::wildcard_address;
  }
  request.data.insert(request.data.end(), content.begin(), content.end());
  if (how.control == control::broadcast_time) {
    request.address = dlt645::broadcast_address;
    co_await line_.half_duplex().tell(dlt645::encode(request, profile_.document().value("preamble", 4)));
    co_return;
  }
  co_await exchange(request);
  if (how.control == control::write_address) std::copy_n(content.begin(), address_.size(), address_.begin());
}

Task<> Dlt645Meter::write(std::string name, std::string value) {
  const MeterItem& item = profile_.item(name);
  if (!item.writable()) throw UserError(fmt::format("{:?} of {} can be read only", name, profile_.id()));
  if (item.entry.contains("command")) {
    co_await command(item, std::move(value));
    co_return;
  }
  Frame request{address_, control::write_data, line_bytes(item.entry.at("di"))};
  const dlt645::Bytes by = authority(), content = field_bytes(item.format, item.length, {item.name, value, ""});
  request.data.insert(request.data.end(), by.begin(), by.end());
  request.data.insert(request.data.end(), content.begin(), content.end());
  co_await exchange(std::move(request));
}

}  // namespace meterrig
