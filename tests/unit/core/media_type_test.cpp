#include "core/media_type.hpp"

#include <gtest/gtest.h>

#include <string>

namespace meterrig {
namespace {

using namespace std::string_literals;

std::string word_of(const std::string& bytes) {
  const auto type = media_type_of(bytes);
  return type ? std::string(type->word) : "none";
}

TEST(MediaTypes, GoByTheContent) {
  EXPECT_EQ(word_of("\x89PNG\r\n\x1a\n and more\0"s), "image/png");
  EXPECT_EQ(word_of("\xff\xd8\xff\xe0"), "image/jpeg");
  EXPECT_EQ(word_of("%PDF-1.4\n"), "application/pdf");
  EXPECT_EQ(word_of("plain,\ttext\r\n"), "text/plain");
  EXPECT_EQ(word_of("<script>"), "text/plain") << "text it is; who shows it escapes it";
  EXPECT_EQ(word_of("完好 😀"), "text/plain");
}

TEST(MediaTypes, RefuseTheRest) {
  for (const std::string& bytes : {""s, "MZ\x90"s, "a\0b"s, "\x1b[31m"s, "\x89PNG"s, "\xc0\x80"s, "\xe0\x80\x80"s,
                                   "\xed\xa0\x80"s, "\xf4\x90\x80\x80"s, "\xf5\x80\x80\x80"s, "\xe5\xae"s, "\x80"s})
    EXPECT_EQ(word_of(bytes), "none") << testing::PrintToString(bytes);
}

TEST(MediaTypes, AreKnownByTheirWord) {
  EXPECT_EQ(media_type_named("image/jpeg")->ending, ".jpg");
  EXPECT_EQ(media_type_named("text/plain")->ending, ".txt");
  EXPECT_FALSE(media_type_named("text/html"));
}

}  // namespace
}  // namespace meterrig
