#include "instruments/line_port.hpp"

#include <fmt/format.h>

namespace meterrig {

LinePort::LinePort(Clock& clock, std::unique_ptr<ByteStream> stream, std::string name)
    : clock_(clock), stream_(std::move(stream)), name_(std::move(name)) {}

Task<> LinePort::send(std::string line) {
  line += '\n';
  const Bytes bytes(line.begin(), line.end());
  co_await stream_->write(bytes, clock_.now() + 2s + clock_.exchange_slack());
}

Task<std::string> LinePort::receive(Instant deadline) {
  for (;;) {
    if (const auto end = pending_.find('\n'); end != std::string::npos) {
      std::string line = pending_.substr(0, end);
      pending_.erase(0, end + 1);
      while (!line.empty() && line.back() == '\r') line.pop_back();
      co_return line;
    }
    if (pending_.size() > (1u << 20))
      throw ProtocolError(fmt::format("{} sends a line without end", name_), {name_, "", pending_.substr(0, 80), {}});
    Bytes chunk(1024);
    const std::size_t count = co_await stream_->read(chunk, deadline);
    pending_.append(chunk.begin(), chunk.begin() + static_cast<std::ptrdiff_t>(count));
  }
}

void LinePort::drain() {
  pending_.clear();
  stream_->drain();
}

}  // namespace meterrig
