#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "meters/cjt188_security.hpp"
#include "meters/meter.hpp"

// What a profile says of a CJ/T 188 meter: everything in which makers differ.
namespace meterrig::cjt188 {

using Identifier2 = std::array<std::uint8_t, 2>;  // as sent

// Which messages of an item are enciphered (2018, clause 7): none; all; all, or its writes, where there is a key.
enum class Encrypted { no, yes, both, writes };

// Where an item stands in the meter's frames.
struct Place {
  enum class Form { field, status, address };
  Form form = Form::field;
  std::uint8_t control = control::read_data;
  Identifier2 identifier{};
  std::size_t offset = 0;              // of the value in the content behind SER
  std::optional<std::size_t> unit_at;  // of the byte that tells the unit
  Encrypted encrypted = Encrypted::no;
  struct Write {
    std::uint8_t control = control::write_data;
    Identifier2 identifier{};
    Bytes suffix;  // behind the value: a unit code
  };
  std::optional<Write> write;
};

// One field of the status bytes: a flag, or a number with a word for some of its values.
struct StatusField {
  std::string name;
  std::size_t byte = 0;
  int shift = 0;
  int mask = 1;
  std::map<int, std::string> words;
};

struct Unit {
  std::string unit;  // UCUM
  int tens = 0;      // the power of ten by which values are multiplied
};

class Profile {
 public:
  explicit Profile(const MeterProfile& profile);
  std::uint8_t type() const noexcept { return type_; }
  int preamble() const noexcept { return preamble_; }
  // Whether a reply may come under this type: the meter's own and those that it is known to change to.
  bool expects(std::uint8_t type) const;
  const Place& place(const std::string& item) const { return places_.at(item); }
  // Null: neither the profile nor, where it has no table, the 2004 standard has the code.
  std::optional<Unit> unit(std::uint8_t code) const;
  // Value of a field of ST; 0 when the profile does not have it.
  int status(std::span<const std::uint8_t> bytes, const std::string& field) const;
  std::string status_word(std::span<const std::uint8_t> bytes, const std::string& field) const;
  // "valve_open battery_low".
  std::string status_text(std::span<const std::uint8_t> bytes) const;
  // With the system's key, for one meter. None: the profile has no security.
  std::optional<Security> security(const Block& key, const Address& address) const;

 private:
  const StatusField* field(const std::string& name) const;
  std::uint8_t type_ = 0;
  int preamble_ = 2;
  std::vector<std::uint8_t> other_types_;
  std::map<std::string, Place> places_;
  std::map<std::uint8_t, Unit> units_;
  std::vector<StatusField> status_;
  nlohmann::json security_;
};

}  // namespace meterrig::cjt188
