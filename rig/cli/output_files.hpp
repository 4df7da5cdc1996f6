#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "rig/cli/dossier.hpp"
#include "rig/cli/language.hpp"
#include "rig/plan/config_path.hpp"
#include "rig/record/journal_store.hpp"

namespace meterrig::cli {

namespace fs = std::filesystem;

// Exit code when a stored record is not what was written.
inline constexpr int broken_record = 3;
// Exit code when a file that was asked for could not be made.
inline constexpr int not_made = 3;

// The record of a stored run, after its chain was checked. None when it is broken: why is said on standard error.
std::optional<nlohmann::json> verified_record(record::JournalStore& store, const std::string& run, Language language);

// The record as files hold it: indented, UTF-8, one line end.
std::string record_text(const nlohmann::json& record);

// Makes the folders, writes the file whole or not at all. Throws UserError with the system's reason.
void write_file(const fs::path& file, const std::string& text);

// Writes the record as DATA/records/RUN.json, what its report draws as DATA/plots/RUN.json and what it prints beside
// the record as DATA/dossiers/RUN.json. Gives the first.
fs::path keep_record(record::JournalStore& store, const fs::path& data, const std::string& run,
                     const nlohmann::json& record);
fs::path keep_record(record::JournalStore& store, const fs::path& data, const RunPapers& papers);

// How the report program is to be called.
struct Rendering {
  Rendering(Language of_text) : language(of_text) {}
  Language language;
  std::string document;  // report, record, equipment; empty: as the file's ending says
  fs::path templates;    // empty: its own
};

// Renders a record that keep_record() wrote with the report program, which goes by the file's ending. False when that
// failed; it has said why.
bool render_report(const plan::ConfigPath& config, const fs::path& record, const fs::path& report,
                   const Rendering& how);

// zh, en, both.
const char* word(Language language);

// The verdict table and the conclusion, for people.
std::string summary_text(const nlohmann::json& record, Language language);

}  // namespace meterrig::cli
