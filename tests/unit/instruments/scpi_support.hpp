#pragma once

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/io/memory_link.hpp"
#include "instruments/scpi_session.hpp"

namespace meterrig {

// An instrument of a few fixed answers. What it is not told about it does not answer.
struct Listed : LinkPeer {
  explicit Listed(Clock& c) : clock(c) {}

  void receive(Port& port, std::span<const std::uint8_t> bytes) override {
    input.append(bytes.begin(), bytes.end());
    for (std::size_t end; (end = input.find('\n')) != std::string::npos; input.erase(0, end + 1)) {
      heard.push_back(input.substr(0, end));
      heard_at.push_back(clock.now());
      answer(port, heard.back());
    }
  }
  void connected(Port& port) override {
    ++connections;
    at = &port;
    input.clear();
  }
  virtual void answer(Port& port, const std::string& line) {
    auto& list = answers[line];
    if (list.empty()) return;
    send(port, list.front(), delay);
    if (list.size() > 1) list.erase(list.begin());
  }
  // In pieces of `piece` bytes a millisecond apart; 0: in one.
  void send(Port& port, const std::string& text, Duration after = {}) {
    const std::size_t step = piece > 0 ? piece : text.size();
    for (std::size_t i = 0; i < text.size(); i += step) {
      const std::string part = text.substr(i, step);
      const auto* const data = reinterpret_cast<const std::uint8_t*>(part.data());
      port.send({data, part.size()}, clock.now() + after + 1ms * static_cast<std::int64_t>(piece > 0 ? i / step : 0));
    }
  }

  Clock& clock;
  std::map<std::string, std::vector<std::string>> answers;  // the last of a list stays
  Duration delay{};
  std::size_t piece = 0;
  std::string input;
  std::vector<std::string> heard;
  std::vector<Instant> heard_at;
  int connections = 0;
  Port* at = nullptr;
};

struct Scpi : testing::Test {
  ScpiSession& open(ScpiOptions options = {}) {
    options.name = "dmm1";
    session = std::make_unique<ScpiSession>(
        clock, std::make_unique<MemoryLink>(clock, "virtual:dmm1", peer, LineTiming{}), std::move(options));
    return *session;
  }
  template <typename Error, typename T>
  Error failure(Task<T> task) {
    try {
      run(clock, std::move(task));
    } catch (const Error& error) {
      return error;
    }
    ADD_FAILURE() << "no error of this kind";
    throw std::runtime_error("no error of this kind");
  }

  VirtualClock clock;
  Listed peer{clock};
  std::unique_ptr<ScpiSession> session;
};

inline constexpr const char* no_errors = "+0,\"No error\"\n";

}  // namespace meterrig
