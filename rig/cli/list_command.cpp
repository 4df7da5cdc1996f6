#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <memory>
#include <nlohmann/json.hpp>

#include "bench/bench.hpp"
#include "rig/cli/command.hpp"
#include "rig/cli/language.hpp"
#include "rig/plan/loader.hpp"
#include "rig/run/procedure.hpp"
#include "testcases/list.hpp"

namespace meterrig::cli {

namespace {

using Json = nlohmann::ordered_json;

// One line a thing: columns for people, an object for programs.
struct Listing {
  std::vector<std::vector<std::string>> lines;
  Json objects = Json::array();

  void add(Json object, std::vector<std::string> line) {
    objects.push_back(std::move(object));
    lines.push_back(std::move(line));
  }
};

struct Wanted {
  std::string standard;
  bool as_json = false;
  bool of(const std::string& id) const { return standard.empty() || standard == id; }
};

Json title_json(const plan::Title& title) { return {{"zh", title.zh}, {"en", title.en}}; }

Json or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

const std::string& shown(const plan::Title& title) { return language_of("") == Language::en ? title.en : title.zh; }

const rig::Procedure* built_in(const std::string& name) {
  static const rig::Procedures all = testcases::all();
  return rig::find_procedure(all, name);
}

// The standard's table of inspection items: its row, and the ticks for type and factory inspection.
std::string row_text(const plan::Clause& clause) {
  return clause.row > 0 ? fmt::format("row {}{}", clause.row, clause.printed.empty() ? "" : "*") : "-";
}

const char* tick(plan::Membership membership) {
  constexpr std::array ticks{"Y", "Y*", "O", "N", "-"};
  return ticks[static_cast<std::size_t>(membership)];
}

std::string procedure_text(const plan::Clause& clause) {
  if (clause.procedure.empty()) return "(no procedure)";
  return built_in(clause.procedure) ? clause.procedure : fmt::format("(no procedure {} yet)", clause.procedure);
}

Json clause_json(const plan::Clause& clause) {
  const bool served = built_in(clause.procedure) != nullptr;
  return {{"id", clause.id},
          {"standard", clause.standard},
          {"requirement", clause.requirement},
          {"test", or_null(clause.test)},
          {"title", title_json(clause.title)},
          {"kind", plan::word(clause.kind)},
          {"row", clause.row > 0 ? Json(clause.row) : Json()},
          {"printed", or_null(clause.printed)},
          {"type", plan::word(clause.type)},
          {"factory", plan::word(clause.factory)},
          {"procedure", served ? Json(clause.procedure) : Json()}};
}

Listing clauses(plan::Loader& loader, const Wanted& wanted) {
  Listing listing;
  for (const plan::Standard& standard : loader.catalogue().standards()) {
    if (!wanted.of(standard.id)) continue;
    for (const plan::Clause& clause : standard.clauses) {
      listing.add(clause_json(clause),
                  {clause.id, plan::word(clause.kind), row_text(clause), fmt::format("type {}", tick(clause.type)),
                   fmt::format("factory {}", tick(clause.factory)), procedure_text(clause), shown(clause.title)});
    }
  }
  return listing;
}

std::vector<std::string> clauses_of(plan::Loader& loader, const Wanted& wanted, const std::string& procedure) {
  std::vector<std::string> ids;
  for (const plan::Standard& standard : loader.catalogue().standards()) {
    if (!wanted.of(standard.id)) continue;
    for (const plan::Clause& clause : standard.clauses) {
      if (clause.procedure == procedure) ids.push_back(clause.id);
    }
  }
  return ids;
}

Listing procedures(plan::Loader& loader, const Wanted& wanted) {
  Listing listing;
  for (const rig::Procedure* procedure : testcases::all()) {
    const auto ids = clauses_of(loader, wanted, procedure->name);
    if (ids.empty() && !wanted.standard.empty()) continue;
    const plan::Title title{procedure->title_zh, procedure->title_en};
    listing.add(
        {{"name", procedure->name}, {"title", title_json(title)}, {"needs", procedure->needs}, {"clauses", ids}},
        {procedure->name, fmt::format("{}", fmt::join(ids, " ")), shown(title)});
  }
  return listing;
}

Listing instruments(plan::Loader& loader, const Wanted&) {
  Listing listing;
  for (const std::string& name : loader.path().names("instruments")) {
    const json::Node profile = loader.instrument(name);
    std::vector<std::string> roles;
    for (const json::Member& role : profile.at("roles").members()) roles.push_back(role.key);
    const std::string maker = profile.string_or("manufacturer", "");
    const std::string model = profile.string_or("model", "");
    listing.add({{"name", name}, {"manufacturer", maker}, {"model", model}, {"roles", roles}},
                {name, fmt::format("{} {}", maker, model), fmt::format("{}", fmt::join(roles, " "))});
  }
  return listing;
}

Listing meters(plan::Loader& loader, const Wanted&) {
  Listing listing;
  for (const std::string& name : loader.path().names("meters")) {
    const json::Node profile = loader.meter(name);
    const std::string protocol = profile.string_or("protocol", "");
    listing.add({{"name", name}, {"protocol", protocol}, {"about", profile.string_or("about", "")}},
                {name, protocol, profile.string_or("about", "")});
  }
  return listing;
}

bool concerns(const bench::DefectRow& row, const Wanted& wanted) {
  return wanted.standard.empty() ||
         std::find(row.standards.begin(), row.standards.end(), wanted.standard) != row.standards.end();
}

Listing defects(plan::Loader&, const Wanted& wanted) {
  Listing listing;
  for (const bench::DefectRow& row : bench::defect_rows()) {
    if (!concerns(row, wanted)) continue;
    Json expected = Json::object();
    std::vector<std::string> words;
    for (const auto& [id, verdict] : row.expected) {
      expected[id] = verdict;
      words.push_back(id + "=" + verdict);
    }
    const Json conditions = row.conditions.empty() ? Json::object() : Json::parse(row.conditions);
    listing.add({{"name", row.name},
                 {"standards", row.standards},
                 {"meter", row.meter},
                 {"kind", row.kind},
                 {"expected", expected},
                 {"conditions", conditions},
                 {"what", row.what}},
                {row.name, row.kind, row.what, fmt::format("{}", fmt::join(words, " "))});
  }
  return listing;
}

Listing plans(plan::Loader& loader, const Wanted& wanted) {
  Listing listing;
  for (const std::string& name : loader.path().names("plans")) {
    const plan::Plan plan = loader.plan(name);
    if (!wanted.of(plan.standard)) continue;
    listing.add({{"name", name},
                 {"standard", plan.standard},
                 {"inspection", plan.inspection},
                 {"clauses", plan.clauses.size()},
                 {"samples", plan.samples},
                 {"title", title_json(plan.title)}},
                {name, plan.inspection, fmt::format("{} clauses", plan.clauses.size()), shown(plan.title)});
  }
  return listing;
}

void print(const Listing& listing) {
  std::vector<std::size_t> widths;
  for (const auto& line : listing.lines) {
    widths.resize(std::max(widths.size(), line.size()));
    for (std::size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], record::display_width(line[i]));
  }
  for (const auto& line : listing.lines) {
    std::string text;
    for (std::size_t i = 0; i < line.size(); ++i) {
      text += line[i];
      if (i + 1 < line.size()) text += std::string(widths[i] - record::display_width(line[i]) + 2, ' ');
    }
    fmt::print("{}\n", text);
  }
}

struct Kind {
  const char* name;
  const char* what;
  Listing (*make)(plan::Loader&, const Wanted&);
};

constexpr Kind kinds[] = {
    {"clauses", "Clauses of the standards, who tests them, and the procedure that serves each", clauses},
    {"procedures", "Built-in procedures and the clauses that they serve", procedures},
    {"instruments", "Instrument profiles and the roles that they fill", instruments},
    {"meters", "Meter profiles", meters},
    {"defects", "Defects and borderline variants of virtual meters, faults of the virtual rig", defects},
    {"plans", "Plans", plans},
};

int show(const Kind& kind, const Wanted& wanted) {
  plan::Loader loader(plan::ConfigPath::find());
  if (!wanted.standard.empty()) (void)loader.catalogue().standard(wanted.standard);
  const Listing listing = kind.make(loader, wanted);
  if (wanted.as_json) {
    fmt::print("{}\n", listing.objects.dump(2));
  } else {
    print(listing);
  }
  return 0;
}

}  // namespace

void add_list(CLI::App& app, Action& action) {
  CLI::App* const command =
      app.add_subcommand("list", "List clauses, procedures, instruments, meters, defects or plans");
  command->require_subcommand(1);
  command->footer(
      "Examples:\n  meterrig list clauses --standard cjt503\n  meterrig list defects --json\n\n"
      "Type and factory inspection: Y required, Y* required without a tick or row of its own, O if declared,\n"
      "N not required, - not stated. `row 15*`: its printed reference is wrong, --json has it.");
  auto wanted = std::make_shared<Wanted>();
  for (const Kind& kind : kinds) {
    CLI::App* const list = command->add_subcommand(kind.name, kind.what);
    list->add_option("--standard", wanted->standard, "Only this standard: cjt503, cjt484, husec, cwdpa, seal")
        ->type_name("ID");
    list->add_flag("--json", wanted->as_json, "As JSON");
    list->callback([wanted, &kind, &action] { action = [wanted, &kind] { return show(kind, *wanted); }; });
  }
}

}  // namespace meterrig::cli
