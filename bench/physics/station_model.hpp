#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <string>

#include "bench/physics/signal.hpp"
#include "core/clock.hpp"

namespace meterrig::bench {

// The two current paths of CJ/T 503-2016 figure 1.
enum class Path { k1_microammeter, k2_ammeter };

// Contacts of a station's relay board.
enum class Contact { k1, k2, uart, opener, dummy_light, dummy_heavy };

// What hangs on the supply path and breathes the air: the meter's hardware, as physics sees it.
class MeterBody {
 public:
  virtual ~MeterBody() = default;
  // The terminals' voltage has changed, or will run along a ramp or decay from now on.
  virtual void supply_changed(const VoltageSignal& terminals) = 0;
  virtual void uart_connected(bool connected) = 0;
  // The key or actuator of the manual opening is worked.
  virtual void manual_action() = 0;
  // Cross-section that the valve leaves, 0 (closed) .. 1 (open), and its seat leak when closed.
  virtual double valve_opening() const = 0;
  virtual double seat_leak_l_per_h_at_15_kpa() const = 0;  // at 20 C, 101.325 kPa
  virtual double body_leak_l_per_h_at_15_kpa(bool with_valve_open) const = 0;
  // Gas flowed: volume in cubic metres of the mechanical register since the last call ended at `now`.
  virtual void volume_passed(double cubic_metres) = 0;
  // How much more has to pass until its next pulse; infinity when nothing counts.
  virtual double volume_to_next_pulse() const { return std::numeric_limits<double>::infinity(); }
  // Reed contact of its pulse output, counted since it was made.
  virtual std::uint32_t pulse_output() const { return 0; }
  // The line is on its way to this pressure, kPa gauge.
  virtual void pressure_set(double) {}
};

// The supply path of one station: supply, K, analyser paths, dummy loads, meter terminals.
class SupplyPath {
 public:
  virtual ~SupplyPath() = default;
  // From the programmable supply.
  virtual void set_supply(double volts, double ampere_limit, bool output_on) = 0;
  virtual void set_source_impedance(double ohms) = 0;
  // The real limit of a sick supply (fault R6); infinity when healthy.
  virtual void set_hidden_limit(double amperes) = 0;
  virtual void set_contact(Contact contact, bool closed) = 0;
  // Flows beside the meter from now on, through a damaged lead at its terminals (fault over-current:meter).
  virtual void set_stray_current(double amperes) = 0;
  // Burden of the instrument in a path, ohms; a multimeter's 100 uA range has kiloohms, a seamless analyser about none.
  virtual void set_burden(Path path, double ohms) = 0;

  // At the supply's own terminals, now.
  virtual double supply_volts() const = 0;
  virtual double supply_amperes() const = 0;
  virtual bool constant_current() const = 0;
  // Calls back whenever what the supply gives may have changed; one listener, none for an empty function.
  virtual void on_change(std::function<void()> listener) = 0;
  // Through the instrument of a path, and at the meter's terminals.
  virtual const CurrentSignal& current(Path path) const = 0;
  virtual const VoltageSignal& terminals() const = 0;

  // From the meter: what it draws from its terminals from now on.
  virtual void set_meter_current(std::int64_t nanoamperes) = 0;

  // History is kept from the oldest retained instant on; release the token when the acquisition has been read.
  virtual std::shared_ptr<void> retain_from(Instant when) = 0;
};

// What stands at the outlet of a meter sees of it: a leak sensor, a flow standard.
class AirOutlet {
 public:
  virtual ~AirOutlet() = default;
  // Flow bench: with the valve open this flow is drawn through the meter, cubic metres an hour.
  virtual void set_flow(double cubic_metres_per_hour, bool enabled) = 0;
  virtual double gas_celsius() const = 0;
  virtual double outlet_l_per_h() const = 0;  // volumetric, at outlet conditions; 0 when sealed
  virtual double passed_m3() const = 0;       // total through the flow standard
};

// The air of one station: constant-pressure source with regulator, inlet valve, gauge downstream of it, vent, meter,
// outlet seal or leak sensor; and the flow standard that meters what passes. Pressures in kPa gauge.
class AirLine : public AirOutlet {
 public:
  virtual void set_source(double setpoint_kpa, bool enabled, double ramp_kpa_per_s) = 0;
  virtual void set_source_ceiling(double kpa) = 0;  // fault R4: it only reaches so far
  virtual void set_inlet_valve(bool open) = 0;
  virtual void set_vent(bool open) = 0;
  virtual void set_outlet_seal(bool sealed) = 0;
  virtual void set_ambient(double celsius, double barometer_kpa) = 0;
  // Gas temperature moves by this rate from now on (the tight meter that cools).
  virtual void set_gas_temperature_rate(double kelvin_per_hour) = 0;

  virtual double source_kpa() const = 0;           // upstream of the inlet valve
  virtual double gauge_kpa() const = 0;            // downstream of it, at the meter
  virtual std::uint32_t meter_pulses() const = 0;  // on the meter's pulse output
  virtual double line_volume_l() const = 0;

  // From the meter: its valve has begun or ended a move.
  virtual void valve_moved() {}
};

}  // namespace meterrig::bench
