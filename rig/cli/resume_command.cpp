#include <memory>

#include <fmt/format.h>

#include "rig/cli/command.hpp"
#include "rig/cli/run_session.hpp"
#include "rig/record/sqlite_store.hpp"
#include "rig/run/resumption.hpp"

namespace meterrig::cli {

namespace {

struct ResumeOptions {
  std::filesystem::path data;
  std::string run;
  std::string by;
  std::string record;
  std::string lang;
};

int resume(const ResumeOptions& wanted, const Start& start) {
  const std::filesystem::path data = std::filesystem::absolute(wanted.data).lexically_normal();
  const bool to_file = !wanted.record.empty() && wanted.record != "-";
  const std::string record = to_file ? std::filesystem::absolute(wanted.record).string() : wanted.record;
  std::optional<rig::Resumption> resumption;
  std::optional<std::string> words;
  {
    record::SqliteStore store(data, record::SqliteStore::Missing::refuse);
    const std::string run = store.find_run(wanted.run);
    resumption.emplace(store, run, wanted.by);
    words = store.words(run);
    if (!words)
      throw UserError(fmt::format(
          "run {} does not say what it was started with; test the rest with a new run: `meterrig run --only ...`",
          run));
  }
  RunOptions options = options_from(*words);
  if (!options.procedures.empty() && !start.host) go_on_in_python(start.words);
  enter_folder_of(*words);
  OwnProcedures own;
  if (start.host) own = start.host->read(options.procedures);
  options.data = data;
  options.record = record;
  options.lang = wanted.lang;
  return run_session(read_run_files(options, own), options, &*resumption);
}

}  // namespace

void add_resume(CLI::App& app, Action& action, Start start) {
  CLI::App* const command = app.add_subcommand("resume", "Go on with a run that was cut off or aborted");
  auto options = std::make_shared<ResumeOptions>();
  command->add_option("run", options->run, "An id, a unique beginning of one, or latest")->required()->type_name("RUN");
  command->add_option("--by", options->by, "Who lets it go on; for the record")->type_name("NAME");
  command->add_option("--data", options->data, "Where runs are kept")
      ->type_name("DIR")
      ->default_val(std::string(default_data));
  command->add_option("--record", options->record, "Write the run as one JSON document; - is standard output")
      ->type_name("FILE");
  command->add_option("--lang", options->lang, "Language of the display; as LANG says without it")
      ->check(CLI::IsMember({"zh", "en"}))
      ->type_name("zh|en");
  command->footer(
      "Clauses that have their verdict stay; one that was cut off is void and starts again, valve durability goes on\n"
      "from its last acknowledged cycle. Files and instruments have to be those that the run began with.\n\n"
      "Example:\n  meterrig resume latest --by \"Li Wei\"");
  command->callback(
      [options, start = std::move(start), &action] { action = [options, start] { return resume(*options, start); }; });
}

}  // namespace meterrig::cli
