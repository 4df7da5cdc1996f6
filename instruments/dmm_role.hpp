#pragma once

#include <memory>
#include <string>

#include "instruments/profile.hpp"
#include "instruments/scpi_session.hpp"

namespace meterrig {

// What a place in a command of a multimeter's profile may stand for: {range:g}, {range_index}, {nplc:g}, {aperture:g},
// {interval:g}, {rate:g}, {count}, {first}, {last}.
struct DmmValues {
  double range = 0;     // V or A
  int range_index = 0;  // of instruments that count their ranges
  double nplc = 1;
  double aperture_s = 0;
  double interval_s = 1;
  std::uint64_t count = 1;
  std::uint64_t first = 1;  // readings [first, last] of a buffer
  std::uint64_t last = 1;
};

// One role of a multimeter as its profile has it. `sequences` are lists of commands; in between may stand a check
// {"query", "expect", "advice"}, for what must hold before a reading means anything.
class DmmRole {
 public:
  DmmRole(std::shared_ptr<ScpiSession> session, const Profile& profile, std::string role);

  bool has(const char* sequence) const;
  // Throws UserError when the profile lacks the sequence, ReadBackError with the advice when a check does not hold.
  Task<> send(const char* sequence, DmmValues values);
  std::string text(const std::string& pattern, const DmmValues& values) const;
  const std::string& command(const char* name) const { return profile_.command(role_, name); }
  // The range, its index and the NPLC that the profile uses in this role.
  DmmValues usual() const;
  // One reading: the number in front of what else the answer has, without its unit. Throws NoReading, OverRange,
  // ProtocolError. The first reading after a sequence may take `first_answer_s` of the profile.
  Task<double> reading();

  const nlohmann::json& document() const { return profile_.role(role_); }
  ScpiSession& session() const noexcept { return *session_; }
  const Profile& profile() const noexcept { return profile_; }
  const std::string& name() const noexcept { return role_; }

 private:
  std::shared_ptr<ScpiSession> session_;
  const Profile& profile_;
  std::string role_;
  bool fresh_ = false;  // nothing was read since the last sequence
};

// The checks of a profile that hold for all its roles, such as the command language. To be asked after *IDN?, before
// anything else. Throws InstrumentError with the profile's advice.
Task<> check_state(std::shared_ptr<ScpiSession> session, const Profile& profile);

// The number at the front of one field of an answer, without the unit behind it ("+1.234567E-09A").
// Throws NoReading for 9.91E37, OverRange beyond 9.9E37, ProtocolError for what is no number.
double reading_of(std::string_view field, const std::string& unit, const ScpiSession& session, const std::string& asked,
                  const std::string& answer);

}  // namespace meterrig
