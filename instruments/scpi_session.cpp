#include "instruments/scpi_session.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

namespace meterrig {
namespace {

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

// "+0,\"No error\"" and its like begin with the number zero.
bool no_error(std::string_view answer) {
  int code = -1;
  std::string_view digits = trim(answer);
  if (!digits.empty() && digits.front() == '+') digits.remove_prefix(1);
  std::from_chars(digits.data(), digits.data() + digits.size(), code);
  return code == 0;
}

bool is_error_entry(std::string_view answer) {
  std::string_view digits = trim(answer);
  if (!digits.empty() && (digits.front() == '+' || digits.front() == '-')) digits.remove_prefix(1);
  int code = 0;
  return std::from_chars(digits.data(), digits.data() + digits.size(), code).ec == std::errc{};
}

}  // namespace

bool parse_number(std::string_view text, double& value) {
  text = trim(text);
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size() && std::isfinite(value);
}

bool parse_scaled(std::string_view text, int exponent, std::int64_t& value) {
  text = trim(text);
  const bool negative = !text.empty() && text.front() == '-';
  if (!text.empty() && (text.front() == '+' || text.front() == '-')) text.remove_prefix(1);
  std::int64_t mantissa = 0;
  int digits = 0;
  std::size_t i = 0;
  bool point = false;
  for (; i < text.size(); ++i) {
    if (text[i] == '.' && !point) {
      point = true;
    } else if (text[i] >= '0' && text[i] <= '9') {
      if (++digits > 17) return false;
      mantissa = mantissa * 10 + (text[i] - '0');
      exponent -= point ? 1 : 0;
    } else {
      break;
    }
  }
  if (digits == 0) return false;
  if (i < text.size()) {
    if (text[i] != 'E' && text[i] != 'e') return false;
    std::string_view power = text.substr(i + 1);
    if (!power.empty() && power.front() == '+') power.remove_prefix(1);
    int e = 0;
    const auto [end, error] = std::from_chars(power.data(), power.data() + power.size(), e);
    if (error != std::errc{} || end != power.data() + power.size() || std::abs(e) > 60) return false;
    exponent += e;
  }
  for (; exponent > 0; --exponent) {
    if (mantissa > INT64_MAX / 10) return false;
    mantissa *= 10;
  }
  for (; exponent < 0; ++exponent) mantissa = exponent == -1 ? (mantissa + 5) / 10 : mantissa / 10;
  value = negative ? -mantissa : mantissa;
  return true;
}

ScpiSession::ScpiSession(Clock& clock, std::unique_ptr<ByteStream> stream, ScpiOptions options)
    : clock_(clock), stream_(std::move(stream)), options_(std::move(options)), incoming_(4096) {}

Instant ScpiSession::deadline(Duration timeout) const { return clock_.now() + timeout + clock_.exchange_slack(); }

Exchange ScpiSession::about(const std::string& asked, const std::string& got, Instant asked_at) const {
  return {options_.name, asked, got, clock_.now() - asked_at};
}

Task<> ScpiSession::send(std::string_view text, Instant until) {
  outgoing_.assign(text.begin(), text.end());
  outgoing_.insert(outgoing_.end(), options_.terminator.begin(), options_.terminator.end());
  co_await stream_->write(outgoing_, until);
}

Task<> ScpiSession::fill(std::size_t count, const std::string& asked, Instant asked_at, Instant until) {
  if (used_ > 0) {
    std::memmove(incoming_.data(), incoming_.data() + used_, have_ - used_);
    have_ -= used_;
    used_ = 0;
  }
  if (incoming_.size() < count + 1) incoming_.resize(count + 4096);
  while (have_ < count) {
    std::size_t got = 0;
    bool timed_out = false;
    try {
      got = co_await stream_->read(std::span(incoming_).subspan(have_), until);
    } catch (const TimeoutError&) {
      timed_out = true;
    }
    if (timed_out) {
      const std::string part(incoming_.begin(), incoming_.begin() + static_cast<std::ptrdiff_t>(have_));
      throw TimeoutError(
          fmt::format("{} did not answer {:?} within {:g} s{}", options_.name, asked,
                      to_seconds(clock_.now() - asked_at), part.empty() ? "" : fmt::format("; it had sent {:?}", part)),
          about(asked, part, asked_at));
    }
    have_ += got;
  }
}

Task<std::string> ScpiSession::line(const std::string& asked, Instant asked_at, Instant until) {
  std::size_t searched = used_;
  for (;;) {
    const auto begin = incoming_.begin();
    const auto end = begin + static_cast<std::ptrdiff_t>(have_);
    const auto found = std::find(begin + static_cast<std::ptrdiff_t>(searched), end, std::uint8_t{'\n'});
    if (found != end) {
      std::string text(begin + static_cast<std::ptrdiff_t>(used_), found);
      used_ = static_cast<std::size_t>(found - begin) + 1;
      co_return std::string(trim(text));
    }
    if (have_ - used_ > (64u << 20))
      throw ProtocolError(fmt::format("{} sends without end in answer to {:?}", options_.name, asked),
                          about(asked, "", asked_at));
    const std::size_t before = have_ - used_;
    co_await fill(before + 1, asked, asked_at, until);
    searched = before;
  }
}

Task<> ScpiSession::recover() {
  const std::string asked = "*IDN?";
  const Instant asked_at = clock_.now();
  co_await stream_->reopen(deadline(options_.timeout));
  have_ = used_ = 0;
  co_await send(asked, deadline(options_.timeout));
  const std::string answer = co_await line(asked, asked_at, deadline(options_.timeout));
  if (std::count(answer.begin(), answer.end(), ',') < 2)
    throw ProtocolError(fmt::format("{}: after an unanswered exchange, *IDN? gave {:?}", options_.name, answer),
                        about(asked, answer, asked_at));
}

Task<std::string> ScpiSession::exchange(std::string text, Duration timeout) {
  if (dirty_) co_await recover();
  dirty_ = true;
  ++exchanges_;
  const Instant asked_at = clock_.now();
  const Instant until = deadline(timeout);
  co_await send(text, until);
  std::string answer = co_await line(text, asked_at, until);
  // More than was asked for came back: an old answer, or a new one of somebody else's.
  dirty_ = have_ != used_;
  co_return answer;
}

Task<std::string> ScpiSession::query(std::string text, Duration timeout) {
  std::string answer;
  bool silent = false;
  std::exception_ptr timed_out;
  try {
    answer = co_await exchange(text, timeout);
  } catch (const TimeoutError&) {
    silent = true;
    timed_out = std::current_exception();
  }
  if (!silent) co_return answer;
  // A query that the instrument rejects is never answered; its error queue says why.
  std::string error;
  try {
    if (!options_.error_query.empty()) error = co_await exchange(options_.error_query, options_.timeout);
  } catch (const Error&) {
    error.clear();  // it is silent altogether: the first time-out is the finding
  }
  if (!error.empty() && !no_error(error)) {
    throw InstrumentError(fmt::format("{} rejected {:?}: {}", options_.name, text, error),
                          {options_.name, text, error, timeout});
  }
  std::rethrow_exception(timed_out);
}

Task<> ScpiSession::expect_no_error(std::string asked, std::string first) {
  if (no_error(first)) co_return;
  if (!is_error_entry(first))
    throw ProtocolError(fmt::format("{} answered its error query with {:?}", options_.name, first),
                        {options_.name, asked, first, {}});
  std::string all = first;
  constexpr int told = 3;  // the first ones say what went wrong; the queue is drained all the same
  for (int i = 1; i <= options_.error_queue_depth; ++i) {
    const std::string next = co_await exchange(options_.error_query, options_.timeout);
    if (no_error(next)) break;
    if (i < told) all += "; " + next;
    if (i == told) all += "; and more";
  }
  throw InstrumentError(fmt::format("{} reported an error after {:?}: {}", options_.name, asked, all),
                        {options_.name, asked, all, {}});
}

Task<> ScpiSession::command(std::string text) {
  if (options_.error_query.empty()) {
    if (dirty_) co_await recover();
    co_await send(text, deadline(options_.timeout));
    co_return;
  }
  if (options_.compound) {
    std::string error = co_await query(text + ";" + options_.error_query, options_.timeout);
    co_await expect_no_error(std::move(text), std::move(error));
    co_return;
  }
  if (dirty_) co_await recover();
  dirty_ = true;
  co_await send(text, deadline(options_.timeout));
  dirty_ = false;
  std::string error = co_await query(options_.error_query, options_.timeout);
  co_await expect_no_error(std::move(text), std::move(error));
}

Task<double> ScpiSession::number(std::string text, Duration timeout) {
  const Instant asked_at = clock_.now();
  const std::string answer = co_await query(text, timeout);
  double value = 0;
  if (!parse_number(answer, value))
    throw ProtocolError(fmt::format("{} answered {:?} with {:?}, which is no number", options_.name, text, answer),
                        about(text, answer, asked_at));
  if (value == scpi_not_a_number)
    throw NoReading(fmt::format("{} has no reading for {:?}", options_.name, text), about(text, answer, asked_at));
  if (std::abs(value) >= scpi_infinity)
    throw OverRange(fmt::format("{}: the reading of {:?} is over its range", options_.name, text),
                    about(text, answer, asked_at));
  co_return value;
}

Task<Bytes> ScpiSession::block(std::string text, Duration timeout) {
  if (dirty_) co_await recover();
  dirty_ = true;
  ++exchanges_;
  const Instant asked_at = clock_.now();
  const Instant until = deadline(timeout);
  co_await send(text, until);
  co_await fill(2, text, asked_at, until);
  const std::uint8_t digits = incoming_[1];
  if (incoming_[0] != '#' || digits < '1' || digits > '9') {
    const std::string got(incoming_.begin(), incoming_.begin() + static_cast<std::ptrdiff_t>(have_));
    throw ProtocolError(fmt::format("{} answered {:?} without a definite-length block", options_.name, text),
                        about(text, got.substr(0, 40), asked_at));
  }
  const std::size_t head = 2u + (digits - '0');
  co_await fill(head, text, asked_at, until);
  std::size_t length = 0;
  for (std::size_t i = 2; i < head; ++i) {
    if (incoming_[i] < '0' || incoming_[i] > '9')
      throw ProtocolError(fmt::format("{}: the block's length is no number", options_.name), about(text, "", asked_at));
    length = length * 10 + (incoming_[i] - '0');
  }
  if (length > (64u << 20))
    throw ProtocolError(fmt::format("{}: a block of {} bytes", options_.name, length), about(text, "", asked_at));
  co_await fill(head + length + 1, text, asked_at, until);
  const auto begin = incoming_.begin() + static_cast<std::ptrdiff_t>(head);
  Bytes payload(begin, begin + static_cast<std::ptrdiff_t>(length));
  used_ = head + length;
  co_await line(text, asked_at, until);
  dirty_ = have_ != used_;
  co_return payload;
}

Task<Identity> ScpiSession::identify() {
  const Instant asked_at = clock_.now();
  const std::string answer = co_await query("*IDN?");
  Identity identity{"", "", "", "", answer};
  std::string* const fields[] = {&identity.manufacturer, &identity.model, &identity.serial, &identity.firmware};
  std::string_view rest = answer;
  int count = 0;
  for (; count < 4 && !rest.empty(); ++count) {
    const auto comma = count == 3 ? std::string_view::npos : rest.find(',');
    *fields[count] = std::string(trim(rest.substr(0, comma)));
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
  }
  if (count < 3)
    throw ProtocolError(fmt::format("{} answered *IDN? with {:?}", options_.name, answer),
                        about("*IDN?", answer, asked_at));
  co_return identity;
}

}  // namespace meterrig
