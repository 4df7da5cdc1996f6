#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "core/errors.hpp"
#include "core/tariff/decimal_text.hpp"
#include "core/tariff/settlement.hpp"
#include "core/tariff/staircase.hpp"
#include "rig/cli/command.hpp"

namespace meterrig::cli {

namespace {

using namespace meterrig::tariff;

constexpr std::size_t flushed_at = 1 << 16;  // bytes that wait before they are written

struct CostOptions {
  std::string steps;
  std::string prices;
  std::string from;
  std::vector<std::string> usages;
  std::string file;
  bool as_json = false;
  bool explain = false;
};

// What the library refuses is the user's to mend, at this place.
template <typename Work>
auto at(const std::string& place, const Work& work) {
  try {
    return work();
  } catch (const std::invalid_argument& wrong) {
    throw UserError(fmt::format("{}: {}", place, wrong.what()));
  }
}

// "1,2" read one by one.
template <typename Read>
std::vector<std::int64_t> list_of(const std::string& option, std::string_view text, const Read& read) {
  std::vector<std::int64_t> values;
  while (!text.empty() || !values.empty()) {
    const std::size_t comma = text.find(',');
    values.push_back(at(option, [&] { return read(text.substr(0, comma)); }));
    if (comma == std::string_view::npos) break;
    text.remove_prefix(comma + 1);
  }
  return values;
}

Staircase staircase_of(const CostOptions& options) {
  PriceTable table{list_of("--steps", options.steps, step_volume_of), list_of("--prices", options.prices, price_of)};
  return at("--steps, --prices", [&] { return Staircase(std::move(table)); });
}

// Prints one usage after the other, many of them at a time.
class Printer {
 public:
  Printer(const CostOptions& options, Staircase prices)
      : options_(options),
        prices_(std::move(prices)),
        from_(options.from.empty() ? 0 : at("--from", [&] { return volume_of(options.from); })) {}

  // std::invalid_argument when it can't be priced.
  void usage(std::string_view text) {
    price(volume_of(text));
    if (out_.size() >= flushed_at) flush();
  }

  void flush() {
    fmt::print("{}", std::string_view(out_.data(), out_.size()));
    out_.clear();
  }

 private:
  void price(Litres to) {
    const Cost cost = prices_.cost_between(from_, to);
    if (options_.as_json)
      as_json(to, cost);
    else if (options_.explain)
      explain(to, cost);
    else
      as_row(to, cost);
  }

  void as_row(Litres to, Cost cost) {
    if (!headed_) put("{:>13} {:>16} {:>14} {:>10}\n", "m3", "yuan", "whole cents", "remainder");
    headed_ = true;
    const auto [whole, remainder] = charge_of(cost);
    put("{:>13} {:>16} {:>14} {:>10}\n", volume_text(to), cost_text(cost), money_text(whole), cost_text(remainder));
  }

  void explain(Litres to, Cost cost) {
    const auto [whole, remainder] = charge_of(cost);
    put("{} to {} m3: {} yuan, in whole cents {}, remainder {}\n", volume_text(from_), volume_text(to), cost_text(cost),
        money_text(whole), cost_text(remainder));
    for (const StepCost& part : prices_.parts(from_, to))
      put("  step {:<2} {:>10} to {:>10} m3: {:>10} m3 x {:>7} yuan/m3 = {:>14} yuan\n", part.step,
          volume_text(part.from), volume_text(part.to), volume_text(part.to - part.from), price_text(part.price),
          cost_text(part.cost));
  }

  void as_json(Litres to, Cost cost) {
    const auto [whole, remainder] = charge_of(cost);
    nlohmann::ordered_json object{{"from_m3", volume_text(from_)},
                                  {"to_m3", volume_text(to)},
                                  {"cost_yuan", cost_text(cost)},
                                  {"whole_cents_yuan", money_text(whole)},
                                  {"remainder_yuan", cost_text(remainder)}};
    if (options_.explain) {
      object["steps"] = nlohmann::ordered_json::array();
      for (const StepCost& part : prices_.parts(from_, to))
        object["steps"].push_back({{"step", part.step},
                                   {"from_m3", volume_text(part.from)},
                                   {"to_m3", volume_text(part.to)},
                                   {"price_yuan_per_m3", price_text(part.price)},
                                   {"cost_yuan", cost_text(part.cost)}});
    }
    put("{}\n", object.dump());
  }

