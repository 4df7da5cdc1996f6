#pragma once

#include <string>
#include <string_view>

#include "core/json/node.hpp"
#include "rig/plan/clause.hpp"

namespace meterrig::plan {

// One thing that is watched while a rig may be live, and whose outputs go off when it is not as it must be
// (docs/interlocks.md).
struct InterlockRule {
  enum class Watched { volts, amperes, kilopascals, contact };
  enum class Scope { station, rig };

  std::string name;
  Title title;
  std::string role;
  Watched watched = Watched::contact;
  double above = 0;           // of a quantity: it trips above this many V, A, kPa
  bool trips_closed = false;  // of a contact: else it trips open, as a broken wire is
  double period_s = 1;        // what it watches for is seen within this time
  Scope scope = Scope::station;
  json::Node node;  // where it stands, for complaints that only the instruments' profiles allow

  bool is_contact() const noexcept { return watched == Watched::contact; }
  const char* unit() const noexcept;  // UCUM; "1" for a contact
  std::string limit() const;          // "above 8 V", "open"
  const char* key() const noexcept;   // "above_v": what it is compared by
};

const char* word(InterlockRule::Scope scope);

// Throws UserError: an unknown role, none or several comparisons, one that its role does not measure.
InterlockRule read_interlock(const json::Node& node);

}  // namespace meterrig::plan
