#include "trap/scan.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <memory>
#include <vector>

namespace ounce::trap {
namespace {

namespace fs = std::filesystem;

std::string lower_ending(std::string_view name) {
    auto const dot = name.rfind('.');
    std::string ending(dot == std::string_view::npos ? "" : name.substr(dot + 1));
    for (char& c : ending)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return ending;
}

bool is_video(std::string_view name) {
    auto const ending = lower_ending(name);
    for (auto const* const known :
         {"mp4", "avi", "mov", "mkv", "m4v", "mts", "m2ts", "3gp", "wmv", "asf", "mpg"})
        if (ending == known) return true;
    return false;
}

/// Folders that systems and cameras' desktop tools leave on cards: what was thrown away, thumbnails, parts of
/// repaired file systems.
bool is_trash(std::string_view name) {
    for (auto const* const known : {"$RECYCLE.BIN", "RECYCLER", "System Volume Information", "lost+found",
                                    "@eaDir", "__MACOSX", "FOUND.000"})
        if (name == known) return true;
    return false;
}

struct CloseDir {
    void operator()(DIR* dir) const { closedir(dir); }
};

Error open_error(std::string const& path, int number) {
    auto const code = number == ENOENT || number == ENOTDIR ? Code::NotFound
                      : number == EACCES                    ? Code::PermissionDenied
                                                            : Code::DataLoss;
    return {code, fmt::format("{}: {}", path, std::strerror(number))};
}

}  // namespace

bool may_be_picture(std::string_view file_name) {
    auto const ending = lower_ending(file_name);
    for (auto const* const known : {"jpg", "jpeg", "jpe", "jfif", "png", "bmp", "gif", "webp"})
        if (ending == known) return true;
    return false;
}

Result<ScanCounts> scan(fs::path const& folder, fs::path const& skip, FoundSink const& found,
                        UnreadableFolderSink const& unreadable, std::stop_token const& stop) {
    struct stat skipped{};
    bool const skips = !skip.empty() && stat(skip.c_str(), &skipped) == 0;

    ScanCounts counts;
    std::vector<std::string> waiting{""};
    while (!waiting.empty()) {
        auto const below = std::move(waiting.back());
        waiting.pop_back();
        auto const full = below.empty() ? folder.string() : (folder / below).string();
        // The folder asked for may be a link (a mounted card often is); those below must not be.
        auto const handle =
            ::open(full.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | (below.empty() ? 0 : O_NOFOLLOW));
        std::unique_ptr<DIR, CloseDir> const dir(handle < 0 ? nullptr : fdopendir(handle));
        if (!dir) {
            auto error = open_error(full, errno);
            if (handle >= 0) ::close(handle);
            if (below.empty()) return fail(std::move(error));
            TRY_STATUS(unreadable(below, error));
            continue;
        }
        for (;;) {
            if (stop.stop_requested()) return fail(Code::Cancelled, "stopped");
            errno = 0;
            auto const* const entry = readdir(dir.get());
            if (!entry) {
                if (errno != 0) TRY_STATUS(unreadable(below, open_error(full, errno)));
                break;
            }
            std::string const name = entry->d_name;
            if (name == "." || name == "..") continue;
            if (name.starts_with('.') || is_trash(name)) {
                ++counts.hidden;
                continue;
            }
            struct stat info{};
            if (fstatat(dirfd(dir.get()), name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0)
                continue;  // just removed
            auto path = below.empty() ? name : below + "/" + name;
            if (S_ISDIR(info.st_mode)) {
                if (skips && info.st_dev == skipped.st_dev && info.st_ino == skipped.st_ino) continue;
                waiting.push_back(std::move(path));
            } else if (!S_ISREG(info.st_mode)) {
                ++counts.links;
            } else if (may_be_picture(name)) {
                ++counts.found;
                TRY_STATUS(found({std::move(path), static_cast<std::uint64_t>(info.st_size),
                                  info.st_mtim.tv_sec * 1000 + info.st_mtim.tv_nsec / 1'000'000}));
            } else {
                ++(is_video(name) ? counts.videos : counts.others);
            }
        }
    }
    return counts;
}

}  // namespace ounce::trap
