#include "meters/cjt188_meter.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace meterrig {
namespace {

using cjt188::Address;
using cjt188::Frame;

std::uint8_t hex_byte(const std::string& text, std::size_t at) {
  std::uint8_t value = 0;
  std::from_chars(text.data() + at, text.data() + at + 2, value, 16);
  return value;
}

// CJ/T 188-2004 6.4: a reply starts at most 500 ms + 30 characters after the request.
Duration answer_time(Duration byte_time) { return 500ms + 30 * byte_time; }

constexpr std::size_t longest_reply = 13 + 0x64 + 16;

}  // namespace

MeterProfile::MeterProfile(nlohmann::json document) : document_(std::move(document)) {
  type_ = hex_byte(document_.at("type"), 0);
  preamble_ = document_.value("preamble", 2);
  for (const auto& [name, entry] : document_.at("items").items()) {
    const std::string di = entry.at("di");
    Item item;
    item.control = hex_byte(entry.value("control", "01"), 0);
    item.di = {hex_byte(di, 0), hex_byte(di, 2)};
    item.offset = entry.at("offset");
    item.length = entry.at("length");
    item.format = entry.at("format");
    item.decimals = entry.value("decimals", 0);
    if (entry.contains("write_di")) {
      const std::string write_di = entry.at("write_di");
      item.write_di = {hex_byte(write_di, 0), hex_byte(write_di, 2)};
    }
    item.trial_values = entry.value("trial_values", std::vector<std::string>{});
    items_[name] = item;
  }
}

