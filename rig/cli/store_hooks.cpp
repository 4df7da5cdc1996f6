#include "rig/cli/store_hooks.hpp"

#include <fmt/format.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "rig/record/canonical.hpp"
#include "rig/record/sqlite_handle.hpp"
#include "rig/record/sqlite_store.hpp"

namespace meterrig::cli {

namespace {

using Json = nlohmann::json;
constexpr std::int64_t fatal_cycle = 2300;

std::int64_t cycle_of(const record::StoredEvent& stored) {
  const Json event = record::parse_canonical(stored.bytes);
  const Json state = event.value("state", Json::object());
  if (event.value("type", "") != "checkpoint" || !state.is_object()) return 0;
  const auto cycle = state.find("cycle");
  return cycle != state.end() && cycle->is_number() ? cycle->get<std::int64_t>() : 0;
}

}  // namespace

void KillingStore::write(const record::Batch& batch) {
  behind_.write(batch);
  for (const record::StoredEvent& event : batch.events) {
    if (cycle_of(event) >= fatal_cycle) std::raise(SIGKILL);
  }
}

void alter_stored_event(const std::filesystem::path& data, const std::string& run) {
  record::SqliteConnection connection(data / record::SqliteStore::file_name, false);
  record::SqliteStatement events(connection,
                                 "SELECT events.run, seq, bytes FROM events JOIN runs ON runs.key = events.run"
                                 " WHERE runs.run = ?1 ORDER BY seq");
  events.bind(1, std::string_view(run));
  std::int64_t key = 0;
  std::int64_t seq = 0;
  Json altered;
  while (events.step()) {
    key = events.integer(0);
    seq = events.integer(1);
    altered = record::parse_canonical(events.bytes(2));
    if (altered.value("type", "") == "measurement" && altered["value"].is_number()) break;
  }
  events.reset();
  if (altered.is_null()) return;
  const bool measured = altered.value("type", "") == "measurement";
  altered[measured ? "value" : "altered"] = measured ? altered["value"].get<double>() * 0.5 + 1 : 1;
  record::SqliteStatement update(connection, "UPDATE events SET bytes = ?3 WHERE run = ?1 AND seq = ?2");
  const std::string bytes = record::canonical(altered);
  update.bind(1, key).bind(2, seq).bind(3, std::string_view(bytes)).run();
}

}  // namespace meterrig::cli
