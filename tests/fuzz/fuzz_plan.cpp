#include <sys/mman.h>
#include <unistd.h>

#include "core/errors.hpp"
#include "rig/plan/loader.hpp"
#include "tests/fuzz/support.hpp"

// A user's files: whatever they hold, reading them ends in a kind of file or in a UserError that a person can read.

namespace meterrig::fuzz {
namespace {

// A file without a disk: a run makes millions.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view text) : descriptor_(memfd_create("input", 0)) {
    hold(descriptor_ >= 0, "the system gives a file in memory");
    hold(::write(descriptor_, text.data(), text.size()) == static_cast<ssize_t>(text.size()), "and writes it");
  }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() { ::close(descriptor_); }
  std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

std::string verdict(plan::Loader& loader, const std::string& file) {
  try {
    return loader.check(file);
  } catch (const UserError& refused) {
    const std::string message = refused.what();
    hold(message.size() < 1000 && message.find('\n') == std::string::npos, "a complaint is one short line", message);
    return message;
  }
}

}  // namespace
}  // namespace meterrig::fuzz

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace meterrig;
  using namespace meterrig::fuzz;
  // Schemas and standards are read once, as in one run of the program.
  static plan::Loader loader(plan::ConfigPath({std::string(METERRIG_SOURCE_DIR) + "/config"}));
  const MemoryFile file(text_of(data, size));
  const std::string first = verdict(loader, file.path());
  hold(verdict(loader, file.path()) == first, "a file is what it is the second time as well", first);
  return 0;
}
