#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "vision/tensor.hpp"

namespace ounce::vision {

struct SessionOptions {
    /// Threads inside one run() call. 1 suits callers that run several pictures at once (what we do: it
    /// wins over threads inside one picture); 0 = all processors.
    int threads = 1;
};

/// One ONNX model, ready to run. The engine is ONNX Runtime, loaded at run time: $OUNCE_ONNXRUNTIME, else
/// ../share/ounce/onnxruntime/libonnxruntime.so.1 beside the program, else the system's libonnxruntime.so.1.
/// Thread-safe: run() may be called from many threads at once.
class Session {
  public:
    struct Port {
        std::string name;
        std::vector<std::int64_t> shape;  // -1 = free
    };

    /// Errors: Unavailable if ONNX Runtime cannot be loaded (says what was tried); DataLoss if the model is
    /// not ONNX or is refused (with the engine's reason).
    static Result<Session> create(ByteView model, SessionOptions const& options = {});
    static Result<Session> open(std::filesystem::path const& model, SessionOptions const& options = {});

    Session(Session&&) noexcept;
    Session& operator=(Session&&) noexcept;
    ~Session();

    [[nodiscard]] std::vector<Port> const& inputs() const;
    [[nodiscard]] std::vector<Port> const& outputs() const;

    /// Runs the model on its single float input, returning the named outputs in that order.
    /// Errors: InvalidArgument for a shape that does not fit or an output that does not exist;
    /// Internal with the engine's words otherwise.
    [[nodiscard]] Result<std::vector<Tensor>> run(Tensor const& input,
                                                  std::vector<std::string> const& outputs) const;

    /// "1.32.0": of the engine that is loaded. Errors: Unavailable.
    static Result<std::string> engine_version();

  private:
    struct State;
    explicit Session(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

/// Joins tensors of shape 1 x ... into one of N x .... Errors: InvalidArgument if the rest differs or N = 0.
Result<Tensor> stack(std::vector<Tensor> const& tensors);

}  // namespace ounce::vision
