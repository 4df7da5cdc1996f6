#pragma once

#include <memory>
#include <string>

#include "core/io/byte_stream.hpp"

namespace meterrig {

// Lines of text over a byte stream, for equipment with a dialogue of its own.
class LinePort {
 public:
  LinePort(Clock& clock, std::unique_ptr<ByteStream> stream, std::string name);
  Task<> send(std::string line);
  // The next line without its end. Throws TimeoutError.
  Task<std::string> receive(Instant deadline);
  void drain();
  const std::string& name() const noexcept { return name_; }
  Clock& clock() const noexcept { return clock_; }

 private:
  Clock& clock_;
  std::unique_ptr<ByteStream> stream_;
  std::string name_;
  std::string pending_;
};

}  // namespace meterrig
