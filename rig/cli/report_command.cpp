#include <fmt/format.h>

#include <array>
#include <memory>

#include "rig/cli/command.hpp"
#include "rig/cli/language.hpp"
#include "rig/cli/output_files.hpp"
#include "rig/record/junit.hpp"
#include "rig/record/sqlite_store.hpp"

namespace meterrig::cli {

namespace {

constexpr int not_made = 3;
// By the report program, which goes by the file's ending.
constexpr std::array rendered{"html", "pdf", "xlsx"};

struct ReportOptions {
  fs::path data;
  fs::path output;
  std::string run;
  std::string lang = "both";
  std::vector<std::string> formats{"html"};
};

bool wants(const ReportOptions& options, const char* format) {
  return std::find(options.formats.begin(), options.formats.end(), format) != options.formats.end();
}

int make_report(const ReportOptions& options) {
  record::SqliteStore store(options.data, record::SqliteStore::Missing::refuse);
  const std::string run = store.find_run(options.run);
  const auto record = verified_record(store, run, language_of(""));
  if (!record) return broken_record;
  const fs::path folder = options.output.empty() ? options.data / "reports" : options.output;
  const fs::path base = folder / run;
  auto told = [](const fs::path& file) { fmt::print("{}\n", file.string()); };
  if (wants(options, "junit")) {
    write_file(base.string() + ".xml", record::junit_xml(*record));
    told(base.string() + ".xml");
  }
  if (wants(options, "json")) {
    write_file(base.string() + ".json", record_text(*record));
    told(base.string() + ".json");
  }
  bool made = true;
  const fs::path kept = keep_record(store, options.data, run, *record);
  for (const char* const format : rendered) {
    if (!wants(options, format)) continue;
    const fs::path file = base.string() + "." + format;
    const bool good = render_report(plan::ConfigPath::find(), kept, file, language_of(options.lang));
    if (good) told(file);
    made = made && good;
  }
  return made ? 0 : not_made;
}

}  // namespace

void add_report(CLI::App& app, Action& action) {
  CLI::App* const command = app.add_subcommand("report", "Make the report of a run, in one format or several");
  auto options = std::make_shared<ReportOptions>();
  command->add_option("run", options->run, "An id, a unique beginning of one, or latest")->required()->type_name("RUN");
  command
      ->add_option("--format", options->formats,
                   "html, pdf (the inspection report), xlsx (the original record), junit, json")
      ->check(CLI::IsMember({"html", "pdf", "xlsx", "junit", "json"}))
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("html,pdf,xlsx,junit,json");
  command->add_option("--lang", options->lang, "Language of the inspection report")
      ->check(CLI::IsMember({"zh", "en", "both"}))
      ->type_name("zh|en|both")
      ->capture_default_str();
  command->add_option("--output", options->output, "Folder for the files; DATA/reports without it")->type_name("DIR");
  command->add_option("--data", options->data, "Where runs are kept")
      ->type_name("DIR")
      ->default_val(std::string(default_data));
  command->footer("Example:\n  meterrig report latest --format pdf,xlsx --output out");
  command->callback([options, &action] { action = [options] { return make_report(*options); }; });
}

}  // namespace meterrig::cli
