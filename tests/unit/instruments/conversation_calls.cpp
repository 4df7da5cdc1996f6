#include <algorithm>

#include "instruments/dmm_role.hpp"
#include "instruments/scpi_drivers.hpp"
#include "tests/unit/instruments/conversation.hpp"

namespace meterrig::conversation {
namespace {

using Json = nlohmann::json;

bool all_ok(const std::vector<OutputState>& states) {
  return std::all_of(states.begin(), states.end(), [](const OutputState& state) { return state.ok; });
}

Calls calls_of(Clock& clock, std::shared_ptr<PowerSupply> supply) {
  Calls calls;
  calls["set"] = [=, &clock](const Json& with) { return run(clock, supply->set(with.at(0), with.at(1))), Json(); };
  calls["set_voltage"] = [=, &clock](const Json& with) { return run(clock, supply->set_voltage(with.at(0))), Json(); };
  calls["protect"] = [=, &clock](const Json& with) {
    return run(clock, supply->protect(with.at(0), with.at(1))), Json();
  };
  calls["output"] = [=, &clock](const Json& with) { return run(clock, supply->output(with.at(0))), Json(); };
  calls["voltage"] = [=, &clock](const Json&) { return run(clock, supply->voltage()).value; };
  calls["current"] = [=, &clock](const Json&) { return run(clock, supply->current()).value; };
  calls["in_current_limit"] = [=, &clock](const Json&) { return run(clock, supply->in_current_limit()); };
  calls["make_safe"] = [=, &clock](const Json&) { return all_ok(run(clock, supply->make_safe())); };
  return calls;
}

Calls calls_of(Clock& clock, std::shared_ptr<Voltmeter> meter) {
  Calls calls;
  calls["voltage"] = [=, &clock](const Json&) { return run(clock, meter->voltage()).value; };
  calls["expect_watch"] = [=](const Json& with) { return meter->expect_watch(seconds(with.at(0))), Json(); };
  calls["start_watch"] = [=, &clock](const Json& with) {
    return run(clock, meter->start_watch(seconds(with.at(0)), seconds(with.at(1)))), Json();
  };
  calls["stop_watch"] = [=, &clock](const Json&) {
    const Voltmeter::Watched seen = run(clock, meter->stop_watch());
    return Json{seen.minimum, seen.mean, seen.maximum};
  };
  return calls;
}

Calls calls_of(Clock& clock, std::shared_ptr<CurrentMeter> meter) {
  Calls calls;
  calls["current"] = [=, &clock](const Json&) { return run(clock, meter->current()).value; };
  calls["start"] = [=, &clock](const Json& with) {
    return run(clock, meter->start(seconds(with.at(0)), with.at(1))), Json();
  };
  // Counts of 0.1 nA; an overload is told by its word.
  const auto fetch = [=, &clock](bool exact) {
    Json counts = Json::array();
    for (const std::int64_t count : run(clock, meter->fetch(exact)).counts)
      counts.push_back(count == Waveform::overload ? Json("overload") : Json(count));
    return counts;
  };
  calls["fetch"] = [=](const Json&) { return fetch(true); };
  calls["fetch_block"] = [=](const Json&) { return fetch(false); };
  calls["abort"] = [=, &clock](const Json&) { return run(clock, meter->abort()), Json(); };
  return calls;
}

}  // namespace

Calls scpi_calls(Clock& clock, const std::string& role, std::shared_ptr<ScpiSession> session, const Profile& profile,
                 int channel) {
  Calls calls;
  if (role == "power_supply")
    calls = calls_of(clock, std::shared_ptr(make_scpi_supply(clock, session, profile, channel)));
  if (role == "voltmeter") calls = calls_of(clock, std::shared_ptr(make_scpi_voltmeter(clock, session, profile)));
  if (role == "microammeter" || role == "ammeter")
    calls = calls_of(clock, std::shared_ptr(make_scpi_current_meter(clock, session, profile, channel, role)));
  if (calls.empty()) throw std::out_of_range("no calls for the role " + role);
  calls["identify"] = [=, &clock](const Json&) { return run(clock, session->identify()).serial; };
  calls["check_state"] = [=, &clock, &profile](const Json&) {
    return run(clock, check_state(session, profile)), Json();
  };
  return calls;
}

}  // namespace meterrig::conversation
