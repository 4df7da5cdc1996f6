#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/json/node.hpp"
#include "core/json/schema.hpp"

namespace meterrig::plan {

// Where the project's own files are found: beside the program (`config` in its folder or one above), then under the
// installed prefix (`share/meterrig/config`), then in METERRIG_CONFIG.
class ConfigPath {
 public:
  // `program`: path of the running program; folders that don't exist are left out.
  static ConfigPath find(const std::filesystem::path& program);
  // The same for the running process.
  static ConfigPath find();
  explicit ConfigPath(std::vector<std::filesystem::path> folders) : folders_(std::move(folders)) {}

  const std::vector<std::filesystem::path>& folders() const noexcept { return folders_; }
  // A file by path, or by name under KIND (`plans`, `rigs`, ...), with or without `.json`. What names an existing file
  // is taken as a path. Throws UserError that lists the nearest name.
  std::filesystem::path resolve(std::string_view kind, const std::string& path_or_name) const;
  // By name alone: a file of that name where the user happens to stand is not taken for the project's own.
  std::filesystem::path named(std::string_view kind, const std::string& name) const;
  // Names under KIND, sorted, without `.json`.
  std::vector<std::string> names(std::string_view kind) const;
  std::filesystem::path schema(std::string_view name) const;

 private:
  std::vector<std::filesystem::path> folders_;
};

}  // namespace meterrig::plan
