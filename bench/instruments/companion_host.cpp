#include "bench/instruments/companion_host.hpp"
#include "meters/telegram.hpp"

#include <charconv>
#include <stdexcept>

#include <fmt/format.h>

namespace meterrig::bench {
namespace {

// T5 / T2 (CJ/T 503-2016 tables A.3, B.3).
constexpr double burst_factor = 1.2;
// The meter waits T1 = 4 s for a frame and answers within it.
constexpr Duration answer_time = 5s;
// A transmission before this one may hold the channel for a whole burst.
constexpr Duration frame_margin = 100ms;

std::optional<cjt188::Bytes> from_hex(std::string_view text) {
  if (text.empty() || text.size() % 2 != 0 || text.size() > 1024) return std::nullopt;
  cjt188::Bytes bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    std::uint8_t byte = 0;
    const auto [end, error] = std::from_chars(text.data() + i, text.data() + i + 2, byte, 16);
    if (error != std::errc{} || end != text.data() + i + 2) return std::nullopt;
    bytes.push_back(byte);
  }
  return bytes;
}

std::optional<cjt188::Frame> decode(std::span<const std::uint8_t> bytes) {
  cjt188::Scanner scanner;
  scanner.feed(bytes);
  return scanner.next();
}

// The serial number that a reply repeats (CJ/T 188-2004 6.3): behind the DI, or first in an abnormal reply.
std::optional<std::uint8_t> sequence(const cjt188::Frame& frame) {
  const std::size_t at = (frame.control & cjt188::control::abnormal) == cjt188::control::abnormal ? 0 : 2;
  if (frame.data.size() <= at) return std::nullopt;
  return frame.data[at];
}

bool answers(const cjt188::Frame& reply, const cjt188::Frame& request) {
  const unsigned plain = request.control;
  if ((reply.control & 0x3Fu) != (plain & 0x3Fu) || !(reply.control & cjt188::control::reply)) return false;
  return sequence(reply) == sequence(request);
}

}  // namespace

CompanionHost::CompanionHost(Clock& clock, RadioChannel& channel, std::string serial)
    : clock_(clock),
      channel_(channel),
      identity_("METERRIG,CH-1," + std::move(serial) + ",1.0.0"),
      timer_(clock, [this] { give_up(); }) {
  channel_.on_reply([this](std::span<const std::uint8_t> frame, double rssi) { heard(frame, rssi); });
}

void CompanionHost::take(const std::string& line) {
  double value = 0;
  if (line == "*IDN?") return say(identity_);
  if (line == "AT") return say("OK");
  if (line == "AT+ID") {
    say(identity_);
    return say("OK");
  }
  if (line == "AT+STOP") return end("OK");
  if (parameter(line, "AT+CH", 0, 15, channel_number_)) return;
  if (parameter(line, "AT+T2", 0, 60, wake_period_s_)) return;
  if (parameter(line, "AT+ATT", 0, 60, attenuation_db_)) return channel_.set_attenuation(attenuation_db_);
  const bool listen = line.starts_with("AT+LISTEN="), send = line.starts_with("AT+SEND=");
  if ((listen || send) && task_ != Task::none) return say("ERR:BUSY");
  if (send) return send_request(std::string_view(line).substr(8));
  if (!listen) return say("ERR:SYNTAX");
  const char* const begin = line.data() + 10;
  const char* const finish = line.data() + line.size();
  const auto [stop, error] = std::from_chars(begin, finish, value);
  if (error != std::errc{} || stop != finish) return say("ERR:SYNTAX");
  if (!(value > 0 && value <= 7 * 86400.0)) return say("ERR:RANGE");
  task_ = Task::listening;
  timer_.at(clock_.now() + seconds(value));
}

// NAME? and NAME=<number>. False when the line is about something else.
bool CompanionHost::parameter(std::string_view line, std::string_view name, double low, double high, double& value) {
  if (!line.starts_with(name) || line.size() <= name.size()) return false;
  const std::string_view rest = line.substr(name.size());
  if (rest == "?") {
    say(fmt::format("+{}:{:g}", name.substr(3), value));
    say("OK");
    return true;
  }
  if (rest.front() != '=') return false;
  double wanted = 0;
  const auto [stop, error] = std::from_chars(rest.data() + 1, rest.data() + rest.size(), wanted);
  if (error != std::errc{} || stop != rest.data() + rest.size()) {
    say("ERR:SYNTAX");
  } else if (!(wanted >= low && wanted <= high)) {
    say("ERR:RANGE");
  } else {
    value = wanted;
    say("OK");
  }
  return true;
}

void CompanionHost::send_request(std::string_view arguments) {
  const auto comma = arguments.find(',');
  if (comma == std::string_view::npos) return say("ERR:SYNTAX");
  const auto address = from_hex(arguments.substr(0, comma));
  const auto frame = from_hex(arguments.substr(comma + 1));
  if (!address || address->size() != awaited_.size() || !frame) return say("ERR:SYNTAX");
  std::copy(address->begin(), address->end(), awaited_.begin());
  request_ = decode(*frame);
  task_ = Task::request;
  const Duration burst = seconds(wake_period_s_ * burst_factor);
  const Duration queue = channel_.busy() ? burst + frame_margin : Duration::zero();
  channel_.transmit(burst, *frame);
  timer_.at(clock_.now() + queue + burst + frame_margin + answer_time);
}

void CompanionHost::heard(std::span<const std::uint8_t> frame, double rssi) {
  if (task_ == Task::none) return;
  say(fmt::format("+RX:{},{:.0f}", to_hex(frame), rssi));
  if (task_ != Task::request) return;
  const auto reply = decode(frame);
  if (!reply || (request_ && !answers(*reply, *request_))) return;
  if (awaited_ == cjt188::wildcard_address || reply->address == awaited_) end("OK");
}

void CompanionHost::end(std::string_view word) {
  task_ = Task::none;
  timer_.cancel();
  say(word);
}

void CompanionHost::give_up() { end(task_ == Task::request ? "ERR:NOREPLY" : "OK"); }

}  // namespace meterrig::bench
