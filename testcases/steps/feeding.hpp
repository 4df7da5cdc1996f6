#pragma once

#include "testcases/steps/register.hpp"

// Who feeds the sample while its supply is disturbed: the rig, or, for a mains meter, a source that a person works.
namespace meterrig::testcases {

inline bool is_mains(const Trial& trial) { return trial.dut().supply == "mains"; }

// Takes the rig's supply off a mains meter and has it connected to the person's source, at the nominal voltage; waits
// for its start. Nothing for the others.
Task<> hand_over_supply(Trial& trial);
// The other way round.
Task<> take_back_supply(Trial& trial);

// The rig's supply at `volts` at the meter's terminals, what the leads lose included, and recorded. Void when it does
// not get there.
Task<> feed_at(Trial& trial, double volts);

// One dip of the rig's supply to this share of the nominal voltage, a short interruption at 0: the source is
// disconnected. Records the lowest voltage at the meter's terminals; void when it did not dip so far.
Task<> dip(Trial& trial, double percent, Duration length);
// Throws UserError, with the reason, when the voltmeter can't see that.
void expect_dips_seen(Trial& trial);

}  // namespace meterrig::testcases
