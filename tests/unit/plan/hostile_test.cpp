#include <gtest/gtest.h>

#include <random>

#include "tests/unit/plan/support.hpp"

namespace meterrig::plan {
namespace {

// Start and length of every value that is a word, a number or a string without escapes.
std::vector<std::pair<std::size_t, std::size_t>> tokens(const std::string& text) {
  std::vector<std::pair<std::size_t, std::size_t>> result;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t start = at;
    if (text[at] == '"') {
      at = std::min(text.find('"', at + 1), text.size() - 1) + 1;
      result.emplace_back(start, at - start);
    } else if (isalnum(static_cast<unsigned char>(text[at])) != 0 || text[at] == '-') {
      while (at < text.size() && text.find_first_of(",]} \n", at) != at) ++at;
      result.emplace_back(start, at - start);
    } else {
      ++at;
    }
  }
  return result;
}

// Reading a damaged file ends in a UserError or not at all, whatever was damaged.
void damage(const std::string& kind, const std::string& name, int times, unsigned seed) {
  const std::string replacements[] = {"null",
                                      "true",
                                      "-1",
                                      "0",
                                      "1e308",
                                      "99999999999999999999",
                                      "\"\"",
                                      "[]",
                                      "{}",
                                      "[[[]]]",
                                      "{\"a\": 1}",
                                      "\"\\u0000\"",
                                      "\"" + std::string(5000, 'a') + "\"",
                                      "\"../../../etc/passwd\"",
                                      "\"/dev/zero\"",
                                      "\"virtual:\"",
                                      "\"CJT503-5.3.8/6.10\""};
  Loader loader = shipped();
  const Scratch scratch;
  const std::string text = text_of(loader.path().resolve(kind, name));
  const auto places = tokens(text);
  std::mt19937 random(seed);
  auto pick = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random); };
  for (int i = 0; i < times; ++i) {
    std::string damaged = text;
    const auto [start, length] = places[pick(places.size())];
    damaged.replace(start, length, replacements[pick(std::size(replacements))]);
    if (pick(4) == 0) damaged[pick(damaged.size())] = static_cast<char>(pick(256));
    const auto file = scratch.write("x.json", damaged);
    try {
      loader.check(file);
    } catch (const UserError& error) {
      const std::string message = error.what();
      EXPECT_LT(message.size(), 1000u) << message;
      EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    } catch (const std::exception& error) {
      ADD_FAILURE() << kind << "/" << name << " seed " << seed << " round " << i << ": " << error.what();
    }
  }
}

TEST(Hostile, DamagedFilesAreRefusedInOneLine) {
  Loader loader = shipped();
  unsigned seed = 1;
  for (const char* kind : {"plans", "rigs", "duts", "instruments", "meters"}) {
    for (const std::string& name : loader.path().names(kind)) damage(kind, name, 150, ++seed);
  }
  damage("standards", "cjt503", 100, ++seed);
}

TEST(Hostile, DependenciesInACircle) {
  const Scratch scratch;
  const std::string text = changed("standards/cjt503.json", "\"procedure\": \"valve_tightness\",",
                                   "\"procedure\": \"valve_tightness\", \"after\": [\"CJT503-5.3.6/6.8\"],");
  const auto file = scratch.write("x.json", text);
  const std::string message = refusal([&] { shipped().check(file); });
  EXPECT_NE(message.find("found a circle of dependencies; expected clauses that can be run one after another"),
            std::string::npos)
      << message;
}

}  // namespace
}  // namespace meterrig::plan
