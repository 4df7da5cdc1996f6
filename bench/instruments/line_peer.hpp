#pragma once

#include <string>
#include <string_view>

#include "core/io/memory_link.hpp"

namespace meterrig::bench {

// A peer that talks in lines, by default to LF; CR before the end is dropped. It has one conversation at a time, with
// whoever spoke last.
class LinePeer : public LinkPeer {
 public:
  explicit LinePeer(char end = '\n') : end_(end) {}
  void receive(Port& port, std::span<const std::uint8_t> bytes) override {
    port_ = &port;
    for (const std::uint8_t byte : bytes) {
      if (byte != static_cast<std::uint8_t>(end_)) {
        if (line_.size() < longest_line) line_ += static_cast<char>(byte);
        continue;
      }
      if (!line_.empty() && line_.back() == '\r') line_.pop_back();
      const std::string line = std::exchange(line_, {});
      if (!line.empty()) take(line);
    }
  }
  void connected(Port& port) override {
    port_ = &port;
    line_.clear();
  }
  void disconnected(Port& port) noexcept override {
    if (port_ == &port) port_ = nullptr;
  }

 protected:
  virtual void take(const std::string& line) = 0;
  void say(std::string_view line, Instant at = {}) {
    if (!port_) return;
    std::string text(line);
    text += end_;
    port_->send({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, at);
  }

 private:
  static constexpr std::size_t longest_line = 64 * 1024;
  const char end_;
  Port* port_ = nullptr;
  std::string line_;
};

}  // namespace meterrig::bench
