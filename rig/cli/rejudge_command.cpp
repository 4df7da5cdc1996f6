#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "rig/cli/command.hpp"
#include "rig/cli/language.hpp"
#include "rig/cli/output_files.hpp"
#include "rig/record/sqlite_store.hpp"
#include "rig/run/rejudge.hpp"

namespace meterrig::cli {

namespace {

using Json = nlohmann::ordered_json;

struct RejudgeOptions {
  fs::path data;
  std::string run;
  std::string standard;
  std::string rule;
  double guard_factor = 1;
  std::string lang;
  bool as_json = false;
};

rig::OtherJudgement judgement_of(const RejudgeOptions& options) {
  using Rule = plan::DecisionRule::Rule;
  rig::OtherJudgement other{options.standard, std::nullopt};
  for (const Rule rule : {Rule::simple_acceptance, Rule::guard_band, Rule::jjf_1094})
    if (options.rule == plan::word(rule))
      other.rule = plan::DecisionRule{.rule = rule, .guard_factor = options.guard_factor};
  return other;
}

Json json_of(const rig::Rejudged& one) {
  Json flips = Json::array();
  for (const rig::Flip& flip : one.flips)
    flips.push_back({{"assumption", flip.assumption}, {"verdict", record::word(flip.verdict)}});
  return {{"sample", one.sample},
          {"id", one.clause},
          {"by", one.by},
          {"name", one.name},
          {"value", one.value},
          {"unit", one.unit},
          {"expanded_uncertainty", one.expanded_uncertainty},
          {"limit", one.limit},
          {"decision", one.outcome},
          {"was", record::word(one.was)},
          {"verdict", record::word(one.is)},
          {"flips", std::move(flips)}};
}

std::string_view shown(record::Verdict verdict, Language language) {
  return language == Language::en ? record::word(verdict) : record::word_zh(verdict);
}

void print_for_people(const rig::Rejudged& one, Language language) {
  fmt::print("#{:<3} {:<24} {} = {} {}, U = {:.3g}; {} ({}): {}, {} {}\n", one.sample, one.clause, one.name,
             one.value.dump(), one.unit, one.expanded_uncertainty, one.limit, one.by, shown(one.is, language),
             say(language, "原判定", "was"), shown(one.was, language));
  for (const rig::Flip& flip : one.flips)
    fmt::print("     {} {}: {}\n", say(language, "若按", "under"), flip.assumption, shown(flip.verdict, language));
}

int judge_again(const RejudgeOptions& options) {
  record::SqliteStore store(options.data, record::SqliteStore::Missing::refuse);
  const std::string run = store.find_run(options.run);
  const auto record = verified_record(store, run, language_of(""));
  if (!record) return broken_record;
  plan::Loader loader(plan::ConfigPath::find());
  const std::vector<rig::Rejudged> all = rig::rejudge(*record, loader.catalogue(), judgement_of(options));
  std::vector<record::Verdict> verdicts;
  Json objects = Json::array();
  for (const rig::Rejudged& one : all) {
    verdicts.push_back(one.is);
    objects.push_back(json_of(one));
    if (!options.as_json) print_for_people(one, language_of(options.lang));
  }
  if (options.as_json) fmt::print("{}\n", objects.dump(2));
  return record::exit_code(record::RunState::finished, verdicts);
}

}  // namespace

void add_rejudge(CLI::App& app, Action& action) {
  CLI::App* const command =
      app.add_subcommand("rejudge", "Judge stored measurements again: another standard's limits, another rule");
  auto options = std::make_shared<RejudgeOptions>();
  command->add_option("run", options->run, "An id, a unique beginning of one, or latest")->required()->type_name("RUN");
  command->add_option("--standard", options->standard, "Whose limits hold, where it asks for the same procedure")
      ->type_name("ID");
  CLI::Option* const rule = command->add_option("--rule", options->rule, "Decision rule")
                                ->check(CLI::IsMember({"simple_acceptance", "guard_band", "jjf_1094"}))
                                ->type_name("RULE");
  command->add_option("--guard-factor", options->guard_factor, "Of the guard band: w = factor U")
      ->check(CLI::Range(0.01, 10.0))
      ->needs(rule)
      ->type_name("X");
  command->add_flag("--json", options->as_json, "As JSON");
  command->add_option("--lang", options->lang, "Language; as LANG says without it")
      ->check(CLI::IsMember({"zh", "en"}))
      ->type_name("zh|en");
  command->add_option("--data", options->data, "Where runs are kept")
      ->type_name("DIR")
      ->default_val(std::string(default_data));
  command->footer(
      "Nothing is tested again and nothing stored is changed; what would turn each verdict is told.\n"
      "Example:\n  meterrig rejudge latest --standard husec        the same current against 10 uA");
  command->callback([options, &action] { action = [options] { return judge_again(*options); }; });
}

}  // namespace meterrig::cli
