#include "hub/backup.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <map>

#include "base/file.hpp"
#include "hub/key_store.hpp"
#include "store/blob_store.hpp"
#include "store/database.hpp"

namespace ounce::hub {
namespace {

namespace fs = std::filesystem;

constexpr store::Migration kSchema[] = {{1, "CREATE TABLE note(text TEXT)"}};

class BackupTest : public testing::Test {
  protected:
    BackupTest() {
        EXPECT_TRUE(prepare_keys(data_, {"hub.example"}, now_));
        EXPECT_TRUE(write_file(data_.config(), as_bytes("[log]\nlevel = 'debug'\n")));
        EXPECT_TRUE(notes_.run("INSERT INTO note VALUES('first')"));
        blob_ = blobs_.put(as_bytes("a picture")).value();
    }
    Result<BackupSummary> back_up_now(std::stop_token const& stop = {}) {
        return back_up(data_, out_, now_, stop, {});
    }
    Result<BackupSummary> restore_now() {
        return restore(out_, restored_, [](DataFolder const&) { return Status(); }, {}, {});
    }
    static std::string read(fs::path const& path) {
        auto const content = read_file(path, 1 << 20);
        return content ? std::string(as_text(*content)) : "missing";
    }
    /// Nothing half done is left beside what was asked for.
    bool is_clean() const {
        for (auto const& entry : fs::directory_iterator(folder_.path()))
            if (entry.path().extension() == ".unfinished") return false;
        return true;
    }

    store::BlobStore open_blobs() const {
        EXPECT_TRUE(make_private_folder(data_.root()));
        return store::BlobStore::open(data_.blobs()).value();
    }

