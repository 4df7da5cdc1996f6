#include "bench/instruments/station.hpp"

#include <fmt/format.h>

#include "bench/instruments/dp832.hpp"
#include "bench/instruments/profile_supply.hpp"
#include "bench/meter/gas_meter.hpp"
#include "bench/meter/step_meter.hpp"
#include "bench/physics/air_line.hpp"
#include "bench/physics/supply_path.hpp"

namespace meterrig::bench {
namespace {

constexpr int relay_k1 = 0, relay_k2 = 1, relay_uart = 2, relay_opener = 3, relay_loopback = 4, relay_light = 6,
              relay_heavy = 7;

bool is_water(const Sample& sample) { return sample.kind == "water"; }

std::string serial(const char* format, int number) { return fmt::format(fmt::runtime(format), number); }

std::unique_ptr<VirtualSupply> make_supply(Clock& clock, SupplyPath& path, const SupplyChoice* choice,
                                           const std::string& own_serial, std::uint64_t seed) {
  if (choice == nullptr) return std::make_unique<Dp832>(clock, path, own_serial, seed);
  return std::make_unique<ProfileSupply>(clock, path, Profile(json::to_json(choice->profile)), choice->serial,
                                         choice->channel, seed);
}

std::unique_ptr<StationMeter> make_meter(Clock& clock, const Sample& sample, const MeterDefect& defect,
                                         std::uint64_t seed) {
  if (is_water(sample)) return std::make_unique<StepMeter>(clock, sample, defect, seed);
  return std::make_unique<GasMeter>(clock, sample, defect, seed);
}

}  // namespace

BenchProfiles::BenchProfiles(const std::string& folder)
    : relays(load_register_profile(folder, "waveshare_relay8")),
      air(load_register_profile(folder, "air_unit")),
      gauge(load_register_profile(folder, "pressure_transmitter")),
      leak(load_register_profile(folder, "leak_flow_sensor")),
      flow(load_register_profile(folder, "flow_standard")),
      counter(load_register_profile(folder, "pulse_counter")),
      simulator(load_register_profile(folder, "pulse_simulator")),
      ambient(load_register_profile(folder, "ambient_station")),
      inputs(load_register_profile(folder, "waveshare_io8")),
      chamber(load_register_profile(folder, "testequity_f4t")),
      water_flow(load_register_profile(folder, "water_flow_standard")) {}

Station::Station(Clock& clock, int number, const Sample& sample, const MeterDefect& defect, RadioChannel& radio,
                 const BenchProfiles& profiles, const SupplyChoice* supply, std::uint64_t seed)
    : number_(number),
      address_(cjt188::address_from_hex(sample.address)),
      meter(make_meter(clock, sample, defect, seed)),
      tap(*meter),
      path(make_supply_path(clock, *meter, seed)),
      line(make_air_line(clock, tap, seed)),
      uart(*meter),
      psu(make_supply(clock, *path, supply, serial("DP8A{:06d}", number), seed)),
      dmm(clock, *path, serial("MY545{:05d}", number), seed),
      analyser(clock, serial("MY530{:05d}", number), seed),
      relays(clock, profiles.relays, [this](int relay, bool closed) { relay_moved(relay, closed); }),
      air(clock, *line, profiles.air, serial("AU-{:04d}", number), seed),
      gauge(*line, profiles.gauge, serial("PT-{:04d}", number), seed),
      leak(clock, *line, profiles.leak, serial("LF-{:04d}", number), seed),
      flow(clock, *line, is_water(sample) ? profiles.water_flow : profiles.flow,
           serial(is_water(sample) ? "WF-{:04d}" : "FS-{:04d}", number), seed),
      counter(clock, profiles.counter, serial("PC-{:04d}", number)),
      simulator(clock, profiles.simulator, serial("PG-{:04d}", number), [this] { sensor_pulse(); }) {
  meter->attach(*path, *line, radio);
  tap.connect(counter);
  analyser.probe(1).connect(clock.now(), path.get(), Path::k1_microammeter);
  analyser.probe(2).connect(clock.now(), path.get(), Path::k2_ammeter);
  air.on_inlet([this](bool open) { leak.inlet_moved(open); });
  if (defect.conditions.gas_temperature_rate_k_per_h)
    line->set_gas_temperature_rate(*defect.conditions.gas_temperature_rate_k_per_h);
}

// The meter outlives path and line here, as they want; it lets go of them first.
Station::~Station() { meter->detach(); }

// The counter's other input hangs on the line from simulator to meter.
void Station::sensor_pulse() {
  meter->sensor_pulse();
  counter.contact(meter->pulse_output());
}

void Station::relay_moved(int relay, bool closed) {
  switch (relay) {
    case relay_k1:
      path->set_contact(Contact::k1, closed);
      break;
    case relay_k2:
      path->set_contact(Contact::k2, closed);
      break;
    case relay_uart:
      uart.set_closed(closed);
      path->set_contact(Contact::uart, closed);
      break;
    case relay_opener:
      path->set_contact(Contact::opener, closed);
      break;
    case relay_loopback:
      uart.set_loopback(closed);
      break;
    case relay_light:
      path->set_contact(Contact::dummy_light, closed);
      break;
    case relay_heavy:
      path->set_contact(Contact::dummy_heavy, closed);
      break;
    default:
      break;
  }
  if (!relays.closed(relay_k1) && !relays.closed(relay_k2)) uart.supply_lost();
}

void Station::apply(const Fault& fault, const cjt188::Address& other_meter) {
  if (fault.kind == Fault::Kind::relay_stuck) relays.stick(relay_of(fault.contact), RelayBoard::Stuck::welded);
  if (fault.kind == Fault::Kind::relay_dead) relays.stick(relay_of(fault.contact), RelayBoard::Stuck::open);
  if (fault.kind == Fault::Kind::reads_high && fault.instrument == "psu") psu->show_times(1.02);
  if (fault.kind == Fault::Kind::pulse_lost) counter.misbehave(PulseCounter::Fault::loses_fifth);
  if (fault.kind == Fault::Kind::pulse_extra) counter.misbehave(PulseCounter::Fault::adds_one);
  if (fault.kind == Fault::Kind::pulse_sim_lost) simulator.lose_pulses();
  if (fault.kind != Fault::Kind::rig) return;
  switch (fault.number) {
    case 1:
      return relays.break_before_make(relay_k1, relay_k2);
    case 2:
      return analyser.stick_range(1, 100e-6);
    case 3:
      return leak.drift_by(0.05);
    case 4:
      return line->set_source_ceiling(14.2);
    case 5:
      return gauge.set_resolution(100);
    case 6:
      return path->set_hidden_limit(0.2);
    case 10:
      return relays.stick(relay_uart, RelayBoard::Stuck::welded);
    case 12:
      return uart.swap_for(address_, other_meter);
    case 14:
      return uart.answer_as(other_meter);
    default:
      return;
  }
}

void Station::strike(Hazard hazard) {
  constexpr double run_away_factor = 1.4, stray_amperes = 2;
  if (hazard == Hazard::over_voltage || hazard == Hazard::run_away)
    psu->run_away(run_away_factor, hazard == Hazard::over_voltage);
  if (hazard == Hazard::over_current) path->set_stray_current(stray_amperes);
  if (hazard == Hazard::over_pressure) air.stick_open();
}

std::vector<std::string> Station::live_outputs() const {
  std::vector<std::string> live;
  const auto add = [&](bool on, const char* instrument, std::string_view output) {
    if (on) live.push_back(fmt::format("{}{} {}", instrument, number_, output));
  };
  for (int channel = 1; channel <= psu->channel_count(); ++channel)
    add(psu->output_on(channel), "psu", fmt::format("CH{}", channel));
  add(relays.closed(relay_k1), "relays", "k1");
  add(relays.closed(relay_k2), "relays", "k2");
  add(relays.closed(relay_uart), "relays", "uart");
  add(relays.closed(relay_opener), "relays", "opener");
  add(relays.closed(relay_light), "relays", "dummy_light");
  add(relays.closed(relay_heavy), "relays", "dummy_heavy");
  add(air.enabled(), "air", "enable");
  add(air.inlet_open(), "air", "inlet_valve");
  add(flow.enabled(), "flow", "enable");
  add(simulator.enabled(), "pulses", "enable");
  return live;
}

}  // namespace meterrig::bench
