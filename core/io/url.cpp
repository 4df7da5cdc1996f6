#include "core/io/url.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "core/errors.hpp"

namespace meterrig {
namespace {

using Scheme = Url::Scheme;

struct SchemeName {
  Scheme scheme;
  std::string_view prefix;
};
constexpr std::array schemes{
    SchemeName{Scheme::tcp, "tcp://"},
    SchemeName{Scheme::serial, "serial://"},
    SchemeName{Scheme::usbtmc, "usbtmc://"},
    SchemeName{Scheme::vxi11, "vxi11://"},
    SchemeName{Scheme::modbus_tcp, "modbus-tcp://"},
    SchemeName{Scheme::modbus_rtu, "modbus-rtu://"},
    SchemeName{Scheme::virtual_member, "virtual:"},
};
constexpr std::array bauds{300, 600, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200};

[[noreturn]] void wrong(std::string_view text, const std::string& why) {
  throw UserError(fmt::format("address \"{}\": {}", text, why), {std::string(text), "", "", {}});
}

int number(std::string_view text, std::string_view word, std::string_view what, int least, int most) {
  int value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (error != std::errc{} || end != word.data() + word.size() || value < least || value > most)
    wrong(text, fmt::format("{} is \"{}\", expected a whole number from {} to {}", what, word, least, most));
  return value;
}

bool on_off(std::string_view text, std::string_view word, std::string_view what) {
  if (word == "1" || word == "on") return true;
  if (word == "0" || word == "off") return false;
  wrong(text, fmt::format("{} is \"{}\", expected 1 or 0", what, word));
}

Parity parity(std::string_view text, std::string_view word) {
  if (word == "none") return Parity::none;
  if (word == "even") return Parity::even;
  if (word == "odd") return Parity::odd;
  wrong(text, fmt::format("parity is \"{}\", expected none, even or odd", word));
}

SerialLine line_of(std::string_view text, const Url& url) {
  SerialLine line;
  for (const auto& [key, value] : url.options) {
    if (key == "baud") {
      line.baud = number(text, value, "baud", 300, 115200);
      if (std::find(bauds.begin(), bauds.end(), line.baud) == bauds.end())
        wrong(text, fmt::format("baud is {}, expected one of {}", value, fmt::join(bauds, ", ")));
    } else if (key == "parity") {
      line.parity = parity(text, value);
    } else if (key == "data") {
      line.data_bits = number(text, value, "data", 5, 8);
    } else if (key == "stop") {
      line.stop_bits = number(text, value, "stop", 1, 2);
    } else if (key == "dtr") {
      line.dtr = on_off(text, value, "dtr");
    } else if (key == "rts") {
      line.rts = on_off(text, value, "rts");
    } else {
      wrong(text, fmt::format("unknown option \"{}\", expected baud, parity, data, stop, dtr or rts", key));
    }
  }
  return line;
}

// host:port[/unit] or host[/device], with an IPv6 address in brackets.
void parse_authority(std::string_view text, std::string_view rest, Url& url) {
  const std::size_t slash = rest.find('/');
  std::string_view authority = rest.substr(0, slash);
  if (authority.starts_with('[')) {
    const std::size_t close = authority.find(']');
    if (close == authority.npos) wrong(text, "the bracket of the IPv6 address is not closed");
    url.host = authority.substr(1, close - 1);
    authority.remove_prefix(close + 1);
  } else {
    const std::size_t colon = authority.find(':');
    url.host = authority.substr(0, colon);
    authority.remove_prefix(std::min(colon, authority.size()));
  }
  if (url.host.empty()) wrong(text, "the host is missing");
  if (url.scheme == Scheme::vxi11) {
    if (!authority.empty()) wrong(text, "no port is expected: the instrument's portmapper knows it");
    url.path = slash == rest.npos || slash + 1 == rest.size() ? "inst0" : std::string(rest.substr(slash + 1));
    return;
  }
  if (authority.empty() && url.scheme == Scheme::modbus_tcp) {
    url.port = 502;
  } else {
    if (!authority.starts_with(':')) wrong(text, "the port is missing, expected host:port");
    url.port = static_cast<std::uint16_t>(number(text, authority.substr(1), "the port", 1, 65535));
  }
  if (slash == rest.npos || slash + 1 == rest.size()) return;
  if (url.scheme == Scheme::tcp)
    wrong(text, fmt::format("nothing is expected after the port, found \"{}\"", rest.substr(slash)));
  url.unit = number(text, rest.substr(slash + 1), "the unit", 0, 255);
}

void parse_options(std::string_view text, std::string_view query, Url& url) {
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view item = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    const std::size_t equals = item.find('=');
    if (equals == item.npos || equals == 0) wrong(text, fmt::format("option \"{}\", expected key=value", item));
    std::string key(item.substr(0, equals));
    if (url.option(key)) wrong(text, fmt::format("option \"{}\" is given twice", key));
    if (key == "unit" && url.scheme == Scheme::modbus_rtu) {
      url.unit = number(text, item.substr(equals + 1), "unit", 0, 247);
    } else {
      url.options.emplace_back(std::move(key), std::string(item.substr(equals + 1)));
    }
  }
}

}  // namespace

