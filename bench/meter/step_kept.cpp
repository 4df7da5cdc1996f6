// What a step-tariff meter keeps while its supply is off, as JSON.
#include "bench/meter/step_meter.hpp"
#include "bench/meter/step_register.hpp"

namespace meterrig::bench {

using nlohmann::json;

namespace {

std::int64_t number(Utc time) { return time.time_since_epoch().count(); }
Utc time_in(const json& number) { return Utc{Duration{number.get<std::int64_t>()}}; }

}  // namespace

void to_json(json& to, const PriceTable& table) { to = {{"volumes", table.volumes}, {"prices", table.prices}}; }
void from_json(const json& from, PriceTable& table) {
  from.at("volumes").get_to(table.volumes);
  from.at("prices").get_to(table.prices);
}

void to_json(json& to, const SettlementRule& rule) {
  to = {{"cycle", static_cast<int>(rule.cycle)},
        {"month", rule.month},
        {"day", rule.day},
        {"hour", rule.hour},
        {"custom_days", rule.custom_days},
        {"custom_from", rule.custom_from.time_since_epoch().count()}};
}
void from_json(const json& from, SettlementRule& rule) {
  rule.cycle = static_cast<SettlementRule::Cycle>(from.at("cycle").get<int>());
  from.at("month").get_to(rule.month);
  from.at("day").get_to(rule.day);
  from.at("hour").get_to(rule.hour);
  from.at("custom_days").get_to(rule.custom_days);
  rule.custom_from = std::chrono::sys_days{std::chrono::days{from.at("custom_from").get<int>()}};
}

json StepRegister::kept() const {
  json records = json::array();
  for (const Record& record : records_) records.push_back({number(record.mark), record.litres});
  json standby{{"table", standby_.table}, {"enable_bytes", standby_.enable_bytes}};
  if (standby_.enable) standby["enable"] = number(*standby_.enable);
  json all{{"cumulative", cumulative_},
           {"period", period_},
           {"credited", credited_},
           {"cost", cost_},
           {"purchase", {purchase_.sequence, purchase_.amount, purchase_.total}},
           {"table", table_},
           {"standby", std::move(standby)},
           {"rule", rule_},
           {"records", std::move(records)},
           {"next_settlement", number(next_settlement_)},
           {"set_at", number(set_at_)},
           {"period_backup", period_backup_},
           {"backup_due", number(backup_due_)},
           {"segment_open", segment_open_}};
  if (frozen_) all["frozen"] = {number(frozen_->at), frozen_->cumulative, frozen_->period};
  return all;
}

void StepRegister::take_up(const json& kept) {
  kept.at("cumulative").get_to(cumulative_);
  kept.at("period").get_to(period_);
  kept.at("credited").get_to(credited_);
  kept.at("cost").get_to(cost_);
  const json& purchase = kept.at("purchase");
  purchase_ = {purchase.at(0).get<int>(), purchase.at(1).get<std::int64_t>(), purchase.at(2).get<std::int64_t>()};
  kept.at("table").get_to(table_);
  const json& standby = kept.at("standby");
  standby.at("table").get_to(standby_.table);
  standby.at("enable_bytes").get_to(standby_.enable_bytes);
  standby_.enable.reset();
  if (standby.contains("enable")) standby_.enable = time_in(standby["enable"]);
  kept.at("rule").get_to(rule_);
  records_.clear();
  for (const json& record : kept.at("records"))
    records_.push_back({time_in(record.at(0)), record.at(1).get<std::int64_t>()});
  next_settlement_ = time_in(kept.at("next_settlement"));
  set_at_ = time_in(kept.at("set_at"));
  kept.at("period_backup").get_to(period_backup_);
  backup_due_ = time_in(kept.at("backup_due"));
  kept.at("segment_open").get_to(segment_open_);
  frozen_.reset();
  if (!kept.contains("frozen")) return;
  const json& frozen = kept["frozen"];
  frozen_ = Frozen{time_in(frozen.at(0)), frozen.at(1).get<std::int64_t>(), frozen.at(2).get<std::int64_t>()};
}

json StepMeter::kept() const {
  json all{{"register", register_.kept()},       {"clock_ahead_ns", (clock_.now() - bench_.utc()).count()},
           {"leap_day", number(leap_day_)},      {"wheels_nl", wheels_nl_},
           {"pulse_output", pulse_output_},      {"started_before", started_before_},
           {"factory_enabled", factory_enabled_}};
  if (last_sequence()) all["last_sequence"] = *last_sequence();
  return all;
}

void StepMeter::take_up(const json& kept) {
  register_.take_up(kept.at("register"));
  clock_.set(bench_.utc() + Duration{kept.at("clock_ahead_ns").get<std::int64_t>()});
  leap_day_ = time_in(kept.at("leap_day"));
  kept.at("wheels_nl").get_to(wheels_nl_);
  kept.at("pulse_output").get_to(pulse_output_);
  kept.at("started_before").get_to(started_before_);
  kept.at("factory_enabled").get_to(factory_enabled_);
  died_at_ = bench_.now();
  if (kept.contains("last_sequence")) go_on_behind(kept["last_sequence"].get<std::uint8_t>());
}

}  // namespace meterrig::bench
