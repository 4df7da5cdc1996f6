#include <memory>

#include "rig/cli/command.hpp"

namespace meterrig::cli {

namespace {

struct NightlyOptions {
  std::string config;
  std::string data;
  std::string lang;
};

}  // namespace

// The night itself is Python over the package (bindings/meterrig/nightly.py).
void add_nightly(CLI::App& app, Action& action) {
  CLI::App* const command = app.add_subcommand("nightly", "Plans of a night against their baseline: what changed?");
  auto options = std::make_shared<NightlyOptions>();
  command->add_option("config", options->config, "What to run and what to hold it against; docs/guide-nightly.md")
      ->required()
      ->type_name("CONFIG");
  command->add_option("--data", options->data, "Where runs are kept, in the place of the file's own `data`")
      ->type_name("DIR");
  command->add_option("--lang", options->lang, "Language of the summary; as LANG says without it")
      ->check(CLI::IsMember({"zh", "en"}))
      ->type_name("zh|en");
  command->footer(
      "Exit codes: 0 nothing changed; 1 a regression; 2 wrong files or words; 3 not comparable, or the rig is not "
      "fit;\n"
      "4 aborted.\n\nExample:\n  meterrig nightly config/nightly/embedded.json");
  command->callback([options, &action] {
    action = [options]() -> int {
      std::vector<std::string> words{"meterrig", options->config};
      if (!options->data.empty()) words.insert(words.end(), {"--data", options->data});
      if (!options->lang.empty()) words.insert(words.end(), {"--lang", options->lang});
      go_on_in_python(words, "meterrig.nightly");
    };
  });
}

}  // namespace meterrig::cli
