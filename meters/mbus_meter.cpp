#include "meters/mbus_meter.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "core/errors.hpp"

namespace meterrig {
namespace {

constexpr int repeats = 2;
constexpr int longest_answer = 4 + 255 + 2;
constexpr int most_telegrams = 32;
constexpr int answer_bits = 330;  // EN 13757-2, 5.7.1.3: 330 bit times + 50 ms at most
constexpr Duration answer_extra = 50ms;
constexpr int idle_bits = 33;  // EN 13757-2, 5.5.5: the line rests before the master speaks again

std::uint8_t primary_of(const std::string& text) {
  std::uint8_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > 250)
    throw UserError(fmt::format("found M-Bus address {:?}; expected 0 to 250, or 16 hexadecimal digits", text));
  return value;
}

Duration bit_time(const MeterProfile& profile) { return Duration{1'000'000'000LL / profile.line().baud}; }

// Identification as printed, then manufacturer, version and medium as on the line.
std::string secondary_of(std::span<const std::uint8_t> frame) {
  constexpr std::size_t header_at = 7;  // 68 L L 68 C A CI
  constexpr std::size_t size = 8;
  if (frame.size() < header_at + size) return {};
  const auto header = frame.subspan(header_at, size);
  return to_hex_reversed(header.first(4)) + to_hex(header.subspan(4));
}

}  // namespace

MbusMeter::MbusMeter(Clock& clock, std::unique_ptr<ByteStream> stream, const MeterProfile& profile,
                     const MeterAccess& access, std::string name, Duration tolerance)
    : profile_(profile),
      line_(clock, std::move(stream), {profile.byte_time(), idle_bits * bit_time(profile), longest_answer},
            mbus_gap(profile.byte_time(), tolerance + clock.exchange_slack())),
      name_(std::move(name)) {
  constexpr std::size_t secondary_digits = 16;
  if (access.address.size() == secondary_digits)
    secondary_ = access.address;
  else if (!access.address.empty())
    primary_ = primary_of(access.address);
}

// A line in memory hands an answer over with its last byte.
Duration MbusMeter::answer_time() const {
  return answer_bits * bit_time(profile_) + answer_extra + profile_.byte_time() * longest_answer;
}

Task<Telegram> MbusMeter::exchange(mbus::Frame request) {
  const mbus::Bytes bytes = mbus::encode(request);
  Exchange asked{name_, to_hex(bytes), "", {}};
  const Instant asked_at = line_.clock().now();
  const bool answered = co_await line_.ask(bytes, answer_time(), repeats, [&](const mbus::Frame& frame) {
    constexpr std::uint8_t from_master = 0x40;
    if ((frame.control & from_master) != 0) return false;  // our own, come back from the level converter
    answer_ = mbus::encode(frame);
    return true;
  });
  asked.got = answered ? to_hex(answer_) : line_.dropped();
  asked.after = line_.clock().now() - asked_at;
  if (answered) co_return checked(asked);
  throw TimeoutError(fmt::format("{}: the meter did not answer {}{}", name_, asked.asked,
                                 asked.got.empty() ? "" : "; it sent " + asked.got),
                     asked);
}

Telegram MbusMeter::checked(const Exchange& asked) {
  Telegram reply = mbus::telegrams_in(answer_).front();
  // A record that can't be walked through leaves those before it.
  if (!reply.error.empty() && reply.error != telegram_error::bad_record)
    throw ProtocolError(fmt::format("{}: {}: {}", name_, reply.error, reply.explanation), asked);
  if (reply.data_identifier != "70") return reply;
  ++line_.counters.refused;
  const std::string why = reply.items.empty() ? "an error" : reply.items.front().value;
  throw MeterRefused(fmt::format("{}: the meter reports {}", name_, why), asked);
}

// A fresh start: the link layer's, then the selection.
Task<> MbusMeter::select() {
  if (selected_) co_return;
  const std::uint8_t to = secondary_.empty() ? primary_ : mbus::secondary_address;
  mbus::Frame reset{mbus::control::snd_nke, to, std::nullopt, {}};
  if (secondary_.empty()) {
    co_await exchange(std::move(reset));
  } else {
    // To FD: a meter that was selected before lets go; nobody need answer.
    co_await line_.half_duplex().tell(mbus::encode(reset));
    co_await sleep_for(answer_time());
    co_await exchange(mbus::selection(secondary_));
    primary_ = mbus::secondary_address;
  }
  selected_ = true;
  frame_count_ = true;
}

Task<Telegram> MbusMeter::request_data() {
  co_await select();
  const std::uint8_t count = frame_count_ ? mbus::control::fcb : std::uint8_t{0};
  mbus::Frame request{static_cast<std::uint8_t>(mbus::control::req_ud2 | count), primary_, std::nullopt, {}};
  Telegram telegram = co_await exchange(std::move(request));
  frame_count_ = !frame_count_;
  co_return telegram;
}

Task<std::vector<MeterReading>> MbusMeter::readings(std::vector<std::string> names) {
  for (const std::string& name : names)
    if (!profile_.item(name).readable())
      throw UserError(fmt::format("{:?} of {} can be written only", name, profile_.id()));
  std::vector<TelegramItem> items;
  std::vector<std::string> departures;
  bool more = true;
  for (int i = 0; more && i < most_telegrams; ++i) {
    Telegram telegram = co_await request_data();
    more = std::find(telegram.status.begin(), telegram.status.end(), "more_records_follow") != telegram.status.end();
    std::string status;
    for (const std::string& word : telegram.status)
      if (word != "more_records_follow") status += (status.empty() ? "" : " ") + word;
    items.push_back({"status", status.empty() ? "good" : status, ""});
    std::move(telegram.items.begin(), telegram.items.end(), std::back_inserter(items));
    departures.insert(departures.end(), telegram.departures.begin(), telegram.departures.end());
  }
  std::vector<MeterReading> result;
  for (const std::string& name : names) {
    const std::string record = profile_.item(name).entry.at("record");
    const auto found =
        std::find_if(items.begin(), items.end(), [&](const TelegramItem& item) { return item.name == record; });
    if (found == items.end())
      throw ProtocolError(fmt::format("{}: the meter sends no record {:?}", name_, record), {name_, name, "", {}});
    MeterReading reading{name, found->value, found->unit, {}, ""};
    if (found->value.empty()) reading.departures = departures;
    result.push_back(std::move(reading));
  }
  co_return result;
}

Task<> MbusMeter::write(std::string name, std::string value) {
  const MeterItem& item = profile_.item(name);
  if (!item.writable() || !item.entry.contains("prefix"))
    throw UserError(fmt::format("{:?} of {} can be read only", name, profile_.id()));
  co_await select();
  mbus::Frame request{mbus::control::snd_ud, primary_, mbus::information::data_send,
                      bytes_from_hex(item.entry.at("prefix").get<std::string>())};
  if (frame_count_) request.control |= mbus::control::fcb;
  const TelegramItem written{name, value, ""};
  const mbus::Bytes content = field_bytes(item.format, item.length, written);
  request.data.insert(request.data.end(), content.begin(), content.end());
  co_await exchange(std::move(request));
  frame_count_ = !frame_count_;
  const bool is_primary = name == "primary_address";
  if (is_primary && secondary_.empty()) primary_ = primary_of(value);
}

Task<std::string> MbusMeter::find_address() {
  co_await request_data();
  const std::string address = secondary_of(answer_);
  if (address.empty())
    throw ProtocolError(fmt::format("{}: the meter's data carry no identification", name_),
                        {name_, "REQ_UD2", to_hex(answer_), {}});
  co_return address;
}

}  // namespace meterrig
