#include "rig/record/sqlite_store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "rig/record/sqlite_handle.hpp"
#include "rig/record/sqlite_schema.hpp"

namespace meterrig::record {

namespace {

std::filesystem::path prepare(const std::filesystem::path& directory, SqliteStore::Missing missing) {
  const std::filesystem::path file = directory / SqliteStore::file_name;
  if (missing == SqliteStore::Missing::refuse && !std::filesystem::exists(file)) {
    throw UserError(fmt::format("there are no runs in {}: no {}", directory.string(), SqliteStore::file_name));
  }
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) {
    throw StoreError(fmt::format("can't make the folder {}: {}; use one that this user can write: --data DIR",
                                 directory.string(), error.message()));
  }
  return file;
}

std::filesystem::path lock_file(const std::filesystem::path& directory, const std::string& run) {
  return directory / fmt::format(".writes-{}", run);
}

}  // namespace

struct SqliteStore::Database {
  Database(const std::filesystem::path& file, Missing missing)
      : connection(missing == Missing::create ? open_to_write(file) : open_to_read(file)), statements(connection) {}

  struct Statements {
    explicit Statements(SqliteConnection& c)
        : find_run(c, "SELECT key, head_seq, head_hash FROM runs WHERE run = ?1"),
          add_run(c,
                  "INSERT INTO runs(run, opened, head_seq, head_hash)"
                  " VALUES(?1, (SELECT coalesce(max(opened), 0) + 1 FROM runs), 0, ?2)"),
          make_latest(c, "UPDATE runs SET opened = (SELECT max(opened) + 1 FROM runs) WHERE key = ?1"),
          set_head(c, "UPDATE runs SET head_seq = ?2, head_hash = ?3 WHERE key = ?1"),
          all_runs(c, "SELECT run FROM runs ORDER BY opened"),
          add_event(c, "INSERT INTO events(run, seq, bytes, hash) VALUES(?1, ?2, ?3, ?4)"),
          event_hash(c, "SELECT hash FROM events WHERE run = ?1 AND seq = ?2"),
          all_events(c, "SELECT seq, bytes, hash FROM events WHERE run = ?1 ORDER BY seq"),
          end_events(c,
                     "SELECT seq, bytes, hash FROM events WHERE run = ?1 AND seq IN"
                     " (1, (SELECT max(seq) FROM events WHERE run = ?1)) ORDER BY seq"),
          add_blob(c, "INSERT OR IGNORE INTO blobs(sha256, bytes) VALUES(?1, ?2)"),
          find_blob(c, "SELECT bytes FROM blobs WHERE sha256 = ?1"),
          add_chunk(c, "INSERT OR IGNORE INTO chunks(sha256, samples, bytes) VALUES(?1, ?2, ?3)"),
          find_chunk(c, "SELECT samples, bytes FROM chunks WHERE sha256 = ?1"),
          add_seal(c,
                   "INSERT INTO seals(run, events, head, signed, public_key, signature)"
                   " VALUES(?1, ?2, ?3, ?4, ?5, ?6)"),
          all_seals(c, "SELECT events, head, signed, public_key, signature FROM seals WHERE run = ?1 ORDER BY events"),
          act_head(c, "SELECT act_seq, act_hash FROM runs WHERE key = ?1"),
          set_act_head(c, "UPDATE runs SET act_seq = ?2, act_hash = ?3 WHERE key = ?1"),
          find_number(c, "SELECT 1 FROM acts WHERE number = ?1"),
          add_act(c,
                  "INSERT INTO acts(run, seq, bytes, hash, public_key, signature, number)"
                  " VALUES(?1, ?2, ?3, ?4, ?5, ?6, nullif(?7, ''))"),
          all_acts(c, "SELECT seq, bytes, hash, public_key, signature, number FROM acts WHERE run = ?1 ORDER BY seq"),
          keep_words(c, "INSERT OR REPLACE INTO words(run, text) VALUES(?1, ?2)"),
          find_words(c, "SELECT text FROM words WHERE run = ?1") {}
    SqliteStatement find_run, add_run, make_latest, set_head, all_runs, add_event, event_hash, all_events, end_events,
        add_blob, find_blob, add_chunk, find_chunk, add_seal, all_seals, act_head, set_act_head, find_number, add_act,
        all_acts, keep_words, find_words;
  };

