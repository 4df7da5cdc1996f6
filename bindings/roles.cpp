#include "bindings/roles.hpp"

#include <cmath>

#include <fmt/format.h>
#include <pybind11/stl.h>

#include "bindings/values.hpp"
#include "bindings/waveform.hpp"
#include "core/errors.hpp"

namespace meterrig::python {
namespace {

using SupplyHandle = RoleHandle<PowerSupply, &rig::Station::supply>;
using VoltmeterHandle = RoleHandle<Voltmeter, &rig::Station::voltmeter>;
using MicroammeterHandle = RoleHandle<CurrentMeter, &rig::Station::microammeter>;
using AmmeterHandle = RoleHandle<CurrentMeter, &rig::Station::ammeter>;
using PathHandle = RoleHandle<PathSwitch, &rig::Station::path>;
using UartHandle = RoleHandle<UartIsolation, &rig::Station::uart>;
using OpenerHandle = RoleHandle<Opener, &rig::Station::opener>;

constexpr double usual_interval_s = 0.001;
// A battery meter draws less; more must be asked for.
constexpr double usual_limit_a = 0.5;
// Rounded up to what a source can be set to.
constexpr double interval_step_s = 0.0001;

Task<> apply(PowerSupply& supply, double volts, double amperes) {
  co_await supply.set(volts, amperes);
  co_await supply.output(true);
}

void apply_supply(const SupplyHandle& handle, double volts, const std::optional<double>& current_limit) {
  finite(volts, "volts");
  if (current_limit) finite(*current_limit, "current_limit");
  handle.ask([&](PowerSupply& supply) {
    return apply(supply, volts, current_limit.value_or(std::min(usual_limit_a, supply.current_max())));
  });
}

std::string protection_word(PowerSupply::Protection protection) {
  switch (protection) {
    case PowerSupply::Protection::over_voltage:
      return "over_voltage";
    case PowerSupply::Protection::over_current:
      return "over_current";
    case PowerSupply::Protection::none:
      break;
  }
  return "none";
}

void bind_supply(py::module_& module) {
  py::class_<SupplyHandle>(module, "PowerSupply", "A programmable DC supply, one channel: feeds the meter.")
      .def("apply", &apply_supply, py::arg("volts"), py::arg("current_limit") = py::none(),
           "Sets the current limit (A), then the voltage (V), and switches the output on; all three are read back. "
           "None: 0.5 A, or the channel's largest if that is less. Raises UserError outside its limits, ReadBackError.")
      .def(
          "set_voltage",
          [](const SupplyHandle& handle, double volts) {
            finite(volts, "volts");
            handle.ask([&](PowerSupply& supply) { return supply.set_voltage(volts); });
          },
          py::arg("volts"),
          "Sets the voltage alone, V, for ramps; limit and output stay. Raises UserError, ReadBackError.")
      .def(
          "off", [](const SupplyHandle& handle) { handle.ask([](PowerSupply& s) { return s.output(false); }); },
          "Switches the output off, and reads that back. Raises ReadBackError.")
      .def(
          "voltage",
          [](const SupplyHandle& handle) {
            return reading_of(handle.ask([](PowerSupply& s) { return s.voltage(); }), "V");
          },
          "Measures at the supply's own terminals, V. Raises NoReading, OverRange.")
      .def(
          "current",
          [](const SupplyHandle& handle) {
            return reading_of(handle.ask([](PowerSupply& s) { return s.current(); }), "A");
          },
          "Measures what the supply gives, A. Raises NoReading, OverRange.")
      .def(
          "protect",
          [](const SupplyHandle& handle, double over_voltage, double over_current) {
            finite(over_voltage, "over_voltage");
            finite(over_current, "over_current");
            handle.ask([&](PowerSupply& s) { return s.protect(over_voltage, over_current); });
          },
          py::arg("over_voltage"), py::arg("over_current"),
          "Sets and arms the levels (V, A) at which the supply switches itself off; before apply(). Raises UserError "
          "for a supply without such protections or a level out of its limits, ReadBackError.")
      .def_property_readonly(
          "tripped",
          [](const SupplyHandle& handle) {
            return protection_word(handle.ask([](PowerSupply& s) { return s.tripped(); }));
          },
          "The protection that has switched it off: \"none\", \"over_voltage\" or \"over_current\".")
      .def_property_readonly(
          "in_current_limit",
          [](const SupplyHandle& handle) { return handle.ask([](PowerSupply& s) { return s.in_current_limit(); }); },
          "Whether it holds its current limit, not its voltage.")
      .def_property_readonly(
          "voltage_max",
          [](const SupplyHandle& handle) { return handle.look([](PowerSupply& s) { return s.voltage_max(); }); },
          "The highest voltage that the channel can be set to, V.")
      .def_property_readonly(
          "current_max",
          [](const SupplyHandle& handle) { return handle.look([](PowerSupply& s) { return s.current_max(); }); },
          "The highest current limit that the channel can be set to, A.");
}

void bind_voltmeter(py::module_& module) {
  py::class_<VoltmeterHandle>(module, "Voltmeter", "At the meter's terminals.")
      .def(
          "read",
          [](const VoltmeterHandle& handle) {
            return reading_of(handle.ask([](Voltmeter& v) { return v.voltage(); }), "V");
          },
          "Mean over the instrument's own aperture, V; it ends a watch. Raises NoReading, OverRange.")
      .def(
          "start_watch",
          [](const VoltmeterHandle& handle, double interval_s, double longest_s) {
            const Duration interval = duration_of(interval_s, "interval_s");
            const Duration longest = duration_of(longest_s, "longest_s");
            handle.ask([&](Voltmeter& v) { return v.start_watch(interval, longest); });
          },
          py::arg("interval_s"), py::arg("longest_s"),
          "Begins to look at the voltage every `interval_s` seconds until stop_watch(), for `longest_s` at most. "
          "Raises UserError for an instrument that can't, or not so often.")
      .def(
          "stop_watch",
          [](const VoltmeterHandle& handle) {
            const Voltmeter::Watched seen = handle.ask([](Voltmeter& v) { return v.stop_watch(); });
            return py::module_::import("meterrig.station").attr("Watched")(seen.minimum, seen.mean, seen.maximum);
          },
          "Ends the watch: the minimum, mean and maximum that it saw, V. Raises NoReading when it saw nothing.");
}

struct Series {
  Duration interval;
  std::size_t points;
};

Series series_for(double length_s, const std::optional<double>& interval_s, std::size_t points_max) {
  const Duration length = duration_of(length_s, "seconds");
  double step_s = usual_interval_s;
  if (interval_s)
    step_s = to_seconds(duration_of(*interval_s, "interval_s"));
  else if (length_s / step_s > static_cast<double>(points_max))
    step_s = std::ceil(length_s / static_cast<double>(points_max) / interval_step_s) * interval_step_s;
  const Duration interval = seconds(step_s);
  if (interval <= Duration::zero() || length < interval)
    throw py::value_error("expected seconds of at least one interval, and an interval above 0");
  const auto points = static_cast<std::uint64_t>((length + interval / 2) / interval);
  if (points > points_max)
    throw UserError(
        fmt::format("{} samples of {:g} s each were asked for, and the instrument takes {} at most; take a "
                    "longer interval_s or fewer seconds",
                    points, to_seconds(interval), points_max));
  return {interval, static_cast<std::size_t>(points)};
}

Task<Waveform> take(CurrentMeter& meter, Series series, bool exact) {
  co_await meter.start(series.interval, series.points);
  co_return co_await meter.fetch(exact);
}

template <typename Handle>
RecordingPtr acquire(const Handle& handle, double length_s, const std::optional<double>& interval_s, bool exact) {
  auto recording = std::make_shared<Recording>();
  std::size_t points_max = 0;
  handle.look([&](CurrentMeter& meter) {
    points_max = meter.points_max();
    recording->accuracy = meter.accuracy();
    return true;
  });
  const Series series = series_for(length_s, interval_s, points_max);
  handle.station().caller->run([&]() -> Task<> {
    const Context context = co_await current_context{};
    recording->start = context.clock->utc();
    co_return;
  });
  recording->waveform = handle.ask([&](CurrentMeter& meter) { return take(meter, series, exact); });
  return recording;
}

template <typename Handle>
void bind_current_meter(py::module_& module, const char* name) {
  py::class_<Handle>(module, name)
      .def(
          "read",
          [](const Handle& handle) { return reading_of(handle.ask([](CurrentMeter& m) { return m.current(); }), "A"); })
      .def("acquire", &acquire<Handle>, py::arg("seconds"), py::kw_only(), py::arg("interval_s") = py::none(),
           py::arg("exact") = false)
      .def_property_readonly(
          "range_max", [](const Handle& handle) { return handle.look([](CurrentMeter& m) { return m.range_max(); }); })
      .def_property_readonly("points_max", [](const Handle& handle) {
        return handle.look([](CurrentMeter& m) { return m.points_max(); });
      });
}

PathSwitch::Position position_of(const std::string& word) {
  if (word == "off") return PathSwitch::Position::off;
  if (word == "microammeter") return PathSwitch::Position::microammeter;
  if (word == "ammeter") return PathSwitch::Position::ammeter;
  throw py::value_error(fmt::format("found path {:?}; expected \"off\", \"microammeter\" or \"ammeter\"", word));
}

// K1 or K2: what has an instrument in it.
PathSwitch::Position path_of(const std::string& word) {
  if (word == "off") throw py::value_error("found path \"off\"; expected \"microammeter\" or \"ammeter\"");
  return position_of(word);
}

std::string word_of(PathSwitch::Position position) {
  switch (position) {
    case PathSwitch::Position::microammeter:
      return "microammeter";
    case PathSwitch::Position::ammeter:
      return "ammeter";
    case PathSwitch::Position::off:
      break;
  }
  return "off";
}

void bind_switches(py::module_& module) {
  py::class_<PathHandle>(
      module, "PathSwitch",
      "K of CJ/T 503-2016 figure 1. Paths: \"off\" (K0, nothing fed), \"microammeter\" (K1), \"ammeter\" (K2).")
      .def(
          "select",
          [](const PathHandle& handle, const std::string& path) {
            const auto position = position_of(path);
            handle.ask([&](PathSwitch& p) { return p.select(position); });
          },
          py::arg("path"),
          "Opens what is closed, then closes the path: the meter is without supply in between. Raises ValueError for "
          "another word, ReadBackError.")
      .def(
          "change_over",
          [](const PathHandle& handle, const std::string& path, double overlap_s) {
            const auto position = path_of(path);
            const Duration overlap = duration_of(overlap_s, "overlap_s");
            handle.ask([&](PathSwitch& p) { return p.change_over(position, overlap); });
          },
          py::arg("path"), py::arg("overlap_s") = 0.05,
          "Closes \"microammeter\" or \"ammeter\" too, waits `overlap_s` seconds, opens the other: make before break. "
          "Raises ValueError for another word, ReadBackError.")
      .def(
          "dummy",
          [](const PathHandle& handle, const std::string& path, bool connected) {
            const auto position = path_of(path);
            handle.ask([&](PathSwitch& p) { return p.dummy(position, connected); });
          },
          py::arg("path"), py::arg("connected"),
          "Hangs a dummy load on the path's instrument, or takes it away, to prove the rig's own side good. Only while "
          "the meter is off. Raises ValueError for another word, UserError for a rig without one, ReadBackError.")
      .def_property_readonly(
          "position",
          [](const PathHandle& handle) { return word_of(handle.look([](PathSwitch& p) { return p.position(); })); },
          "The path that was selected last: \"off\", \"microammeter\" or \"ammeter\".");
  py::class_<UartHandle>(module, "UartLink",
                         "Isolation of the meter's UART. What is said over it belongs to `station.meter`.")
      .def(
          "connect", [](const UartHandle& handle) { handle.ask([](UartIsolation& u) { return u.connect(true); }); },
          "Connects the rig's lines with the meter's. Raises ReadBackError.")
      .def(
          "release", [](const UartHandle& handle) { handle.ask([](UartIsolation& u) { return u.connect(false); }); },
          "Parts them: the lines neither feed nor drive the meter. Raises ReadBackError.")
      .def(
          "loopback",
          [](const UartHandle& handle, bool joined) {
            handle.ask([&](UartIsolation& u) { return u.loopback(joined); });
          },
          py::arg("joined"),
          "Joins the rig's own lines, away from the meter, so that what it sends comes back; False undoes it. Raises "
          "UserError for a rig without one, ReadBackError.");
  py::class_<OpenerHandle>(module, "Opener", "Does the manual part of opening a valve.")
      .def(
          "work", [](const OpenerHandle& handle) { handle.ask([](Opener& o) { return o.work(); }); },
          "Presses and lets go. Raises ReadBackError.");
}

void bind_dut(py::module_& module) {
  using plan::DutFile;
  py::class_<DutFile>(module, "Dut", "A sample, and what its maker declares of it in its DUT file; None: nothing.")
      .def_readonly("model", &DutFile::model, "The maker's name for it.")
      .def_readonly("maker", &DutFile::maker, "Empty when the file does not say.")
      .def_readonly("serial", &DutFile::serial, "Its serial number.")
      .def_readonly("sample", &DutFile::sample, "From 1: its number in the run.")
      .def_readonly("meter", &DutFile::meter, "\"gas\", \"water\", \"heat\" or \"electricity\".")
      .def_readonly("profile", &DutFile::profile, "Name of its profile under config/meters/.")
      .def_readonly("address", &DutFile::address,
                    "On its own link, hexadecimal; for CJ/T 188 in the order of the wire, A0 first.")
      .def_readonly("communication", &DutFile::communication, "R, S, G or O: mode of CJ/T 503-2016.")
      .def_readonly("nominal_voltage_v", &DutFile::nominal_voltage_v, "That it is made for, V.")
      .def_readonly("undervoltage_v", &DutFile::undervoltage_v, "Below it the meter warns, V.")
      .def_readonly("minimum_voltage_v", &DutFile::minimum_voltage_v, "Below it the meter need not work, V.")
      .def_readonly("maximum_voltage_v", &DutFile::maximum_voltage_v, "The most that it works at, V.")
      .def_readonly("wake_period_s", &DutFile::wake_period_s, "From one wake-up of its radio to the next, seconds.")
      .def_readonly("detection_latency_s", &DutFile::detection_latency_s,
                    "Until it has noticed a change of its supply, seconds.")
      .def_readonly("valve_close_time_s", &DutFile::valve_close_time_s, "Until its valve is closed, seconds.")
      .def_readonly("conversion", &DutFile::conversion,
                    "How its flow becomes a number: \"pulse\" or \"direct_reading\".")
      .def_property_readonly(
          "pulse_volume_m3",
          [](const DutFile& dut) -> py::object {
            return dut.pulse_volume_m3.empty() ? py::none()
                                               : py::module_::import("decimal").attr("Decimal")(dut.pulse_volume_m3);
          },
          "Volume of one pulse, m3, exact.")
      .def_readonly("boot_time_s", &DutFile::boot_time_s,
                    "From power to the first answer, seconds; 2 when it is not declared.")
      .def_readonly("file", &DutFile::file, "Path of the file.");
}

}  // namespace

void bind_roles(py::module_& module, StationClass& station) {
  bind_supply(module);
  bind_voltmeter(module);
  bind_current_meter<MicroammeterHandle>(module, "Microammeter");
  bind_current_meter<AmmeterHandle>(module, "Ammeter");
  bind_switches(module);
  bind_dut(module);
  add_role<SupplyHandle>(station, "power_supply");
  add_role<VoltmeterHandle>(station, "voltmeter");
  add_role<MicroammeterHandle>(station, "microammeter");
  add_role<AmmeterHandle>(station, "ammeter");
  add_role<PathHandle>(station, "path_switch");
  add_role<UartHandle>(station, "uart_link");
  add_role<OpenerHandle>(station, "opener");
}

}  // namespace meterrig::python
