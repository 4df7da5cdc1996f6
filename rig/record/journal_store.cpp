#include "rig/record/journal_store.hpp"

#include <fmt/format.h>

#include "rig/record/canonical.hpp"
#include "rig/record/recording.hpp"

namespace meterrig::record {

namespace {

using nlohmann::json;

RunInfo describe(const std::string& run, std::span<const StoredEvent> ends, const Head& head) {
  RunInfo info{.run = run, .plan = {}, .state = "interrupted", .verdict = {}, .started = {}, .head = head};
  if (ends.empty()) return info;
  const json first = json::parse(ends.front().bytes, nullptr, false);
  const json last = json::parse(ends.back().bytes, nullptr, false);
  if (first.is_object()) {
    info.started = first.value("t", "");
    if (first.contains("plan") && first["plan"].is_object()) info.plan = first["plan"].value("id", "");
  }
  if (!last.is_object()) return info;
  const std::string type = last.value("type", "");
  if (type == "run_refused") info.state = "refused";
  if (type == "run_ended") {
    info.state = last.value("state", "");
    info.verdict = last.value("verdict", "");
  }
  return info;
}

std::string recording_fault(JournalStore& store, const std::string& name, std::uint64_t samples) {
  try {
    RecordingReader recording(store, name);
    if (recording.samples() != samples)
      return fmt::format("the readings {} are {} samples, not {}", name, recording.samples(), samples);
    return recording.fault();
  } catch (const StoreError& error) {
    return error.what();
  }
}

// Papers and photos of a job, wherever they stand in it.
std::string papers_fault(JournalStore& store, const json& part) {
  if (part.is_object() && part.contains("sha256") && part["sha256"].is_string())
    return blob_fault(store, "paper", part["sha256"].get<std::string>());
  std::string fault;
  if (part.is_structured())
    for (auto one = part.begin(); one != part.end() && fault.empty(); ++one) fault = papers_fault(store, *one);
  return fault;
}

// The text says what is wrong with the evidence that the event names; empty when nothing is.
std::string evidence_fault(JournalStore& store, const json& event) {
  const std::string type = event.value("type", "");
  if (type == "certificate") return blob_fault(store, "certificate", event.value("sha256", ""));
  if (type == "run_started" && event.contains("job")) return papers_fault(store, event["job"]);
  if (type != "reading_series") return {};
  const std::string name = event.value("sha256", "");
  if (event.contains("encoding")) return recording_fault(store, name, event.value("samples", std::uint64_t{0}));
  return blob_fault(store, "readings", name);
}

}  // namespace

std::string blob_fault(JournalStore& store, std::string_view what, std::string_view name) {
  const auto digest = digest_from(name);
  if (!digest) return fmt::format("`{}` is no SHA-256", name);
  const auto bytes = store.read_blob(*digest);
  if (!bytes) return fmt::format("the {} {} is not in the store", what, name);
  if (sha256({*bytes}) != *digest) return fmt::format("the {} {} is not what was written", what, name);
  return {};
}

std::vector<StoredEvent> JournalStore::read_ends(const std::string& run) { return read_events(run); }

std::vector<RunInfo> JournalStore::list_runs() {
  std::vector<RunInfo> result;
  for (const std::string& run : run_ids()) result.push_back(describe(run, read_ends(run), head(run)));
  return result;
}

std::string JournalStore::find_run(std::string_view name) {
  const std::vector<std::string> runs = run_ids();
  if (runs.empty()) throw UserError("there is no run yet");
  if (name == "latest") return runs.back();
  std::vector<std::string> found;
  for (const std::string& run : runs) {
    if (run == name) return run;
    if (!name.empty() && run.starts_with(name)) found.push_back(run);
  }
  if (found.empty()) throw UserError(fmt::format("no run is called `{}` or begins so", name));
  if (found.size() > 1) {
    throw UserError(
        fmt::format("`{}` is the beginning of {} runs, among them {} and {}", name, found.size(), found[0], found[1]));
  }
  return found.front();
}

ChainReport JournalStore::verify(const std::string& run, const std::optional<Head>& printed) {
  const std::vector<StoredEvent> events = read_events(run);
  ChainReport report = verify_chain(run, events, head(run));
  if (!report.ok()) return report;
  if (printed) report = verify_chain(run, events, printed);
  if (!report.ok()) return report;
  for (const StoredEvent& event : events) {
    const std::string fault = evidence_fault(*this, json::parse(event.bytes));
    if (fault.empty()) continue;
    report.damage = fault.ends_with("in the store") ? Damage::missing : Damage::changed;
    report.seq = event.seq;
    report.text = fmt::format("the evidence of event {} is {}: {}", event.seq, word(report.damage), fault);
    return report;
  }
  return report;
}

StoreError JournalStore::unknown_run(std::string_view run) {
  return StoreError(fmt::format("the store holds no run `{}`", run));
}
StoreError JournalStore::exists(std::string_view run) {
  return StoreError(fmt::format("run `{}` is in the store already", run));
}
StoreError JournalStore::differs(std::string_view run, std::uint64_t seq) {
  return StoreError(fmt::format("run `{}` is in the store already, with another event {}", run, seq));
}
StoreError JournalStore::leaves_gap(std::string_view run, std::uint64_t seq) {
  return StoreError(fmt::format("run `{}` has no event {} yet, so event {} can't be written", run, seq - 1, seq));
}

StoreError JournalStore::went_on(std::string_view run) {
  return StoreError(fmt::format("run `{}` has changed meanwhile: look at it, then try again", run));
}
UserError JournalStore::number_taken(std::string_view number) {
  return UserError(fmt::format("another report of this store has the number {}: give another one", number));
}

std::vector<json> parse_events(std::span<const StoredEvent> events) {
  std::vector<json> result;
  result.reserve(events.size());
  for (const StoredEvent& event : events) result.push_back(parse_canonical(event.bytes));
  return result;
}

}  // namespace meterrig::record
