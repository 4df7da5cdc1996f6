#pragma once

#include <pybind11/pybind11.h>

#include <memory>
#include <string>
#include <vector>

#include "bindings/link.hpp"
#include "rig/cli/run_files.hpp"

namespace meterrig::python {

// What @meterrig.procedure says of a Python function. `clause` is its clause as a standard's file has it, JSON.
struct PythonProcedure {
  std::string name;
  std::string title_zh, title_en;
  std::vector<std::string> needs;
  std::string radio;  // "none", "quiet", "talking"
  double estimate_s = 60;
  // (name, low, high) of the numbers among its parameters.
  std::vector<std::tuple<std::string, double, double>> bounds;
  std::string clause;
  std::string digest;  // of the file that it stands in
  pybind11::object function;
};

// The procedures of one run, and the standards that their clauses make.
class PythonProcedures {
 public:
  PythonProcedures(std::vector<std::shared_ptr<PythonProcedure>> all, Link::Stops stops);
  const cli::OwnProcedures& own() const noexcept { return own_; }

 private:
  rig::Procedure procedure_of(const std::shared_ptr<PythonProcedure>& its, const Link::Stops& stops);
  void add_standards();

  std::vector<std::shared_ptr<PythonProcedure>> all_;
  std::vector<std::unique_ptr<rig::Procedure>> procedures_;
  cli::OwnProcedures own_;
};

}  // namespace meterrig::python
