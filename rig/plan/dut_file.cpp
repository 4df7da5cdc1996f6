#include "rig/plan/dut_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/errors.hpp"
#include "core/json/text.hpp"

namespace meterrig::plan {

namespace {

using OptionalNumber = std::optional<double> DutFile::*;

const std::map<std::string, OptionalNumber>& optional_numbers() {
  static const std::map<std::string, OptionalNumber> members{
      {"undervoltage_v", &DutFile::undervoltage_v},         {"minimum_voltage_v", &DutFile::minimum_voltage_v},
      {"wake_period_s", &DutFile::wake_period_s},           {"detection_latency_s", &DutFile::detection_latency_s},
      {"valve_close_time_s", &DutFile::valve_close_time_s}, {"nominal_flow_m3_per_h", &DutFile::nominal_flow_m3_per_h},
      {"qmax_m3_per_h", &DutFile::qmax_m3_per_h},           {"qmin_m3_per_h", &DutFile::qmin_m3_per_h},
      {"pressure_max_kpa", &DutFile::pressure_max_kpa},     {"maximum_voltage_v", &DutFile::maximum_voltage_v},
  };
  return members;
}

double positive(const json::Node& node) {
  if (node.number() <= 0) node.expected("a number above 0");
  return node.number();
}

// `0.01`: digits, at most one point, and not nothing.
std::string read_decimal(const json::Node& node) {
  const std::string what = "a decimal number above 0 as a string, such as \"0.01\"";
  if (!node.is_string()) node.expected(what);
  const std::string& text = node.string();
  const bool digits = !text.empty() && text.size() <= 24 && text.front() != '.' && text.back() != '.' &&
                      std::count(text.begin(), text.end(), '.') <= 1 &&
                      text.find_first_not_of("0123456789.") == std::string::npos;
  if (!digits || text.find_first_not_of("0.") == std::string::npos) node.expected(what);
  return text;
}

void check_address(const json::Node& node) {
  const std::string& text = node.string();
  const bool good = text.size() >= 2 && text.size() <= 32 && text.size() % 2 == 0 &&
                    text.find_first_not_of("0123456789ABCDEFabcdef") == std::string::npos;
  if (!good) node.expected("an address as pairs of hexadecimal digits, such as \"00000025000101\"");
}

void read_conversion(const json::Node& document, DutFile& dut) {
  if (const auto conversion = document.optional("conversion")) {
    dut.conversion = conversion->one_of({"pulse", "direct_reading"});
  }
  if (const auto volume = document.optional("pulse_volume_m3")) dut.pulse_volume_m3 = read_decimal(*volume);
  if (const auto division = document.optional("division_m3")) dut.division_m3 = read_decimal(*division);
  if (dut.conversion == "pulse" && dut.pulse_volume_m3.empty()) (void)document.at("pulse_volume_m3");
  if (dut.conversion == "direct_reading" && dut.division_m3.empty()) (void)document.at("division_m3");
}

void read_supply(const json::Node& document, DutFile& dut) {
  dut.replaceable_battery = document.at("replaceable_battery").boolean();
  if (const auto supply = document.optional("supply")) dut.supply = supply->one_of({"battery", "dc", "mains"});
  if (dut.undervoltage_v && *dut.undervoltage_v >= dut.nominal_voltage_v) {
    document.at("undervoltage_v").expected(fmt::format("less than nominal_voltage_v, {}", dut.nominal_voltage_v));
  }
  if (dut.minimum_voltage_v && dut.undervoltage_v && *dut.minimum_voltage_v > *dut.undervoltage_v) {
    document.at("minimum_voltage_v").expected(fmt::format("at most undervoltage_v, {}", *dut.undervoltage_v));
  }
  if (dut.maximum_voltage_v && *dut.maximum_voltage_v < dut.nominal_voltage_v) {
    document.at("maximum_voltage_v").expected(fmt::format("at least nominal_voltage_v, {}", dut.nominal_voltage_v));
  }
}

// What CJ/T 484 (revision) wants to know of a step-tariff water meter.
void read_water_meter(const json::Node& document, DutFile& dut) {
  dut.clock_backup = document.boolean_or("clock_backup", false);
  dut.settles_money = document.boolean_or("settles_money", true);
  if (const auto records = document.optional("settlement_records"))
    dut.settlement_records = static_cast<int>(records->integer(1, 99));
  if (const auto resolution = document.optional("period_resolution_m3"))
    dut.period_resolution_m3 = positive(*resolution);
  if (const auto interval = document.optional("verification_interval_m3"))
    dut.verification_interval_m3 = positive(*interval);
  if (const auto boot = document.optional("boot_time_s")) dut.boot_time_s = positive(*boot);
  dut.security_key = document.string_or("security_key", "");
}

std::vector<std::string> read_words(const json::Node& document, const char* key) {
  const auto words = document.optional(key);
  if (!words) return {};
  std::vector<std::string> result;
  for (const json::Node& word : words->elements()) {
    const std::string text = word.not_empty();
    if (std::find(result.begin(), result.end(), text) != result.end()) {
      word.fail(word.describe() + " again", "each once");
    }
    result.push_back(text);
  }
  return result;
}

}  // namespace

const std::vector<std::string>& DutFile::number_keys() {
  static const std::vector<std::string> keys = [] {
    std::vector<std::string> result{"nominal_voltage_v"};
    for (const auto& [key, member] : optional_numbers()) result.push_back(key);
    return result;
  }();
  return keys;
}

std::optional<double> DutFile::declared(const std::string& key) const {
  if (key == "nominal_voltage_v") return nominal_voltage_v;
  const auto found = optional_numbers().find(key);
  if (found == optional_numbers().end()) {
    throw UserError(fmt::format("found DUT key {}; expected one that holds a number{}", json::in_quotes(key),
                                json::did_you_mean(key, number_keys())));
  }
  return this->*found->second;
}

DutFile read_dut(const json::Node& document) {
  document.reject_unknown_keys({"model",
                                "maker",
                                "serial",
                                "sample",
                                "profile",
                                "meter",
                                "address",
                                "communication",
                                "nominal_voltage_v",
                                "undervoltage_v",
                                "minimum_voltage_v",
                                "maximum_voltage_v",
                                "supply",
                                "replaceable_battery",
                                "wake_period_s",
                                "detection_latency_s",
                                "valve_close_time_s",
                                "nominal_flow_m3_per_h",
                                "qmax_m3_per_h",
                                "qmin_m3_per_h",
                                "pressure_max_kpa",
                                "conversion",
                                "pulse_volume_m3",
                                "division_m3",
                                "test_mode",
                                "manual_action",
                                "clock_backup",
                                "settles_money",
                                "settlement_records",
                                "period_resolution_m3",
                                "verification_interval_m3",
                                "boot_time_s",
                                "security_key",
                                "persistent_items",
                                "optional_functions"});
  DutFile dut;
  dut.file = document.file();
  dut.model = document.at("model").not_empty();
  dut.maker = document.string_or("maker", "");
  dut.serial = document.at("serial").not_empty();
  if (const auto sample = document.optional("sample")) dut.sample = static_cast<int>(sample->integer(1, 1000));
  dut.profile = document.at("profile").not_empty();
  if (const auto meter = document.optional("meter")) dut.meter = meter->one_of({"gas", "water", "heat", "electricity"});
  dut.address = document.at("address").string();
  check_address(document.at("address"));
  dut.communication = document.at("communication").one_of({"R", "S", "G", "O"});
  dut.nominal_voltage_v = positive(document.at("nominal_voltage_v"));
  for (const auto& [key, member] : optional_numbers()) {
    if (const auto value = document.optional(key)) dut.*member = positive(*value);
  }
  read_supply(document, dut);
  read_conversion(document, dut);
  dut.test_mode = document.string_or("test_mode", "none");
  dut.manual_action = document.string_or("manual_action", "");
  read_water_meter(document, dut);
  dut.persistent_items = read_words(document, "persistent_items");
  dut.optional_functions = read_words(document, "optional_functions");
  return dut;
}

}  // namespace meterrig::plan