    TemporaryFolder folder_ = TemporaryFolder::create().value();
    Time now_{std::chrono::seconds(1'700'000'000)};
    DataFolder data_{folder_.path() / "data"};
    DataFolder restored_{folder_.path() / "restored"};
    fs::path out_ = folder_.path() / "backup";
    store::BlobStore blobs_ = open_blobs();
    store::Database notes_ =
        store::Database::open(data_.database("notes"), kSchema, store::Database::Access::Shared).value();
    std::string blob_;
};

TEST_F(BackupTest, AllOfAnOpenHubComesBack) {
    auto const layer =
        store::BlobStore::open(data_.blobs() / "registry").value().put(as_bytes("a layer")).value();
    auto const made = back_up_now();
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->databases, 1U);
    EXPECT_EQ(made->blobs, 2U);
    // What comes later is not in it.
    ASSERT_TRUE(notes_.run("INSERT INTO note VALUES('second')"));

    auto const restored = restore_now();
    ASSERT_TRUE(restored) << restored.error().message;
    EXPECT_EQ(restored->databases, 1U);
    EXPECT_EQ(restored->bytes, made->bytes);
    for (auto const* const name : {"keyring.json", "ca.key", "ca.pem", "server.key", "server.pem"})
        EXPECT_EQ(read(restored_.keys() / name), read(data_.keys() / name)) << name;
    EXPECT_EQ(read(restored_.config()), read(data_.config()));
    auto notes = store::Database::open(restored_.database("notes"), kSchema).value();
    EXPECT_EQ(notes.count("SELECT count(*) FROM note").value(), 1);
    auto const blobs = store::BlobStore::open(restored_.blobs()).value();
    EXPECT_EQ(as_text(blobs.read(blob_, 100).value()), "a picture");
    auto const layers = store::BlobStore::open(restored_.blobs() / "registry").value();
    EXPECT_EQ(as_text(layers.read(layer, 100).value()), "a layer");
    EXPECT_TRUE(is_clean());
}

TEST_F(BackupTest, IsForTheOwnerAlone) {
    ASSERT_TRUE(back_up_now());
    struct stat status{};
    ASSERT_EQ(::stat(out_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0700U);
    for (auto const* const name : {"keys/keyring.json", "keys/ca.key", "backup.json"}) {
        ASSERT_EQ(::stat((out_ / name).c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 0777U, 0600U) << name;
    }
}

TEST_F(BackupTest, RefusesToWriteOverAnything) {
    ASSERT_TRUE(back_up_now());
    EXPECT_EQ(back_up_now().error().code, Code::AlreadyExists);
    ASSERT_TRUE(make_private_folder(restored_.root()));
    ASSERT_TRUE(restore_now());  // an empty folder is as good as none
    EXPECT_EQ(restore_now().error().code, Code::AlreadyExists);
    EXPECT_TRUE(is_clean());
}

TEST_F(BackupTest, RefusesWhatIsNoHubAndNoBackup) {
    EXPECT_EQ(back_up(restored_, out_, now_, {}, {}).error().code, Code::FailedPrecondition);
    EXPECT_EQ(restore_now().error().code, Code::NotFound);
    EXPECT_TRUE(is_clean());
}

TEST_F(BackupTest, DamagedBlobIsNotBackedUpAsIfItWereWhole) {
    std::ofstream(blobs_.find(blob_).value()) << "another picture";
    auto const made = back_up_now();
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().code, Code::DataLoss);
    EXPECT_FALSE(fs::exists(out_));
    EXPECT_TRUE(is_clean());
}

TEST_F(BackupTest, DamagedBackupIsNotRestored) {
    auto const damage = [&](fs::path const& file, std::string const& content) {
        fs::remove_all(out_);
        ASSERT_TRUE(back_up_now());
        if (content.empty())
            fs::remove(out_ / file);
        else
            std::ofstream(out_ / file, std::ios::trunc) << content;
    };
    auto const blob = fs::path("blobs") / blob_.substr(0, 2) / blob_;
    struct Case {
        fs::path file;
        char const* content;
        Code code;
    };
    for (auto const& [file, content, code] :
         {Case{"notes.db", "x", Code::DataLoss}, Case{"notes.db", "", Code::NotFound},
          Case{"keys/ca.key", "x", Code::DataLoss}, Case{blob, "", Code::DataLoss},
          Case{"backup.json", "{", Code::DataLoss},
          Case{"backup.json", "{\"format\":2}", Code::FailedPrecondition},
          Case{"backup.json", "{\"format\":1,\"blobs\":0}", Code::DataLoss},
          Case{"backup.json", "{\"format\":1,\"blobs\":0,\"files\":{\"../x.db\":\"\"}}", Code::DataLoss},
          Case{"backup.json", "{\"format\":1,\"blobs\":0,\"files\":{\"keys/../../x\":\"\"}}", Code::DataLoss},
          Case{"backup.json", "{\"format\":1,\"blobs\":0,\"files\":{\"/etc/x.db\":\"\"}}", Code::DataLoss}}) {
        damage(file, content);
        auto const restored = restore_now();
        ASSERT_FALSE(restored) << file;
        EXPECT_EQ(restored.error().code, code) << file << restored.error().message;
        EXPECT_FALSE(fs::exists(restored_.root()));
        EXPECT_TRUE(is_clean());
    }
}

TEST_F(BackupTest, WhatTheHubCannotOpenIsNotRestored) {
    ASSERT_TRUE(back_up_now());
    auto const restored =
        restore(out_, restored_,
                [](DataFolder const&) { return Status(fail(Code::FailedPrecondition, "newer")); }, {}, {});
    EXPECT_EQ(restored.error().code, Code::FailedPrecondition);
    EXPECT_FALSE(fs::exists(restored_.root()));
    EXPECT_TRUE(is_clean());
}

TEST_F(BackupTest, StopLeavesNothing) {
    std::stop_source source;
    source.request_stop();
    EXPECT_EQ(back_up_now(source.get_token()).error().code, Code::Cancelled);
    EXPECT_FALSE(fs::exists(out_));
    EXPECT_TRUE(is_clean());
}

TEST_F(BackupTest, WhatACutOffRunLeftIsClearedAway) {
    ASSERT_TRUE(make_folder(folder_.path() / "backup.unfinished" / "keys"));
    ASSERT_TRUE(write_file(folder_.path() / "backup.unfinished" / "notes.db", as_bytes("half")));
    ASSERT_TRUE(back_up_now());
    EXPECT_TRUE(restore_now());
}

TEST_F(BackupTest, TwoAtOnceIntoOneFolderAreRefused) {
    ASSERT_TRUE(make_private_folder(folder_.path() / "backup.unfinished"));
    auto const lock = FolderLock::take(folder_.path() / "backup.unfinished" / "lock").value();
    EXPECT_EQ(back_up_now().error().code, Code::Unavailable);
}

}  // namespace
}  // namespace ounce::hub
