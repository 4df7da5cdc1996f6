#pragma once

#include "rig/run/procedure.hpp"

namespace meterrig::testcases {

// All procedures that are built in, in the order of their files' names.
rig::Procedures all();

}  // namespace meterrig::testcases
