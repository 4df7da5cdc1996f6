#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace meterrig::record {

// Worst first. The numbers are the ranks in `verdicts`, so that the worse of two is the smaller.
enum class Verdict : std::uint8_t { fail, void_, inconclusive, not_tested, pass, recorded, not_applicable };

struct VerdictWords {
  Verdict verdict;
  std::string_view word;
  std::string_view zh;
  std::string_view en;
};

// The one table of verdicts: order, words of files, words of reports.
inline constexpr std::array<VerdictWords, 7> verdicts{{
    {Verdict::fail, "fail", "不符合", "fail"},
    {Verdict::void_, "void", "无效", "void"},
    {Verdict::inconclusive, "inconclusive", "待定", "inconclusive"},
    {Verdict::not_tested, "not_tested", "未检", "not tested"},
    {Verdict::pass, "pass", "符合", "pass"},
    {Verdict::recorded, "recorded", "记录", "recorded"},
    {Verdict::not_applicable, "not_applicable", "不适用", "not applicable"},
}};

constexpr Verdict worst(Verdict a, Verdict b) { return a < b ? a : b; }

// The worst of all; of nothing, not_tested: an empty inspection is no conformity.
constexpr Verdict worst(std::span<const Verdict> all) {
  if (all.empty()) return Verdict::not_tested;
  Verdict result = all.front();
  for (const Verdict v : all) result = worst(result, v);
  return result;
}

constexpr const VerdictWords& words(Verdict v) { return verdicts[static_cast<std::size_t>(v)]; }
constexpr std::string_view word(Verdict v) { return words(v).word; }
constexpr std::string_view word_zh(Verdict v) { return words(v).zh; }

constexpr std::optional<Verdict> verdict_from(std::string_view text) {
  for (const VerdictWords& entry : verdicts) {
    if (entry.word == text) return entry.verdict;
  }
  return std::nullopt;
}

enum class RunState : std::uint8_t { finished, aborted, interrupted, refused, running };

constexpr std::string_view word(RunState state) {
  constexpr std::array<std::string_view, 5> names{"finished", "aborted", "interrupted", "refused", "running"};
  return names[static_cast<std::size_t>(state)];
}

// Exit code of a run; 2 (the user's files or words) is decided before there is one.
constexpr int exit_code(RunState state, std::span<const Verdict> all) {
  if (state != RunState::finished) return 4;
  switch (worst(all)) {
    case Verdict::fail:
      return 1;
    case Verdict::void_:
    case Verdict::inconclusive:
    case Verdict::not_tested:
      return 3;
    default:
      return 0;
  }
}

namespace detail {
constexpr bool table_in_order() {
  for (std::size_t i = 0; i < verdicts.size(); ++i) {
    if (static_cast<std::size_t>(verdicts[i].verdict) != i) return false;
    if (verdict_from(verdicts[i].word) != verdicts[i].verdict) return false;
  }
  return true;
}
}  // namespace detail

static_assert(detail::table_in_order());
static_assert(worst(Verdict::pass, Verdict::fail) == Verdict::fail);
static_assert(worst(Verdict::void_, Verdict::inconclusive) == Verdict::void_);
static_assert(worst(Verdict::not_tested, Verdict::pass) == Verdict::not_tested);
static_assert(worst(Verdict::recorded, Verdict::not_applicable) == Verdict::recorded);
static_assert(worst(std::span<const Verdict>{}) == Verdict::not_tested);

}  // namespace meterrig::record
