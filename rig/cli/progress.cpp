#include "rig/cli/progress.hpp"

#include "rig/cli/print.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <vector>

namespace meterrig::cli {

namespace {

constexpr std::size_t bar_width = 12;
constexpr std::size_t least_columns = 40;

const std::string& title_of(const plan::Clause& clause, Language language) {
  return language == Language::en ? clause.title.en : clause.title.zh;
}

std::string verdict_word(record::Verdict verdict, Language language) {
  const record::VerdictWords& words = record::words(verdict);
  return say(language, std::string(words.zh), std::string(words.en));
}

// Cut to what fits, by columns: a CJK character takes two.
std::string cut(std::string text, std::size_t columns) {
  while (record::display_width(text) > columns) {
    while (!text.empty() && (static_cast<unsigned char>(text.back()) & 0xC0U) == 0x80U) text.pop_back();
    if (!text.empty()) text.pop_back();
  }
  return text;
}

std::string fitted(const std::string& text, std::size_t columns) {
  const std::string shown = cut(text, columns);
  return shown + std::string(columns - record::display_width(shown), ' ');
}

std::string bar(double share) {
  const auto full = static_cast<std::size_t>(std::clamp(share, 0.0, 1.0) * static_cast<double>(bar_width));
  return "[" + std::string(full, '#') + std::string(bar_width - full, '.') + "]";
}

std::string counts(const std::map<std::string, record::Verdict>& verdicts, Language language) {
  std::string text;
  for (const record::VerdictWords& words : record::verdicts) {
    const auto count =
        std::count_if(verdicts.begin(), verdicts.end(), [&](const auto& one) { return one.second == words.verdict; });
    if (count > 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, verdict_word(words.verdict, language));
  }
  return text;
}

// `CJT503-5.3.8/6.10` without what the plan's name says already.
std::string short_id(const std::string& id) {
  const auto dash = id.find('-');
  return dash == std::string::npos ? id : id.substr(dash + 1);
}

// Who is in the way, and since when.
std::string holder_text(const rig::LeaseObstacle& obstacle, Language language) {
  return fmt::format("{} {}, {} {}", say(language, "占用者", "held by"), obstacle.holder, say(language, "自", "since"),
                     clock_text(to_seconds(obstacle.since.time_since_epoch())));
}

class PlainProgress final : public rig::Observer {
 public:
  PlainProgress(std::FILE* out, const ProgressOf& of) : out_(out), of_(of) {}

  void run_started(const std::string& run, double estimate_s) override {
    line(fmt::format("{} {}  {} {}", say(of_.language, "运行", "run"), run,
                     say(of_.language, "预计台架时间", "estimated rig time"), clock_text(estimate_s)));
  }
  void clause_started(const rig::Station& station, const plan::Clause& clause, int attempt, double) override {
    const std::string again = attempt > 1 ? fmt::format("  {} {}", say(of_.language, "第", "attempt"), attempt) : "";
    event(station, clause.id, say(of_.language, "开始", "start"), title_of(clause, of_.language) + again);
  }
  void clause_ended(const rig::Station& station, const plan::Clause& clause, record::Verdict verdict,
                    const std::string& cause) override {
    event(station, clause.id, verdict_word(verdict, of_.language), cause);
  }
  void waiting(const rig::Station& station, const rig::LeaseObstacle& obstacle) override {
    event(station, obstacle.resource, say(of_.language, "等待", "waits"), holder_text(obstacle, of_.language));
  }
  void goes_on(const rig::Station& station) override { event(station, "", say(of_.language, "继续", "goes on"), ""); }
  void alarm(const std::string& zh, const std::string& en) override {
    line(fmt::format("{}  !  {}", clock_text(to_seconds(of_.clock.now().time_since_epoch())),
                     say(of_.language, zh, en)));
  }
  void run_ended(record::RunState state, record::Verdict verdict) override {
    line(fmt::format(
        "{} {}  {}", say(of_.language, "运行", "run"),
        say(of_.language, state == record::RunState::finished ? "完成" : "中止", std::string(record::word(state))),
        verdict_word(verdict, of_.language)));
  }

 private:
  void event(const rig::Station& station, const std::string& id, const std::string& word, const std::string& text) {
    line(fmt::format("{}  {}  {}  {}{}{}", clock_text(to_seconds(of_.clock.now().time_since_epoch())), station.name(),
                     fitted(id, 20), fitted(word, 14), text.empty() ? "" : "  ", text));
  }
  void line(const std::string& text) { put(out_, text + "\n"); }

