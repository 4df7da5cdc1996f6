#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/errors.hpp"
#include "core/json/text.hpp"
#include "meters/meter.hpp"

namespace meterrig {
namespace {

using Kind = FieldFormat::Kind;

Kind kind_of(const std::string& format) {
  static const std::map<std::string, Kind> kinds{
      {"bcd", Kind::bcd}, {"binary", Kind::binary}, {"hex", Kind::hex}, {"text", Kind::text}, {"time", Kind::time}};
  // What else the schema allows is bytes to the codec; the protocol's driver knows more of it.
  const auto found = kinds.find(format);
  return found == kinds.end() ? Kind::hex : found->second;
}

FieldFormat format_of(const nlohmann::json& entry, bool high_first) {
  FieldFormat format;
  format.kind = kind_of(entry.value("format", "hex"));
  format.decimals = entry.value("decimals", 0);
  format.is_signed = entry.value("signed", false);
  format.high_first = entry.contains("value_order") ? entry.at("value_order") == "high_first" : high_first;
  format.layout = entry.value("layout", "");
  std::erase(format.layout, ' ');
  if (const auto words = entry.find("words"); words != entry.end())
    for (const auto& [word, raw] : words->items()) format.words[raw.get<std::string>()] = word;
  return format;
}

MeterItem::Access access_of(const std::string& word) {
  if (word == "rw") return MeterItem::Access::read_write;
  return word == "w" ? MeterItem::Access::write : MeterItem::Access::read;
}

Parity parity_of(const std::string& word) {
  if (word == "even") return Parity::even;
  return word == "odd" ? Parity::odd : Parity::none;
}

// What the schema can't say: what an item's access and form need beside them.
void check_item(const MeterItem& item, const std::string& protocol) {
  const auto demand = [&](bool holds, const std::string& what) {
    if (!holds) throw UserError(fmt::format("the item {:?} of the meter profile {}", item.name, what));
  };
  const auto has = [&](const char* key) { return item.entry.contains(key); };
  const char* const place = protocol == "mbus" ? "record" : protocol == "modbus" ? "register" : "di";
  demand(!item.readable() || has(place) || item.entry.value("command", "") == "address",
         fmt::format("can be read and has no {:?}", place));
  if (protocol == "cjt188") demand(!item.writable() || has("write"), "can be written and has no \"write\"");
  if (protocol == "mbus") demand(!item.writable() || has("prefix"), "can be written and has no \"prefix\"");
  const std::size_t size = protocol == "modbus" ? 2 * item.entry.value("registers", std::size_t{1}) : item.length;
  demand(item.format.kind != Kind::time || item.format.layout.size() == 2 * size,
         fmt::format("has {} bytes and a layout of {} parts", size, item.format.layout.size() / 2));
}

}  // namespace

MeterProfile::MeterProfile(nlohmann::json document) : document_(std::move(document)) {
  if (const auto line = document_.find("line"); line != document_.end()) {
    line_.baud = line->value("baud", line_.baud);
    line_.data_bits = line->value("data", line_.data_bits);
    line_.parity = parity_of(line->value("parity", "none"));
    line_.stop_bits = line->value("stop", line_.stop_bits);
  }
  const bool high_first = document_.value("value_order", "low_first") == "high_first";
  for (const auto& [name, entry] : document_.at("items").items()) {
    MeterItem item;
    item.name = name;
    item.access = access_of(entry.value("access", "r"));
    item.format = format_of(entry, high_first);
    item.length = entry.value("length", std::size_t{0});
    item.unit = entry.value("unit", "");
    item.trial_values = entry.value("trial_values", std::vector<std::string>{});
    item.entry = entry;
    check_item(item, protocol());
    items_.emplace(name, std::move(item));
  }
}

Duration MeterProfile::byte_time() const {
  const int bits = 1 + line_.data_bits + (line_.parity == Parity::none ? 0 : 1) + line_.stop_bits;
  return Duration{1'000'000'000LL * bits / line_.baud};
}

const MeterItem& MeterProfile::item(const std::string& name) const {
  const auto found = items_.find(name);
  if (found != items_.end()) return found->second;
  std::vector<std::string> known;
  for (const auto& [key, item] : items_) known.push_back(key);
  throw UserError(fmt::format("the meter profile {} has no item {:?}{}; it has {}", document_.at("id").dump(), name,
                              json::did_you_mean(name, known), fmt::join(known, ", ")));
}

}  // namespace meterrig
