#include "instruments/scpi_session.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>

#include <fmt/format.h>

namespace meterrig {
namespace {

constexpr std::size_t first_room = 4096;
constexpr std::size_t longest_answer = 64u << 20;
// How often an instrument that says it is busy is asked again.
constexpr Duration busy_interval = 20ms;

bool no_error(const std::vector<ScpiErrorEntry>& entries) { return entries.size() == 1 && entries.front().code == 0; }

std::string joined(const std::vector<ScpiErrorEntry>& entries) {
  std::string all;
  for (const ScpiErrorEntry& entry : entries)
    all += fmt::format("{}{},\"{}\"", all.empty() ? "" : "; ", entry.code, entry.text);
  return all;
}

bool any_of_query(const std::vector<ScpiErrorEntry>& entries) {
  return std::any_of(entries.begin(), entries.end(), [](const ScpiErrorEntry& entry) { return entry.of_query(); });
}

// The options say what is sent; this is what SCPI lets follow a setting in the same message.
std::string with(const std::string& setting, const std::string& query) { return setting + ";" + query; }

}  // namespace

ScpiSession::ScpiSession(Clock& clock, std::unique_ptr<ByteStream> stream, ScpiOptions options)
    : clock_(clock), stream_(std::move(stream)), options_(std::move(options)), incoming_(first_room) {}

Instant ScpiSession::deadline(Duration timeout) const { return clock_.now() + timeout + clock_.exchange_slack(); }

Exchange ScpiSession::about(const std::string& asked, const std::string& got, Instant asked_at) const {
  return {options_.name, asked, got, clock_.now() - asked_at};
}

std::string ScpiSession::held() const {
  const auto begin = incoming_.begin();
  return {begin + static_cast<std::ptrdiff_t>(used_), begin + static_cast<std::ptrdiff_t>(have_)};
}

Task<> ScpiSession::pace() { co_await sleep_until(line_free_ + options_.pacing); }

Task<> ScpiSession::send(std::string_view text, Instant until) {
  outgoing_.assign(text.begin(), text.end());
  outgoing_.insert(outgoing_.end(), options_.terminator.begin(), options_.terminator.end());
  co_await stream_->write(outgoing_, until);
  line_free_ = clock_.now();
}

Task<> ScpiSession::read_into(std::span<std::uint8_t> into, std::size_t& got, const Asked& asked, Instant until) {
  bool timed_out = false;
  try {
    got = co_await stream_->read(into, until);
  } catch (const TimeoutError&) {
    timed_out = true;
  }
  if (!timed_out) co_return;
  const std::string part = held().substr(0, 200);
  throw TimeoutError(
      fmt::format("{} did not answer {:?} within {:g} s{}", options_.name, asked.text,
                  to_seconds(clock_.now() - asked.at), part.empty() ? "" : fmt::format("; it had sent {:?}", part)),
      about(asked.text, part, asked.at));
}

Task<> ScpiSession::fill(std::size_t count, const Asked& asked) {
  if (used_ > 0) {
    std::memmove(incoming_.data(), incoming_.data() + used_, have_ - used_);
    have_ -= used_;
    used_ = 0;
  }
  if (incoming_.size() < count + 1) incoming_.resize(std::max(count + first_room, 2 * incoming_.size()));
  while (have_ < count) {
    std::size_t got = 0;
    co_await read_into(std::span(incoming_).subspan(have_), got, asked, asked.until);
    have_ += got;
  }
}

Task<std::string> ScpiSession::line(const Asked& asked) {
  std::size_t searched = used_;
  for (;;) {
    const auto begin = incoming_.begin();
    const auto end = begin + static_cast<std::ptrdiff_t>(have_);
    const auto found = std::find(begin + static_cast<std::ptrdiff_t>(searched), end, std::uint8_t{'\n'});
    if (found != end) {
      std::string text(begin + static_cast<std::ptrdiff_t>(used_), found);
      used_ = static_cast<std::size_t>(found - begin) + 1;
      line_free_ = clock_.now();
      co_return std::string(trimmed(text));
    }
    if (have_ - used_ > longest_answer)
      throw ProtocolError(fmt::format("{} sends without end in answer to {:?}", options_.name, asked.text),
                          about(asked.text, "", asked.at));
    const std::size_t before = have_ - used_;
    co_await fill(before + 1, asked);
    searched = before;
  }
}

// What each opening of the link begins with.
Task<> ScpiSession::start_conversation() {
  if (options_.clear_on_open) {
    co_await stream_->clear(deadline(options_.timeout));
    co_await send("*CLS", deadline(options_.timeout));
  }
  for (const std::string& text : options_.opening) {
    if (options_.pacing > Duration::zero()) co_await pace();
    co_await send(text, deadline(options_.timeout));
  }
  in_conversation_ = true;
}

Task<> ScpiSession::recover() {
  in_conversation_ = false;
  bool cleared = false;
  try {
    cleared = co_await stream_->clear(deadline(options_.timeout));
  } catch (const Error&) {
    cleared = false;  // what can't be cleared any more may still be opened again
  }
  if (!cleared) co_await stream_->reopen(deadline(options_.timeout));
  have_ = used_ = 0;
  co_await start_conversation();
  if (options_.pacing > Duration::zero()) co_await pace();
  const Asked asked{"*IDN?", clock_.now(), deadline(options_.timeout)};
  co_await send(asked.text, asked.until);
  const std::string answer = co_await line(asked);
  if (std::count(answer.begin(), answer.end(), ',') < 2)
    throw ProtocolError(fmt::format("{}: after an unanswered exchange, *IDN? gave {:?}", options_.name, answer),
                        about(asked.text, answer, asked.at));
}

// Before each message: the link is clean, the conversation begun, the pause kept. Dirty until its answer is there.
Task<> ScpiSession::ready() {
  if (dirty_) co_await recover();
  dirty_ = true;
  if (!in_conversation_) co_await start_conversation();
  if (options_.pacing > Duration::zero()) co_await pace();
}

Task<std::string> ScpiSession::exchange(std::string text, Duration timeout) {
  co_await ready();
  ++exchanges_;
  const Instant now = clock_.now();
  const Asked asked{std::move(text), now, now + timeout + clock_.exchange_slack()};
  co_await send(asked.text, asked.until);
  std::string answer = co_await line(asked);
  // More than was asked for came back: an old answer, or a new one of somebody else's.
  dirty_ = have_ != used_;
  co_return answer;
}

Task<> ScpiSession::tell(std::string text) {
  co_await ready();
  co_await send(text, deadline(options_.timeout));
  dirty_ = false;
}

Task<std::string> ScpiSession::query(std::string text, Duration timeout) {
  const Turns::Turn turn = co_await turns_.take();
  co_return co_await ask(std::move(text), timeout);
}

Task<std::string> ScpiSession::ask(std::string text, Duration timeout) {
  std::string answer;
  std::exception_ptr timed_out;
  try {
    answer = co_await exchange(text, timeout);
  } catch (const TimeoutError&) {
    timed_out = std::current_exception();
  }
  if (!timed_out) co_return answer;
  // A query that the instrument rejects is never answered; its error queue says why.
  std::string error;
  try {
    if (!options_.error_query.empty()) error = co_await exchange(options_.error_query, options_.timeout);
  } catch (const Error&) {
    error.clear();  // it is silent altogether: the first time-out is the finding
  }
  std::vector<ScpiErrorEntry> entries = parse_error_entries(error);
  if (!entries.empty() && !no_error(entries))
    throw ScpiErrors(fmt::format("{} rejected {:?}: {}", options_.name, text, error),
                     {options_.name, text, error, timeout}, std::move(entries));
  std::rethrow_exception(timed_out);
}

Task<> ScpiSession::expect_no_error(std::string asked, std::string first) {
  std::vector<ScpiErrorEntry> entries = parse_error_entries(first);
  if (no_error(entries)) co_return;
  if (entries.empty())
    throw ProtocolError(fmt::format("{} answered its error query with {:?}", options_.name, first),
                        {options_.name, asked, first, {}});
  bool ended = false;
  for (int i = 1; i <= options_.error_queue_depth && !ended; ++i) {
    const std::string next = co_await exchange(options_.error_query, options_.timeout);
    const std::vector<ScpiErrorEntry> more = parse_error_entries(next);
    ended = more.empty() || no_error(more);
    if (!ended) entries.insert(entries.end(), more.begin(), more.end());
  }
  // An answer went astray: what comes next may be it.
  if (any_of_query(entries)) dirty_ = true;
  const std::string all = joined(entries) + (ended ? "" : "; and the queue did not end there");
  throw ScpiErrors(fmt::format("{} reported an error after {:?}: {}", options_.name, asked, all),
                   {options_.name, asked, all, {}}, std::move(entries));
}

// Some instruments answer 0 at once while an operation is under way, instead of 1 when it is over.
Task<> ScpiSession::await_completion(std::string after) {
  const Instant asked_at = clock_.now();
  const Instant until = deadline(options_.timeout);
  for (;;) {
    const std::string answer = co_await exchange("*OPC?", std::max<Duration>(until - clock_.now(), 1ms));
    if (answer == "1" || answer == "+1") co_return;
    if (answer != "0" && answer != "+0")
      throw ProtocolError(fmt::format("{} answered *OPC? with {:?}", options_.name, answer),
                          about("*OPC?", answer, asked_at));
    if (clock_.now() + busy_interval >= until)
      throw TimeoutError(
          fmt::format("{} was still busy {:g} s after {:?}", options_.name, to_seconds(clock_.now() - asked_at), after),
          about(after, answer, asked_at));
    co_await sleep_for(busy_interval);
  }
}

Task<> ScpiSession::command(std::string text) {
  const Turns::Turn turn = co_await turns_.take();
  if (options_.operation_complete) {
    co_await tell(text);
    co_await await_completion(text);
    if (options_.error_query.empty()) co_return;
    std::string error = co_await ask(options_.error_query, options_.timeout);
    co_await expect_no_error(std::move(text), std::move(error));
  } else if (options_.error_query.empty()) {
    co_await tell(std::move(text));
  } else if (options_.compound) {
    std::string error = co_await ask(with(text, options_.error_query), options_.timeout);
    co_await expect_no_error(std::move(text), std::move(error));
  } else {
    co_await tell(text);
    std::string error = co_await ask(options_.error_query, options_.timeout);
    co_await expect_no_error(std::move(text), std::move(error));
  }
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

Task<Identity> ScpiSession::identify() {
  const Instant asked_at = clock_.now();
  const std::string answer = co_await query("*IDN?");
  Identity identity{"", "", "", "", answer};
  std::string* const fields[] = {&identity.manufacturer, &identity.model, &identity.serial, &identity.firmware};
  std::string_view rest = answer;
  int count = 0;
  for (; count < 4 && !rest.empty(); ++count) {
    const auto comma = count == 3 ? std::string_view::npos : rest.find(',');
    *fields[count] = std::string(trimmed(rest.substr(0, comma)));
    rest = comma == std::string_view::npos ? std::string_view{} : rest.substr(comma + 1);
  }
  if (count < 3)
    throw ProtocolError(fmt::format("{} answered *IDN? with {:?}", options_.name, answer),
                        about("*IDN?", answer, asked_at));
  co_return identity;
}

}  // namespace meterrig