  std::FILE* out_;
  ProgressOf of_;
};

class TerminalProgress final : public rig::Observer {
 public:
  TerminalProgress(std::FILE* out, const ProgressOf& of) : out_(out), of_(of), refresh_(of.clock, [this] { tick(); }) {
    for (std::size_t i = 0; i < of.stations && i < of.rig.stations.size(); ++i) {
      views_.push_back({of.rig.stations[i].name, "", "", "", 0, 0, {}});
    }
  }

  void run_started(const std::string& run, double estimate_s) override {
    run_ = run;
    estimate_s_ = estimate_s;
    // The virtual clock jumps from event to event; there is nothing to see between them.
    if (!of_.clock.is_virtual()) tick();
    draw();
  }
  void clause_started(const rig::Station& station, const plan::Clause& clause, int, double estimate_s) override {
    StationView* const view = find(station);
    if (view == nullptr) return;
    view->clause = short_id(clause.id);
    view->title = title_of(clause, of_.language);
    view->waiting.clear();
    view->started_s = now_s();
    view->estimate_s = estimate_s;
    draw();
  }
  void clause_ended(const rig::Station& station, const plan::Clause& clause, record::Verdict verdict,
                    const std::string&) override {
    if (StationView* const view = find(station)) view->verdicts[clause.id] = verdict;
    draw();
  }
  void waiting(const rig::Station& station, const rig::LeaseObstacle& obstacle) override {
    if (StationView* const view = find(station))
      view->waiting = fmt::format("{} {} ({})", say(of_.language, "等待", "waits for"), obstacle.resource,
                                  holder_text(obstacle, of_.language));
    draw();
  }
  void goes_on(const rig::Station& station) override {
    if (StationView* const view = find(station)) view->waiting.clear();
    draw();
  }
  // Stays above the lines that are drawn again and again.
  void alarm(const std::string& zh, const std::string& en) override {
    const std::string up = drawn_ == 0 ? "" : fmt::format("\x1b[{}F\x1b[J", drawn_);
    put(out_, up + "! " + say(of_.language, zh, en) + "\n");
    drawn_ = 0;
    draw();
  }
  void run_ended(record::RunState, record::Verdict) override { refresh_.cancel(); }

 private:
  StationView* find(const rig::Station& station) {
    const auto found =
        std::find_if(views_.begin(), views_.end(), [&](const auto& v) { return v.name == station.name(); });
    return found == views_.end() ? nullptr : &*found;
  }
  double now_s() const { return to_seconds(of_.clock.now().time_since_epoch()); }
  void tick() {
    draw();
    refresh_.at(of_.clock.now() + 1s);
  }
  void draw() {
    winsize size{};
    if (ioctl(fileno(out_), TIOCGWINSZ, &size) != 0 || size.ws_col < least_columns) size.ws_col = 100;
    const std::size_t columns = size.ws_col - 1U;
    std::string text = drawn_ == 0 ? "" : fmt::format("\x1b[{}F", drawn_);
    const std::string head = fmt::format("{}  {}  {} / {}  {}", of_.plan.id, run_, clock_text(now_s()),
                                         clock_text(estimate_s_), bar(estimate_s_ > 0 ? now_s() / estimate_s_ : 0));
    text += cut(head, columns) + "\x1b[K\n";
    for (const StationView& view : views_) {
      text += station_line(view, now_s(), of_.plan.clauses.size(), columns, of_.language) + "\x1b[K\n";
    }
    drawn_ = views_.size() + 1;
    std::fwrite(text.data(), 1, text.size(), out_);
    std::fflush(out_);
  }

  std::FILE* out_;
  ProgressOf of_;
  Timer refresh_;
  std::string run_;
  double estimate_s_ = 0;
  std::vector<StationView> views_;
  std::size_t drawn_ = 0;
};

}  // namespace

std::string station_line(const StationView& view, double now_s, std::size_t clauses, std::size_t columns,
                         Language language) {
  const double share = clauses == 0 ? 0 : static_cast<double>(view.verdicts.size()) / static_cast<double>(clauses);
  const std::string time =
      view.clause.empty() ? "" : clock_text(now_s - view.started_s) + " / " + clock_text(view.estimate_s);
  const std::string what = view.waiting.empty() ? view.title : view.waiting;
  return cut(fmt::format("{}  {}  {}  {}  {}  {}", view.name, fitted(view.clause, 12), fitted(what, 26),
                         fitted(time, 19), bar(share), counts(view.verdicts, language)),
             columns);
}

std::unique_ptr<rig::Observer> make_progress(std::FILE* out, const ProgressOf& of) {
  if (isatty(fileno(out)) != 0) return std::make_unique<TerminalProgress>(out, of);
  return std::make_unique<PlainProgress>(out, of);
}

}  // namespace meterrig::cli
