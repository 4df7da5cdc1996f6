#pragma once

#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rig/record/seal.hpp"

namespace meterrig::record {

// The audit log of a closed run: what people did about it, in a chain of its own that begins at the head of the run;
// docs/approval.md defines it. Each act is signed by the machine.

Digest acts_start(std::string_view run, const Digest& head);
// What the machine signs of an act.
std::string act_text(std::string_view run, const Head& act);

struct ActsReport {
  Damage damage = Damage::none;
  std::string text;                  // empty for a run that nobody did anything about
  std::vector<nlohmann::json> acts;  // up to the damage
  bool ok() const noexcept { return damage == Damage::none; }
};

// The chain, the signatures, the events and seals that the acts rest on, and the blobs that they name. `known`: as for
// check_seals().
ActsReport check_acts(JournalStore& store, const std::string& run, std::span<const PublicKey> known);

// An act with all its keys; `body` has those of its type, `run` is the sealed end of the run.
nlohmann::json act_of(std::string_view type, nlohmann::json body, std::uint64_t seq, const Head& run, Utc now);

// Adds such an act to the end of the log. `acts` are those that there are. Throws UserError for a run without a valid
// seal of its end; StoreError, also when somebody was faster.
nlohmann::json add_act(JournalStore& store, const std::string& run, const std::vector<nlohmann::json>& acts,
                       std::string_view type, nlohmann::json body, const std::vector<Blob>& blobs, const SealKey& key,
                       Utc now);

}  // namespace meterrig::record
