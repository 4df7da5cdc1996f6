#include "core/io/byte_stream.hpp"

namespace meterrig {

std::size_t ReadOp::await_resume() {
  started_ = false;
  check();
  if (error_) std::rethrow_exception(error_);
  return count_;
}

void ReadOp::finish(std::size_t count) {
  started_ = false;
  count_ = count;
  complete();
}

void ReadOp::fail(std::exception_ptr error) {
  started_ = false;
  error_ = std::move(error);
  complete();
}

void ReadOp::start() {
  started_ = true;
  stream_.start_read(*this);
}

void ReadOp::detach() noexcept {
  if (!started_) return;
  started_ = false;
  stream_.stop_read(*this);
}

Task<bool> ByteStream::clear(Instant) { co_return false; }

}  // namespace meterrig
