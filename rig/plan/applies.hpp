#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/json/node.hpp"

namespace meterrig::plan {

class DutFile;

// What a DUT must declare for a clause or a limit to be about it. Empty means any.
struct Applies {
  std::vector<std::string> meter;          // of gas, water, heat, electricity
  std::vector<std::string> communication;  // of R, S, G, O
  std::vector<std::string> conversion;     // of pulse, direct_reading
  std::vector<std::string> supply;         // of battery, dc, mains
  std::optional<bool> replaceable_battery;
  std::optional<bool> settles_money;
  std::string optional_function;  // one that the maker may declare

  bool to(const DutFile& dut) const;
  // Why not, for a verdict `not_applicable`; empty when it applies.
  std::string reason_against(const DutFile& dut) const;
};

Applies read_applies(const json::Node& node);

}  // namespace meterrig::plan
