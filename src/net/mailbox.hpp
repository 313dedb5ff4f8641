#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <mutex>

#include "base/unique_function.hpp"

namespace ounce::net {

/// The way from any thread to a network thread that may be gone: what is posted after close() is dropped.
/// Shared by the server and by every answer still out.
class Mailbox {
  public:
    explicit Mailbox(boost::asio::io_context& io) : io_(&io) {}

    void post(UniqueFunction<void()> work) {
        std::scoped_lock const lock(mutex_);
        if (io_ != nullptr) boost::asio::post(*io_, std::move(work));
    }
    /// Call before the io_context goes.
    void close() {
        std::scoped_lock const lock(mutex_);
        io_ = nullptr;
    }

  private:
    std::mutex mutex_;
    boost::asio::io_context* io_;
};

}  // namespace ounce::net
