#include "bench/bench.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "bench/desk/desk.hpp"
#include "bench/instruments/chamber.hpp"
#include "bench/instruments/companion_host.hpp"
#include "bench/instruments/dmm_models.hpp"
#include "bench/instruments/faults.hpp"
#include "bench/instruments/input_board.hpp"
#include "bench/instruments/ppk2.hpp"
#include "bench/instruments/shared_instruments.hpp"
#include "bench/instruments/station.hpp"
#include "bench/instruments/virtual_operator.hpp"
#include "core/errors.hpp"
#include "core/json/text.hpp"

namespace meterrig::bench {
namespace {

constexpr int ambient_fault = 8, operator_fault = 15, range_fault = 2;
constexpr int system_error = -310;
constexpr Duration hazard_after = 1min;

const MeterDefect& known_defect(const std::string& name) {
  if (const MeterDefect* defect = find_meter_defect(name)) return *defect;
  std::vector<std::string> names;
  for (const MeterDefect& defect : meter_defects()) names.push_back(defect.name);
  throw UserError(fmt::format("unknown defect {}{}", json::in_quotes(name), json::did_you_mean(name, names)));
}

void check_place(const std::string& name, const char* what, int number, std::size_t count) {
  if (number < 0 || number > static_cast<int>(count))
    throw UserError(fmt::format("{}: there is no {} {}, only 1 to {}", name, what, number, count));
}

MeterDefect defect_of(const BenchOptions& options, int sample) {
  std::vector<const MeterDefect*> chosen;
  for (const DefectChoice& choice : options.defects) {
    const MeterDefect& defect = known_defect(choice.name);
    check_place(choice.name, "sample", choice.sample, options.samples.size());
    if (choice.sample == 0 || choice.sample == sample) chosen.push_back(&defect);
  }
  return combine(chosen);
}

}  // namespace

std::vector<DefectRow> defect_rows() {
  std::vector<DefectRow> rows = meter_defect_rows();
  std::vector<DefectRow> faults = fault_rows();
  rows.insert(rows.end(), std::make_move_iterator(faults.begin()), std::make_move_iterator(faults.end()));
  return rows;
}

struct Bench::Impl {
  struct Device {
    LinkPeer* link = nullptr;
    LineTiming timing;
    std::function<void()> raise;  // an error of its own
    RegisterPeer* registers = nullptr;
    int unit = 1;
  };

  Impl(Clock& its_clock, BenchOptions options);
  void add_stations(const BenchOptions& options, const BenchProfiles& profiles);
  void add_shared(const BenchOptions& options, const BenchProfiles& profiles);
  void add_chamber(const std::vector<Sample>& samples, const BenchProfiles& profiles);
  void name_devices();
  void add_instruments(const std::vector<BenchInstrument>& instruments);
  void trouble_multimeter(const Fault& fault, int station, bool& found);
  void add_desk(const std::vector<json::Node>& meters);
  void add(const std::string& name, ScpiDevice& device);
  void add(const std::string& name, VirtualSupply& supply);
  void add(const std::string& name, LinkPeer& peer, LineTiming timing);
  void add(const std::string& name, RegisterPeer& device, int unit);
  void add_fault(const FaultChoice& choice);
  void add_hazard(Hazard hazard, int station);
  void spoil(const std::map<std::string, std::vector<IoFault>>& faults);
  cjt188::Address other_address(std::size_t station) const;

