#include "rig/cli/run_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "core/errors.hpp"
#include "rig/record/sha256.hpp"
#include "rig/run/calibrated.hpp"
#include "testcases/list.hpp"

namespace meterrig::cli {

namespace {

namespace fs = std::filesystem;

std::string first_real_address(const plan::RigFile& rig) {
  for (const auto& [name, instrument] : rig.instruments) {
    if (!plan::is_virtual(instrument.address)) return fmt::format("{} at {}", name, instrument.address.text());
  }
  return "a link with a real address";
}

bool choose_clock(const RunOptions& options, const plan::RigFile& rig) {
  if (options.clock == "virtual" && !rig.all_virtual()) {
    throw UserError(fmt::format("{}: found {}; expected only virtual: addresses with --clock virtual", rig.file,
                                first_real_address(rig)));
  }
  return options.clock.empty() ? rig.all_virtual() : options.clock == "virtual";
}

// A served bench has real addresses, but its rig file still says that it is a bench.
std::vector<std::string> reasons_of_simulation(const RunFiles& files) {
  std::vector<std::string> reasons;
  if (files.rig.bench_stations > 0) reasons.push_back("virtual bench");
  if (files.virtual_clock) reasons.push_back("virtual clock");
  if (!files.virtual_clock && files.rig.time_scale != 1) {
    reasons.push_back(fmt::format("time scale {:g}", files.rig.time_scale));
  }
  reasons.insert(reasons.end(), files.choices.words.begin(), files.choices.words.end());
  return reasons;
}

std::string digest_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  return record::hex(record::sha256({text}));
}

bool is_own(const OwnProcedures& own, const std::string& standard) {
  return std::any_of(own.standards.begin(), own.standards.end(),
                     [&](const json::Node& one) { return one.at("id").string() == standard; });
}

// All files that a run is made of, wherever they lie: two runs of a simulation are the same if these are.
nlohmann::json digests_of(const RunOptions& options, const RunFiles& files, const OwnProcedures& own) {
  const plan::ConfigPath& path = files.loader.path();
  nlohmann::json digests{{"plan", digest_of(path.resolve("plans", options.plan))}, {"rig", digest_of(files.rig.file)}};
  if (!is_own(own, files.plan.standard))
    digests["standard"] = digest_of(path.resolve("standards", files.plan.standard));
  if (!own.digests.is_null()) digests["procedures"] = own.digests;
  if (!options.job.empty()) digests["job"] = digest_of(options.job);
  for (const plan::Certificate& its : files.plan.job.certificates)
    digests["papers"].push_back(record::hex(record::sha256({*its.content})));
  if (!options.answers.empty()) digests["answers"] = digest_of(options.answers);
  for (const plan::DutFile& dut : files.duts) {
    digests["duts"].push_back(digest_of(dut.file));
    digests["meters"][dut.profile] = digest_of(path.resolve("meters", dut.profile));
  }
  for (const auto& [name, instrument] : files.rig.instruments) {
    digests["instruments"][name] = digest_of(path.resolve("instruments", instrument.profile));
    if (instrument.calibration && !instrument.calibration->dcc.empty())
      digests["certificates"][name] = digest_of(rig::certificate_file(files.rig, *instrument.calibration));
  }
  return digests;
}

void check_override(const std::string& text) {
  const auto colon = text.find(':');
  if (text.empty() || (colon != std::string::npos && colon > 0 && colon + 1 < text.size())) return;
  throw UserError(fmt::format("--override: found \"{}\"; expected WHO:WHY, a person and a reason", text));
}

void read_samples(const RunOptions& options, RunFiles& files) {
  const auto& names = options.duts.empty() ? files.plan.default_duts : options.duts;
  if (names.empty()) {
    throw UserError(fmt::format("plan {}: found no DUT files of its own; expected --dut FILE", files.plan.id));
  }
  for (const std::string& name : names) files.duts.push_back(files.loader.dut(name));
}

void read_observations(const RunOptions& options, RunFiles& files) {
  if (options.answers.empty()) return;
  files.answers = read_answers(options.answers);
  if (!files.answers.observations.empty() && !files.rig.all_virtual()) {
    throw UserError(
        fmt::format("{}: found observations and a rig with real members; expected administrative fields only: "
                    "on a real rig a person observes at the time",
                    options.answers));
  }
  fill_job(files.plan.job, files.answers);
}

// Virtual supplies of another make than the bench's own are built from their profiles.
std::map<int, bench::SupplyChoice> supplies_of(const plan::ConfigPath& path, const plan::RigFile& rig) {
  plan::Loader loader(path);
  std::map<int, bench::SupplyChoice> supplies;
  for (std::size_t i = 0; i < rig.stations.size(); ++i) {
    const plan::RoleBinding* const binding = rig.binding(rig.stations[i], "power_supply");
    if (binding == nullptr || binding->instrument.empty()) continue;
    const plan::RigInstrument& supply = rig.instruments.at(binding->instrument);
    const int number = static_cast<int>(i) + 1;
    if (!plan::is_virtual(supply.address) || supply.address.path != fmt::format("psu{}", number)) continue;
    const json::Node profile = loader.instrument(supply.profile);
    if (profile.at("id").string() == "rigol_dp832") continue;
    supplies.emplace(number, bench::SupplyChoice{profile, supply.serial, std::max(1, binding->channel)});
  }
  return supplies;
}

// What measures a station's voltage and currents. The bench has twins of some of them.
std::vector<bench::BenchInstrument> instruments_of(const plan::RigFile& rig) {
  std::vector<bench::BenchInstrument> all;
  for (std::size_t i = 0; i < rig.stations.size(); ++i)
    for (const auto& [role, binding] : rig.stations[i].roles) {
      if (role != "voltmeter" && role != "microammeter" && role != "ammeter") continue;
      const auto member = rig.instruments.find(binding.instrument);
      if (member == rig.instruments.end() || !plan::is_virtual(member->second.address)) continue;
      all.push_back(
          {member->second.address.path, member->second.profile, member->second.serial, role, static_cast<int>(i) + 1});
    }
  return all;
}

}  // namespace

