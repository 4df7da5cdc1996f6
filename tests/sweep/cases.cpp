#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>

#include "rig/record/record_fold.hpp"
#include "tests/sweep/invariants.hpp"
#include "tests/sweep/sweep_support.hpp"

namespace meterrig::sweep {

namespace {

struct Disturbance {
  std::string how;
  std::uint64_t at = 0;
  std::string name;
};

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == at)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  return parts;
}

std::vector<Disturbance> parse(const std::string& what) {
  std::vector<Disturbance> result;
  for (const std::string& word : split(what, ',')) {
    Disturbance one;
    if (const auto equals = word.find('='); equals != std::string::npos) {
      one = {word.substr(0, equals), 0, word.substr(equals + 1)};
    } else {
      const auto at = word.find('@');
      one.how = word.substr(0, at);
      if (at != std::string::npos) one.at = std::stoull(word.substr(at + 1));
    }
    result.push_back(one);
  }
  return result;
}

Task<> stop_from_inside(rig::Run& run) {
  run.stop("a coroutine");
  co_return;
}

// One disturbed run from its start to its end.
class Disturbed {
 public:
  Disturbed(cli::RunFiles& files, const std::string& what, std::uint64_t seed)
      : words_(parse(what)), rig_(files, seed, named("fault"), named("defect")) {}

  std::string complaint(const Baseline& baseline) {
    for (const Disturbance& d : words_)
      if (d.how == "store") rig_.store.fail_at(d.at);
    Session session(rig_);
    hook_exchanges(session);
    try {
      disturb(session);
      if (has("abandon") && abandoned_) return take_over();
      if (!abandoned_) session.to_end();
    } catch (const std::exception& error) {
      ended_by_ = error.what();
    }
    if (cut_off_) return go_on(session, baseline);
    Finding finding{rig_, session, ended_by_, has("fault"), has("store"), stops(), welded()};
    std::string wrong = what_is_wrong(finding);
    // What a single fault of an instrument may do to the verdicts of good meters is known; of a mixture it is not.
    if (wrong.empty() && words_.size() == 1 && words_[0].name.rfind("io-", 0) == 0)
      wrong = wrong_verdict(finding, baseline, fault_members());
    return wrong;
  }

 private:
  using Session = support::Session;

  std::vector<std::string> named(const std::string& how) const {
    std::vector<std::string> names;
    for (const Disturbance& d : words_)
      if (d.how == how) names.push_back(d.name);
    return names;
  }
  // io-silent:psu1#3 -> psu1
  std::vector<std::string> fault_members() const {
    std::vector<std::string> members;
    for (const std::string& name : named("fault")) members.push_back(split(split(name, ':').back(), '#').front());
    return members;
  }
  // R10@2 -> relays2 uart
  std::vector<std::string> welded() const {
    std::vector<std::string> contacts;
    for (const std::string& name : named("fault"))
      if (name.rfind("R10@", 0) == 0) contacts.push_back("relays" + name.substr(4) + " uart");
    return contacts;
  }
  bool has(const std::string& how) const {
    return std::any_of(words_.begin(), words_.end(), [&](const Disturbance& d) { return d.how == how; });
  }
  bool stops() const {
    return std::any_of(words_.begin(), words_.end(), [](const Disturbance& d) {
      return d.how.find("stop") != std::string::npos || d.how.find("emergency") != std::string::npos ||
             d.how == "inside";
    });
  }

  void hook_exchanges(Session& session) {
    for (const Disturbance& d : words_) {
      if (d.how != "io-stop" && d.how != "io-emergency") continue;
      rig_.connector->before_exchange([this, &session, d](const std::string&, int) {
        if (++exchanges_ != d.at) return;
        session.run().stop("an exchange");
        if (d.how == "io-emergency") session.run().stop("an exchange");
      });
    }
  }

  void disturb(Session& session) {
    for (const Disturbance& d : words_) {
      constexpr std::array known{"stop", "emergency", "inside", "abandon", "resume", "halt"};
      if (std::find(known.begin(), known.end(), d.how) == known.end()) continue;
      session.to_turn(d.at);
      if (session.over()) return;
      cut_off_ = d.how == "resume" || d.how == "halt";
      old_run_ = session.run().id();
      if (d.how == "abandon" || d.how == "resume") {
        session.abandon();
        abandoned_ = true;
        return;
      }
      if (d.how == "inside") {
        session.spawn(stop_from_inside(session.run()));
        continue;
      }
      session.run().stop("outside");
      if (d.how != "emergency") continue;
      session.to_turn(d.at + d.at % 7);
      session.run().stop("outside");
    }
  }

  // Another program goes on with the run, on a bench that stayed as it was.
  std::string go_on(Session& first, const Baseline& baseline) {
    first.abandon();
    rig_.pass(1s);
    std::optional<rig::Resumption> resumption;
    try {
      resumption.emplace(rig_.store, old_run_, "sweep");
    } catch (const UserError&) {
      return "";  // it had not begun, or was over
    } catch (const record::StoreError&) {
      return rig_.store.run_ids().empty() ? "" : "the journal of the run that was cut off is broken";
    }
    Session next(rig_, &*resumption);
    try {
      next.to_end();
    } catch (const std::exception& error) {
      return fmt::format("the run that went on threw: {}", error.what());
    }
    const std::string wrong = what_is_wrong({rig_, next, "", false, false, false});
    return wrong.empty() ? wrong_after_resume(next.run().journal().events(), baseline) : wrong;
  }

  // The next program: it makes the rig safe before it does anything else, then it is stopped.
  std::string take_over() {
    rig_.pass(1s);
    std::string wrong = wrong_after_kill(rig_, old_run_);
    if (!wrong.empty()) return wrong;
    Session next(rig_);
    std::uint64_t turn = 0;
    while (!next.over() && next.count("safe_state") < rig_.setup().duts.size()) next.to_turn(++turn);
    if (next.over()) return "the next run ended without making the rig safe";
    if (next.count("clause_started") > 0) return "the next run began a clause before it made the rig safe";
    if (const auto live = rig_.bench->live_outputs(); !live.empty())
      return fmt::format("after the next run made the rig safe: {} live", fmt::join(live, ", "));
    next.run().stop("outside");
    try {
      next.to_end();
    } catch (const std::exception& error) {
      ended_by_ = error.what();
    }
    return what_is_wrong({rig_, next, ended_by_, false, false, true});
  }

  std::vector<Disturbance> words_;
  support::VirtualRig rig_;
  std::string ended_by_;
  std::string old_run_;
  std::uint64_t exchanges_ = 0;
  bool abandoned_ = false;
  bool cut_off_ = false;  // and to go on
};

}  // namespace

Baseline undisturbed(cli::RunFiles& files, std::uint64_t seed) {
  support::VirtualRig rig(files, seed);
  support::Session session(rig);
  session.to_end();
  Baseline baseline;
  baseline.turns = session.turns();
  baseline.store_calls = rig.store.calls();
  baseline.exchanges_of = rig.connector->exchanges();
  for (const auto& [member, count] : baseline.exchanges_of) baseline.exchanges += count;
  baseline.verdicts = verdicts_by_sample(session.run().journal().events());
  return baseline;
}

std::string complaint_about(cli::RunFiles& files, const std::string& what, const Baseline& baseline,
                            std::uint64_t seed) {
  return Disturbed(files, what, seed).complaint(baseline);
}

}  // namespace meterrig::sweep
