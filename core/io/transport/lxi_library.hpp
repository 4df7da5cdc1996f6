#pragma once

#include <lxi.h>

#include <string>

namespace meterrig {

// liblxi, loaded when the first call needs it: it brings a dozen libraries along. It names no library that its remote
// procedure calls come from, so that they are glibc's own; those of libtirpc 1.3.3 free an address twice when an
// instrument that was there is gone.
class Lxi {
 public:
  // `name`: whose link needs it. Throws LinkError.
  static const Lxi& get(const std::string& name);
  decltype(&lxi_connect) connect = nullptr;
  decltype(&lxi_disconnect) disconnect = nullptr;
  decltype(&lxi_send) send = nullptr;
  decltype(&lxi_receive) receive = nullptr;
  decltype(&lxi_discover) discover = nullptr;

 private:
  Lxi();
  std::string missing_;
};

}  // namespace meterrig
