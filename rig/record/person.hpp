#pragma once

#include <string>
#include <string_view>

namespace meterrig::record {

// Two spellings of a name that have the same key are taken for one person's: without blanks, case, full width and
// marks that nobody sees. Empty for what is no name: nothing but blanks, or no UTF-8.
std::string person_key(std::string_view name);

}  // namespace meterrig::record
