#pragma once

/// What a TlsIdentity holds, for the .cpp files of net that speak TLS. Drags Asio in: keep it out of headers.

#include <boost/asio/ssl/context.hpp>

#include "net/tls.hpp"

namespace ounce::net {

struct TlsIdentity::State {
    boost::asio::ssl::context context{boost::asio::ssl::context::tls_server};
};

}  // namespace ounce::net
