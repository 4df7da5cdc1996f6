#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "rig/cli/language.hpp"
#include "rig/plan/config_path.hpp"
#include "rig/record/journal_store.hpp"

namespace meterrig::cli {

namespace fs = std::filesystem;

// Exit code when a stored record is not what was written.
inline constexpr int broken_record = 3;

// The record of a stored run, after its chain was checked. None when it is broken: why is said on standard error.
std::optional<nlohmann::json> verified_record(record::JournalStore& store, const std::string& run, Language language);

// The record as files hold it: indented, UTF-8, one line end.
std::string record_text(const nlohmann::json& record);

// Makes the folders, writes the file whole or not at all. Throws UserError with the system's reason.
void write_file(const fs::path& file, const std::string& text);

// Writes the record as DATA/records/RUN.json, and what its report draws as DATA/plots/RUN.json. Gives the former.
fs::path keep_record(record::JournalStore& store, const fs::path& data, const std::string& run,
                     const nlohmann::json& record);

// Renders the inspection report of a record that keep_record() wrote with the report program. False when that failed;
// it has said why.
bool render_report(const plan::ConfigPath& config, const fs::path& record, const fs::path& report, Language language);

// The verdict table and the conclusion, for people.
std::string summary_text(const nlohmann::json& record, Language language);

}  // namespace meterrig::cli
