#include "tests/support/shared_rig.hpp"

#include <fmt/format.h>

#include <cstdio>

namespace meterrig::support {
namespace {

using nlohmann::json;

constexpr int stations_a_board = 4;

// psu1 -> psu7, DP8A000001 -> DP8A000007: the number at the end goes on by `by`, in as many digits.
std::string counted_on(const std::string& text, int by) {
  const std::size_t digits = text.find_last_not_of("0123456789") + 1;
  if (digits == text.size()) return text;
  const std::size_t width = text.size() - digits;
  return text.substr(0, digits) + fmt::format("{:0{}}", std::stoll(text.substr(digits)) + by, width);
}

bool numbered(const std::string& instrument) { return !instrument.empty() && instrument.back() == '1'; }

plan::CoilUse coil_of(const plan::CoilUse& first, int by) {
  if (numbered(first.instrument)) return {counted_on(first.instrument, by), first.coil};
  const int board = by / stations_a_board + 1;
  return {board == 1 ? first.instrument : first.instrument + std::to_string(board),
          first.coil + 2 * (by % stations_a_board)};
}

plan::RigStation station_after(const plan::RigStation& first, int by) {
  plan::RigStation station = first;
  station.name = std::to_string(by + 1);
  for (auto& [role, binding] : station.roles) {
    if (numbered(binding.instrument)) binding.instrument = counted_on(binding.instrument, by);
    if (binding.address) binding.address->path = counted_on(binding.address->path, by);
    for (auto* const use : {&binding.isolation, &binding.loopback, &binding.through})
      if (*use) *use = coil_of(**use, by);
  }
  return station;
}

void widen(plan::RigFile& rig, int stations) {
  const plan::RigStation first = rig.stations.front();
  const std::map<std::string, plan::RigInstrument> instruments = rig.instruments;
  rig.stations.clear();
  rig.bench_stations = stations;
  for (int by = 0; by < stations; ++by) {
    rig.stations.push_back(station_after(first, by));
    for (const auto& [name, instrument] : instruments) {
      const bool board = name == "matrix" || name == "manifold";
      if (!numbered(name) && !(board && by % stations_a_board == 0 && by > 0)) continue;
      plan::RigInstrument next = instrument;
      next.name = board ? name + std::to_string(by / stations_a_board + 1) : counted_on(name, by);
      next.address.path = next.name;
      next.serial = counted_on(instrument.serial, by);
      rig.instruments[next.name] = next;
    }
  }
}

// `2026-11-21T00:00:01.500000000Z`, seconds of its scale.
double seconds_of(const json& event) {
  int year = 0, month = 0, day = 0, hour = 0, minute = 0;
  double second = 0;
  std::sscanf(event.at("t").get<std::string>().c_str(), "%d-%d-%dT%d:%d:%lf", &year, &month, &day, &hour, &minute,
              &second);
  const std::chrono::sys_days date = std::chrono::year{year} / month / day;
  return std::chrono::duration<double>(date.time_since_epoch()).count() + hour * 3600.0 + minute * 60.0 + second;
}

}  // namespace

cli::RunFiles shared_files(int stations, int cycles) {
  cli::RunOptions words;
  words.plan = "cjt503-auto";
  words.rig = "shared-instruments";
  words.duts = {"wg25-r-1"};
  cli::RunFiles files = files_of(words);
  widen(files.rig, stations);
  const plan::DutFile first = files.duts.front();
  files.duts.clear();
  for (int by = 0; by < stations; ++by) {
    plan::DutFile dut = first;
    dut.sample = first.sample + by;
    dut.serial = counted_on(first.serial, by);
    dut.address = counted_on(first.address, by);
    files.duts.push_back(dut);
  }
  for (plan::PlannedClause& planned : files.plan.clauses)
    if (cycles > 0 && planned.clause.procedure == "valve_durability")
      change_parameter(planned, "cycles", std::to_string(cycles));
  return files;
}

rig::ClauseTimes times_in(const std::vector<json>& events, const rig::RunSetup& setup) {
  struct Span {
    double started = 0, borrowed = 0, waited = 0;
    rig::ClauseTime time;
  };
  std::map<std::pair<int, std::string>, Span> spans;
  for (const json& event : events) {
    if (!event.contains("sample") || !event.contains("id")) continue;
    Span& span = spans[{event.at("sample").get<int>(), event.at("id").get<std::string>()}];
    const double now = seconds_of(event);
    if (event.at("type") == "clause_started") {
      span.started = now;
      span.borrowed = 0;
    } else if (event.at("type") == "lease" && event.at("state") == "granted" && span.started > 0) {
      span.borrowed = now;
      span.waited = event.at("waited_s").get<double>();
    } else if (event.at("type") == "clause_ended") {
      const double until = span.borrowed > 0 ? span.borrowed - span.waited : now;
      span.time.before_s += until - span.started;
      span.time.later_s += span.borrowed > 0 ? now - span.borrowed : 0;
      span.started = 0;
    }
  }
  return [spans, &setup](std::size_t station, std::size_t place) {
    const auto found = spans.find({setup.duts[station].sample, setup.plan.clauses[place].clause.id});
    return found == spans.end() ? rig::ClauseTime{} : found->second.time;
  };
}

double makespan_s(const std::vector<json>& events) {
  double from = 0, to = 0;
  for (const json& event : events) {
    if (event.at("type") == "run_started") from = seconds_of(event);
    if (event.at("type") == "run_ended") to = seconds_of(event);
  }
  return to - from;
}

}  // namespace meterrig::support
