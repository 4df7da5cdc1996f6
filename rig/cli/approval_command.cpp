#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <memory>

#include "core/media_type.hpp"
#include "rig/cli/approving.hpp"
#include "rig/cli/command.hpp"
#include "rig/cli/output_files.hpp"
#include "rig/cli/sealing.hpp"

namespace meterrig::cli {

namespace {

using Json = nlohmann::json;

constexpr std::uintmax_t attachment_bytes_max = 20 << 20;

struct ActOptions {
  fs::path data;
  std::string run;
  std::string by;
  std::string reason;
  std::string number;
  std::string lang = "both";
  std::vector<std::string> changes;
  fs::path file;
  std::string caption;
  int sample = 0;
  std::string clause;
  std::string what, before, after;
};

// What an act says of itself, by the words of the command.
Json common_body(const ActOptions& options) {
  Json body{{"by", checked_text("--by", options.by)}, {"reason", nullptr}};
  if (!options.reason.empty()) body["reason"] = checked_text("--reason", options.reason);
  return body;
}

int sign(const ActOptions& options, const char* type) {
  ApprovalDesk desk(options.data, options.run);
  if (!desk.whole()) return broken_record;
  desk.expect_fit_to_sign();
  desk.add(type, common_body(options));
  return 0;
}

int approve(const ActOptions& options) {
  ApprovalDesk desk(options.data, options.run);
  if (!desk.whole()) return broken_record;
  desk.expect_fit_to_sign();
  Json body = common_body(options);
  if (!options.number.empty()) body["number"] = checked_text("--number", options.number);
  return desk.approve(std::move(body), language_of(options.lang)) ? 0 : not_made;
}

int amend(const ActOptions& options) {
  ApprovalDesk desk(options.data, options.run);
  if (!desk.whole()) return broken_record;
  desk.expect_fit_to_sign();
  Json body = common_body(options);
  for (const std::string& change : options.changes) body["changes"].push_back(checked_text("--change", change));
  desk.amend(std::move(body));
  return 0;
}

// Sample and clause that an act is about, as the record has them; null where it is about the whole run.
void add_place(Json& body, const ApprovalDesk& desk, const ActOptions& options) {
  body["sample"] = options.sample == 0 ? Json() : Json(desk.sample(options.sample));
  body["id"] = options.clause.empty() ? Json() : Json(desk.clause(options.clause));
}

int correct(const ActOptions& options) {
  ApprovalDesk desk(options.data, options.run);
  if (!desk.whole()) return broken_record;
  Json body = common_body(options);
  add_place(body, desk, options);
  body["what"] = checked_text("--what", options.what);
  body["old"] = checked_text("--old", options.before);
  body["new"] = checked_text("--new", options.after);
  desk.add("corrected", std::move(body));
  return 0;
}

std::string content_of(const fs::path& file) {
  std::error_code error;
  const std::uintmax_t size = fs::is_regular_file(file, error) ? fs::file_size(file, error) : 0;
  std::ifstream in(file, std::ios::binary);
  if (!in || error || !fs::is_regular_file(file)) throw UserError(fmt::format("can't read {}", file.string()));
  if (size > attachment_bytes_max) {
    throw UserError(fmt::format("{}: it has {:.1f} MiB; an attachment may have {} MiB: make the picture smaller",
                                file.string(), static_cast<double>(size) / (1 << 20), attachment_bytes_max >> 20));
  }
  return {std::istreambuf_iterator<char>(in), {}};
}

int attach(const ActOptions& options) {
  ApprovalDesk desk(options.data, options.run);
  if (!desk.whole()) return broken_record;
  std::string bytes = content_of(options.file);
  const auto type = media_type_of(bytes);
  if (!type) {
    throw UserError(fmt::format("{}: by its content it is no PNG, JPEG, PDF or UTF-8 text; nothing else is attached",
                                options.file.string()));
  }
  Json body = common_body(options);
  add_place(body, desk, options);
  const record::Digest digest = record::sha256({bytes});
  body["name"] = checked_text("the file's name", options.file.filename().string());
  body["media_type"] = type->word;
  body["sha256"] = "sha256:" + record::hex(digest);
  body["caption"] = checked_text("--caption", options.caption);
  desk.add("attached", std::move(body), {{digest, std::move(bytes)}});
  return 0;
}

using Handler = int (*)(const ActOptions&);

CLI::App* add_act_command(CLI::App& app, Action& action, const char* name, const char* what, Handler handler,
                          const std::shared_ptr<ActOptions>& options) {
  CLI::App* const command = app.add_subcommand(name, what);
  command->add_option("run", options->run, "An id, a unique beginning of one, or latest")->required()->type_name("RUN");
  command->add_option("--by,--who", options->by, "Who does it")->required()->type_name("NAME");
  command->add_option("--data", options->data, "Where runs are kept")
      ->type_name("DIR")
      ->default_val(std::string(default_data));
  command->callback([handler, options, &action] { action = [handler, options] { return handler(*options); }; });
  return command;
}

CLI::Option* add_reason(CLI::App& command, ActOptions& options) {
  return command.add_option("--reason,--why", options.reason, "Why, for who reads it later")->type_name("TEXT");
}

void add_place_options(CLI::App& command, ActOptions& options) {
  command.add_option("--sample", options.sample, "Of this sample")->check(CLI::PositiveNumber)->type_name("N");
  command.add_option("--clause", options.clause, "Of this clause: 5.3.8, 6.10, an id")->type_name("CLAUSE");
}

void add_signatures(CLI::App& app, Action& action, const std::shared_ptr<ActOptions>& options) {
  add_reason(*add_act_command(
                 app, action, "tested", "Sign for the test of a run: the first of three signatures",
                 [](const ActOptions& of) { return sign(of, "tested"); }, options),
             *options);
  add_reason(*add_act_command(
                 app, action, "review", "Review the report of a run: the second signature, another person's",
                 [](const ActOptions& of) { return sign(of, "reviewed"); }, options),
             *options);
  add_reason(*add_act_command(
                 app, action, "return", "Give a report back, one step: to who reviewed, or who tested",
                 [](const ActOptions& of) { return sign(of, "returned"); }, options),
             *options)
      ->required();
  CLI::App* const command = add_act_command(
      app, action, "approve", "Approve the report of a run: a third person's signature", approve, options);
  add_reason(*command, *options);
  command->add_option("--number", options->number, "The report's number, once in a store; an amendment has its own")
      ->type_name("R-2026-001");
  command->add_option("--lang", options->lang, "Language of the report that is kept")
      ->check(CLI::IsMember({"zh", "en", "both"}))
      ->type_name("zh|en|both")
      ->capture_default_str();
  command->footer("The report is rendered and kept as it is approved: `meterrig report` gives these very bytes.");
}

}  // namespace

void add_approval(CLI::App& app, Action& action) {
  auto options = std::make_shared<ActOptions>();
  add_signatures(app, action, options);
  CLI::App* const amending = add_act_command(
      app, action, "amend", "Open an amendment of an approved report, to be reviewed anew", amend, options);
  add_reason(*amending, *options)->required();
  amending->add_option("--change", options->changes, "What changes; once for each change")
      ->required()
      ->allow_extra_args(false)
      ->type_name("TEXT");
  CLI::App* const correcting =
      add_act_command(app, action, "correct", "Correct the original record: nothing is overwritten", correct, options);
  add_reason(*correcting, *options)->required();
  add_place_options(*correcting, *options);
  correcting->add_option("--what", options->what, "What is corrected")->required()->type_name("TEXT");
  correcting->add_option("--old", options->before, "As it stands")->required()->type_name("TEXT");
  correcting->add_option("--new", options->after, "As it should stand")->required()->type_name("TEXT");
  CLI::App* const attaching = add_act_command(
      app, action, "attach", "Attach a photo or a paper to a run: PNG, JPEG, PDF, text", attach, options);
  attaching->add_option("file", options->file, "The file")->required()->type_name("FILE");
  attaching->add_option("--caption", options->caption, "What it shows")->required()->type_name("TEXT");
  add_place_options(*attaching, *options);
}

}  // namespace meterrig::cli
