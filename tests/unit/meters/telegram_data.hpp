#pragma once

#include <fstream>
#include <string>

#include <nlohmann/json.hpp>

#include "meters/telegram.hpp"

// Published frames with what their sources say of them.
namespace meterrig {

inline nlohmann::json published_frames(const std::string& protocol) {
  std::ifstream file(METERRIG_SOURCE_DIR "/tests/data/telegrams/" + protocol + ".json");
  return nlohmann::json::parse(file);
}

inline const TelegramItem* item_of(const Telegram& telegram, std::string_view name) {
  for (const TelegramItem& item : telegram.items)
    if (item.name == name) return &item;
  return nullptr;
}

// "0.527 m3/h", "missing".
inline std::string value_in(const Telegram& telegram, std::string_view name) {
  const TelegramItem* item = item_of(telegram, name);
  if (!item) return "missing";
  return item->unit.empty() ? item->value : item->value + " " + item->unit;
}

// Ranges follow each other without gaps from the first byte of the frame to its last.
inline bool covers(const Telegram& telegram, std::size_t from, std::size_t to) {
  for (const ByteRange& range : telegram.bytes) {
    if (range.from != from || range.to <= range.from || range.is.empty()) return false;
    from = range.to;
  }
  return from == to;
}

}  // namespace meterrig
