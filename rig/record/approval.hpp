#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace meterrig::record {

enum class ApprovalState : std::uint8_t { open, tested, reviewed, approved, superseded };
std::string_view word(ApprovalState state);

// The report of a run, or an amendment of it: what people sign.
struct ReportDocument {
  ApprovalState state = ApprovalState::open;
  std::string number;        // empty: none yet
  std::string of;            // the report that it amends; empty: it is the report itself
  int index = 0;             // of the amendment, from 1
  nlohmann::json amendment;  // null, or as config/schemas/dossier.json has it
  // {"by", "t"} of those whose signatures hold; null: not signed, or no more.
  nlohmann::json tested, reviewed, approved;
  nlohmann::json files = nlohmann::json::array();  // [{format, language, sha256}] that were approved
};

// What the acts of a run add up to.
struct Approval {
  std::vector<ReportDocument> documents{1};  // the newest last
  nlohmann::json corrections = nlohmann::json::array();
  nlohmann::json attachments = nlohmann::json::array();

  const ReportDocument& newest() const { return documents.back(); }
  // The approved document of that number; of an empty one the newest that is. Null when there is none.
  const ReportDocument* approved(std::string_view number) const;
};

// `events`: how many the run has now. What was signed before it went on holds no longer, but for what was approved.
Approval fold_acts(std::span<const nlohmann::json> acts, std::uint64_t events);

// What an act does to them. Throws UserError, with what to do instead, for one that may not be.
void apply_act(Approval& approval, const nlohmann::json& act);

}  // namespace meterrig::record
