#include "tests/unit/instruments/conversation.hpp"

#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace meterrig::conversation {
namespace {

std::string function_of(RegisterTable table) {
  if (table == RegisterTable::coils) return "01";
  if (table == RegisterTable::discrete_inputs) return "02";
  return table == RegisterTable::holding ? "03" : "04";
}

std::vector<std::uint16_t> words_of(std::string_view text) {
  std::vector<std::uint16_t> words;
  for (std::size_t at = 0; at < text.size(); at = std::min(text.find(' ', at), text.size()) + 1) {
    std::uint16_t word = 0;
    std::from_chars(text.data() + at, text.data() + text.size(), word, 16);
    words.push_back(word);
  }
  return words;
}

}  // namespace

void Script::load(const std::vector<std::string>& lines) {
  lines_ = lines;
  next_ = 0;
  wrong_.clear();
}

bool Script::said(const std::string& text) {
  const bool due = next_ < lines_.size() && lines_[next_] == "> " + text;
  if (due) ++next_;
  if (!due && wrong_.empty())
    wrong_ = fmt::format("the rig said {:?}; due was {:?}", text, next_ < lines_.size() ? lines_[next_] : "nothing");
  return due;
}

std::string Script::answer() {
  if (next_ == lines_.size() || lines_[next_].starts_with("> ")) return "";
  return lines_[next_++];
}

std::string Script::complaint() const {
  if (!wrong_.empty()) return wrong_;
  return next_ == lines_.size() ? "" : fmt::format("unsaid: {:?}", lines_[next_]);
}

void ScriptedLine::receive(Port& port, std::span<const std::uint8_t> bytes) {
  input_.append(bytes.begin(), bytes.end());
  for (std::size_t end = input_.find_first_of("\r\n"); end != std::string::npos; end = input_.find_first_of("\r\n")) {
    const std::string line = input_.substr(0, end);
    input_.erase(0, end + 1);
    if (line.empty() || !script_.said(line)) continue;
    for (std::string answer = script_.answer(); !answer.empty(); answer = script_.answer()) {
      Bytes out(answer.begin() + 2, answer.end());
      out.push_back('\n');
      if (answer.starts_with("<x ")) {
        out.clear();
        for (const std::uint16_t byte : words_of(answer.substr(3))) out.push_back(static_cast<std::uint8_t>(byte));
      }
      port.send(out, {});
    }
  }
}

std::vector<std::uint16_t> ScriptedRegisters::read(RegisterTable table, std::uint16_t address, std::uint16_t count) {
  if (!script_.said(fmt::format("{} {:04X} {:04X}", function_of(table), address, count))) throw Silence{};
  const std::string answer = script_.answer();
  if (answer.empty()) throw Silence{};
  const std::vector<std::uint16_t> words = words_of(answer.substr(2));
  if (answer.starts_with("! ")) throw Refusal{words.at(0)};
  return words;
}

void ScriptedRegisters::write(RegisterTable table, std::uint16_t address, std::span<const std::uint16_t> values) {
  const bool coils = table == RegisterTable::coils;
  std::string text = fmt::format("{} {:04X} {:04X}", coils ? "0F" : "10", address, fmt::join(values, " "));
  if (coils && values.size() == 1) text = fmt::format("05 {:04X} {}", address, values[0] != 0 ? "FF00" : "0000");
  if (!script_.said(text)) throw Silence{};
  const std::string answer = script_.answer();
  if (answer.starts_with("! ")) throw Refusal{words_of(answer.substr(2)).at(0)};
}

}  // namespace meterrig::conversation
