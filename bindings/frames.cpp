#include <span>

#include <fmt/format.h>
#include <pybind11/stl.h>

#include "bindings/values.hpp"
#include "core/errors.hpp"
#include "meters/protocols.hpp"

namespace meterrig::python {
namespace {

std::vector<std::uint8_t> bytes_in(const py::bytes& data) {
  const std::string_view view = data;
  return {view.begin(), view.end()};
}

void expect_protocol(const std::string& protocol) {
  const std::vector<std::string> known = protocol_names();
  if (protocol.empty() || std::find(known.begin(), known.end(), protocol) != known.end()) return;
  throw py::value_error(fmt::format("found protocol {:?}; expected one of frames.protocols()", protocol));
}

py::bytes encode(const Telegram& telegram, bool bcd) {
  expect_protocol(telegram.protocol);
  try {
    const std::vector<std::uint8_t> bytes = bytes_of(telegram, bcd ? NumberCoding::bcd : NumberCoding::integer);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  } catch (const EncodeError& refused) {
    throw UserError(fmt::format("{}: {}", name_of(refused.fault()), refused.what()));
  }
}

void bind_telegram(py::module_& module) {
  py::class_<Telegram>(module, "NativeTelegram")
      .def(py::init([](const std::string& protocol, const std::string& address, const std::string& meter_type,
                       const std::string& control, const std::string& data_identifier,
                       const std::optional<int>& sequence, const std::vector<TelegramItem>& items,
                       const std::vector<std::string>& status, std::size_t preamble) {
             Telegram telegram;
             telegram.protocol = protocol;
             telegram.valid = true;
             telegram.address = address;
             telegram.meter_type = meter_type;
             telegram.control = control;
             telegram.data_identifier = data_identifier;
             telegram.sequence = sequence;
             telegram.items = items;
             telegram.status = status;
             constexpr std::size_t longest_preamble = 1000;
             if (preamble > longest_preamble) throw py::value_error("preamble must be 0 to 1000 bytes");
             if (preamble > 0) telegram.bytes = {{0, preamble, "preamble"}};
             return telegram;
           }),
           py::arg("protocol"), py::arg("address"), py::arg("meter_type"), py::arg("control"),
           py::arg("data_identifier"), py::arg("sequence"), py::arg("items"), py::arg("status"), py::arg("preamble"))
      .def_readonly("protocol", &Telegram::protocol)
      .def_readonly("valid", &Telegram::valid)
      .def_readonly("error", &Telegram::error)
      .def_readonly("explanation", &Telegram::explanation)
      .def_readonly("departures", &Telegram::departures)
      .def_readonly("direction", &Telegram::direction)
      .def_readonly("address", &Telegram::address)
      .def_readonly("meter_type", &Telegram::meter_type)
      .def_readonly("control", &Telegram::control)
      .def_readonly("data_identifier", &Telegram::data_identifier)
      .def_readonly("sequence", &Telegram::sequence)
      .def_readonly("items", &Telegram::items)
      .def_readonly("status", &Telegram::status)
      .def_readonly("bytes", &Telegram::bytes);
}

}  // namespace

void bind_frames(py::module_& module) {
  py::class_<TelegramItem>(module, "NativeItem")
      .def(py::init([](const std::string& name, const std::string& value, const std::string& unit) {
             return TelegramItem{name, value, unit};
           }),
           py::arg("name"), py::arg("value"), py::arg("unit"))
      .def_readonly("name", &TelegramItem::name)
      .def_readonly("value", &TelegramItem::value)
      .def_readonly("unit", &TelegramItem::unit);
  py::class_<ByteRange>(module, "ByteRange",
                        "Bytes `start` up to, not including, `stop` of the input, and what they are.")
      .def_readonly("start", &ByteRange::from, "The first one, counted from 0 of the input.")
      .def_readonly("stop", &ByteRange::to, "The first one behind.")
      .def_readonly("name", &ByteRange::is, "What they are.");
  bind_telegram(module);
  module.def("protocols", &protocol_names);
  module.def(
      "decode",
      [](const py::bytes& data, const std::string& protocol) {
        expect_protocol(protocol);
        return telegrams_in(bytes_in(data), protocol);
      },
      py::arg("data"), py::arg("protocol"));
  module.def(
      "bytes_from_hex",
      [](const std::string& text) {
        const std::vector<std::uint8_t> bytes = bytes_from_hex(text);
        return py::bytes(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      },
      py::arg("text"));
  module.def("encode", &encode, py::arg("telegram"), py::arg("bcd"));
}

}  // namespace meterrig::python
