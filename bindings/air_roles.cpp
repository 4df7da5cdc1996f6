#include <cstdint>
#include <limits>

#include <fmt/format.h>
#include <pybind11/stl.h>

#include "bindings/roles.hpp"
#include "bindings/values.hpp"

// Air, flow, pulses, climate and people.
namespace meterrig::python {
namespace {

using SourceHandle = RoleHandle<AirSource, &rig::Station::air_source>;
using InletHandle = RoleHandle<AirValve, &rig::Station::inlet_valve>;
using VentHandle = RoleHandle<AirValve, &rig::Station::vent>;
using SealHandle = RoleHandle<AirValve, &rig::Station::outlet_seal>;
using GaugeHandle = RoleHandle<Gauge, &rig::Station::gauge>;
using ThermometerHandle = RoleHandle<Thermometer, &rig::Station::thermometer>;
using LeakHandle = RoleHandle<LeakSensor, &rig::Station::leak_sensor>;
using FlowHandle = RoleHandle<FlowStandard, &rig::Station::flow>;
using CounterHandle = RoleHandle<PulseCounter, &rig::Station::pulses>;
using SimulatorHandle = RoleHandle<PulseSimulator, &rig::Station::pulse_simulator>;
using ChamberHandle = RoleHandle<Chamber, &rig::Station::chamber>;
using AmbientHandle = RoleHandle<Ambient, &rig::Station::ambient>;
using OperatorHandle = RoleHandle<Operator, &rig::Station::person>;

Task<> apply(AirSource& source, double kpa, double ramp_kpa_per_s) {
  co_await source.set(kpa, ramp_kpa_per_s);
  co_await source.enable(true);
}

Task<> apply(Chamber& chamber, double celsius) {
  co_await chamber.set(celsius);
  co_await chamber.start();
}

void bind_source(py::module_& module) {
  py::class_<SourceHandle>(module, "AirSource", "A source of constant pressure, gauge.")
      .def(
          "apply",
          [](const SourceHandle& handle, double kpa, double ramp_kpa_per_s) {
            finite(kpa, "kpa");
            finite(ramp_kpa_per_s, "ramp_kpa_per_s");
            handle.ask([&](AirSource& source) { return apply(source, kpa, ramp_kpa_per_s); });
          },
          py::arg("kpa"), py::arg("ramp_kpa_per_s") = 1.0,
          "Sets the pressure (kPa) and how fast it gets there (kPa/s), and switches the source on; does not wait. "
          "Raises UserError outside the source's limits, ReadBackError.")
      .def(
          "off", [](const SourceHandle& handle) { handle.ask([](AirSource& s) { return s.enable(false); }); },
          "Switches the source off; the pressure stays until it is vented. Raises ReadBackError.")
      .def(
          "read",
          [](const SourceHandle& handle) {
            return reading_of(handle.ask([](AirSource& s) { return s.pressure_kpa(); }), "kPa");
          },
          "Its own gauge, upstream of the inlet valve, kPa. Raises NoReading.");
}

template <typename Handle>
void bind_valve(py::module_& module, const char* name, const char* about) {
  py::class_<Handle>(module, name, about)
      .def(
          "open", [](const Handle& handle) { handle.ask([](AirValve& v) { return v.open(true); }); },
          "Opens it, and waits until it has settled. Raises ReadBackError.")
      .def(
          "close", [](const Handle& handle) { handle.ask([](AirValve& v) { return v.open(false); }); },
          "Closes it, and waits until it has settled. Raises ReadBackError.");
}

void bind_sensors(py::module_& module) {
  py::class_<GaugeHandle>(module, "Gauge", "Downstream of the inlet valve, at the meter; gauge pressure.")
      .def(
          "read",
          [](const GaugeHandle& handle) {
            return reading_of(handle.ask([](Gauge& g) { return g.pressure_pa(); }), "Pa");
          },
          "Pa. Raises NoReading when it is stale or not plausible.")
      .def_property_readonly(
          "resolution_pa",
          [](const GaugeHandle& handle) { return handle.ask([](Gauge& g) { return g.resolution_pa(); }); },
          "The smallest step of its readings, Pa, asked of the instrument. Raises NoReading.");
  py::class_<ThermometerHandle>(module, "Thermometer", "Of the air in the meter.")
      .def(
          "read",
          [](const ThermometerHandle& handle) {
            return reading_of(handle.ask([](Thermometer& t) { return t.celsius(); }), "Cel");
          },
          "Degrees Celsius. Raises NoReading when it is stale or not plausible.");
  py::class_<LeakHandle>(module, "LeakSensor", "Flow at the meter's outlet, at outlet conditions.")
      .def(
          "select",
          [](const LeakHandle& handle, const std::string& range) {
            if (range != "fine" && range != "coarse")
              throw py::value_error(fmt::format("found range {:?}; expected \"fine\" or \"coarse\"", range));
            const auto wanted = range == "fine" ? LeakSensor::Range::fine : LeakSensor::Range::coarse;
            handle.ask([&](LeakSensor& s) { return s.select(wanted); });
          },
          py::arg("range"),
          "Takes the \"fine\" or the \"coarse\" range, and waits until it has settled. Raises ValueError for another "
          "word, ReadBackError.")
      .def(
          "read",
          [](const LeakHandle& handle) {
            return reading_of(handle.ask([](LeakSensor& s) { return s.flow_l_per_h(); }), "L/h");
          },
          "L/h. Raises OverRange beyond the range's end, NoReading.")
      .def_property_readonly(
          "range_l_per_h",
          [](const LeakHandle& handle) { return handle.look([](LeakSensor& s) { return s.range_l_per_h(); }); },
          "End of the range that is selected, L/h.");
  py::class_<FlowHandle>(module, "FlowStandard", "Draws a known flow through the meter.")
      .def(
          "start",
          [](const FlowHandle& handle, double m3_per_h) {
            finite(m3_per_h, "m3_per_h");
            handle.ask([&](FlowStandard& f) { return f.start(m3_per_h); });
          },
          py::arg("m3_per_h"),
          "Begins to draw this flow, m3/h; does not wait. Raises UserError outside its limits, ReadBackError.")
      .def(
          "stop", [](const FlowHandle& handle) { handle.ask([](FlowStandard& f) { return f.stop(); }); },
          "Ends the flow. Raises ReadBackError.")
      .def(
          "total",
          [](const FlowHandle& handle) {
            return reading_of(handle.ask([](FlowStandard& f) { return f.total_m3(); }), "m3");
          },
          "What has passed since the instrument came on, m3: take differences. Raises NoReading.");
}

void bind_pulses(py::module_& module) {
  py::class_<CounterHandle>(module, "PulseCounter", "Counts the closings of the meter's pulse contact.")
      .def(
          "count", [](const CounterHandle& handle) { return handle.ask([](PulseCounter& c) { return c.count(); }); },
          "Pulses since the instrument came on, 0 to 2**32 - 1, then from 0 again: take differences.")
      .def(
          "set_debounce",
          [](const CounterHandle& handle, double time_s) {
            const auto time = std::chrono::round<std::chrono::milliseconds>(duration_of(time_s, "time_s"));
            handle.ask([&](PulseCounter& c) { return c.set_debounce(time); });
          },
          py::arg("time_s"),
          "Leaves out closings that follow the last pulse by less than this, seconds, to 1 ms; 0 counts all. Raises "
          "UserError outside the counter's limits or when it can't be set, ReadBackError.");
  py::class_<SimulatorHandle>(module, "PulseSimulator",
                              "A programmable pulse output in the place of the meter's flow sensor.")
      .def(
          "start",
          [](const SimulatorHandle& handle, std::uint32_t pulses, double hz) {
            finite(hz, "hz");
            handle.ask([&](PulseSimulator& s) { return s.start(pulses, hz); });
          },
          py::arg("pulses"), py::arg("hz"),
          "Begins a train of exactly `pulses` (1 to 2**32 - 1) at `hz`, up to `hz_max`; does not wait. Raises "
          "UserError outside the instrument's limits, InstrumentError while a train is running, ReadBackError.")
      .def(
          "stop", [](const SimulatorHandle& handle) { handle.ask([](PulseSimulator& s) { return s.stop(); }); },
          "No further pulse comes; sent() keeps what came before. Raises ReadBackError.")
      .def(
          "sent", [](const SimulatorHandle& handle) { return handle.ask([](PulseSimulator& s) { return s.sent(); }); },
          "Pulses of the last train that came out by now. Raises NoReading when that is more than the train has.")
      .def_property_readonly(
          "running",
          [](const SimulatorHandle& handle) { return handle.ask([](PulseSimulator& s) { return s.running(); }); },
          "Whether pulses of a train are still to come.")
      .def_property_readonly(
          "hz_max",
          [](const SimulatorHandle& handle) { return handle.look([](PulseSimulator& s) { return s.hz_max(); }); },
          "The fastest train that start() takes, Hz.");
}

void bind_climate(py::module_& module) {
  py::class_<ChamberHandle>(module, "Chamber", "A temperature chamber.")
      .def(
          "apply",
          [](const ChamberHandle& handle, double celsius) {
            finite(celsius, "celsius");
            handle.ask([&](Chamber& c) { return apply(c, celsius); });
          },
          py::arg("celsius"),
          "Sets the air's temperature, degrees Celsius, and begins to condition; does not wait for it. Raises "
          "UserError outside the chamber's limits, ReadBackError.")
      .def(
          "stop", [](const ChamberHandle& handle) { handle.ask([](Chamber& c) { return c.stop(); }); },
          "Conditioning ends. Raises ReadBackError.")
      .def(
          "read",
          [](const ChamberHandle& handle) {
            return reading_of(handle.ask([](Chamber& c) { return c.celsius(); }), "Cel");
          },
          "Of the air, degrees Celsius. Raises NoReading when the chamber calls it stale or it is not plausible.");
  py::class_<AmbientHandle>(module, "Ambient", "Of the room.")
      .def(
          "read",
          [](const AmbientHandle& handle) {
            const Ambient::Conditions now = handle.ask([](Ambient& a) { return a.read(); });
            return py::make_tuple(reading_of(now.celsius, "Cel"), reading_of(now.humidity_percent, "%"),
                                  reading_of(now.barometer_kpa, "kPa"));
          },
          "Temperature (degrees Celsius), relative humidity (%) and air pressure (kPa). Raises NoReading.");
}

// Asked in both languages; the person's own words come back.
std::string ask_person(const OperatorHandle& handle, const std::string& zh, const std::string& en, double timeout_s) {
  const Duration timeout = duration_of(timeout_s, "timeout_s");
  Operator::Prompt prompt;
  prompt.zh = zh;
  prompt.en = en;
  const Operator::Answer answer = handle.station().ask([&](rig::Station& station) {
    prompt.station = station.number();
    return station.person().ask(prompt, timeout);
  });
  return answer.value;
}

using HostHandle = RoleHandle<Host, &rig::Station::host>;

// (frame, level of the reply in dBm, seconds from asking to its end).
py::tuple exchange(const HostHandle& handle, const std::string& address, const py::bytes& frame, double wake_period_s,
                   double timeout_s) {
  constexpr std::size_t address_digits = 14;
  if (address.size() != address_digits || address.find_first_not_of("0123456789ABCDEFabcdef") != std::string::npos)
    throw py::value_error(fmt::format("found address {:?}; expected 14 hexadecimal digits", address));
  const std::string_view view = frame;
  constexpr std::size_t longest_frame = 1024;
  if (view.empty() || view.size() > longest_frame)
    throw py::value_error(fmt::format("found a frame of {} bytes; expected 1 to {}", view.size(), longest_frame));
  constexpr double longest_wait_s = 3600;
  if (wake_period_s > longest_wait_s || timeout_s > longest_wait_s)
    throw py::value_error("wake_period_s and timeout_s are 3600 at most");
  const Bytes bytes(view.begin(), view.end());
  const Duration wake = duration_of(wake_period_s, "wake_period_s");
  const Duration timeout = duration_of(timeout_s, "timeout_s");
  const Host::Reply reply = handle.ask([&](Host& host) { return host.exchange(address, bytes, wake, timeout); });
  return py::make_tuple(py::bytes(reinterpret_cast<const char*>(reply.frame.data()), reply.frame.size()),
                        reply.rssi_dbm, to_seconds(reply.after));
}

}  // namespace

void bind_air_roles(py::module_& module, StationClass& station) {
  bind_source(module);
  bind_valve<InletHandle>(module, "InletValve", "Between air source and meter; closed when safe.");
  bind_valve<VentHandle>(module, "Vent", "Lets the pressure out; open when safe.");
  py::class_<SealHandle>(module, "OutletSeal", "Behind the meter; not sealed when safe.")
      .def(
          "seal", [](const SealHandle& handle) { handle.ask([](AirValve& v) { return v.open(true); }); },
          "Seals the outlet, and waits until it has settled. Raises ReadBackError.")
      .def(
          "release", [](const SealHandle& handle) { handle.ask([](AirValve& v) { return v.open(false); }); },
          "Lets the outlet go, and waits until it has settled. Raises ReadBackError.");
  bind_sensors(module);
  bind_pulses(module);
  bind_climate(module);
  py::class_<OperatorHandle>(module, "Operator", "The person at the rig, or the virtual one of a bench.")
      .def("ask", &ask_person, py::arg("zh"), py::arg("en"), py::arg("timeout_s") = 3600.0,
           "Asks in both languages and gives the answer as it was given. Raises TimeoutError when nobody answers.");
  py::class_<HostHandle>(module, "Host", "The maker's companion radio equipment, on the channel that stations share.")
      .def("exchange", &exchange, py::arg("address"), py::arg("frame"), py::arg("wake_period_s"), py::arg("timeout_s"),
           "Wakes the meter (a burst of `wake_period_s` seconds), sends the frame, and gives the reply: frame, dBm, s. "
           "Raises TimeoutError when no reply comes, ValueError for an address that is not 14 hexadecimal digits.");
  add_role<HostHandle>(station, "host");
  add_role<SourceHandle>(station, "air_source");
  add_role<InletHandle>(station, "inlet_valve");
  add_role<VentHandle>(station, "vent");
  add_role<SealHandle>(station, "outlet_seal");
  add_role<GaugeHandle>(station, "gauge");
  add_role<ThermometerHandle>(station, "gas_thermometer");
  add_role<LeakHandle>(station, "leak_sensor");
  add_role<FlowHandle>(station, "flow_standard");
  add_role<CounterHandle>(station, "pulse_counter");
  add_role<SimulatorHandle>(station, "pulse_simulator");
  add_role<ChamberHandle>(station, "chamber");
  add_role<AmbientHandle>(station, "ambient");
  add_role<OperatorHandle>(station, "operator");
}

}  // namespace meterrig::python