Url Url::parse(std::string_view text) {
  const auto known =
      std::find_if(schemes.begin(), schemes.end(), [&](const SchemeName& s) { return text.starts_with(s.prefix); });
  if (known == schemes.end())
    wrong(text, "expected tcp://, serial:///, usbtmc:///, vxi11://, modbus-tcp://, modbus-rtu:/// or virtual:");
  Url url;
  url.scheme = known->scheme;
  const std::string_view whole = text.substr(known->prefix.size());
  const std::size_t mark = whole.find('?');
  const std::string_view rest = whole.substr(0, mark);
  if (mark != whole.npos) parse_options(text, whole.substr(mark + 1), url);
  switch (url.scheme) {
    case Scheme::tcp:
    case Scheme::vxi11:
    case Scheme::modbus_tcp:
      parse_authority(text, rest, url);
      break;
    case Scheme::serial:
    case Scheme::modbus_rtu:
    case Scheme::usbtmc:
      if (!rest.starts_with('/') || rest.size() < 2)
        wrong(text, fmt::format("expected the path of a device, as in {}/dev/ttyUSB0", known->prefix));
      url.path = rest;
      break;
    case Scheme::virtual_member:
      if (rest.empty()) wrong(text, "the name of the bench's member is missing");
      url.path = rest;
      break;
  }
  const bool serial = url.scheme == Scheme::serial || url.scheme == Scheme::modbus_rtu;
  if (serial) line_of(text, url);
  if (!serial && url.scheme != Scheme::virtual_member && !url.options.empty())
    wrong(text, fmt::format("unknown option \"{}\", none is expected", url.options.front().first));
  return url;
}

std::string Url::text() const {
  const auto known =
      std::find_if(schemes.begin(), schemes.end(), [&](const SchemeName& s) { return s.scheme == scheme; });
  std::string out(known->prefix);
  if (scheme == Scheme::tcp || scheme == Scheme::modbus_tcp) {
    out += fmt::format(fmt::runtime(host.find(':') == host.npos ? "{}:{}" : "[{}]:{}"), host, port);
    if (unit) out += fmt::format("/{}", *unit);
  } else if (scheme == Scheme::vxi11) {
    out += fmt::format(fmt::runtime(host.find(':') == host.npos ? "{}/{}" : "[{}]/{}"), host, path);
  } else {
    out += path;
  }
  char separator = '?';
  for (const auto& [key, value] : options) {
    out += fmt::format("{}{}={}", separator, key, value);
    separator = '&';
  }
  if (scheme == Scheme::modbus_rtu && unit) out += fmt::format("{}unit={}", separator, *unit);
  return out;
}

const std::string* Url::option(std::string_view key) const noexcept {
  const auto found = std::find_if(options.begin(), options.end(), [&](const auto& item) { return item.first == key; });
  return found == options.end() ? nullptr : &found->second;
}

SerialLine Url::line() const { return line_of(text(), *this); }

}  // namespace meterrig
