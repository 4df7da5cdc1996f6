#pragma once

#include "testcases/steps/steps.hpp"

// Volumes and data of the meter: what flows, what it counts, what it keeps.
namespace meterrig::testcases {

// Air through the open meter, or water through a water meter, at the declared qmax or nominal flow until the flow
// standard has metered `cubic_metres`. Gives what it metered.
Task<Reading> pass_volume(Trial& trial, double cubic_metres);
// The same until the pulse counter has counted `pulses` more; stops at the last one.
Task<> pass_pulses(Trial& trial, std::uint32_t pulses);

// What the station's pulse counter hears of the meter's contact beside the clause's own measurements: evidence of where
// a pulse was lost, never a verdict. A station without a counter that dates its pulses tells nothing; one that fails
// costs a note.
Task<bool> listen_to_contact(Trial& trial);
// Records the pulses since then, and what their spacing says (meters/pulse_input.hpp) with its places.
Task<> tell_of_contact(Trial& trial);

// All persistent items that the maker declares, read until two readings agree.
Task<std::map<std::string, std::string>> persistent_items(Trial& trial);
// Names of the items that differ; notes each with both values.
int changed_items(Trial& trial, const std::map<std::string, std::string>& before,
                  const std::map<std::string, std::string>& after);

// The smallest mark of the mechanical counter: 2 L, in ten-thousandths of a cubic metre.
constexpr int counter_division = 20;
// What a person reads on the mechanical counter, in ten-thousandths of a cubic metre; a prompt and its answer.
Task<std::int64_t> read_counter(Trial& trial);
// Asks a person; journals prompt and answer. Inconclusive when nobody answers within the parameter `timeout`.
Task<std::string> ask(Trial& trial, Operator::Kind kind, std::string zh, std::string en, std::string page = {},
                      std::string timeout = "prompt_timeout_s");
// Has a person do something, `deed` in a word, and say "yes": inconclusive otherwise.
Task<> have_done(Trial& trial, std::string deed, std::string zh, std::string en);

}  // namespace meterrig::testcases
