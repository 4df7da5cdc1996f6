#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/json/schema.hpp"
#include "rig/plan/catalogue.hpp"
#include "rig/plan/config_path.hpp"
#include "rig/plan/dut_file.hpp"
#include "rig/plan/plan.hpp"
#include "rig/plan/rig_file.hpp"

namespace meterrig::plan {

// Reads a user's files: found on the search path, parsed, held against their schema, then read. Throws UserError.
class Loader {
 public:
  explicit Loader(ConfigPath path);

  const ConfigPath& path() const noexcept { return path_; }
  const Catalogue& catalogue();
  // A standard that no file of the configuration holds: a laboratory's own procedures. Before what needs the catalogue.
  void add_standard(json::Node document) { own_standards_.push_back(std::move(document)); }
  Plan plan(const std::string& path_or_name);
  // A job of its own file, to take the place of the plan's.
  Job job(const std::filesystem::path& file, const Plan& plan);
  RigFile rig(const std::string& path_or_name);
  DutFile dut(const std::string& path_or_name);
  // A profile, held against its schema; its driver reads the rest. Read once: what a loader gave stays as it was.
  json::Node instrument(const std::string& path_or_name);
  json::Node meter(const std::string& path_or_name);

  // `meterrig check`: reads any file of the project's kinds, told apart by its keys, and says which kind it is:
  // standard, plan, job, rig, dut, instrument or meter.
  std::string check(const std::filesystem::path& file);

 private:
  json::Node read(const std::string& kind, const std::filesystem::path& file);
  Plan plan_of(const json::Node& document);
  const json::Schema& schema(const std::string& kind);
  json::Node profile(const std::string& kind, const std::string& path_or_name);
  json::Node profile_of(const std::string& kind, const json::Node& name);
  void check_profiles(const json::Node& rig);
  void check_items(const json::Node& dut);
  ConfigPath path_;
  std::map<std::string, json::Schema> schemas_;
  std::map<std::string, json::Node> profiles_;
  std::vector<json::Node> own_standards_;
  std::unique_ptr<Catalogue> catalogue_;
};

}  // namespace meterrig::plan
