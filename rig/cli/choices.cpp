#include "rig/cli/choices.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "bench/instruments/faults.hpp"
#include "core/errors.hpp"
#include "core/json/node.hpp"
#include "core/json/text.hpp"

namespace meterrig::cli {

namespace {

using Json = nlohmann::json;

struct Word {
  std::string name;
  std::string at;
  int exchange = 0;
};

int number_in(const std::string& whole, const std::string& digits, const char* what) {
  int value = 0;
  const char* const end = digits.data() + digits.size();
  if (std::from_chars(digits.data(), end, value).ptr != end || value < 1) {
    throw UserError(fmt::format("{}: found {} {}; expected a number from 1", whole, what, json::in_quotes(digits)));
  }
  return value;
}

Word read_word(const std::string& text) {
  Word word{text, "", 0};
  if (const auto hash = word.name.rfind('#'); hash != std::string::npos) {
    word.exchange = number_in(text, word.name.substr(hash + 1), "exchange");
    word.name.resize(hash);
  }
  if (const auto at = word.name.rfind('@'); at != std::string::npos) {
    word.at = word.name.substr(at + 1);
    word.name.resize(at);
    if (word.at.empty()) throw UserError(fmt::format("{}: found nothing behind \"@\"", text));
  }
  return word;
}

// The bench itself knows its faults; of meters with an unknown defect it should never have to hear.
void check_defect(const std::string& name) {
  std::vector<std::string> names;
  for (const bench::DefectRow& row : bench::defect_rows()) {
    if (row.kind == "fault") continue;
    if (row.name == name) return;
    names.push_back(row.name);
  }
  throw UserError(fmt::format("found defect {}; expected one of `meterrig list defects`{}", json::in_quotes(name),
                              json::did_you_mean(name, names)));
}

// Virtual meters stand in the order of the DUT files; people name them by sample number.
int position_of_sample(const Word& word, const std::vector<plan::DutFile>& duts) {
  if (word.at.empty()) return 0;
  const int sample = number_in(word.name + "@" + word.at, word.at, "sample");
  for (std::size_t i = 0; i < duts.size(); ++i) {
    if (duts[i].sample == sample) return static_cast<int>(i) + 1;
  }
  throw UserError(fmt::format("{}@{}: found no sample {} among the DUT files", word.name, word.at, sample));
}

int position_of_station(const Word& word, const plan::RigFile& rig) {
  if (word.at.empty()) return 0;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < rig.stations.size(); ++i) {
    if (rig.stations[i].name == word.at) return static_cast<int>(i) + 1;
    names.push_back(rig.stations[i].name);
  }
  throw UserError(fmt::format("{}@{}: found no station {} in {}; expected {}", word.name, word.at,
                              json::in_quotes(word.at), rig.file, json::choice(names)));
}

bool take_own(OwnFaults& own, const Word& word, int station) {
  if (word.name == "R7") return own.stepped_utc = true;
  if (word.name == "R11") return own.altered_record = true;
  if (word.name == "R13") return own.killed = true;
  if (word.name != "R9") return false;
  own.expired_calibration = true;
  own.expired_station = station;
  return true;
}

}  // namespace

Choices read_choices(const std::vector<std::string>& defects, const std::vector<std::string>& faults,
                     const std::vector<plan::DutFile>& duts, const plan::RigFile& rig) {
  Choices choices;
  if (defects.empty() && faults.empty()) return choices;
  for (const std::string& text : defects) {
    const Word word = read_word(text);
    check_defect(word.name);
    choices.defects.push_back({word.name, position_of_sample(word, duts)});
    choices.words.push_back("defect " + text);
  }
  for (const std::string& text : faults) {
    const Word word = read_word(text);
    const int station = position_of_station(word, rig);
    choices.words.push_back("fault " + text);
    if (take_own(choices.own, word, station)) continue;
    bench::parse_fault(word.name);
    choices.faults.push_back({word.name, station, word.exchange});
  }
  if (!rig.any_virtual()) {
    throw UserError(fmt::format("{}: found no virtual bench; expected one, since {} lives in virtual members", rig.file,
                                choices.words.front()));
  }
  return choices;
}

plan::DutFile declared_for(const plan::DutFile& dut, int position, const std::vector<bench::DefectChoice>& defects) {
  Json changes = Json::object();
  for (const bench::DefectRow& row : bench::defect_rows()) {
    const bool chosen = std::any_of(defects.begin(), defects.end(), [&](const bench::DefectChoice& choice) {
      return choice.name == row.name && (choice.sample == 0 || choice.sample == position);
    });
    if (!chosen || row.conditions.empty()) continue;
    const Json conditions = Json::parse(row.conditions);
    if (conditions.contains("dut")) changes.update(conditions.at("dut"));
  }
  if (changes.empty()) return dut;
  Json document = json::to_json(json::parse_file(dut.file));
  document.update(changes);
  if (document.value("conversion", "") == "direct_reading" && !document.contains("division_m3")) {
    document["division_m3"] = document.value("pulse_volume_m3", "0.01");
  }
  return plan::read_dut(json::parse(document.dump(), dut.file));
}

void declare_for(std::vector<plan::DutFile>& duts, const std::vector<bench::DefectChoice>& defects) {
  for (std::size_t i = 0; i < duts.size(); ++i) duts[i] = declared_for(duts[i], static_cast<int>(i) + 1, defects);
}

bench::Sample sample_of(const plan::DutFile& dut) {
  bench::Sample sample;
  sample.serial = dut.serial;
  sample.address = dut.address;
  if (!dut.communication.empty()) sample.communication = dut.communication.front();
  sample.nominal_voltage_v = dut.nominal_voltage_v;
  sample.undervoltage_v = dut.undervoltage_v.value_or(0.8 * dut.nominal_voltage_v);
  sample.minimum_voltage_v = dut.minimum_voltage_v.value_or(0.75 * dut.nominal_voltage_v);
  sample.wake_period_s = dut.wake_period_s.value_or(sample.wake_period_s);
  sample.detection_latency_s = dut.detection_latency_s.value_or(sample.detection_latency_s);
  sample.direct_reading = dut.conversion == "direct_reading";
  sample.replaceable_battery = dut.replaceable_battery;
  sample.kind = dut.meter;
  sample.settles_money = dut.settles_money;
  sample.settlement_records = dut.settlement_records;
  sample.clock_backup = dut.clock_backup;
  sample.supply = dut.supply;
  sample.key = dut.security_key;
  const std::string& step = sample.direct_reading ? dut.division_m3 : dut.pulse_volume_m3;
  std::from_chars(step.data(), step.data() + step.size(), sample.pulse_volume_m3);
  return sample;
}

void expire_calibration(plan::RigFile& rig, int station, Utc start) {
  const auto yesterday = std::chrono::floor<std::chrono::days>(start) - std::chrono::days{1};
  const std::chrono::year_month_day day{yesterday};
  const std::string due = fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()),
                                      static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()));
  for (std::size_t i = 0; i < rig.stations.size(); ++i) {
    if (station != 0 && station != static_cast<int>(i) + 1) continue;
    for (const char* role : {"microammeter", "ammeter"}) {
      const plan::RoleBinding* const binding = rig.binding(rig.stations[i], role);
      if (binding == nullptr || binding->instrument.empty()) continue;
      auto& calibration = rig.instruments.at(binding->instrument).calibration;
      if (calibration) calibration->due = due;
    }
  }
}

}  // namespace meterrig::cli
