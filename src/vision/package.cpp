#include "vision/package.hpp"

#include <fcntl.h>
#include <stdio.h>  // renameat2
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <set>
#include <system_error>

#include "base/file.hpp"
#include "crypto/sha256.hpp"
#include "crypto/signature.hpp"
#include "vision/package_json.hpp"

namespace ounce::vision {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kSignatureBytes = 64;

std::string golden_path(std::string_view file) {
    return fmt::format("{}/{}", kGoldenFolder, file);
}

ListedFile listed(std::string name, ByteView content) {
    return {std::move(name), content.size(), crypto::sha256_hex(content)};
}

/// Removes a folder that was begun and not finished.
class Unfinished {
  public:
    explicit Unfinished(fs::path path) : path_(std::move(path)) {}
    Unfinished(Unfinished const&) = delete;
    Unfinished& operator=(Unfinished const&) = delete;
    ~Unfinished() {
        std::error_code ignored;  // nothing to be done about it in a destructor
        if (!path_.empty()) fs::remove_all(path_, ignored);
    }
    [[nodiscard]] fs::path const& path() const { return path_; }
    void finished() { path_.clear(); }

  private:
    fs::path path_;
};

/// A new folder beside `folder`, hidden, on the same disk: renaming it into place is one step.
Result<fs::path> make_hidden_folder(fs::path const& folder) {
    auto pattern = (folder.parent_path() / ("." + folder.filename().string() + ".XXXXXX")).string();
    if (::mkdtemp(pattern.data()) == nullptr)
        return fail(Code::PermissionDenied, "{}: cannot make a folder beside it: {}", folder.string(),
                    std::generic_category().message(errno));
    auto const mask = ::umask(0);
    ::umask(mask);
    if (::chmod(pattern.c_str(), 0777 & ~mask) != 0)
        return fail(Code::PermissionDenied, "{}: cannot set its mode", pattern);
    return fs::path(pattern);
}

Status sync_folder(fs::path const& folder) {
    int const descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0 || (::fsync(descriptor) != 0 && errno != EINVAL)) {
        auto const error = errno;
        if (descriptor >= 0) ::close(descriptor);
        return fail(Code::DataLoss, "{}: cannot sync: {}", folder.string(),
                    std::generic_category().message(error));
    }
    ::close(descriptor);
    return {};
}

/// Puts the finished folder in the place of `folder`. What was there is removed only after it was replaced.
Status put_in_place(Unfinished& made, fs::path const& folder) {
    auto const failed = [&](int error) {
        return fail(error == EACCES || error == EPERM ? Code::PermissionDenied : Code::DataLoss,
                    "{}: cannot put the new package in place: {}", folder.string(),
                    std::generic_category().message(error));
    };
    std::error_code error;
    if (!fs::exists(folder, error) || fs::is_empty(folder, error)) {
        if (::rename(made.path().c_str(), folder.c_str()) != 0) return failed(errno);
        made.finished();
        return sync_folder(folder.parent_path());
    }
    // Exchanged in one step: at no time is there no package. The old one then lies in the hidden folder and
    // goes with `made`.
    if (::renameat2(AT_FDCWD, made.path().c_str(), AT_FDCWD, folder.c_str(), RENAME_EXCHANGE) != 0) {
        if (errno != EINVAL && errno != ENOSYS) return failed(errno);
        // A file system without exchange (some network ones): a crash between the two leaves the old package
        // under the hidden name.
        auto const old = made.path().string() + ".old";
        if (::rename(folder.c_str(), old.c_str()) != 0) return failed(errno);
        if (::rename(made.path().c_str(), folder.c_str()) != 0) {
            auto const reason = errno;
            if (::rename(old.c_str(), folder.c_str()) != 0)
                return fail(Code::DataLoss, "{}: the old package is in {} now", folder.string(), old);
            return failed(reason);
        }
        made.finished();
        fs::remove_all(old, error);
    }
    return sync_folder(folder.parent_path());
}

Status check_destination(fs::path const& folder) {
    std::error_code error;
    auto const status = fs::symlink_status(folder, error);
    if (!fs::exists(status)) return {};
    if (fs::is_directory(status) &&
        (fs::is_empty(folder, error) || fs::is_regular_file(folder / kPackageJson, error)))
        return {};
    return fail(Code::AlreadyExists, "{}: exists and is no package; choose another name or remove it",
                folder.string());
}

/// A regular file and no link to one: a link could show a file of the machine as a part of the package.
Result<Bytes> read_part(fs::path const& folder, std::string const& name, std::uint64_t bytes_max) {
    std::error_code error;
    auto const status = fs::symlink_status(folder / name, error);
    if (!fs::exists(status)) return fail(Code::DataLoss, "{}: {} is missing", folder.string(), name);
    if (!fs::is_regular_file(status))
        return fail(Code::DataLoss, "{}: {} is no regular file", folder.string(), name);
    return read_file(folder / name, bytes_max);
}

Result<Bytes> read_listed(fs::path const& folder, ListedFile const& file) {
    auto content = read_part(folder, file.name, file.bytes);
    if (!content && content.error().code != Code::ResourceExhausted) return content;
    if (!content || content->size() != file.bytes || crypto::sha256_hex(*content) != file.sha256)
        return fail(Code::DataLoss, "{}: {} is not the file that package.json lists (size or SHA-256)",
                    folder.string(), file.name);
    return content;
}

