#include "train/picture_identity.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <numeric>

namespace ounce::train {

Result<PictureIdentity> identify(ByteView file) {
    auto const exif = vision::read_exif(file);
    PictureIdentity identity;
    identity.sha256 = crypto::sha256(file);
    // Cameras of one make and model are many: without a serial number it is not known which.
    if (!exif.serial.empty()) identity.camera = exif.make + " " + exif.model + " " + exif.serial;
    identity.taken = exif.taken;
    return identity;
}

std::optional<RecordCache::Key> file_state_key(std::filesystem::path const& path) {
    struct stat info{};
    if (::stat(path.c_str(), &info) != 0) return std::nullopt;
    auto const now = std::chrono::system_clock::now().time_since_epoch();
    auto const changed = std::chrono::seconds(std::max(info.st_mtim.tv_sec, info.st_ctim.tv_sec));
    if (now - changed < std::chrono::seconds(2)) return std::nullopt;
    std::error_code error;
    auto const whole = std::filesystem::absolute(path, error);
    auto const text = fmt::format("identity 2\n{}\n{} {} {} {}.{} {}.{}", whole.string(), info.st_size,
                                  info.st_dev, info.st_ino, info.st_mtim.tv_sec, info.st_mtim.tv_nsec,
                                  info.st_ctim.tv_sec, info.st_ctim.tv_nsec);
    return crypto::sha256(as_bytes(text));
}

Bytes to_record(PictureIdentity const& identity) {
    std::int64_t const taken = identity.taken ? identity.taken->time_since_epoch().count() : INT64_MIN;
    Bytes record(identity.sha256.begin(), identity.sha256.end());
    record.resize(record.size() + sizeof taken);
    std::memcpy(record.data() + identity.sha256.size(), &taken, sizeof taken);
    auto const camera = as_bytes(identity.camera);
    record.insert(record.end(), camera.begin(), camera.end());
    return record;
}

std::optional<PictureIdentity> from_record(ByteView record) {
    PictureIdentity identity;
    std::int64_t taken = 0;
    auto const fixed = identity.sha256.size() + sizeof taken;
    if (record.size() < fixed) return std::nullopt;
    std::copy_n(record.begin(), identity.sha256.size(), identity.sha256.begin());
    std::memcpy(&taken, record.data() + identity.sha256.size(), sizeof taken);
    if (taken != INT64_MIN) identity.taken = vision::CameraTime(std::chrono::milliseconds(taken));
    identity.camera = as_text(record.subspan(fixed));
    return identity;
}

std::vector<int> burst_groups(std::span<PictureIdentity const> pictures, std::chrono::milliseconds gap) {
    std::vector<std::size_t> order;
    for (std::size_t i = 0; i < pictures.size(); ++i)
        if (!pictures[i].camera.empty() && pictures[i].taken) order.push_back(i);
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
        if (pictures[a].camera != pictures[b].camera) return pictures[a].camera < pictures[b].camera;
        if (*pictures[a].taken != *pictures[b].taken) return *pictures[a].taken < *pictures[b].taken;
        return a < b;
    });
    std::vector<int> groups(pictures.size(), -1);
    int group = -1;
    for (std::size_t i = 0; i < order.size(); ++i) {
        auto const& here = pictures[order[i]];
        if (i == 0 || pictures[order[i - 1]].camera != here.camera ||
            *here.taken - *pictures[order[i - 1]].taken > gap)
            ++group;
        groups[order[i]] = group;
    }
    return groups;
}

}  // namespace ounce::train
