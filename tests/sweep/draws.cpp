#include "tests/sweep/draws.hpp"

#include <fmt/format.h>

namespace meterrig::sweep {

std::string Draws::stop() {
  static constexpr const char* ways[] = {"stop", "inside", "emergency"};
  if (below(3) == 0)
    return fmt::format("io-{}@{}", below(2) ? "stop" : "emergency",
                       1 + below(static_cast<std::uint64_t>(baseline_.exchanges)));
  return fmt::format("{}@{}", ways[below(3)], below(baseline_.turns));
}

std::string Draws::io_fault() {
  static constexpr const char* troubles[] = {"silent", "garbage", "late", "close", "error"};
  auto member = baseline_.exchanges_of.begin();
  std::advance(member, below(baseline_.exchanges_of.size()));
  return fmt::format("fault=io-{}:{}#{}", troubles[below(5)], member->first,
                     1 + below(static_cast<std::uint64_t>(member->second)));
}

}  // namespace meterrig::sweep
