#include "rig/record/sqlite_handle.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "rig/record/journal_store.hpp"

namespace meterrig::record {

namespace {
// Another program may be in a commit of its own, on a slow disk.
constexpr int busy_timeout_ms = 10'000;

// What the user can do about it.
std::string advice(int code, const std::string& file) {
  switch (code & 0xFF) {
    case SQLITE_FULL:
      return "; free some space on its disk and try again: what was acknowledged is kept";
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return "; this user must be able to write its folder and the files in it, or use another folder: --data DIR";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return fmt::format("; another program has been writing for {} s: wait for its end, then try again",
                         busy_timeout_ms / 1000);
    case SQLITE_IOERR:
      return "; its disk can't be read or written: see that it has space, and what the system's log says of it";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return fmt::format(
          "; the file is damaged: keep a copy of its folder, use another one from now on (--data DIR), "
          "and save what can be read: sqlite3 {} .recover",
          file);
    default:
      return "";
  }
}

// As part of a URI: SQLite takes the rest of it for options.
std::string escaped(const std::string& path) {
  std::string text;
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#')
      text += fmt::format("%{:02x}", static_cast<unsigned char>(c));
    else
      text += c;
  }
  return text;
}

}  // namespace

SqliteConnection::SqliteConnection(const std::filesystem::path& file, bool create)
    : SqliteConnection(file, file.string(), SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0)) {}

SqliteConnection SqliteConnection::immutable(const std::filesystem::path& file) {
  return {file, fmt::format("file:{}?immutable=1", escaped(std::filesystem::absolute(file).string())),
          SQLITE_OPEN_READONLY | SQLITE_OPEN_URI};
}

SqliteConnection::SqliteConnection(const std::filesystem::path& file, const std::string& name, int flags)
    : file_(file.string()) {
  sqlite3* handle = nullptr;
  const int result = sqlite3_open_v2(name.c_str(), &handle, flags | SQLITE_OPEN_FULLMUTEX, nullptr);
  handle_.reset(handle);
  if (result != SQLITE_OK) fail("open");
  sqlite3_busy_timeout(handle, busy_timeout_ms);
}

void SqliteConnection::execute(const char* sql) {
  if (sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) fail(sql);
}

void SqliteConnection::fail(std::string_view sql) const {
  const std::string got = handle_ ? sqlite3_errmsg(handle_.get()) : "out of memory";
  const int code = handle_ ? sqlite3_errcode(handle_.get()) : SQLITE_NOMEM;
  throw StoreError(explained(code, got), Exchange{file_, std::string(sql), got, {}});
}

std::string SqliteConnection::explained(int code, std::string_view got) const {
  return fmt::format("{}: {}{}", file_, got, advice(code, file_));
}

SqliteStatement::SqliteStatement(SqliteConnection& connection, const char* sql) : connection_(&connection), sql_(sql) {
  sqlite3_stmt* handle = nullptr;
  check(sqlite3_prepare_v3(connection.get(), sql, -1, SQLITE_PREPARE_PERSISTENT, &handle, nullptr));
  handle_.reset(handle);
}

void SqliteStatement::check(int result) const {
  if (result != SQLITE_OK) connection_->fail(sql_);
}

SqliteStatement& SqliteStatement::reset() noexcept {
  sqlite3_reset(handle_.get());
  return *this;
}

SqliteStatement& SqliteStatement::bind(int index, std::int64_t value) {
  check(sqlite3_bind_int64(handle_.get(), index, value));
  return *this;
}

SqliteStatement& SqliteStatement::bind(int index, std::string_view text) {
  check(sqlite3_bind_text64(handle_.get(), index, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8));
  return *this;
}

SqliteStatement& SqliteStatement::bind_blob(int index, std::string_view bytes) {
  // An empty view may point nowhere, which SQLite would take for NULL.
  const char* data = bytes.empty() ? "" : bytes.data();
  check(sqlite3_bind_blob64(handle_.get(), index, data, bytes.size(), SQLITE_STATIC));
  return *this;
}

bool SqliteStatement::step() {
  const int result = sqlite3_step(handle_.get());
  if (result == SQLITE_ROW) return true;
  if (result == SQLITE_DONE) return false;
  sqlite3_reset(handle_.get());
  connection_->fail(sql_);
}

void SqliteStatement::run() {
  while (step()) continue;
  reset();
}

std::string SqliteStatement::bytes(int column) const {
  const auto* data = static_cast<const char*>(sqlite3_column_blob(handle_.get(), column));
  const int size = sqlite3_column_bytes(handle_.get(), column);
  return data ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

Digest SqliteStatement::digest(int column) const {
  const std::string text = bytes(column);
  Digest digest{};
  // A column of another length is damage: it gives a digest that fits nothing, for verify to find.
  if (text.size() == digest.size()) std::copy(text.begin(), text.end(), reinterpret_cast<char*>(digest.data()));
  return digest;
}

}  // namespace meterrig::record