  std::vector<StoredEvent> read(SqliteStatement& query, std::int64_t key) {
    std::vector<StoredEvent> events;
    query.reset().bind(1, key);
    while (query.step()) {
      events.push_back({static_cast<std::uint64_t>(query.integer(0)), query.bytes(1), query.digest(2)});
    }
    query.reset();
    return events;
  }

  void write(const std::vector<Blob>& blobs) {
    for (const Blob& blob : blobs)
      statements.add_blob.reset().bind_blob(1, bytes_of(blob.sha256)).bind_blob(2, blob.bytes).run();
  }

  // The number of the last event there is after this one.
  std::uint64_t write(std::int64_t key, std::uint64_t last, const std::string& run, const StoredEvent& event) {
    const auto seq = static_cast<std::int64_t>(event.seq);
    if (event.seq > last + 1) throw leaves_gap(run, event.seq);
    if (event.seq == last + 1) {
      statements.add_event.reset().bind(1, key).bind(2, seq).bind(3, std::string_view(event.bytes));
      statements.add_event.bind_blob(4, bytes_of(event.hash)).run();
      return event.seq;
    }
    const bool same =
        statements.event_hash.reset().bind(1, key).bind(2, seq).step() && statements.event_hash.digest(0) == event.hash;
    statements.event_hash.reset();
    if (!same) throw differs(run, event.seq);
    return last;
  }

  SqliteConnection connection;
  Statements statements;
};

SqliteStore::SqliteStore(const std::filesystem::path& directory, Missing missing)
    : directory_(directory), database_(std::make_unique<Database>(prepare(directory, missing), missing)) {}

SqliteStore::~SqliteStore() {
  for (const auto& [run, descriptor] : locks_) {
    std::error_code ignored;
    std::filesystem::remove(lock_file(directory_, run), ignored);
    close(descriptor);
  }
}

// The system lets go of it with the program, however that ends.
void SqliteStore::lock(const std::string& run) {
  if (locks_.contains(run)) return;
  const std::string file = lock_file(directory_, run).string();
  const int descriptor = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (descriptor < 0) throw StoreError(fmt::format("can't make {}: {}", file, std::strerror(errno)));
  struct stat opened {};
  struct stat there {};
  if (flock(descriptor, LOCK_EX | LOCK_NB) == 0 &&
      (fstat(descriptor, &opened) != 0 || stat(file.c_str(), &there) != 0 || opened.st_ino != there.st_ino)) {
    // Who had it before took the file away between our opening it and locking it: the lock of nothing.
    close(descriptor);
    return lock(run);
  }
  if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    std::string writer(32, '\0');
    writer.resize(static_cast<std::size_t>(std::max<ssize_t>(0, read(descriptor, writer.data(), writer.size()))));
    close(descriptor);
    throw StoreError(fmt::format("run `{}` is being written by another program (process {}); wait for its end", run,
                                 writer.empty() ? "unknown" : writer));
  }
  locks_[run] = descriptor;
  const std::string own = std::to_string(getpid());
  if (ftruncate(descriptor, 0) != 0 || ::write(descriptor, own.data(), own.size()) < 0)
    throw StoreError(fmt::format("can't write {}: {}", file, std::strerror(errno)));
}

std::optional<std::string> SqliteStore::words(const std::string& run) {
  const std::lock_guard lock(mutex_);
  SqliteStatement& query = database_->statements.find_words;
  query.reset().bind(1, key_of(run));
  std::optional<std::string> text;
  if (query.step()) text = query.bytes(0);
  query.reset();
  return text;
}

std::int64_t SqliteStore::key_of(const std::string& run) {
  SqliteStatement& query = database_->statements.find_run;
  const bool found = query.reset().bind(1, std::string_view(run)).step();
  const std::int64_t key = found ? query.integer(0) : 0;
  query.reset();
  if (!found) throw unknown_run(run);
  return key;
}

