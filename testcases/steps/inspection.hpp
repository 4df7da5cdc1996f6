#pragma once

#include "testcases/steps/steps.hpp"

namespace meterrig::testcases {

// What a person says of a requirement that is looked at.
enum class Seen { met, not_met, not_applicable };
// Asks whether the sample meets what the clause says must hold, and records the answer. Inconclusive when it is none.
Task<Seen> look_at_sample(Trial& trial);

}  // namespace meterrig::testcases
