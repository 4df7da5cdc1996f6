#pragma once

#include <filesystem>

#include "rig/record/sqlite_handle.hpp"

namespace meterrig::record {

// The file of a store with the tables of the newest schema, made or brought to it. Throws StoreError, also for a file
// of a newer program.
SqliteConnection open_to_write(const std::filesystem::path& file);

// The same; but a file in a folder where nothing can be written is read as it lies.
SqliteConnection open_to_read(const std::filesystem::path& file);

}  // namespace meterrig::record
