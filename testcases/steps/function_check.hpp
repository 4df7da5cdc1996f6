#pragma once

#include "testcases/steps/water.hpp"

namespace meterrig::testcases {

// The functional check of a water meter that is powered and answers: `volume_l` passes, cumulative usage and the usage
// of the period grow by it together, and the display says what the interface says (CJ/T 484 (revision) 6.4.1). Limits:
// cumulative_off, period_off, registers_apart, display_apart.
Task<> check_function(Trial& trial);
// How long check_function takes, seconds.
double function_check_s(const plan::Clause& clause, const plan::DutFile& dut);

}  // namespace meterrig::testcases
