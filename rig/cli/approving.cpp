#include "rig/cli/approving.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>

#include "rig/cli/output_files.hpp"
#include "rig/cli/sealing.hpp"
#include "rig/record/person.hpp"
#include "rig/record/record_fold.hpp"

namespace meterrig::cli {

namespace {

using Json = nlohmann::json;

constexpr std::size_t text_bytes_max = 2000;

std::string next_step(const std::string& run, const record::ReportDocument& document) {
  switch (document.state) {
    case record::ApprovalState::open:
      return fmt::format("next: meterrig tested {} --by NAME", run);
    case record::ApprovalState::tested:
      return fmt::format("next: meterrig review {} --by NAME", run);
    case record::ApprovalState::reviewed:
      return fmt::format("next: meterrig approve {} --by NAME{}", run, document.of.empty() ? " --number R-…" : "");
    default:
      return fmt::format("its number is {}: meterrig report {}", document.number, run);
  }
}

// A folder that goes when it is no longer needed.
class Workshop {
 public:
  Workshop(const fs::path& data, const std::string& run) : path_(data / "approving" / run) { clear(); }
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;
  ~Workshop() { clear(); }
  const fs::path& path() const noexcept { return path_; }

 private:
  void clear() const {
    std::error_code error;
    fs::remove_all(path_, error);
    fs::remove(path_.parent_path(), error);
  }
  fs::path path_;
};

std::string content_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

std::string checked_text(std::string_view option, const std::string& text) {
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (record::person_key(text).empty() || text.size() > text_bytes_max ||
      std::any_of(text.begin(), text.end(), control))
    throw UserError(fmt::format("{}: expected one line of text in UTF-8, at most {} bytes", option, text_bytes_max));
  const std::size_t begin = text.find_first_not_of(' ');
  return text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

ApprovalDesk::ApprovalDesk(const fs::path& data, const std::string& run)
    : data_(data), store_(data, record::SqliteStore::Missing::refuse), run_(store_.find_run(run)), now_(wall_time()) {}

bool ApprovalDesk::whole() {
  const record::ChainReport chain = store_.verify(run_);
  const std::string fault = chain.ok() ? papers_fault(store_, data_, run_) : chain.text;
  if (!fault.empty()) {
    fmt::print(stderr, "meterrig: run {} is not what was written, so nobody can sign for it: {}\n", run_, fault);
    return false;
  }
  papers_ = papers_of(store_, run_, record::fold_record(record::parse_events(store_.read_events(run_))));
  return true;
}

void ApprovalDesk::expect_fit_to_sign() const {
  if (papers_.record.value("simulated", true)) {
    throw UserError(
        fmt::format("run {} is simulated: it is no test result, and gets no signature and no number; run "
                    "the plan on a real rig",
                    run_));
  }
  const std::string state = papers_.record.value("state", "");
  if (state != "finished")
    throw UserError(fmt::format("run {} is {}: only a finished run has a report to sign", run_, state));
  if (!papers_.seal)
    throw UserError(fmt::format(
        "run {} is not sealed. A run is sealed when it ends: find out why this one is not, hold its head against a "
        "printed one (meterrig results verify {} --head HEX), then: meterrig results seal {}",
        run_, run_, run_));
}

int ApprovalDesk::sample(int number) const {
  for (const Json& dut : papers_.record.at("duts"))
    if (dut.at("sample") == number) return number;
  throw UserError(fmt::format("--sample: found no sample {} in run {}", number, run_));
}

std::string ApprovalDesk::clause(const std::string& asked) const {
  std::set<std::string> found;
  for (const Json& dut : papers_.record.at("duts"))
    for (const Json& result : dut.at("results")) {
      const std::string id = result.at("id");
      if (asked == id || asked == id.substr(0, id.find('/')) || asked == result.value("requirement", "") ||
          asked == result.value("test", ""))
        found.insert(id);
    }
  if (found.size() == 1) return *found.begin();
  throw UserError(found.empty()
                      ? fmt::format("--clause: found no clause \"{}\" in run {}", asked, run_)
                      : fmt::format("--clause: \"{}\" is one of {}; name it whole", asked, fmt::join(found, ", ")));
}

record::Approval ApprovalDesk::after(std::string_view type, Json body) const {
  record::Approval approval = papers_.approval;
  body["type"] = type;
  record::apply_act(approval, body);
  return approval;
}

void ApprovalDesk::add(std::string_view type, Json body, std::vector<record::Blob> blobs) {
  (void)after(type, body);
  papers_.acts.push_back(
      record::add_act(store_, run_, papers_.acts, type, std::move(body), blobs, seal_key(data_), now_));
  papers_.approval = record::fold_acts(papers_.acts, papers_.seal->head.seq);
  const record::ReportDocument& newest = papers_.approval.newest();
  fmt::print("{}: {} by {}; the report is {}\n", run_, type, papers_.acts.back().at("by").get<std::string>(),
             record::word(newest.state));
  if (!papers_.record.value("simulated", true)) fmt::print("{}\n", next_step(run_, newest));
}

void ApprovalDesk::amend(Json body) {
  const record::Approval approval = after("amended", body);
  const record::ReportDocument& next = approval.newest();
  body.update({{"number", next.number}, {"of", next.of}, {"index", next.index}});
  const Json by{{"by", body.at("by")}, {"reason", nullptr}};
  add("amended", std::move(body));
  add("tested", by);
}

// HTML always, PDF when it can be made.
std::vector<record::Blob> ApprovalDesk::rendered(const Json& act, Language language, Json& documents) {
  RunPapers as_approved = papers_;
  as_approved.acts.push_back(act);
  record::apply_act(as_approved.approval, act);
  const Workshop workshop(data_, run_);
  const fs::path record = keep_record(store_, workshop.path(), as_approved);
  std::vector<record::Blob> blobs;
  for (const char* const format : {"html", "pdf"}) {
    const fs::path file = workshop.path() / "report" / (run_ + "." + format);
    if (!render_report(plan::ConfigPath::find(), record, file, language)) continue;
    std::string bytes = content_of(file);
    const record::Digest digest = record::sha256({bytes});
    documents.push_back(
        {{"format", format}, {"language", word(language)}, {"sha256", "sha256:" + record::hex(digest)}});
    blobs.push_back({digest, std::move(bytes)});
  }
  return blobs;
}

bool ApprovalDesk::approve(Json body, Language language) {
  (void)after("approved", body);
  const Json act = record::act_of("approved", body, papers_.acts.size() + 1, papers_.seal->head, now_);
  Json documents = Json::array();
  std::vector<record::Blob> blobs = rendered(act, language, documents);
  if (documents.empty() || documents.front().at("format") != "html") {
    fmt::print(stderr,
               "meterrig: without a report there is nothing to approve; mend what is said above and try again\n");
    return false;
  }
  body["documents"] = std::move(documents);
  if (blobs.size() == 1) fmt::print(stderr, "meterrig: the report is approved as HTML alone, for want of a PDF\n");
  add("approved", std::move(body), std::move(blobs));
  return true;
}

}  // namespace meterrig::cli
