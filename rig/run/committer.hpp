#pragma once

#include <memory>

#include "core/task.hpp"
#include "rig/record/journal.hpp"

namespace meterrig::rig {

// The durable barrier as a task. On the virtual clock time stands still while the store writes; on the wall clock a
// worker thread writes, and the rig's thread goes on serving its instruments.
class Committer {
 public:
  Committer(Clock& clock, record::Journal& journal, record::JournalStore& store);
  ~Committer();
  // All that was appended before is durable when it returns. Not stopped by a stop: what happened is recorded.
  // Throws StoreError.
  Task<> commit();

 private:
  struct Worker;
  class Written;
  record::Journal& journal_;
  std::unique_ptr<Worker> worker_;  // none on the virtual clock
};

}  // namespace meterrig::rig
