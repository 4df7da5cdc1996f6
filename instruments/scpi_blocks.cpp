#include <algorithm>
#include <cstring>
#include <stdexcept>

#include <fmt/format.h>

#include "instruments/sample_block.hpp"
#include "instruments/scpi_session.hpp"

// Blocks of a SCPI session (IEEE 488.2, 8.7.9 and 8.7.10).
namespace meterrig {
namespace {

constexpr std::size_t longest_block = 64u << 20;
constexpr std::size_t indefinite = static_cast<std::size_t>(-1);
// After a line end that may be data as well: this long without another byte, and the message was over.
constexpr Duration quiet = 50ms;

class BytesSink final : public BlockSink {
 public:
  std::span<std::uint8_t> room(std::size_t bytes) override {
    payload.resize(bytes);
    return payload;
  }
  Bytes payload;
};

class FloatSink final : public BlockSink {
 public:
  FloatSink(std::vector<float>& values, std::endian order) : values_(values), swap_(order != std::endian::native) {}
  std::span<std::uint8_t> room(std::size_t bytes) override {
    if (bytes % sizeof(float) != 0) throw std::invalid_argument("no whole number of 4-byte values");
    values_.resize(bytes / sizeof(float));
    return {reinterpret_cast<std::uint8_t*>(values_.data()), bytes};
  }
  // While it is still in the processor's cache, and while more of it is on its way.
  void filled(std::size_t bytes) override {
    const std::size_t whole = bytes / sizeof(float);
    if (swap_) swap_bytes(std::span(values_).subspan(done_, whole - done_));
    done_ = whole;
  }

 private:
  std::vector<float>& values_;
  bool swap_;
  std::size_t done_ = 0;
};

}  // namespace

// Its length; `indefinite` for #0.
Task<std::size_t> ScpiSession::block_header(const Asked& asked) {
  co_await fill(2, asked);
  const std::uint8_t digits = incoming_[1];
  if (incoming_[0] != '#' || digits < '0' || digits > '9')
    throw ProtocolError(fmt::format("{} answered {:?} without a block", options_.name, asked.text),
                        about(asked.text, held().substr(0, 40), asked.at));
  const std::size_t head = 2u + (digits - '0');
  co_await fill(head, asked);
  std::size_t length = 0;
  for (std::size_t i = 2; i < head; ++i) {
    if (incoming_[i] < '0' || incoming_[i] > '9')
      throw ProtocolError(fmt::format("{}: the block's length is no number", options_.name),
                          about(asked.text, held().substr(0, head), asked.at));
    length = length * 10 + (incoming_[i] - '0');
  }
  if (length > longest_block)
    throw ProtocolError(fmt::format("{}: a block of {} bytes", options_.name, length),
                        about(asked.text, held().substr(0, head), asked.at));
  used_ = head;
  co_return digits == '0' ? indefinite : length;
}

namespace {

std::span<std::uint8_t> room_for(BlockSink& into, std::size_t length, const std::string& name, Exchange exchange) {
  try {
    return into.room(length);
  } catch (const std::invalid_argument& wrong) {
    throw ProtocolError(fmt::format("{}: a block of {} bytes holds {}", name, length, wrong.what()),
                        std::move(exchange));
  }
}

}  // namespace

Task<> ScpiSession::definite_block(std::size_t length, const Asked& asked, BlockSink& into) {
  const std::span<std::uint8_t> payload =
      room_for(into, length, options_.name, about(asked.text, fmt::format("{} bytes", length), asked.at));
  std::size_t got = std::min(length, have_ - used_);
  std::copy_n(incoming_.data() + used_, got, payload.data());
  used_ += got;
  into.filled(got);
  while (got < length) {
    std::size_t more = 0;
    bool timed_out = false;
    try {
      more = co_await stream_->read(payload.subspan(got), asked.until);
    } catch (const TimeoutError&) {
      timed_out = true;
    }
    if (timed_out)
      throw TimeoutError(fmt::format("{}: {} of the {} bytes in answer to {:?} came within {:g} s", options_.name, got,
                                     length, asked.text, to_seconds(clock_.now() - asked.at)),
                         about(asked.text, fmt::format("{} of {} bytes", got, length), asked.at));
    got += more;
    into.filled(got);
  }
  const std::string rest = co_await line(asked);
  if (!rest.empty())
    throw ProtocolError(fmt::format("{}: {:?} after the block's {} bytes", options_.name, rest.substr(0, 40), length),
                        about(asked.text, rest.substr(0, 40), asked.at));
}

Task<> ScpiSession::indefinite_block(const Asked& asked, BlockSink& into) {
  bool over = false;
  while (!over) {
    if (have_ - used_ > longest_block)
      throw ProtocolError(fmt::format("{} sends without end in answer to {:?}", options_.name, asked.text),
                          about(asked.text, "", asked.at));
    if (have_ == incoming_.size()) incoming_.resize(2 * incoming_.size());
    const bool may_be_over = have_ > used_ && incoming_[have_ - 1] == '\n';
    const Instant until = may_be_over ? std::min(asked.until, clock_.now() + quiet) : asked.until;
    std::size_t got = 0;
    try {
      co_await read_into(std::span(incoming_).subspan(have_), got, asked, until);
    } catch (const TimeoutError&) {
      if (!may_be_over) throw;
      over = true;
    }
    have_ += got;
  }
  std::size_t end = have_ - 1;
  const std::size_t length = end - used_;
  const std::span<std::uint8_t> payload =
      room_for(into, length, options_.name, about(asked.text, fmt::format("{} bytes", length), asked.at));
  std::copy_n(incoming_.data() + used_, length, payload.data());
  used_ = have_;
  line_free_ = clock_.now();
  into.filled(length);
}

Task<> ScpiSession::block(std::string text, Duration timeout, BlockSink& into) {
  const Turns::Turn turn = co_await turns_.take();
  co_await ready();
  ++exchanges_;
  const Instant now = clock_.now();
  const Asked asked{std::move(text), now, now + timeout + clock_.exchange_slack()};
  co_await send(asked.text, asked.until);
  const std::size_t length = co_await block_header(asked);
  if (length == indefinite) {
    co_await indefinite_block(asked, into);
  } else {
    co_await definite_block(length, asked, into);
  }
  dirty_ = have_ != used_;
}

Task<Bytes> ScpiSession::block(std::string text, Duration timeout) {
  BytesSink sink;
  co_await block(std::move(text), timeout, sink);
  co_return std::move(sink.payload);
}

Task<> ScpiSession::floats(std::string text, Duration timeout, std::endian order, std::vector<float>& into) {
  FloatSink sink(into, order);
  co_await block(std::move(text), timeout, sink);
}

}  // namespace meterrig
