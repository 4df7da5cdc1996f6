#include "rig/cli/answers.hpp"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "core/json/node.hpp"

namespace meterrig::cli {

namespace {

// What stands behind the colon: a page of the display, or a requirement.
constexpr std::array<std::string_view, 4> paged = {"read_display:", "inspect:", "treat:", "pass_water:"};

Answers::Observation read_observation(const json::Node& node) {
  node.reject_unknown_keys({"station", "kind", "value"});
  Answers::Observation observation;
  observation.station = static_cast<int>(node.integer_or("station", 0));
  observation.kind = node.at("kind").string();
  const bool with_page = std::any_of(paged.begin(), paged.end(), [&](std::string_view kind) {
    return observation.kind.starts_with(kind) && observation.kind.size() > kind.size();
  });
  if (!with_page)
    observation.kind = node.at("kind").one_of({"read_counter", "work_opener", "observe_status", "confirm"});
  observation.value = node.at("value").string();
  return observation;
}

}  // namespace

Answers read_answers(const std::filesystem::path& file) {
  const json::Node document = json::parse_file(file);
  document.reject_unknown_keys({"operator", "client", "order", "reason", "observations"});
  Answers answers;
  answers.operator_name = document.string_or("operator", "");
  answers.client = document.string_or("client", "");
  answers.order = document.string_or("order", "");
  answers.reason = document.string_or("reason", "");
  if (const auto observations = document.optional("observations")) {
    for (const json::Node& node : observations->elements()) answers.observations.push_back(read_observation(node));
  }
  return answers;
}

void fill_job(plan::Job& job, const Answers& answers) {
  if (!answers.client.empty()) job.client = answers.client;
  if (!answers.order.empty()) job.order = answers.order;
  if (!answers.reason.empty()) job.reason = answers.reason;
}

void AnsweringOperator::receive(Port& port, std::span<const std::uint8_t> bytes) {
  received_.append(bytes.begin(), bytes.end());
  for (std::size_t end = received_.find('\n'); end != std::string::npos; end = received_.find('\n')) {
    const std::string line = received_.substr(0, end + 1);
    received_.erase(0, end + 1);
    if (!answer(port, line)) behind_.receive(port, {reinterpret_cast<const std::uint8_t*>(line.data()), line.size()});
  }
}

bool AnsweringOperator::answer(Port& port, const std::string& line) {
  const auto prompt = nlohmann::json::parse(line, nullptr, false);
  if (!prompt.is_object() || !prompt.contains("prompt")) return false;
  auto& list = answers_.observations;
  const auto fits = std::find_if(list.begin(), list.end(), [&](const Answers::Observation& observation) {
    return (observation.station == 0 || observation.station == prompt.value("station", 0)) &&
           observation.kind == prompt.value("kind", "");
  });
  if (fits == list.end()) return false;
  const nlohmann::json reply{
      {"prompt", prompt["prompt"]}, {"value", fits->value}, {"operator", answers_.operator_name}};
  list.erase(fits);
  const std::string text = reply.dump() + "\n";
  port.send({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, clock_.now());
  return true;
}

}  // namespace meterrig::cli
