#include "core/io/transport/asio.hpp"

#include <boost/asio/impl/src.hpp>
