#pragma once

#include <functional>
#include <memory>
#include <string>

#include "core/task.hpp"
#include "rig/record/journal.hpp"

namespace meterrig::rig {

// The durable barrier as a task. On the virtual clock time stands still while the store writes; on the wall clock a
// worker thread writes, and the rig's thread goes on serving its instruments.
class Committer {
 public:
  // `on_failure`: told why each time that a commit fails, before it throws.
  using OnFailure = std::function<void(const std::string&)>;
  Committer(Clock& clock, record::Journal& journal, record::JournalStore& store, OnFailure on_failure = {});
  ~Committer();
  // All that was appended before is durable when it returns. Not stopped by a stop: what happened is recorded.
  // Throws StoreError.
  Task<> commit();

 private:
  struct Worker;
  class Written;
  Task<> write();
  record::Journal& journal_;
  OnFailure on_failure_;
  std::unique_ptr<Worker> worker_;  // none on the virtual clock
};

}  // namespace meterrig::rig
