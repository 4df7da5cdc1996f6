#pragma once

#include <memory>
#include <optional>
#include <pugixml.hpp>

#include "instruments/dcc.hpp"

// Inside of the DCC reader: elements by namespace, and the quantities of D-SI.
namespace meterrig::dcc {

using Element = pugi::xml_node;

inline constexpr std::string_view dcc_namespace = "https://ptb.de/dcc";
inline constexpr std::string_view si_namespace = "https://ptb.de/si";

// A parsed certificate. pugixml knows no namespaces: they are resolved here, from the declarations above an element.
class Document {
 public:
  // Throws UserError for what is no well-formed XML without a document type declaration, or another root.
  Document(std::string_view text, std::string file);
  const Element& root() const noexcept { return root_; }
  bool is(const Element& element, std::string_view space, std::string_view name) const;
  std::vector<Element> children(const Element& parent, std::string_view space, std::string_view name) const;
  Element child(const Element& parent, std::string_view space, std::string_view name) const;  // null: none
  Element need(const Element& parent, std::string_view space, std::string_view name) const;
  // Trimmed, not empty.
  std::string text(const Element& element) const;
  std::string day(const Element& element) const;  // 2026-11-21
  std::vector<double> numbers(const Element& element) const;
  std::size_t line(const Element& element) const;
  [[noreturn]] void fail(const Element& element, const std::string& what) const;

 private:
  [[noreturn]] void fail_at(std::ptrdiff_t offset, const std::string& what) const;
  std::string text_;
  std::string file_;
  pugi::xml_document document_;
  Element root_;
};

// None: the result is no calibration curve.
std::optional<DigitalCertificate::Curve> curve_of(const Document& document, const Element& result);
// Puts a result's points among those of the same dimension, in its unit, in the order of their indications.
void add_curve(const Document& document, const Element& result, DigitalCertificate::Curve curve,
               std::vector<DigitalCertificate::Curve>& curves);

}  // namespace meterrig::dcc
