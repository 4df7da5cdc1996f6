#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "rig/cli/dossier.hpp"
#include "rig/cli/language.hpp"
#include "rig/record/sqlite_store.hpp"

namespace meterrig::cli {

// Words of a person, for the record: UTF-8, one line, not too long. Throws UserError.
std::string checked_text(std::string_view option, const std::string& text);

// Where people act on one closed run: what they may do now, and their acts.
class ApprovalDesk {
 public:
  // Throws UserError, StoreError.
  ApprovalDesk(const fs::path& data, const std::string& run);

  // Everything is as it was written; if not, why is said on standard error, and nothing can be done here.
  bool whole();
  // Simulated runs and those that did not come to their end have no report that anybody could sign. Throws UserError.
  void expect_fit_to_sign() const;
  // As the record has it. Throw UserError for what it has not.
  int sample(int number) const;
  std::string clause(const std::string& asked) const;

  // Adds the act and says what is next. Throws UserError when it may not be.
  void add(std::string_view type, nlohmann::json body, std::vector<record::Blob> blobs = {});
  // Who amends signs for it at once, as the one who tested.
  void amend(nlohmann::json body);
  // Renders the report as approved, and keeps it with the act. False when it could not be rendered.
  bool approve(nlohmann::json body, Language language);

 private:
  // What the act would lead to. Throws UserError when it may not be.
  record::Approval after(std::string_view type, nlohmann::json body) const;
  std::vector<record::Blob> rendered(const nlohmann::json& act, Language language, nlohmann::json& documents);
  fs::path data_;
  record::SqliteStore store_;
  std::string run_;
  Utc now_;  // one time for the act and for the report that prints it
  RunPapers papers_;
};

}  // namespace meterrig::cli
