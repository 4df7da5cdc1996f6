#include "bindings/values.hpp"

PYBIND11_MODULE(_meterrig, module) {
  using namespace meterrig::python;
  module.doc() = "The engine of meterrig; its users import meterrig.";
  bind_values(module);
  bind_waveforms(module);
  bind_script(module);
  bind_procedures(module);
  bind_runs(module);
  bind_frames(module);
  bind_tariffs(module);
}
