// journal_load FOLDER SECONDS: stations that measure and commit as fast as they can, on the wall clock, through the
// committer of a run. Says how many events are acknowledged, after each commit: what is printed must survive anything.
#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>
#include <vector>

#include "core/io/transport/wall_clock.hpp"
#include "rig/record/sqlite_store.hpp"
#include "rig/run/committer.hpp"

namespace meterrig {
namespace {

constexpr int stations = 16;
constexpr int events_a_commit = 32;

struct Load {
  record::Journal& journal;
  rig::Committer& committer;
  Clock& clock;
  Instant until;
  std::uint64_t commits = 0;
};

Task<> station(Load& load, int number) {
  const nlohmann::json where{{"station", std::to_string(number)}, {"sample", number}, {"id", "LAB-1"}, {"attempt", 1}};
  load.journal.append("clause_started", where);
  for (int i = 0; load.clock.now() < load.until; ++i) {
    nlohmann::json body = where;
    body.update({{"name", "current"},
                 {"kind", "measured"},
                 {"value", 31.42 + i % 100 * 0.01},
                 {"unit", "uA"},
                 {"expanded_uncertainty", 0.21},
                 {"coverage_factor", 2},
                 {"verdict", "pass"}});
    load.journal.append("measurement", std::move(body));
    if (i % events_a_commit != 0) continue;
    co_await load.committer.commit();
    ++load.commits;
    fmt::print("{}\n", load.journal.acknowledged());
    std::fflush(stdout);
  }
}

int run_for(const char* folder, double seconds_long) {
  WallClock clock;
  record::SqliteStore store(folder);
  record::Journal journal(store, clock, "load");
  rig::Committer committer(clock, journal, store);
  const Instant begun = clock.now();
  Load load{journal, committer, clock, begun + seconds(seconds_long)};
  auto all = [](Load& of) -> Task<> {
    const Context context = co_await current_context{};
    TaskGroup group(*context.clock, context.scope);
    for (int number = 1; number <= stations; ++number) group.spawn(station(of, number));
    co_await group.join();
    co_await of.committer.commit();
  };
  const WallClock::Expectation commits = clock.expect_post();
  CancelScope scope;
  run(clock, scope, all(load));
  const double took = to_seconds(clock.now() - begun);
  fmt::print(stderr, "{} events acknowledged in {:.2f} s: {:.0f} a second, in {} commits\n", journal.acknowledged(),
             took, static_cast<double>(journal.acknowledged()) / took, load.commits);
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace meterrig

int main(int argc, char** argv) {
  if (argc != 3) return EXIT_FAILURE;
  return meterrig::run_for(argv[1], std::atof(argv[2]));
}
