#pragma once

#include <string>
#include <vector>

#include "core/task.hpp"
#include "instruments/profile.hpp"
#include "instruments/waveform.hpp"

namespace meterrig {

// Whoever drives something that can be live. make_safe() sets each output to the profile's safe state and reads it
// back; what fails is told in the result, not thrown, so that one dead instrument does not keep the others live.
class SafeOutput {
 public:
  virtual ~SafeOutput() = default;
  virtual Task<std::vector<OutputState>> make_safe() = 0;
};

template <typename T>
concept DeclaresSafeState = requires(T& driver) {
  { driver.make_safe() } -> std::same_as<Task<std::vector<OutputState>>>;
};

// Programmable DC supply, one channel.
class PowerSupply : public SafeOutput {
 public:
  // Current limit first, then the voltage. Volts and amperes within the profile's limits, else UserError. The settings
  // are read back; one that is off by more than the instrument's accuracy is a ReadBackError.
  virtual Task<> set(double volts, double ampere_limit) = 0;
  // The voltage alone, limit untouched; for ramps.
  virtual Task<> set_voltage(double volts) = 0;
  // Sets the levels (V, A) at which the supply switches itself off, switches that on and reads it back, as far as the
  // profile has the commands; before output(true). Throws UserError when it has none, or for a level that the channel
  // can't be set to; ReadBackError as set() does.
  virtual Task<> protect(double over_voltage, double over_current) = 0;
  virtual Task<> output(bool on) = 0;
  virtual Task<Reading> voltage() = 0;
  virtual Task<Reading> current() = 0;
  enum class Protection { none, over_voltage, over_current };
  // Which of them has switched it off and was not cleared since, as far as the profile has a question for it.
  virtual Task<Protection> tripped() = 0;
  // The supply holds its current limit, not its voltage.
  virtual Task<bool> in_current_limit() = 0;
  virtual double voltage_max() const = 0;
  virtual double current_max() const = 0;
};

// At the meter's terminals.
class Voltmeter {
 public:
  virtual ~Voltmeter() = default;
  virtual Task<Reading> voltage() = 0;
  // Watches at the given interval until stop_watch(), which gives what was seen; at most `longest`.
  virtual Task<> start_watch(Duration interval, Duration longest) = 0;
  // Throws UserError, with the reason, when it can't watch at that interval. Asked before anything is switched on.
  virtual void expect_watch(Duration) const {}
  struct Watched {
    double minimum = 0;
    double mean = 0;
    double maximum = 0;
  };
  virtual Task<Watched> stop_watch() = 0;
  // Of an indication.
  virtual const Accuracy& accuracy() const = 0;
};

// A current path's instrument: the microammeter or the ammeter of CJ/T 503-2016 figure 1.
class CurrentMeter {
 public:
  virtual ~CurrentMeter() = default;
  // Mean over the instrument's own aperture, amperes. Throws OverRange, NoReading.
  virtual Task<Reading> current() = 0;
  // Begins to digitise: `points` means over `interval` each.
  virtual Task<> start(Duration interval, std::size_t points) = 0;
  // Throws UserError, with the reason, when start() can't do that. Asked before anything is switched on.
  virtual void expect_series(Duration, std::size_t) const {}
  // Waits for the end and gives the waveform. `exact`: every digit (decimal text), slower than the binary block.
  virtual Task<Waveform> fetch(bool exact) = 0;
  virtual Task<> abort() = 0;
  virtual const Accuracy& accuracy() const = 0;
  virtual std::size_t points_max() const = 0;
  virtual double range_max() const = 0;  // amperes
};

// K of figure 1. off: K0, the source disconnected. Both closed only during a change-over.
class PathSwitch : public SafeOutput {
 public:
  enum class Position { off, microammeter, ammeter };
  virtual Task<> select(Position position) = 0;
  // Closes the other path, waits `overlap`, opens the first: make before break.
  virtual Task<> change_over(Position to, Duration overlap) = 0;
  virtual Position position() const = 0;
  // Dummy loads hang on the paths' instruments while the meter is off, to prove the rig's own side good.
  virtual Task<> dummy(Position path, bool connected) = 0;
};

// Isolation of the meter's UART: released, its lines neither feed nor drive the meter.
class UartIsolation : public SafeOutput {
 public:
  virtual Task<> connect(bool connected) = 0;
  // Joins the rig's own lines, away from the meter: what it sends must come back.
  virtual Task<> loopback(bool joined) = 0;
};

// What does the manual part of opening a valve.
class Opener : public SafeOutput {
 public:
  virtual Task<> work() = 0;
};

// Brings an instrument that stations share into the paths of one of them.
class Matrix : public SafeOutput {
 public:
  virtual Task<> connect(bool connected) = 0;
};

}  // namespace meterrig
