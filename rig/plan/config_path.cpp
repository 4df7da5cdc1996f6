#include "rig/plan/config_path.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <set>

#include "core/errors.hpp"
#include "core/json/text.hpp"
#include "rig/plan/program_file.hpp"

namespace meterrig::plan {

namespace fs = std::filesystem;

ConfigPath ConfigPath::find(const fs::path& program) {
  const fs::path beside = program.parent_path();
  std::vector<fs::path> candidates{beside / "config", beside.parent_path() / "config",
                                   beside.parent_path() / "share" / "meterrig" / "config"};
  if (const char* own = std::getenv("METERRIG_CONFIG"); own != nullptr && *own != '\0') candidates.emplace_back(own);
  std::vector<fs::path> folders;
  for (const fs::path& candidate : candidates) {
    std::error_code error;
    if (fs::is_directory(candidate, error)) folders.push_back(candidate.lexically_normal());
  }
  return ConfigPath(std::move(folders));
}

ConfigPath ConfigPath::find() { return find(program_file()); }

fs::path ConfigPath::resolve(std::string_view kind, const std::string& path_or_name) const {
  std::error_code error;
  return fs::is_regular_file(path_or_name, error) ? fs::path(path_or_name) : named(kind, path_or_name);
}

fs::path ConfigPath::named(std::string_view kind, const std::string& path_or_name) const {
  std::error_code error;
  const bool plain = !path_or_name.empty() && path_or_name.find('/') == std::string::npos && path_or_name != "..";
  if (plain) {
    for (const fs::path& folder : folders_) {
      for (const std::string& name : {path_or_name + ".json", path_or_name}) {
        const fs::path file = folder / kind / name;
        if (fs::is_regular_file(file, error)) return file;
      }
    }
  }
  const auto known = names(kind);
  throw UserError(fmt::format("found no file {}; expected a path, or a name under config/{}/{}",
                              json::in_quotes(path_or_name), kind, json::did_you_mean(path_or_name, known)));
}

std::vector<std::string> ConfigPath::names(std::string_view kind) const {
  std::set<std::string> result;
  for (const fs::path& folder : folders_) {
    std::error_code error;
    for (fs::directory_iterator entry(folder / kind, error), end; !error && entry != end; entry.increment(error)) {
      if (entry->path().extension() == ".json") result.insert(entry->path().stem().string());
    }
  }
  return {result.begin(), result.end()};
}

fs::path ConfigPath::schema(std::string_view name) const { return named("schemas", fmt::format("{}.json", name)); }

}  // namespace meterrig::plan
