#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace meterrig {

// How an instrument answers a question about its state, as its profile says: by words, or by the bits of a status
// register, decimal or hexadecimal (0x, #H).
//   {"words": {"on": ["ON", "1"], "off": ["OFF", "0"]}}
//   {"bits": {"constant_current": 0, "constant_voltage": 1}, "otherwise": "unregulated"}
//   {"bits": {"on": [4, 5]}, "otherwise": "off", "hex": true}   a bit for each channel, in their order
class AnswerForm {
 public:
  // `channel` counts from 1.
  AnswerForm(const nlohmann::json& form, int channel) : form_(&form), channel_(channel) {}
  // The state that the answer means; empty when the form does not know it.
  std::string state(const std::string& answer) const;
  // The other way round, for virtual instruments: the first word of a state, and its bit in the register (0: none).
  bool by_bits() const { return form_->contains("bits"); }
  bool hexadecimal() const { return form_->value("hex", false); }
  std::string word(const std::string& state) const;
  unsigned long bit(const std::string& state) const;

 private:
  const nlohmann::json* form_;
  int channel_;
};

}  // namespace meterrig
