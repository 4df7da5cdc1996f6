#include "rig/cli/program.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "core/errors.hpp"
#include "core/json/text.hpp"
#include "rig/cli/command.hpp"
#include "rig/cli/signals.hpp"
#include "rig/cli/version.hpp"

namespace meterrig::cli {

namespace {

constexpr int user_error = 2;
constexpr int aborted = 4;

constexpr const char* about =
    "meterrig tests utility meters against their standards: it drives the instruments of a rig,\n"
    "judges every reading against the standard's limit, and keeps a record that can be checked.\n";

constexpr const char* footer =
    "Begin with:\n"
    "  meterrig run cjt503-auto                  three virtual meters, no hardware, some seconds\n"
    "  meterrig run cjt503-auto --only 6.10      one clause and what it depends on\n"
    "  meterrig list plans                       what can be run\n"
    "  meterrig results show                     the last run again\n"
    "  meterrig COMMAND --help                   more on a command\n\n"
    "Exit codes of a run: 0 all pass, recorded or not applicable; 1 a fail; 2 wrong files or words;\n"
    "3 something void, inconclusive or not tested; 4 aborted.";

void check_command(const CLI::App& app, const std::string& word) {
  std::vector<std::string> known;
  for (const CLI::App* command : app.get_subcommands({})) {
    if (command->get_name() == word) return;
    if (!command->get_group().empty()) known.push_back(command->get_name());
  }
  if (word.starts_with('-')) return;
  throw UserError(fmt::format("unknown command {}; expected {}{}", json::in_quotes(word), json::choice(known),
                              json::did_you_mean(word, known)));
}

int complain(const std::string& message, int code) {
  std::fflush(stdout);
  fmt::print(stderr, "meterrig: {}\n", message);
  return code;
}

int parse_and_act(int argc, char** argv, ProcedureHost* host) {
  CLI::App app(about, "meterrig");
  app.set_version_flag("--version", fmt::format("meterrig {} (build {})", version(), build()));
  app.footer(footer);
  app.get_formatter()->column_width(34);
  app.require_subcommand(1);
  Action action;
  const Start start{{argv, argv + argc}, host};
  add_run(app, action, start);
  add_resume(app, action, start);
  add_check(app, action);
  add_list(app, action);
  add_bench(app, action);
  add_results(app, action);
  add_rejudge(app, action);
  add_report(app, action);
  add_approval(app, action);
  add_frame(app, action);
  add_meter(app, action);
  add_instruments(app, action);
  add_tariff(app, action);
  add_watchdog(app, action);
  if (argc < 2) {
    fmt::print("{}", app.help());
    return user_error;
  }
  const std::string first = argv[1];
  check_command(app, first);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help) {
    return app.exit(help);
  } catch (const CLI::ParseError& wrong) {
    return complain(fmt::format("{}\nmeterrig {}--help says what is expected", wrong.what(),
                                first.starts_with('-') ? "" : first + " "),
                    user_error);
  }
  return action();
}

// One message, in the words of who raised it; nothing of types or source places reaches the user.
int guarded(int argc, char** argv, ProcedureHost* host) {
  try {
    return parse_and_act(argc, argv, host);
  } catch (const UserError& wrong) {
    return complain(wrong.what(), user_error);
  } catch (const Error& failed) {
    return complain(failed.what(), aborted);
  } catch (const Cancelled& stopped) {
    return complain(stopped.reason(), aborted);
  } catch (const std::filesystem::filesystem_error& failed) {
    return complain(fmt::format("{}: {}", failed.path1().string(), failed.code().message()), aborted);
  } catch (const std::system_error& failed) {
    // Who read our words went away, as `head` does.
    if (failed.code() == std::errc::broken_pipe) return 0;
    return complain(failed.what(), aborted);
  } catch (const std::bad_alloc&) {
    return complain("out of memory", aborted);
  } catch (const std::exception& bug) {
    return complain(fmt::format("a fault of the program itself, please report it: {}", bug.what()), aborted);
  }
}

}  // namespace

int program(int argc, char** argv, ProcedureHost* host) {
  ignore_broken_pipes();
  return guarded(argc, argv, host);
}

}  // namespace meterrig::cli
