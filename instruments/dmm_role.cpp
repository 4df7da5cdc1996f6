#include "instruments/dmm_role.hpp"

#include <cmath>
#include <regex>

#include <fmt/args.h>
#include <fmt/format.h>

namespace meterrig {
namespace {

bool holds(const nlohmann::json& check, const std::string& answer) {
  return std::regex_search(answer, std::regex(check.at("expect").get<std::string>()));
}

std::string complaint(const ScpiSession& session, const nlohmann::json& check, const std::string& answer) {
  return fmt::format("{} answers {:?} with {:?}: {}", session.name(), check.at("query").get<std::string>(), answer,
                     check.at("advice").get<std::string>());
}

}  // namespace

double reading_of(std::string_view field, const std::string& unit, const ScpiSession& session, const std::string& asked,
                  const std::string& answer) {
  const Exchange exchange{session.name(), asked, answer, {}};
  if (!unit.empty() && field.size() > unit.size() && field.substr(field.size() - unit.size()) == unit)
    field.remove_suffix(unit.size());
  double value = 0;
  if (!parse_number(field, value))
    throw ProtocolError(fmt::format("{} answered {:?} with {:?}, which is no reading", session.name(), asked, answer),
                        exchange);
  if (value == scpi_not_a_number)
    throw NoReading(fmt::format("{} has no reading for {:?}", session.name(), asked), exchange);
  if (std::abs(value) >= scpi_infinity)
    throw OverRange(fmt::format("{}: the reading of {:?} is over its range", session.name(), asked), exchange);
  return value;
}

DmmRole::DmmRole(std::shared_ptr<ScpiSession> session, const Profile& profile, std::string role)
    : session_(std::move(session)), profile_(profile), role_(std::move(role)) {}

bool DmmRole::has(const char* sequence) const {
  const auto sequences = document().find("sequences");
  return sequences != document().end() && sequences->contains(sequence);
}

std::string DmmRole::text(const std::string& pattern, const DmmValues& values) const {
  return fmt::format(fmt::runtime(pattern), fmt::arg("range", values.range),
                     fmt::arg("range_index", values.range_index), fmt::arg("nplc", values.nplc),
                     fmt::arg("aperture", values.aperture_s), fmt::arg("interval", values.interval_s),
                     fmt::arg("rate", 1 / values.interval_s), fmt::arg("count", values.count),
                     fmt::arg("first", values.first), fmt::arg("last", values.last));
}

DmmValues DmmRole::usual() const {
  const auto& use = document().at("use");
  DmmValues values;
  values.range = use.at("range");
  values.range_index = use.value("range_index", 0);
  values.nplc = use.value("nplc", 1.0);
  return values;
}

Task<> DmmRole::send(const char* sequence, DmmValues values) {
  if (!has(sequence))
    throw UserError(
        fmt::format("the instrument profile {:?} has no sequence {:?} for the role {:?}; add it to its file",
                    profile_.id(), sequence, role_));
  for (const auto& step : document().at("sequences").at(sequence)) {
    if (step.is_string()) {
      co_await session_->command(text(step.get<std::string>(), values));
      continue;
    }
    const std::string asked = text(step.at("query").get<std::string>(), values);
    const std::string answer = co_await session_->query(asked);
    if (!holds(step, answer))
      throw ReadBackError(complaint(*session_, step, answer), {session_->name(), asked, answer, {}});
  }
  fresh_ = true;
}

Task<double> DmmRole::reading() {
  const std::string asked = command("read");
  const double usual_s = profile_.answer_timeout_s();
  const double allowed_s = fresh_ ? document().value("first_answer_s", usual_s) : usual_s;
  const std::string answer = co_await session_->query(asked, seconds(allowed_s));
  fresh_ = false;
  // "READ,TIME,STATUS" of a picoammeter: how many fields there must be, and which bits of the last mean no reading.
  const auto format = document().value("answer", nlohmann::json::object());
  const auto fields = 1 + std::count(answer.begin(), answer.end(), ',');
  if (fields != format.value("fields", 1))
    throw ProtocolError(fmt::format("{} answered {:?} with {:?}, not {} fields", session_->name(), asked, answer,
                                    format.value("fields", 1)),
                        {session_->name(), asked, answer, {}});
  const double value = reading_of(std::string_view(answer).substr(0, answer.find(',')), format.value("unit", ""),
                                  *session_, asked, answer);
  if (format.contains("overflow_bit")) {
    double status = 0;
    const auto last = answer.rfind(',');
    if (!parse_number(std::string_view(answer).substr(last + 1), status))
      throw ProtocolError(fmt::format("{}: the status in {:?} is no number", session_->name(), answer),
                          {session_->name(), asked, answer, {}});
    if ((static_cast<std::uint32_t>(status) >> format.at("overflow_bit").get<int>()) & 1u)
      throw OverRange(fmt::format("{}: the status of {:?} says overflow", session_->name(), answer),
                      {session_->name(), asked, answer, {}});
  }
  co_return value;
}

Task<> check_state(std::shared_ptr<ScpiSession> session, const Profile& profile) {
  const auto checks = profile.document().value("checks", nlohmann::json::array());
  for (const auto& check : checks) {
    const std::string asked = check.at("query");
    const std::string answer = co_await session->query(asked);
    if (!holds(check, answer))
      throw InstrumentError(complaint(*session, check, answer), {session->name(), asked, answer, {}});
  }
}

}  // namespace meterrig
