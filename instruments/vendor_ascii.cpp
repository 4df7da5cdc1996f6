#include "instruments/vendor_ascii.hpp"

#include <fmt/args.h>
#include <fmt/format.h>

namespace meterrig {
namespace {

constexpr std::size_t longest_line = 4096;
constexpr Duration quiet = 300ms;

}  // namespace

VendorAscii::VendorAscii(Clock& clock, std::unique_ptr<ByteStream> stream, const Profile& profile, std::string name)
    : clock_(clock), stream_(std::move(stream)), profile_(profile), name_(std::move(name)) {
  const auto& vendor = profile_.document().at("vendor");
  end_ = vendor.at("line_end");
  refused_ = std::regex(vendor.at("refused").get<std::string>());
}

std::string VendorAscii::filled(const std::string& pattern, const Values& values) const {
  fmt::dynamic_format_arg_store<fmt::format_context> store;
  for (const auto& [name, value] : values) store.push_back(fmt::arg(name.c_str(), value));
  return fmt::vformat(pattern, store);
}

Task<std::string> VendorAscii::line(std::string asked, Instant asked_at, Instant deadline) {
  Bytes chunk(512);
  bool timed_out = false;
  for (;;) {
    if (const auto end = pending_.find(end_); end != std::string::npos) {
      std::string text = pending_.substr(0, end);
      pending_.erase(0, end + end_.size());
      // Some firmwares send LF after it.
      while (!text.empty() && (text.front() == '\n' || text.front() == '\r')) text.erase(0, 1);
      if (!text.empty()) co_return text;
      continue;
    }
    if (timed_out)
      throw TimeoutError(
          fmt::format("{} did not answer {:?} within {:g} s{}", name_, asked, to_seconds(clock_.now() - asked_at),
                      pending_.empty() ? "" : fmt::format("; it had sent {:?}", pending_)),
          {name_, asked, pending_, clock_.now() - asked_at});
    if (pending_.size() > longest_line)
      throw ProtocolError(fmt::format("{} sends a line without end in answer to {:?}", name_, asked),
                          {name_, asked, pending_.substr(0, 80), clock_.now() - asked_at});
    try {
      const std::size_t got = co_await stream_->read(chunk, deadline);
      pending_.append(chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(got));
    } catch (const TimeoutError&) {
      timed_out = true;
    }
  }
}

Task<> VendorAscii::settle() {
  co_await sleep_for(quiet);
  stream_->drain();
  pending_.clear();
}

Task<std::vector<std::vector<std::string>>> VendorAscii::ask(std::string command, Values values) {
  const auto& its = profile_.document().at("vendor").at("commands").at(command);
  const std::string asked = filled(its.at("send"), values);
  const std::string done = its.at("done");
  const std::regex wanted(its.value("lines", "(?!)"));
  if (dirty_) co_await settle();
  dirty_ = true;
  const Instant asked_at = clock_.now();
  const double allowed_s = its.value("timeout_s", profile_.answer_timeout_s());
  const Instant deadline = asked_at + seconds(allowed_s) + clock_.exchange_slack();
  const std::string sent = asked + end_;
  const Bytes bytes(sent.begin(), sent.end());
  co_await stream_->write(bytes, deadline);
  std::vector<std::vector<std::string>> lines;
  for (;;) {
    const std::string text = co_await line(asked, asked_at, deadline);
    const Exchange exchange{name_, asked, text, clock_.now() - asked_at};
    std::smatch match;
    if (std::regex_match(text, match, wanted)) {
      lines.emplace_back();
      for (std::size_t i = 1; i < match.size(); ++i) lines.back().push_back(match[i].str());
      // An answer that is its own acknowledgement.
      if (done.empty()) break;
    } else if (!done.empty() && text == done) {
      break;
    } else if (std::regex_match(text, refused_)) {
      dirty_ = false;
      throw InstrumentError(fmt::format("{} refuses {:?}: {}", name_, asked, text), exchange);
    } else {
      throw ProtocolError(fmt::format("{} answered {:?} with {:?}, not {}", name_, asked, text,
                                      done.empty() ? "what its profile knows" : fmt::format("{:?}", done)),
                          exchange);
    }
  }
  dirty_ = !pending_.empty();
  co_return lines;
}

Task<std::string> VendorAscii::identify() {
  const auto lines = co_await ask("identify");
  if (lines.empty() || lines.front().empty())
    throw ProtocolError(fmt::format("{} does not say who it is", name_), {name_, "identify", "", {}});
  co_return lines.front().front();
}

}  // namespace meterrig
