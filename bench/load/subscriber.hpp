#pragma once

#include <string>

#include "load/mqtt_client.hpp"
#include "load/tally.hpp"

namespace ounce::load {

/// A subscriber whose session outlives its connections (clean session 0): for its sake a broker keeps
/// messages while it is away, and from it one learns afterwards what was kept.
class Subscriber {
  public:
    Subscriber(Target target, Account account, std::string filter);

    /// Connects, subscribes at QoS 1, and leaves. Errors: as MqttClient; PermissionDenied if the server
    /// grants less; DeadlineExceeded.
    Status subscribe();

    /// Connects again and takes, checks and acknowledges messages of `run` until no acknowledged one is
    /// missing and nothing more comes for half a second, or until nothing comes for ten.
    /// Errors: as MqttClient.
    Status collect(std::string_view run, Tally& tally);

  private:
    Target target_;
    Account account_;
    std::string filter_;
};

}  // namespace ounce::load