  template <typename... Values>
  void put(fmt::format_string<Values...> text, Values&&... values) {
    fmt::format_to(std::back_inserter(out_), text, std::forward<Values>(values)...);
  }

  const CostOptions& options_;
  Staircase prices_;
  Litres from_;
  bool headed_ = false;
  fmt::memory_buffer out_;
};

// One usage a line, empty ones apart.
void price_lines(std::istream& in, const std::string& name, Printer& printer) {
  constexpr const char* blanks = " \t\r";
  std::string line;
  int number = 0;
  bool any = false;
  try {
    while (std::getline(in, line)) {
      ++number;
      const std::size_t first = line.find_first_not_of(blanks);
      if (first == std::string::npos) continue;
      any = true;
      printer.usage(std::string_view(line).substr(first, line.find_last_not_of(blanks) - first + 1));
    }
  } catch (const std::invalid_argument& wrong) {
    throw UserError(fmt::format("{}:{}: {}", name, number, wrong.what()));
  }
  if (in.bad()) throw UserError(fmt::format("{}: {}", name, std::strerror(errno)));
  if (!any)
    throw UserError(
        fmt::format("{}: found no volume; expected volumes in m3, such as 3.457, as words or one a line", name));
}

void price_all(const CostOptions& options, Printer& printer) {
  if (!options.file.empty()) {
    std::ifstream in(options.file);
    if (!in) throw UserError(fmt::format("{}: {}", options.file, std::strerror(errno)));
    price_lines(in, options.file, printer);
  } else if (options.usages.empty()) {
    std::ios::sync_with_stdio(false);
    price_lines(std::cin, "standard input", printer);
  } else {
    for (const std::string& usage : options.usages) at("usages", [&] { printer.usage(usage); });
  }
}

int cost(const CostOptions& options) {
  Printer printer(options, staircase_of(options));
  try {
    price_all(options, printer);
  } catch (const UserError&) {
    printer.flush();  // what was good before
    throw;
  }
  printer.flush();
  return 0;
}

}  // namespace

void add_tariff(CLI::App& app, Action& action) {
  CLI::App* const command = app.add_subcommand("tariff", "What water costs by a stepped price table, exactly");
  command->require_subcommand(1);
  CLI::App* const costing = command->add_subcommand("cost", "Price the usage of a period, to 0.00001 yuan");
  auto options = std::make_shared<CostOptions>();
  CLI::Option* const usages =
      costing->add_option("usages", options->usages, "Usage of the period in m3; else --file or standard input")
          ->type_name("M3");
  costing->add_option("--steps", options->steps, "Step volumes in whole m3, rising; none for one price")
      ->type_name("M3,M3");
  costing->add_option("--prices", options->prices, "Prices in yuan/m3, one more than step volumes")
      ->required()
      ->type_name("YUAN,YUAN,YUAN");
  costing->add_option("--from", options->from, "Usage where the water began to flow; without it 0")->type_name("M3");
  costing->add_option("--file", options->file, "Usages one a line")->excludes(usages)->type_name("FILE");
  costing->add_flag("--explain", options->explain, "What each step adds");
  costing->add_flag("--json", options->as_json, "One JSON object a usage");
  costing->footer(
      "Examples:\n"
      "  meterrig tariff cost --steps 1,2 --prices 2.07,4.14,6.21 3.457\n"
      "  meterrig tariff cost --steps 10,20 --prices 2.50,3.75,7.50 --from 8 --explain 13\n"
      "  seq 0 0.001 25 | meterrig tariff cost --steps 10,20 --prices 2.50,3.75,7.50 --json\n\n"
      "Exit code 2 when a table or a volume can't be priced; docs/tariff.md has the formula and the limits.");
  costing->callback([options, &action] { action = [options] { return cost(*options); }; });
}

}  // namespace meterrig::cli
