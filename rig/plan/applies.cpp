#include "rig/plan/applies.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "rig/plan/dut_file.hpp"

namespace meterrig::plan {

namespace {

bool holds(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

std::string list(const std::vector<std::string>& words) {
  std::string result;
  for (const std::string& word : words) result += (result.empty() ? "" : ", ") + word;
  return result;
}

}  // namespace

std::string Applies::reason_against(const DutFile& dut) const {
  if (!meter.empty() && !holds(meter, dut.meter)) {
    return fmt::format("for {} meters; this is a {} meter", list(meter), dut.meter);
  }
  if (!communication.empty() && !holds(communication, dut.communication)) {
    return fmt::format("for communication mode {}; this meter declares {}", list(communication), dut.communication);
  }
  if (!conversion.empty() && !holds(conversion, dut.conversion)) {
    return fmt::format("for conversion {}; this meter declares {}", list(conversion), dut.conversion);
  }
  if (!supply.empty() && !holds(supply, dut.supply)) {
    return fmt::format("for meters fed from {}; this meter declares {}", list(supply), dut.supply);
  }
  if (replaceable_battery && *replaceable_battery != dut.replaceable_battery) {
    return *replaceable_battery ? "for meters with a replaceable battery" : "for meters without a replaceable battery";
  }
  if (settles_money && *settles_money != dut.settles_money) {
    return *settles_money ? "for meters that settle money" : "for meters that only meter";
  }
  if (!optional_function.empty() && !holds(dut.optional_functions, optional_function)) {
    return fmt::format("optional function {} is not declared", optional_function);
  }
  return {};
}

bool Applies::to(const DutFile& dut) const { return reason_against(dut).empty(); }

Applies read_applies(const json::Node& node) {
  node.reject_unknown_keys(
      {"meter", "communication", "conversion", "supply", "replaceable_battery", "settles_money", "optional_function"});
  Applies result;
  if (const auto meters = node.optional("meter")) {
    for (const json::Node& meter : meters->elements()) {
      result.meter.push_back(meter.one_of({"gas", "water", "heat", "electricity"}));
    }
  }
  if (const auto modes = node.optional("communication")) {
    for (const json::Node& mode : modes->elements()) result.communication.push_back(mode.one_of({"R", "S", "G", "O"}));
  }
  if (const auto kinds = node.optional("conversion")) {
    for (const json::Node& kind : kinds->elements())
      result.conversion.push_back(kind.one_of({"pulse", "direct_reading"}));
  }
  if (const auto kinds = node.optional("supply")) {
    for (const json::Node& kind : kinds->elements()) result.supply.push_back(kind.one_of({"battery", "dc", "mains"}));
  }
  if (const auto battery = node.optional("replaceable_battery")) result.replaceable_battery = battery->boolean();
  if (const auto money = node.optional("settles_money")) result.settles_money = money->boolean();
  result.optional_function = node.string_or("optional_function", "");
  return result;
}

}  // namespace meterrig::plan