void SqliteStore::open(const std::string& run, OnExisting existing) {
  const std::lock_guard lock(mutex_);
  this->lock(run);
  auto& statements = database_->statements;
  SqliteTransaction transaction(database_->connection);
  const bool known = statements.find_run.reset().bind(1, std::string_view(run)).step();
  statements.find_run.reset();
  if (known && existing == OnExisting::refuse) throw exists(run);
  if (known) {
    statements.make_latest.reset().bind(1, key_of(run)).run();
  } else {
    const Digest start = chain_start(run);
    statements.add_run.reset().bind(1, std::string_view(run)).bind_blob(2, bytes_of(start)).run();
  }
  if (next_words_) {
    statements.keep_words.reset().bind(1, key_of(run)).bind(2, std::string_view(*next_words_)).run();
    next_words_.reset();
  }
  transaction.commit();
}

void SqliteStore::write(const Batch& batch) {
  const std::lock_guard lock(mutex_);
  auto& statements = database_->statements;
  SqliteTransaction transaction(database_->connection);
  const std::int64_t key = key_of(batch.run);
  statements.find_run.reset().bind(1, std::string_view(batch.run)).step();
  const auto before = static_cast<std::uint64_t>(statements.find_run.integer(1));
  statements.find_run.reset();
  std::uint64_t last = before;
  for (const StoredEvent& event : batch.events) last = database_->write(key, last, batch.run, event);
  database_->write(batch.blobs);
  for (const Chunk& chunk : batch.chunks) {
    statements.add_chunk.reset().bind_blob(1, bytes_of(chunk.sha256)).bind(2, static_cast<std::int64_t>(chunk.samples));
    statements.add_chunk.bind_blob(3, chunk.bytes).run();
  }
  if (last > before) {
    statements.set_head.reset().bind(1, key).bind(2, static_cast<std::int64_t>(last));
    statements.set_head.bind_blob(3, bytes_of(batch.events.back().hash)).run();
  }
  transaction.commit();
}

std::vector<std::string> SqliteStore::run_ids() {
  const std::lock_guard lock(mutex_);
  SqliteStatement& query = database_->statements.all_runs;
  std::vector<std::string> runs;
  while (query.step()) runs.push_back(query.bytes(0));
  query.reset();
  return runs;
}

std::vector<StoredEvent> SqliteStore::read_events(const std::string& run) {
  const std::lock_guard lock(mutex_);
  return database_->read(database_->statements.all_events, key_of(run));
}

std::vector<StoredEvent> SqliteStore::read_ends(const std::string& run) {
  const std::lock_guard lock(mutex_);
  return database_->read(database_->statements.end_events, key_of(run));
}

Head SqliteStore::head(const std::string& run) {
  const std::lock_guard lock(mutex_);
  return head_of(run);
}

Head SqliteStore::head_of(const std::string& run) {
  key_of(run);
  SqliteStatement& query = database_->statements.find_run;
  query.reset().bind(1, std::string_view(run)).step();
  const Head head{static_cast<std::uint64_t>(query.integer(1)), query.digest(2)};
  query.reset();
  return head;
}

std::optional<std::string> SqliteStore::read_blob(const Digest& sha256) {
  const std::lock_guard lock(mutex_);
  SqliteStatement& query = database_->statements.find_blob;
  std::optional<std::string> bytes;
  if (query.reset().bind_blob(1, bytes_of(sha256)).step()) bytes = query.bytes(0);
  query.reset();
  return bytes;
}

std::optional<Chunk> SqliteStore::read_chunk(const Digest& sha256) {
  const std::lock_guard lock(mutex_);
  SqliteStatement& query = database_->statements.find_chunk;
  std::optional<Chunk> chunk;
  if (query.reset().bind_blob(1, bytes_of(sha256)).step())
    chunk = Chunk{sha256, static_cast<std::size_t>(query.integer(0)), query.bytes(1)};
  query.reset();
  return chunk;
}

