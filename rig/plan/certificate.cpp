#include "rig/plan/certificate.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/json/text.hpp"
#include "rig/plan/attachment.hpp"
#include "rig/plan/dates.hpp"

namespace meterrig::plan {

namespace {

bool holds(const std::vector<std::string>& words, const std::string& word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

bool Certificate::concerns(const std::string& clause_id) const {
  return std::any_of(clauses.begin(), clauses.end(),
                     [&](const std::string& word) { return names_clause(word, clause_id); });
}

bool Certificate::is_about(const DutFile& dut) const {
  return (model.empty() || model == dut.model) && (serials.empty() || holds(serials, dut.serial));
}

void expect_clauses(const json::Node& words, const std::vector<const Standard*>& standards) {
  for (const json::Node& word : words.elements()) {
    const std::string text = word.not_empty();
    std::vector<std::string> ids;
    for (const Standard* standard : standards) {
      for (const Clause& clause : standard->clauses) {
        ids.push_back(clause.id);
        ids.push_back(clause.requirement);
      }
    }
    const bool known = std::any_of(ids.begin(), ids.end(), [&](const auto& id) { return names_clause(text, id); });
    if (known) continue;
    std::string names;
    for (const Standard* standard : standards) names += (names.empty() ? "" : ", ") + standard->id;
    word.fail(word.describe(), fmt::format("the id or the requirement of a clause of {}", names),
              json::did_you_mean(text, ids));
  }
  if (words.size() == 0) words.fail("an empty array", "at least one clause");
}

Certificate read_certificate(const json::Node& node, const std::vector<const Standard*>& standards) {
  node.reject_unknown_keys(
      {"number", "laboratory", "date", "clauses", "model", "serials", "verdict", "file", "remark"});
  Certificate result;
  result.node = node;
  result.number = node.at("number").not_empty();
  result.laboratory = node.at("laboratory").not_empty();
  (void)read_day(node.at("date"));
  result.date = node.at("date").string();
  expect_clauses(node.at("clauses"), standards);
  result.clauses = node.at("clauses").strings();
  result.model = node.string_or("model", "");
  if (const auto serials = node.optional("serials")) result.serials = serials->strings();
  if (result.model.empty() && result.serials.empty()) {
    node.fail("neither \"model\" nor \"serials\"", "the samples that the certificate is about");
  }
  result.verdict = node.at("verdict").one_of({"pass", "fail", "inconclusive", "recorded", "not_applicable"});
  result.remark = node.string_or("remark", "");
  result.file = node.at("file").string();
  result.content = content_of(node.at("file"), "the certificate's file");
  return result;
}

}  // namespace meterrig::plan
