// Marks, nameplate, seals, documents, packaging: a person looks, and says whether the requirement is met.
#include "testcases/steps/inspection.hpp"

namespace meterrig::testcases {
namespace {

Task<> run(Trial& trial) {
  const Seen seen = co_await look_at_sample(trial);
  if (seen == Seen::not_applicable)
    trial.end(Verdict::not_applicable, Cause{"operator", "", "n.a.", 0, "not applicable to this sample, as inspected"});
  trial.count("nonconformities", seen == Seen::met ? 0 : 1);
}

double estimate(const plan::Clause&, const plan::DutFile&) { return 60; }

}  // namespace

extern const Procedure procedure_inspection{"inspection", "检查",  "inspection by a person", {"operator"}, Radio::none,
                                            run,          estimate};

}  // namespace meterrig::testcases
