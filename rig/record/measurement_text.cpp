#include "rig/record/measurement_text.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "rig/record/canonical.hpp"

namespace meterrig::record {

namespace {

using nlohmann::json;

std::string plain(const json& value) { return value.is_string() ? value.get<std::string>() : canonical(value); }

}  // namespace

std::string limit_text(const json& limit) {
  if (!limit.is_object()) return {};
  constexpr std::array<std::pair<const char*, const char*>, 4> signs{
      {{"at_most", "≤"}, {"less_than", "<"}, {"at_least", "≥"}, {"equals", "="}}};
  for (const auto& [kind, sign] : signs) {
    if (limit.contains(kind)) return fmt::format("{} {}", sign, plain(limit[kind]));
  }
  const auto range = limit.find("between");
  if (range == limit.end() || !range->is_array() || range->size() != 2) return {};
  return fmt::format("{} … {}", plain(range->at(0)), plain(range->at(1)));
}

std::string measurement_text(const json& measurement) {
  std::string text = measurement.value("name", "");
  const json value = measurement.value("value", json());
  if (value.is_null()) {
    const json reason = measurement.value("reason", json());
    text += fmt::format(": no reading{}", reason.is_null() ? "" : fmt::format(" ({})", plain(reason)));
  } else {
    const std::string bound = measurement.value("one_sided", "");
    text += fmt::format(" {}{}{}", bound, bound.empty() ? "" : " ", plain(value));
    const std::string unit = measurement.value("unit", "");
    if (unit != "1" && !unit.empty()) text += " " + unit;
  }
  const json limit = measurement.value("limit", json());
  if (const std::string shown = limit_text(limit); !shown.empty()) {
    text += fmt::format(", limit {} ({})", shown, limit.value("source", "?"));
  }
  return text;
}

std::string cause_text(const json& cause) {
  if (!cause.is_object()) return {};
  std::string text;
  const auto part = [&](const char* key) {
    return cause.contains(key) && !cause[key].is_null() ? plain(cause[key]) : "";
  };
  if (const std::string instrument = part("instrument"); !instrument.empty()) text += instrument + ": ";
  if (const std::string command = part("command"); !command.empty()) {
    text += fmt::format("`{}`", command);
    if (cause.contains("got") && !cause["got"].is_null()) text += fmt::format(" gave `{}`", plain(cause["got"]));
    if (const std::string after = part("after_s"); !after.empty()) text += fmt::format(" after {} s", after);
    text += ": ";
  }
  return text + part("text");
}

}  // namespace meterrig::record
