#include "tests/defects/whole_run.hpp"

#include <stdexcept>

#include "rig/record/record_fold.hpp"

namespace meterrig::defects {

using nlohmann::json;

json record_of(const Story& story) {
  cli::RunOptions words;
  words.plan = story.plan;
  words.rig = story.rig;
  words.duts = story.duts;
  words.only = story.only;
  cli::RunFiles files = support::files_of(words);
  files.answers.observations.assign(story.answers.begin(), story.answers.end());
  if (story.change) story.change(files);
  support::VirtualRig rig(files, story.seed, story.faults, story.defects);
  support::Session session(rig);
  session.to_end();
  return record::fold_record(session.run().journal().events());
}

const json& result_of(const json& record, std::size_t sample, const std::string& clause) {
  for (const json& result : record.at("duts").at(sample).at("results"))
    if (result.at("id") == clause) return result;
  throw std::out_of_range("the record has no " + clause);
}

std::map<std::string, std::string> exceptions_of(const json& record, std::size_t sample) {
  std::map<std::string, std::string> found;
  for (const json& result : record.at("duts").at(sample).at("results")) {
    const std::string verdict = result.at("verdict");
    if (verdict != "pass" && verdict != "not_applicable") found[result.at("id")] = verdict;
  }
  return found;
}

bool shows(const json& result, const std::string& what) {
  for (const json& m : result.at("measurements"))
    if (m.at("name") == what && m.at("verdict") == result.at("verdict")) return true;
  const json& cause = result.at("cause");
  return cause.is_object() && cause.at("text").get<std::string>().find(what) != std::string::npos;
}

std::string reasons_of(const json& result) {
  std::string all = result.at("id").get<std::string>() + " " + result.at("verdict").get<std::string>() + ":";
  for (const json& m : result.at("measurements"))
    if (m.at("verdict") != "pass" && m.at("verdict") != "recorded") all += " " + m.dump();
  return all + " " + result.at("cause").dump();
}

bool ended_safe(const json& record) {
  for (const json& state : record.at("safe_states"))
    for (const json& output : state.at("outputs"))
      if (!output.at("ok").get<bool>()) return false;
  return !record.at("safe_states").empty();
}

}  // namespace meterrig::defects
