#pragma once

#include <string>

#include "core/io/url.hpp"

namespace meterrig {

// Sets the terminal raw and to the line's settings, and reads them back. Throws LinkError naming what the port refused.
// A pseudo-terminal has no line: it keeps 8 data bits, no parity and no modem signals, and that is tolerated.
void configure_serial(int fd, const SerialLine& line, const std::string& name);

// A pseudo-terminal's slave side, which has no line settings.
bool is_pseudo_terminal(int fd) noexcept;
bool is_pseudo_terminal(const std::string& path) noexcept;

}  // namespace meterrig
