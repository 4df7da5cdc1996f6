#include "rig/plan/rig_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "core/json/text.hpp"
#include "rig/plan/dates.hpp"
#include "rig/plan/roles.hpp"

namespace meterrig::plan {

namespace {

constexpr std::array coil_keys{"coil", "k1", "k2", "dummy_light", "dummy_heavy"};

// Reads bindings and remembers which coil of which relay is taken.
class BindingReader {
 public:
  explicit BindingReader(const RigFile& rig) {
    for (const auto& [name, instrument] : rig.instruments) names_.push_back(name);
  }

  std::map<std::string, RoleBinding> read_roles(const json::Node& roles) {
    std::map<std::string, RoleBinding> result;
    for (const json::Member& member : roles.members()) {
      if (find_role(member.key) == nullptr) {
        member.value.fail_at_key("unknown role " + json::in_quotes(member.key), "the name of a role",
                                 json::did_you_mean(member.key, role_names()));
      }
      RoleBinding binding = read_binding(member.key, member.value);
      note_output(binding);
      result.emplace(member.key, std::move(binding));
    }
    return result;
  }

  const std::set<std::string>& outputs() const noexcept { return outputs_; }

 private:
  std::string read_instrument(const json::Node& node) {
    const std::string& name = node.string();
    if (std::find(names_.begin(), names_.end(), name) == names_.end()) {
      node.fail(node.describe(), "the name of an instrument of this rig", json::did_you_mean(name, names_));
    }
    return name;
  }

  int read_coil(const json::Node& node, const std::string& instrument) {
    const int coil = static_cast<int>(node.integer(0, 65535));
    const auto [taken, fresh] = coils_.emplace(std::pair{instrument, coil}, node.path());
    if (!fresh) node.fail(fmt::format("coil {} of {} again", coil, instrument), "each coil once; see " + taken->second);
    return coil;
  }

  CoilUse read_use(const json::Node& node) {
    node.reject_unknown_keys({"instrument", "coil"});
    CoilUse use;
    use.instrument = read_instrument(node.at("instrument"));
    use.coil = read_coil(node.at("coil"), use.instrument);
    return use;
  }

  RoleBinding read_binding(const std::string& role, const json::Node& node) {
    node.reject_unknown_keys({"instrument", "address", "channel", "coil", "k1", "k2", "dummy_light", "dummy_heavy",
                              "input", "isolation", "loopback", "through"});
    RoleBinding binding;
    binding.role = role;
    if (const auto instrument = node.optional("instrument")) binding.instrument = read_instrument(*instrument);
    if (const auto address = node.optional("address")) binding.address = read_address(*address);
    if (!binding.instrument.empty() && binding.address) node.fail("instrument and address", "one of them");
    if (const auto channel = node.optional("channel")) binding.channel = static_cast<int>(channel->integer(1, 64));
    for (const char* key : coil_keys) {
      const auto coil = node.optional(key);
      if (!coil) continue;
      if (binding.instrument.empty()) coil->fail("a coil", "\"instrument\" beside it");
      binding.coils.emplace(key, read_coil(*coil, binding.instrument));
    }
    if (const auto input = node.optional("input")) {
      if (binding.instrument.empty()) input->fail("an input", "\"instrument\" beside it");
      binding.input = static_cast<int>(input->integer(0, 65535));
    }
    if (const auto isolation = node.optional("isolation")) binding.isolation = read_use(*isolation);
    if (const auto loopback = node.optional("loopback")) binding.loopback = read_use(*loopback);
    if (const auto through = node.optional("through")) binding.through = read_use(*through);
    return binding;
  }

  void note_output(const RoleBinding& binding) {
    const bool link_without_relay = binding.role == "uart_link" && !binding.isolation;
    if (find_role(binding.role)->output && !link_without_relay) outputs_.insert(binding.role);
    if (binding.through) outputs_.insert("matrix");
  }

