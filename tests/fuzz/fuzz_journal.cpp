#include <nlohmann/json.hpp>
#include <stdexcept>

#include "rig/record/canonical.hpp"
#include "rig/record/chain.hpp"
#include "rig/record/record_fold.hpp"
#include "tests/fuzz/support.hpp"

// The journal: canonical bytes are a fixed point, the chain finds every damage, and the fold of events that no journal
// would have taken ends in a record or in an error of its own kind.

namespace meterrig::fuzz {
namespace {

using Json = nlohmann::json;

// The journal's own refusal of what has no canonical bytes; none when it has.
bool has_bytes(const Json& value, std::string& bytes) {
  try {
    bytes = record::canonical(value);
    return true;
  } catch (const std::invalid_argument&) {
    return false;
  }
}

void check_canonical(const Json& value) {
  std::string bytes;
  if (!has_bytes(value, bytes)) return;
  const Json back = record::parse_canonical(bytes);
  hold(record::canonical(back) == bytes, "canonical(parse(canonical(x))) is canonical(x)", bytes);
  Json normal = value;
  record::normalise(normal);
  hold(normal == back && normal.dump() == back.dump(), "normalise gives what would come back from the store", bytes);
  hold(bytes.find('\n') == std::string::npos, "canonical bytes are one line", bytes);
}

// One event a line, as `results export --format journal` prints them, but for the hash. What is no JSON is left out.
std::vector<Json> events_of(std::string_view text) {
  constexpr std::size_t most = 200;
  std::vector<Json> events;
  while (!text.empty() && events.size() < most) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    Json event = Json::parse(text.substr(0, end), nullptr, false);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (event.is_discarded()) continue;
    record::normalise(event);
    events.push_back(std::move(event));
  }
  return events;
}

void check_fold(const std::vector<Json>& events, record::Liveness liveness) {
  try {
    const Json folded = record::fold_record(events, liveness);
    hold(record::canonical(folded) == record::canonical(record::fold_record(events, liveness)),
         "the same events give the same record");
    const int code = record::exit_code(folded);
    hold(code == 0 || code == 1 || code == 3 || code == 4, "a record has one of its exit codes");
    hold(code != 0 || folded.at("state") == "finished", "only a finished run is good");
  } catch (const Json::exception&) {  // a key of another type than its own
  } catch (const std::invalid_argument&) {
  }
}

bool sound(const std::vector<record::StoredEvent>& events, const record::Head& head) {
  return record::verify_chain("r1", events, head).ok();
}

void check_chain(std::vector<Json> events) {
  std::vector<record::StoredEvent> stored;
  record::Head head{0, record::chain_start("r1")};
  for (Json& event : events) {
    if (!event.is_object()) continue;
    event["seq"] = head.seq + 1;
    std::string bytes;
    if (!has_bytes(event, bytes)) continue;
    head = {head.seq + 1, record::chain_next(head.hash, bytes)};
    stored.push_back({head.seq, std::move(bytes), head.hash});
  }
  hold(sound(stored, head), "a chain as it was written is intact");
  if (stored.empty()) return;
  const std::size_t victim = stored.front().bytes.size() % stored.size();
  auto damaged = stored;
  damaged[victim].bytes.back() ^= 1;
  hold(!sound(damaged, head), "the chain finds a changed byte");
  damaged = stored;
  damaged[victim].hash[0] ^= 1;
  hold(!sound(damaged, head), "the chain finds a changed hash");
  damaged = stored;
  damaged.erase(damaged.begin() + static_cast<std::ptrdiff_t>(victim));
  hold(!sound(damaged, head), "the chain finds a missing event");
  damaged = stored;
  damaged.insert(damaged.begin() + static_cast<std::ptrdiff_t>(victim), stored[victim]);
  hold(!sound(damaged, head), "the chain finds an added event");
  if (stored.size() < 2) return;
  damaged = stored;
  std::swap(damaged.front(), damaged.back());
  hold(!sound(damaged, head), "the chain finds events out of order");
}

}  // namespace
}  // namespace meterrig::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace meterrig;
  using namespace meterrig::fuzz;
  // Deeper nesting than a stack holds is refused by the files' own parser; the store holds only what was written.
  constexpr std::size_t longest = 4096;
  const std::string_view text = text_of(data, std::min(size, longest));
  const Json whole = Json::parse(text, nullptr, false);
  if (!whole.is_discarded()) check_canonical(whole);
  const std::vector<Json> events = events_of(text);
  for (const Json& event : events) check_canonical(event);
  check_fold(events, record::Liveness::at_rest);
  check_fold(events, record::Liveness::live);
  check_chain(events);
  return 0;
}
