#include "registry/archive.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "base/file.hpp"

namespace ounce::registry {
namespace {

std::string write_out(Archive const& archive, std::map<std::string, std::string> const& contents) {
    std::string text;
    for (auto const& piece : archive.pieces) {
        if (auto const* const bytes = std::get_if<std::string>(&piece))
            text += *bytes;
        else
            text += contents.at(std::get<ModelFile>(piece).path);
    }
    EXPECT_EQ(text.size(), archive.size);
    return text;
}

/// What the system's own tar says of it: "size name" lines.
std::string listed(std::string const& archive) {
    auto const folder = TemporaryFolder::create();
    EXPECT_TRUE(folder);
    auto const path = folder->path() / "a.tar";
    std::ofstream(path, std::ios::binary) << archive;
    auto const command =
        fmt::format("tar --numeric-owner -tvf {} | awk '{{print $1, $2, $3, $6}}'", path.string());
    std::string text;
    auto* const pipe = ::popen(command.c_str(), "r");
    char buffer[4096];
    while (std::fgets(buffer, sizeof buffer, pipe)) text += buffer;
    EXPECT_EQ(::pclose(pipe), 0);
    return text;
}

TEST(Archive, OtherToolsReadIt) {
    Model model;
    model.root = "folder";
    model.created = Time(std::chrono::seconds(1'700'000'000));
    auto const long_path = std::string(90, 'd') + "/" + std::string(120, 'f');
    std::map<std::string, std::string> const contents = {
        {"a.txt", "hello"}, {"b/full", std::string(512, 'x')}, {"c/empty", ""}, {long_path, "long"}};
    std::vector<ModelFile> files;
    for (auto const& [path, content] : contents)
        files.push_back({.path = path, .digest = "", .size = content.size()});
    auto const text = write_out(archive_of(model, files), contents);
    EXPECT_EQ(listed(text),
              "-rw-r--r-- 0/0 5 folder/a.txt\n"
              "-rw-r--r-- 0/0 512 folder/b/full\n"
              "-rw-r--r-- 0/0 0 folder/c/empty\n"
              "-rw-r--r-- 0/0 4 folder/" +
                  long_path + "\n");
    EXPECT_EQ(text, write_out(archive_of(model, files), contents)) << "the same each time";
    EXPECT_EQ(text.size() % 512, 0U);
}

TEST(Archive, SizesBeyondEightGigabytesAreTold) {
    Model model;
    auto const archive = archive_of(model, {{.path = "large", .digest = "", .size = std::uint64_t{9} << 30}});
    auto const& head = std::get<std::string>(archive.pieces.front());
    EXPECT_NE(head.find("19 size=9663676416\n"), std::string::npos);
    EXPECT_EQ(archive.size, head.size() + (std::uint64_t{9} << 30) + 1024);
}

}  // namespace
}  // namespace ounce::registry
