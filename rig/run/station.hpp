#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "instruments/line_port.hpp"
#include "instruments/modbus_device.hpp"
#include "instruments/ppk2.hpp"
#include "instruments/roles/air.hpp"
#include "instruments/roles/chamber.hpp"
#include "instruments/roles/people.hpp"
#include "instruments/roles/pulse_simulator.hpp"
#include "instruments/scpi_session.hpp"
#include "meters/cjt188_meter.hpp"
#include "rig/plan/dut_file.hpp"
#include "rig/plan/loader.hpp"
#include "rig/plan/rig_file.hpp"
#include "rig/run/calibrated.hpp"
#include "rig/run/connector.hpp"

namespace meterrig::rig {

// The instruments of a rig, opened once and shared by the stations that use them.
class Instruments {
 public:
  Instruments(Clock& clock, plan::Loader& loader, const plan::RigFile& rig, Connector& connector);

  Task<std::shared_ptr<ScpiSession>> scpi(const std::string& instrument);
  Task<std::shared_ptr<ModbusDevice>> modbus(const std::string& instrument);
  Task<std::shared_ptr<Ppk2>> ppk2(const std::string& instrument);
  Task<std::unique_ptr<LinePort>> line_port(const std::string& instrument);
  const CalibratedInstrument& instrument(const std::string& name);
  const Profile& profile(const std::string& name) { return instrument(name).profile; }
  const plan::RigFile& rig() const noexcept { return rig_; }
  Clock& clock() const noexcept { return clock_; }
  Connector& connector() const noexcept { return connector_; }
  // Asks an instrument who it is, and compares with profile and rig file. Once a run. Throws InstrumentError.
  Task<> identify(std::string instrument);
  // At the end of a run: what their profiles say is sent before the link is closed. What fails is let be.
  Task<> take_leave();
  // What the instruments said, and what the rig file says of their calibration; for the record.
  std::vector<nlohmann::json> list();

 private:
  Clock& clock_;
  plan::Loader& loader_;
  const plan::RigFile& rig_;
  Connector& connector_;
  std::map<std::string, std::unique_ptr<CalibratedInstrument>> members_;
  std::map<std::string, std::shared_ptr<ScpiSession>> sessions_;
  std::map<std::string, std::shared_ptr<ModbusDevice>> devices_;
  std::map<std::string, std::shared_ptr<Ppk2>> profilers_;
  std::map<std::string, std::string> identities_;
};

// The place of one meter: what stands around it, by role. A role that the rig lacks is a null pointer inside; asking
// for it is a UserError that names the role and the rig file.
class Station {
 public:
  // Equipment that stations share may be null.
  struct Shared {
    std::shared_ptr<Host> host;
    std::shared_ptr<Operator> person;
    std::shared_ptr<Ambient> ambient;
  };
  Station(std::string name, int number, const plan::DutFile& dut, const plan::RigFile& rig,
          const MeterProfile& meter_profile, Shared shared);

  // Opens what stands behind a role and asks it who it is; once a run. Nothing happens for a role that the rig lacks.
  // Throws what the instrument or its link throws; the role is then tried anew at the next call.
  Task<> open(std::string role, Instruments& instruments);
  // Roles of this station with something behind them.
  std::vector<std::string> roles() const;
  // Roles whose outputs make_safe() works: nothing is switched on before all of them are open.
  std::vector<std::string> output_roles() const;
  // Every output role is open: the station can be switched on, and made safe again.
  bool ready() const;
  bool is_open(const std::string& role) const { return open_.contains(role); }

  const std::string& name() const noexcept { return name_; }
  int number() const noexcept { return number_; }
  const plan::DutFile& dut() const noexcept { return dut_; }
  const plan::RigFile& rig() const noexcept { return rig_; }
  bool has(const std::string& role) const;
  // The name of the instrument that fills a role; empty when none does.
  std::string instrument_of(const std::string& role) const;

