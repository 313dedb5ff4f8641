#pragma once

/// How servers of net take a port. Drags Asio in: for .cpp files of net.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <string>

#include "base/result.hpp"

namespace ounce::net {

/// Binds and listens. `address` is an IP address; "::" takes IPv4 as well, and becomes "0.0.0.0" on a machine
/// without IPv6. `option` is the name of the port's setting, for the words of errors ("listen.https_port").
/// Errors: InvalidArgument if the address is none; PermissionDenied for a port below 1024 that this user may
/// not have, with how to allow it; Unavailable if another program has it, or the address is not this
/// machine's.
Result<boost::asio::ip::tcp::acceptor> listen(boost::asio::io_context& io, std::string const& address,
                                              std::uint16_t port, std::string_view option);

/// The caller's address without its port; IPv4 inside IPv6 as plain IPv4. "" if it is gone already.
std::string peer_address(boost::asio::ip::tcp::socket const& socket);

/// What counts as one caller for limits: an IPv4 address, the first 64 bits of an IPv6 address (one line gets
/// that many).
std::string limit_key(boost::asio::ip::tcp::socket const& socket);

}  // namespace ounce::net
