#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>

#include "meters/cjt188.hpp"
#include "meters/cjt188_security.hpp"
#include "meters/cjt188_telegram.hpp"
#include "tests/unit/bench/desk_support.hpp"

namespace meterrig::bench {

// A CJ/T 188 meter as its master sees it.
struct CjtLine : DeskLine {
  using Bytes = cjt188::Bytes;
  using DeskLine::DeskLine;

  cjt188::Frame request(std::uint8_t control, unsigned identifier, const Bytes& content = {}) {
    Bytes data{static_cast<std::uint8_t>(identifier >> 8), static_cast<std::uint8_t>(identifier), ++sequence};
    data.insert(data.end(), content.begin(), content.end());
    return {type, address, control, data};
  }
  // Null: silence.
  std::optional<cjt188::Frame> exchange(const cjt188::Frame& frame) {
    heard = ask(cjt188::encode(frame));
    cjt188::Scanner scanner;
    scanner.feed(heard);
    return scanner.next();
  }
  Telegram told(std::uint8_t control, unsigned identifier, const Bytes& content = {}) {
    const auto reply = exchange(request(control, identifier, content));
    EXPECT_TRUE(reply.has_value()) << std::hex << identifier;
    return cjt188::telegrams_in(heard).front();
  }
  Values read(unsigned identifier) { return values(told(cjt188::control::read_data, identifier)); }
  // The reply's control code; 0: silence.
  unsigned write(unsigned identifier, const Bytes& content, std::uint8_t control = cjt188::control::write_data) {
    const auto reply = exchange(request(control, identifier, content));
    return reply ? reply->control : 0;
  }
  // Enciphered. The reply as it was meant; null: silence, or a plain one.
  std::optional<cjt188::Frame> sealed(const cjt188::Frame& plain, const cjt188::Security& security) {
    const auto reply = exchange(cjt188::seal(plain, security));
    if (!reply) return std::nullopt;
    const cjt188::Opened opened = cjt188::open(*reply, security);
    return opened.error.empty() ? std::optional(opened.plain) : std::nullopt;
  }

  std::uint8_t type = 0x10;
  cjt188::Address address{0x01, 0x00, 0x26, 0x20, 0x00, 0x11, 0x00};
  std::uint8_t sequence = 0;
  Bytes heard;
};

}  // namespace meterrig::bench
