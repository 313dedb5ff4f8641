#pragma once

// For the files of net that speak TLS: what a TlsIdentity holds. Drags Asio in; keep it out of other headers.

#include <boost/asio/ssl/context.hpp>

#include "net/tls.hpp"

namespace ounce::net {

struct TlsIdentity::State {
    boost::asio::ssl::context context{boost::asio::ssl::context::tls_server};
};

}  // namespace ounce::net
