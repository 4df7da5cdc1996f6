#ifndef __clang__
// GCC 12 sees uninitialised memory inside std::regex when sanitizers are on.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <regex>
#include <set>

#include "core/json/text.hpp"
#include "rig/plan/instrument_check.hpp"

namespace meterrig::plan {

namespace {

// The placeholders of a template, each checked. They are filled with {fmt}: `{value:.3f}`.
std::set<std::string> placeholders(const json::Node& pattern) {
  static const std::regex number_format("^([-+ ]?#?0?[0-9]*([.][0-9]+)?[eEfFgG])?$");
  const std::string& text = pattern.string();
  std::set<std::string> found;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '}') pattern.expected("a \"{\" before each \"}\"");
    if (text[at] != '{') continue;
    const std::size_t end = text.find('}', at);
    if (end == std::string::npos) pattern.expected("a \"}\" behind each \"{\"");
    const std::string inside = text.substr(at + 1, end - at - 1);
    const std::size_t colon = std::min(inside.find(':'), inside.size());
    const std::string name = inside.substr(0, colon);
    if (name != "channel" && name != "value")
      pattern.fail("the placeholder {" + inside + "}", "only {channel} and {value}");
    const std::string format = colon < inside.size() ? inside.substr(colon + 1) : "";
    if (name == "channel" ? !format.empty() : !std::regex_match(format, number_format))
      pattern.fail("the placeholder {" + inside + "}", "{channel}, or {value} with a format such as {value:.3f}");
    found.insert(name);
    at = end;
  }
  return found;
}

bool sets(const std::string& command) {
  return command == "select" || command.starts_with("set_") || command == "output_on" || command == "output_off" ||
         command.ends_with("_on");
}

// Does the status register have a bit for each channel?
bool by_channel(const json::Node& role, const std::string& form) {
  const auto bits = role.at("answers").at(form).optional("bits");
  if (!bits) return false;
  const auto members = bits->members();
  return std::all_of(members.begin(), members.end(), [](const json::Member& bit) { return bit.value.is_array(); });
}

void check_commands(const json::Node& role) {
  const json::Node commands = role.at("commands");
  const bool several = role.at("channels").size() > 1;
  for (const json::Member& member : commands.members()) {
    const std::set<std::string> used = placeholders(member.value);
    if (member.key.starts_with("set_") != used.contains("value"))
      member.value.expected(used.contains("value") ? "no {value}: this command sets none" : "{value} in it");
    if (sets(member.key) && member.value.string().find('?') != std::string::npos)
      member.value.expected("a setting, which is no query");
    const bool told_apart = (member.key == "read_output" && by_channel(role, "output")) ||
                            (member.key == "mode" && by_channel(role, "mode"));
    if (several && !commands.has("select") && !used.contains("channel") && !told_apart)
      member.value.expected("{channel} in it, or a command \"select\"");
    if (member.key == "select" && !used.contains("channel")) member.value.expected("{channel} in it");
  }
  for (const char* which : {"over_voltage", "over_current"}) {
    const auto level = commands.optional(std::string("set_") + which);
    const auto on = commands.optional(std::string(which) + "_on");
    if (on && !level) on->fail_at_key(json::in_quotes(on->key()), fmt::format("\"set_{}\" beside it", which));
  }
}

void check_form(const json::Node& role, const std::string& name, const std::vector<std::string>& states) {
  const json::Node form = role.at("answers").at(name);
  const auto words = form.optional("words"), bits = form.optional("bits"), otherwise = form.optional("otherwise");
  if (words.has_value() == bits.has_value()) form.expected("either \"words\" or \"bits\"");
  const json::Node table = words ? *words : *bits;
  for (const json::Member& member : table.members()) {
    if (std::find(states.begin(), states.end(), member.key) == states.end())
      member.value.fail_at_key("unknown state " + json::in_quotes(member.key), json::choice(states),
                               json::did_you_mean(member.key, states));
    if (bits && member.value.is_array() && member.value.size() != role.at("channels").size())
      member.value.fail(fmt::format("{} bits", member.value.size()),
                        fmt::format("one for each of {} channels", role.at("channels").size()));
  }
  if (otherwise) (void)otherwise->one_of(states);
  for (std::size_t i = 0; i < 2; ++i)
    if (!table.has(states[i]) && !(otherwise && otherwise->string() == states[i]))
      form.fail("no answer for " + json::in_quotes(states[i]), "every state told apart: " + json::choice(states));
}

void check_answers(const json::Node& role) {
  check_form(role, "output", {"on", "off"});
  check_form(role, "mode", {"constant_voltage", "constant_current", "unregulated"});
  const json::Node commands = role.at("commands");
  if (commands.has("read_over_voltage") || commands.has("read_over_current"))
    check_form(role, "protection", {"on", "off"});
  if (commands.has("over_voltage_tripped") || commands.has("over_current_tripped"))
    check_form(role, "tripped", {"yes", "no"});
}

void check_safe_state(const json::Node& role) {
  bool off = false;
  for (const json::Node& step : role.at("safe_state").elements()) {
    const json::Node command = step.at("command");
    if (placeholders(command).contains("value")) command.expected("no {value}: a safe state is one");
    const auto read_back = step.optional("read_back");
    if (read_back) {
      (void)placeholders(*read_back);
      if (!step.has("expect") && !step.has("expect_state") && !step.has("expect_number"))
        step.fail("\"read_back\" alone", "\"expect\", \"expect_state\" or \"expect_number\" beside it");
    }
    off = off || (read_back && command.string() == role.at("commands").at("output_off").string());
    const auto expect = step.optional("expect");
    if (!expect) continue;
    try {
      (void)std::regex(expect->string());
    } catch (const std::regex_error&) {
      expect->expected("a regular expression");
    }
  }
  if (!off) role.at("safe_state").fail("no step with output_off and a read_back", "the output off, and read back");
}

// As far as a channel can be set, its error must be known.
void check_accuracy(const json::Node& profile, const json::Node& role) {
  constexpr std::array<std::array<const char*, 2>, 4> functions{{{"set_voltage", "voltage_v"},
                                                                 {"set_current", "current_a"},
                                                                 {"measure_voltage", "voltage_v"},
                                                                 {"measure_current", "current_a"}}};
  const auto table_of = [](const json::Node& at, const char* function) -> std::optional<json::Node> {
    const auto tables = at.optional("accuracy");
    return tables ? tables->optional(function) : std::nullopt;
  };
  for (const json::Node& channel : role.at("channels").elements()) {
    for (const auto& [function, limits] : functions) {
      auto table = table_of(channel, function);
      if (!table) table = table_of(profile, function);
      const json::Node max = channel.at(limits).at("max");
      const std::string name = channel.at("name").string();
      if (!table)
        profile.fail(fmt::format("no accuracy of {}", json::in_quotes(function)),
                     fmt::format("a table that reaches to {} for {}", max.number_text(), name));
      const json::Node last = (*table)[table->size() - 1].at("up_to");
      if (last.number() < max.number())
        last.expected(fmt::format("at least {}, as far as {} can be set", max.number_text(), name));
    }
  }
}

}  // namespace

void check_supply(const json::Node& profile) {
  const json::Node role = profile.at("roles").at("power_supply");
  check_commands(role);
  check_answers(role);
  check_safe_state(role);
  check_accuracy(profile, role);
}

}  // namespace meterrig::plan
