#include "core/io/transport/link_errors.hpp"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fmt/format.h>

namespace meterrig {

std::string printable(std::span<const std::uint8_t> bytes) {
  constexpr std::size_t most = 64;
  const std::string_view more = bytes.size() > most ? "..." : "";
  bytes = bytes.first(std::min(bytes.size(), most));
  auto end = bytes.end();
  while (end != bytes.begin() && (end[-1] == '\n' || end[-1] == '\r')) --end;
  if (std::all_of(bytes.begin(), end, [](std::uint8_t b) { return b >= 0x20 && b < 0x7f; }))
    return std::string(bytes.begin(), end).append(more);
  return fmt::format("{:02X}{}", fmt::join(bytes, " "), more);
}

std::exception_ptr link_failure(int error, const std::string& doing, Exchange exchange) {
  const std::string what =
      fmt::format("{}: {}: {} (errno {})", exchange.of, doing, std::generic_category().message(error), error);
  switch (error) {
    case ECONNRESET:
    case ECONNABORTED:
    case EPIPE:
    case ENOTCONN:
    case ESHUTDOWN:
    case EIO:  // a terminal whose other end was closed, an adapter that was pulled
    case ENXIO:
    case ENODEV:
    case EBADF:
      return std::make_exception_ptr(ClosedError(what, std::move(exchange)));
    case ETIMEDOUT:
      return std::make_exception_ptr(TimeoutError(what, std::move(exchange)));
    default:
      return std::make_exception_ptr(LinkError(what, std::move(exchange)));
  }
}

}  // namespace meterrig
