#pragma once

/// What a TlsIdentity holds, for the .cpp files of net that speak TLS. Drags Asio in: keep it out of headers.

#include <boost/asio/ssl/context.hpp>
#include <memory>
#include <mutex>

#include "net/tls.hpp"

namespace ounce::net {

struct TlsIdentity::State {
    using Context = boost::asio::ssl::context;

    Context context{Context::tls_server};  // what connections are made of; itself never changed

    /// What a handshake shows instead of `context`, once there was a reload.
    std::shared_ptr<Context> newer() {
        std::scoped_lock const lock(mutex_);
        return newer_;
    }
    void set_newer(std::shared_ptr<Context> context_now) {
        std::scoped_lock const lock(mutex_);
        newer_ = std::move(context_now);
    }

  private:
    std::mutex mutex_;
    std::shared_ptr<Context> newer_;
};

}  // namespace ounce::net
