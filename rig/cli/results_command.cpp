#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <filesystem>
#include <memory>
#include <set>

#include "core/json/text.hpp"
#include "rig/cli/command.hpp"
#include "rig/cli/language.hpp"
#include "rig/cli/output_files.hpp"
#include "rig/cli/waveform_export.hpp"
#include "rig/plan/dates.hpp"
#include "rig/record/result_search.hpp"
#include "rig/record/sqlite_store.hpp"

namespace meterrig::cli {

namespace {

struct ResultsOptions {
  fs::path data;
  std::string run = "latest";
  std::string lang;
  bool as_json = false;
  std::string waveform;
  std::string format;
  fs::path output;
  bool bom = false;
  double from_s = 0;
  double to_s = INFINITY;
  record::ResultFilter filter;
};

void add_days(CLI::App& command, record::ResultFilter& filter) {
  command.add_option("--since", filter.since, "Runs that began on this day (UTC) or later")->type_name("YYYY-MM-DD");
  command.add_option("--until", filter.until, "The same, or earlier")->type_name("YYYY-MM-DD");
}

void add_filter(CLI::App& command, record::ResultFilter& filter) {
  command.add_option("--plan", filter.plan, "Runs of this plan")->type_name("ID");
  command.add_option("--dut", filter.dut, "With a result of the sample of this serial number")->type_name("SERIAL");
  command.add_option("--model", filter.model, "With a result of this model")->type_name("MODEL");
  command.add_option("--clause", filter.clause, "With a result of this clause: 5.3.8, 6.10, an id")
      ->type_name("CLAUSE");
  command.add_option("--verdict", filter.verdict, "With a result that says so: fail")->type_name("VERDICT");
  add_days(command, filter);
  command.footer(
      "A result must fit all that is asked.\nExample:\n  meterrig results list --clause 5.3.8 --verdict fail");
}

void add_common(CLI::App& command, ResultsOptions& options) {
  command.add_option("--data", options.data, "Where runs are kept")
      ->type_name("DIR")
      ->default_val(std::string(default_data));
  command.add_flag("--json", options.as_json, "As JSON");
  command.add_option("--lang", options.lang, "Language; as LANG says without it")
      ->check(CLI::IsMember({"zh", "en"}))
      ->type_name("zh|en");
}

void add_waveform(CLI::App& command, ResultsOptions& options) {
  CLI::Option* const which =
      command
          .add_option("--waveform", options.waveform,
                      "A waveform instead: its name, NAME@SAMPLE, or the beginning of its SHA-256")
          ->type_name("WHICH");
  command
      .add_option("--format", options.format,
                  "Of the measurements csv, xlsx, hdf5 with all waveforms, json;\n"
                  "of one waveform csv, npy, or float32 described in FILE.json;\n"
                  "npy without it for FILE.npy")
      ->check(CLI::IsMember({"csv", "xlsx", "hdf5", "json", "npy", "float32"}))
      ->type_name("csv|xlsx|hdf5|json|npy|float32");
  command.add_option("-o,--output", options.output, "The file; standard output without it")->type_name("FILE");
  command.add_flag("--bom", options.bom, "Begin a csv of measurements with a byte order mark, for spreadsheets");
  command.add_option("--from", options.from_s, "From this second of the waveform on")->type_name("S")->needs(which);
  command.add_option("--to", options.to_s, "Up to this second")->type_name("S")->needs(which);
  command.footer(
      "Examples:\n"
      "  meterrig results export latest > journal.txt\n"
      "  meterrig results export latest --format xlsx --output measurements.xlsx\n"
      "  meterrig results export latest --waveform quiescent_current@1 --output i.npy");
}

// "2026-11-21".
void check_day(const std::string& option, const std::string& day) {
  if (day.empty() || plan::parse_day(day)) return;
  throw UserError(fmt::format("{}: found {}; expected a day such as 2026-11-21", option, json::in_quotes(day)));
}

std::vector<record::FoundResult> find(record::JournalStore& store, const record::ResultFilter& filter) {
  check_day("--since", filter.since);
  check_day("--until", filter.until);
  if (!filter.verdict.empty() && !record::verdict_from(filter.verdict))
    throw UserError(
        fmt::format("--verdict: found {}; expected pass, fail, not_applicable, inconclusive, void, recorded "
                    "or not_tested",
                    json::in_quotes(filter.verdict)));
  return record::find_results(store, filter);
}

int list_runs(const ResultsOptions& options) {
  record::SqliteStore store(options.data, record::SqliteStore::Missing::refuse);
  std::set<std::string> wanted;
  if (options.filter.any())
    for (const record::FoundResult& one : find(store, options.filter)) wanted.insert(one.run);
  nlohmann::ordered_json objects = nlohmann::ordered_json::array();
  for (const record::RunInfo& run : store.list_runs()) {
    if (options.filter.any() && !wanted.contains(run.run)) continue;
    const nlohmann::ordered_json verdict =
        run.verdict.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(run.verdict);
    objects.push_back(
        {{"run", run.run}, {"plan", run.plan}, {"state", run.state}, {"verdict", verdict}, {"started", run.started}});
    if (!options.as_json) {
      fmt::print("{:<36} {:<16} {:<12} {:<15} {}\n", run.run, run.plan, run.state,
                 run.verdict.empty() ? "-" : run.verdict, run.started.substr(0, 19));
    }
  }
  if (options.as_json) fmt::print("{}\n", objects.dump(2));
  if (!options.as_json && objects.empty())
    fmt::print(stderr, "meterrig: no run {}\n", options.filter.any() ? "has such a result" : "is kept here");
  return 0;
}

// Every result that an instrument had its part in, in any attempt: for the day when it proves to have been wrong.
int list_affected(const ResultsOptions& options) {
  record::SqliteStore store(options.data, record::SqliteStore::Missing::refuse);
  nlohmann::ordered_json objects = nlohmann::ordered_json::array();
  for (const record::FoundResult& one : find(store, options.filter)) {
    objects.push_back({{"run", one.run},
                       {"plan", one.plan},
                       {"started", one.started},
                       {"sample", one.sample},
                       {"serial", one.dut},
                       {"model", one.model},
                       {"id", one.clause},
                       {"verdict", one.verdict},
                       {"roles", one.roles}});
    if (!options.as_json)
      fmt::print("{:<36} {:.19}  #{:<3} {:<14} {:<24} {:<15} {}\n", one.run, one.started, one.sample, one.dut,
                 one.clause, one.verdict, fmt::join(one.roles, " "));
  }
  if (options.as_json) fmt::print("{}\n", objects.dump(2));
  return 0;
}

// A run that was killed has a record as well: its state is `interrupted`.
int show_run(const ResultsOptions& options) {
  record::SqliteStore store(options.data, record::SqliteStore::Missing::refuse);
  const std::string run = store.find_run(options.run);
  const Language language = language_of(options.lang);
  const auto record = verified_record(store, run, language);
  if (!record) return broken_record;
  if (options.as_json) {
    fmt::print("{}", record_text(*record));
    return 0;
  }
  fmt::print("{} {}  {}  {}\n\n{}", say(language, "运行", "run"), run, record->value("state", ""),
             record->value("started", nlohmann::json()).is_string() ? record->value("started", "") : "",
             summary_text(*record, language));
  return 0;
}

int export_one_waveform(record::JournalStore& store, const std::string& run, const ResultsOptions& options) {
  const auto record = verified_record(store, run, language_of(options.lang));
  if (!record) return broken_record;
  const bool npy = options.format.empty() ? options.output.extension() == ".npy" : options.format == "npy";
  const WaveformFormat format = npy                           ? WaveformFormat::npy
                                : options.format == "float32" ? WaveformFormat::float32
                                                              : WaveformFormat::csv;
  export_waveform(store, find_waveform(*record, options.waveform), format, {options.from_s, options.to_s},
                  options.output);
  return 0;
}

// One event a line: its hash, a space, its canonical bytes. docs/journal.md shows how to check them without us.
// Measurements as tables, in Python over the package (bindings/meterrig/export.py).
[[noreturn]] void export_measurements(const std::string& run, const ResultsOptions& options) {
  if (options.format == "npy" || options.format == "float32")
    throw UserError(fmt::format("--format {} is of one waveform: name it with --waveform", options.format));
  std::vector<std::string> words{"meterrig", run, "--data", options.data.string(), "--format", options.format};
  if (!options.output.empty()) words.insert(words.end(), {"-o", options.output.string()});
  if (!options.lang.empty()) words.insert(words.end(), {"--lang", options.lang});
  if (options.bom) words.emplace_back("--bom");
  go_on_in_python(words, "meterrig.export");
}

int export_run(const ResultsOptions& options) {
  record::SqliteStore store(options.data, record::SqliteStore::Missing::refuse);
  const std::string run = store.find_run(options.run);
  if (!options.waveform.empty()) return export_one_waveform(store, run, options);
  if (!options.format.empty()) export_measurements(run, options);
  if (!options.output.empty())
    throw UserError("--output needs --format or --waveform; the journal goes to standard output");
  for (const record::StoredEvent& event : store.read_events(run))
    fmt::print("{} {}\n", record::hex(event.hash), event.bytes);
  return 0;
}

}  // namespace

void add_results(CLI::App& app, Action& action) {
  CLI::App* const command = app.add_subcommand("results", "List runs, or show one again");
  command->require_subcommand(1);
  command->footer(
      "Examples:\n  meterrig results list\n  meterrig results show latest\n  meterrig results show sim-0b2f --json");
  auto options = std::make_shared<ResultsOptions>();
  CLI::App* const list = command->add_subcommand("list", "All runs, or those with such results, the latest last");
  add_common(*list, *options);
  add_filter(*list, options->filter);
  list->callback([options, &action] { action = [options] { return list_runs(*options); }; });
  CLI::App* const affected =
      command->add_subcommand("affected", "Every result that an instrument had its part in, in any attempt");
  add_common(*affected, *options);
  affected->add_option("--instrument", options->filter.instrument, "Its serial number, or its name in the rig file")
      ->required()
      ->type_name("SERIAL");
  add_days(*affected, options->filter);
  affected->callback([options, &action] { action = [options] { return list_affected(*options); }; });
  CLI::App* const show = command->add_subcommand("show", "The verdict table of a run, or its record as JSON");
  const auto add_run = [&options](CLI::App& of) {
    of.add_option("run", options->run, "An id, a unique beginning of one, or latest")
        ->type_name("RUN")
        ->capture_default_str();
    add_common(of, *options);
  };
  add_run(*show);
  show->callback([options, &action] { action = [options] { return show_run(*options); }; });
  add_integrity(*command, action);
  CLI::App* const exported =
      command->add_subcommand("export", "The journal of a run with its hashes; or its measurements; or a waveform");
  add_run(*exported);
  add_waveform(*exported, *options);
  exported->callback([options, &action] { action = [options] { return export_run(*options); }; });
}

}  // namespace meterrig::cli
