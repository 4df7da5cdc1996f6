#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/json/node.hpp"
#include "core/json/text.hpp"
#include "tests/unit/plan/support.hpp"

namespace meterrig::json {
namespace {

std::string refused(const std::string& text) {
  return plan::refusal([&] { parse(text, "f.json"); });
}

TEST(Json, KeepsPlacesPathsAndNumberText) {
  const Node root = parse("// head\n{\n  \"a\": [1, /* two\n lines */ 2.50],\n  \"b/c\": {\"~\": null}\n}\n", "f.json");
  EXPECT_EQ(root.line(), 2u);
  EXPECT_EQ(root.path(), "/");
  const Node second = root.at("a")[1];
  EXPECT_EQ(second.line(), 4u);
  EXPECT_EQ(second.column(), 11u);
  EXPECT_EQ(second.path(), "/a/1");
  EXPECT_EQ(second.number_text(), "2.50");
  EXPECT_DOUBLE_EQ(second.number(), 2.5);
  EXPECT_EQ(root.at("b/c").at("~").path(), "/b~1c/~0");
  EXPECT_FALSE(root.at("b/c").has("~"));
}

TEST(Json, NodeKeepsItsTreeAlive) {
  Node inner = parse("[[\"kept\"]]", "f.json")[0][0];
  EXPECT_EQ(inner.string(), "kept");
}

TEST(Json, DecodesEscapes) {
  EXPECT_EQ(parse(R"("\u00b5A \ud83d\ude00 \n\/\"")", "f").string(), "µA 😀 \n/\"");
  EXPECT_EQ(parse("\xEF\xBB\xBF true", "f").boolean(), true);
}

TEST(Json, SyntaxErrorsNameLinePathFoundAndExpected) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "f.json:1: at /: found the end of the file; expected a value"},
      {"{\"a\": 1,}", "f.json:1: at /: found \",\" before \"}\"; expected no comma behind the last one"},
      {"[1,\n2\n3]", "f.json:3: at /: found \"3\"; expected \",\" or \"]\""},
      {"{\"a\": 1}\n\"x\"", "f.json:2: at /: found a string; expected the end of the file"},
      {"{\"a\": {\"b\": 1,\n \"b\": 2}}",
       "f.json:2: at /a/b: found key \"b\" again; expected each key once (first on line 1)"},
      {"{a: 1}", "f.json:1: at /: found \"a\"; expected a key in double quotes"},
      {"{\"a\" 1}", "f.json:1: at /a: found \"1\"; expected \":\""},
      {"{\"a\": 'x'}", "f.json:1: at /a: found \"'\"; expected a string in double quotes"},
      {"[True]", "f.json:1: at /0: found \"True\"; expected a value; did you mean \"true\"?"},
      {"[NaN]", "f.json:1: at /0: found \"NaN\"; expected a value"},
      {"[-Infinity]", "f.json:1: at /0: found \"-Infinity\"; expected a number such as 5, -0.25 or 2e-6"},
      {"[05]", "f.json:1: at /0: found \"05\"; expected a number such as 5, -0.25 or 2e-6"},
      {"[.5]", "f.json:1: at /0: found \".5\"; expected a number such as 5, -0.25 or 2e-6"},
      {"[1e999]", "f.json:1: at /0: found number \"1e999\"; expected a number within the range of a double"},
      {"[\"a\nb\"]", "f.json:1: at /0: found a line break inside a string; expected \"\\\"\" or an escape"},
      {"[\"\\x\"]", "f.json:1: at /0: found an unknown escape; expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u"},
      {"[\"\\ud800x\"]",
       "f.json:1: at /0: found half of a surrogate pair; expected \\uD800-\\uDBFF with \\uDC00-\\uDFFF"},
      {"[\"abc", "f.json:1: at /0: found a string without end; expected \"\\\"\""},
      {"[1] /* x", "f.json:1: at /: found a comment without end; expected \"*/\""},
      {"[1,\n \"\xFF\"]", "f.json:2: at /: found byte 0xFF; expected text in UTF-8"},
  };
  for (const auto& [text, message] : cases) EXPECT_EQ(refused(text), message) << text;
}

