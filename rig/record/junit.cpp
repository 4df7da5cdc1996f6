#include "rig/record/junit.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>
#include <optional>

#include "rig/record/measurement_text.hpp"
#include "rig/record/verdict.hpp"

namespace meterrig::record {

namespace {

using nlohmann::json;

struct Counts {
  std::size_t tests = 0;
  std::size_t failures = 0;
  std::size_t errors = 0;
  std::size_t skipped = 0;
};

std::string text_of(const json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Seconds since the epoch of a time of the record.
std::optional<double> seconds_of(const std::string& utc) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int hour = 0;
  int minute = 0;
  double second = 0;
  if (std::sscanf(utc.c_str(), "%d-%u-%uT%d:%d:%lf", &year, &month, &day, &hour, &minute, &second) != 6) return {};
  const std::chrono::sys_days date = std::chrono::year(year) / static_cast<int>(month) / static_cast<int>(day);
  return static_cast<double>(date.time_since_epoch().count()) * 86400.0 + hour * 3600.0 + minute * 60.0 + second;
}

double duration_of(const json& from) {
  const auto begin = seconds_of(text_of(from, "started"));
  const auto end = seconds_of(text_of(from, "ended"));
  return begin && end && *end > *begin ? *end - *begin : 0.0;
}

// What the verdict rests on, one line each.
std::string explanation(const json& result, Verdict verdict) {
  std::string text;
  for (const json& measurement : result.at("measurements")) {
    if (text_of(measurement, "verdict") == word(verdict)) text += measurement_text(measurement) + "\n";
  }
  if (const std::string cause = cause_text(result.at("cause")); !cause.empty()) text += cause + "\n";
  if (const std::string reason = text_of(result, "reason"); !reason.empty()) text += reason + "\n";
  if (text.empty()) text = std::string(words(verdict).en) + "\n";
  text.pop_back();
  return text;
}

std::string outcome(const json& result, Verdict verdict, Counts& counts) {
  const auto element = [&](const char* name, std::string_view type) {
    const std::string text = explanation(result, verdict);
    const std::string message = xml_escaped(text.substr(0, text.find('\n')));
    return fmt::format("      <{0} type=\"{1}\" message=\"{2}\">{3}</{0}>\n", name, type, message, xml_escaped(text));
  };
  switch (verdict) {
    case Verdict::fail:
    case Verdict::inconclusive:
      ++counts.failures;
      return element("failure", word(verdict));
    case Verdict::void_:
      ++counts.errors;
      return element("error", word(verdict));
    case Verdict::not_tested:
    case Verdict::not_applicable:
      ++counts.skipped;
      return fmt::format("      <skipped message=\"{}\"/>\n", xml_escaped(explanation(result, verdict)));
    default:
      return {};
  }
}

std::string property(std::string_view name, std::string_view value) {
  return fmt::format("        <property name=\"{}\" value=\"{}\"/>\n", xml_escaped(name), xml_escaped(value));
}

std::string test_case(const json& result, Counts& counts) {
  const Verdict verdict = verdict_from(text_of(result, "verdict")).value_or(Verdict::void_);
  ++counts.tests;
  const std::string title = text_of(result.at("title"), "en");
  const std::string id = text_of(result, "id");
  std::string out = fmt::format("    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3f}\">\n      <properties>\n",
                                xml_escaped(text_of(result, "standard")),
                                xml_escaped(title.empty() ? id : id + " " + title), duration_of(result));
  out += property("verdict", word(verdict));
  out += property("attempts", fmt::format("{}", result.at("attempts").get<std::int64_t>()));
  for (const json& measurement : result.at("measurements")) {
    out += property(text_of(measurement, "name"), measurement_text(measurement));
  }
  out += "      </properties>\n";
  return out + outcome(result, verdict, counts) + "    </testcase>\n";
}

std::string attributes(const Counts& counts) {
  return fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"", counts.tests, counts.failures,
                     counts.errors, counts.skipped);
}

}  // namespace

std::string xml_escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&apos;";
        break;
      case '\n':
        out += "&#10;";
        break;
      case '\t':
        out += "&#9;";
        break;
      case '\r':
        out += "&#13;";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += "\xEF\xBF\xBD";
        } else if (text.substr(i, 3) == "\xEF\xBF\xBE" || text.substr(i, 3) == "\xEF\xBF\xBF") {  // U+FFFE, U+FFFF
          out += "\xEF\xBF\xBD";
          i += 2;
        } else {
          out += c;
        }
    }
  }
  return out;
}

std::string junit_xml(const json& record) {
  Counts all;
  std::string suites;
  for (const json& dut : record.at("duts")) {
    Counts counts;
    std::string cases;
    double time = 0;
    for (const json& result : dut.at("results")) {
      cases += test_case(result, counts);
      time += duration_of(result);
    }
    const std::string name = fmt::format("sample {} {} {}", dut.at("sample").get<std::int64_t>(), text_of(dut, "model"),
                                         text_of(dut, "serial"));
    suites += fmt::format("  <testsuite name=\"{}\" {} time=\"{:.3f}\" timestamp=\"{}\">\n", xml_escaped(name),
                          attributes(counts), time, xml_escaped(text_of(record, "started").substr(0, 19)));
    suites += fmt::format("    <properties>\n      <property name=\"run\" value=\"{}\"/>\n",
                          xml_escaped(text_of(record, "run")));
    suites += fmt::format("      <property name=\"simulated\" value=\"{}\"/>\n    </properties>\n",
                          record.at("simulated").get<bool>());
    suites += cases + "  </testsuite>\n";
    all.tests += counts.tests;
    all.failures += counts.failures;
    all.errors += counts.errors;
    all.skipped += counts.skipped;
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"meterrig {}\" {}>\n{}</testsuites>\n",
      xml_escaped(text_of(record.at("plan"), "id")), attributes(all), suites);
}

}  // namespace meterrig::record
