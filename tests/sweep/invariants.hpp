#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/sweep/sweep_support.hpp"

namespace meterrig::sweep {

// What is known of a run that is over.
struct Finding {
  support::VirtualRig& rig;
  support::Session& session;
  std::string ended_by;  // the error that ended it, if one did
  bool faulty = false;   // an instrument may have kept an output from being switched off or read back
  bool store_failed = false;
  bool stopped = false;
  std::vector<std::string> welded = {};  // contacts that nothing can open, and no read-back can see
};

// Holds of every run, however it ended: all outputs are off in the physical model and read back off, no lease is held,
// the journal is whole. Empty, or the first thing that is wrong.
std::string what_is_wrong(const Finding& finding);

// The journal that a killed run left: its chain holds, and its fold says that it was interrupted.
std::string wrong_after_kill(support::VirtualRig& rig, const std::string& run);

// The meters are good: no fault of an instrument may make one fail, and what is not as in the undisturbed run names
// the instrument.
std::string wrong_verdict(const Finding& finding, const Baseline& baseline, const std::vector<std::string>& members);

// A run that was cut off and went on finds what one finds that ran through, and leaves each meter as it was.
std::string wrong_after_resume(const std::vector<nlohmann::json>& events, const Baseline& baseline);

// "sample clause" -> verdict
std::map<std::string, std::string> verdicts_by_sample(const std::vector<nlohmann::json>& events);

}  // namespace meterrig::sweep
