#include <array>

#include <fmt/format.h>

#include "meters/dlt645_items.hpp"
#include "meters/encoding.hpp"

// What lies behind a data identifier (annex A): single items, blocks of them, freeze records.
namespace meterrig::dlt645 {

namespace {

// DI3 = 05: DI2 says why the meter froze, DI1 what. In a block a separator stands behind each part.
constexpr std::array<std::string_view, 7> freeze_kinds{"timed",  "instant",     "zone_switch", "period_switch",
                                                       "hourly", "step_switch", "daily"};
constexpr Field freeze_time[]{{"", Format::minute, 5}};
struct FreezePart {
  unsigned number;
  std::uint32_t identifier;  // of the same data outside freezes; 0: the time
  unsigned most;             // tariffs or phases
};
constexpr std::array freeze_parts{
    FreezePart{0x00, 0, 1},           FreezePart{0x01, 0x00010000, 64}, FreezePart{0x02, 0x00020000, 64},
    FreezePart{0x03, 0x00030000, 64}, FreezePart{0x04, 0x00040000, 64}, FreezePart{0x05, 0x00050000, 64},
    FreezePart{0x06, 0x00060000, 64}, FreezePart{0x07, 0x00070000, 64}, FreezePart{0x08, 0x00080000, 64},
    FreezePart{0x09, 0x01010000, 64}, FreezePart{0x0A, 0x01020000, 64}, FreezePart{0x10, 0x0203FF00, 4},
    FreezePart{0x10, 0x0204FF00, 4}};

std::string item_name(const Field& field, const std::string& name) {
  if (field.name.empty()) return name;
  return field.name.front() == '_' ? name + std::string(field.name) : std::string(field.name);
}

std::size_t size_of(std::span<const Field> fields) {
  std::size_t size = 0;
  for (const Field& field : fields) size += field.size;
  return size;
}

std::string step_name(const Match& match, unsigned step, unsigned settlement) {
  std::string name = match.name;
  switch (match.pattern.axis) {
    case Axis::none:
      break;
    case Axis::tariff:
    case Axis::tariff_1997:
      if (step > 0) name += fmt::format("_tariff_{}", step);
      if (settlement > 0)
        name += fmt::format("_{}_{}", match.pattern.axis == Axis::tariff ? "settlement" : "month", settlement);
      break;
    case Axis::phase:
    case Axis::total_and_phase:
    case Axis::phase_1997:
      if (step > 0) name += step <= 3 ? std::string("_") + static_cast<char>('a' + step - 1) : fmt::format("_{}", step);
      break;
    case Axis::number:
      name += fmt::format("_{}", step);
      break;
  }
  return name;
}

// A block begins with the total where there is one.
unsigned first_step(const Match& match) {
  const bool from_one = match.pattern.axis == Axis::phase || match.pattern.axis == Axis::number ||
                        (match.pattern.axis == Axis::phase_1997 && (match.pattern.id & 0xFF) < 0x30);
  return from_one ? 1 : 0;
}

void walk_step(Walk& walk, const Match& match, unsigned step, unsigned settlement) {
  const bool whole = walk_fields(walk, match.pattern.layout, step_name(match, step, settlement));
  if (whole && match.pattern.layout.front().format == Format::status_word) walk.status_word(step);
}

// Whether the first field of a step is there, or with `cut` all of it.
bool holds_step(Walk& walk, const Match& match, unsigned step, unsigned settlement, bool cut) {
  const auto& layout = match.pattern.layout;
  return walk.holds(cut ? size_of(layout) : 1, item_name(layout.front(), step_name(match, step, settlement)));
}

Match frozen(std::uint32_t kind, const FreezePart& part) {
  Match match = part.identifier == 0 ? Match{{0, 0, {}, freeze_time}, "time"} : *find_2007(part.identifier);
  match.name = fmt::format("{}_freeze_{}", freeze_kinds[kind], match.name);
  return match;
}

// DI1 = FF. A frame that ends within a part leaves the rest of it, and the separator before, as a fragment.
void walk_block(Walk& walk, std::uint32_t kind, bool cut) {
  for (std::size_t i = 0; i < freeze_parts.size(); ++i) {
    const FreezePart& part = freeze_parts[i];
    const FreezePart* next = i + 1 < freeze_parts.size() ? &freeze_parts[i + 1] : nullptr;
    const Match match = frozen(kind, part);
    if (walk.at_separator()) walk.departure("no_value");
    for (unsigned step = 0; step < part.most && !walk.at_separator() && holds_step(walk, match, step, 0, cut); ++step)
      walk_step(walk, match, step, 0);
    if (next && next->number == part.number) continue;
    if (cut && !next) return;
    const bool separated = walk.separator(cut ? size_of(frozen(kind, *next).pattern.layout) : 0);
    if (cut && !separated) return;
    if (!separated) walk.departure("separator_missing");
    if (!walk.more()) return;
  }
}

}  // namespace

bool walk_fields(Walk& walk, std::span<const Field> fields, const std::string& name) {
  for (const Field& field : fields)
    if (!walk.field(field, item_name(field, name))) return false;
  return true;
}

void walk_content(Walk& walk, const std::optional<Match>& match, bool cut) {
  if (!match) {
    walk.departure("unknown_identifier");
    return walk.rest("data");
  }
  const bool tariffs = match->step == whole_block, settlements = match->settlement == whole_block;
  if ((tariffs && settlements) || ((tariffs || settlements) && match->pattern.open)) {
    // How many tariffs make a settlement isn't said in the frame, nor how long the makers' part of a record is.
    walk.departure("ambiguous_block");
    return walk.rest("data");
  }
  unsigned step = tariffs ? first_step(*match) : match->step, settlement = settlements ? 0 : match->settlement;
  do {
    if (cut && !holds_step(walk, *match, step, settlement, cut)) break;
    walk_step(walk, *match, step, settlement);
    if (tariffs) ++step;
    if (settlements) ++settlement;
  } while ((tariffs || settlements) && holds_step(walk, *match, step, settlement, false));
  if (cut || match->pattern.open) walk.rest(match->pattern.open ? "record_data" : "fragment");
}

bool walk_freeze(Walk& walk, std::uint32_t identifier, bool cut) {
  const std::uint32_t kind = identifier >> 16 & 0xFF;
  const unsigned wanted = identifier >> 8 & 0xFF;
  if (identifier >> 24 != 5 || kind >= freeze_kinds.size()) return false;
  bool known = wanted == whole_block;
  if (known) walk_block(walk, kind, cut);
  for (const FreezePart& part : freeze_parts) {
    if (part.number != wanted) continue;
    const Match match = frozen(kind, part);
    // Without any content the first step says what is missing.
    const bool must_be_there = !known && !cut;
    known = true;
    for (unsigned step = 0; step < part.most; ++step) {
      if (!(must_be_there && step == 0) && !holds_step(walk, match, step, 0, cut)) break;
      walk_step(walk, match, step, 0);
    }
  }
  if (known && cut) walk.rest("fragment");
  return known;
}

Bytes encode_value(std::uint32_t identifier, std::string_view value) {
  const auto match = find_2007(identifier);
  if (!match || match->pattern.layout.size() != 1 || match->step == whole_block || match->settlement == whole_block)
    throw std::invalid_argument(fmt::format("identifier {:08X} doesn't hold one value", identifier));
  const Field& field = match->pattern.layout.front();
  return field_bytes(field,
                     {item_name(field, step_name(*match, match->step, match->settlement)), std::string(value), ""});
}

}  // namespace meterrig::dlt645
