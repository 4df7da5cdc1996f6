// GCC 12 sees uninitialised memory inside std::regex when sanitizers are on.
#ifndef __clang__
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include "core/json/schema.hpp"

// Without it valijson ends the program on a schema that it does not understand.
#define VALIJSON_USE_EXCEPTIONS 1
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wconversion"
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>
#pragma GCC diagnostic pop

#include "core/errors.hpp"
#include "core/json/explain.hpp"

namespace meterrig::json {

namespace {

// The explainer checks patterns, with a bound on the length of what it matches.
void drop_patterns(nlohmann::json& schema) {
  if (schema.is_object()) {
    if (const auto pattern = schema.find("pattern"); pattern != schema.end() && pattern->is_string()) {
      schema.erase(pattern);
    }
  }
  for (auto& part : schema) {
    if (part.is_structured()) drop_patterns(part);
  }
}

// `["clauses"]`, `[3]` as valijson names a step.
std::optional<Node> step(const Node& at, const std::string& text) {
  if (text.size() > 4 && text.starts_with("[\"")) {
    return at.is_object() ? at.optional(text.substr(2, text.size() - 4)) : std::nullopt;
  }
  if (!at.is_array() || text.size() < 3) return std::nullopt;
  const std::size_t index = std::stoul(text.substr(1));
  return index < at.size() ? std::optional(at[index]) : std::nullopt;
}

}  // namespace

struct Schema::Parts {
  explicit Parts(const Node& node) : explainer(node) {
    auto text = to_json(node);
    drop_patterns(text);
    valijson::SchemaParser parser;
    valijson::adapters::NlohmannJsonAdapter adapter(text);
    parser.populateSchema(adapter, schema);
  }
  Explainer explainer;
  valijson::Schema schema;
};

Schema::Schema(const Node& schema) {
  try {
    parts_ = std::make_unique<Parts>(schema);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    schema.fail(error.what(), "a JSON Schema of draft 7");
  }
}

Schema::Schema(Schema&&) noexcept = default;
Schema& Schema::operator=(Schema&&) noexcept = default;
Schema::~Schema() = default;

void Schema::validate(const Node& document) const {
  if (const auto bad = parts_->explainer.first_refusal(document)) {
    if (bad->at_key) bad->at.fail_at_key(bad->found, bad->expected, bad->hint);
    bad->at.fail(bad->found, bad->expected, bad->hint);
  }
  const auto json = to_json(document);
  valijson::Validator validator;
  valijson::ValidationResults results;
  valijson::adapters::NlohmannJsonAdapter adapter(json);
  if (validator.validate(parts_->schema, adapter, &results)) return;
  Node at = document;
  std::string words = "what the schema allows";
  valijson::ValidationResults::Error error;
  if (results.popError(error)) {
    words += " (" + error.description + ")";
    for (std::size_t i = 1; i < error.context.size(); ++i) {
      const auto next = step(at, error.context[i]);
      if (!next) break;
      at = *next;
    }
  }
  at.expected(words);
}

}  // namespace meterrig::json
