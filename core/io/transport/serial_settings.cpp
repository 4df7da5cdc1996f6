#include "core/io/transport/serial_settings.hpp"

#include <linux/serial.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <termios.h>

#include <array>
#include <cerrno>
#include <exception>

#include <fmt/format.h>

#include "core/io/transport/link_errors.hpp"

namespace meterrig {
namespace {

struct Speed {
  int baud;
  speed_t code;
};
constexpr std::array speeds{Speed{300, B300},     Speed{600, B600},      Speed{1200, B1200},   Speed{2400, B2400},
                            Speed{4800, B4800},   Speed{9600, B9600},    Speed{19200, B19200}, Speed{38400, B38400},
                            Speed{57600, B57600}, Speed{115200, B115200}};
constexpr std::array sizes{CS5, CS6, CS7, CS8};

// Device numbers that Linux gives to UNIX98 slaves (admin-guide/devices.txt).
bool is_slave(const struct stat& status) noexcept {
  return S_ISCHR(status.st_mode) && major(status.st_rdev) >= 136 && major(status.st_rdev) <= 143;
}

speed_t speed_code(const SerialLine& line, const std::string& name) {
  for (const Speed& speed : speeds)
    if (speed.baud == line.baud) return speed.code;
  throw UserError(fmt::format("{}: no serial port runs at {} baud", name, line.baud), {name, "", "", {}});
}

termios wanted(const SerialLine& line, speed_t speed) {
  termios t{};
  // A character with a wrong parity is dropped here; the protocol then sees a gap, never a false byte.
  t.c_iflag = static_cast<tcflag_t>(IGNBRK | IGNPAR | (line.parity == Parity::none ? 0 : INPCK));
  t.c_cflag = static_cast<tcflag_t>(CREAD | CLOCAL | sizes[static_cast<std::size_t>(line.data_bits - 5)]);
  if (line.parity != Parity::none) t.c_cflag |= PARENB;
  if (line.parity == Parity::odd) t.c_cflag |= PARODD;
  if (line.stop_bits == 2) t.c_cflag |= CSTOPB;
  t.c_cc[VMIN] = 1;
  cfsetispeed(&t, speed);
  cfsetospeed(&t, speed);
  return t;
}

void set_signal(int fd, int bit, const char* what, const std::optional<bool>& on, bool pty, const std::string& name) {
  if (!on) return;
  if (::ioctl(fd, *on ? TIOCMBIS : TIOCMBIC, &bit) == 0 || pty) return;
  std::rethrow_exception(link_failure(errno, fmt::format("setting {}", what), {name, what, "", {}}));
}

// USB adapters gather bytes for up to 16 ms otherwise. Drivers that have no such thing say so; nothing is lost then.
void ask_low_latency(int fd) noexcept {
  serial_struct info{};
  if (::ioctl(fd, TIOCGSERIAL, &info) != 0) return;
  info.flags |= ASYNC_LOW_LATENCY;
  ::ioctl(fd, TIOCSSERIAL, &info);
}

}  // namespace

bool is_pseudo_terminal(int fd) noexcept {
  struct stat status {};
  return ::fstat(fd, &status) == 0 && is_slave(status);
}

bool is_pseudo_terminal(const std::string& path) noexcept {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && is_slave(status);
}

void configure_serial(int fd, const SerialLine& line, const std::string& name) {
  const bool pty = is_pseudo_terminal(fd);
  const termios want = wanted(line, speed_code(line, name));
  const auto refused = [&](const std::string& what) { return LinkError(what, {name, "line settings", "", {}}); };
  if (::tcsetattr(fd, TCSANOW, &want) != 0 && !pty)
    std::rethrow_exception(link_failure(errno, "setting the line", {name, "line settings", "", {}}));
  termios got{};
  if (::tcgetattr(fd, &got) != 0)
    std::rethrow_exception(link_failure(errno, "reading the line's settings", {name, "line settings", "", {}}));
  constexpr tcflag_t line_flags = CSIZE | PARENB | PARODD | CSTOPB;
  if (!pty && (got.c_cflag & line_flags) != (want.c_cflag & line_flags))
    throw refused(fmt::format("{}: the port does not do {} data bits with this parity and {} stop bits", name,
                              line.data_bits, line.stop_bits));
  if (!pty && cfgetospeed(&got) != cfgetospeed(&want))
    throw refused(fmt::format("{}: the port does not do {} baud", name, line.baud));
  set_signal(fd, TIOCM_DTR, "DTR", line.dtr, pty, name);
  set_signal(fd, TIOCM_RTS, "RTS", line.rts, pty, name);
  if (!pty) ask_low_latency(fd);
}

}  // namespace meterrig
