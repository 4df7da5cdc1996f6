#pragma once

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <functional>

#include "rig/cli/program.hpp"

namespace meterrig::cli {

// What the chosen command does; it gives the exit code.
using Action = std::function<int()>;

// Each adds its command with its options; when the command is chosen, `action` becomes its work.
void add_run(CLI::App& app, Action& action, Start start);
void add_resume(CLI::App& app, Action& action, Start start);
void add_check(CLI::App& app, Action& action);
void add_list(CLI::App& app, Action& action);
void add_bench(CLI::App& app, Action& action);
void add_results(CLI::App& app, Action& action);
// `tested`, `review`, `return`, `approve`, `amend`, `correct`, `attach`.
void add_approval(CLI::App& app, Action& action);
// The parts of `results` that check and seal.
void add_integrity(CLI::App& results, Action& action);
void add_rejudge(CLI::App& app, Action& action);
void add_report(CLI::App& app, Action& action);
void add_frame(CLI::App& app, Action& action);
void add_meter(CLI::App& app, Action& action);
void add_instruments(CLI::App& app, Action& action);
void add_tariff(CLI::App& app, Action& action);
void add_watchdog(CLI::App& app, Action& action);

inline constexpr const char* default_data = "./meterrig-data";

}  // namespace meterrig::cli
