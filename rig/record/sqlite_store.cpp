#include "rig/record/sqlite_store.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "rig/record/sqlite_handle.hpp"

namespace meterrig::record {

namespace {

struct Migration {
  int version;
  const char* what;
  const char* sql;
};

// Never change an entry that was released; add one.
constexpr Migration migrations[] = {
    {1, "runs, events, blobs",
     "CREATE TABLE runs(key INTEGER PRIMARY KEY, run TEXT NOT NULL UNIQUE, opened INTEGER NOT NULL UNIQUE,"
     " head_seq INTEGER NOT NULL, head_hash BLOB NOT NULL);"
     "CREATE TABLE events(run INTEGER NOT NULL REFERENCES runs(key), seq INTEGER NOT NULL, bytes TEXT NOT NULL,"
     " hash BLOB NOT NULL, PRIMARY KEY(run, seq)) WITHOUT ROWID;"
     "CREATE TABLE blobs(sha256 BLOB PRIMARY KEY, bytes BLOB NOT NULL);"},
    {2, "chunks of recordings",
     "CREATE TABLE chunks(sha256 BLOB PRIMARY KEY, samples INTEGER NOT NULL, bytes BLOB NOT NULL);"},
    {3, "what was asked for", "CREATE TABLE words(run INTEGER PRIMARY KEY REFERENCES runs(key), text TEXT NOT NULL);"},
};
constexpr int schema_version = migrations[std::size(migrations) - 1].version;

void migrate(SqliteConnection& connection, const std::string& file) {
  SqliteTransaction transaction(connection);
  connection.execute("CREATE TABLE IF NOT EXISTS migrations(version INTEGER PRIMARY KEY, what TEXT NOT NULL)");
  SqliteStatement current(connection, "SELECT coalesce(max(version), 0) FROM migrations");
  current.step();
  const std::int64_t version = current.integer(0);
  current.reset();
  if (version > schema_version) {
    throw StoreError(
        fmt::format("{} has schema version {}, this program knows up to {}", file, version, schema_version));
  }
  SqliteStatement note(connection, "INSERT INTO migrations(version, what) VALUES(?1, ?2)");
  for (const Migration& step : migrations) {
    if (step.version <= version) continue;
    connection.execute(step.sql);
    note.reset().bind(1, step.version).bind(2, std::string_view(step.what)).run();
  }
  transaction.commit();
}

std::filesystem::path prepare(const std::filesystem::path& directory, SqliteStore::Missing missing) {
  const std::filesystem::path file = directory / SqliteStore::file_name;
  if (missing == SqliteStore::Missing::refuse && !std::filesystem::exists(file)) {
    throw UserError(fmt::format("there are no runs in {}: no {}", directory.string(), SqliteStore::file_name));
  }
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) throw StoreError(fmt::format("can't make the directory {}: {}", directory.string(), error.message()));
  return file;
}

std::filesystem::path lock_file(const std::filesystem::path& directory, const std::string& run) {
  return directory / fmt::format(".writes-{}", run);
}

// With its tables: statements can be prepared.
SqliteConnection opened(const std::filesystem::path& file) {
  SqliteConnection connection(file, true);
  connection.execute("PRAGMA journal_mode=WAL");
  connection.execute("PRAGMA synchronous=FULL");
  connection.execute("PRAGMA foreign_keys=ON");
  migrate(connection, file.string());
  return connection;
}

}  // namespace

struct SqliteStore::Database {
  explicit Database(const std::filesystem::path& file) : connection(opened(file)), statements(connection) {}

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
          keep_words(c, "INSERT OR REPLACE INTO words(run, text) VALUES(?1, ?2)"),
          find_words(c, "SELECT text FROM words WHERE run = ?1") {}
    SqliteStatement find_run, add_run, make_latest, set_head, all_runs, add_event, event_hash, all_events, end_events,
        add_blob, find_blob, add_chunk, find_chunk, keep_words, find_words;
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
    : directory_(directory), database_(std::make_unique<Database>(prepare(directory, missing))) {}

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
  for (const Blob& blob : batch.blobs) {
    statements.add_blob.reset().bind_blob(1, bytes_of(blob.sha256)).bind_blob(2, blob.bytes).run();
  }
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

}  // namespace meterrig::record
