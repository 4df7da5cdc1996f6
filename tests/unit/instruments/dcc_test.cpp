#include "instruments/dcc.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "core/errors.hpp"

namespace meterrig {
namespace {

std::string sample(const std::string& name) {
  std::ifstream stream(METERRIG_SOURCE_DIR "/tests/data/dcc/" + name);
  std::stringstream text;
  text << stream.rdbuf();
  return text.str();
}

std::string with(std::string text, const std::string& what, const std::string& instead) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos) << what;
  return text.replace(at, what.size(), instead);
}

// The complaint about a certificate; empty: it was taken.
std::string complaint(const std::string& text) {
  try {
    (void)parse_dcc(text, "c.xml");
  } catch (const UserError& wrong) {
    return wrong.what();
  }
  return "";
}

TEST(Dcc, ListsOfDsiOne) {
  const DigitalCertificate certificate = parse_dcc(sample("analyser_lists.xml"), "c.xml");
  EXPECT_EQ(certificate.id, "SAMPLE-ANALYSER-1");
  EXPECT_EQ(certificate.manufacturer, "Keysight Technologies");
  EXPECT_EQ(certificate.model, "N6705C");
  EXPECT_EQ(certificate.identifications.front(), "MY53000001");
  EXPECT_EQ(certificate.end, "2026-01-05");
  EXPECT_FALSE(certificate.has_signature);
  ASSERT_EQ(certificate.curves.size(), 1U);
  const auto& curve = certificate.curves.front();
  EXPECT_EQ(curve.unit.dimension, "A");
  ASSERT_EQ(curve.points.size(), 4U);
  EXPECT_NEAR(curve.points[2].indication, 50.4e-6, 1e-12);
  EXPECT_NEAR(curve.points[2].correction, -0.4e-6, 1e-12);
  EXPECT_NEAR(curve.points[2].standard_uncertainty, 0.02e-6, 1e-15);
}

// Values one by one, in two units, under other prefixes.
TEST(Dcc, SinglesOfDsiTwo) {
  const DigitalCertificate certificate = parse_dcc(sample("dmm_singles.xml"), "c.xml");
  EXPECT_TRUE(certificate.has_signature);
  ASSERT_EQ(certificate.curves.size(), 1U);
  const auto& points = certificate.curves.front().points;
  ASSERT_EQ(points.size(), 3U);
  EXPECT_NEAR(points[1].indication, 3.0006, 1e-12);
  EXPECT_NEAR(points[1].correction, -0.0006, 1e-12);
  EXPECT_NEAR(points[1].standard_uncertainty, 0.00006, 1e-12);
}

TEST(Dcc, ErrorsAloneGiveTheIndicationToo) {
  std::string text = sample("analyser_lists.xml");
  text = with(text, "basic_measuredValue", "basic_measuredValueOfAnother");
  const auto curve = parse_dcc(text, "c.xml").curves.front();
  EXPECT_NEAR(curve.points[2].indication, 50.4e-6, 1e-12);
  EXPECT_NEAR(curve.points[2].correction, -0.4e-6, 1e-12);
}

struct Wrong {
  const char* name;
  const char* what;
  const char* instead;
  const char* says;
};
class Refused : public ::testing::TestWithParam<Wrong> {};
TEST_P(Refused, WithPlaceAndReason) {
  const Wrong& wrong = GetParam();
  const std::string said = complaint(with(sample("analyser_lists.xml"), wrong.what, wrong.instead));
  EXPECT_EQ(said.rfind("c.xml:", 0), 0U) << said;
  EXPECT_NE(said.find(wrong.says), std::string::npos) << said;
}
INSTANTIATE_TEST_SUITE_P(
    Each, Refused,
    ::testing::Values(
        Wrong{"OtherNamespace", "xmlns:dcc=\"https://ptb.de/dcc\"", "xmlns:dcc=\"https://ptb.de/drmd\"", "the root is"},
        Wrong{"OtherDsiNamespace", "xmlns:si=\"https://ptb.de/si\"", "xmlns:si=\"https://ptb.de/sis\"",
              "neither si:real"},
        Wrong{"NoNamespace", "xmlns:dcc=\"https://ptb.de/dcc\"", "", "the root is"},
        Wrong{"OtherVersion", "schemaVersion=\"3.2.0\"", "schemaVersion=\"2.4.0\"", "3.x is understood"},
        Wrong{"UnknownUnit", "\\micro\\ampere", "\\micro\\amper", "is not known"},
        Wrong{"OtherQuantity", "\\micro\\ampere", "\\micro\\volt", "beside"},
        Wrong{"UnequalLists", "0.1 20.2 50.4 100.6", "0.1 20.2 50.4", "values beside"},
        Wrong{"FewerUncertainties", "0.02 0.02 0.04 0.06", "0.02 0.02", "2 numbers in si:uncertaintyXMLList for 4"},
        Wrong{"NoNumber", "0.1 20.2", "0.1 2O.2", "is no number"},
        Wrong{"Infinite", "0.1 20.2", "0.1 inf", "is no number"},
        Wrong{"NoCoverageFactor", "coverageFactorXMLList>2<", "coverageFactorXMLList>0<", "k = 0"},
        Wrong{"NegativeUncertainty", ">0.02 0.02", ">-0.02 0.02", "U = -0.02"},
        Wrong{"TwicePoint", "0.1 20.2 50.4 100.6", "20.2 20.2 50.4 100.6", "at the same indication"},
        Wrong{"NoSuchDay", "2026-01-05", "2026-02-30", "no day"},
        Wrong{"EndsBefore", "2026-01-05", "2026-01-03", "end before they begin"},
        Wrong{"Entity", "0.1 20.2", "&bomb; 20.2", "is no number"}),
    [](const auto& one) { return std::string(one.param.name); });

