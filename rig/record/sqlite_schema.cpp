#include "rig/record/sqlite_schema.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <iterator>

#include "rig/record/journal_store.hpp"

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
    {4, "seals, acts",
     "CREATE TABLE seals(run INTEGER NOT NULL REFERENCES runs(key), events INTEGER NOT NULL, head BLOB NOT NULL,"
     " signed TEXT NOT NULL, public_key BLOB NOT NULL, signature BLOB NOT NULL, PRIMARY KEY(run, events))"
     " WITHOUT ROWID;"
     "CREATE TABLE acts(run INTEGER NOT NULL REFERENCES runs(key), seq INTEGER NOT NULL, bytes TEXT NOT NULL,"
     " hash BLOB NOT NULL, public_key BLOB NOT NULL, signature BLOB NOT NULL, number TEXT UNIQUE COLLATE NOCASE,"
     " PRIMARY KEY(run, seq)) WITHOUT ROWID;"
     "ALTER TABLE runs ADD COLUMN act_seq INTEGER NOT NULL DEFAULT 0;"
     "ALTER TABLE runs ADD COLUMN act_hash BLOB;"},
};
constexpr int schema_version = migrations[std::size(migrations) - 1].version;

// 0: an empty file.
std::int64_t version_of(SqliteConnection& connection, const std::string& file) {
  SqliteStatement table(connection, "SELECT 1 FROM sqlite_master WHERE name = 'migrations'");
  if (!table.step()) return 0;
  SqliteStatement current(connection, "SELECT coalesce(max(version), 0) FROM migrations");
  current.step();
  const std::int64_t version = current.integer(0);
  if (version > schema_version) {
    throw StoreError(
        fmt::format("{} was written by a newer program: its schema version is {}, this program knows up to {}; use "
                    "that program, or another folder: --data DIR",
                    file, version, schema_version));
  }
  return version;
}

void migrate(SqliteConnection& connection, const std::string& file) {
  // Who only reads does not wait for who writes.
  if (version_of(connection, file) == schema_version) return;
  SqliteTransaction transaction(connection);
  connection.execute("CREATE TABLE IF NOT EXISTS migrations(version INTEGER PRIMARY KEY, what TEXT NOT NULL)");
  const std::int64_t version = version_of(connection, file);
  SqliteStatement note(connection, "INSERT INTO migrations(version, what) VALUES(?1, ?2)");
  for (const Migration& step : migrations) {
    if (step.version <= version) continue;
    connection.execute(step.sql);
    note.reset().bind(1, step.version).bind(2, std::string_view(step.what)).run();
  }
  transaction.commit();
}

// Nothing can be written here, and nothing waits to be: the last program that wrote has left in order.
bool is_archive(const std::filesystem::path& file) {
  std::error_code error;
  const auto waiting = std::filesystem::file_size(file.string() + "-wal", error);
  return ::access(std::filesystem::absolute(file).parent_path().c_str(), W_OK) != 0 && (error || waiting == 0);
}

SqliteConnection opened_archive(const std::filesystem::path& file) {
  SqliteConnection connection = SqliteConnection::immutable(file);
  const std::int64_t version = version_of(connection, file.string());
  if (version < schema_version) {
    throw StoreError(
        fmt::format("{} has schema version {} and can't be brought to {} where it lies: copy its folder to a place "
                    "that can be written, and use that: --data DIR",
                    file.string(), version, schema_version));
  }
  return connection;
}

}  // namespace

SqliteConnection open_to_write(const std::filesystem::path& file) {
  SqliteConnection connection(file, true);
  connection.execute("PRAGMA journal_mode=WAL");
  connection.execute("PRAGMA synchronous=FULL");
  connection.execute("PRAGMA foreign_keys=ON");
  migrate(connection, file.string());
  return connection;
}

SqliteConnection open_to_read(const std::filesystem::path& file) {
  return is_archive(file) ? opened_archive(file) : open_to_write(file);
}

}  // namespace meterrig::record
