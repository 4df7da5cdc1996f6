#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/io/memory_bus.hpp"
#include "core/io/memory_link.hpp"
#include "instruments/modbus_device.hpp"
#include "instruments/scpi_session.hpp"

namespace meterrig::conversation {

// tests/data/conversations/PROFILE.json holds what passes between the driver and an instrument, written after the
// maker's manual or a capture, never after the profile:
//
//   {"profile": "rigol_dp832",
//    "sources": ["manual or program, with edition"],
//    "parts": [
//      {"about": "what happens", "role": "power_supply", "channel": 1, "bindings": {"k1": 0},
//       "steps": [
//         {"call": "set", "with": [3.6, 0.5],
//          "lines": ["> :INST:NSEL 1;:SOUR:CURR 0.500;:SYST:ERR?", "< 0,\"No error\""]},
//         {"call": "voltage", "lines": ["> :MEAS:VOLT? CH1", "< 3.5998"], "gives": 3.5998},
//         {"call": "output", "with": [true], "lines": ["..."], "throws": "read_back", "says": "tripped"}]}]}
//
// Each part begins with a fresh link. `call` is a name of calls_of(); `gives` its result (numbers within 1e-9),
// `throws` the kind() of its error and `says` a piece of its text. Every line of a step must be said, in this order and
// nothing else. "> " the rig sends (without terminator), "< " the instrument answers (LF is added), "<x 23 31 0a" it
// answers raw bytes. On a register bus a line is a request of the Modbus PDU in hex: function, address, then the count
// or the words (05: FF00 or 0000; 0F: a word for each coil); "< " holds the words of a read, "! 02" refuses. The echo
// of a write is the protocol's own and is left out.
class Script {
 public:
  void load(const std::vector<std::string>& lines);
  // Compares with the next line of the rig; false when something else was due, and that is remembered.
  bool said(const std::string& text);
  // The instrument's next line, with its mark; empty when it is the rig's turn.
  std::string answer();
  // What went wrong since the last load(), and what was left unsaid. Empty: nothing.
  std::string complaint() const;

 private:
  std::vector<std::string> lines_;
  std::size_t next_ = 0;
  std::string wrong_;
};

// Stands where a SCPI instrument stands.
class ScriptedLine final : public LinkPeer {
 public:
  explicit ScriptedLine(Script& script) : script_(script) {}
  void receive(Port& port, std::span<const std::uint8_t> bytes) override;
  void connected(Port&) override { input_.clear(); }

 private:
  Script& script_;
  std::string input_;
};

// Stands where a Modbus device stands.
class ScriptedRegisters final : public RegisterPeer {
 public:
  explicit ScriptedRegisters(Script& script) : script_(script) {}
  std::vector<std::uint16_t> read(RegisterTable table, std::uint16_t address, std::uint16_t count) override;
  void write(RegisterTable table, std::uint16_t address, std::span<const std::uint16_t> values) override;

 private:
  Script& script_;
};

// What a step may call, by name; it is given "with" and gives what "gives" is held against (null: nothing).
using Call = std::function<nlohmann::json(const nlohmann::json& with)>;
using Calls = std::map<std::string, Call>;

// The calls of a role's real driver on a link or bus. A role that has none yet is a std::out_of_range.
Calls scpi_calls(Clock& clock, const std::string& role, std::shared_ptr<ScpiSession> session, const Profile& profile,
                 int channel);
Calls modbus_calls(Clock& clock, const std::string& role, std::shared_ptr<ModbusDevice> device,
                   std::map<std::string, int> bindings);

}  // namespace meterrig::conversation
