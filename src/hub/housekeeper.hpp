#pragma once

#include <chrono>
#include <functional>
#include <stop_token>
#include <string_view>
#include <thread>
#include <vector>

#include "base/result.hpp"

namespace ounce::hub {

/// Does what nobody asks for but has to be done now and then, on one thread of its own: a job after the
/// other, each once at the start and then again and again. What fails is logged and tried again next time.
class Housekeeper {
  public:
    struct Job {
        std::string_view name;  // in the log
        std::chrono::milliseconds every;
        /// Ends soon when told to stop.
        std::function<Status(std::stop_token const&)> work;
    };

    explicit Housekeeper(std::vector<Job> jobs);
    Housekeeper(Housekeeper const&) = delete;
    Housekeeper& operator=(Housekeeper const&) = delete;
    /// Tells the job that runs to stop, and waits for it.
    ~Housekeeper() = default;

  private:
    static void run(std::stop_token const& stop, std::vector<Job> const& jobs);
    std::jthread thread_;
};

}  // namespace ounce::hub
