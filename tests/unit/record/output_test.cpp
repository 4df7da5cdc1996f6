#include <gtest/gtest.h>

#include "rig/record/junit.hpp"
#include "rig/record/measurement_text.hpp"
#include "rig/record/record_fold.hpp"
#include "rig/record/verdict_table.hpp"
#include "sample_run.hpp"

namespace meterrig::record {
namespace {

using nlohmann::json;
using test::leak;
using test::quiescent;

std::size_t count(const std::string& text, std::string_view part) {
  std::size_t n = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++n;
  return n;
}

// Sample 1: fail and void; sample 2: inconclusive and not tested.
json mixed_record() {
  test::Bench bench;
  json body = test::opening();
  body["duts"][0]["serial"] = "A<1>&\"'";
  bench.start(body);
  bench.begin(1, quiescent);
  bench.journal.append("measurement", test::with(test::at(1, quiescent), test::current(56.2, "fail")));
  bench.end(1, quiescent, "fail");
  bench.begin(1, leak);
  bench.end(1, leak, "void", 1,
            {{"instrument", "leak-1"},
             {"command", "Q?"},
             {"got", "\x01<&]]>"},
             {"after_s", 0.5},
             {"text", "no \"number\"\nat all"}});
  bench.whole(2, quiescent, "inconclusive");
  bench.finish("finished", "fail");
  return fold_record(bench.journal.events());
}

TEST(Junit, OneSuitePerDutOneCasePerClause) {
  const std::string xml = junit_xml(mixed_record());
  EXPECT_NE(
      xml.find("<testsuites name=\"meterrig cjt503-auto\" tests=\"4\" failures=\"2\" errors=\"1\" skipped=\"1\">"),
      std::string::npos)
      << xml;
  EXPECT_EQ(count(xml, "<testsuite "), 2U);
  EXPECT_EQ(count(xml, "<testcase "), 4U);
  EXPECT_NE(xml.find("<failure type=\"fail\" message=\"quiescent_current 56.20 ± 0.90 uA, limit ≤ 50 (standard)\">"),
            std::string::npos)
      << xml;
  EXPECT_EQ(count(xml, "<failure type=\"inconclusive\""), 1U) << "a build server must not be green";
  EXPECT_EQ(count(xml, "<error type=\"void\""), 1U);
  EXPECT_EQ(count(xml, "<skipped"), 1U);
  EXPECT_NE(xml.find("time=\"1.500\""), std::string::npos);
}

TEST(Junit, EscapesEverything) {
  const std::string xml = junit_xml(mixed_record());
  EXPECT_NE(xml.find("A&lt;1&gt;&amp;&quot;&apos;"), std::string::npos);
  EXPECT_NE(xml.find("\uFFFD&lt;&amp;]]&gt;"), std::string::npos) << xml;
  EXPECT_NE(xml.find("no &quot;number&quot;&#10;at all"), std::string::npos);
  EXPECT_EQ(xml.find('\x01'), std::string::npos);
  EXPECT_EQ(xml_escaped("a\xEF\xBF\xBF静\x0b"), "a\uFFFD静\uFFFD");
}

TEST(Table, CjkTakesTwoColumns) {
  EXPECT_EQ(display_width("abc"), 3U);
  EXPECT_EQ(display_width("静态µA"), 6U);
  EXPECT_EQ(display_width("（）：，"), 8U);
  EXPECT_EQ(display_width("e\u0301"), 1U);
  EXPECT_EQ(display_width(""), 0U);
}

TEST(Table, ColumnsLineUp) {
  const VerdictTable table = verdict_table(mixed_record());
  ASSERT_EQ(table.rows.size(), 2U);
  EXPECT_EQ(table.columns[0].verdict, Verdict::fail);
  EXPECT_EQ(render_table(table, Language::zh),
            "条款               项目          #1 A<1>&\"'  #2 A2\n"
            "--------------------------------------------------\n"
            "CJT503-5.3.8/6.10  静态工作电流  不符合      待定\n"
            "CJT503-5.3.6/6.8   阀门泄漏      无效        未检\n"
            "--------------------------------------------------\n"
            "样品                             不符合      待定\n"
            "! CJT503-5.3.8/6.10 #1 fail: quiescent_current 56.20 ± 0.90 uA, limit ≤ 50 (standard)\n"
            "! CJT503-5.3.6/6.8 #1 void: leak-1: `Q?` gave ` <&]]>` after 0.5 s: no \"number\" at all\n"
            "! CJT503-5.3.8/6.10 #2 inconclusive\n");
  const std::string both = render_table(table, Language::both);
  EXPECT_NE(both.find("静态工作电流 quiescent current  不符合 fail"), std::string::npos) << both;
  EXPECT_NE(render_table(table, Language::en).find("not tested"), std::string::npos);
}

TEST(MeasurementText, EveryKindOfLimit) {
  EXPECT_EQ(limit_text({{"at_most", 50}}), "≤ 50");
  EXPECT_EQ(limit_text({{"less_than", 5.5}}), "< 5.5");
  EXPECT_EQ(limit_text({{"at_least", "1.20"}}), "≥ 1.20");
  EXPECT_EQ(limit_text({{"between", {-1, 1}}}), "-1 … 1");
  EXPECT_EQ(limit_text({{"equals", true}}), "= true");
  EXPECT_EQ(limit_text(nullptr), "");
  EXPECT_EQ(measurement_text({{"name", "i"}, {"value", 100}, {"one_sided", ">"}, {"unit", "uA"}}), "i > 100 uA");
  EXPECT_EQ(measurement_text({{"name", "i"}, {"value", nullptr}, {"reason", "stale"}, {"unit", "uA"}}),
            "i: no reading (stale)");
}

}  // namespace
}  // namespace meterrig::record
