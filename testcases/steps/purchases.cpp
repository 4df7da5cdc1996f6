#include "testcases/steps/purchases.hpp"

#include <fmt/format.h>

namespace meterrig::testcases {
namespace {

const std::string item = "purchase";
constexpr int last_number = 99;  // two digits

Task<std::int64_t> last_purchase(Trial& trial) {
  std::vector<std::string> names(1, "purchase_sequence");
  const auto read = co_await trial.station().meter().read(std::move(names));
  std::int64_t last = 0;
  if (!parse_scaled(read.at("purchase_sequence"), 0, last))
    trial.rig_fault(fmt::format("the last purchase has the number {:?}, which is none", read.at("purchase_sequence")));
  co_return last;
}

}  // namespace

Task<> Purchases::buy(tariff::Cents amount) {
  const std::int64_t last = co_await last_purchase(trial_);
  number_ = static_cast<int>(last % last_number) + 1;
  amount_ = amount;
  // Before it is known whether the meter takes it: an answer may be lost.
  count(amount, 1);
  const std::string value = fmt::format("{:08}{:02}", amount, number_);
  std::exception_ptr refused;
  try {
    co_await trial_.write_for_good(item, value);
  } catch (const MeterRefused&) {
    refused = std::current_exception();
  }
  if (!refused) co_return;
  // An answer may have been lost, and the repetition refused, since a number counts once: the meter has it, then.
  const std::int64_t now = co_await last_purchase(trial_);
  if (now == number_) co_return;
  count(amount, -1);
  std::rethrow_exception(refused);
}

void Purchases::count(tariff::Cents amount, int times) {
  count_ += times;
  sum_ += times * amount;
  if (count_ == 0) return trial_.leaves(item, "", "");
  trial_.leaves(item, fmt::format("样品已购金额 {} 次，共 {} 元，无法撤销", count_, tariff::money_text(sum_)),
                fmt::format("sample left with {} purchase(s) of {} yuan in all, which nobody can take back", count_,
                            tariff::money_text(sum_)));
}

Task<bool> Purchases::counted_again() {
  const tariff::Cents before = co_await balance(trial_);
  cjt188::Bytes content = cjt188::to_bcd(static_cast<std::uint64_t>(number_), 1);
  const cjt188::Bytes amount = cjt188::to_bcd(static_cast<std::uint64_t>(amount_), 4);
  content.insert(content.end(), amount.begin(), amount.end());
  const Cjt188Meter::Answer answer = co_await trial_.offer(item, std::move(content));
  const tariff::Cents after = co_await balance(trial_);
  trial_.record_text("same_purchase_again", answer == Cjt188Meter::Answer::accepted  ? "accepted"
                                            : answer == Cjt188Meter::Answer::refused ? "refused"
                                                                                     : "silent");
  co_return after != before;
}

Task<tariff::Cents> Purchases::fill_up(tariff::Cents least) {
  const tariff::Cents is = co_await balance(trial_);
  if (is >= least) co_return is;
  co_await buy(least - is);
  const tariff::Cents after = co_await balance(trial_);
  if (after >= least) co_return after;
  trial_.inconclusive(fmt::format(
      "the balance of {} yuan does not pay for the test's water: annex A needs {} yuan, {} "
      "yuan were bought, and the meter shows {} yuan; see annex A's purchases",
      tariff::money_text(is), tariff::money_text(least), tariff::money_text(least - is), tariff::money_text(after)));
}

}  // namespace meterrig::testcases
