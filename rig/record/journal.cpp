#include "rig/record/journal.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "rig/record/canonical.hpp"
#include "rig/record/verdict.hpp"

namespace meterrig::record {

namespace {

using nlohmann::json;

struct EventType {
  std::string_view word;
  std::string_view keys;  // those that it must have, between spaces
};

constexpr std::array<EventType, 26> event_types{{
    {"run_started", "run plan rig instruments duts decision_rule simulated software clauses"},
    {"run_refused", "reason"},
    {"run_resumed", ""},
    {"environment", "name value unit"},
    {"clause_started", "sample id attempt"},
    {"measurement", "sample id attempt name kind value unit verdict"},
    {"recorded", "sample id attempt name value unit kind"},
    {"note", "text"},
    {"deviation", "text"},
    {"point", "sample id attempt figure series x x_unit y y_unit"},
    {"reading_series", "name unit start interval_s sha256 samples"},
    {"prompt", "prompt_id text"},
    {"answer", "prompt_id value"},
    {"certificate", "sample id attempt number laboratory date verdict file sha256"},
    {"checkpoint", "state"},
    {"meter_write", "sample item new"},
    {"meter_kept", "sample item old"},
    {"meter_restored", "sample item"},
    {"sample_left", "sample text"},
    {"lease", "role state"},
    {"safe_state", "reason outputs"},
    {"protection", "instrument over_voltage_v over_current_a"},
    {"interlock", "name title scope role instrument reason limit"},
    {"clause_ended", "sample id attempt verdict"},
    {"stop_requested", "level"},
    {"run_ended", "state verdict"},
}};

void check_keys(std::string_view type, const json& body) {
  if (!body.is_object()) throw std::invalid_argument(fmt::format("the body of a `{}` is no object", type));
  for (const char* own : {"seq", "t", "type"}) {
    if (body.contains(own)) throw std::invalid_argument(fmt::format("`{}` of a `{}` is the journal's own", own, type));
  }
  const auto* const found =
      std::find_if(event_types.begin(), event_types.end(), [&](const EventType& entry) { return entry.word == type; });
  if (found == event_types.end()) throw std::invalid_argument(fmt::format("no event is called `{}`", type));
  std::string_view rest = found->keys;
  while (!rest.empty()) {
    const std::string_view key = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), key.size() + 1));
    if (!body.contains(key)) throw std::invalid_argument(fmt::format("a `{}` needs the key `{}`", type, key));
  }
  const auto verdict = body.find("verdict");
  if (verdict != body.end() && !(verdict->is_string() && verdict_from(verdict->get_ref<const std::string&>()))) {
    throw std::invalid_argument(fmt::format("{} of a `{}` is no verdict", verdict->dump(), type));
  }
}

}  // namespace

Journal::Journal(JournalStore& store, const Clock& clock, std::string run, Head head)
    : store_(&store), clock_(&clock), run_(std::move(run)), head_(head) {}

Journal::Journal(JournalStore& store, const Clock& clock, std::string run, OnExisting existing)
    : Journal(store, clock, std::move(run), Head{}) {
  if (run_.empty()) throw std::invalid_argument("a run needs an id");
  head_.hash = chain_start(run_);
  store_->open(run_, existing);
}

Journal Journal::reopen(JournalStore& store, const Clock& clock, std::string run, const Head& expected) {
  // From here on nobody else writes it.
  store.open(run, OnExisting::match);
  const std::vector<StoredEvent> events = store.read_events(run);
  const ChainReport report = verify_chain(run, events, store.head(run));
  if (!report.ok()) throw StoreError(fmt::format("run `{}` can't go on: {}", run, report.text));
  if (report.head.seq != expected.seq || report.head.hash != expected.hash)
    throw StoreError(fmt::format("run `{}` has gone on meanwhile, it has {} events and had {}; look at it again", run,
                                 report.head.seq, expected.seq));
  Journal journal(store, clock, std::move(run), report.head);
  journal.events_ = parse_events(events);
  journal.acknowledged_ = report.head.seq;
  return journal;
}

std::uint64_t Journal::append(std::string_view type, json body) {
  check_keys(type, body);
  body["seq"] = head_.seq + 1;
  body["t"] = utc_text(clock_->utc());
  body["type"] = type;
  normalise(body);
  StoredEvent event{head_.seq + 1, canonical(body), {}};
  event.hash = chain_next(head_.hash, event.bytes);
  const Head head{event.seq, event.hash};
  events_.push_back(std::move(body));
  pending_.push_back(std::move(event));
  head_ = head;
  return head_.seq;
}

std::string Journal::add_blob(std::string bytes) {
  const Digest digest = sha256({bytes});
  pending_blobs_.push_back({digest, std::move(bytes)});
  return "sha256:" + hex(digest);
}

void Journal::add_chunk(Chunk chunk) {
  pending_chunk_bytes_ += chunk.bytes.size();
  pending_chunks_.push_back(std::move(chunk));
  if (pending_chunk_bytes_ <= chunk_bytes_max) return;
  Batch ahead{run_, {}, {}, std::move(pending_chunks_)};
  pending_chunks_.clear();
  try {
    store_->write(ahead);
    pending_chunk_bytes_ = 0;
  } catch (const StoreError&) {
    // Nothing is lost yet: the commit of the event writes them, or says why it can't.
    pending_chunks_ = std::move(ahead.chunks);
  }
}

void Journal::commit() {
  if (pending_.empty() && pending_blobs_.empty() && pending_chunks_.empty()) return;
  // Moved, not copied: evidence may be large. What a failed write leaves goes back.
  Batch batch{run_, std::move(pending_), std::move(pending_blobs_), std::move(pending_chunks_)};
  pending_.clear();
  pending_blobs_.clear();
  pending_chunks_.clear();
  try {
    store_->write(batch);
  } catch (...) {
    pending_ = std::move(batch.events);
    pending_blobs_ = std::move(batch.blobs);
    pending_chunks_ = std::move(batch.chunks);
    throw;
  }
  pending_chunk_bytes_ = 0;
  acknowledged_ = head_.seq;
}

Batch Journal::pending() const { return {run_, pending_, pending_blobs_, pending_chunks_}; }

void Journal::acknowledge(const Batch& written) {
  if (!written.events.empty()) acknowledged_ = std::max(acknowledged_, written.events.back().seq);
  std::erase_if(pending_, [&](const StoredEvent& event) { return event.seq <= acknowledged_; });
  const auto drop_written = [](auto& pending, const auto& done) {
    std::erase_if(pending, [&](const auto& one) {
      return std::any_of(done.begin(), done.end(), [&](const auto& other) { return other.sha256 == one.sha256; });
    });
  };
  drop_written(pending_blobs_, written.blobs);
  drop_written(pending_chunks_, written.chunks);
  pending_chunk_bytes_ = 0;
  for (const Chunk& chunk : pending_chunks_) pending_chunk_bytes_ += chunk.bytes.size();
}

}  // namespace meterrig::record
