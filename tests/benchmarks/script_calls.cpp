// The same call as a Python script makes it, without Python: `script_calls ROUNDS` prints nanoseconds a call.
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>

#include "core/task.hpp"
#include "rig/cli/connector.hpp"
#include "rig/cli/run_files.hpp"
#include "rig/run/workbench.hpp"

int main(int argc, char** argv) {
  using namespace meterrig;
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 10000;
  plan::Loader loader(plan::ConfigPath::find());
  const plan::RigFile rig = loader.rig("embedded");
  const std::vector<plan::DutFile> duts = cli::samples_for(loader, rig, {});
  VirtualClock clock;
  const auto bench = cli::make_bench(clock, loader.path(), rig, duts, {}, 1);
  cli::BenchConnector connector(clock, bench.get(), nullptr);
  rig::Workbench workbench(clock, loader, rig, duts, connector);
  run(clock, workbench.open());
  PowerSupply& supply = workbench.stations().front()->supply();
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < rounds; ++i) {
    CancelScope scope;
    run(clock, scope, supply.voltage());
  }
  const std::chrono::duration<double, std::nano> took = std::chrono::steady_clock::now() - began;
  fmt::print("{:.0f}\n", took.count() / rounds);
}
