#pragma once

#include <sqlite3.h>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "rig/record/sha256.hpp"

namespace meterrig::record {

// One connection. Every failure is a StoreError that carries the statement and SQLite's words, and says what to do.
class SqliteConnection {
 public:
  SqliteConnection(const std::filesystem::path& file, bool create);
  // A file that nobody writes, in a folder where nothing can be written: an archive.
  static SqliteConnection immutable(const std::filesystem::path& file);
  void execute(const char* sql);
  [[noreturn]] void fail(std::string_view sql) const;
  // The file, what SQLite says of it, and what to do about a failure of this code.
  std::string explained(int code, std::string_view got) const;
  sqlite3* get() const noexcept { return handle_.get(); }

 private:
  SqliteConnection(const std::filesystem::path& file, const std::string& name, int flags);
  struct Close {
    void operator()(sqlite3* handle) const noexcept { sqlite3_close_v2(handle); }
  };
  std::string file_;
  std::unique_ptr<sqlite3, Close> handle_;
};

// A prepared statement, to be used again and again. What is bound must live until the next `reset`.
class SqliteStatement {
 public:
  SqliteStatement(SqliteConnection& connection, const char* sql);
  SqliteStatement& reset() noexcept;
  SqliteStatement& bind(int index, std::int64_t value);
  SqliteStatement& bind(int index, std::string_view text);
  SqliteStatement& bind_blob(int index, std::string_view bytes);
  // True while there is a row.
  bool step();
  // Steps a statement that gives no rows.
  void run();

  std::int64_t integer(int column) const { return sqlite3_column_int64(handle_.get(), column); }
  std::string bytes(int column) const;
  Digest digest(int column) const;

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const noexcept { sqlite3_finalize(handle); }
  };
  void check(int result) const;
  SqliteConnection* connection_;
  const char* sql_;
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

// A transaction that holds the write lock from its beginning; rolled back unless committed.
class SqliteTransaction {
 public:
  explicit SqliteTransaction(SqliteConnection& connection) : connection_(&connection) {
    connection_->execute("BEGIN IMMEDIATE");
  }
  SqliteTransaction(const SqliteTransaction&) = delete;
  SqliteTransaction& operator=(const SqliteTransaction&) = delete;
  ~SqliteTransaction() {
    if (!committed_) sqlite3_exec(connection_->get(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
  void commit() {
    connection_->execute("COMMIT");
    committed_ = true;
  }

 private:
  SqliteConnection* connection_;
  bool committed_ = false;
};

}  // namespace meterrig::record
