#include "core/io/transport/lxi_library.hpp"

#include <dlfcn.h>

#include <fmt/format.h>

#include "core/errors.hpp"

namespace meterrig {
namespace {

template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  return function != nullptr;
}

}  // namespace

const Lxi& Lxi::get(const std::string& name) {
  static const Lxi lxi;
  if (lxi.missing_.empty()) return lxi;
  throw LinkError(fmt::format("{}: liblxi can't be loaded ({}); install the package liblxi1", name, lxi.missing_),
                  {name, "open", "", {}});
}

Lxi::Lxi() {
  void* const library = ::dlopen("liblxi.so.1", RTLD_LAZY);
  decltype(&lxi_init) init = nullptr;
  if (!library || !find(library, "lxi_init", init) || !find(library, "lxi_connect", connect) ||
      !find(library, "lxi_disconnect", disconnect) || !find(library, "lxi_send", send) ||
      !find(library, "lxi_receive", receive) || !find(library, "lxi_discover", discover)) {
    const char* const why = ::dlerror();
    missing_ = why ? why : "no reason given";
    return;
  }
  init();
}

}  // namespace meterrig
