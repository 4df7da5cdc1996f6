#include <fmt/format.h>

#include <iostream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>

#include "core/errors.hpp"
#include "meters/protocols.hpp"
#include "rig/cli/command.hpp"
#include "rig/cli/frame_encode.hpp"
#include "rig/cli/json_text.hpp"

namespace meterrig::cli {

namespace {

constexpr int bad_frame = 1;

struct FrameOptions {
  std::vector<std::string> hex;
  std::string protocol;
  bool as_json = false;
};

nlohmann::ordered_json json_of(const Telegram& telegram) {
  using Json = nlohmann::ordered_json;
  Json items = Json::array(), bytes = Json::array();
  for (const TelegramItem& item : telegram.items)
    items.push_back({{"name", item.name}, {"value", text_or_null(item.value)}, {"unit", text_or_null(item.unit)}});
  for (const ByteRange& range : telegram.bytes)
    bytes.push_back({{"from", range.from}, {"to", range.to}, {"is", range.is}});
  return {{"protocol", telegram.protocol},
          {"valid", telegram.valid},
          {"error", text_or_null(telegram.error)},
          {"explanation", text_or_null(telegram.explanation)},
          {"departures", telegram.departures},
          {"direction", text_or_null(telegram.direction)},
          {"address", text_or_null(telegram.address)},
          {"meter_type", text_or_null(telegram.meter_type)},
          {"control", text_or_null(telegram.control)},
          {"data_identifier", text_or_null(telegram.data_identifier)},
          {"sequence", telegram.sequence ? Json(*telegram.sequence) : Json()},
          {"items", std::move(items)},
          {"status", telegram.status},
          {"bytes", std::move(bytes)}};
}

void print_for_people(const Telegram& telegram, std::span<const std::uint8_t> input) {
  fmt::print("{}{}", telegram.protocol, telegram.valid ? "" : "  invalid: " + telegram.error);
  for (const auto& [word, value] : {std::pair{"", telegram.direction},
                                    {"address", telegram.address},
                                    {"type", telegram.meter_type},
                                    {"control", telegram.control},
                                    {"identifier", telegram.data_identifier}})
    if (!value.empty()) fmt::print("  {}{}{}", word, *word == '\0' ? "" : " ", value);
  if (telegram.sequence) fmt::print("  sequence {}", *telegram.sequence);
  fmt::print("\n");
  if (!telegram.explanation.empty()) fmt::print("  {}\n", telegram.explanation);
  for (const TelegramItem& item : telegram.items)
    fmt::print("  {:<32} {} {}\n", item.name, item.value.empty() ? "(no number)" : item.value, item.unit);
  for (const std::string& bit : telegram.status) fmt::print("  status  {}\n", bit);
  for (const std::string& departure : telegram.departures) fmt::print("  departs from the standard: {}\n", departure);
  for (const ByteRange& range : telegram.bytes) {
    if (range.to > input.size() || range.from >= range.to) continue;
    fmt::print("  {:>4}..{:<4} {:<24} {}\n", range.from, range.to - 1, range.is,
               to_hex(input.subspan(range.from, range.to - range.from)));
  }
}

int decode(const FrameOptions& options) {
  std::string text;
  for (const std::string& part : options.hex) text += (text.empty() ? "" : " ") + part;
  if (options.hex.empty()) text.assign(std::istreambuf_iterator<char>(std::cin), {});
  std::vector<std::uint8_t> bytes;
  try {
    bytes = bytes_from_hex(text);
  } catch (const std::invalid_argument& wrong) {
    throw UserError(wrong.what());
  }
  if (bytes.empty()) throw UserError("found no bytes; expected a frame in hexadecimal, as words or on standard input");
  bool good = true;
  for (const Telegram& telegram : telegrams_in(bytes, options.protocol)) {
    good = good && telegram.valid;
    if (options.as_json)
      fmt::print("{}\n", json_of(telegram).dump());
    else
      print_for_people(telegram, bytes);
  }
  return good ? 0 : bad_frame;
}

}  // namespace

void add_frame(CLI::App& app, Action& action) {
  CLI::App* const command = app.add_subcommand("frame", "The bytes of meters' frames: what they say, and back");
  command->require_subcommand(1);
  CLI::App* const decoding = command->add_subcommand("decode", "Explain the frames in hexadecimal text, byte by byte");
  auto options = std::make_shared<FrameOptions>();
  decoding->add_option("hex", options->hex, "Bytes in hexadecimal, with or without spaces; else standard input")
      ->type_name("HEX");
  decoding->add_option("--protocol", options->protocol, "Without it the bytes decide")
      ->check(CLI::IsMember(protocol_names()))
      ->type_name("NAME");
  decoding->add_flag("--json", options->as_json, "One JSON object a frame");
  decoding->footer(
      "Examples:\n"
      "  meterrig frame decode FEFEFEFE68AAAAAAAAAAAAAAAA0303810A004916\n"
      "  meterrig frame decode --json < capture.txt\n\n"
      "Exit code 1 when a frame is bad; docs/telegrams.md lists the names of items, errors and departures.");
  decoding->callback([options, &action] { action = [options] { return decode(*options); }; });
  add_frame_encode(*command, action);
}

}  // namespace meterrig::cli
