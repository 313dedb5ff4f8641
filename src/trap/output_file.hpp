#pragma once

#include <cstdio>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace ounce::trap {

/// A text file that is written bit by bit and appears whole or not at all: a hidden file beside it, synced
/// and renamed by commit(). Dropped without commit, nothing stays. Errors: ResourceExhausted if the disk is
/// full, PermissionDenied, NotFound.
class OutputFile {
  public:
    static Result<OutputFile> create(std::filesystem::path const& path);
    OutputFile(OutputFile&&) noexcept = default;
    OutputFile& operator=(OutputFile&&) = delete;
    ~OutputFile();

    Status write(std::string_view text);
    Status write_csv(std::span<std::string const> fields);
    Status commit();

  private:
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    OutputFile(std::filesystem::path path, std::filesystem::path temporary, std::FILE* file)
        : path_(std::move(path)), temporary_(std::move(temporary)), file_(file) {}
    [[nodiscard]] tl::unexpected<Error> error(int number) const;

    std::filesystem::path path_;
    std::filesystem::path temporary_;
    std::unique_ptr<std::FILE, Close> file_;
};

}  // namespace ounce::trap
