#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include <fmt/format.h>

#include "core/errors.hpp"
#include "rig/cli/program.hpp"
#include "rig/plan/program_file.hpp"

namespace meterrig::cli {

namespace {

namespace fs = std::filesystem;

// Debian's own: the module is built for it, and another python3 may come first on the path.
constexpr const char* python = "/usr/bin/python3";

// In the build tree, and under an installed prefix.
fs::path package_folder() {
  const fs::path beside = plan::program_file().parent_path();
  for (const fs::path& folder : {beside / "python", beside.parent_path() / "lib" / "python3" / "dist-packages"}) {
    std::error_code error;
    if (fs::is_regular_file(folder / "meterrig" / "__init__.py", error)) return folder;
  }
  throw UserError(
      "found no Python package meterrig beside the program; build it with `cmake --build --preset "
      "release --target python`");
}

}  // namespace

void go_on_in_python(const std::vector<std::string>& words, const std::string& module) {
  const char* const known = std::getenv("PYTHONPATH");
  const std::string path = package_folder().string() + (known && *known ? std::string(":") + known : std::string());
  setenv("PYTHONPATH", path.c_str(), 1);
  std::vector<std::string> all{python, "-m", module};
  all.insert(all.end(), words.begin() + 1, words.end());
  std::vector<char*> argv;
  for (std::string& word : all) argv.push_back(word.data());
  argv.push_back(nullptr);
  execv(python, argv.data());
  throw Error(fmt::format("{} can't be started: {}", python, std::strerror(errno)));
}

}  // namespace meterrig::cli
