#include "core/json/schema.hpp"

#include <gtest/gtest.h>

#include "tests/unit/plan/support.hpp"

namespace meterrig::json {
namespace {

constexpr const char* schema_text = R"({
  "type": "object", "required": ["name"], "additionalProperties": false,
  "properties": {
    "name": {"type": "string", "minLength": 1, "pattern": "^[a-z]+$", "x-expected": "a name of small letters"},
    "baud": {"type": "integer", "minimum": 50, "maximum": 115200},
    "volts": {"type": "number", "exclusiveMinimum": 0},
    "parity": {"enum": ["none", "even", "odd"]},
    "shape": {"oneOf": [{"$ref": "#/definitions/circle"}, {"$ref": "#/definitions/square"}]},
    "either": {"anyOf": [{"type": "number"}, {"type": "string"}]},
    "list": {"type": "array", "minItems": 1, "maxItems": 2, "items": {"type": ["string", "null"]}},
    "when": {"type": ["object", "string"], "if": {"type": "object"}, "then": {"required": ["at"]}},
    "roles": {"propertyNames": {"enum": ["vent", "gauge"]}, "additionalProperties": {"type": "object"}}
  },
  "definitions": {
    "circle": {"type": "object", "required": ["kind", "radius"], "additionalProperties": false,
               "properties": {"kind": {"const": "circle"}, "radius": {"type": "number"}}},
    "square": {"type": "object", "required": ["kind", "side"], "additionalProperties": false,
               "properties": {"kind": {"const": "square"}, "side": {"type": "number"}}}
  }
})";

std::string verdict(const std::string& text) {
  static const Schema schema(parse(schema_text, "schema.json"));
  return plan::refusal([&] { schema.validate(parse(text, "f.json")); });
}

TEST(Schema, AcceptsWhatItAllows) {
  for (const char* text : {R"({"name": "a"})", R"({"name": "a", "baud": 2400, "volts": 0.1, "parity": "odd"})",
                           R"({"name": "a", "shape": {"kind": "square", "side": 2}, "either": "x", "when": "now"})",
                           R"({"name": "a", "list": ["x", null], "roles": {"vent": {}}})"}) {
    EXPECT_EQ(verdict(text), "(accepted)") << text;
  }
}

TEST(Schema, RefusalsNamePlaceFoundExpectedAndNearest) {
  const std::pair<const char*, const char*> cases[] = {
      {"[]", "f.json:1: at /: found an array; expected an object"},
      {"{}", "f.json:1: at /: found no key \"name\"; expected the key \"name\" in this object"},
      {"{\n\"nam\": \"a\"}",
       "f.json:2: at /nam: found unknown key \"nam\"; expected a known key; did you mean \"name\"?"},
      {R"({"name": "A1"})", "f.json:1: at /name: found string \"A1\"; expected a name of small letters"},
      {R"({"name": ""})", "f.json:1: at /name: found string \"\"; expected a name of small letters"},
      {R"({"name": "a", "baud": 9})", "f.json:1: at /baud: found number 9; expected a number from 50 to 115200"},
      {R"({"name": "a", "baud": 9.5})", "f.json:1: at /baud: found number 9.5; expected an integer"},
      {R"({"name": "a", "volts": 0})", "f.json:1: at /volts: found number 0; expected a number above 0"},
      {R"({"name": "a", "parity": "evn"})",
       "f.json:1: at /parity: found string \"evn\"; expected \"none\", \"even\" or \"odd\"; did you mean \"even\"?"},
      {R"({"name": "a", "shape": {"kind": "square", "side": "2"}})",
       "f.json:1: at /shape/side: found string \"2\"; expected a number"},
      {R"({"name": "a", "shape": {"kind": "square", "sid": 2}})",
       "f.json:1: at /shape/sid: found unknown key \"sid\"; expected a known key; did you mean \"side\"?"},
      {R"({"name": "a", "either": true})", "f.json:1: at /either: found true; expected a number or a string"},
      {R"({"name": "a", "list": []})", "f.json:1: at /list: found 0 elements; expected at least 1"},
      {R"({"name": "a", "list": ["", 5]})", "f.json:1: at /list/1: found number 5; expected a string or null"},
      {R"({"name": "a", "list": ["", "", ""]})", "f.json:1: at /list: found 3 elements; expected at most 2"},
      {R"({"name": "a", "when": {}})",
       "f.json:1: at /when: found no key \"at\"; expected the key \"at\" in this object"},
      {R"({"name": "a", "roles": {"guage": {}}})",
       "f.json:1: at /roles/guage: found unknown key \"guage\"; expected \"vent\" or \"gauge\"; did you mean "
       "\"gauge\"?"},
  };
  for (const auto& [text, message] : cases) EXPECT_EQ(verdict(text), message) << text;
}

TEST(Schema, LongStringAgainstAPatternDoesNotExhaustTheStack) {
  EXPECT_NE(verdict("{\"name\": \"" + std::string(2'000'000, 'a') + "\"}").find("a name of small letters"),
            std::string::npos);
}

TEST(Schema, ABrokenSchemaIsTheUsersError) {
  EXPECT_NE(plan::refusal([] { Schema(parse(R"({"type": "obj"})", "s.json")).validate(parse("{}", "f.json")); }),
            "(accepted)");
}

}  // namespace
}  // namespace meterrig::json
