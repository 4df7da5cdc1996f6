#pragma once

#include <string>
#include <vector>

#include "rig/cli/run_files.hpp"

namespace meterrig::cli {

// Who can read procedures that are not built in: Python, when the engine lives in it.
class ProcedureHost {
 public:
  virtual ~ProcedureHost() = default;
  // Throws UserError.
  virtual OwnProcedures read(const std::vector<std::string>& files) = 0;
};

// The words that the program was started with, and who hosts it; null: nobody.
struct Start {
  std::vector<std::string> words;
  ProcedureHost* host = nullptr;
};

// The program `meterrig`; gives its exit code.
int program(int argc, char** argv, ProcedureHost* host);

// Goes on in Python, as `python3 -m MODULE`, with the words behind the first: those of the program, or others. Throws
// UserError when the package is not there.
[[noreturn]] void go_on_in_python(const std::vector<std::string>& words, const std::string& module = "meterrig");

}  // namespace meterrig::cli
