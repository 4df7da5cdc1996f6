#include "rig/plan/program_file.hpp"

namespace meterrig::plan {
namespace {

std::filesystem::path& told() {
  static std::filesystem::path file;
  return file;
}

}  // namespace

std::filesystem::path program_file() {
  std::error_code error;
  return told().empty() ? std::filesystem::read_symlink("/proc/self/exe", error) : told();
}

void set_program_file(const std::filesystem::path& file) { told() = file; }

}  // namespace meterrig::plan
