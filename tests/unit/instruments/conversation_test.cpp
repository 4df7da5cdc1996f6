#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <regex>
#include <set>

#include <fmt/format.h>

#include "core/json/node.hpp"
#include "instruments/scpi_drivers.hpp"
#include "tests/unit/instruments/conversation.hpp"

namespace meterrig::conversation {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

const fs::path profiles = METERRIG_SOURCE_DIR "/config/instruments";
const fs::path conversations = METERRIG_SOURCE_DIR "/tests/data/conversations";

Json read(const fs::path& file) { return json::to_json(json::parse_file(file)); }

std::vector<std::string> names(const fs::path& folder) {
  std::vector<std::string> all;
  for (const auto& entry : fs::directory_iterator(folder)) all.push_back(entry.path().stem());
  std::sort(all.begin(), all.end());
  return all;
}

bool same(const Json& a, const Json& b) {
  if (a.is_number() && b.is_number()) return std::abs(a.get<double>() - b.get<double>()) <= 1e-9;
  return a == b;
}

// The driver of a part, before a peer that knows only its script.
class Stage {
 public:
  Stage(const Profile& profile, const Json& part) {
    const std::string role = part.at("role");
    if (profile.scpi()) {
      auto stream = std::make_unique<MemoryLink>(clock_, "link", line_, LineTiming::lan());
      auto session = std::make_shared<ScpiSession>(clock_, std::move(stream), scpi_options("instrument", profile));
      calls_ = scpi_calls(clock_, role, std::move(session), profile, part.value("channel", 1));
      return;
    }
    auto bus = std::make_shared<MemoryBus>(clock_, "bus", Duration::zero(), 2ms);
    const int unit = profile.document().at("unit");
    bus->attach(unit, registers_);
    auto device = std::make_shared<ModbusDevice>(clock_, std::move(bus), profile, "instrument", unit);
    calls_ = modbus_calls(clock_, role, std::move(device), part.value("bindings", std::map<std::string, int>{}));
  }

  void play(const Json& step) {
    script_.load(step.at("lines").get<std::vector<std::string>>());
    Json given;
    std::string kind, text;
    try {
      given = calls_.at(step.at("call"))(step.value("with", Json::array()));
    } catch (const Error& error) {
      kind = error.kind();
      text = error.what();
    }
    EXPECT_EQ(script_.complaint(), "") << text;
    EXPECT_EQ(kind, step.value("throws", "")) << text;
    EXPECT_NE(text.find(step.value("says", "")), std::string::npos) << text;
    EXPECT_TRUE(!step.contains("gives") || same(given, step.at("gives"))) << given;
  }

 private:
  VirtualClock clock_;
  Script script_;
  ScriptedLine line_{script_};
  ScriptedRegisters registers_{script_};
  Calls calls_;
};

// What a profile tells of its device and no driver asks for; and the edges, whose reading of 122 words is tested with
// the pulse counter itself.
const std::set<std::string> unasked{
    "air_source.status",         "ambient.status",           "barometer.status",
    "flow_standard.flow",        "flow_standard.pulses",     "flow_standard.status",
    "flow_standard.temperature", "leak_sensor.temperature",  "leak_sensor.zero",
    "pulse_counter.edge_number", "pulse_counter.edge_times", "pulse_counter.last_pulse_age",
    "pulse_counter.status"};

struct Conversation : testing::TestWithParam<std::string> {
  Profile profile{read(profiles / (GetParam() + ".json"))};
  Json document = read(conversations / (GetParam() + ".json"));

  std::string said() const {
    std::string all;
    for (const Json& part : document.at("parts"))
      for (const Json& step : part.at("steps"))
        for (const std::string line : step.at("lines"))
          if (line.starts_with("> ")) all += line + "\n";
    return all;
  }
};

// A command's text with something for each placeholder.
std::regex as_sent(const std::string& pattern) {
  std::string text;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '{') {
      const std::size_t end = pattern.find('}', i);
      text += pattern.compare(i, 9, "{channel}") == 0 ? "[0-9]+" : "[^ ;,]+";
      i = end;
    } else {
      if (!std::isalnum(static_cast<unsigned char>(pattern[i]))) text += '\\';
      text += pattern[i];
    }
  }
  return std::regex(text + "(?![A-Za-z0-9?:])");
}

TEST_P(Conversation, IsHeldWordForWord) {
  EXPECT_EQ(document.at("profile"), GetParam());
  EXPECT_FALSE(document.at("sources").empty());
  for (const Json& part : document.at("parts")) {
    SCOPED_TRACE(part.at("about"));
    Stage stage(profile, part);
    Json opening = part.value("opening", Json::array());
    for (Json step : part.at("steps")) {
      SCOPED_TRACE(step.at("call"));
      // What the link begins with comes before the first thing that is said.
      Json& lines = step.at("lines");
      if (!lines.empty()) lines.insert(lines.begin(), opening.begin(), opening.end()), opening.clear();
      stage.play(step);
    }
  }
}

// What is never said in a conversation is never held against the maker's manual.
TEST_P(Conversation, SaysEveryCommandOfTheProfile) {
  const std::string all = said();
  for (const auto& [role, its] : profile.document().at("roles").items()) {
    const Json commands = its.value("commands", Json::object());
    for (const auto& [key, pattern] : commands.items())
      EXPECT_TRUE(std::regex_search(all, as_sent(pattern))) << role << "." << key;
    const Json sequences = its.value("sequences", Json::object());
    for (const auto& [key, sequence] : sequences.items())
      for (const Json& step : sequence)
        EXPECT_TRUE(std::regex_search(all, as_sent(step.is_string() ? step : step.at("query"))))
            << role << "." << key << ": " << step;
    const Json safe_state = its.value("safe_state", Json::array());
    for (const Json& step : safe_state) {
      if (!step.contains("command")) continue;
      EXPECT_TRUE(std::regex_search(all, as_sent(step.at("command")))) << step;
    }
  }
}

// A register or coil that a role names is asked for at its address.
TEST_P(Conversation, AsksForEveryRegisterOfARole) {
  const std::string all = said();
  for (const auto& [role, its] : profile.document().at("roles").items()) {
    if (profile.scpi()) continue;
    for (const auto& [word, name] : its.items()) {
      for (const char* table : {"registers", "coils"}) {
        const Json known = profile.document().value(table, Json::object());
        if (!name.is_string() || !known.contains(name) || unasked.contains(role + "." + word)) continue;
        const int address = known.at(name.get<std::string>()).at("address");
        EXPECT_NE(all.find(fmt::format(" {:04X} ", address)), std::string::npos) << role << "." << word;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Profiles, Conversation, testing::ValuesIn(names(conversations)),
                         [](const auto& about) { return about.param; });

// A coded driver's tests are its own.
TEST(Conversations, EveryProfileHasOne) {
  const std::vector<std::string> have = names(conversations);
  for (const std::string& name : names(profiles)) {
    if (read(profiles / (name + ".json")).at("kind") == "coded") continue;
    EXPECT_TRUE(std::binary_search(have.begin(), have.end(), name)) << name << " has no conversation";
  }
}

}  // namespace
}  // namespace meterrig::conversation
