#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "core/errors.hpp"
#include "rig/plan/loader.hpp"

namespace meterrig::plan {

inline std::filesystem::path config_folder() { return std::filesystem::path(METERRIG_SOURCE_DIR) / "config"; }

inline Loader shipped() { return Loader(ConfigPath({config_folder()})); }

// The message of the UserError that the call must throw.
inline std::string refusal(const std::function<void()>& call) {
  try {
    call();
  } catch (const UserError& error) {
    return error.what();
  }
  return "(accepted)";
}

inline std::string text_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

// A shipped file with one piece of its text changed; the piece must be there.
inline std::string changed(const std::string& file, const std::string& from, const std::string& to) {
  std::string text = text_of(config_folder() / file);
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << file << " has no " << from;
  if (at != std::string::npos) text.replace(at, from.size(), to);
  return text;
}

// A file of the test's own folder, gone with the test.
class Scratch {
 public:
  Scratch() {
    std::string name = (std::filesystem::temp_directory_path() / "meterrig-XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    folder_ = name;
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() { std::filesystem::remove_all(folder_); }
  std::filesystem::path write(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories((folder_ / name).parent_path());
    std::ofstream(folder_ / name, std::ios::binary) << text;
    return folder_ / name;
  }
  const std::filesystem::path& folder() const { return folder_; }

 private:
  std::filesystem::path folder_;
};

// `from` in a shipped file becomes `to`: what is then said.
struct MessageCase {
  const char* file;
  const char* from;
  const char* to;
  const char* message;
};

// What `meterrig check` says of a changed shipped file. The line is counted from the changed one: `@`, `@-3`.
inline std::string check_changed(const std::string& file, const std::string& from, const std::string& to) {
  const Scratch scratch;
  const std::string text = changed(file, from, to);
  const auto path = scratch.write("x.json", text);
  std::string message = refusal([&] { shipped().check(path); });
  const std::string prefix = path.string() + ":";
  if (!message.starts_with(prefix)) return message;
  message.erase(0, prefix.size());
  const std::size_t at = text_of(config_folder() / file).find(from);
  const auto change = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
  const auto offset = std::stol(message) - change;
  return "@" + (offset == 0 ? "" : std::to_string(offset)) + message.substr(message.find(':'));
}

}  // namespace meterrig::plan
