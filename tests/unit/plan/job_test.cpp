#include "rig/plan/job.hpp"

#include <gtest/gtest.h>

#include "tests/unit/plan/support.hpp"

namespace meterrig::plan {
namespace {

// A job file beside its paper.
class Jobs : public testing::Test {
 protected:
  static constexpr const char* good = R"({
  "client": "甲公司",
  "order": "W-1",
  "reason": "new product",
  "agreements": [{"name": "n", "who": "w", "date": "2026-11-01", "waives": ["5.4.2c"]}],
  "certificates": [
    {
      "number": "IP-7",
      "laboratory": "乙实验室",
      "date": "2026-11-02",
      "clauses": ["5.2.13", "CJT484-5.2.5"],
      "model": "LXS-15E",
      "serials": ["26W000201"],
      "verdict": "pass",
      "file": "papers/ip.txt",
      "remark": "IP68"
    }
  ]
})";

  Jobs() { scratch_.write("papers/ip.txt", "a paper\n"); }

  Job read(const std::string& text, const char* plan = "cjt484-factory") {
    Loader loader = shipped();
    return loader.job(scratch_.write("job.json", text), loader.plan(plan));
  }
  // What is said of the good job with one piece changed, without the folder.
  std::string refused(const std::string& from, const std::string& to, const char* plan = "cjt484-factory") {
    std::string text = good;
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    text.replace(at, from.size(), to);
    std::string message = refusal([&] { read(text, plan); });
    const std::string folder = scratch_.folder().string() + "/";
    for (std::size_t i = message.find(folder); i != std::string::npos; i = message.find(folder))
      message.erase(i, folder.size());
    return message;
  }

  Scratch scratch_;
};

TEST_F(Jobs, AFileOfItsOwnHasAllThatAPlansJobHas) {
  const Job job = read(good);
  EXPECT_EQ(job.client, "甲公司");
  EXPECT_EQ(job.reason, "new product");
  ASSERT_EQ(job.certificates.size(), 1u);
  const Certificate& its = job.certificates.front();
  EXPECT_EQ(its.number, "IP-7");
  EXPECT_EQ(its.verdict, "pass");
  EXPECT_EQ(*its.content, "a paper\n");
  EXPECT_EQ(shipped().check(scratch_.folder() / "job.json"), "job");
}

TEST_F(Jobs, ACertificateIsAboutItsClausesAndSamples) {
  Certificate its = read(good).certificates.front();
  EXPECT_TRUE(its.concerns("CJT484-5.2.13/6.2.12"));
  EXPECT_TRUE(its.concerns("CJT484-5.2.5/6.2.8"));
  EXPECT_FALSE(its.concerns("CJT484-5.2.1/6.2.6"));
  DutFile dut = shipped().dut("lxs15-1");
  EXPECT_TRUE(its.is_about(dut));
  EXPECT_FALSE(its.is_about(shipped().dut("lxs15-2")));
  dut.model = "LXS-20E";
  EXPECT_FALSE(its.is_about(dut));
  its.model.clear();
  EXPECT_TRUE(its.is_about(dut));
  its.model = "LXS-15E";
  its.serials.clear();
  EXPECT_TRUE(its.is_about(shipped().dut("lxs15-2")));
}

TEST_F(Jobs, AnAgreementWaivesClausesButNotInATypeInspection) {
  const Job job = read(good);
  ASSERT_NE(job.waiving("CJT484-5.4.2c/6.4.2b"), nullptr);
  EXPECT_EQ(job.waiving("CJT484-5.4.2c/6.4.2b")->name, "n");
  EXPECT_EQ(job.waiving("CJT484-5.4.2b/6.4.2a"), nullptr);
  EXPECT_EQ(job.accepting("CJT484-5.4.2c/6.4.2b", "clock_error"), nullptr);
  EXPECT_EQ(refused("甲公司", "乙公司", "cjt484-type"),
            "job.json:5: at /agreements/0/waives: found clauses that are waived; expected none: a type inspection has "
            "its whole membership");
}

TEST_F(Jobs, BadValuesAreToldWithFileLineAndReason) {
  EXPECT_EQ(refused("\"IP-7\"", "\"\""),
            "job.json:8: at /certificates/0/number: found string \"\"; expected a string that is not empty");
  EXPECT_EQ(refused("2026-11-02", "2026-02-30"),
            "job.json:10: at /certificates/0/date: found string \"2026-02-30\"; expected a day such as 2026-11-21");
  EXPECT_EQ(refused("5.2.13", "5.2.31"),
            "job.json:11: at /certificates/0/clauses/0: found string \"5.2.31\"; expected the id or the requirement of "
            "a clause of cjt484; did you mean \"5.2.1\"?");
  EXPECT_EQ(refused("papers/ip.txt", "papers/ip.pdf"),
            "job.json:15: at /certificates/0/file: found string \"papers/ip.pdf\", and no such file papers/ip.pdf; "
            "expected the certificate's file, relative to the file that names it");
  EXPECT_EQ(refused("\"pass\"", "\"passed\""),
            "job.json:14: at /certificates/0/verdict: found string \"passed\"; expected \"pass\", \"fail\", "
            "\"inconclusive\", \"recorded\" or \"not_applicable\"; did you mean \"pass\"?");
  EXPECT_EQ(refused("\"remark\"", "\"remarks\""),
            "job.json:16: at /certificates/0/remarks: found unknown key \"remarks\"; expected a known key; did you "
            "mean \"remark\"?");
  EXPECT_EQ(refused("      \"model\": \"LXS-15E\",\n      \"serials\": [\"26W000201\"],\n", ""),
            "job.json:7: at /certificates/0: found neither \"model\" nor \"serials\"; expected the samples that the "
            "certificate is about");
  EXPECT_EQ(refused("\"5.4.2c\"", "\"5.4.2z\""),
            "job.json:5: at /agreements/0/waives/0: found string \"5.4.2z\"; expected the id or the requirement of a "
            "clause of cjt484; did you mean \"5.4.2a\"?");
}

TEST_F(Jobs, AnEmptyPaperIsNone) {
  scratch_.write("papers/ip.txt", "");
  EXPECT_EQ(refused("甲公司", "乙公司"),
            "job.json:15: at /certificates/0/file: found papers/ip.txt of 0 bytes; expected a file of 1 to 16777216 "
            "bytes");
}

}  // namespace
}  // namespace meterrig::plan
