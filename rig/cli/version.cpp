#include "rig/cli/version.hpp"

#include <elf.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <link.h>

#include <cstring>
#include <span>

#ifndef METERRIG_VERSION
#define METERRIG_VERSION "0.1.0"
#endif

namespace meterrig::cli {

namespace {

constexpr std::size_t shown_bytes = 8;

// Notes are padded to four bytes, name and content alike.
std::string build_id_in(const char* note, const char* end) {
  while (note + sizeof(ElfW(Nhdr)) <= end) {
    ElfW(Nhdr) header;
    std::memcpy(&header, note, sizeof header);
    const char* const name = note + sizeof header;
    const char* const content = name + (header.n_namesz + 3U) / 4 * 4;
    if (header.n_type == NT_GNU_BUILD_ID && header.n_namesz == 4 && std::memcmp(name, "GNU", 4) == 0) {
      const auto* const bytes = reinterpret_cast<const unsigned char*>(content);
      const std::span<const unsigned char> id(bytes, std::min<std::size_t>(header.n_descsz, shown_bytes));
      return fmt::format("{:02x}", fmt::join(id, ""));
    }
    note = content + (header.n_descsz + 3U) / 4 * 4;
  }
  return {};
}

// The object that this code is linked into: the program, or the Python module.
bool is_ours(const dl_phdr_info& info) {
  const auto here = reinterpret_cast<ElfW(Addr)>(&build_id_in);
  for (int i = 0; i < info.dlpi_phnum; ++i) {
    const auto& segment = info.dlpi_phdr[i];
    const ElfW(Addr) begin = info.dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_LOAD && here >= begin && here < begin + segment.p_memsz) return true;
  }
  return false;
}

int find_build_id(dl_phdr_info* info, std::size_t, void* result) {
  if (!is_ours(*info)) return 0;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& segment = info->dlpi_phdr[i];
    if (segment.p_type != PT_NOTE) continue;
    const char* const begin = reinterpret_cast<const char*>(info->dlpi_addr + segment.p_vaddr);
    auto& id = *static_cast<std::string*>(result);
    id = build_id_in(begin, begin + segment.p_memsz);
    if (!id.empty()) break;
  }
  return 1;
}

}  // namespace

std::string version() { return METERRIG_VERSION; }

std::string build() {
  std::string id;
  dl_iterate_phdr(find_build_id, &id);
  return id.empty() ? "unknown" : id;
}

}  // namespace meterrig::cli
