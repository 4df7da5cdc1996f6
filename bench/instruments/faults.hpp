#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/bench.hpp"
#include "bench/instruments/chamber.hpp"
#include "bench/instruments/dmm.hpp"
#include "bench/instruments/spread.hpp"
#include "core/clock.hpp"

namespace meterrig::bench {

// What goes wrong between a rig and an instrument, whatever the instrument is.
enum class IoTrouble { silent, garbage, late, close, error, partial, split, identity };

// By what name a trouble is asked for.
struct TroubleName {
  const char* name;
  IoTrouble trouble;
  bool scpi_only;
  const char* what;
};
inline constexpr std::array<TroubleName, 8> io_troubles = {
    {{"io-silent", IoTrouble::silent, false, "does not answer"},
     {"io-garbage", IoTrouble::garbage, false, "answers garbage"},
     {"io-late", IoTrouble::late, false, "answers 15 s late"},
     {"io-close", IoTrouble::close, false, "closes its link"},
     {"io-error", IoTrouble::error, false, "reports an error of its own"},
     {"io-partial", IoTrouble::partial, true, "sends the first half of each answer"},
     {"io-split", IoTrouble::split, true, "sends its answers in pieces"},
     {"io-identity", IoTrouble::identity, true, "says that it is another instrument"}}};
constexpr bool can_have(std::string_view instrument, const TroubleName& trouble) {
  return !trouble.scpi_only || instrument == "psu" || instrument == "dmm" || instrument == "analyser";
}

struct IoFault {
  IoTrouble trouble = IoTrouble::silent;
  int at_exchange = 0;  // 1-based; 0: always
};

// What an interlock or an instrument's own protection is for. Each comes a minute after the bench began.
enum class Hazard { over_voltage, run_away, over_current, over_pressure, door, emergency_stop, silent_inputs };

// A fault by name: "R4", "io-late:psu", "reads-high:dmm", "stuck-reading:dmm", "relay-stuck:k1", "pulse-lost:counter",
// "pulse-sim-lost", "no-cold:chamber".
struct Fault {
  enum class Kind {
    rig,
    io,
    reads_high,
    dmm,
    relay_stuck,
    relay_dead,
    pulse_lost,
    pulse_extra,
    pulse_sim_lost,
    chamber,
    hazard
  };
  Kind kind = Kind::rig;
  Hazard hazard = Hazard::over_voltage;
  int number = 0;  // of R1 .. R15
  IoTrouble trouble = IoTrouble::silent;
  DmmTrouble dmm_trouble = DmmTrouble::none;
  ChamberTrouble chamber_trouble = ChamberTrouble::none;
  std::string instrument;  // "psu", or one alone: "psu2", "host"
  std::string contact;     // "k1"
};
// Throws UserError with the nearest known name.
Fault parse_fault(const std::string& name);
// Rows of `list defects`: of all rigs, and those of a rig for water meters (fault_rows.cpp, water_fault_rows.cpp).
std::vector<DefectRow> fault_rows();
std::vector<DefectRow> water_fault_rows();
// Index in the relay board; -1: no such contact.
int relay_of(std::string_view contact);

// Stands in front of an instrument and spoils its exchanges. A message received counts as one.
class FaultyLink final : public LinkPeer {
 public:
  // `raise`: makes the instrument report an error of its own; null: it answers garbage instead.
  FaultyLink(Clock& clock, LinkPeer& inner, std::vector<IoFault> faults, std::function<void()> raise);
  ~FaultyLink() override;
  void receive(Port& port, std::span<const std::uint8_t> bytes) override;
  void connected(Port& port) override;
  void disconnected(Port& port) noexcept override;

 private:
  class Spoiled;
  Spoiled& wrapped(Port& port);

  Clock& clock_;
  LinkPeer& inner_;
  std::vector<IoFault> faults_;
  std::function<void()> raise_;
  int exchanges_ = 0;
  std::vector<std::unique_ptr<Spoiled>> ports_;
};

// The same for a Modbus device. Late or closed looks like silence: its master waits half a second.
class FaultyRegisters final : public RegisterPeer {
 public:
  FaultyRegisters(RegisterPeer& inner, std::vector<IoFault> faults, std::uint64_t seed);
  std::vector<std::uint16_t> read(RegisterTable table, std::uint16_t address, std::uint16_t count) override;
  void write(RegisterTable table, std::uint16_t address, std::span<const std::uint16_t> values) override;

 private:
  const IoFault* next();
  RegisterPeer& inner_;
  std::vector<IoFault> faults_;
  Spread spread_;
  int exchanges_ = 0;
};

}  // namespace meterrig::bench
