#include <fmt/format.h>
#include <pybind11/numpy.h>
#include <pybind11/stl.h>

#include "bindings/values.hpp"
#include "core/tariff/account.hpp"
#include "core/tariff/decimal_text.hpp"

// Whole numbers only: litres, 0.01 yuan/m3, 0.01 yuan, 1e-5 yuan. Decimals are made of them in Python.
namespace meterrig::python {
namespace {

using namespace meterrig::tariff;
using Whole = py::array_t<std::int64_t, py::array::c_style>;

// cost_between(from, to) of each element; std::invalid_argument (ValueError) names the first that can't be priced.
Whole costs(const Staircase& prices, const Whole& usages, Litres from) {
  Whole result(std::vector<py::ssize_t>(usages.shape(), usages.shape() + usages.ndim()));
  const std::int64_t* const in = usages.data();
  std::int64_t* const out = result.mutable_data();
  const py::ssize_t size = usages.size();
  const py::gil_scoped_release free;
  for (py::ssize_t i = 0; i < size; ++i) out[i] = prices.cost_between(from, in[i]);
  return result;
}

py::tuple charge(Cost cost) {
  const Charge charged = charge_of(cost);
  return py::make_tuple(charged.whole, charged.remainder);
}

const char* word_of(Zone zone) {
  switch (zone) {
    case Zone::pass:
      return "pass";
    case Zone::resolution_limited:
      return "resolution_limited";
    case Zone::fail:
      break;
  }
  return "fail";
}

}  // namespace

void bind_tariffs(py::module_& module) {
  py::class_<Staircase>(module, "NativeStaircase")
      .def(py::init([](const std::vector<std::int64_t>& volumes_m3, const std::vector<Price>& prices) {
             return Staircase(PriceTable{volumes_m3, prices});
           }),
           py::arg("volumes_m3"), py::arg("prices"))
      .def("costs", &costs, py::arg("usages"), py::arg("start"))
      .def(
          "parts",
          [](const Staircase& prices, Litres from, Litres to) {
            std::vector<std::tuple<int, Litres, Litres, Price, Cost>> all;
            for (const StepCost& part : prices.parts(from, to))
              all.emplace_back(part.step, part.from, part.to, part.price, part.cost);
            return all;
          },
          py::arg("start"), py::arg("stop"))
      .def(
          "steps_at",
          [](const Staircase& prices, Litres usage) {
            const StepsAt steps = prices.steps_at(usage);
            return py::make_tuple(steps.first, steps.last);
          },
          py::arg("usage"))
      .def_property_readonly("highest_price", &Staircase::highest_price);
  py::class_<Account>(module, "NativeAccount")
      .def(py::init<Staircase, Cents, Litres>(), py::arg("prices"), py::arg("opening_balance"), py::arg("period_usage"))
      .def("use", &Account::use, py::arg("litres"))
      .def("settle", &Account::settle)
      .def("switch_table", &Account::switch_table, py::arg("prices"))
      .def("purchase", &Account::purchase, py::arg("cents"))
      .def_property_readonly("cost", &Account::cost)
      .def_property_readonly("period_usage", &Account::period_usage)
      .def_property_readonly("balance", &Account::balance)
      .def("error", &Account::error, py::arg("shown_cents"))
      .def(
          "zone",
          [](const Account& account, Cents shown, Litres resolution) {
            return std::string(word_of(account.zone(shown, resolution)));
          },
          py::arg("shown_cents"), py::arg("resolution"));
  module.def("charge_of", &charge, py::arg("cost"));
  module.def(
      "litres_of", [](const std::string& m3) { return volume_of(m3); }, py::arg("m3"));
  module.def(
      "price_of", [](const std::string& yuan_per_m3) { return price_of(yuan_per_m3); }, py::arg("yuan_per_m3"));
  module.def(
      "cents_of", [](const std::string& yuan) { return money_of(yuan); }, py::arg("yuan"));
}

}  // namespace meterrig::python
