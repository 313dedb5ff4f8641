#pragma once

#include <memory>
#include <type_traits>
#include <utility>

namespace ounce {

template <class Signature>
class UniqueFunction;

/// A callable that is moved and never copied, so that it may own what cannot be copied (std::function wants
/// copies; C++23's std::move_only_function is not here yet). Empty until given one; calling an empty one is
/// a broken program.
template <class R, class... Args>
class UniqueFunction<R(Args...)> {
  public:
    UniqueFunction() = default;
    template <class F>
        requires(!std::is_same_v<std::remove_cvref_t<F>, UniqueFunction>) &&
                std::is_invocable_r_v<R, std::remove_cvref_t<F>&, Args...>
    UniqueFunction(F&& callable)  // NOLINT(google-explicit-constructor): takes lambdas as std::function does
        : held_(std::make_unique<Holder<std::remove_cvref_t<F>>>(std::forward<F>(callable))) {}

    explicit operator bool() const { return held_ != nullptr; }
    R operator()(Args... args) { return held_->call(std::forward<Args>(args)...); }

  private:
    struct Base {
        virtual ~Base() = default;
        virtual R call(Args... args) = 0;
    };
    template <class F>
    struct Holder final : Base {
        explicit Holder(F callable) : callable_(std::move(callable)) {}
        R call(Args... args) override { return callable_(std::forward<Args>(args)...); }
        F callable_;
    };

    std::unique_ptr<Base> held_;
};

}  // namespace ounce
