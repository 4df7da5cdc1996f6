#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "core/io/transport/wall_clock.hpp"
#include "rig/cli/command.hpp"
#include "rig/cli/connector.hpp"
#include "rig/cli/discovery.hpp"
#include "rig/cli/json_text.hpp"
#include "rig/cli/run_files.hpp"
#include "rig/cli/signals.hpp"
#include "rig/run/instrument_check.hpp"

namespace meterrig::cli {

namespace {

using Json = nlohmann::ordered_json;

constexpr int trouble = 1;

constexpr const char* footer =
    "Examples:\n"
    "  meterrig instruments check                          the virtual bench's own\n"
    "  meterrig instruments check --rig my-rig.json        every member; outputs go on at 3.6 V, 0.5 A at most\n"
    "  meterrig instruments discover --host 10.0.0.12 --host 10.0.0.13:5025\n\n"
    "Exit codes: 0 everything is as it should be; 1 something is not, or nothing was found; 2 wrong words or files.";

struct CheckWords {
  std::string rig = "embedded";
  std::vector<std::string> faults;
  double volts = 3.6;
  bool no_outputs = false;
  bool as_json = false;
};

// A rig under check: its clock, its bench if it has one, and its instruments.
class CheckSession {
 public:
  explicit CheckSession(const CheckWords& words) : words_(words), loader_(plan::ConfigPath::find()) {
    rig_ = loader_.rig(words.rig);
    duts_ = samples_for(loader_, rig_, {});
    if (rig_.all_virtual()) {
      // Calibrations are due on days of the real calendar.
      clock_ = std::make_unique<VirtualClock>(WallClock().utc());
    } else {
      auto wall = std::make_unique<WallClock>(rig_.time_scale);
      wall_ = wall.get();
      wall_->on_signal({std::begin(stop_signals), std::end(stop_signals)}, [this](int) { scope_.cancel("stopped"); });
      clock_ = std::move(wall);
    }
    const Choices choices = read_choices({}, words.faults, duts_, rig_);
    if (choices.own.stepped_utc || choices.own.altered_record || choices.own.killed)
      throw UserError("R7, R11 and R13 are faults of a run; expected one of an instrument or its calibration");
    if (choices.own.expired_calibration) expire_calibration(rig_, choices.own.expired_station, clock_->utc());
    bench_ = make_bench(*clock_, loader_.path(), rig_, duts_, choices, 1);
    connector_ = std::make_unique<BenchConnector>(*clock_, bench_.get(), wall_);
    instruments_ = std::make_unique<rig::Instruments>(*clock_, loader_, rig_, *connector_);
    meter_profile_ = std::make_unique<MeterProfile>(json::to_json(loader_.meter(duts_.front().profile)));
    for (std::size_t i = 0; i < rig_.stations.size(); ++i)
      stations_.push_back(std::make_unique<rig::Station>(rig_.stations[i].name, static_cast<int>(i) + 1, duts_[i], rig_,
                                                         *meter_profile_, rig::Station::Shared{}));
  }

  void execute() {
    try {
      run(*clock_, scope_, compare());
    } catch (const Cancelled&) {
      CancelScope after;
      run(*clock_, after, secure());
      throw;
    }
  }

  std::vector<rig::MemberReport> members;
  std::vector<rig::DriftReport> drifts;

 private:
  Task<> compare() {
    const auto today = std::chrono::floor<std::chrono::days>(clock_->utc());
    for (const auto& [name, member] : rig_.instruments)
      members.push_back(co_await rig::check_member(*instruments_, name, today));
    if (words_.no_outputs) co_return;
    for (const auto& station : stations_) {
      if (!station->has("power_supply") || !station->has("path_switch")) continue;
      std::vector<rig::DriftReport> found = co_await rig::check_drift(*station, *instruments_, words_.volts);
      drifts.insert(drifts.end(), found.begin(), found.end());
    }
  }
  Task<> secure() {
    for (const auto& station : stations_) (void)co_await station->make_safe(station->output_roles());
  }

  const CheckWords& words_;
  plan::Loader loader_;
  plan::RigFile rig_;
  std::vector<plan::DutFile> duts_;
  CancelScope scope_;
  std::unique_ptr<Clock> clock_;
  WallClock* wall_ = nullptr;
  std::unique_ptr<bench::Bench> bench_;
  std::unique_ptr<BenchConnector> connector_;
  std::unique_ptr<rig::Instruments> instruments_;
  std::unique_ptr<MeterProfile> meter_profile_;
  std::vector<std::unique_ptr<rig::Station>> stations_;
};

std::string calibration_text(const rig::MemberReport& member) {
  if (member.due.empty()) return "no calibration data";
  return fmt::format("due {} ({} d)", member.due, member.days_left);
}

using Row = std::vector<std::string>;

// Every column as wide as its widest cell; a row of two cells is a remark below the row before it.
void print_table(const std::vector<Row>& rows) {
  Row::size_type columns = 0;
  for (const Row& row : rows) columns = std::max(columns, row.size());
  std::vector<std::size_t> widths(columns, 0);
  for (const Row& row : rows)
    for (std::size_t i = 0; i < row.size() && row.size() == columns; ++i)
      widths[i] = std::max(widths[i], row[i].size());
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) line += fmt::format("{:<{}}  ", row[i], widths[i]);
    fmt::print("{}\n", line.substr(0, line.find_last_not_of(' ') + 1));
  }
}