  std::vector<std::string> names_;
  std::map<std::pair<std::string, int>, std::string> coils_;
  std::set<std::string> outputs_;
};

double not_negative(const json::Node& node) {
  if (!(node.number() >= 0)) node.expected("a number of at least 0");
  return node.number();
}

CalibrationTable read_table(const std::string& function, const json::Node& node) {
  node.reject_unknown_keys({"points", "coverage_factor", "drift"});
  CalibrationTable table;
  table.function = function;
  table.line = node.line();
  table.coverage_factor = node.number_or("coverage_factor", 2);
  if (!(table.coverage_factor > 0)) node.at("coverage_factor").expected("a number above 0");
  if (const auto drift = node.optional("drift")) table.drift = not_negative(*drift);
  for (const json::Node& point : node.at("points").elements()) {
    if (!point.is_array() || point.size() != 3)
      point.expected("three numbers: indication, correction, expanded uncertainty");
    if (!table.points.empty() && !(point[0].number() > table.points.back().indication))
      point[0].expected("an indication above that of the point before");
    table.points.push_back({point[0].number(), point[1].number(), not_negative(point[2])});
  }
  if (table.points.size() < 2) node.at("points").expected("two points at least, to lie between");
  return table;
}

CalibrationData read_calibration(const json::Node& node) {
  node.reject_unknown_keys({"date", "due", "certificate", "tables", "dcc", "functions", "drift"});
  CalibrationData data;
  (void)read_day(node.at("due"));
  data.due = node.at("due").string();
  if (const auto dcc = node.optional("dcc")) {
    data.dcc = dcc->not_empty();
    for (const char* key : {"date", "certificate", "tables"})
      if (const auto twice = node.optional(key))
        twice->fail_at_key(fmt::format("{} beside a DCC", key), "the DCC alone, which says it");
    if (const auto functions = node.optional("functions"))
      for (const json::Member& member : functions->members()) data.functions[member.key] = member.value.not_empty();
    if (const auto drift = node.optional("drift"))
      for (const json::Member& member : drift->members()) data.drifts[member.key] = not_negative(member.value);
    return data;
  }
  for (const char* key : {"functions", "drift"})
    if (const auto alone = node.optional(key))
      alone->fail_at_key(fmt::format("{} without a DCC", key), "it beside \"dcc\"");
  if (read_day(node.at("due")) < read_day(node.at("date"))) node.at("due").expected("a day not before the calibration");
  data.date = node.at("date").string();
  data.certificate = node.at("certificate").not_empty();
  if (const auto tables = node.optional("tables"))
    for (const json::Member& member : tables->members()) data.tables.push_back(read_table(member.key, member.value));
  return data;
}

void read_instruments(const json::Node& node, RigFile& rig) {
  std::map<std::string, std::string> addresses;
  for (const json::Member& member : node.members()) {
    member.value.reject_unknown_keys({"profile", "address", "serial", "calibration"});
    RigInstrument instrument;
    instrument.name = member.key;
    instrument.profile = member.value.at("profile").not_empty();
    const json::Node address = member.value.at("address");
    instrument.address = read_address(address);
    const auto [taken, fresh] = addresses.emplace(instrument.address.text(), member.key);
    if (!fresh) address.fail(fmt::format("the address of {} again", taken->second), "an address of its own");
    instrument.serial = member.value.string_or("serial", "");
    if (const auto calibration = member.value.optional("calibration")) {
      instrument.calibration = read_calibration(*calibration);
    }
    rig.instruments.emplace(member.key, std::move(instrument));
  }
}

double above_zero(const json::Node& node) {
  if (node.number() <= 0) node.expected("a number above 0");
  return node.number();
}

Protections read_protections(const json::Node& station) {
  Protections result;
  const auto node = station.optional("protections");
  if (!node) return result;
  node->reject_unknown_keys({"over_voltage_v", "over_current_a"});
  if (const auto volts = node->optional("over_voltage_v")) result.over_voltage_v = above_zero(*volts);
  if (const auto amperes = node->optional("over_current_a")) result.over_current_a = above_zero(*amperes);
  return result;
}

void read_interlocks(const json::Node& document, RigFile& rig) {
  const auto rules = document.optional("interlocks");
  if (!rules) return;
  for (const json::Node& node : rules->elements()) {
    InterlockRule rule = read_interlock(node);
    for (const InterlockRule& other : rig.interlocks)
      if (other.name == rule.name)
        node.at("name").fail("interlock " + json::in_quotes(rule.name) + " again", "each once");
    rig.interlocks.push_back(std::move(rule));
  }
}

void read_stations(const json::Node& document, RigFile& rig) {
  BindingReader reader(rig);
  for (const json::Node& node : document.at("stations").elements()) {
    node.reject_unknown_keys({"name", "roles", "protections"});
    const std::string name = node.at("name").not_empty();
    if (rig.station(name) != nullptr) node.at("name").fail("station " + json::in_quotes(name) + " again", "each once");
    rig.stations.push_back({name, read_protections(node), reader.read_roles(node.at("roles"))});
  }
  if (rig.stations.empty() && rig.bench_meters.empty())
    document.at("stations").fail("an empty array", "at least one station, or meters on the bench");
  if (const auto shared = document.optional("shared")) rig.shared = reader.read_roles(*shared);
  const json::Node order = document.at("safe_state_order");
  for (const json::Node& role : order.elements()) {
    const std::string name = role.one_of(role_names());
    if (!find_role(name)->output) role.expected("a role that drives something");
    rig.safe_state_order.push_back(name);
  }
  for (const std::string& output : reader.outputs()) {
    const auto& listed = rig.safe_state_order;
    if (std::find(listed.begin(), listed.end(), output) != listed.end()) continue;
    order.fail("no " + json::in_quotes(output), "every role of this rig that drives something");
  }
}

void read_bench(const json::Node& bench, RigFile& rig) {
  bench.reject_unknown_keys({"stations", "meters"});
  rig.bench_stations = static_cast<int>(bench.at("stations").integer(0, 64));
  const auto meters = bench.optional("meters");
  if (!meters) return;
  std::set<std::string> names;
  for (const json::Node& meter : meters->elements()) {
    const json::Node name = meter.at("name");
    if (!names.insert(name.not_empty()).second)
      name.fail("meter " + json::in_quotes(name.string()) + " again", "each once");
    rig.bench_meters.push_back(meter);
  }
}

double read_ohm(const json::Node& document, const char* key) {
  const auto value = document.optional(key);
  return value ? above_zero(*value) : 0;
}

void read_place(const json::Node& node, RigFile& rig) {
  node.reject_unknown_keys({"name", "utc_offset"});
  rig.place = node.at("name").not_empty();
  const json::Node offset = node.at("utc_offset");
  rig.utc_offset = offset.string();
  const std::string& text = rig.utc_offset;
  auto digit = [&](std::size_t i, char high) { return text[i] >= '0' && text[i] <= high; };
  const bool good = text.size() == 6 && (text[0] == '+' || text[0] == '-') && digit(1, '1') && digit(2, '9') &&
                    text[3] == ':' && digit(4, '5') && digit(5, '9');
  if (!good) offset.expected("an offset such as \"+08:00\"");
}

}  // namespace

const RigStation* RigFile::station(std::string_view name) const {
  for (const RigStation& one : stations) {
    if (one.name == name) return &one;
  }
  return nullptr;
}

const RoleBinding* RigFile::binding(const RigStation& at, std::string_view role) const {
  const std::string key(role);
  if (const auto own = at.roles.find(key); own != at.roles.end()) return &own->second;
  if (const auto common = shared.find(key); common != shared.end()) return &common->second;
  return nullptr;
}

bool RigFile::all_virtual() const {
  auto real = [](const RoleBinding& binding) { return binding.address && !is_virtual(*binding.address); };
  auto any_real = [&](const std::map<std::string, RoleBinding>& roles) {
    return std::any_of(roles.begin(), roles.end(), [&](const auto& role) { return real(role.second); });
  };
  return !any_real(shared) && std::none_of(stations.begin(), stations.end(), [&](const RigStation& s) {
    return any_real(s.roles);
  }) && std::all_of(instruments.begin(), instruments.end(), [](const auto& i) { return is_virtual(i.second.address); });
}

bool RigFile::any_virtual() const {
  auto any = [](const std::map<std::string, RoleBinding>& roles) {
    return std::any_of(roles.begin(), roles.end(),
                       [](const auto& role) { return role.second.address && is_virtual(*role.second.address); });
  };
  return meters_virtual() || any(shared) ||
         std::any_of(stations.begin(), stations.end(), [&](const RigStation& s) { return any(s.roles); }) ||
         std::any_of(instruments.begin(), instruments.end(),
                     [](const auto& i) { return is_virtual(i.second.address); });
}

bool RigFile::meters_virtual() const {
  return std::any_of(bench_meters.begin(), bench_meters.end(),
                     [](const json::Node& meter) { return !meter.has("ports"); });
}

RigFile read_rig(const json::Node& document) {
  document.reject_unknown_keys({"id", "title", "about", "place", "bench", "instruments", "stations", "shared",
                                "dummy_light_ohm", "dummy_heavy_ohm", "safe_state_order", "interlocks", "watchdog_s",
                                "time_scale"});
  RigFile rig;
  rig.file = document.file();
  rig.id = document.at("id").not_empty();
  rig.title = read_title(document.at("title"));
  read_place(document.at("place"), rig);
  if (const auto bench = document.optional("bench")) {
    read_bench(*bench, rig);
  }
  read_instruments(document.at("instruments"), rig);
  read_stations(document, rig);
  read_interlocks(document, rig);
  if (const auto limit = document.optional("watchdog_s")) {
    rig.watchdog_s = limit->number();
    if (rig.watchdog_s < 1 || rig.watchdog_s > 600) limit->expected("1 to 600 seconds");
  }
  rig.dummy_light_ohm = read_ohm(document, "dummy_light_ohm");
  rig.dummy_heavy_ohm = read_ohm(document, "dummy_heavy_ohm");
  if (const auto scale = document.optional("time_scale")) {
    rig.time_scale = scale->number();
    if (rig.time_scale <= 0 || rig.time_scale > 50) scale->expected("a number above 0 and at most 50");
  }
  if (rig.any_virtual() && !document.has("bench")) {
    document.fail("virtual members and no key \"bench\"", "the virtual bench that they are members of");
  }
  if (document.has("bench") && rig.stations.size() > static_cast<std::size_t>(rig.bench_stations) &&
      rig.all_virtual()) {
    document.at("bench").expected(fmt::format("a bench of at least {} stations", rig.stations.size()));
  }
  return rig;
}

}  // namespace meterrig::plan
