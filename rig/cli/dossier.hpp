#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "rig/record/acts.hpp"
#include "rig/record/approval.hpp"

namespace meterrig::cli {

namespace fs = std::filesystem;

// Everything about a run that is not in its journal.
struct RunPapers {
  std::string run;
  nlohmann::json record;
  std::optional<record::Seal> seal;  // of its end
  std::vector<nlohmann::json> acts;
  record::Approval approval;
};

// As the store has them, checked only as far as no key is needed.
RunPapers papers_of(record::JournalStore& store, const std::string& run, nlohmann::json record);

// What is wrong with the seals and acts of a run, by the keys of the data directory; empty when nothing is.
std::string papers_fault(record::JournalStore& store, const fs::path& data, const std::string& run);

// What a report prints beside the record (config/schemas/dossier.json). The bytes of attachments are laid under
// DATA/attachments, under the name of their SHA-256.
nlohmann::ordered_json dossier_of(record::JournalStore& store, const fs::path& data, const RunPapers& papers);

}  // namespace meterrig::cli
