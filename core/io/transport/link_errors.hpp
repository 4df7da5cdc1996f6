#pragma once

#include <cstdint>
#include <exception>
#include <span>
#include <string>

#include "core/errors.hpp"

namespace meterrig {

// Bytes for a message: as text when they are printable, as hex otherwise; at most the first 64.
std::string printable(std::span<const std::uint8_t> bytes);

// The typed error of a failed system call: ClosedError when the far side went away, LinkError otherwise, with the
// address, what was being done, and the system's number and words. `error`: an errno value.
std::exception_ptr link_failure(int error, const std::string& doing, Exchange exchange);

}  // namespace meterrig
