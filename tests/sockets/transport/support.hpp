#pragma once

#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "core/io/memory_bus.hpp"
#include "core/io/transport/link_server.hpp"
#include "core/io/transport/streams.hpp"

namespace meterrig {

inline Bytes bytes_of(std::string_view text) { return Bytes(text.begin(), text.end()); }

// Answers whole lines: echoes them, after the delay given.
struct LineEcho : LinkPeer {
  explicit LineEcho(Clock& c) : clock(c) {}
  void receive(Port& from, std::span<const std::uint8_t> bytes) override {
    line.insert(line.end(), bytes.begin(), bytes.end());
    if (line.empty() || line.back() != '\n') return;
    from.send(line, clock.now() + delay);
    line.clear();
  }
  void connected(Port& p) override { port = &p, ++connections; }
  void disconnected(Port&) noexcept override { port = nullptr, ++ends; }

  Clock& clock;
  Duration delay{};
  Bytes line;
  Port* port = nullptr;
  int connections = 0;
  int ends = 0;
};

// Never answers by itself.
struct Mute : LineEcho {
  using LineEcho::LineEcho;
  void receive(Port&, std::span<const std::uint8_t> bytes) override {
    line.insert(line.end(), bytes.begin(), bytes.end());
  }
};

inline Task<std::string> read_line(Clock& clock, ByteStream& stream, Duration patience = 5s) {
  std::string line;
  Bytes in(256);
  const Instant deadline = clock.now() + patience;
  while (line.empty() || line.back() != '\n') {
    const std::size_t count = co_await stream.read(in, deadline);
    line.append(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(count));
  }
  co_return line;
}

inline Task<std::string> ask(Clock& clock, ByteStream& stream, std::string question, Duration patience = 5s) {
  co_await stream.write(bytes_of(question), clock.now() + patience);
  co_return co_await read_line(clock, stream, patience);
}

// Registers 0 to 99 of each table hold ten times their number; coils hold what was written.
struct Registers final : RegisterPeer {
  std::vector<std::uint16_t> read(RegisterTable table, std::uint16_t address, std::uint16_t count) override {
    if (silent) throw Silence{};
    if (address + count > 100) throw Refusal{2};
    const auto& from = table == RegisterTable::coils ? coils : table == RegisterTable::holding ? holding : input;
    return {from.begin() + address, from.begin() + address + count};
  }
  void write(RegisterTable table, std::uint16_t address, std::span<const std::uint16_t> values) override {
    if (silent) throw Silence{};
    if (address + values.size() > 100) throw Refusal{2};
    auto& into = table == RegisterTable::coils ? coils : holding;
    std::copy(values.begin(), values.end(), into.begin() + address);
  }
  static std::vector<std::uint16_t> tens() {
    std::vector<std::uint16_t> values(100);
    for (std::size_t i = 0; i < 100; ++i) values[i] = static_cast<std::uint16_t>(10 * i);
    return values;
  }
  bool silent = false;
  std::vector<std::uint16_t> holding = tens();
  std::vector<std::uint16_t> input = tens();
  std::vector<std::uint16_t> coils = std::vector<std::uint16_t>(100);
};

template <typename Error, typename Work>
Exchange failure_of(Clock& clock, Work& work) {
  try {
    run(clock, work());
  } catch (const Error& error) {
    return error.exchange();
  }
  ADD_FAILURE() << "no error of this kind";
  return {};
}

}  // namespace meterrig
