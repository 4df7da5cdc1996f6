#pragma once

#include "rig/cli/command.hpp"

namespace meterrig::cli {

// `meterrig frame encode`, under the command `frame`.
void add_frame_encode(CLI::App& frame, Action& action);

}  // namespace meterrig::cli
