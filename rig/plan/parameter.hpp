#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/json/node.hpp"
#include "rig/plan/limit.hpp"

namespace meterrig::plan {

// In which direction a change weakens the method, so that the result can at most be recorded.
enum class Weaker { less, more, changed, never };

// A value that a procedure runs with; the unit is in the name.
struct Parameter {
  // texts: a list of exact decimals; declared: only the maker can give it.
  enum class Kind { number, list, text, texts, declared };
  std::string name;
  Kind kind = Kind::number;
  std::string text;  // a number as written, or the words
  double value = 0;
  std::vector<double> values;      // of a list, in its order
  std::vector<std::string> texts;  // of a list of texts
  std::optional<json::Node> at;    // where the value stands: in the standard's file or in the plan's
  Source source = Source::rig_default;
  std::string from;  // DUT key that takes its place when the maker declares it
  Weaker weaker = Weaker::changed;

  // Whether running with `other` instead of this is a shorter or weaker method.
  bool weakened_by(const Parameter& other) const;
  // The parameter with the maker's value put in. Throws UserError when only the maker can give it and the file lacks
  // it.
  Parameter for_dut(const DutFile& dut) const;
};

Parameter read_parameter(const std::string& name, const json::Node& node);
// The same parameter with the value of a plan's override, which must be of the same kind.
Parameter overridden(const Parameter& parameter, const json::Node& value);

}  // namespace meterrig::plan
