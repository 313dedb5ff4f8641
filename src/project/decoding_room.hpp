#pragma once

#include <condition_variable>
#include <cstdint>
#include <mutex>

#include "base/bytes.hpp"

namespace ounce::project {

/// The most that decoding this file takes in memory, whatever size it is wanted at; 0 for what is no picture.
std::uint64_t decoding_bytes(ByteView file);

/// Memory for decoding, shared by all who decode at the same time: half a megabyte of PNG unfolds to half a
/// gigabyte of pixels, and each of the hub's workers may be handed one. Who finds no room waits for it, in
/// turn; that is as long as others decode. A picture that needs more than all there is goes alone. Any
/// thread.
class DecodingRoom {
  public:
    explicit DecodingRoom(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}

    /// Room that is taken until this is gone, which must be before the DecodingRoom is.
    class Place {
      public:
        Place(Place const&) = delete;
        Place& operator=(Place const&) = delete;
        ~Place();

      private:
        friend class DecodingRoom;
        Place(DecodingRoom& room, std::uint64_t bytes) : room_(room), bytes_(bytes) {}
        DecodingRoom& room_;
        std::uint64_t const bytes_;
    };

    [[nodiscard]] Place take(std::uint64_t bytes);

  private:
    std::uint64_t const bytes_max_;
    std::mutex mutex_;  // guards what follows
    std::condition_variable freed_;
    std::uint64_t taken_ = 0;
    std::uint64_t next_turn_ = 0;
    std::uint64_t turn_ = 0;
};

}  // namespace ounce::project
