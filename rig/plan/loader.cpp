#include "rig/plan/loader.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/errors.hpp"
#include "core/json/text.hpp"
#include "rig/plan/instrument_check.hpp"
#include "rig/plan/roles.hpp"

namespace meterrig::plan {

namespace {

std::vector<std::string> keys_of(const json::Node& object) {
  std::vector<std::string> result;
  for (const json::Member& member : object.members()) result.push_back(member.key);
  return result;
}

// The role that a coil or a link's relay asks of its instrument.
void check_filled(const json::Node& at, const json::Node& profile, const std::string& role) {
  const json::Node roles = profile.at("roles");
  const auto filled = keys_of(roles);
  const auto own = roles.optional(role);
  if (!own) {
    at.fail(fmt::format("profile {}, which fills {}", json::in_quotes(profile.at("id").string()), json::choice(filled)),
            fmt::format("an instrument that fills the role {}", json::in_quotes(role)));
  }
}

void check_binding(const json::Node& binding, const json::Node& profile, const std::string& role) {
  check_filled(binding.at("instrument"), profile, role);
  const json::Node own = profile.at("roles").at(role);
  if (const auto names = own.optional("bindings")) {
    for (const std::string& name : names->strings()) (void)binding.at(name);
  }
  const auto channels = own.optional("channels");
  if (!channels) return;
  const auto channel = binding.at("channel").integer(1, static_cast<std::int64_t>(channels->size()));
  (void)channel;
}

// What a file is, by the keys that only its kind has.
std::string kind_of(const json::Node& document) {
  if (!document.is_object()) document.expected("an object");
  auto has = [&](const char* key) { return document.optional(key).has_value(); };
  if (has("stations") || has("safe_state_order")) return "rig";
  if (has("edition")) return "standard";
  if (has("clauses") || has("epoch")) return "plan";
  if (has("client") || has("agreements") || has("certificates")) return "job";
  if (has("roles")) return "instrument";
  if (has("communication") || has("nominal_voltage_v") || has("sample")) return "dut";
  if (has("items") || has("protocol")) return "meter";
  document.fail("keys of no known kind", "a standard, plan, job, rig, dut, instrument or meter file");
}

}  // namespace

Loader::Loader(ConfigPath path) : path_(std::move(path)) {}

const json::Schema& Loader::schema(const std::string& kind) {
  const auto known = schemas_.find(kind);
  if (known != schemas_.end()) return known->second;
  return schemas_.emplace(kind, json::Schema::load(path_.schema(kind))).first->second;
}

json::Node Loader::read(const std::string& kind, const std::filesystem::path& file) {
  json::Node document = json::parse_file(file);
  schema(kind).validate(document);
  if (kind == "instrument") check_instrument(document);
  return document;
}

const Catalogue& Loader::catalogue() {
  if (!catalogue_) {
    std::vector<Standard> standards;
    for (const std::string& name : path_.names("standards")) {
      standards.push_back(read_standard(read("standard", path_.resolve("standards", name + ".json"))));
    }
    for (const json::Node& own : own_standards_) {
      schema("standard").validate(own);
      standards.push_back(read_standard(own));
      standards.back().own = true;
    }
    catalogue_ = std::make_unique<Catalogue>(std::move(standards));
  }
  return *catalogue_;
}

Plan Loader::plan(const std::string& path_or_name) {
  return plan_of(read("plan", path_.resolve("plans", path_or_name)));
}

Plan Loader::plan_of(const json::Node& document) {
  if (const auto job = document.optional("job")) schema("job").validate(*job);
  return read_plan(document, catalogue());
}

Job Loader::job(const std::filesystem::path& file, const Plan& plan) {
  return read_job(read("job", file), {&catalogue().standard(plan.standard)}, plan.inspection != "type");
}

RigFile Loader::rig(const std::string& path_or_name) {
  const json::Node document = read("rig", path_.resolve("rigs", path_or_name));
  RigFile result = read_rig(document);
  check_profiles(document);
  return result;
}

DutFile Loader::dut(const std::string& path_or_name) {
  const json::Node document = read("dut", path_.resolve("duts", path_or_name));
  DutFile result = read_dut(document);
  check_items(document);
  return result;
}

json::Node Loader::instrument(const std::string& path_or_name) { return profile("instrument", path_or_name); }

json::Node Loader::meter(const std::string& path_or_name) { return profile("meter", path_or_name); }

json::Node Loader::profile(const std::string& kind, const std::string& path_or_name) {
  const std::string key = kind + " " + path_or_name;
  const auto known = profiles_.find(key);
  if (known != profiles_.end()) return known->second;
  return profiles_.emplace(key, read(kind, path_.resolve(kind + "s", path_or_name))).first->second;
}

void Loader::check_profiles(const json::Node& rig) {
  std::map<std::string, json::Node> profiles;
  for (const json::Member& member : rig.at("instruments").members()) {
    profiles.emplace(member.key, profile_of("instrument", member.value.at("profile")));
  }
  auto check_roles = [&](const json::Node& roles) {
    for (const json::Member& member : roles.members()) {
      const json::Node& binding = member.value;
      if (const auto name = binding.optional("instrument")) {
        check_binding(binding, profiles.at(name->string()), member.key);
      }
      for (const auto& [key, role] : {std::pair{"isolation", "uart_link"}, std::pair{"through", "matrix"}}) {
        const auto use = binding.optional(key);
        if (use) check_filled(use->at("instrument"), profiles.at(use->at("instrument").string()), role);
      }
    }
  };
  for (const json::Node& station : rig.at("stations").elements()) check_roles(station.at("roles"));
  if (const auto shared = rig.optional("shared")) check_roles(*shared);
}

json::Node Loader::profile_of(const std::string& kind, const json::Node& name) {
  const std::string folder = kind + "s";
  const auto known = path_.names(folder);
  const bool by_name = name.string().find('/') == std::string::npos;
  if (by_name && std::find(known.begin(), known.end(), name.string()) == known.end()) {
    name.fail(name.describe(), fmt::format("a profile of config/{}/", folder),
              json::did_you_mean(name.string(), known));
  }
  return read(kind, by_name ? path_.named(folder, name.string()) : path_.resolve(folder, name.string()));
}

// What must persist must be readable.
void Loader::check_items(const json::Node& dut) {
  const auto known = keys_of(profile_of("meter", dut.at("profile")).at("items"));
  const auto items = dut.optional("persistent_items");
  if (!items) return;
  for (const json::Node& item : items->elements()) (void)item.one_of(known);
}

std::string Loader::check(const std::filesystem::path& file) {
  const std::string kind = kind_of(json::parse_file(file));
  const json::Node document = read(kind, file);
  if (kind == "standard") (void)read_standard(document);
  if (kind == "plan") (void)plan_of(document);
  if (kind == "job") {
    std::vector<const Standard*> standards;
    for (const Standard& standard : catalogue().standards()) standards.push_back(&standard);
    (void)read_job(document, standards, true);
  }
  if (kind == "dut") {
    (void)read_dut(document);
    check_items(document);
  }
  if (kind == "rig") {
    (void)read_rig(document);
    check_profiles(document);
  }
  return kind;
}

}  // namespace meterrig::plan
