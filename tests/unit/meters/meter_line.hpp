#pragma once

#include <deque>
#include <fstream>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "core/io/memory_link.hpp"
#include "meters/meter.hpp"
#include "meters/telegram.hpp"

namespace meterrig {

// A profile of config/meters/, with changes in it.
inline MeterProfile shipped_profile(const std::string& name, const nlohmann::json& changes = nlohmann::json::object()) {
  std::ifstream file(std::string(METERRIG_SOURCE_DIR) + "/config/meters/" + name + ".json");
  nlohmann::json document = nlohmann::json::parse(file);
  document.merge_patch(changes);
  return MeterProfile(document);
}

// A line on the virtual clock, and at its far end answers written down beforehand: one a request, in order. An empty
// one is silence.
class MeterLine final : public LinkPeer {
 public:
  explicit MeterLine(LineTiming timing = LineTiming::serial(2400)) : timing_(timing) {}
  void answer(const std::string& hex) { answers_.push_back(bytes_from_hex(hex)); }
  MeterPort port() {
    MeterPort port;
    port.stream = std::make_unique<MemoryLink>(clock, "line", *this, timing_);
    return port;
  }
  const std::vector<std::string>& requests() const { return requests_; }
  VirtualClock clock{Utc{}};

  void receive(Port& port, std::span<const std::uint8_t> bytes) override {
    requests_.push_back(to_hex(bytes));
    if (answers_.empty()) return;
    const Bytes answer = std::move(answers_.front());
    answers_.pop_front();
    if (!answer.empty()) port.send(answer, clock.now() + 25ms);
  }

 private:
  LineTiming timing_;
  std::deque<Bytes> answers_;
  std::vector<std::string> requests_;
};

inline std::string value_of(const std::vector<MeterReading>& readings, const std::string& name) {
  for (const MeterReading& reading : readings)
    if (reading.name == name) return reading.value + (reading.unit.empty() ? "" : " " + reading.unit);
  return "(not read)";
}

}  // namespace meterrig
