#include "rig/cli/frame_encode.hpp"

#include <fmt/format.h>

#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/errors.hpp"
#include "core/json/node.hpp"
#include "core/json/text.hpp"
#include "meters/protocols.hpp"

namespace meterrig::cli {

namespace {

constexpr std::int64_t longest_preamble = 1000;  // some infrared heads are woken by hundreds of bytes

struct EncodeOptions {
  Telegram telegram;
  std::vector<std::string> items;
  std::optional<int> preamble;
  bool bcd = false;
};

// "clock=2026-11-21T08:00:00", "cumulative_volume=1.5 m3".
TelegramItem item_of(const std::string& word) {
  const std::size_t mark = word.find('=');
  if (mark == std::string::npos || mark == 0)
    throw UserError(fmt::format("found {}; expected NAME=VALUE", json::in_quotes(word)));
  TelegramItem item{word.substr(0, mark), word.substr(mark + 1), ""};
  const std::size_t space = item.value.find(' ');
  const bool number = space != 0 && item.value.find_first_not_of("-.0123456789") == space;
  if (space != std::string::npos && number) {
    item.unit = item.value.substr(space + 1);
    item.value.erase(space);
  }
  return item;
}

void set_preamble(Telegram& telegram, std::size_t size) {
  if (size > 0) telegram.bytes = {{0, size, "preamble"}};
}

// An object as `frame decode --json` prints it.
Telegram telegram_of(const json::Node& object) {
  if (!object.boolean_or("valid", true))
    object.fail(fmt::format("an invalid frame, {}", object.string_or("error", "")), "a valid one");
  Telegram telegram;
  telegram.protocol = object.at("protocol").one_of(protocol_names());
  telegram.valid = true;
  telegram.address = object.string_or("address", "");
  telegram.meter_type = object.string_or("meter_type", "");
  telegram.control = object.string_or("control", "");
  telegram.data_identifier = object.string_or("data_identifier", "");
  if (const auto sequence = object.optional("sequence"))
    telegram.sequence = static_cast<int>(sequence->integer(0, 0xFFFF));
  if (const auto items = object.optional("items"))
    for (const json::Node& item : items->elements())
      telegram.items.push_back({item.at("name").string(), item.string_or("value", ""), item.string_or("unit", "")});
  if (const auto status = object.optional("status")) telegram.status = status->strings();
  if (const auto bytes = object.optional("bytes")) {
    for (const json::Node& range : bytes->elements()) {
      if (range.at("is").string() != "preamble") continue;
      const std::int64_t from = range.at("from").integer(0);
      set_preamble(telegram, static_cast<std::size_t>(range.at("to").integer(from, from + longest_preamble) - from));
    }
  }
  return telegram;
}

void print_bytes(const Telegram& telegram, const EncodeOptions& options, const std::string& place) {
  try {
    const auto numbers = options.bcd ? NumberCoding::bcd : NumberCoding::integer;
    fmt::print("{}\n", to_hex(bytes_of(telegram, numbers)));
  } catch (const EncodeError& refused) {
    throw UserError(fmt::format("{}{}: {}", place, name_of(refused.fault()), refused.what()));
  }
}

int encode_lines(const EncodeOptions& options) {
  std::string line;
  bool any = false;
  for (int number = 1; std::getline(std::cin, line); ++number) {
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    any = true;
    const std::string place = fmt::format("standard input:{}", number);
    Telegram telegram = telegram_of(json::parse(line, place));
    if (options.preamble) {
      telegram.bytes.clear();
      set_preamble(telegram, static_cast<std::size_t>(*options.preamble));
    }
    print_bytes(telegram, options, place + ": ");
  }
  if (!any) throw UserError("found no frame; expected --protocol, or JSON of `frame decode` on standard input");
  return 0;
}

int encode(EncodeOptions options) {
  if (options.telegram.protocol.empty()) return encode_lines(options);
  for (const std::string& word : options.items) options.telegram.items.push_back(item_of(word));
  set_preamble(options.telegram, static_cast<std::size_t>(options.preamble.value_or(0)));
  print_bytes(options.telegram, options, "");
  return 0;
}

}  // namespace

void add_frame_encode(CLI::App& frame, Action& action) {
  CLI::App* const command = frame.add_subcommand("encode", "Make frames in hexadecimal of named items");
  auto options = std::make_shared<EncodeOptions>();
  Telegram& telegram = options->telegram;
  CLI::Option* const protocol =
      command->add_option("--protocol", telegram.protocol, "Without it: JSON on standard input")
          ->check(CLI::IsMember(protocol_names()))
          ->type_name("NAME");
  const auto of_protocol = [&](const std::string& name, auto& target, const char* help, const char* type) {
    // An option takes one word, or it would take the items behind it as well.
    const bool many_words = !name.starts_with("--");
    command->add_option(name, target, help)->type_name(type)->allow_extra_args(many_words)->needs(protocol);
  };
  of_protocol("items", options->items, "Items, and behind a space the unit: \"cumulative_volume=1.5 m3\"",
              "NAME=VALUE");
  of_protocol("--type", telegram.meter_type, "Meter type: 10 of CJ/T 188, water of M-Bus", "TYPE");
  of_protocol("--address", telegram.address, "Address, unit or secondary address", "HEX");
  of_protocol("--control", telegram.control, "Control or function code", "HEX");
  of_protocol("--identifier", telegram.data_identifier, "Data identifier, CI or start address", "HEX");
  of_protocol("--sequence", telegram.sequence, "SER, frame number, access number or transaction", "N");
  of_protocol("--status", telegram.status, "Names of status bits that are set", "NAME");
  command->add_option("--preamble", options->preamble, "Bytes FE in front; without it as many as the JSON shows")
      ->check(CLI::Range(0, static_cast<int>(longest_preamble)))
      ->type_name("N");
  command->add_flag("--bcd", options->bcd, "Numbers of M-Bus as BCD, not as integers");
  command->footer(
      "Examples:\n"
      "  meterrig frame encode --protocol cjt188 --type 10 --address 00000012345678 --control 04 \\\n"
      "    --identifier A015 --sequence 7 --preamble 4 clock=2026-11-21T08:00:00\n"
      "  meterrig frame encode --protocol dlt645 --address 042209026460 --control 11 --identifier 02010100\n"
      "  meterrig frame decode --json < capture.txt | meterrig frame encode\n\n"
      "docs/telegrams.md lists the names of items and of what can be wrong with them.");
  command->callback([options, &action] { action = [options] { return encode(*options); }; });
}

}  // namespace meterrig::cli