Duration MeterProfile::byte_time() const {
  const auto& line = document_.at("line");
  const int bits = 1 + line.at("data").get<int>() + (line.at("parity") == "none" ? 0 : 1) + line.at("stop").get<int>();
  return Duration{1'000'000'000LL * bits / line.at("baud").get<int>()};
}

const MeterProfile::Item& MeterProfile::item(const std::string& name) const {
  const auto found = items_.find(name);
  if (found != items_.end()) return found->second;
  std::vector<std::string> known;
  for (const auto& [key, item] : items_) known.push_back(key);
  throw UserError(fmt::format("the meter profile {} has no item {:?}; it has {}", document_.at("id").dump(), name,
                              fmt::join(known, ", ")));
}

Cjt188Meter::Cjt188Meter(Clock& clock, std::unique_ptr<ByteStream> stream, const MeterProfile& profile,
                         const Address& address, Duration byte_time, std::string name)
    : clock_(clock),
      stream_(std::move(stream)),
      profile_(profile),
      address_(address),
      byte_time_(byte_time),
      name_(std::move(name)) {}

Frame Cjt188Meter::frame(const Address& to, std::uint8_t control, std::array<std::uint8_t, 2> di,
                         std::span<const std::uint8_t> content) {
  cjt188::Bytes data(3 + content.size());
  data[0] = di[0];
  data[1] = di[1];
  data[2] = ++ser_;
  std::copy(content.begin(), content.end(), data.begin() + 3);
  return {profile_.type(), to, control, std::move(data)};
}

// One request, repeated in silence; what does not belong to it is passed over, another address is an error.
Task<Frame> Cjt188Meter::exchange(Frame request, int repeats, Duration patience) {
  const cjt188::Bytes bytes = cjt188::encode(request, profile_.preamble());
  const std::string asked = cjt188::hex(bytes);
  const Instant asked_at = clock_.now();
  const bool wildcard = request.address == cjt188::wildcard_address;
  for (int attempt = 0; attempt <= repeats; ++attempt) {
    stream_->drain();
    scanner_.clear();
    ++exchanges_;
    const Duration sending = byte_time_ * static_cast<std::int64_t>(bytes.size());
    const Instant until = clock_.now() + sending + patience + clock_.exchange_slack();
    co_await stream_->write(bytes, until);
    bool silent = false;
    Instant end = until;
    while (!silent) {
      cjt188::Bytes chunk(256);
      std::size_t count = 0;
      try {
        count = co_await stream_->read(chunk, end);
      } catch (const TimeoutError&) {
        silent = true;
      }
      if (silent) break;
      // Once it has begun, a reply may take the time of the longest frame.
      if (end == until) end = until + byte_time_ * static_cast<std::int64_t>(longest_reply);
      scanner_.feed(std::span(chunk).first(count));
      while (auto reply = scanner_.next()) {
        const Exchange got{name_, asked, cjt188::hex(cjt188::encode(*reply, 0)), clock_.now() - asked_at};
        if ((reply->control & 0x80) == 0) continue;  // our own request, echoed by the line
        if (!wildcard && reply->address != request.address)
          throw ForeignReply(fmt::format("{}: asked meter {}, but {} answered", name_, cjt188::hex(request.address),
                                         cjt188::hex(reply->address)),
                             got);
        if ((reply->control & 0x3F) != request.control)
          throw ProtocolError(
              fmt::format("{}: reply with control code {:02X} to {:02X}", name_, reply->control, request.control), got);
        const bool abnormal = (reply->control & 0xC0) == cjt188::control::abnormal;
        const std::size_t ser_at = abnormal ? 0 : 2;
        if (reply->data.size() <= ser_at || reply->data[ser_at] != request.data[2]) continue;  // a late one
        if (abnormal) throw MeterRefused(fmt::format("{}: the meter refused {}", name_, asked), got);
        if (reply->data[0] != request.data[0] || reply->data[1] != request.data[1])
          throw ProtocolError(fmt::format("{}: reply for another data item", name_), got);
        co_return *reply;
      }
    }
  }
  const std::string rest = scanner_.bad_checksums() > 0 ? "a frame with a bad checksum" : "";
  throw TimeoutError(fmt::format("{}: meter {} did not answer {}{}", name_, cjt188::hex(request.address), asked,
                                 rest.empty() ? "" : "; it sent " + rest),
                     {name_, asked, rest, clock_.now() - asked_at});
}

Task<cjt188::Bytes> Cjt188Meter::content(const MeterProfile::Item& item) {
  Frame request = frame(address_, item.control, item.di, {});
  const Frame reply = co_await exchange(std::move(request), 2, answer_time(byte_time_));
  co_return cjt188::Bytes(reply.data.begin() + 3, reply.data.end());
}

std::string Cjt188Meter::value(const MeterProfile::Item& item, std::span<const std::uint8_t> content) const {
  if (item.format == "address") return cjt188::hex(address_);
  if (item.offset + item.length > content.size())
    throw ProtocolError(fmt::format("{}: the reply has {} bytes, the item ends at {}", name_, content.size(),
                                    item.offset + item.length),
                        {name_, "", cjt188::hex(content), {}});
  const auto field = content.subspan(item.offset, item.length);
  if (item.format == "hex") return cjt188::hex(field);
  const auto digits = cjt188::from_bcd(field);
  if (!digits) return "invalid:" + cjt188::hex(field);
  std::string text = fmt::format("{:0{}}", *digits, item.decimals + 1);
  if (item.decimals > 0) text.insert(text.size() - static_cast<std::size_t>(item.decimals), ".");
  return text;
}

Task<std::map<std::string, std::string>> Cjt188Meter::read(std::vector<std::string> names) {
  std::map<std::array<std::uint8_t, 2>, cjt188::Bytes> replies;
  std::map<std::string, std::string> values;
  for (const std::string& name : names) {
    const MeterProfile::Item& item = profile_.item(name);
    if (!replies.contains(item.di)) replies[item.di] = co_await content(item);
    values[name] = value(item, replies[item.di]);
  }
  co_return values;
}

Task<> Cjt188Meter::write(std::string name, std::string text) {
  const MeterProfile::Item& item = profile_.item(name);
  if (!item.write_di) throw UserError(fmt::format("the meter profile does not say how {:?} is written", name));
  std::erase(text, '.');
  cjt188::Bytes content;
  if (item.format == "bcd") content = cjt188::to_bcd(std::stoull(text), item.length);
  for (std::size_t i = 0; item.format == "hex" && i + 1 < text.size(); i += 2) content.push_back(hex_byte(text, i));
  Frame request = frame(address_, cjt188::control::write_data, *item.write_di, content);
  co_await exchange(std::move(request), 2, answer_time(byte_time_));
}

Task<std::int64_t> Cjt188Meter::volume_steps() {
  const MeterProfile::Item& item = profile_.item("accumulated_volume");
  const cjt188::Bytes data = co_await content(item);
  const auto digits = data.size() >= item.offset + item.length
                          ? cjt188::from_bcd(std::span(data).subspan(item.offset, item.length))
                          : std::nullopt;
  if (!digits)
    throw ProtocolError(fmt::format("{}: the accumulated volume is no BCD number", name_),
                        {name_, "accumulated_volume", cjt188::hex(data), {}});
  co_return static_cast<std::int64_t>(*digits);
}

MeterStatus Cjt188Meter::parse_status(std::span<const std::uint8_t> bytes) const {
  const auto& bits = profile_.document().at("status_bits");
  const auto& valve = bits.at("valve");
  const int code =
      bytes[valve.at("byte").get<std::size_t>()] >> valve.at("shift").get<int>() & valve.at("mask").get<int>();
  const auto flag = [&](const char* name) {
    const auto found = bits.find(name);
    return found != bits.end() && (bytes[found->at("byte").get<std::size_t>()] >> found->at("bit").get<int>() & 1) != 0;
  };
  MeterStatus status;
  status.valve = code == valve.at("open").get<int>()     ? MeterStatus::Valve::open
                 : code == valve.at("closed").get<int>() ? MeterStatus::Valve::closed
                                                         : MeterStatus::Valve::faulty;
  status.undervoltage = flag("undervoltage");
  status.awaiting_manual_action = flag("awaiting_manual_action");
  return status;
}

Task<MeterStatus> Cjt188Meter::status() {
  const MeterProfile::Item& item = profile_.item("status");
  const cjt188::Bytes data = co_await content(item);
  if (data.size() < item.offset + 2)
    throw ProtocolError(fmt::format("{}: the reply is too short for the status", name_),
                        {name_, "status", cjt188::hex(data), {}});
  co_return parse_status(std::span(data).subspan(item.offset, 2));
}

Frame Cjt188Meter::valve_frame(const Address& to, bool open) {
  ++(open ? valve_commands_.openings : valve_commands_.closings);
  valve_commands_.last_was_open = open;
  const std::uint8_t command = open ? 0x55 : 0x99;
  return frame(to, cjt188::control::write_data, {0xA0, 0x17}, std::span(&command, 1));
}

Task<MeterStatus> Cjt188Meter::write_valve(bool open) {
  Frame request = valve_frame(address_, open);
  const Frame reply = co_await exchange(std::move(request), 2, answer_time(byte_time_));
  if (reply.data.size() < 5)
    throw ProtocolError(fmt::format("{}: a valve reply without status", name_),
                        {name_, "A017", cjt188::hex(reply.data), {}});
  co_return parse_status(std::span(reply.data).subspan(3, 2));
}

Task<MeterStatus> Cjt188Meter::authorise_opening() { return write_valve(true); }
Task<MeterStatus> Cjt188Meter::close_valve() { return write_valve(false); }

Task<Address> Cjt188Meter::who_is_there() {
  const MeterProfile::Item& item = profile_.item("address");
  Frame request = frame(cjt188::wildcard_address, item.control, item.di, {});
  const Frame reply = co_await exchange(std::move(request), 2, answer_time(byte_time_));
  co_return reply.address;
}

Task<bool> Cjt188Meter::answers(Duration patience) {
  const MeterProfile::Item& item = profile_.item("status");
  Frame request = frame(address_, item.control, item.di, {});
  bool silent = false;
  try {
    co_await exchange(std::move(request), 0, patience);
  } catch (const TimeoutError&) {
    silent = true;
  }
  co_return !silent;
}

Task<bool> Cjt188Meter::hears_itself() {
  const cjt188::Bytes pattern{0x00, 0xFF, 0x55, 0xAA, 0x68, 0x16};
  stream_->drain();
  const Instant until = clock_.now() + byte_time_ * 20 + 500ms + clock_.exchange_slack();
  co_await stream_->write(pattern, until);
  cjt188::Bytes heard;
  bool silent = false;
  while (!silent && heard.size() < pattern.size()) {
    cjt188::Bytes chunk(64);
    try {
      const std::size_t count = co_await stream_->read(chunk, until);
      heard.insert(heard.end(), chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(count));
    } catch (const TimeoutError&) {
      silent = true;
    }
  }
  co_return heard == pattern;
}

cjt188::Bytes Cjt188Meter::request_status(const Address& to) {
  const MeterProfile::Item& item = profile_.item("status");
  return cjt188::encode(frame(to, item.control, item.di, {}), profile_.preamble());
}

cjt188::Bytes Cjt188Meter::request_valve(const Address& to, bool open) {
  return cjt188::encode(valve_frame(to, open), profile_.preamble());
}

Cjt188Meter::AirReply Cjt188Meter::parse_air_reply(std::span<const std::uint8_t> bytes) const {
  cjt188::Scanner scanner;
  scanner.feed(bytes);
  const auto reply = scanner.next();
  const Exchange got{name_ + " over the air", "", cjt188::hex(bytes), {}};
  if (!reply) throw ProtocolError("no frame in what came over the air", got);
  AirReply result;
  result.address = reply->address;
  const bool abnormal = (reply->control & 0xC0) == cjt188::control::abnormal;
  const std::size_t ser_at = abnormal ? 0 : 2;
  if (reply->data.size() <= ser_at || reply->data[ser_at] != ser_)
    throw ProtocolError("an over-the-air reply with another serial number than the request", got);
  result.refused = abnormal;
  if (abnormal) return result;
  const std::span<const std::uint8_t> content = std::span(reply->data).subspan(3);
  const MeterProfile::Item& volume = profile_.item("accumulated_volume");
  const MeterProfile::Item& status = profile_.item("status");
  if (reply->control == (cjt188::control::read_data | cjt188::control::reply)) {
    if (content.size() < status.offset + 2) throw ProtocolError("an over-the-air reply that is too short", got);
    result.status = parse_status(content.subspan(status.offset, 2));
    const auto digits = cjt188::from_bcd(content.subspan(volume.offset, volume.length));
    if (!digits) throw ProtocolError("an over-the-air reading that is no BCD number", got);
    result.volume_steps = static_cast<std::int64_t>(*digits);
  } else if (content.size() >= 2) {
    result.status = parse_status(content.first(2));
  }
  return result;
}

}  // namespace meterrig
