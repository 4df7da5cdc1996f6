#pragma once

#include <string>

#include "testcases/steps/water.hpp"

// What a water meter's display shows, as an operator or a camera says: asked, recorded as `shown_PAGE`, and compared.
namespace meterrig::testcases {

// unreadable: the answer is nothing that the page could show.
enum class OnDisplay { as_expected, otherwise, unreadable, blank };

// A page with one number of so many decimals; leading zeros are the maker's business. What is off is noted.
Task<OnDisplay> look_at_number(Trial& trial, std::string page, std::int64_t should, int decimals);
// The clock hhmmss, which was set to `set_to` at the instant `since`. A person looks at some moment between prompt and
// answer: `display_within_s` late is as expected.
Task<OnDisplay> look_at_clock(Trial& trial, CivilTime set_to, Instant since);

}  // namespace meterrig::testcases
