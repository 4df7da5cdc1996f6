#pragma once

#include "core/io/url.hpp"
#include "core/json/node.hpp"

namespace meterrig::plan {

// Where a device is reached. `virtual:NAME` is a member of the rig's own bench.
using Address = Url;

inline bool is_virtual(const Address& address) { return address.scheme == Address::Scheme::virtual_member; }

// Throws UserError with the place in the file.
Address read_address(const json::Node& node);

}  // namespace meterrig::plan
