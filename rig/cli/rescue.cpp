#include "rig/cli/rescue.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <fstream>
#include <optional>

#include "rig/cli/connector.hpp"
#include "rig/record/canonical.hpp"
#include "rig/run/station.hpp"
#include "rig/run/trial.hpp"

namespace meterrig::cli {

namespace {

// An instrument may need a moment to see that its last connection is gone.
constexpr int rounds_max = 5;
constexpr Duration between_rounds = 1s;  // of real time

}  // namespace

// One try, with connections of its own: what the last one left half-way is of no use.
struct Rescue::Round {
  Round(Rescue& of, const std::vector<bool>& safe_already)
      : connector(*of.clock_, nullptr, of.clock_.get()), instruments(*of.clock_, of.loader_, of.rig_, connector) {
    for (std::size_t i = 0; i < of.duts_.size(); ++i) {
      stations.push_back(nullptr);
      if (!safe_already[i])
        stations.back() = std::make_unique<rig::Station>(of.rig_.stations[i].name, static_cast<int>(i) + 1, of.duts_[i],
                                                         of.rig_, *of.meter_profile_, rig::Station::Shared{});
    }
    outputs.resize(stations.size());
    complaints.resize(stations.size());
  }

  BenchConnector connector;
  rig::Instruments instruments;
  std::vector<std::unique_ptr<rig::Station>> stations;  // null: safe already
  std::vector<std::vector<OutputState>> outputs;
  std::vector<std::string> complaints;
};

Rescue::Rescue(const RescueOrder& order) : order_(order), loader_(plan::ConfigPath::find()) {
  rig_ = loader_.rig(order.rig);
  for (const std::string& dut : order.duts) duts_.push_back(loader_.dut(dut));
  if (duts_.size() > rig_.stations.size()) throw UserError("more samples than stations");
  for (const auto& [name, instrument] : rig_.instruments) (void)loader_.instrument(instrument.profile);
  meter_profile_ = std::make_unique<MeterProfile>(json::to_json(loader_.meter(duts_.front().profile)));
}

void Rescue::say(const std::string& line) {
  const std::string text = fmt::format("{} meterrig watchdog: {}\n", record::utc_text(clock_->utc()), line);
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::ofstream(order_.log, std::ios::app) << text;
}

Task<> Rescue::work(Round& round) {
  const Context context = co_await current_context{};
  TaskGroup group(*context.clock, context.scope);
  auto make_safe = [](rig::Station& station, std::vector<OutputState>& into) -> Task<> {
    into = co_await station.make_safe(station.output_roles());
  };
  for (std::size_t i = 0; i < round.stations.size(); ++i) {
    if (!round.stations[i]) continue;
    rig::Station& station = *round.stations[i];
    for (const std::string& role : station.output_roles()) {
      try {
        co_await station.open(role, round.instruments);
      } catch (const Error& error) {
        round.complaints[i] += fmt::format("{}{}: {}", round.complaints[i].empty() ? "" : "; ", role, error.what());
      }
    }
    group.spawn(make_safe(station, round.outputs[i]));
  }
  co_await group.join();
}

int Rescue::execute(const std::string& why) {
  clock_ = std::make_unique<WallClock>(rig_.time_scale);
  say(fmt::format("the program of run {} is lost: {}. Bringing the outputs of {} to their safe state", order_.run, why,
                  rig_.file));
  std::vector<bool> safe(duts_.size(), false);
  for (int number = 1; number <= rounds_max; ++number) {
    Round round(*this, safe);
    run(*clock_, work(round));
    for (std::size_t i = 0; i < safe.size(); ++i) {
      if (!round.stations[i]) continue;
      const std::string& station = rig_.stations[i].name;
      safe[i] = round.stations[i]->ready();
      for (const OutputState& state : round.outputs[i]) {
        safe[i] = safe[i] && state.ok;
        say(fmt::format("station {}: {} of {}: \"{}\" reads back \"{}\"{}", station, state.role, state.instrument,
                        state.setting, rig::printable(state.read_back), state.ok ? "" : ", NOT SAFE"));
      }
      if (!round.complaints[i].empty())
        say(fmt::format("station {}: {}", station, rig::printable(round.complaints[i])));
    }
    if (std::find(safe.begin(), safe.end(), false) == safe.end()) {
      say("all outputs read back safe");
      return 0;
    }
    run(*clock_, sleep_for(seconds(to_seconds(between_rounds) * clock_->time_scale())));
  }
  for (std::size_t i = 0; i < safe.size(); ++i)
    if (!safe[i])
      say(fmt::format("the outputs of station {} are NOT SAFE: switch them off by hand", rig_.stations[i].name));
  return 1;
}

}  // namespace meterrig::cli
