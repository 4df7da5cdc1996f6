#include "rig/plan/address.hpp"

#include <fmt/format.h>

#include "core/errors.hpp"

namespace meterrig::plan {

Address read_address(const json::Node& node) {
  try {
    return Address::parse(node.string());
  } catch (const UserError& error) {
    if (!node.is_string()) throw;
    // `address "...": the port is missing, expected host:port`; the place in the file says the first part better.
    std::string why = error.what();
    if (const std::size_t end = why.rfind("\": "); end != std::string::npos) why.erase(0, end + 3);
    if (why.starts_with("expected ")) node.fail(node.describe(), why.substr(9));
    node.fail(node.describe(), fmt::format("an address ({})", why));
  }
}

}  // namespace meterrig::plan