TEST(Json, HostileInputIsRefusedQuickly) {
  EXPECT_EQ(
      refused(std::string(100000, '[')), "f.json:1: at " + [] {
        std::string path;
        for (int i = 0; i < 64; ++i) path += "/0";
        return path;
      }() + ": found deeper nesting; expected at most 64 levels");
  std::string many = "[";
  for (int i = 0; i < 300000; ++i) many += "0,";
  EXPECT_EQ(refused(many + "0]"), "f.json:1: at /: found more values; expected at most 200000");
  EXPECT_EQ(refused(std::string((16U << 20U) + 1, ' ')),
            "f.json:1: at /: found 16777217 bytes; expected at most 16777216");
  std::string keys = "{";
  for (int i = 0; i < 100000; ++i) keys += "\"" + std::to_string(i) + "\":0,";
  EXPECT_NE(refused(keys + "\"0\":1}").find("key \"0\" again"), std::string::npos);
  EXPECT_NE(refused("\"" + std::string("\0", 1) + "\"").find("byte 0x00 inside a string"), std::string::npos);
  EXPECT_NE(refused("\xC0\xAF").find("byte 0xC0"), std::string::npos);
  EXPECT_NE(refused("\"\xED\xA0\x80\"").find("byte 0xED"), std::string::npos);
}

TEST(Json, EveryCutAndEveryBitFlipOfARealFileIsReadOrRefused) {
  const std::string text = plan::text_of(plan::config_folder() / "rigs/embedded.json").substr(0, 1500);
  for (std::size_t i = 0; i < text.size(); ++i) {
    EXPECT_NE(refused(text.substr(0, i)), "(accepted)");
    std::string flipped = text;
    flipped[i] = static_cast<char>(static_cast<unsigned char>(flipped[i]) ^ (1U << (i % 8)));
    (void)refused(flipped);
  }
}

TEST(Json, ReadersSayWhatTheyFound) {
  const Node root = parse("{\"n\": 1.5, \"s\": \"fast\",\n\"i\": 70000, \"big\": 99999999999999999999}", "f.json");
  auto says = [](auto call) { return plan::refusal(call); };
  EXPECT_EQ(says([&] { (void)root.at("n").string(); }), "f.json:1: at /n: found number 1.5; expected a string");
  EXPECT_EQ(says([&] { (void)root.at("n").integer(); }), "f.json:1: at /n: found number 1.5; expected an integer");
  EXPECT_EQ(says([&] { (void)root.at("i").integer(1, 65535); }),
            "f.json:2: at /i: found number 70000; expected an integer from 1 to 65535");
  EXPECT_EQ(says([&] { (void)root.at("big").integer(); }),
            "f.json:2: at /big: found number 99999999999999999999; expected an integer of 64 bits");
  EXPECT_EQ(
      says([&] {
        (void)root.at("s").one_of({"fine", "fasten", "slow"});
      }),
      "f.json:1: at /s: found string \"fast\"; expected \"fine\", \"fasten\" or \"slow\"; did you mean \"fasten\"?");
  EXPECT_EQ(says([&] { (void)root.at("volts"); }),
            "f.json:1: at /: found no key \"volts\"; expected the key \"volts\" in this object");
  EXPECT_EQ(says([&] {
              root.reject_unknown_keys({"n", "t", "i", "big"});
            }),
            "f.json:1: at /s: found unknown key \"s\"; expected a known key");
  EXPECT_EQ(says([&] { (void)root[9]; }), "f.json:1: at /: found an object; expected at least 10 elements");
}

TEST(Json, ConvertsToNlohmannWithIntegersKept) {
  const auto json = to_json(parse(R"({"a": [1, -2, 18446744073709551615, 0.1, true, null, "x"]})", "f"));
  EXPECT_EQ(json.dump(), R"({"a":[1,-2,18446744073709551615,0.1,true,null,"x"]})");
  EXPECT_TRUE(json["a"][0].is_number_integer());
}

TEST(Json, NearestWord) {
  const std::vector<std::string> words{"power_supply", "voltmeter", "ammeter", "microammeter"};
  EXPECT_EQ(nearest("power_suply", words), "power_supply");
  EXPECT_EQ(nearest("Ammeter", words), "ammeter");
  EXPECT_EQ(nearest("micorammeter", words), "microammeter");
  EXPECT_EQ(nearest("chamber", words), std::nullopt);
  EXPECT_EQ(nearest(std::string(100000, 'a'), words), std::nullopt);
  EXPECT_EQ(nearest("", words), std::nullopt);
}

TEST(Json, MissingFile) {
  EXPECT_EQ(plan::refusal([] { parse_file("/nowhere/x.json"); }),
            "/nowhere/x.json: found no such file; expected a readable file");
  EXPECT_EQ(plan::refusal([] { parse_file("/"); }), "/: found something else; expected a readable file");
}

}  // namespace
}  // namespace meterrig::json
