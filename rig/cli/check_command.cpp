#include <fmt/format.h>

#include <memory>

#include "core/errors.hpp"
#include "core/json/node.hpp"
#include "meters/meter.hpp"
#include "rig/cli/command.hpp"
#include "rig/plan/loader.hpp"
#include "rig/run/procedure.hpp"
#include "testcases/list.hpp"

namespace meterrig::cli {

namespace {

// What the procedures can't run with; of a plan also on the samples that it names itself.
void check_clauses(plan::Loader& loader, const std::string& kind, const std::string& file) {
  if (kind == "standard") {
    const plan::Standard standard = plan::read_standard(json::parse_file(file));
    for (const plan::Clause& clause : standard.clauses) rig::check_values(testcases::all(), clause, nullptr);
  }
  if (kind != "plan") return;
  const plan::Plan plan = loader.plan(file);
  std::vector<plan::DutFile> duts;
  for (const std::string& name : plan.default_duts) duts.push_back(loader.dut(name));
  for (const plan::PlannedClause& planned : plan.clauses) {
    rig::check_values(testcases::all(), planned.clause, nullptr);
    for (const plan::DutFile& dut : duts) rig::check_values(testcases::all(), planned.clause, &dut);
  }
}

// All files are looked at, so that one pass finds every file that is wrong.
int check_files(const std::vector<std::string>& files) {
  plan::Loader loader(plan::ConfigPath::find());
  bool good = true;
  for (const std::string& file : files) {
    try {
      const std::string kind = loader.check(file);
      // The loader knows its schema; what its items need beside each other only the meters' side does.
      if (kind == "meter") (void)MeterProfile(json::to_json(json::parse_file(file)));
      check_clauses(loader, kind, file);
      fmt::print("{}: {}, ok\n", file, kind);
    } catch (const UserError& wrong) {
      std::fflush(stdout);
      fmt::print(stderr, "{}\n", wrong.what());
      good = false;
    }
  }
  return good ? 0 : 2;
}

}  // namespace

void add_check(CLI::App& app, Action& action) {
  CLI::App* const command = app.add_subcommand("check", "Check plan, rig, DUT, instrument, meter or standard files");
  auto files = std::make_shared<std::vector<std::string>>();
  command->add_option("files", *files, "Files; what each is, its keys say")->required()->type_name("FILE...");
  command->footer("Example:\n  meterrig check my-plan.json my-rig.json duts/*.json");
  command->callback([files, &action] { action = [files] { return check_files(*files); }; });
}

}  // namespace meterrig::cli
