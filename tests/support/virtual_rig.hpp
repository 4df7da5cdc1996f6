#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/bench.hpp"
#include "core/task.hpp"
#include "rig/cli/connector.hpp"
#include "rig/cli/run_files.hpp"
#include "rig/record/memory_store.hpp"
#include "rig/run/run.hpp"

namespace meterrig::support {

// The files of a run, read as the program reads them, from the source tree's config/. Read once, used by many rigs.
// `words`: those of `meterrig run`; defects and faults are NAME[@SAMPLE] and NAME[@STATION][#EXCHANGE].
cli::RunFiles files_of(const cli::RunOptions& words);

// Puts `value` (JSON text) in place of the clause's parameter, if it has it, as a plan's own deviation.
void change_parameter(plan::PlannedClause& planned, const std::string& name, const std::string& value);

// Tells of every exchange before it happens: which member of the bench, and its how manieth from the start, from 1.
// That number is the one of a fault `io-...:MEMBER#N`.
using ExchangeHook = std::function<void(const std::string& member, int number)>;

// Opens the members of a bench in memory, and counts what is exchanged with them.
class CountingConnector final : public rig::Connector {
 public:
  // Prompts that an observation of `answers` fits are answered by it.
  CountingConnector(Clock& clock, bench::Bench& bench, const cli::Answers& answers);
  ~CountingConnector() override;
  Task<std::unique_ptr<ByteStream>> stream(const plan::Address& address, const std::string& name) override;
  Task<std::shared_ptr<RegisterBus>> bus(const plan::Address& address, const std::string& name, int& unit) override;

  void before_exchange(ExchangeHook hook) { hook_ = std::move(hook); }
  const std::map<std::string, int>& exchanges() const { return exchanges_; }
  void count(const std::string& member);

 private:
  class Link;
  cli::BenchConnector behind_;
  std::map<std::string, int> exchanges_;
  std::vector<std::unique_ptr<Link>> links_;
  std::unique_ptr<cli::AnsweringOperator> answering_;
  ExchangeHook hook_;
};

// A bench, its clock and a store in memory: what stays when a run ends or is killed.
class VirtualRig {
 public:
  // `faults`, `defects`: as in RunOptions, besides those of the files, which must outlive it. R7, R11 and R13 are the
  // program's own and do nothing here.
  explicit VirtualRig(cli::RunFiles& files, std::uint64_t seed = 1, const std::vector<std::string>& faults = {},
                      const std::vector<std::string>& defects = {});

  // What a run of these files on this rig is made of.
  rig::RunSetup setup();
  // Lets the virtual world go on by itself.
  void pass(Duration time);

  VirtualClock clock;
  record::MemoryStore store;
  std::unique_ptr<bench::Bench> bench;
  std::unique_ptr<CountingConnector> connector;
  std::string override_by;
  rig::Procedures procedures;  // those that are built in

 private:
  cli::RunFiles& files_;
  plan::RigFile rig_;
  std::vector<plan::DutFile> duts_;
  std::vector<std::string> simulation_;
  std::uint64_t seed_;
};

// One run on a rig, turn by turn.
class Session {
 public:
  // `resumption`: of the run that goes on, which outlives it; null: a new one.
  explicit Session(VirtualRig& rig, const rig::Resumption* resumption = nullptr);
  ~Session();

  rig::Run& run() { return *run_; }
  // Takes turns until `turn` of them were taken since the start of the session, or the run is over.
  void to_turn(std::uint64_t turn);
  // Another coroutine beside the run.
  void spawn(Task<> task) { group_->spawn(std::move(task)); }
  // To the end; rethrows what the run ended with.
  void to_end();
  bool over() const { return !group_ || group_->done(); }
  std::uint64_t turns() const { return rig_.clock.turns() - first_turn_; }
  // How many events of that type the journal has.
  std::size_t count(const std::string& type) const;
  // Destroys the run where it stands, as if the program had been killed; the bench stays as it is.
  void abandon();

 private:
  VirtualRig& rig_;
  rig::Observer nobody_;
  std::unique_ptr<rig::Run> run_;
  CancelScope scope_;
  std::optional<TaskGroup> group_;
  std::uint64_t first_turn_;
};

// The verdict of each clause of a record's sample, by clause id.
std::map<std::string, std::string> verdicts_of(const nlohmann::json& record, std::size_t sample = 0);

}  // namespace meterrig::support
