#pragma once

#include <filesystem>

namespace meterrig::plan {

// The program `meterrig`: its own files are found beside it, and it is what its second processes run. The running
// process, unless the engine lives in a host, Python say, that has told where the program is.
std::filesystem::path program_file();
void set_program_file(const std::filesystem::path& file);

}  // namespace meterrig::plan
