#pragma once

#include <string>

namespace meterrig::cli {

// Release of the sources: `0.1.0`.
std::string version();

// Which build this is: the linker's hash over the program. Two programs that differ have different ones.
std::string build();

}  // namespace meterrig::cli
