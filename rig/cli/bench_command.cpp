#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "core/io/transport/served_clock.hpp"
#include "rig/cli/bench_server.hpp"
#include "rig/cli/command.hpp"
#include "rig/cli/output_files.hpp"
#include "rig/cli/run_files.hpp"
#include "rig/cli/signals.hpp"

namespace meterrig::cli {

namespace {

struct ServeWords {
  std::string rig;
  std::string emit;
  double time_scale = 1;
  std::uint64_t seed = 1;
  std::vector<std::string> duts;
  std::vector<std::string> defects;
  std::vector<std::string> faults;
};

// By the kind of a meter on the desk: its profile.
const char* profile_of(const std::string& kind) {
  if (kind == "water") return "cjt188_water";
  if (kind == "heat") return "cjt188_heat";
  if (kind == "heat-mbus") return "mbus_heat";
  return kind == "electricity" ? "dlt645_electricity" : "modbus_electricity";
}

void print_members(const BenchServer& server, const plan::RigFile& rig) {
  for (const BenchServer::Member& member : server.members()) {
    fmt::print("{:<12} {}\n", member.name, member.address);
    if (!member.by_network.empty()) fmt::print("{:<12} {}\n", "", member.by_network);
  }
  if (!rig.meters_virtual()) return;
  fmt::print("to read a meter, on either of its ports:\n");
  for (const json::Node& meter : rig.bench_meters) {
    const auto& members = server.members();
    const auto member = std::find_if(members.begin(), members.end(),
                                     [&](const auto& each) { return each.name == meter.at("name").string(); });
    fmt::print("  meterrig meter read --port '{}' --profile {}\n", member->address,
               profile_of(meter.at("kind").string()));
  }
}

int serve(const ServeWords& words) {
  plan::Loader loader(plan::ConfigPath::find());
  const plan::RigFile rig = loader.rig(words.rig);
  if (!rig.any_virtual()) {
    throw UserError(fmt::format("{}: found no virtual: address; expected a rig with a virtual bench", rig.file));
  }
  auto duts = samples_for(loader, rig, words.duts);
  const Choices choices = read_choices(words.defects, words.faults, duts, rig);
  declare_for(duts, choices.defects);

  ServedClock clock(words.time_scale);
  bool over = false;
  clock.on_signal({std::begin(stop_signals), std::end(stop_signals)}, [&over](int) { over = true; });
  const auto bench = make_bench(clock, loader.path(), rig, duts, choices, words.seed);
  const BenchServer server(clock, *bench, rig);
  if (!words.emit.empty()) {
    write_file(words.emit, served_rig(json::parse_file(rig.file), server.members(), words.time_scale).dump(2) + "\n");
  }
  print_members(server, rig);
  fmt::print("ready: {} members, time scale {:g}; Ctrl-C ends it\n", server.members().size(), words.time_scale);
  std::fflush(stdout);
  const WallClock::Expectation signals = clock.expect_post();
  clock.run_until([&over] { return over; });
  return 0;
}

}  // namespace

void add_bench(CLI::App& app, Action& action) {
  CLI::App* const command = app.add_subcommand("bench", "The virtual bench as a world of its own");
  command->require_subcommand(1);
  CLI::App* const child = command->add_subcommand(
      "serve", "Serve a rig's virtual bench on TCP, Modbus TCP and pseudo-terminals, until Ctrl-C");
  auto words = std::make_shared<ServeWords>();
  child->add_option("rig,--rig", words->rig, "Rig file, or a name under config/rigs")->required()->type_name("RIG");
  child->add_option("--time-scale", words->time_scale, "How many times as fast as real time")
      ->check(CLI::Range(1.0, 50.0))
      ->type_name("X")
      ->capture_default_str();
  child->add_option("--emit-rig", words->emit, "Write a rig file with the served addresses")->type_name("FILE");
  child->add_option("--dut", words->duts, "A sample; once for each station")
      ->type_name("FILE")
      ->allow_extra_args(false);
  child->add_option("--seed", words->seed, "Seed of the bench")->type_name("N")->capture_default_str();
  child->add_option("--defect", words->defects, "Put a defect into a virtual meter")
      ->type_name("NAME[@SAMPLE]")
      ->allow_extra_args(false);
  child->add_option("--fault", words->faults, "Put a misbehaviour into a virtual instrument")
      ->type_name("NAME[@STATION]")
      ->allow_extra_args(false);
  child->footer(
      "Example, in two terminals:\n"
      "  meterrig bench serve embedded --time-scale 20 --emit-rig /tmp/bench.json\n"
      "  meterrig run cjt503-auto --only 6.10 --rig /tmp/bench.json\n"
      "Meters of each kind on a desk, for any client:\n"
      "  meterrig bench serve --rig desk");
  child->callback([words, &action] { action = [words] { return serve(*words); }; });
}

}  // namespace meterrig::cli
