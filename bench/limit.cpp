// The bare limit that sifting is held against: how many pictures a second this machine can decode at reduced
// size (libjpeg-turbo, files already in memory) and run through the model (ONNX Runtime, a tensor already
// there), with one thread a processor and nothing else to do: no resizing, no grouping, no output.
//
//   bench_limit MODEL.onnx libonnxruntime.so.1 FOLDER [SHORTER_SIDE_PX = 256] [SIDE_PX = 224]
//
// Prints one JSON object: pictures a second for decoding alone, the model alone, and both in turn.

#define ORT_API_MANUAL_INIT
#include <dlfcn.h>
#include <onnxruntime_cxx_api.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>
#include <thread>
#include <vector>

#include <jpeglib.h>  // wants <cstdio> before it

namespace {

using File = std::vector<unsigned char>;

[[noreturn]] void give_up(std::string const& why) {
    std::fprintf(stderr, "bench_limit: %s\n", why.c_str());
    std::exit(1);
}

std::vector<File> read_pictures(std::filesystem::path const& folder) {
    std::vector<std::filesystem::path> paths;
    for (auto const& entry : std::filesystem::recursive_directory_iterator(folder))
        if (entry.is_regular_file()) paths.push_back(entry.path());
    std::sort(paths.begin(), paths.end());
    std::vector<File> files;
    for (auto const& path : paths) {
        std::ifstream stream(path, std::ios::binary);
        files.emplace_back(std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>());
    }
    if (files.empty()) give_up(folder.string() + " has no files");
    return files;
}

/// Decodes to RGB at 1/1, 1/2, 1/4 or 1/8, the smallest whose shorter side is at least `shorter_px`.
void decode(File const& file, unsigned shorter_px, File& pixels) {
    jpeg_decompress_struct jpeg{};
    jpeg_error_mgr errors{};
    jpeg.err = jpeg_std_error(&errors);  // ends the program on a broken file: these are our own pictures
    jpeg_create_decompress(&jpeg);
    jpeg_mem_src(&jpeg, file.data(), static_cast<unsigned long>(file.size()));
    jpeg_read_header(&jpeg, TRUE);
    unsigned const shorter = std::min(jpeg.image_width, jpeg.image_height);
    jpeg.scale_denom = 8;
    while (jpeg.scale_denom > 1 && shorter / jpeg.scale_denom < shorter_px) jpeg.scale_denom /= 2;
    jpeg.scale_num = 1;
    jpeg.out_color_space = JCS_RGB;
    jpeg_start_decompress(&jpeg);
    auto const stride = std::size_t{jpeg.output_width} * 3;
    pixels.resize(stride * jpeg.output_height);
    while (jpeg.output_scanline < jpeg.output_height) {
        auto* row = pixels.data() + stride * jpeg.output_scanline;
        jpeg_read_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_decompress(&jpeg);
    jpeg_destroy_decompress(&jpeg);
}

OrtApiBase const* load_engine(char const* path) {
    void* const library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) give_up(dlerror());
    using GetBase = OrtApiBase const* (*)();
    auto const get = reinterpret_cast<GetBase>(dlsym(library, "OrtGetApiBase"));
    if (get == nullptr) give_up(std::string(path) + " is not ONNX Runtime");
    return get();
}

/// The model with a tensor that is ready: what is left is the engine's own time.
class Model {
  public:
    Model(char const* path, int side_px)
        : session_(env_, path, options()),
          shape_{1, 3, side_px, side_px},
          pixels_(static_cast<std::size_t>(3 * side_px) * static_cast<std::size_t>(side_px), 0.5F) {
        Ort::AllocatorWithDefaultOptions allocator;
        input_ = session_.GetInputNameAllocated(0, allocator).get();
        output_ = session_.GetOutputNameAllocated(0, allocator).get();
    }

    void run() {
        auto const memory = Ort::MemoryInfo::CreateCpu(OrtArenaAllocator, OrtMemTypeDefault);
        auto const input = Ort::Value::CreateTensor<float>(memory, pixels_.data(), pixels_.size(),
                                                           shape_.data(), shape_.size());
        char const* const in = input_.c_str();
        char const* const out = output_.c_str();
        session_.Run(Ort::RunOptions{nullptr}, &in, &input, 1, &out, 1);
    }

  private:
    static Ort::SessionOptions options() {
        Ort::SessionOptions made;
        made.SetIntraOpNumThreads(1);
        made.SetGraphOptimizationLevel(ORT_ENABLE_ALL);
        return made;
    }

    Ort::Env env_{ORT_LOGGING_LEVEL_ERROR, "limit"};
    Ort::Session session_;
    std::array<std::int64_t, 4> shape_;
    std::vector<float> pixels_;
    std::string input_, output_;
};

/// Calls `work(index, thread)` for each index below `count` on `threads` threads; returns calls a second.
double rate(std::size_t count, unsigned threads, std::function<void(std::size_t, unsigned)> const& work) {
    std::atomic<std::size_t> next{0};
    auto const began = std::chrono::steady_clock::now();
    std::vector<std::thread> workers;
    for (unsigned thread = 0; thread < threads; ++thread)
        workers.emplace_back([&, thread] {
            for (std::size_t index = next++; index < count; index = next++) work(index, thread);
        });
    for (auto& worker : workers) worker.join();
    return static_cast<double>(count) /
           std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) give_up("MODEL.onnx libonnxruntime.so.1 FOLDER [SHORTER_SIDE_PX] [SIDE_PX]");
    auto const shorter_px = static_cast<unsigned>(argc > 4 ? std::atoi(argv[4]) : 256);
    int const side_px = argc > 5 ? std::atoi(argv[5]) : 224;
    Ort::InitApi(load_engine(argv[2])->GetApi(ORT_API_VERSION));

    auto const files = read_pictures(argv[3]);
    unsigned const threads = std::max(1U, std::thread::hardware_concurrency());
    Model model(argv[1], side_px);
    model.run();  // the first run plans its memory
    std::vector<File> pixels(threads);

    auto const decoding = [&](std::size_t index, unsigned thread) {
        decode(files[index], shorter_px, pixels[thread]);
    };
    auto const running = [&](std::size_t, unsigned) { model.run(); };
    auto const both = [&](std::size_t index, unsigned thread) {
        decoding(index, thread);
        model.run();
    };
    double const decode_rate = rate(files.size(), threads, decoding);
    double const model_rate = rate(files.size(), threads, running);
    double const both_rate = rate(files.size(), threads, both);
    std::printf(
        R"({"pictures": %zu, "threads": %u, "decode_per_s": %.2f, "model_per_s": %.2f, "per_s": %.2f})"
        "\n",
        files.size(), threads, decode_rate, model_rate, both_rate);
    return 0;
}
