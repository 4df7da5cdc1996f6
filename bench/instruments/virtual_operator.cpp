#include "bench/instruments/virtual_operator.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace meterrig::bench {
namespace {

constexpr std::array<std::string_view, 10> kinds = {
    "read_counter", "work_opener", "observe_status", "observe_battery", "observe_waiting",
    "read_display", "confirm",     "inspect",        "treat",           "pass_water"};

// Stations are numbers from 1, or their names "1", "2" ...
std::size_t station_of(const nlohmann::json& prompt) {
  const auto found = prompt.find("station");
  if (found == prompt.end()) return 0;
  if (found->is_number_unsigned()) return found->get<std::size_t>();
  if (!found->is_string()) return 0;
  const auto& text = found->get_ref<const std::string&>();
  std::size_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

}  // namespace

VirtualOperator::VirtualOperator(Clock& clock, std::vector<StationMeter*> meters, std::uint64_t seed)
    : clock_(clock), meters_(std::move(meters)), spread_(seed, "operator"), timer_(clock, [this] { act(); }) {}

void VirtualOperator::take(const std::string& line) {
  const nlohmann::json prompt = nlohmann::json::parse(line, nullptr, false);
  const bool object = prompt.is_object();
  const std::string id = object && prompt.contains("prompt") ? prompt["prompt"].dump() : "null";
  const auto refuse = [&](std::string_view why) { say(fmt::format(R"({{"prompt":{},"error":"{}"}})", id, why)); };
  if (!object || id == "null") return refuse("not a prompt");
  const auto kind = prompt.find("kind");
  if (kind == prompt.end() || !kind->is_string()) return refuse("a prompt without a kind");
  const std::string word = kind->get<std::string>();
  const std::string what = word.substr(0, word.find(':'));
  if (std::find(kinds.begin(), kinds.end(), what) == kinds.end()) return refuse("an unknown kind of prompt");
  const std::size_t station = station_of(prompt);
  if (station < 1 || station > meters_.size()) return refuse("no such station");
  if (away_) return;
  const Instant begins = std::max(clock_.now(), free_);
  free_ = begins + seconds(5.5 + spread_.within(2.5));
  prompts_.push_back({free_, id, word, meters_[station - 1]});
  if (!timer_.armed()) timer_.at(prompts_.front().due);
}

void VirtualOperator::act() {
  const Prompt prompt = std::move(prompts_.front());
  prompts_.pop_front();
  if (!prompts_.empty()) timer_.at(prompts_.front().due);
  const std::string value = prompt.meter->observe(prompt.kind).value_or("blank");
  say(fmt::format(R"({{"prompt":{},"value":"{}","operator":"virtual operator"}})", prompt.id, value));
}

}  // namespace meterrig::bench
