#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>

#include "core/errors.hpp"
#include "instruments/dcc_quantity.hpp"

namespace meterrig::dcc {
namespace {

// A list of more numbers is no calibration.
constexpr std::size_t most_numbers = 10'000;

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view space = " \t\r\n";
  const std::size_t from = text.find_first_not_of(space);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(space) - from + 1);
}

std::pair<std::string_view, std::string_view> split_name(const char* qualified) {
  const std::string_view name = qualified;
  const std::size_t colon = name.find(':');
  if (colon == std::string_view::npos) return {"", name};
  return {name.substr(0, colon), name.substr(colon + 1)};
}

std::string_view namespace_of(const Element& element, std::string_view prefix) {
  const std::string wanted = prefix.empty() ? "xmlns" : fmt::format("xmlns:{}", prefix);
  for (Element above = element; above; above = above.parent())
    if (const auto declared = above.attribute(wanted.c_str())) return declared.value();
  return {};
}

}  // namespace

Document::Document(std::string_view text, std::string file) : text_(text), file_(std::move(file)) {
  // Entities of a document's own are never expanded: a declaration of them is refused.
  const pugi::xml_parse_result parsed =
      document_.load_buffer(text_.data(), text_.size(), pugi::parse_default | pugi::parse_doctype, pugi::encoding_utf8);
  if (!parsed) fail_at(parsed.offset, fmt::format("no well-formed XML: {}", parsed.description()));
  for (const Element& node : document_.children())
    if (node.type() == pugi::node_doctype)
      fail(node, "a document type declaration, which a certificate has no use for");
  root_ = document_.document_element();
  if (!is(root_, dcc_namespace, "digitalCalibrationCertificate"))
    fail(root_, fmt::format("the root is {:?}; expected digitalCalibrationCertificate of the namespace {}",
                            root_.name(), dcc_namespace));
}

bool Document::is(const Element& element, std::string_view space, std::string_view name) const {
  if (element.type() != pugi::node_element) return false;
  const auto [prefix, local] = split_name(element.name());
  return local == name && namespace_of(element, prefix) == space;
}

std::vector<Element> Document::children(const Element& parent, std::string_view space, std::string_view name) const {
  std::vector<Element> found;
  for (const Element& child : parent.children())
    if (is(child, space, name)) found.push_back(child);
  return found;
}

Element Document::child(const Element& parent, std::string_view space, std::string_view name) const {
  for (const Element& one : parent.children())
    if (is(one, space, name)) return one;
  return {};
}

Element Document::need(const Element& parent, std::string_view space, std::string_view name) const {
  const Element found = child(parent, space, name);
  if (!found) fail(parent, fmt::format("{} without {} of the namespace {}", parent.name(), name, space));
  return found;
}

std::string Document::text(const Element& element) const {
  const std::string_view found = trimmed(element.text().get());
  if (found.empty()) fail(element, fmt::format("{} is empty", element.name()));
  return std::string(found);
}

std::string Document::day(const Element& element) const {
  const std::string found = text(element);
  unsigned parts[3] = {0, 0, 0};
  const std::size_t starts[3] = {0, 5, 8};
  const std::size_t lengths[3] = {4, 2, 2};
  bool good = found.size() == 10 && found[4] == '-' && found[7] == '-';
  for (int i = 0; good && i < 3; ++i) {
    const char* const from = found.data() + starts[i];
    const auto [end, error] = std::from_chars(from, from + lengths[i], parts[i]);
    good = error == std::errc{} && end == from + lengths[i];
  }
  const std::chrono::year_month_day day{std::chrono::year(static_cast<int>(parts[0])), std::chrono::month(parts[1]),
                                        std::chrono::day(parts[2])};
  if (!good || !day.ok()) fail(element, fmt::format("{} is {:?}, no day such as 2026-11-21", element.name(), found));
  return found;
}

std::vector<double> Document::numbers(const Element& element) const {
  std::vector<double> values;
  std::string_view rest = trimmed(element.text().get());
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find_first_of(" \t\r\n"));
    double value = 0;
    const char* const from = word.data() + (word.front() == '+' ? 1 : 0);
    const auto [end, error] = std::from_chars(from, word.data() + word.size(), value);
    if (error != std::errc{} || end != word.data() + word.size() || !std::isfinite(value))
      fail(element, fmt::format("{:?} in {} is no number", word.substr(0, 40), element.name()));
    values.push_back(value);
    if (values.size() > most_numbers) fail(element, fmt::format("more than {} numbers", most_numbers));
    rest = trimmed(rest.substr(word.size()));
  }
  if (values.empty()) fail(element, fmt::format("{} holds no number", element.name()));
  return values;
}

std::size_t Document::line(const Element& element) const {
  const auto offset =
      std::min(static_cast<std::size_t>(std::max<std::ptrdiff_t>(0, element.offset_debug())), text_.size());
  return 1 +
         static_cast<std::size_t>(std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
}

void Document::fail(const Element& element, const std::string& what) const { fail_at(element.offset_debug(), what); }

void Document::fail_at(std::ptrdiff_t offset, const std::string& what) const {
  const auto end = std::clamp<std::ptrdiff_t>(offset, 0, static_cast<std::ptrdiff_t>(text_.size()));
  const auto line = 1 + std::count(text_.begin(), text_.begin() + end, '\n');
  throw UserError(fmt::format("{}:{}: {}", file_, line, what));
}

}  // namespace meterrig::dcc
