#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/time.hpp"
#include "rig/record/journal_store.hpp"

namespace meterrig::rig {

// A data item that an earlier part of a run wrote to a meter and did not write back.
struct Unrestored {
  std::string item;
  std::string old;  // a value as meters read it, or the bytes of a content in hex
  bool is_content = false;
  Utc written{};   // when `old` was read, near enough: what a clock showed then
  std::string id;  // clause and attempt that wrote it
  std::int64_t attempt = 1;
};

// What a run that goes on knows of the part before: read from its journal alone (docs/semantics.md, "Resume").
class Resumption {
 public:
  // Throws UserError for a run that has come to its end or never began, and StoreError for one whose chain is broken.
  // `by`: who lets it go on; may be empty.
  Resumption(record::JournalStore& store, std::string run, std::string by);

  const std::string& run() const noexcept { return run_; }
  const std::string& by() const noexcept { return by_; }
  // "aborted" or "interrupted".
  const std::string& after() const noexcept { return after_; }
  const nlohmann::json& opening() const noexcept { return opening_; }
  // Of its last event.
  Utc last() const noexcept { return last_; }
  const record::Head& head() const noexcept { return head_; }

  // The clause has a verdict on this sample that stands: no interruption, no void.
  bool settled(std::int64_t sample, const std::string& id) const;
  // The number of its last attempt; 0: none.
  int attempts(std::int64_t sample, const std::string& id) const;
  // How far the attempt had come that was interrupted or stopped: its last checkpoint's state. Null: it starts again.
  nlohmann::json checkpoint(std::int64_t sample, const std::string& id) const;
  // What the virtual meter of the sample kept, by its last acknowledged event; null: nobody said.
  nlohmann::json bench(std::int64_t sample) const;
  std::vector<Unrestored> unrestored(std::int64_t sample) const;

 private:
  struct Clause {
    int attempts = 0;
    bool settled = false;
    bool cut_off = false;  // its last attempt did not end, or was stopped
    nlohmann::json checkpoint;
  };
  struct Sample {
    nlohmann::json bench;
    std::vector<Unrestored> unrestored;  // in the order of their first writes
  };
  void take(const nlohmann::json& event);
  void take_clause(const std::string& type, const nlohmann::json& event);
  void take_write(const std::string& type, const nlohmann::json& event);
  const Clause* find(std::int64_t sample, const std::string& id) const;

  std::string run_, by_, after_;
  nlohmann::json opening_;
  Utc last_{};
  record::Head head_;
  bool stopping_ = false;
  std::map<std::pair<std::int64_t, std::string>, Clause> clauses_;
  std::map<std::int64_t, Sample> samples_;
};

}  // namespace meterrig::rig
