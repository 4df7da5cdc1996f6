#pragma once

#include "rig/cli/run_files.hpp"
#include "rig/run/resumption.hpp"

namespace meterrig::cli {

// Runs the plan to its end, shows how it goes, and leaves record and report. Gives the exit code. `resumption`: of the
// run that goes on; null: a new one.
int run_session(RunFiles files, const RunOptions& options, const rig::Resumption* resumption = nullptr);

// `--estimate`: the schedule as the run would have it, and how long it takes. Nothing is opened.
int show_estimate(RunFiles files, const RunOptions& options);

}  // namespace meterrig::cli
