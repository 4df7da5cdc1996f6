#pragma once

#include <deque>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/io/memory_link.hpp"
#include "rig/plan/plan.hpp"

namespace meterrig::cli {

// What somebody wrote down beforehand. Administrative fields hold for every run; observations only for virtual rigs,
// since on a real one they come from a person at the time.
struct Answers {
  struct Observation {
    int station = 0;   // 0: any
    std::string kind;  // read_counter, work_opener, observe_status, confirm, read_display:PAGE, inspect:REQUIREMENT ...
    std::string value;
  };
  std::string operator_name;
  std::string client;
  std::string order;
  std::string reason;
  std::deque<Observation> observations;  // each is used once, in this order
};

// {"operator", "client", "order", "reason", "observations": [{"station", "kind", "value"}]}. Throws UserError.
Answers read_answers(const std::filesystem::path& file);

// Puts the administrative fields into the job.
void fill_job(plan::Job& job, const Answers& answers);

// Stands in front of the bench's virtual operator: prompts that an observation fits are answered from the file, the
// others by the virtual operator.
class AnsweringOperator final : public LinkPeer {
 public:
  AnsweringOperator(Clock& clock, LinkPeer& behind, Answers answers)
      : clock_(clock), behind_(behind), answers_(std::move(answers)) {}
  void receive(Port& port, std::span<const std::uint8_t> bytes) override;
  void connected(Port& port) override { behind_.connected(port); }
  void disconnected(Port& port) noexcept override { behind_.disconnected(port); }

 private:
  bool answer(Port& port, const std::string& line);
  Clock& clock_;
  LinkPeer& behind_;
  Answers answers_;
  std::string received_;
};

}  // namespace meterrig::cli