RunFiles read_run_files(const RunOptions& options, const OwnProcedures& own) {
  check_override(options.override_by);
  RunFiles files{plan::Loader(plan::ConfigPath::find()), {}, {}, {}, {}, {}, testcases::all(), true, {}, {}};
  for (const json::Node& standard : own.standards) files.loader.add_standard(standard);
  files.procedures.insert(files.procedures.end(), own.list.begin(), own.list.end());
  files.plan = files.loader.plan(options.plan);
  if (!options.job.empty()) files.plan.job = files.loader.job(options.job, files.plan);
  if (!options.only.empty()) files.plan = plan::select(files.plan, options.only, files.loader.catalogue());
  const std::string rig = options.rig.empty() ? files.plan.default_rig : options.rig;
  if (rig.empty()) throw UserError(fmt::format("plan {}: found no rig of its own; expected --rig FILE", files.plan.id));
  files.rig = files.loader.rig(rig);
  read_samples(options, files);
  files.virtual_clock = choose_clock(options, files.rig);
  files.choices = read_choices(options.defects, options.faults, files.duts, files.rig);
  declare_for(files.duts, files.choices.defects);
  read_observations(options, files);
  files.simulation = reasons_of_simulation(files);
  files.inputs = {{"defects", options.defects}, {"faults", options.faults}, {"files", digests_of(options, files, own)}};
  return files;
}

namespace {

// Those of the first plan that is made for this rig; without one, gas meters.
std::vector<std::string> usual_samples(plan::Loader& loader, const plan::RigFile& rig) {
  for (const std::string& name : loader.path().names("plans")) {
    const plan::Plan plan = loader.plan(name);
    if (plan.default_rig == rig.id) return plan.default_duts;
  }
  return loader.plan("cjt503-auto").default_duts;
}

}  // namespace

std::vector<plan::DutFile> samples_for(plan::Loader& loader, const plan::RigFile& rig,
                                       const std::vector<std::string>& duts) {
  std::vector<std::string> names = duts;
  if (names.empty()) names = usual_samples(loader, rig);
  if (duts.empty() && names.size() > rig.stations.size()) names.resize(rig.stations.size());
  if (names.size() != rig.stations.size()) {
    throw UserError(fmt::format("{}: found {} DUT files for {} stations; expected one --dut for each station", rig.file,
                                names.size(), rig.stations.size()));
  }
  std::vector<plan::DutFile> samples;
  for (const std::string& name : names) samples.push_back(loader.dut(name));
  return samples;
}

std::unique_ptr<bench::Bench> make_bench(Clock& clock, const plan::ConfigPath& path, const plan::RigFile& rig,
                                         const std::vector<plan::DutFile>& duts, const Choices& choices,
                                         std::uint64_t seed) {
  if (!rig.any_virtual()) return nullptr;
  bench::BenchOptions options;
  for (const plan::DutFile& dut : duts) options.samples.push_back(sample_of(dut));
  options.supplies = supplies_of(path, rig);
  options.seed = seed;
  options.instruments = instruments_of(rig);
  std::erase_if(options.instruments,
                [&](const auto& its) { return its.station > static_cast<int>(options.samples.size()); });
  options.defects = choices.defects;
  options.faults = choices.faults;
  if (rig.meters_virtual()) options.meters = rig.bench_meters;
  for (const fs::path& folder : path.folders()) {
    std::error_code error;
    if (!fs::is_directory(folder / "instruments", error)) continue;
    options.profiles_folder = (folder / "instruments").string();
    break;
  }
  return std::make_unique<bench::Bench>(clock, std::move(options));
}

}  // namespace meterrig::cli