  PowerSupply& supply() { return need(supply_.get(), "power_supply"); }
  Voltmeter& voltmeter() { return need(voltmeter_.get(), "voltmeter"); }
  CurrentMeter& microammeter() { return need(microammeter_.get(), "microammeter"); }
  CurrentMeter& ammeter() { return need(ammeter_.get(), "ammeter"); }
  PathSwitch& path() { return need(path_.get(), "path_switch"); }
  UartIsolation& uart() { return need(uart_.get(), "uart_link"); }
  Opener& opener() { return need(opener_.get(), "opener"); }
  AirSource& air_source() { return need(air_source_.get(), "air_source"); }
  AirValve& inlet_valve() { return need(inlet_valve_.get(), "inlet_valve"); }
  AirValve& vent() { return need(vent_.get(), "vent"); }
  AirValve& outlet_seal() { return need(outlet_seal_.get(), "outlet_seal"); }
  Gauge& gauge() { return need(gauge_.get(), "gauge"); }
  Thermometer& thermometer() { return need(thermometer_.get(), "gas_thermometer"); }
  LeakSensor& leak_sensor() { return need(leak_sensor_.get(), "leak_sensor"); }
  FlowStandard& flow() { return need(flow_.get(), "flow_standard"); }
  PulseCounter& pulses() { return need(pulses_.get(), "pulse_counter"); }
  PulseSimulator& pulse_simulator() { return need(pulse_simulator_.get(), "pulse_simulator"); }
  Chamber& chamber() { return need(chamber_.get(), "chamber"); }
  Ambient& ambient() { return need(shared_.ambient.get(), "ambient"); }
  // Puts the instruments of these roles into this station's paths, or takes them out, where they come through a matrix.
  Task<> route(std::vector<std::string> roles, bool connected);
  Host& host() { return need(shared_.host.get(), "host"); }
  Operator& person() { return need(shared_.person.get(), "operator"); }
  Cjt188Meter& meter() { return need(meter_.get(), "uart_link"); }

  // Outputs to their safe state, in the order of the rig file, each read back: those of `roles`, out of output_roles().
  // Tells, never throws an Error.
  Task<std::vector<OutputState>> make_safe(std::vector<std::string> roles);

  // Every output was brought to its safe state at the start of this run.
  bool secured = false;
  // The meter was powered with a low limit once in this run, and said who it is.
  bool commissioned = false;
  // The link to the meter has worked in this run; a silent meter is judged by it.
  bool meter_answered = false;
  // Why nothing more may be done here: the wrong sample, outputs that are not safe. Empty: go on.
  std::string blocked;

 private:
  template <typename Role>
  Role& need(Role* role, const char* word) {
    if (!role) missing(word);
    return *role;
  }
  [[noreturn]] void missing(const char* role) const;
  Task<> open_scpi(const std::string& role, const plan::RoleBinding& binding, Instruments& instruments);
  Task<> open_ppk2(const std::string& role, const plan::RoleBinding& binding, Instruments& instruments);
  Task<> open_modbus(const std::string& role, const plan::RoleBinding& binding, Instruments& instruments);
  Task<> open_uart(const plan::RoleBinding& binding, Instruments& instruments);
  Task<> open_routes(Instruments& instruments);
  std::vector<SafeOutput*> outputs(const std::string& role) const;

  std::string name_;
  int number_;
  const plan::DutFile& dut_;
  const plan::RigFile& rig_;
  const plan::RigStation& place_;
  const MeterProfile& meter_profile_;
  Shared shared_;
  std::unique_ptr<PowerSupply> supply_;
  std::unique_ptr<Voltmeter> voltmeter_;
  std::unique_ptr<CurrentMeter> microammeter_, ammeter_;
  std::unique_ptr<PathSwitch> path_;
  std::unique_ptr<UartIsolation> uart_;
  std::unique_ptr<Opener> opener_;
  std::unique_ptr<AirSource> air_source_;
  std::unique_ptr<AirValve> inlet_valve_, vent_, outlet_seal_;
  std::unique_ptr<Gauge> gauge_;
  std::unique_ptr<Thermometer> thermometer_;
  std::unique_ptr<LeakSensor> leak_sensor_;
  std::unique_ptr<FlowStandard> flow_;
  std::unique_ptr<PulseCounter> pulses_;
  std::unique_ptr<PulseSimulator> pulse_simulator_;
  std::unique_ptr<Chamber> chamber_;
  std::map<std::string, std::unique_ptr<Matrix>> routes_;  // by role
  std::unique_ptr<Cjt188Meter> meter_;
  std::set<std::string> open_;
};

}  // namespace meterrig::rig
