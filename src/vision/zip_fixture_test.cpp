#include "vision/zip_fixture.hpp"

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

namespace ounce::vision {

Bytes zip_of(std::vector<std::pair<std::string, std::string>> const& members) {
    std::size_t content_bytes = 0;
    for (auto const& [name, content] : members) content_bytes += name.size() * 2 + content.size() + 1000;
    Bytes zip(content_bytes + 1000);
    std::size_t used = 0;
    auto* const writer = archive_write_new();
    EXPECT_EQ(archive_write_set_format_zip(writer), ARCHIVE_OK);
    EXPECT_EQ(archive_write_open_memory(writer, zip.data(), zip.size(), &used), ARCHIVE_OK);
    for (auto const& [name, content] : members) {
        auto* const entry = archive_entry_new();
        archive_entry_set_pathname(entry, name.c_str());
        archive_entry_set_filetype(entry, AE_IFREG);
        archive_entry_set_perm(entry, 0644);
        archive_entry_set_size(entry, static_cast<la_int64_t>(content.size()));
        EXPECT_EQ(archive_write_header(writer, entry), ARCHIVE_OK);
        EXPECT_EQ(archive_write_data(writer, content.data(), content.size()),
                  static_cast<la_ssize_t>(content.size()));
        archive_entry_free(entry);
    }
    EXPECT_EQ(archive_write_free(writer), ARCHIVE_OK);
    zip.resize(used);
    return zip;
}

}  // namespace ounce::vision
