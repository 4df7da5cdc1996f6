#include "rig/record/measurement_text.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "rig/record/canonical.hpp"
#include "rig/record/rounding.hpp"

namespace meterrig::record {

namespace {

using nlohmann::json;

std::string plain(const json& value) { return value.is_string() ? value.get<std::string>() : canonical(value); }

// With a guard band the reader wants to know what it saved him from.
std::string risk_text(const json& measurement) {
  const json risk = measurement.value("risk", json());
  const std::string decision = measurement.value("decision", "");
  if (!risk.is_object() || (decision != "conditional_pass" && decision != "conditional_fail")) return {};
  const bool accepted = risk.contains("false_accept");
  return fmt::format(", risk of false {} {:.2g} %", accepted ? "accept" : "reject",
                     100 * risk.value(accepted ? "false_accept" : "false_reject", 0.0));
}

}  // namespace

std::string limit_text(const json& limit) {
  if (!limit.is_object()) return {};
  constexpr std::array<std::pair<const char*, const char*>, 4> signs{
      {{"at_most", "≤"}, {"less_than", "<"}, {"at_least", "≥"}, {"equals", "="}}};
  const std::string symbol = limit.value("magnitude_of", "");
  const std::string magnitude = symbol.empty() ? "" : fmt::format("|{}| ", symbol);
  for (const auto& [kind, sign] : signs) {
    if (limit.contains(kind)) return fmt::format("{}{} {}", magnitude, sign, plain(limit[kind]));
  }
  const auto range = limit.find("between");
  if (range == limit.end() || !range->is_array() || range->size() != 2) return {};
  return fmt::format("{} … {}", plain(range->at(0)), plain(range->at(1)));
}

std::string measurement_text(const json& measurement) {
  const json limit = measurement.value("limit", json());
  const std::string symbol = limit.is_object() ? limit.value("magnitude_of", "") : "";
  std::string text = measurement.value("name", "");
  if (!symbol.empty()) text += fmt::format(" {} =", symbol);
  const json value = measurement.value("value", json());
  if (value.is_null()) {
    const json reason = measurement.value("reason", json());
    text += fmt::format(": no reading{}", reason.is_null() ? "" : fmt::format(" ({})", plain(reason)));
  } else {
    const std::string bound = measurement.value("one_sided", "");
    text += fmt::format(" {}{}{}", bound, bound.empty() ? "" : " ", value_text(measurement));
    const std::string unit = measurement.value("unit", "");
    const std::string behind = unit == "1" ? "" : unit.empty() ? "" : " " + unit;
    const json uncertainty = measurement.value("expanded_uncertainty", json());
    if (uncertainty.is_number() && uncertainty.get<double>() > 0)
      text += fmt::format(" ± {}", uncertainty_text(uncertainty));
    text += behind;
  }
  if (const std::string shown = limit_text(limit); !shown.empty()) {
    const std::string unit = symbol.empty() ? "" : " " + measurement.value("unit", "");
    text += fmt::format(", limit {}{} ({})", shown, unit, limit.value("source", "?"));
  }
  text += risk_text(measurement);
  if (const json remark = measurement.value("remark", json()); remark.is_object())
    text += fmt::format("; {} {}", remark.value("zh", ""), remark.value("en", ""));
  for (const json& other : measurement.value("other_readings", json::array()))
    text += fmt::format("; {}: {} {}", other.at("reading").value("en", ""), plain(other.at("value")),
                        other.value("verdict", ""));
  if (const std::string agreed = measurement.value("verdict_if_agreed", ""); !agreed.empty())
    text += fmt::format("; {} if the job agrees", agreed);
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
