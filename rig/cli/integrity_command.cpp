#include <fmt/format.h>

#include <memory>

#include "rig/cli/command.hpp"
#include "rig/cli/output_files.hpp"
#include "rig/cli/sealing.hpp"
#include "rig/record/acts.hpp"
#include "rig/record/approval.hpp"

namespace meterrig::cli {

namespace {

struct IntegrityOptions {
  fs::path data;
  std::string run = "latest";
  std::string head;
  std::string seal;
  fs::path key;
  std::string algorithm;
  bool as_json = false;
};

int broken(const std::string& run, const std::string& why) {
  fmt::print(stderr, "meterrig: {}: {}\n", run, why);
  return broken_record;
}

// Against the head that a record or report printed; empty when they agree.
std::string head_fault(const record::ChainReport& chain, const std::string& printed) {
  const std::string head = record::hex(chain.head.hash);
  if (printed.empty() || head == printed) return {};
  return fmt::format("the run ends with the head {}, not with {}: its end is missing, or it was written anew", head,
                     printed);
}

// The store's file, the chain of the run, its seals; and what somebody brings of them on paper.
int verify_run(const IntegrityOptions& options) {
  record::SqliteStore store(options.data, record::SqliteStore::Missing::refuse);
  if (const std::string fault = store.fault(); !fault.empty()) return broken("the store", fault);
  const std::string run = store.find_run(options.run);
  const record::ChainReport chain = store.verify(run);
  if (!chain.ok()) return broken(run, chain.text);
  if (const std::string fault = head_fault(chain, options.head); !fault.empty()) return broken(run, fault);
  const std::vector<record::PublicKey> known = known_keys(options.data, options.key);
  const record::SealReport seal = record::check_seals(store, run, known);
  const record::ActsReport acts = record::check_acts(store, run, known);
  if (!seal.ok()) return broken(run, seal.text);
  if (!options.key.empty() && options.seal.empty() && !seal.seal)
    return broken(run, fmt::format("the seal is missing: the run is {}", seal.text));
  if (!acts.ok()) return broken(run, acts.text);
  std::string printed;
  if (!options.seal.empty()) {
    const record::SealReport report = record::check_printed_seal(store, run, options.seal, known);
    if (!report.ok()) return broken(run, report.text);
    printed = report.text;
  }
  fmt::print("{}: {}\n{}: {}\n", run, chain.text, run, seal.text);
  if (!printed.empty()) fmt::print("{}: {}\n", run, printed);
  if (!acts.acts.empty()) {
    const record::Approval approval = record::fold_acts(acts.acts, chain.head.seq);
    const record::ReportDocument& report = approval.newest();
    fmt::print("{}: {}; the report {} is {}\n", run, acts.text, report.number, record::word(report.state));
  }
  return 0;
}

// The audit log, for people or as it is.
// What was given a number, attached, corrected.
std::string what_of(const nlohmann::json& act) {
  const auto text = [&](const char* key) { return act.value(key, ""); };
  if (!text("number").empty()) return ", " + text("number");
  if (text("type") == "attached") return fmt::format(", {} ({})", text("name"), text("caption"));
  if (text("type") == "corrected") return fmt::format(", {}: \"{}\" is \"{}\"", text("what"), text("old"), text("new"));
  return "";
}

int show_acts(const IntegrityOptions& options) {
  record::SqliteStore store(options.data, record::SqliteStore::Missing::refuse);
  const std::string run = store.find_run(options.run);
  const record::ActsReport report = record::check_acts(store, run, known_keys(options.data));
  if (!report.ok()) return broken(run, report.text);
  if (options.as_json) fmt::print("{}\n", nlohmann::json(report.acts).dump(2));
  for (const nlohmann::json& act : report.acts) {
    if (options.as_json) break;
    const nlohmann::json reason = act.value("reason", nlohmann::json());
    fmt::print("{:>3} {} {:<9} {}{}{}{}\n", act.value("seq", 0), act.value("t", ""), act.value("type", ""),
               act.value("by", ""), what_of(act), reason.is_string() ? ": " : "",
               reason.is_string() ? reason.get<std::string>() : "");
  }
  return 0;
}

int seal_one(const IntegrityOptions& options) {
  record::SqliteStore store(options.data, record::SqliteStore::Missing::refuse);
  const std::string run = store.find_run(options.run);
  const record::Seal seal = record::seal_run(store, run, seal_key(options.data), wall_time());
  const record::SealReport report = record::check_seals(store, run, known_keys(options.data));
  if (!report.ok()) return broken(run, report.text);
  fmt::print(stderr, "{}: {}\n", run, report.text);
  fmt::print("{}\n", record::printed_seal(run, seal));
  return 0;
}

int show_key(const IntegrityOptions& options) {
  using record::SealAlgorithm;
  const bool made = !options.algorithm.empty();
  if (!made && !fs::exists(seal_key_file(options.data)))
    throw UserError(fmt::format("{} has no key yet: the first run makes one, or: meterrig results key --new ed25519",
                                options.data.string()));
  const record::SealKey key =
      made ? new_seal_key(options.data, options.algorithm == "sm2" ? SealAlgorithm::sm2 : SealAlgorithm::ed25519)
           : seal_key(options.data);
  fmt::print("{}", key.public_key().pem());
  fmt::print(stderr, "key {} ({})\n", key.public_key().id(), record::word(key.public_key().algorithm()));
  return 0;
}

void add_data(CLI::App& command, IntegrityOptions& options) {
  command.add_option("--data", options.data, "Where runs are kept")
      ->type_name("DIR")
      ->default_val(std::string(default_data));
}

CLI::App* add_for_run(CLI::App& results, const char* name, const char* what, IntegrityOptions& options) {
  CLI::App* const command = results.add_subcommand(name, what);
  command->add_option("run", options.run, "An id, a unique beginning of one, or latest")
      ->type_name("RUN")
      ->capture_default_str();
  add_data(*command, options);
  return command;
}

}  // namespace

void add_integrity(CLI::App& results, Action& action) {
  auto options = std::make_shared<IntegrityOptions>();
  CLI::App* const verify =
      add_for_run(results, "verify", "Whether the journal of a run is what was written, and its seal valid", *options);
  verify->add_option("--head", options->head, "The head that a record or report printed")->type_name("HEX");
  verify->add_option("--seal", options->seal, "The text of a report's QR code")->type_name("TEXT");
  verify->add_option("--key", options->key, "The public key that must have made the seal, kept elsewhere")
      ->type_name("FILE");
  verify->footer("Example:\n  meterrig results verify latest --key laboratory.pem");
  verify->callback([options, &action] { action = [options] { return verify_run(*options); }; });
  CLI::App* const seal = add_for_run(
      results, "seal", "The seal of a run that is at its end, as its QR code has it; made if it has none", *options);
  seal->callback([options, &action] { action = [options] { return seal_one(*options); }; });
  CLI::App* const acts =
      add_for_run(results, "acts", "The audit log of a run: who did what about its report, and why", *options);
  acts->add_flag("--json", options->as_json, "As JSON");
  acts->callback([options, &action] { action = [options] { return show_acts(*options); }; });
  CLI::App* const key = results.add_subcommand("key", "The public key of this data directory's seals, as PEM");
  add_data(*key, *options);
  key->add_option("--new", options->algorithm, "Make another one, which seals from now on; old seals stay valid")
      ->check(CLI::IsMember({"ed25519", "sm2"}))
      ->type_name("ed25519|sm2");
  key->footer("Keep a copy where the machine can't write. Example:\n  meterrig results key > laboratory.pem");
  key->callback([options, &action] { action = [options] { return show_key(*options); }; });
}

}  // namespace meterrig::cli
