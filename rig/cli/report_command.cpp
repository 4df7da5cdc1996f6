#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>

#include "rig/cli/command.hpp"
#include "rig/cli/language.hpp"
#include "rig/cli/output_files.hpp"
#include "rig/record/junit.hpp"
#include "rig/record/sqlite_store.hpp"

namespace meterrig::cli {

namespace {

using Json = nlohmann::json;

// By the report program, which goes by the file's ending.
constexpr std::array rendered{"html", "pdf", "xlsx", "atml"};

struct ReportOptions {
  fs::path data;
  fs::path output;
  std::string run;
  std::string lang = "both";
  std::string document;
  std::string number;
  fs::path templates;
  std::vector<std::string> formats;
};

bool wants(const ReportOptions& options, const char* format) {
  return std::find(options.formats.begin(), options.formats.end(), format) != options.formats.end();
}

void told(const fs::path& file) { fmt::print("{}\n", file.string()); }

// Which formats a document has; the inspection report is what the first two are of without --document.
void check_formats(ReportOptions& options) {
  const bool report = options.document.empty() || options.document == "report";
  if (options.formats.empty()) options.formats = {report ? "html" : "pdf"};
  if (options.document.empty()) return;
  const std::vector<std::string> fit =
      report ? std::vector<std::string>{"html", "pdf"} : std::vector<std::string>{"pdf", "xlsx"};
  for (const std::string& format : options.formats)
    if (std::find(fit.begin(), fit.end(), format) == fit.end())
      throw UserError(
          fmt::format("--format {}: --document {} is made as {} or {}", format, options.document, fit[0], fit[1]));
}

fs::path file_of(const ReportOptions& options, const std::string& run, const std::string& format) {
  const fs::path folder = options.output.empty() ? options.data / "reports" : options.output;
  const bool plain = options.document.empty() || options.document == "report";
  const std::string document = plain ? "" : "-" + options.document;
  return folder / (run + document + (format == "atml" ? ".atml.xml" : format == "junit" ? ".xml" : "." + format));
}

// The approved report that is asked for; null when a report is to be rendered: there is no approved one, or what is
// asked for is none.
const record::ReportDocument* approved_report(const ReportOptions& options, const record::Approval& approval) {
  if (!options.document.empty() && options.document != "report") return nullptr;
  if (options.number.empty()) {
    const record::ReportDocument& newest = approval.newest();
    return newest.state == record::ApprovalState::approved ? &newest : nullptr;
  }
  const record::ReportDocument* const found = approval.approved(options.number);
  if (found) return found;
  throw UserError(fmt::format("--number: no report {} of this run was approved", options.number));
}

// The bytes that were approved.
bool hand_out(record::JournalStore& store, const record::ReportDocument& report, const std::string& language,
              const std::string& format, const fs::path& file) {
  std::string kept;
  for (const Json& one : report.files) {
    kept += fmt::format("{}{} ({})", kept.empty() ? "" : ", ", one.at("format").get<std::string>(),
                        one.at("language").get<std::string>());
    if (one.at("format") != format || one.at("language") != language) continue;
    const std::string name = one.at("sha256");
    write_file(file, store.read_blob(record::digest_from(name).value()).value());
    told(file);
    return true;
  }
  fmt::print(stderr, "meterrig: report {} was approved as {}; nothing else is made of an approved report\n",
             report.number, kept);
  return false;
}

bool make_rendered(record::JournalStore& store, const ReportOptions& options, const RunPapers& papers) {
  const record::ReportDocument* const approved = approved_report(options, papers.approval);
  if (approved && !options.templates.empty())
    throw UserError(fmt::format("report {} is approved and stays as it is: leave --templates out", approved->number));
  if (approved && approved->state == record::ApprovalState::superseded)
    fmt::print(stderr, "meterrig: report {} is superseded by {}\n", approved->number,
               papers.approval.approved("")->number);
  const fs::path record = keep_record(store, options.data, papers);
  Rendering how(language_of(options.lang));
  how.templates = options.templates;
  bool made = true;
  for (const std::string format : rendered) {
    if (!wants(options, format.c_str())) continue;
    const fs::path file = file_of(options, papers.run, format);
    if (approved && (format == "html" || format == "pdf")) {
      made = hand_out(store, *approved, options.lang, format, file) && made;
      continue;
    }
    how.document = options.document.empty() && format == "xlsx" ? "record" : options.document;
    const bool good = render_report(plan::ConfigPath::find(), record, file, how);
    if (good) told(file);
    made = made && good;
  }
  return made;
}

int make_report(ReportOptions options) {
  check_formats(options);
  record::SqliteStore store(options.data, record::SqliteStore::Missing::refuse);
  const std::string run = store.find_run(options.run);
  const auto record = verified_record(store, run, language_of(""));
  if (!record) return broken_record;
  if (const std::string fault = papers_fault(store, options.data, run); !fault.empty()) {
    fmt::print(stderr, "meterrig: run {} is not what was written, so there is no report: {}\n", run, fault);
    return broken_record;
  }
  const auto write = [&](const char* format, const std::string& text) {
    const fs::path file = file_of(options, run, format);
    write_file(file, text);
    told(file);
  };
  if (wants(options, "junit")) write("junit", record::junit_xml(*record));
  if (wants(options, "json")) write("json", record_text(*record));
  return make_rendered(store, options, papers_of(store, run, *record)) ? 0 : not_made;
}

void add_choices(CLI::App& command, ReportOptions& options) {
  command
      .add_option("--format", options.formats,
                  "html, pdf: the report; xlsx: the original record; junit; atml: IEEE 1636.1; json")
      ->check(CLI::IsMember({"html", "pdf", "xlsx", "junit", "atml", "json"}))
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("html,pdf,xlsx,junit,atml,json");
  command
      .add_option("--document", options.document,
                  "report as html, pdf; original record or equipment usage as pdf, xlsx")
      ->check(CLI::IsMember({"report", "record", "equipment"}))
      ->type_name("report|record|equipment");
  command.add_option("--number", options.number, "An approved report by its number, also when it is superseded")
      ->type_name("NUMBER");
  command.add_option("--templates", options.templates, "Folder whose files take the place of the report's own")
      ->check(CLI::ExistingDirectory)
      ->type_name("DIR");
  command.add_option("--lang", options.lang, "Language of the inspection report")
      ->check(CLI::IsMember({"zh", "en", "both"}))
      ->type_name("zh|en|both")
      ->capture_default_str();
}

}  // namespace

void add_report(CLI::App& app, Action& action) {
  CLI::App* const command = app.add_subcommand("report", "Make the report of a run, in one format or several");
  auto options = std::make_shared<ReportOptions>();
  command->add_option("run", options->run, "An id, a unique beginning of one, or latest")->required()->type_name("RUN");
  add_choices(*command, *options);
  command->add_option("--output", options->output, "Folder for the files; DATA/reports without it")->type_name("DIR");
  command->add_option("--data", options->data, "Where runs are kept")
      ->type_name("DIR")
      ->default_val(std::string(default_data));
  command->footer(
      "An approved report is not made again: its bytes are those that were approved.\n"
      "Examples:\n  meterrig report latest --format pdf,xlsx --output out\n"
      "  meterrig report latest --document equipment");
  command->callback([options, &action] { action = [options] { return make_report(*options); }; });
}

}  // namespace meterrig::cli
