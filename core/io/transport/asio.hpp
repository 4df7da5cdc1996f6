#pragma once

// Only the .cpp files of this folder include this: one unit that includes Asio takes seconds.
#ifndef BOOST_ASIO_SEPARATE_COMPILATION
#define BOOST_ASIO_SEPARATE_COMPILATION
#endif
#ifndef BOOST_ASIO_NO_DEPRECATED
#define BOOST_ASIO_NO_DEPRECATED
#endif

#include <boost/asio/basic_serial_port.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/write.hpp>

namespace meterrig {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

// The executor by its own type: the type-erased one costs an allocation and two indirect calls an operation.
using Executor = asio::io_context::executor_type;
using TcpSocket = asio::basic_stream_socket<asio::ip::tcp, Executor>;
using TcpAcceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;
using TcpResolver = asio::ip::basic_resolver<asio::ip::tcp, Executor>;
using SerialPort = asio::basic_serial_port<Executor>;
using Descriptor = asio::posix::basic_stream_descriptor<Executor>;

}  // namespace meterrig
