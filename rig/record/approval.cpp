#include "rig/record/approval.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/errors.hpp"
#include "rig/record/person.hpp"

namespace meterrig::record {

namespace {

using nlohmann::json;

std::string text(const json& act, const char* key) {
  const auto found = act.find(key);
  return found != act.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// What comes next, for who tried something else.
std::string_view advice(ApprovalState state) {
  switch (state) {
    case ApprovalState::open:
      return "it is open: who tested signs first, meterrig tested RUN --by NAME";
    case ApprovalState::tested:
      return "it is tested: it is to be reviewed, meterrig review RUN --by NAME, or given back, meterrig return RUN";
    case ApprovalState::reviewed:
      return "it is reviewed: it is to be approved, meterrig approve RUN --by NAME, or given back, meterrig return RUN";
    default:
      return "it is approved and stays as it is: what is to change is an amendment, meterrig amend RUN";
  }
}

void expect(const ReportDocument& document, ApprovalState state, std::string_view what) {
  if (document.state == state) return;
  throw UserError(fmt::format("the report can't be {} now: {}", what, advice(document.state)));
}

// Three signatures are three persons'.
void expect_other(const std::string& by, const std::string& other, std::string_view role) {
  if (person_key(by) != person_key(other)) return;
  throw UserError(fmt::format("{} has {} it already: three different persons test, review and approve", by, role));
}

json signature(const json& act) { return {{"by", text(act, "by")}, {"t", act.value("t", json())}}; }
std::string signer(const json& signature) { return signature.is_null() ? "" : text(signature, "by"); }

// What was signed is no longer what is there.
void unsign(ReportDocument& document) {
  document.state = ApprovalState::open;
  document.tested = document.reviewed = nullptr;
}

void tested(Approval& approval, const json& act) {
  ReportDocument& document = approval.documents.back();
  expect(document, ApprovalState::open, "signed by who tested");
  document.tested = signature(act);
  document.state = ApprovalState::tested;
}

void reviewed(Approval& approval, const json& act) {
  ReportDocument& document = approval.documents.back();
  expect(document, ApprovalState::tested, "reviewed");
  expect_other(text(act, "by"), signer(document.tested), "tested");
  document.reviewed = signature(act);
  document.state = ApprovalState::reviewed;
}

// One step back, to who must do something about it.
void returned(Approval& approval, const json&) {
  ReportDocument& document = approval.documents.back();
  if (document.state == ApprovalState::tested) return unsign(document);
  expect(document, ApprovalState::reviewed, "given back");
  document.state = ApprovalState::tested;
  document.reviewed = nullptr;
}

// R-2026-001-A1
bool looks_like_an_amendment(std::string_view number) {
  const std::size_t digits = number.find_last_not_of("0123456789");
  return digits != std::string_view::npos && digits + 1 < number.size() && digits > 0 &&
         (number[digits] == 'A' || number[digits] == 'a') && number[digits - 1] == '-';
}

void approved(Approval& approval, const json& act) {
  ReportDocument& document = approval.documents.back();
  expect(document, ApprovalState::reviewed, "approved");
  expect_other(text(act, "by"), signer(document.tested), "tested");
  expect_other(text(act, "by"), signer(document.reviewed), "reviewed");
  const std::string number = text(act, "number");
  if (document.of.empty() == number.empty()) {
    throw UserError(number.empty() ? "--number: expected the number of the report: R-2026-001"
                                   : fmt::format("--number: the amendment has its number, {}", document.number));
  }
  if (looks_like_an_amendment(number))
    throw UserError(
        fmt::format("--number: {} is what an amendment of another report is called; give another one", number));
  if (document.of.empty()) document.number = number;
  document.approved = signature(act);
  document.files = act.value("documents", json::array());
  document.state = ApprovalState::approved;
  for (auto earlier = approval.documents.begin(); earlier + 1 != approval.documents.end(); ++earlier)
    earlier->state = ApprovalState::superseded;
}

void amended(Approval& approval, const json& act) {
  const ReportDocument& last = approval.newest();
  if (last.state != ApprovalState::approved) {
    throw UserError(
        fmt::format("there is nothing to amend: the report is not approved yet; what is wrong in the record is "
                    "corrected, meterrig correct RUN. Now {}",
                    advice(last.state)));
  }
  ReportDocument next;
  next.of = approval.documents.front().number;
  next.index = static_cast<int>(approval.documents.size());
  next.number = fmt::format("{}-A{}", next.of, next.index);
  next.amendment = {{"number", next.number},
                    {"of", next.of},
                    {"index", next.index},
                    {"reason", act.value("reason", json())},
                    {"changes", act.value("changes", json::array())}};
  approval.documents.push_back(std::move(next));
}

void reopen(Approval& approval) {
  ReportDocument& document = approval.documents.back();
  if (document.state == ApprovalState::approved)
    throw UserError(fmt::format("nothing can be added to the report now: {}", advice(document.state)));
  unsign(document);
}

// Of the dossier: the keys that are for readers.
json without_ground(const json& act) {
  json kept = act;
  for (const char* const key : {"seq", "type", "events", "head"}) kept.erase(key);
  return kept;
}

void attached(Approval& approval, const json& act) {
  reopen(approval);
  approval.attachments.push_back(without_ground(act));
  approval.attachments.back().erase("reason");
}

void corrected(Approval& approval, const json& act) {
  reopen(approval);
  approval.corrections.push_back(without_ground(act));
}

struct ActType {
  std::string_view word;
  void (*apply)(Approval&, const json&);
  bool needs_reason;
};
constexpr std::array<ActType, 7> act_types{{{"tested", tested, false},
                                            {"reviewed", reviewed, false},
                                            {"returned", returned, true},
                                            {"approved", approved, false},
                                            {"amended", amended, true},
                                            {"attached", attached, false},
                                            {"corrected", corrected, true}}};

}  // namespace

std::string_view word(ApprovalState state) {
  constexpr std::string_view names[] = {"open", "tested", "reviewed", "approved", "superseded"};
  return names[static_cast<std::size_t>(state)];
}

const ReportDocument* Approval::approved(std::string_view number) const {
  for (auto document = documents.rbegin(); document != documents.rend(); ++document) {
    const bool was = document->state == ApprovalState::approved || document->state == ApprovalState::superseded;
    if (was && (number.empty() || document->number == number)) return &*document;
  }
  return nullptr;
}

void apply_act(Approval& approval, const json& act) {
  const std::string type = text(act, "type");
  const auto* const found =
      std::find_if(act_types.begin(), act_types.end(), [&](const ActType& one) { return one.word == type; });
  if (found == act_types.end()) throw UserError(fmt::format("no act is called \"{}\"", type));
  if (person_key(text(act, "by")).empty()) throw UserError("--by: expected a person's name");
  if (found->needs_reason && person_key(text(act, "reason")).empty())
    throw UserError("--reason: expected why, for who reads it later");
  found->apply(approval, act);
}

Approval fold_acts(std::span<const json> acts, std::uint64_t events) {
  Approval approval;
  const auto went_on = [&] {
    ReportDocument& document = approval.documents.back();
    if (document.state != ApprovalState::approved) unsign(document);
  };
  std::uint64_t before = acts.empty() ? events : acts.front().value("events", std::uint64_t{0});
  for (const json& act : acts) {
    if (const auto now = act.value("events", std::uint64_t{0}); now != before) {
      went_on();
      before = now;
    }
    apply_act(approval, act);
  }
  if (before != events) went_on();
  return approval;
}

}  // namespace meterrig::record
