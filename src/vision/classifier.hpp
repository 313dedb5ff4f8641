#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "vision/decode.hpp"
#include "vision/package.hpp"

namespace ounce::vision {

struct Prediction {
    std::string tag;
    double probability = 0;
};

struct Classification {
    std::vector<Prediction> predictions;  // highest first; equal ones in the order of the tags
    bool damaged = false;                 // see Decoded
    std::string damage;
};

/// A model ready to answer for picture files. Thread-safe.
class Classifier {
  public:
    struct Options {
        std::optional<std::string> public_key_pem = std::nullopt;  // pins the package's signature
        bool check_golden = true;  // refuse a package whose golden images come out wrong
        int threads = 1;           // inside one picture, see SessionOptions
    };

    /// `path`: a package folder, or a TensorFlow `model.pb` with `labels.txt` beside it (or the folder that
    /// holds both, or a .zip of both), as Azure Custom Vision exports them.
    /// Errors: as read_package, check_golden, read_exported_model, create.
    static Result<Classifier> open(std::filesystem::path const& path, Options const& options);
    /// Runs the model once, to see that it answers what the package says (and to warm it up).
    /// Errors: as Session::create; DataLoss if the model's input is not what the recipe makes, or its output
    /// does not hold one probability for each tag.
    static Result<Classifier> create(Package const& package, int threads = 1);

    Classifier(Classifier&&) noexcept;
    Classifier& operator=(Classifier&&) noexcept;
    ~Classifier();

    [[nodiscard]] PackageInfo const& info() const;

    /// Errors: as decode() for a picture that cannot be read; as run().
    [[nodiscard]] Result<Classification> classify(ByteView picture_file) const;

    /// Probabilities in the order of the tags for an input made by apply(recipe).
    /// Errors: as Session::run; DataLoss if one of them is no number.
    [[nodiscard]] Result<std::vector<float>> run(Tensor const& input) const;

  private:
    struct State;
    explicit Classifier(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace ounce::vision
