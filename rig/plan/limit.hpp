#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/json/node.hpp"
#include "rig/plan/applies.hpp"

namespace meterrig::plan {

// Who says a number: the standard itself, the maker in the DUT file, the rig where the standard is silent, or a cited
// standard that the laboratory has to confirm, or the laboratory itself in a procedure of its own. The report lists all
// that are not the standard's own.
enum class Source { standard, maker, rig_default, external, procedure };
const char* word(Source source);
Source read_source(const json::Node& node);

enum class LimitKind { at_most, less_than, at_least, between, equals };
const char* word(LimitKind kind);

struct Limit {
  std::string name;
  LimitKind kind = LimitKind::at_most;
  double low = 0;   // of at_least and between; equals has low == high
  double high = 0;  // of at_most, less_than and between
  // Of an exact quantity, money say: the one bound as decimal text, and `low` and `high` say nothing.
  std::string exact;
  // What the quantity is called whose magnitude is held against the exact bound: "E" for |E| < 0.01. Empty: the value.
  std::string magnitude_of;
  std::string unit;  // UCUM
  Source source = Source::standard;
  std::string from;                  // DUT key that takes the place of the value when the maker declares it
  std::string plus;                  // DUT key whose value is added to the bounds
  std::string reading;               // how the quantity is to be understood
  bool error_of_indication = false;  // JJF 1094-2002 may decide it
  // The measured value is what lies beyond its uncertainty: a decision rule has nothing to add.
  bool uncertainty_included = false;
  bool extended = false;  // beyond the printed method: a result of its own
  Applies applies;

  // GB/T 8170-2008 full-value comparison: the unrounded value against the limit as written.
  bool holds(double value) const;
  // The same of a decimal text against an exact bound. std::invalid_argument when either is none.
  bool holds_exactly(std::string_view value) const;
  // "<= 50 uA", "-1 to 1", "|E| < 0.01 yuan", for messages.
  std::string text() const;
  // The limit for this DUT, with what the maker declared put in.
  Limit for_dut(const DutFile& dut) const;
};

Limit read_limit(const std::string& name, const json::Node& node);

}  // namespace meterrig::plan
