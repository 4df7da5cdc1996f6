#include "testcases/steps/inspection.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "testcases/steps/register.hpp"

namespace meterrig::testcases {
namespace {

bool among(std::initializer_list<std::string_view> words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// As people write it: capitals and blanks around it say nothing.
std::string plain_word(std::string_view text) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!text.empty() && blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && blank(text.back())) text.remove_suffix(1);
  std::string word(text);
  for (char& c : word) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return word;
}

}  // namespace

Task<Seen> look_at_sample(Trial& trial) {
  const plan::Clause& clause = trial.clause();
  const std::string answer =
      co_await ask(trial, Operator::Kind::inspect,
                   fmt::format("{} {}：样品 {} 是否符合？{}（yes / no / n.a.）", clause.requirement, clause.title.zh,
                               trial.dut().serial, clause.hold),
                   fmt::format("{} {}: does sample {} meet it? {} (yes / no / n.a.)", clause.requirement,
                               clause.title.en, trial.dut().serial, clause.hold),
                   clause.requirement);
  const std::string word = plain_word(answer);
  if (among({"yes", "y", "是", "符合"}, word)) co_return Seen::met;
  if (among({"no", "n", "否", "不符合"}, word)) co_return Seen::not_met;
  if (among({"n.a.", "na", "n/a", "不适用"}, word)) co_return Seen::not_applicable;
  trial.inconclusive(fmt::format("the question was answered with {:?}, not with yes, no or n.a.", answer));
}

}  // namespace meterrig::testcases
