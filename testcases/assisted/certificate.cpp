// What only another laboratory's equipment tells: its certificate decides.
#include "testcases/steps/steps.hpp"

namespace meterrig::testcases {
namespace {

Task<> run(Trial& trial) {
  const bool found = trial.certificates().has_value();
  if (!found) trial.without_certificate();
  co_return;
}

double estimate(const plan::Clause&, const plan::DutFile&) { return 1; }

}  // namespace

extern const Procedure procedure_certificate{
    "certificate", "外部证书", "certificate of another laboratory", {}, Radio::none, run, estimate};

}  // namespace meterrig::testcases
