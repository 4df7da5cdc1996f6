#include "rig/record/chain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace meterrig::record {

namespace {

// The number that the event itself bears.
std::optional<std::uint64_t> own_seq(const StoredEvent& event) {
  const auto parsed = nlohmann::json::parse(event.bytes, nullptr, false);
  if (!parsed.is_object()) return std::nullopt;
  const auto seq = parsed.find("seq");
  if (seq == parsed.end() || !seq->is_number_unsigned()) return std::nullopt;
  return seq->get<std::uint64_t>();
}

// The event's hash still ties it to its neighbour, which bears the next number: it stands in its place, so what is
// wrong is inside it.
bool in_its_place(std::span<const StoredEvent> events, std::size_t at, const std::optional<Head>& head) {
  const StoredEvent& event = events[at];
  if (event.seq != at + 1) return false;
  if (at + 1 < events.size()) {
    const StoredEvent& next = events[at + 1];
    return next.seq == event.seq + 1 && own_seq(next) == next.seq && chain_next(event.hash, next.bytes) == next.hash;
  }
  return head && head->seq == event.seq && head->hash == event.hash;
}

Damage classify(std::span<const StoredEvent> events, std::size_t at, const Digest& previous,
                const std::optional<Head>& head) {
  const std::uint64_t expected = at + 1;
  const auto found = own_seq(events[at]);
  const auto later = events.subspan(at + 1);
  const auto is_expected = [&](const StoredEvent& e) { return own_seq(e) == expected; };
  const bool further_on = std::any_of(later.begin(), later.end(), is_expected);
  if (found && *found > expected && further_on) return Damage::reordered;
  if (!found || in_its_place(events, at, head)) return Damage::changed;
  if (*found != expected) return *found < expected ? Damage::added : Damage::missing;
  const bool true_one_follows = std::any_of(later.begin(), later.end(), [&](const StoredEvent& e) {
    return is_expected(e) && chain_next(previous, e.bytes) == e.hash;
  });
  return true_one_follows ? Damage::added : Damage::changed;
}

ChainReport& blame(ChainReport& report, Damage damage, std::uint64_t seq, std::string_view what, std::string_view why) {
  report.damage = damage;
  report.seq = seq;
  report.text = fmt::format("{} {} is {}: {}", what, seq, word(damage), why);
  return report;
}

std::string reason(Damage damage, std::string_view what) {
  switch (damage) {
    case Damage::changed:
      return "its bytes do not give its hash";
    case Damage::missing:
      return fmt::format("a later {} stands in its place", what);
    case Damage::reordered:
      return fmt::format("a later {} stands in its place, and it stands further on", what);
    case Damage::added:
      return "the chain does not lead to it";
    default:
      return "";
  }
}

}  // namespace

std::string_view word(Damage damage) {
  constexpr std::string_view names[] = {"intact", "changed", "missing", "reordered", "added"};
  return names[static_cast<std::size_t>(damage)];
}

Digest chain_start(std::string_view run) { return sha256({"meterrig-journal-1\n", run}); }

ChainReport verify_chain(std::string_view run, std::span<const StoredEvent> events, const std::optional<Head>& head) {
  return verify_links(chain_start(run), "event", events, head);
}

ChainReport verify_links(const Digest& start, std::string_view what, std::span<const StoredEvent> links,
                         const std::optional<Head>& head) {
  ChainReport report;
  report.events = links.size();
  report.head = {0, start};
  const auto had = [&] { return fmt::format("the run had {} {}s", head->seq, what); };
  for (std::size_t i = 0; i < links.size(); ++i) {
    const StoredEvent& link = links[i];
    const Digest hash = chain_next(report.head.hash, link.bytes);
    if (hash != link.hash || link.seq != i + 1 || own_seq(link) != link.seq) {
      const Damage damage = classify(links, i, report.head.hash, head);
      return blame(report, damage, i + 1, what, reason(damage, what));
    }
    if (head && link.seq > head->seq) return blame(report, Damage::added, link.seq, what, had());
    report.head = {link.seq, hash};
  }
  if (head && links.size() < head->seq) return blame(report, Damage::missing, links.size() + 1, what, had());
  if (head && report.head != *head) {
    return blame(report, Damage::changed, report.head.seq, what, "the chain does not end in the head that was kept");
  }
  report.text = fmt::format("{} {}s, intact, head {}", links.size(), what, hex(report.head.hash));
  return report;
}

}  // namespace meterrig::record
