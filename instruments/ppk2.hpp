#pragma once

#include <memory>
#include <optional>
#include <string>

#include "core/io/byte_stream.hpp"
#include "instruments/ppk2_decoder.hpp"
#include "instruments/roles/electrical.hpp"

namespace meterrig {

// A Nordic Power Profiler Kit II on its serial data port. It takes commands without acknowledging them; settings are
// read back through its metadata, a switched-off output through its own measurement.
class Ppk2 {
 public:
  Ppk2(Clock& clock, std::unique_ptr<ByteStream> stream, const Profile& profile, std::string name);

  // Reads the metadata: "Nordic Semiconductor,PPK2,,HW 9173". Throws TimeoutError, ProtocolError.
  Task<std::string> identify();
  enum class Mode { ampere_meter = 1, source_meter = 2 };
  // Sets mode and regulator, and reads both back. 800 to 5000 mV, else UserError; ReadBackError.
  Task<> use(Mode mode, int millivolts);
  Task<> power(bool on);
  // Samples from now on, as a mean over `interval` each (a whole number of 10 us).
  Task<> start(Duration interval, std::size_t points);
  // Waits for the end. Throws NoReading when samples were lost: a mean over a gap is none.
  Task<Waveform> fetch();
  Task<> stop();
  // Mean over `time`.
  Task<double> mean(Duration time);

  const Profile& profile() const noexcept { return profile_; }
  const std::string& name() const noexcept { return name_; }
  const Ppk2Calibration& calibration() const noexcept { return calibration_; }

 private:
  Task<> send(std::uint8_t opcode, std::optional<int> first = {}, std::optional<int> second = {});
  Task<> read_metadata();
  Task<> collect(std::size_t wanted);
  void take(std::optional<double> amperes);

  Clock& clock_;
  std::unique_ptr<ByteStream> stream_;
  const Profile& profile_;
  std::string name_;
  Ppk2Calibration calibration_;
  bool known_ = false;  // the metadata were read
  std::optional<Mode> mode_;
  int millivolts_ = 0;

  std::optional<Ppk2Decoder> decoder_;
  Waveform waveform_;
  std::size_t points_ = 0;
  std::size_t per_point_ = 1;
  std::size_t in_point_ = 0;
  double sum_ = 0;
  std::size_t gaps_ = 0;  // points with a lost sample
  bool gap_here_ = false;
  std::optional<TaskGroup> pump_;  // takes what comes while a procedure does other things
};

// role: "microammeter" or "ammeter". The session of the instrument is shared by its roles.
std::unique_ptr<CurrentMeter> make_ppk2_meter(std::shared_ptr<Ppk2> device, const std::string& role);

}  // namespace meterrig
