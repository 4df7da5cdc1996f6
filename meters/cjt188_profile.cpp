#include "meters/cjt188_profile.hpp"

#include <algorithm>
#include <utility>

#include "meters/cjt188_items.hpp"
#include "meters/telegram.hpp"

namespace meterrig::cjt188 {
namespace {

std::uint8_t byte_of(const std::string& hex) { return bytes_from_hex(hex).front(); }

Encrypted encrypted_of(const std::string& word) {
  if (word == "yes") return Encrypted::yes;
  if (word == "writes") return Encrypted::writes;
  return word == "both" ? Encrypted::both : Encrypted::no;
}

// "901F" is sent as printed, 90H first, or the other way round.
Identifier2 identifier_of(const std::string& di, bool low_byte_first) {
  const Bytes bytes = bytes_from_hex(di);
  return low_byte_first ? Identifier2{bytes[1], bytes[0]} : Identifier2{bytes[0], bytes[1]};
}

Place place_of(const nlohmann::json& entry, bool low_byte_first, Encrypted usual) {
  Place place;
  const std::string form = entry.at("format");
  if (form == "status") place.form = Place::Form::status;
  if (form == "address") place.form = Place::Form::address;
  if (entry.contains("di")) place.identifier = identifier_of(entry.at("di"), low_byte_first);
  place.control = byte_of(entry.value("control", "01"));
  place.offset = entry.value("offset", std::size_t{0});
  if (entry.contains("unit_at")) place.unit_at = entry.at("unit_at").get<std::size_t>();
  place.encrypted = entry.contains("encrypted") ? encrypted_of(entry.at("encrypted")) : usual;
  if (const auto write = entry.find("write"); write != entry.end()) {
    place.write = Place::Write{byte_of(write->value("control", "04")), identifier_of(write->at("di"), low_byte_first),
                               bytes_from_hex(write->value("suffix", ""))};
  }
  return place;
}

StatusField status_field(const std::string& name, const nlohmann::json& entry) {
  StatusField field{name, entry.at("byte"), entry.value("bit", entry.value("shift", 0)), entry.value("mask", 1), {}};
  for (const auto& [word, value] : entry.items())
    if (word != "byte" && word != "bit" && word != "shift" && word != "mask") field.words[value.get<int>()] = word;
  return field;
}

}  // namespace

Profile::Profile(const MeterProfile& profile) {
  const nlohmann::json& document = profile.document();
  type_ = byte_of(document.at("type"));
  preamble_ = document.value("preamble", 2);
  const auto types = document.value("answers_as", std::vector<std::string>{});
  for (const std::string& type : types) other_types_.push_back(byte_of(type));
  const bool low_byte_first = document.value("identifier_order", "high_first") == "low_first";
  security_ = document.value("security", nlohmann::json());
  const Encrypted usual = security_.is_null() ? Encrypted::no : encrypted_of(security_.value("encrypted", "no"));
  for (const auto& [name, item] : profile.items()) places_[name] = place_of(item.entry, low_byte_first, usual);
  if (const auto units = document.find("units"); units != document.end())
    for (const auto& [code, unit] : units->items()) units_[byte_of(code)] = {unit.at("unit"), unit.value("tens", 0)};
  if (const auto bits = document.find("status_bits"); bits != document.end())
    for (const auto& [name, entry] : bits->items()) status_.push_back(status_field(name, entry));
}

bool Profile::expects(std::uint8_t type) const {
  return type == type_ || std::find(other_types_.begin(), other_types_.end(), type) != other_types_.end();
}

std::optional<Unit> Profile::unit(std::uint8_t code) const {
  if (const auto own = units_.find(code); own != units_.end()) return own->second;
  const UnitCode* const standard = units_.empty() ? find_unit(code) : nullptr;
  if (standard == nullptr) return std::nullopt;
  return Unit{std::string(standard->unit), standard->tens};
}

const StatusField* Profile::field(const std::string& name) const {
  const auto found = std::find_if(status_.begin(), status_.end(), [&](const StatusField& f) { return f.name == name; });
  return found == status_.end() ? nullptr : &*found;
}

int Profile::status(std::span<const std::uint8_t> bytes, const std::string& name) const {
  const StatusField* const its = field(name);
  return its != nullptr && its->byte < bytes.size() ? bytes[its->byte] >> its->shift & its->mask : 0;
}

std::string Profile::status_word(std::span<const std::uint8_t> bytes, const std::string& name) const {
  const StatusField* const its = field(name);
  if (its == nullptr) return {};
  const auto word = its->words.find(status(bytes, name));
  return word == its->words.end() ? std::string() : word->second;
}

std::string Profile::status_text(std::span<const std::uint8_t> bytes) const {
  std::string text;
  const auto add = [&](const std::string& word) { text += (text.empty() ? "" : " ") + word; };
  for (const StatusField& its : status_) {
    const int value = status(bytes, its.name);
    const std::string word = status_word(bytes, its.name);
    if (!word.empty())
      add(its.name + "_" + word);
    else if (!its.words.empty())
      add(its.name + "_" + std::to_string(value));
    else if (value != 0)
      add(its.name);
  }
  return text;
}

std::optional<Security> Profile::security(const Block& key, const Address& address) const {
  if (security_.is_null()) return std::nullopt;
  Security security;
  const std::string derivation = security_.value("key_derivation", "none");
  security.key = derivation == "none"
                     ? key
                     : derive_key(key, derivation == "xor_address" ? Derivation::xor_address : Derivation::sm4_address,
                                  type_, address);
  const std::string vector = security_.value("initial_vector", std::string(32, '0'));
  if (vector == "address") security.vector = Vector::address;
  if (vector == "in_front") security.vector = Vector::in_front;
  const Bytes bytes = security.vector == Vector::setting ? bytes_from_hex(vector) : Bytes();
  std::copy_n(bytes.begin(), std::min(bytes.size(), security.initial_vector.size()), security.initial_vector.begin());
  security.padding = padding_of(security_.value("padding", "bit_one"));
  security.covered = covered_of(security_.value("covered", "data_field"));
  security.check = check_of(security_.value("check", "none"));
  return security;
}

}  // namespace meterrig::cjt188
