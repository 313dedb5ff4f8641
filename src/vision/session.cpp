#define ORT_API_MANUAL_INIT  // the library comes by load_engine()
#include "vision/session.hpp"

#include <onnxruntime_cxx_api.h>

#include <algorithm>
#include <limits>
#include <mutex>
#include <utility>

#include "base/file.hpp"
#include "base/parallel.hpp"
#include "vision/engine.hpp"

// Under ThreadSanitizer: ONNX Runtime comes from elsewhere and is not instrumented, so the sanitizer sees its
// memory accesses through libc but not the atomics that order them, and reports races that are none. What
// happens inside the library is therefore left out; our own code around it is not.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
extern "C" __attribute__((visibility("default"))) char const* __tsan_default_suppressions();
extern "C" char const* __tsan_default_suppressions() {
    // Locks are followed there as well ("called_from_lib" would lose half of each condition variable's).
    return "race:libonnxruntime.so\nthread:libonnxruntime.so\n";
}
#endif
#endif

namespace ounce::vision {
namespace {

constexpr std::uint64_t kModelBytesMax = std::uint64_t{1} << 31;  // protobuf's own limit
constexpr int kThreadsMax = 256;

struct LoadedEngine {
    Engine engine;
    Ort::Env env{nullptr};
};

// The process's one engine. A failure is not kept: the next call tries again.
Result<LoadedEngine*> loaded_engine() {
    static std::mutex mutex;
    static LoadedEngine* loaded = nullptr;  // never freed: sessions of other threads may outlive main()
    std::lock_guard const lock(mutex);
    if (loaded != nullptr) return loaded;
    TRY(auto engine, load_engine(engine_places()));
    try {
        Ort::InitApi(engine.base->GetApi(ORT_API_VERSION));
        auto fresh = std::make_unique<LoadedEngine>();
        fresh->env = Ort::Env(ORT_LOGGING_LEVEL_FATAL, "ounce");
        fresh->env.DisableTelemetryEvents();
        fresh->engine = std::move(engine);
        loaded = fresh.release();
    } catch (Ort::Exception const& error) {
        return fail(Code::Unavailable, "ONNX Runtime {} does not start: {}", engine.version, error.what());
    }
    return loaded;
}

Ort::SessionOptions engine_options(SessionOptions const& options) {
    Ort::SessionOptions made;
    made.SetIntraOpNumThreads(options.threads <= 0 ? processor_count()
                                                   : std::min(options.threads, kThreadsMax));
    made.SetInterOpNumThreads(1);
    made.SetExecutionMode(ORT_SEQUENTIAL);
    made.SetGraphOptimizationLevel(ORT_ENABLE_ALL);
    // Threads that spin while they wait halve the rate when other work keeps the processors busy, and other
    // work there always is: pictures are decoded beside it.
    made.AddConfigEntry("session.intra_op.allow_spinning", "0");
    made.AddConfigEntry("session.inter_op.allow_spinning", "0");
    made.SetLogSeverityLevel(ORT_LOGGING_LEVEL_FATAL);  // what goes wrong comes back as an error
    return made;
}

// Reads one input or output; sides the model leaves free come as -1.
Result<Session::Port> read_port(std::string name, Ort::TypeInfo const& type) {
    if (type.GetONNXType() != ONNX_TYPE_TENSOR)
        return fail(Code::Unimplemented, "'{}' of the model is no tensor", name);
    auto const tensor = type.GetTensorTypeAndShapeInfo();
    if (tensor.GetElementType() != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT)
        return fail(Code::Unimplemented, "'{}' of the model does not hold 32-bit floats", name);
    return Session::Port{.name = std::move(name), .shape = tensor.GetShape()};
}

std::string describe(std::vector<std::int64_t> const& shape) {
    std::string text;
    for (auto const side : shape) text += (text.empty() ? "" : "x") + (side < 0 ? "?" : std::to_string(side));
    return text;
}

bool fits(std::vector<std::int64_t> const& shape, std::vector<std::int64_t> const& wanted) {
    return std::equal(shape.begin(), shape.end(), wanted.begin(), wanted.end(),
                      [](auto side, auto want) { return side > 0 && (want < 0 || side == want); });
}

// The product of the sides, or -1 where it is beyond what memory can hold.
std::int64_t checked_count(std::vector<std::int64_t> const& shape) {
    constexpr auto kMax = std::numeric_limits<std::int64_t>::max() / 8;
    std::int64_t count = 1;
    for (auto const side : shape) {
        if (side < 0 || (side > 0 && count > kMax / side)) return -1;
        count *= side;
    }
    return count;
}

}  // namespace

struct Session::State {
    Ort::Session session{nullptr};
    std::vector<Port> inputs;
    std::vector<Port> outputs;
};

Session::Session(std::unique_ptr<State> state) : state_(std::move(state)) {}
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;
Session::~Session() = default;

Result<Session> Session::create(ByteView model, SessionOptions const& options) {
    TRY(auto* const engine, loaded_engine());
    if (model.empty()) return fail(Code::DataLoss, "the model is empty");
    auto state = std::make_unique<State>();
    try {
        state->session = Ort::Session(engine->env, model.data(), model.size(), engine_options(options));
        Ort::AllocatorWithDefaultOptions allocator;
        auto& session = state->session;
        if (session.GetInputCount() != 1)
            return fail(Code::Unimplemented, "the model has {} inputs; models with exactly one are supported",
                        session.GetInputCount());
        TRY(auto input,
            read_port(session.GetInputNameAllocated(0, allocator).get(), session.GetInputTypeInfo(0)));
        state->inputs.push_back(std::move(input));
        for (std::size_t i = 0; i < session.GetOutputCount(); ++i) {
            TRY(auto output,
                read_port(session.GetOutputNameAllocated(i, allocator).get(), session.GetOutputTypeInfo(i)));
            state->outputs.push_back(std::move(output));
        }
    } catch (Ort::Exception const& error) {
        return fail(Code::DataLoss, "the model cannot be used: {}", error.what());
    }
    return Session(std::move(state));
}

Result<Session> Session::open(std::filesystem::path const& model, SessionOptions const& options) {
    TRY(auto const bytes, read_file(model, kModelBytesMax));
    auto session = create(bytes, options);
    if (!session) return fail(session.error().in(model.string()));
    return session;
}

std::vector<Session::Port> const& Session::inputs() const {
    return state_->inputs;
}
std::vector<Session::Port> const& Session::outputs() const {
    return state_->outputs;
}

Result<std::vector<Tensor>> Session::run(Tensor const& input, std::vector<std::string> const& outputs) const {
    auto const& port = state_->inputs.front();
    if (!fits(input.shape, port.shape))
        return fail(Code::InvalidArgument, "the model's input '{}' is {}, not {}", port.name,
                    describe(port.shape), describe(input.shape));
    if (checked_count(input.shape) != static_cast<std::int64_t>(input.values.size()))
        return fail(Code::InvalidArgument, "a tensor of {} has {} values", describe(input.shape),
                    input.values.size());
    std::vector<char const*> names;
    for (auto const& name : outputs) {
        if (std::ranges::find(state_->outputs, name, &Port::name) == state_->outputs.end())
            return fail(Code::InvalidArgument, "the model has no output '{}'", name);
        names.push_back(name.c_str());
    }
    if (names.empty()) return std::vector<Tensor>{};

    std::vector<Tensor> tensors;
    try {
        auto const memory = Ort::MemoryInfo::CreateCpu(OrtDeviceAllocator, OrtMemTypeCPU);
        // The engine only reads its inputs; its interface has no const form.
        auto const value =
            Ort::Value::CreateTensor<float>(memory, const_cast<float*>(input.values.data()),
                                            input.values.size(), input.shape.data(), input.shape.size());
        char const* const input_name = port.name.c_str();
        auto const values =
            state_->session.Run(Ort::RunOptions{nullptr}, &input_name, &value, 1, names.data(), names.size());
        for (auto const& made : values) {
            auto const info = made.GetTensorTypeAndShapeInfo();
            auto const* const data = made.GetTensorData<float>();
            tensors.push_back({.shape = info.GetShape(), .values = {data, data + info.GetElementCount()}});
        }
    } catch (Ort::Exception const& error) {
        return fail(Code::Internal, "the model failed to run: {}", error.what());
    }
    return tensors;
}

Result<std::string> Session::engine_version() {
    TRY(auto* const engine, loaded_engine());
    return engine->engine.version;
}

Result<Tensor> stack(std::vector<Tensor> const& tensors) {
    if (tensors.empty()) return fail(Code::InvalidArgument, "there are no tensors to join");
    auto const& first = tensors.front();
    if (first.shape.empty() || first.shape.front() != 1)
        return fail(Code::InvalidArgument, "a tensor of {} cannot be joined: its first side must be 1",
                    describe(first.shape));
    Tensor joined{.shape = first.shape, .values = {}};
    joined.shape.front() = static_cast<std::int64_t>(tensors.size());
    joined.values.reserve(first.values.size() * tensors.size());
    for (auto const& tensor : tensors) {
        if (tensor.shape != first.shape || tensor.values.size() != first.values.size())
            return fail(Code::InvalidArgument, "tensors of {} and {} cannot be joined", describe(first.shape),
                        describe(tensor.shape));
        joined.values.insert(joined.values.end(), tensor.values.begin(), tensor.values.end());
    }
    return joined;
}

}  // namespace ounce::vision
