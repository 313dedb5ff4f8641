#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/file.hpp"
#include "iot/device_hub.hpp"
#include "iot/identities.hpp"
#include "iot/twins.hpp"

namespace ounce::iot {

/// A hub of devices in a folder of its own, with a clock that moves when told to and a list of what it told.
class HubTest : public ::testing::Test {
  protected:
    void SetUp() override {
        auto folder = TemporaryFolder::create();
        ASSERT_TRUE(folder);
        folder_ = std::make_unique<TemporaryFolder>(std::move(*folder));
        auto hub = DeviceHub::open(folder_->path() / "iot.db", clock_,
                                   [this](Change const& change) { changes_.push_back(change); });
        ASSERT_TRUE(hub) << hub.error().message;
        hub_ = std::move(*hub);
    }

    Result<Identity> put(Json const& body, Name name, Precondition const& if_match = {}) {
        TRY(auto request, parse_identity_request(body, std::move(name)));
        return hub_->run([&](Work& work) { return put_identity(work, request, if_match); });
    }
    Result<Identity> get(Name const& name) {
        return hub_->run([&](Work& work) { return get_identity(work, name); });
    }
    Status remove(Name const& name, Precondition const& if_match = Precondition::any()) {
        return hub_->run([&](Work& work) { return delete_identity(work, name, if_match); });
    }
    Result<Twin> twin(Name const& name) {
        return hub_->run([&](Work& work) { return get_twin(work, name); });
    }
    /// What the hub told since the last call.
    std::vector<Change> told() { return std::exchange(changes_, {}); }

    static std::string reason(auto const& result) { return result ? "" : result.error().reason; }

    FakeClock clock_;
    std::vector<Change> changes_;  // written before a verb returns
    std::unique_ptr<TemporaryFolder> folder_;
    std::unique_ptr<DeviceHub> hub_;
};

}  // namespace ounce::iot
