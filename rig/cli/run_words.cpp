#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/errors.hpp"
#include "rig/cli/run_files.hpp"

namespace meterrig::cli {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(RunOptions, plan, rig, duts, only, job, answers, clock, seed, defects, faults,
                                   procedures, override_by)

std::string words_text(const RunOptions& options) {
  nlohmann::json words = options;
  words["folder"] = std::filesystem::current_path().string();
  return words.dump();
}

RunOptions options_from(const std::string& words) { return nlohmann::json::parse(words).get<RunOptions>(); }

void enter_folder_of(const std::string& words) {
  const std::filesystem::path folder = nlohmann::json::parse(words).at("folder").get<std::string>();
  std::error_code gone;
  std::filesystem::current_path(folder, gone);
  if (gone)
    throw UserError(fmt::format("the run was started in {}, whose files it needs, and that folder can't be entered: {}",
                                folder.string(), gone.message()));
}

}  // namespace meterrig::cli
