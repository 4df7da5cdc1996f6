#include "rig/cli/output_files.hpp"

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <vector>

#include "rig/cli/waveform_plots.hpp"
#include "rig/record/record_fold.hpp"
#include "rig/record/verdict_table.hpp"

extern char** environ;

namespace meterrig::cli {

namespace {

using Json = nlohmann::json;

// Debian's own: the report's libraries belong to it, and another python3 may come first on the path.
constexpr const char* python = "/usr/bin/python3";

std::optional<fs::path> report_program(const plan::ConfigPath& config) {
  for (const fs::path& folder : config.folders()) {
    const fs::path program = folder.parent_path() / "reports" / "render.py";
    std::error_code error;
    if (fs::is_regular_file(program, error)) return program;
  }
  return std::nullopt;
}

// What it prints goes to standard error: standard output may be the record.
int run_program(std::vector<std::string> words) {
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  pid_t child = 0;
  const int failed = posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) return -1;
  int status = 0;
  while (waitpid(child, &status, 0) < 0) {
    if (errno != EINTR) return -1;
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// What keep_record() lays beside a record.
fs::path beside(const fs::path& record, const char* folder) {
  return record.parent_path().parent_path() / folder / record.filename();
}

}  // namespace

std::optional<Json> verified_record(record::JournalStore& store, const std::string& run, Language language) {
  const record::ChainReport report = store.verify(run);
  if (report.ok()) return record::fold_record(record::parse_events(store.read_events(run)));
  fmt::print(
      stderr, "meterrig: {}\n",
      say(language, fmt::format("运行 {} 的记录已被改动，不出具报告：{}", run, report.text),
          fmt::format("the record of run {} is not what was written, so there is no report: {}", run, report.text)));
  return std::nullopt;
}

std::string record_text(const Json& record) {
  return record.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

void write_file(const fs::path& file, const std::string& text) {
  std::error_code error;
  if (file.has_parent_path()) fs::create_directories(file.parent_path(), error);
  const fs::path partial = file.string() + ".part";
  std::ofstream out(partial, std::ios::binary);
  out << text;
  out.close();
  const int reason = errno;
  if (out) fs::rename(partial, file, error);
  if (!out || error) {
    throw UserError(fmt::format("can't write {}: {}", file.string(), error ? error.message() : std::strerror(reason)));
  }
}

fs::path keep_record(record::JournalStore& store, const fs::path& data, const std::string& run, const Json& record) {
  return keep_record(store, data, papers_of(store, run, record));
}

fs::path keep_record(record::JournalStore& store, const fs::path& data, const RunPapers& papers) {
  const fs::path file = data / "records" / (papers.run + ".json");
  write_file(file, record_text(papers.record));
  write_file(beside(file, "plots"), waveform_plots(store, papers.record).dump());
  write_file(beside(file, "dossiers"), dossier_of(store, data, papers).dump(2) + "\n");
  return file;
}

bool render_report(const plan::ConfigPath& config, const fs::path& record, const fs::path& report,
                   const Rendering& how) {
  const auto program = report_program(config);
  if (!program) {
    fmt::print(stderr, "meterrig: found no reports/render.py beside the program; no report was made\n");
    return false;
  }
  std::error_code error;
  fs::create_directories(report.parent_path(), error);
  std::vector<std::string> words{python, program->string(), record.string(), "--lang", word(how.language)};
  words.insert(words.end(), {"--plots", beside(record, "plots").string(), "--output", report.string()});
  words.insert(words.end(), {"--dossier", beside(record, "dossiers").string()});
  if (!how.document.empty()) words.insert(words.end(), {"--document", how.document});
  if (!how.templates.empty()) words.insert(words.end(), {"--templates", how.templates.string()});
  const int code = run_program(std::move(words));
  if (code == 0) return true;
  fmt::print(stderr, "meterrig: {} {} {} failed, no report was made\n", python, program->string(), record.string());
  return false;
}

const char* word(Language language) {
  return language == Language::both ? "both" : language == Language::zh ? "zh" : "en";
}

std::string summary_text(const Json& record, Language language) {
  std::string text = record::render_table(record::verdict_table(record), language);
  const Json conclusion = record.value("conclusion", Json::object()).value("text", Json::object());
  if (conclusion.is_object() && !conclusion.empty()) {
    text += "\n" + say(language, conclusion.value("zh", ""), conclusion.value("en", "")) + "\n";
  }
  const Json reason = record.value("reason", Json());
  if (reason.is_string()) text += fmt::format("{}: {}\n", say(language, "原因", "reason"), reason.get<std::string>());
  return text;
}

}  // namespace meterrig::cli