TEST(Dcc, AValueWithoutAnUncertaintyIsNoCalibration) {
  std::string text = with(sample("analyser_lists.xml"), "<si:expandedUncXMLList>", "<si:other>");
  text = with(text, "</si:expandedUncXMLList>", "</si:other>");
  EXPECT_NE(complaint(text).find("without an expanded uncertainty"), std::string::npos) << complaint(text);
}

TEST(Dcc, ALineIsThatOfWhatIsWrong) {
  const std::string text = sample("analyser_lists.xml");
  const std::size_t at = text.find("0.1 20.2");
  const auto line = 1 + std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n');
  const std::string said = complaint(with(text, "0.1 20.2", "0.1 2O.2"));
  EXPECT_EQ(said.rfind("c.xml:" + std::to_string(line) + ":", 0), 0U) << said;
}

// What people who mean harm, or a broken disk, make of it: no crash, no hour of waiting, always a reason.
TEST(Dcc, CutAnywhere) {
  const std::string text = sample("analyser_lists.xml");
  const std::size_t end = text.rfind("</dcc:digitalCalibrationCertificate>");
  for (std::size_t length = 0; length < end + 36; length += 97)
    EXPECT_NE(complaint(text.substr(0, length)), "") << length;
}

TEST(Dcc, AnEntityBombIsRefusedUnread) {
  std::string bomb = "<?xml version=\"1.0\"?>\n<!DOCTYPE a [<!ENTITY a \"aaaaaaaaaa\">";
  for (char c = 'b'; c < 'l'; ++c) {
    bomb += std::string("<!ENTITY ") + c + " \"";
    for (int i = 0; i < 10; ++i) bomb += std::string("&") + static_cast<char>(c - 1) + ";";
    bomb += "\">";
  }
  const std::string text = sample("analyser_lists.xml");
  bomb += "]>\n" + with(text.substr(text.find("<dcc:digital")), "0.1 20.2", "&k; 20.2");
  EXPECT_NE(complaint(bomb).find("document type declaration"), std::string::npos) << complaint(bomb);
}

TEST(Dcc, HugeAndDeepListsAreRefused) {
  std::string numbers;
  for (int i = 0; i < 200'000; ++i) numbers += "1 ";
  EXPECT_NE(complaint(with(sample("analyser_lists.xml"), "0.1 20.2 50.4 100.6", numbers)).find("more than"),
            std::string::npos);
  std::string deep, closing;
  for (int i = 0; i < 50'000; ++i) {
    deep += "<dcc:list>";
    closing += "</dcc:list>";
  }
  std::string text = with(sample("analyser_lists.xml"), "<dcc:list>", deep + "<dcc:list>");
  text = with(text, "</dcc:list>", closing + "</dcc:list>");
  EXPECT_NE(complaint(text).find("deeper than"), std::string::npos);
}

TEST(Dcc, NoXmlAtAll) {
  for (const char* text : {"", "{}", "<", "<a/>", "\xEF\xBB\xBF", "<?xml version='1.0' encoding='UTF-16'?><a/>"})
    EXPECT_NE(complaint(text), "") << text;
  EXPECT_NE(complaint(std::string("\0\0\0", 3)), "");
}

TEST(SiUnit, AsDsiWritesThem) {
  EXPECT_NEAR(siunitx_unit("\\milli\\ampere").value().factor, 1e-3, 1e-18);
  EXPECT_NEAR(siunitx_unit("\\litre\\per\\hour").value().factor, 1e-3 / 3600, 1e-15);
  EXPECT_EQ(siunitx_unit("\\litre\\per\\hour").value().dimension, ucum_unit("L/h").value().dimension);
  EXPECT_EQ(siunitx_unit("\\metre\\tothe{3}\\per\\hour").value().dimension, ucum_unit("m3/h").value().dimension);
  EXPECT_EQ(siunitx_unit("\\cubic\\metre").value().dimension, ucum_unit("m3").value().dimension);
  EXPECT_NEAR(siunitx_unit("\\centi\\metre\\tothe{3}").value().factor, 1e-6, 1e-18);
  EXPECT_EQ(siunitx_unit("\\degreecelsius").value().offset, 273.15);
  EXPECT_EQ(siunitx_unit("\\kelvin").value().offset, 0);
  EXPECT_EQ(siunitx_unit("\\kilo\\pascal").value().factor, 1000);
  for (const char* wrong :
       {"", "A", "\\", "\\milli", "\\per", "\\ampere\\per", "\\ampere\\tothe{", "\\tothe{2}\\ampere",
        "\\ampere\\tothe{x}", "\\milli\\milli\\ampere", "\\ampere\\tothe{2}\\tothe{2}"})
    EXPECT_FALSE(siunitx_unit(wrong).has_value()) << wrong;
}

}  // namespace
}  // namespace meterrig
