#include "rig/cli/forecast_text.hpp"

#include <fmt/format.h>

namespace meterrig::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string wait_text(const rig::ForecastWait& wait, Language language) {
  return fmt::format("{} ({} {}, {} {}) {}–{}", wait.obstacle.resource, say(language, "占用者", "held by"),
                     wait.obstacle.holder, say(language, "自", "since"),
                     clock_text(to_seconds(wait.obstacle.since.time_since_epoch())), clock_text(wait.from_s),
                     clock_text(wait.until_s));
}

std::string step_text(const rig::RunSetup& setup, const rig::ForecastStep& step, Language language) {
  const plan::Clause& clause = setup.plan.clauses[step.place].clause;
  std::string waits;
  for (const rig::ForecastWait& wait : step.waits)
    waits += fmt::format("{}{}", waits.empty() ? "" : "; ", wait_text(wait, language));
  return fmt::format("{:>6}  {:<22} {:>9}  {:>9}  {}{}{}\n", setup.rig.stations[step.station].name, clause.id,
                     clock_text(step.begin_s), clock_text(step.end_s),
                     language == Language::en ? clause.title.en : clause.title.zh,
                     waits.empty() ? "" : say(language, "；等待 ", "; waits for "), waits);
}

std::string bound_text(const rig::RunSetup& setup, const rig::Forecast& forecast, Language language) {
  const rig::LowerBound& bound = forecast.bound;
  const std::string by = bound.resource.empty()
                             ? say(language, "工位 ", "station ") + setup.rig.stations[bound.station].name
                             : bound.resource;
  return fmt::format("{:>10}  {}: {}\n", clock_text(bound.seconds),
                     say(language, "任何次序均不少于此；瓶颈", "at least, in whatever order; the bottleneck is"), by);
}

}  // namespace

std::string forecast_text(const rig::RunSetup& setup, const rig::Forecast& forecast, Language language) {
  std::string text = fmt::format(
      "{}\n{:>6}  {:<22} {:>9}  {:>9}\n",
      fmt::format(fmt::runtime(say(language, "{} 在 {} 上的预计进度，{} 个工位", "schedule of {} on {}, {} stations")),
                  setup.plan.id, setup.rig.id, setup.duts.size()),
      say(language, "工位", "station"), say(language, "条款", "clause"), say(language, "开始", "begin"),
      say(language, "结束", "end"));
  for (std::size_t station = 0; station < setup.duts.size(); ++station)
    for (const rig::ForecastStep& step : forecast.steps)
      if (step.station == station) text += step_text(setup, step, language);
  text +=
      fmt::format("{:>10}  {}\n", clock_text(forecast.duration_s), say(language, "台架时间合计", "of rig time in all"));
  text += bound_text(setup, forecast, language);
  for (const auto& [resource, seconds] : forecast.bound.demand_s)
    text += fmt::format("{:>10}  {} {}\n", clock_text(seconds), say(language, "共用：", "shared:"), resource);
  return text;
}

Json forecast_json(const rig::RunSetup& setup, const rig::Forecast& forecast) {
  Json stations = Json::array();
  for (std::size_t station = 0; station < setup.duts.size(); ++station) {
    Json steps = Json::array();
    for (const rig::ForecastStep& step : forecast.steps) {
      if (step.station != station) continue;
      Json waits = Json::array();
      for (const rig::ForecastWait& wait : step.waits)
        waits.push_back({{"for", wait.obstacle.resource},
                         {"held_by", wait.obstacle.holder},
                         {"held_since_s", to_seconds(wait.obstacle.since.time_since_epoch())},
                         {"from_s", wait.from_s},
                         {"until_s", wait.until_s}});
      steps.push_back({{"id", setup.plan.clauses[step.place].clause.id},
                       {"begin_s", step.begin_s},
                       {"end_s", step.end_s},
                       {"waits", std::move(waits)}});
    }
    stations.push_back({{"station", setup.rig.stations[station].name},
                        {"sample", setup.duts[station].sample},
                        {"steps", std::move(steps)}});
  }
  const rig::LowerBound& bound = forecast.bound;
  Json bottleneck = bound.resource.empty() ? Json{{"station", setup.rig.stations[bound.station].name}}
                                           : Json{{"resource", bound.resource}};
  return {{"plan", setup.plan.id},
          {"rig", setup.rig.id},
          {"duration_s", forecast.duration_s},
          {"lower_bound_s", bound.seconds},
          {"bottleneck", std::move(bottleneck)},
          {"demand_s", bound.demand_s},
          {"stations", std::move(stations)}};
}

}  // namespace meterrig::cli
