#include "instruments/dcc.hpp"

#include <fmt/format.h>

#include <fstream>

#include "core/errors.hpp"
#include "instruments/dcc_quantity.hpp"

namespace meterrig {
namespace {

constexpr std::size_t largest_file = 16U << 20U;

using dcc::Document;
using dcc::Element;

std::string first_content(const Document& document, const Element& named) {
  const Element content = document.child(named, dcc::dcc_namespace, "content");
  return content ? document.text(content) : "";
}

void read_item(const Document& document, const Element& data, DigitalCertificate& into) {
  const Element items = document.need(data, dcc::dcc_namespace, "items");
  const std::vector<Element> all = document.children(items, dcc::dcc_namespace, "item");
  if (all.size() != 1)
    document.fail(items,
                  fmt::format("{} items; a certificate of one item is expected, whose results can't be taken for "
                              "another's",
                              all.size()));
  const Element& item = all.front();
  const Element maker = document.need(item, dcc::dcc_namespace, "manufacturer");
  into.manufacturer = first_content(document, document.need(maker, dcc::dcc_namespace, "name"));
  into.model = document.text(document.need(item, dcc::dcc_namespace, "model"));
  const Element names = document.need(item, dcc::dcc_namespace, "identifications");
  for (const Element& one : document.children(names, dcc::dcc_namespace, "identification"))
    into.identifications.push_back(document.text(document.need(one, dcc::dcc_namespace, "value")));
}

void read_results(const Document& document, const Element& root, DigitalCertificate& into) {
  const Element results = document.need(root, dcc::dcc_namespace, "measurementResults");
  for (const Element& one : document.children(results, dcc::dcc_namespace, "measurementResult")) {
    const Element list = document.need(one, dcc::dcc_namespace, "results");
    for (const Element& result : document.children(list, dcc::dcc_namespace, "result")) {
      if (auto curve = dcc::curve_of(document, result))
        dcc::add_curve(document, result, std::move(*curve), into.curves);
    }
  }
  if (into.curves.empty())
    document.fail(results,
                  "no result with two of basic_referenceValue, basic_measuredValue and basic_measurementError");
  for (const DigitalCertificate::Curve& curve : into.curves)
    if (curve.points.size() < 2)
      document.fail(
          results, fmt::format("one point in {} only; corrections need two at least, to lie between", curve.unit_text));
}

}  // namespace

DigitalCertificate parse_dcc(std::string_view text, const std::string& file) {
  const Document document(text, file);
  const Element& root = document.root();
  DigitalCertificate result;
  result.file = file;
  if (!std::string_view(root.attribute("schemaVersion").value()).starts_with("3."))
    document.fail(root, fmt::format("schemaVersion {:?}; 3.x is understood", root.attribute("schemaVersion").value()));
  const Element data = document.need(root, dcc::dcc_namespace, "administrativeData");
  const Element core = document.need(data, dcc::dcc_namespace, "coreData");
  result.id = document.text(document.need(core, dcc::dcc_namespace, "uniqueIdentifier"));
  result.begin = document.day(document.need(core, dcc::dcc_namespace, "beginPerformanceDate"));
  result.end = document.day(document.need(core, dcc::dcc_namespace, "endPerformanceDate"));
  if (result.end < result.begin) document.fail(core, "the measurements end before they begin");
  read_item(document, data, result);
  read_results(document, root, result);
  result.has_signature = bool(document.child(root, "http://www.w3.org/2000/09/xmldsig#", "Signature"));
  return result;
}

DigitalCertificate read_dcc(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) throw UserError(fmt::format("{}: can't be read; name the certificate's file", file.string()));
  std::string text(largest_file + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > largest_file)
    throw UserError(
        fmt::format("{}: more than {} MiB; no certificate is that large", file.string(), largest_file >> 20U));
  return parse_dcc(text, file.string());
}

}  // namespace meterrig
