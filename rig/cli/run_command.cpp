#include <memory>

#include "rig/cli/command.hpp"
#include "rig/cli/run_session.hpp"

namespace meterrig::cli {

namespace {

constexpr const char* footer =
    "Examples:\n"
    "  meterrig run cjt503-auto\n"
    "  meterrig run cjt503-auto --only 5.3.8 --seed 7\n"
    "  meterrig run cjt503-auto --defect cjt503-5.3.8-d3@2     sample 2 has a fault: expect exit 1\n"
    "  meterrig run cjt503-auto --rig bench.json --dut a.json --dut b.json\n"
    "  meterrig run cjt503-auto --rig shared-analyser --estimate\n"
    "  meterrig run cjt484-type --job order-1234.json          with the certificates of other laboratories\n"
    "  meterrig run my-plan.json --procedures mine.py          with procedures of your own\n"
    "  meterrig run my-plan.json --record - | jq .verdict\n\n"
    "Ctrl-C once: the step under way is stopped, outputs go to their safe state, the record is written.\n"
    "Ctrl-C twice: straight to the safe state.";

void add_what(CLI::App& command, RunOptions& options) {
  command.add_option("plan", options.plan, "Plan: a file, or a name of `meterrig list plans`")
      ->required()
      ->type_name("PLAN");
  command
      .add_option("--rig", options.rig, "Rig file, or a name under config/rigs; without it the plan's own virtual rig")
      ->type_name("FILE");
  command.add_option("--dut", options.duts, "What the maker declares of a sample; once for each station in use")
      ->type_name("FILE")
      ->allow_extra_args(false);
  command
      .add_option("--only", options.only, "Only these clauses, and what they depend on: 5.3.8, 6.10, an id, a group")
      ->type_name("CLAUSE,...")
      ->delimiter(',')
      ->allow_extra_args(false);
  command
      .add_option("--job", options.job,
                  "Client, order, agreements and certificates, in the place of the plan's own `job`")
      ->type_name("FILE");
  command.add_option("--procedures", options.procedures, "Procedures of your own, in Python; docs/guide-python.md")
      ->type_name("FILE.py")
      ->allow_extra_args(false);
  command.add_option("--answers", options.answers, "Administrative fields; on virtual rigs observations, too")
      ->type_name("FILE");
  command
      .add_option("--override", options.override_by,
                  "Run although an instrument falls short; its clauses are recorded at best")
      ->type_name("WHO:WHY");
  CLI::Option* const estimate =
      command.add_flag("--estimate", options.estimate, "Print the schedule and how long it takes, and do nothing");
  command.add_flag("--json", options.json, "The schedule as JSON")->needs(estimate);
}

void add_simulation(CLI::App& command, RunOptions& options) {
  command.add_option("--clock", options.clock, "wall as soon as one member is real, else virtual")
      ->check(CLI::IsMember({"wall", "virtual"}))
      ->type_name("wall|virtual");
  command.add_option("--seed", options.seed, "Seed of the virtual bench")->type_name("N")->capture_default_str();
  command.add_option("--defect", options.defects, "Put a defect into a virtual meter; see `meterrig list defects`")
      ->type_name("NAME[@SAMPLE]")
      ->allow_extra_args(false);
  command.add_option("--fault", options.faults, "Put a misbehaviour into the virtual rig")
      ->type_name("NAME[@STATION]")
      ->allow_extra_args(false);
}

void add_output(CLI::App& command, RunOptions& options) {
  command.add_option("--data", options.data, "Where runs are kept")
      ->type_name("DIR")
      ->default_val(std::string(default_data));
  command.add_option("--record", options.record, "Write the run as one JSON document; - is standard output")
      ->type_name("FILE");
  command.add_option("--lang", options.lang, "Language of the display; as LANG says without it")
      ->check(CLI::IsMember({"zh", "en"}))
      ->type_name("zh|en");
}

}  // namespace

void add_run(CLI::App& app, Action& action, Start start) {
  CLI::App* const command = app.add_subcommand("run", "Run a plan on a rig");
  auto options = std::make_shared<RunOptions>();
  add_what(*command, *options);
  add_simulation(*command, *options);
  add_output(*command, *options);
  command->footer(footer);
  command->callback([options, start = std::move(start), &action] {
    action = [options, start] {
      if (!options->procedures.empty() && !start.host) go_on_in_python(start.words);
      OwnProcedures own;
      if (start.host) own = start.host->read(options->procedures);
      RunFiles files = read_run_files(*options, own);
      return options->estimate ? show_estimate(std::move(files), *options) : run_session(std::move(files), *options);
    };
  });
}

}  // namespace meterrig::cli
