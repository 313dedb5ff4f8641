#include "project/package_zip.hpp"

#include <algorithm>
#include <fstream>

#include "vision/archive.hpp"
#include "vision/package_json.hpp"

namespace ounce::project {
namespace {

namespace fs = std::filesystem;

/// "name" or "golden/name": nothing that leads elsewhere.
bool is_member_of_package(std::string_view path) {
    auto const golden = std::string(vision::kGoldenFolder) + "/";
    if (path.starts_with(golden)) path.remove_prefix(golden.size());
    return vision::is_plain_file_name(path);
}

/// Not synced: it can be unpacked again.
Status write_plainly(fs::path const& path, ByteView content) {
    std::ofstream file(path, std::ios::binary);
    file.write(reinterpret_cast<char const*>(content.data()), static_cast<std::streamsize>(content.size()));
    file.close();
    if (!file) return fail(Code::ResourceExhausted, "{}: cannot be written", path.string());
    return {};
}

}  // namespace

Result<Bytes> zip_package(fs::path const& folder) {
    std::vector<fs::path> files;
    std::error_code error;
    for (auto entry = fs::recursive_directory_iterator(folder, error);
         !error && entry != fs::recursive_directory_iterator(); entry.increment(error))
        if (entry->is_regular_file(error)) files.push_back(entry->path());
    if (error) return fail(Code::DataLoss, "{}: {}", folder.string(), error.message());
    std::ranges::sort(files);
    std::vector<vision::ZipMember> members;
    for (auto const& file : files) {
        TRY(auto content, read_file(file, kPackageBytesMax));
        members.push_back({file.lexically_relative(folder).generic_string(), std::move(content)});
    }
    return vision::write_zip(members);
}

Result<TemporaryFolder> unzip_package(ByteView zip) {
    TRY(auto const members, vision::read_zip(zip, [](std::string_view) { return true; }, kPackageBytesMax));
    TRY(auto folder, TemporaryFolder::create());
    auto const package = folder.path() / "package";
    TRY_STATUS(make_folder(package / vision::kGoldenFolder));
    for (auto const& [path, content] : members) {
        if (!is_member_of_package(path)) return fail(Code::DataLoss, "'{}' is no file of a package", path);
        TRY_STATUS(write_plainly(package / path, content));
    }
    return folder;
}

}  // namespace ounce::project