  Clock& clock;
  std::uint64_t seed;
  RadioChannel radio;
  std::vector<std::unique_ptr<Station>> stations;
  std::unique_ptr<AmbientStation> ambient;
  std::unique_ptr<Chamber> chamber;  // null: no water meters, which all stand in it
  std::unique_ptr<CompanionHost> host;
  std::unique_ptr<VirtualOperator> person;
  std::unique_ptr<InputBoard> inputs;
  std::unique_ptr<SharedInstruments> common;
  std::vector<DeskMeter> desk;
  std::vector<std::unique_ptr<Timer>> hazards;
  std::map<std::string, std::unique_ptr<Dmm>> multimeters;  // of the rig file, by name
  std::vector<std::unique_ptr<Ppk2Device>> profilers;
  std::map<std::string, Device> devices;
  std::map<std::string, std::vector<IoFault>> io_faults;
  std::vector<std::unique_ptr<LinkPeer>> faulty_links;
  std::vector<std::unique_ptr<RegisterPeer>> faulty_registers;
};

Bench::Impl::Impl(Clock& its_clock, BenchOptions options) : clock(its_clock), seed(options.seed), radio(its_clock) {
  const BenchProfiles profiles(options.profiles_folder);
  add_stations(options, profiles);
  add_shared(options, profiles);
  name_devices();
  add_instruments(options.instruments);
  add_desk(options.meters);
  for (const FaultChoice& choice : options.faults) add_fault(choice);
  spoil(io_faults);
}

void Bench::Impl::add_stations(const BenchOptions& options, const BenchProfiles& profiles) {
  for (const DefectChoice& choice : options.defects) known_defect(choice.name);
  for (std::size_t i = 0; i < options.samples.size(); ++i) {
    const int number = static_cast<int>(i) + 1;
    const MeterDefect defect = defect_of(options, number);
    const auto supply = options.supplies.find(number);
    const SupplyChoice* const choice = supply == options.supplies.end() ? nullptr : &supply->second;
    stations.push_back(std::make_unique<Station>(clock, number, declared_under(options.samples[i], defect.conditions),
                                                 defect, radio, profiles, choice, seed + 1000u * i));
  }
}

void Bench::Impl::add_shared(const BenchOptions& options, const BenchProfiles& profiles) {
  add_chamber(options.samples, profiles);
  ambient = std::make_unique<AmbientStation>(clock, profiles.ambient, "AS-0001", seed);
  ambient->on_change([this](double celsius, double kpa) {
    for (const auto& station : stations) station->line->set_ambient(celsius, kpa);
    if (chamber) return chamber->set_ambient(celsius);
    for (const auto& station : stations) station->meter->set_ambient(celsius);
  });
  double celsius = 23, barometer = 101.325;
  for (std::size_t i = 0; i < stations.size(); ++i) {
    const DefectConditions conditions = defect_of(options, static_cast<int>(i) + 1).conditions;
    celsius = conditions.ambient_c.value_or(celsius);
    barometer = conditions.barometer_kpa.value_or(barometer);
  }
  ambient->set_truth(celsius, barometer);
  host = std::make_unique<CompanionHost>(clock, radio, "CH-0001");
  std::vector<StationMeter*> meters;
  for (const auto& station : stations) meters.push_back(station->meter.get());
  person = std::make_unique<VirtualOperator>(clock, std::move(meters), seed);
  inputs = std::make_unique<InputBoard>(profiles.inputs);
  common = std::make_unique<SharedInstruments>(clock, stations, profiles, seed);
}

void Bench::Impl::add_chamber(const std::vector<Sample>& samples, const BenchProfiles& profiles) {
  if (std::none_of(samples.begin(), samples.end(), [](const Sample& sample) { return sample.kind == "water"; })) return;
  chamber = std::make_unique<Chamber>(clock, profiles.chamber, "", seed);
  chamber->on_change([this](double celsius) {
    for (const auto& station : stations) station->meter->set_ambient(celsius);
  });
}

void Bench::Impl::add(const std::string& name, ScpiDevice& device) {
  devices[name] = {&device, LineTiming::lan(), [&device] { device.raise(system_error); }, nullptr, 0};
}

void Bench::Impl::add(const std::string& name, VirtualSupply& supply) {
  const auto raise = [&supply] { supply.raise_error(system_error); };
  devices[name] = {&supply.link(), LineTiming::lan(), raise, nullptr, 0};
}

void Bench::Impl::add(const std::string& name, LinkPeer& peer, LineTiming timing) {
  devices[name] = {&peer, timing, {}, nullptr, 0};
}

void Bench::Impl::add(const std::string& name, RegisterPeer& device, int unit) {
  devices[name] = {nullptr, {}, {}, &device, unit};
}

void Bench::Impl::name_devices() {
  for (std::size_t i = 0; i < stations.size(); ++i) {
    Station& station = *stations[i];
    const std::string number = std::to_string(i + 1);
    add("psu" + number, *station.psu);
    add("dmm" + number, station.dmm);
    add("analyser" + number, station.analyser);
    add("relays" + number, station.relays, station.relays.unit());
    add("air" + number, station.air, station.air.unit());
    add("gauge" + number, station.gauge, station.gauge.unit());
    add("leak" + number, station.leak, station.leak.unit());
    add("flow" + number, station.flow, station.flow.unit());
    add("counter" + number, station.counter, station.counter.unit());
    add("pulses" + number, station.simulator, station.simulator.unit());
    add("uart" + number, station.uart, LineTiming::serial(2400));
  }
  add("ambient", *ambient, ambient->unit());
  add("host", *host, LineTiming::lan());
  add("operator", *person, LineTiming::lan());
  if (chamber) add("chamber", *chamber, chamber->unit());
  add("analyser", common->analyser);
  add("leak", common->leak, common->leak.unit());
  add("flow", common->flow, common->flow.unit());
  const auto add_boards = [this](const std::string& name, auto& boards) {
    for (std::size_t i = 0; i < boards.size(); ++i)
      add(i == 0 ? name : name + std::to_string(i + 1), *boards[i], boards[i]->unit());
  };
  add_boards("matrix", common->matrix);
  add_boards("manifold", common->manifold);
  add("inputs", *inputs, inputs->unit());
}

// One instrument may have several roles of its station: it is made once, and sits in each of their paths.
void Bench::Impl::add_instruments(const std::vector<BenchInstrument>& instruments) {
  for (const BenchInstrument& its : instruments) {
    check_place(its.name, "station", its.station, stations.size());
    SupplyPath& path = *stations[static_cast<std::size_t>(its.station) - 1]->path;
    // What every station has anyway.
    const bool own = its.profile == "keysight_34465a" && its.role == "voltmeter";
    if (own && its.name == "dmm" + std::to_string(its.station)) continue;
    const Path which = its.role == "ammeter" ? Path::k2_ammeter : Path::k1_microammeter;
    if (its.profile == "nordic_ppk2") {
      profilers.push_back(std::make_unique<Ppk2Device>(clock, path, which, its.serial, seed));
      add(its.name, *profilers.back(), LineTiming::lan());
      continue;
    }
    auto& dmm = multimeters[its.name];
    if (!dmm) dmm = make_multimeter(its.profile, clock, path, its.serial, seed);
    if (!dmm) {
      multimeters.erase(its.name);
      continue;
    }
    if (its.role != "voltmeter") dmm->wire_current(which);
    add(its.name, *dmm);
  }
}

void Bench::Impl::add_desk(const std::vector<json::Node>& meters) {
  for (const json::Node& meter : meters) {
    const json::Node name = meter.at("name");
    if (devices.contains(name.string())) name.fail(name.describe(), "a name that no other member of the bench has");
    DeskMeter& made = desk.emplace_back(make_desk_meter(clock, meter));
    if (made.link)
      add(name.string(), *made.link, made.line);
    else
      add(name.string(), *made.registers, made.unit);
  }
}

void Bench::Impl::trouble_multimeter(const Fault& fault, int station, bool& found) {
  for (const std::string& name : {fault.instrument, fault.instrument + std::to_string(station)}) {
    const auto own = multimeters.find(name);
    Dmm* dmm = own == multimeters.end() ? nullptr : own->second.get();
    if (!dmm && name == "dmm" + std::to_string(station)) dmm = &stations[static_cast<std::size_t>(station) - 1]->dmm;
    if (!dmm) continue;
    found = true;
    if (fault.kind == Fault::Kind::reads_high)
      dmm->show_times(1.02);
    else
      dmm->suffer(fault.dmm_trouble);
  }
}

// Another meter's address: that of the next station, or a neighbour in the maker's numbering.
cjt188::Address Bench::Impl::other_address(std::size_t station) const {
  if (stations.size() > 1) return stations[(station + 1) % stations.size()]->address();
  cjt188::Address address = stations[station]->address();
  address[0] ^= 1;
  return address;
}

// `station`: from 1; 0: every one.
void Bench::Impl::add_hazard(Hazard hazard, int station) {
  auto strike = [this, hazard, station] {
    if (hazard == Hazard::emergency_stop) return inputs->open(0);
    if (hazard == Hazard::silent_inputs) return inputs->fall_silent();
    for (std::size_t i = 1; i <= stations.size(); ++i) {
      if (station != 0 && station != static_cast<int>(i)) continue;
      if (hazard == Hazard::door)
        inputs->open(i);
      else
        stations[i - 1]->strike(hazard);
    }
  };
  hazards.push_back(std::make_unique<Timer>(clock, std::move(strike)));
  hazards.back()->at(clock.now() + hazard_after);
}

void Bench::Impl::add_fault(const FaultChoice& choice) {
  const Fault fault = parse_fault(choice.name);
  check_place(choice.name, "station", choice.station, stations.size());
  if (fault.kind == Fault::Kind::hazard) return add_hazard(fault.hazard, choice.station);
  if (fault.kind == Fault::Kind::rig && fault.number == ambient_fault) return ambient->misbehave();
  if (fault.kind == Fault::Kind::chamber && chamber) return chamber->misbehave(fault.chamber_trouble);
  if (fault.kind == Fault::Kind::rig && fault.number == operator_fault) return person->stay_away();
  if (fault.kind == Fault::Kind::rig && fault.number == range_fault) common->analyser.stick_range(1, 100e-6);
  const bool of_multimeter =
      fault.kind == Fault::Kind::dmm || (fault.kind == Fault::Kind::reads_high && fault.instrument != "psu");
  bool found = fault.kind != Fault::Kind::io && fault.kind != Fault::Kind::chamber && !of_multimeter;
  const auto spoil_one = [&](const std::string& name) {
    if (!devices.contains(name)) return;
    io_faults[name].push_back({fault.trouble, choice.at_exchange});
    found = true;
  };
  if (fault.kind == Fault::Kind::io) spoil_one(fault.instrument);
  for (std::size_t i = 0; i < stations.size(); ++i) {
    if (choice.station != 0 && choice.station != static_cast<int>(i) + 1) continue;
    if (fault.kind == Fault::Kind::io)
      spoil_one(fault.instrument + std::to_string(i + 1));
    else if (of_multimeter)
      trouble_multimeter(fault, static_cast<int>(i) + 1, found);
    else
      stations[i]->apply(fault, other_address(i));
  }
  if (!found) throw UserError(fmt::format("{}: the bench has no such instrument", choice.name));
}

void Bench::Impl::spoil(const std::map<std::string, std::vector<IoFault>>& faults) {
  for (const auto& [name, list] : faults) {
    Device& device = devices.at(name);
    if (device.registers) {
      faulty_registers.push_back(std::make_unique<FaultyRegisters>(*device.registers, list, seed));
      device.registers = faulty_registers.back().get();
      continue;
    }
    faulty_links.push_back(std::make_unique<FaultyLink>(clock, *device.link, list, device.raise));
    device.link = faulty_links.back().get();
  }
}

Bench::Bench(Clock& clock, BenchOptions options) : impl_(std::make_unique<Impl>(clock, std::move(options))) {}

Bench::~Bench() = default;

Bench::LinkEnd Bench::link(const std::string& name) {
  const auto found = impl_->devices.find(name);
  if (found == impl_->devices.end() || !found->second.link) return {};
  return {found->second.link, found->second.timing};
}

RegisterPeer* Bench::registers(const std::string& name, int& unit) {
  const auto found = impl_->devices.find(name);
  if (found == impl_->devices.end() || !found->second.registers) return nullptr;
  unit = found->second.unit;
  return found->second.registers;
}

std::vector<std::string> Bench::names() const {
  std::vector<std::string> names;
  for (const auto& [name, device] : impl_->devices) names.push_back(name);
  return names;
}

nlohmann::json Bench::kept(int station) const {
  return impl_->stations.at(static_cast<std::size_t>(station) - 1)->meter->kept();
}

void Bench::take_up(int station, const nlohmann::json& kept) {
  impl_->stations.at(static_cast<std::size_t>(station) - 1)->meter->take_up(kept);
}

std::vector<std::string> Bench::live_outputs() const {
  std::vector<std::string> live;
  for (const auto& station : impl_->stations) {
    const std::vector<std::string> its = station->live_outputs();
    live.insert(live.end(), its.begin(), its.end());
  }
  const std::vector<std::string> shared = impl_->common->live_outputs();
  live.insert(live.end(), shared.begin(), shared.end());
  if (impl_->chamber && impl_->chamber->running()) live.emplace_back("chamber run");
  return live;
}

int Bench::collisions() const { return impl_->common->collisions(); }

double Bench::inlet_kpa(int station) const {
  return impl_->stations.at(static_cast<std::size_t>(station) - 1)->line->gauge_kpa();
}

}  // namespace meterrig::bench
