#pragma once

#include <fstream>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/task.hpp"

namespace meterrig::support {

// The JSON of an instrument's profile, as it is shipped.
inline nlohmann::json profile_document(const std::string& id) {
  std::ifstream file(METERRIG_SOURCE_DIR "/config/instruments/" + id + ".json");
  return nlohmann::json::parse(file);
}

// For a fixture that has a `clock`: calls a driver and waits for what it says.
template <typename Fixture>
struct Calls {
  template <typename T>
  T now(Task<T> task) {
    return run(static_cast<Fixture&>(*this).clock, std::move(task));
  }
  // What the call throws; empty when nothing.
  template <typename E, typename T>
  std::string refused(Task<T> task) {
    try {
      now(std::move(task));
    } catch (const E& error) {
      return error.what();
    }
    return "";
  }
};

}  // namespace meterrig::support