void SqliteStore::add_seal(const std::string& run, const Seal& seal) {
  const std::lock_guard lock(mutex_);
  auto& statements = database_->statements;
  SqliteTransaction transaction(database_->connection);
  const std::int64_t key = key_of(run);
  statements.all_seals.reset().bind(1, key);
  bool sealed = false;
  while (statements.all_seals.step())
    sealed = sealed || statements.all_seals.integer(0) == static_cast<std::int64_t>(seal.head.seq);
  statements.all_seals.reset();
  if (sealed || head_of(run) != seal.head) throw went_on(run);
  statements.add_seal.reset().bind(1, key).bind(2, static_cast<std::int64_t>(seal.head.seq));
  statements.add_seal.bind_blob(3, bytes_of(seal.head.hash)).bind(4, std::string_view(seal.signed_at));
  statements.add_seal.bind_blob(5, seal.public_key).bind_blob(6, seal.signature).run();
  transaction.commit();
}

std::vector<Seal> SqliteStore::read_seals(const std::string& run) {
  const std::lock_guard lock(mutex_);
  SqliteStatement& query = database_->statements.all_seals;
  std::vector<Seal> seals;
  query.reset().bind(1, key_of(run));
  while (query.step()) {
    const Head head{static_cast<std::uint64_t>(query.integer(0)), query.digest(1)};
    seals.push_back({head, query.bytes(2), query.bytes(3), query.bytes(4)});
  }
  query.reset();
  return seals;
}

void SqliteStore::add_act(const std::string& run, const StoredAct& act, const std::vector<Blob>& blobs) {
  const std::lock_guard lock(mutex_);
  auto& statements = database_->statements;
  SqliteTransaction transaction(database_->connection);
  const std::int64_t key = key_of(run);
  const auto seq = static_cast<std::int64_t>(act.act.seq);
  const bool taken = !act.number.empty() && statements.find_number.reset().bind(1, std::string_view(act.number)).step();
  statements.find_number.reset();
  if (taken) throw number_taken(act.number);
  statements.act_head.reset().bind(1, key).step();
  const std::int64_t last = statements.act_head.integer(0);
  statements.act_head.reset();
  if (seq != last + 1 || act.events != head_of(run).seq) throw went_on(run);
  database_->write(blobs);
  statements.add_act.reset().bind(1, key).bind(2, seq).bind(3, std::string_view(act.act.bytes));
  statements.add_act.bind_blob(4, bytes_of(act.act.hash)).bind_blob(5, act.public_key).bind_blob(6, act.signature);
  statements.add_act.bind(7, std::string_view(act.number)).run();
  statements.set_act_head.reset().bind(1, key).bind(2, seq).bind_blob(3, bytes_of(act.act.hash)).run();
  transaction.commit();
}

ActLog SqliteStore::read_acts(const std::string& run) {
  const std::lock_guard lock(mutex_);
  const std::int64_t key = key_of(run);
  ActLog log;
  SqliteStatement& head = database_->statements.act_head;
  if (head.reset().bind(1, key).step() && head.integer(0) > 0)
    log.head = Head{static_cast<std::uint64_t>(head.integer(0)), head.digest(1)};
  head.reset();
  SqliteStatement& query = database_->statements.all_acts;
  query.reset().bind(1, key);
  while (query.step()) {
    StoredEvent act{static_cast<std::uint64_t>(query.integer(0)), query.bytes(1), query.digest(2)};
    log.acts.push_back({std::move(act), query.bytes(3), query.bytes(4), 0, query.bytes(5)});
  }
  query.reset();
  return log;
}

std::string SqliteStore::fault() {
  const std::lock_guard lock(mutex_);
  try {
    SqliteStatement check(database_->connection, "PRAGMA quick_check(1)");
    check.step();
    std::string found = check.bytes(0);
    if (found == "ok") return {};
    std::replace(found.begin(), found.end(), '\n', ' ');
    return database_->connection.explained(SQLITE_CORRUPT, found);
  } catch (const StoreError& error) {
    return error.what();
  }
}

}  // namespace meterrig::record
