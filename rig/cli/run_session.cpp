#include "rig/cli/run_session.hpp"

#include <fmt/format.h>

#include <cstdio>

#include "rig/cli/forecast_text.hpp"
#include "rig/cli/output_files.hpp"
#include "rig/cli/print.hpp"
#include "rig/cli/progress.hpp"
#include "rig/cli/session.hpp"
#include "rig/record/record_fold.hpp"

namespace meterrig::cli {

namespace {

// Record and report of the run that is over; its exit code.
int leave(Session& session, const RunFiles& files, const RunOptions& options, const std::string& id, std::FILE* out) {
  const Language language = language_of(options.lang);
  if (files.choices.own.altered_record) alter_stored_event(options.data, id);
  const auto record = verified_record(session.store(), id, language);
  if (!record) return broken_record;
  const fs::path record_file = keep_record(session.store(), options.data, id, *record);
  const fs::path report_file = options.data / "reports" / (id + ".html");
  const std::string text = record_text(*record);
  if (options.record == "-") {
    std::fwrite(text.data(), 1, text.size(), stdout);
  } else if (!options.record.empty()) {
    write_file(options.record, text);
  }
  put(out, fmt::format("\n{}\n", summary_text(*record, language)));
  const bool reported = render_report(files.loader.path(), record_file, report_file, Language::both);
  put(out, fmt::format("{} {}\n", say(language, "记录", "record"), record_file.string()));
  if (reported) put(out, fmt::format("{} {}\n", say(language, "报告", "report"), report_file.string()));
  if (record->at("state") == "aborted")
    put(out, fmt::format("{} meterrig resume {} --by NAME\n", say(language, "继续检验", "to go on"), id));
  return record::exit_code(*record);
}

}  // namespace

int run_session(RunFiles files, const RunOptions& options, const rig::Resumption* resumption) {
  // Before hours of testing, not after them.
  if (!options.record.empty() && options.record != "-") write_file(options.record, "");
  std::FILE* const out = options.record == "-" ? stderr : stdout;
  Session session(files, options, resumption);
  session.listen_to_signals();
  std::string id;
  {
    const auto progress =
        make_progress(out, {session.clock(), files.plan, files.rig, files.duts.size(), language_of(options.lang)});
    id = session.execute(*progress);
  }
  return leave(session, files, options, id, out);
}

int show_estimate(RunFiles files, const RunOptions& options) {
  const DryRun run(files, options);
  const rig::Forecast forecast = rig::forecast(run.setup());
  put(stdout, options.json ? forecast_json(run.setup(), forecast).dump(2) + "\n"
                           : forecast_text(run.setup(), forecast, language_of(options.lang)));
  return 0;
}

}  // namespace meterrig::cli