/// Everything in the folder must be listed: what is not would be unsigned.
Status check_nothing_else(fs::path const& folder, PackageManifest const& manifest) {
    std::set<std::string> known{kPackageJson, kSignatureFile, kGoldenFolder};
    for (auto const& file : manifest.files) known.insert(file.name);
    auto const check_folder = [&](fs::path const& inside, std::string const& prefix) -> Status {
        std::error_code error;
        for (auto entry = fs::directory_iterator(inside, error); !error && entry != fs::directory_iterator();
             entry.increment(error)) {
            auto const name = prefix + entry->path().filename().string();
            if (!known.contains(name))
                return fail(Code::DataLoss, "{}: {} is not listed in package.json", folder.string(), name);
        }
        if (error) return fail(Code::PermissionDenied, "{}: {}", inside.string(), error.message());
        return {};
    };
    TRY_STATUS(check_folder(folder, ""));
    std::error_code error;
    auto const golden = fs::symlink_status(folder / kGoldenFolder, error);
    if (!fs::exists(golden)) return {};
    if (!fs::is_directory(golden)) return fail(Code::DataLoss, "{}: golden is no folder", folder.string());
    return check_folder(folder / kGoldenFolder, golden_path(""));
}

Status check_signature(fs::path const& folder, ByteView manifest, std::string const& public_key_pem) {
    std::error_code error;
    if (!fs::exists(fs::symlink_status(folder / kSignatureFile, error)))
        return fail(Code::PermissionDenied, "{}: not signed, and a key is pinned", folder.string());
    TRY(auto const signature, read_part(folder, kSignatureFile, kSignatureBytes));
    TRY(auto const matches, crypto::verify(public_key_pem, manifest, signature));
    if (!matches)
        return fail(Code::PermissionDenied, "{}: the signature is not that of the pinned key's owner",
                    folder.string());
    return {};
}

}  // namespace

Status write_package(fs::path const& folder, Package const& package,
                     std::optional<std::string> const& private_key_pem) {
    auto destination = fs::absolute(folder).lexically_normal();
    if (!destination.has_filename()) destination = destination.parent_path();
    TRY_STATUS(check_destination(destination));

    auto const labels = labels_text(package.info.tags);
    PackageManifest manifest;
    manifest.info = package.info;
    manifest.files.push_back(listed(kModelFile, package.model));
    manifest.files.push_back(listed(kLabelsFile, as_bytes(labels)));
    for (auto const& golden : package.golden) {
        manifest.golden.push_back({golden.file, golden.probabilities});
        manifest.files.push_back(listed(golden_path(golden.file), golden.content));
    }
    for (auto const& [name, content] : package.extras) manifest.files.push_back(listed(name, content));
    TRY_STATUS(check_manifest(manifest));
    auto const text = manifest_text(manifest);
    // What cannot be read back must not be written: a recipe out of range, metrics nested too deep.
    if (auto const again = parse_manifest(text); !again) return fail(again.error().in(kPackageJson));
    std::optional<Bytes> signature;
    if (private_key_pem) {
        TRY(signature, crypto::sign(*private_key_pem, as_bytes(text)));
    }

    TRY_STATUS(make_folder(destination.parent_path()));
    TRY(auto const hidden, make_hidden_folder(destination));
    Unfinished made(hidden);
    TRY_STATUS(write_file(hidden / kModelFile, package.model));
    TRY_STATUS(write_file(hidden / kLabelsFile, as_bytes(labels)));
    if (!package.golden.empty()) TRY_STATUS(make_folder(hidden / kGoldenFolder));
    for (auto const& golden : package.golden)
        TRY_STATUS(write_file(hidden / kGoldenFolder / golden.file, golden.content));
    for (auto const& [name, content] : package.extras) TRY_STATUS(write_file(hidden / name, content));
    if (signature) TRY_STATUS(write_file(hidden / kSignatureFile, *signature));
    TRY_STATUS(write_file(hidden / kPackageJson, as_bytes(text)));
    return put_in_place(made, destination);
}

Result<Package> read_package(fs::path const& folder, ReadOptions const& options) {
    std::error_code error;
    if (!fs::exists(fs::symlink_status(folder / kPackageJson, error)))
        return fail(Code::NotFound, "{}: no package: there is no package.json", folder.string());
    TRY(auto const text, read_part(folder, kPackageJson, kPackageJsonBytesMax));
    // The signature first: nothing that is not the key owner's word is looked at further.
    if (options.public_key_pem) TRY_STATUS(check_signature(folder, text, *options.public_key_pem));
    auto manifest = parse_manifest(as_text(text));
    if (!manifest) return fail(manifest.error().in((folder / kPackageJson).string()));
    TRY_STATUS(check_nothing_else(folder, *manifest));

    Package package;
    package.info = std::move(manifest->info);
    std::map<std::string, Bytes> golden;
    for (auto const& file : manifest->files) {
        if (file.name == kModelFile && file.bytes > options.model_bytes_max)
            return fail(Code::ResourceExhausted, "{}: model.onnx has {} bytes, more than the {} allowed",
                        folder.string(), file.bytes, options.model_bytes_max);
        TRY(auto content, read_listed(folder, file));
        if (file.name == kModelFile) {
            package.model = std::move(content);
        } else if (file.name == kLabelsFile) {
            if (as_text(content) != labels_text(package.info.tags))
                return fail(Code::DataLoss, "{}: labels.txt does not hold the tags of package.json",
                            folder.string());
        } else if (file.name.starts_with(golden_path(""))) {
            golden.emplace(file.name, std::move(content));
        } else {
            package.extras.emplace(file.name, std::move(content));
        }
    }
    for (auto& answer : manifest->golden)
        package.golden.push_back(
            {answer.file, std::move(golden.at(golden_path(answer.file))), std::move(answer.probabilities)});
    return package;
}

}  // namespace ounce::vision