std::string shown(const std::string& text) { return text.empty() ? "-" : text; }
const char* judged(bool good) { return good ? "ok" : "NOT GOOD"; }

void print_members(const std::vector<rig::MemberReport>& members) {
  std::vector<Row> rows{{"instrument", "model", "serial", "firmware", "calibration", "self-test", ""}};
  for (const rig::MemberReport& m : members) {
    const bool quiet = m.self_test.empty() || m.self_test == "passed";
    rows.push_back({m.name, shown(m.model), shown(m.serial), shown(m.firmware), calibration_text(m),
                    quiet ? shown(m.self_test) : "failed", judged(m.problems.empty())});
    for (const std::string& problem : m.problems) rows.push_back({"", problem});
  }
  print_table(rows);
}

void print_drifts(const std::vector<rig::DriftReport>& drifts) {
  if (drifts.empty()) return;
  std::vector<Row> rows{{"station", "instrument", "compared", "reading", "beside", "allowed", ""}};
  for (const rig::DriftReport& d : drifts) {
    const auto amount = [&](const char* form, double value) {
      return fmt::format(fmt::runtime(form), value) + " " + d.unit;
    };
    rows.push_back({d.station, d.instrument, d.quantity, amount("{:.6g}", d.reading), amount("{:.6g}", d.reference),
                    amount("{:.2g}", d.allowed), judged(d.problem.empty())});
    if (!d.problem.empty()) rows.push_back({"", d.problem});
  }
  fmt::print("\n");
  print_table(rows);
}

Json members_json(const std::vector<rig::MemberReport>& members) {
  Json all = Json::array();
  for (const rig::MemberReport& m : members) {
    Json calibration = nullptr;
    if (!m.due.empty())
      calibration = {
          {"date", m.calibrated}, {"due", m.due}, {"certificate", m.certificate}, {"days_left", m.days_left}};
    all.push_back({{"name", m.name},
                   {"profile", m.profile},
                   {"address", m.address},
                   {"model", text_or_null(m.model)},
                   {"serial", text_or_null(m.serial)},
                   {"firmware", text_or_null(m.firmware)},
                   {"calibration", calibration},
                   {"self_test", text_or_null(m.self_test)},
                   {"problems", m.problems}});
  }
  return all;
}

Json drifts_json(const std::vector<rig::DriftReport>& drifts) {
  Json all = Json::array();
  for (const rig::DriftReport& d : drifts)
    all.push_back({{"station", d.station},
                   {"instrument", d.instrument},
                   {"quantity", d.quantity},
                   {"unit", d.unit},
                   {"reading", d.reading},
                   {"reference", d.reference},
                   {"allowed", d.allowed},
                   {"problem", text_or_null(d.problem)}});
  return all;
}

int check(const CheckWords& words) {
  CheckSession session(words);
  session.execute();
  const bool good =
      std::all_of(session.members.begin(), session.members.end(), [](const auto& m) { return m.problems.empty(); }) &&
      std::all_of(session.drifts.begin(), session.drifts.end(), [](const auto& d) { return d.problem.empty(); });
  if (words.as_json) {
    const Json all{{"instruments", members_json(session.members)}, {"comparisons", drifts_json(session.drifts)}};
    fmt::print("{}\n", all.dump(2));
  } else {
    print_members(session.members);
    print_drifts(session.drifts);
  }
  return good ? 0 : trouble;
}

void add_check_of(CLI::App& parent, Action& action) {
  CLI::App* const command =
      parent.add_subcommand("check", "Ask each member of a rig who it is, and compare readings that must agree");
  auto words = std::make_shared<CheckWords>();
  command->add_option("--rig", words->rig, "Rig file, or a name under config/rigs")
      ->type_name("FILE")
      ->capture_default_str();
  command
      ->add_option("--voltage", words->volts,
                   "Volts that the stations' supplies are compared at; a meter in its place is powered with it")
      ->check(CLI::Range(0.5, 60.0))
      ->type_name("V")
      ->capture_default_str();
  command->add_flag("--no-outputs", words->no_outputs, "Only ask; switch nothing on");
  command->add_option("--fault", words->faults, "Put a misbehaviour into a virtual instrument")
      ->type_name("NAME[@STATION]")
      ->allow_extra_args(false);
  command->add_flag("--json", words->as_json, "As one JSON document");
  command->callback([words, &action] { action = [words] { return check(*words); }; });
}

}  // namespace

void add_instruments(CLI::App& app, Action& action) {
  CLI::App* const command = app.add_subcommand("instruments", "Find instruments, and check those of a rig");
  command->require_subcommand(1);
  command->footer(footer);
  add_discover(*command, action);
  add_check_of(*command, action);
}

}  // namespace meterrig::cli
