#pragma once

#include "instruments/line_port.hpp"
#include "instruments/roles/people.hpp"

namespace meterrig {

// The companion equipment's own command set: AT+SEND=<address>,<frame> gives +RX:<frame>,<rssi> and OK, or ERR:<why>.
std::unique_ptr<Host> make_companion_host(std::unique_ptr<LinePort> port);
// Prompts and answers as JSON lines: {"prompt":1,"station":1,"kind":"read_counter","text":{"zh","en"}} and
// {"prompt":1,"value":"123.456","operator":"..."}.
std::unique_ptr<Operator> make_line_operator(std::unique_ptr<LinePort> port);

}  // namespace meterrig
