#pragma once

#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/clock.hpp"
#include "base/unique_function.hpp"
#include "iot/work.hpp"
#include "store/ledger.hpp"

namespace ounce::iot {

/// The registry and the twins of the hub: `iot.db`, the thread that works on it, and who hears of changes.
///
/// The verbs are the functions of identities.hpp, twins.hpp, authenticate.hpp and device_content.hpp:
///
///     auto device = hub.run([&](iot::Work& work) { return iot::create_identity(work, request); });
///
/// They run inside a group commit; what is told is on disk. Changes are told after the commit and in its
/// order, before the verb's caller hears of it.
class DeviceHub {
  public:
    /// Called on the ledger's thread for each change; must be quick and wait for nothing.
    using Listener = std::function<void(Change const&)>;

    /// Opens or makes `path` (only its owner may read it: it holds keys). `clock` is borrowed.
    /// Errors: as store::Ledger::open.
    static Result<std::unique_ptr<DeviceHub>> open(std::filesystem::path const& path, Clock const& clock,
                                                   Listener listener);

    /// Hands a verb in and returns; `done` is called on the ledger's thread and must be quick. Any thread.
    /// Errors, told to `done`: those of the verb and of the commit; Unavailable if too much waits.
    template <class T>
    void post(UniqueFunction<Result<T>(Work&)> verb, UniqueFunction<void(Result<T>)> done) {
        auto changes = std::make_shared<std::vector<Change>>();
        ledger_->post<T>(
            [this, changes, verb = std::move(verb)](store::Database& database) mutable {
                Work work{database, clock_.now(), {}};
                auto result = verb(work);
                if (result) *changes = std::move(work.changes);
                return result;
            },
            [this, changes, done = std::move(done)](Result<T> result) mutable {
                if (result)
                    for (auto const& change : *changes) listener_(change);
                done(std::move(result));
            });
    }

    /// Hands a verb in and waits for its commit. Any thread but the ledger's own.
    template <class F>
    auto run(F verb) -> std::invoke_result_t<F&, Work&> {
        using R = std::invoke_result_t<F&, Work&>;
        using T = typename R::value_type;
        std::promise<R> promise;
        auto answer = promise.get_future();
        post<T>(std::move(verb), [&promise](R result) { promise.set_value(std::move(result)); });
        return answer.get();
    }

  private:
    DeviceHub(std::unique_ptr<store::Ledger> ledger, Clock const& clock, Listener listener)
        : clock_(clock), listener_(std::move(listener)), ledger_(std::move(ledger)) {}

    Clock const& clock_;
    Listener listener_;
    std::unique_ptr<store::Ledger> ledger_;  // last: stops before what its thread uses goes
};

}  // namespace ounce::iot
