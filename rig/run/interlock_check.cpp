#include <fmt/format.h>

#include "core/json/text.hpp"
#include "rig/run/interlocks.hpp"

namespace meterrig::rig {
namespace {

using Watched = plan::InterlockRule::Watched;

class RuleCheck {
 public:
  RuleCheck(const RunSetup& setup, const plan::InterlockRule& rule) : setup_(setup), rule_(rule) {}

  void run() {
    if (const auto shared = setup_.rig.shared.find(rule_.role); shared != setup_.rig.shared.end()) {
      if (rule_.scope != plan::InterlockRule::Scope::rig)
        node("scope").fail(fmt::format("\"station\" for {}, which all stations share", rule_.role), "\"rig\"");
      if (!rule_.is_contact()) node("role").fail(rule_.role + ", which is shared", "an instrument of each station");
      return check(shared->second);
    }
    for (std::size_t i = 0; i < setup_.duts.size(); ++i) {
      const plan::RigStation& station = setup_.rig.stations[i];
      const auto own = station.roles.find(rule_.role);
      if (own == station.roles.end())
        node("role").fail(fmt::format("{}, which station {} does not have", json::in_quotes(rule_.role), station.name),
                          "a role of every station in use, or one under \"shared\"");
      check(own->second);
      if (rule_.watched == Watched::volts && rule_.above <= setup_.duts[i].nominal_voltage_v)
        node("above_v").expected(fmt::format("more than the {:g} V that sample {} is tested with",
                                             setup_.duts[i].nominal_voltage_v, setup_.duts[i].sample));
    }
  }

 private:
  json::Node node(const char* key) const { return rule_.node.at(key); }

  void check(const plan::RoleBinding& binding) const {
    if (binding.instrument.empty())
      node("role").fail(rule_.role + " without an instrument", "\"instrument\" where the role is bound");
    const json::Node profile = setup_.loader.instrument(setup_.rig.instruments.at(binding.instrument).profile);
    const auto role = profile.at("roles").optional(rule_.role);
    if (!role)
      node("role").fail(fmt::format("{}, which {} does not fill", json::in_quotes(rule_.role), profile.file()),
                        "a role of the instrument's profile");
    if (rule_.is_contact()) {
      check_input(binding, profile);
    } else {
      check_range(binding, profile, *role);
    }
    const double poll_s = role->number_or("poll_s", profile.number_or("answer_timeout_s", 2));
    if (rule_.period_s < 2 * poll_s)
      node("period_s")
          .expected(fmt::format("at least {:g} s: two readings fall into each period, and {} gives one "
                                "every {:g} s",
                                2 * poll_s, binding.instrument, poll_s));
  }

  void check_input(const plan::RoleBinding& binding, const json::Node& profile) const {
    if (!binding.input) node("role").fail(rule_.role + " without an input", "\"input\" where the role is bound");
    if (const auto inputs = profile.optional("inputs"))
      for (const json::Member& input : inputs->members())
        if (input.value.at("address").integer() == *binding.input) return;
    node("role").fail(fmt::format("input {} of {}", *binding.input, binding.instrument),
                      fmt::format("one of \"inputs\" in {}", profile.file()));
  }

  // Above what the instrument can tell it would never trip.
  void check_range(const plan::RoleBinding& binding, const json::Node& profile, const json::Node& role) const {
    double most = 0;
    if (rule_.watched == Watched::kilopascals) {
      const bool source = rule_.role == "air_source";
      const json::Node reg = profile.at("registers").at(role.at(source ? "read_pressure" : "pressure").string());
      most = reg.at("max").number() / (source ? 1 : 1000);
    } else {
      const json::Node channels = role.at("channels");
      const auto index = static_cast<std::size_t>(std::max(1, binding.channel) - 1);
      if (index >= channels.size()) return;  // what opens the role says it better
      most = channels[index].at(rule_.watched == Watched::volts ? "voltage_v" : "current_a").at("max").number();
    }
    if (rule_.above >= most)
      node(rule_.key())
          .expected(fmt::format("less than {:g} {}: {} can tell no more", most, rule_.unit(), binding.instrument));
  }

  const RunSetup& setup_;
  const plan::InterlockRule& rule_;
};

}  // namespace

void check_interlocks(const RunSetup& setup) {
  for (const plan::InterlockRule& rule : setup.rig.interlocks) RuleCheck(setup, rule).run();
}

}  // namespace meterrig::rig
