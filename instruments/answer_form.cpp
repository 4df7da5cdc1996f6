#include "instruments/answer_form.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace meterrig {
namespace {

bool parse_register(std::string_view text, bool hexadecimal, unsigned long& value) {
  const bool prefixed = text.starts_with("0x") || text.starts_with("0X") || text.starts_with("#H");
  if (prefixed) text.remove_prefix(2);
  if (text.starts_with('+')) text.remove_prefix(1);
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value, prefixed || hexadecimal ? 16 : 10);
  return error == std::errc{} && stopped == end;
}

unsigned long mask(const nlohmann::json& bit, int channel) {
  const int number = bit.is_array() ? bit.at(static_cast<std::size_t>(channel - 1)).get<int>() : bit.get<int>();
  return 1UL << number;
}

}  // namespace

std::string AnswerForm::state(const std::string& answer) const {
  if (!by_bits()) {
    for (const auto& [state, words] : form_->at("words").items())
      if (std::find(words.begin(), words.end(), answer) != words.end()) return state;
    return "";
  }
  unsigned long value = 0;
  if (!parse_register(answer, hexadecimal(), value)) return "";
  for (const auto& [state, bit] : form_->at("bits").items())
    if ((value & mask(bit, channel_)) != 0) return state;
  return form_->value("otherwise", "");
}

std::string AnswerForm::word(const std::string& state) const {
  const auto& words = form_->at("words");
  return words.contains(state) ? words.at(state).at(0).get<std::string>() : "";
}

unsigned long AnswerForm::bit(const std::string& state) const {
  const auto& bits = form_->at("bits");
  return bits.contains(state) ? mask(bits.at(state), channel_) : 0;
}

}  // namespace meterrig
