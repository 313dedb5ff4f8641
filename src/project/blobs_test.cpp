// How blobs come and go beside the rows that name them.
#include "project/blobs.hpp"

#include <atomic>
#include <functional>
#include <future>
#include <thread>

#include "project/training_rows.hpp"
#include "project/vision_fixture_test.hpp"
#include "store/ledger.hpp"

namespace ounce::project {
namespace {

/// A ledger, whose thread a test can hold up, with one project.
class BlobsTest : public ::testing::Test {
  protected:
    template <class F>
    auto run(F work) {
        auto done = ledger_->run(std::move(work));
        EXPECT_TRUE(done.has_value()) << done.error().message;
        return std::move(*done);
    }

    BlobsTest()
        : folder_(*TemporaryFolder::create()),
          holds_(*store::BlobStore::open(folder_.path() / "blobs")),
          ledger_(std::move(*store::Ledger::open(folder_.path() / "vision.db", migrations()))),
          project_(run([](auto& database) { return create_project(database, "birds", "", {}, Time()); }).id) {
    }

    /// Hands work in; what it comes to is told after its commit.
    std::future<Status> post(std::function<Status(store::Database&)> work) {
        auto promise = std::make_shared<std::promise<Status>>();
        ledger_->post<void>([work](store::Database& database) { return work(database); },
                            [promise](Status done) { promise->set_value(std::move(done)); });
        return promise->get_future();
    }
    void wait_for_waiting(std::size_t pieces) const {
        while (ledger_->waiting() < pieces) std::this_thread::yield();
    }

    StoredPicture store(int number) {
        return std::get<StoredPicture>(*store_picture(numbered_picture(number), holds_));
    }
    /// Makes a stored picture an image.
    Guid add(Guid const& project, StoredPicture const& picture, std::vector<Guid> const& tags = {}) {
        NewImage const image{"p", picture, tags};
        auto const added = run([&](auto& database) {
            return add_images(database, holds_.blobs(), project, std::span(&image, 1), {}, {}, Time());
        });
        EXPECT_EQ(added.front().status, UploadStatus::Ok);
        return added.front().image->id;
    }
    void remove_all(Guid const& project) {
        EXPECT_TRUE(ledger_->run(
            [&](auto& database) { return delete_images(database, project, std::nullopt, true, Time()); }));
    }
    [[nodiscard]] bool is_there(std::string const& digest) const {
        return holds_.blobs().find(digest).has_value();
    }
    [[nodiscard]] bool is_there(StoredPicture const& picture) const {
        return is_there(picture.original) && is_there(picture.resized) && is_there(picture.thumbnail);
    }
    std::size_t sweep() {
        auto const removed = sweep_blobs(*ledger_, holds_, {});
        EXPECT_TRUE(removed.has_value()) << removed.error().message;
        return removed.value_or(0);
    }

    TemporaryFolder folder_;
    BlobHolds holds_;
    std::unique_ptr<store::Ledger> ledger_;
    Guid project_;
};

TEST_F(BlobsTest, WhatNoRowNamesAnyMoreIsCollected) {
    auto const other =
        run([](auto& database) { return create_project(database, "more", "", {}, Time()); }).id;
    auto kept = store(1);
    auto gone = store(2);
    add(project_, kept);
    add(other, kept);
    add(project_, gone);
    remove_all(project_);
    kept.holds.clear();
    gone.holds.clear();
    ASSERT_TRUE(collect_blobs(*ledger_, holds_));
    EXPECT_TRUE(is_there(kept)) << "another project has it";
    EXPECT_FALSE(is_there(gone.original) || is_there(gone.thumbnail));
    EXPECT_EQ(run([](auto& database) { return database.count("SELECT COUNT(*) FROM doomed"); }), 0);
}

TEST_F(BlobsTest, ADeletionThatIsNotCommittedTakesNoFile) {
    auto picture = store(1);
    add(project_, picture);
    picture.holds.clear();
    std::promise<void> held_up;
    std::promise<void> go_on;
    auto const first = post([&](store::Database&) -> Status {
        held_up.set_value();
        go_on.get_future().wait();
        return {};
    });
    held_up.get_future().wait();
    // One group: a deletion, another caller's collection, and what makes the commit fail.
    auto deleted = post([&](store::Database& database) {
        return delete_images(database, project_, std::nullopt, false, Time());
    });
    std::jthread const other([&] { EXPECT_FALSE(collect_blobs(*ledger_, holds_)); });
    wait_for_waiting(2);
    auto const fails = post([](store::Database& database) -> Status {
        TRY_STATUS(database.run("PRAGMA defer_foreign_keys = ON"));
        return database.run("INSERT INTO image_tag VALUES(9999, 9999, 0)");
    });
    go_on.set_value();
    EXPECT_FALSE(deleted.get());
    EXPECT_TRUE(is_there(picture)) << "the image is still there, so must be its files";
}

TEST_F(BlobsTest, ASweepFindsWhatAKilledHubLeftAndNothingElse) {
    auto stored_only = store(1);  // killed before the row came
    auto deleted = store(2);      // killed after the row went
    auto image = store(3);
    add(project_, deleted);
    remove_all(project_);
    add(project_, image);
    ASSERT_TRUE(ledger_->run([](auto& database) { return database.run("DELETE FROM doomed"); }));
    for (auto* const picture : {&stored_only, &deleted, &image}) picture->holds.clear();
    // What is not a blob of this store, beside and among them.
    auto const& root = holds_.blobs().folder();
    auto const registry = store::BlobStore::open(root / "registry");
    auto const layer = registry->put(as_bytes("a layer"));
    auto const stranger = root / "ab" / "notes.txt";
    ASSERT_TRUE(make_folder(stranger.parent_path()));
    ASSERT_TRUE(write_file(stranger, as_bytes("a person's")));

    EXPECT_EQ(sweep(), 4u) << "two originals, which are their resized copies, and two thumbnails";
    EXPECT_FALSE(is_there(stored_only.original) || is_there(stored_only.thumbnail));
    EXPECT_FALSE(is_there(deleted.original) || is_there(deleted.thumbnail));
    EXPECT_TRUE(is_there(image));
    EXPECT_TRUE(registry->find(*layer));
    EXPECT_TRUE(std::filesystem::exists(stranger));
    EXPECT_EQ(sweep(), 0u);

    std::stop_source stopped;
    stopped.request_stop();
    EXPECT_EQ(sweep_blobs(*ledger_, holds_, stopped.get_token()).error().code, Code::Cancelled);
}

TEST_F(BlobsTest, PackagesAndExportsOfIterationsAreSweptOnlyWithThem) {
    for (auto const* const name : {"owl", "jay"}) {
        auto const tag = run([&](auto& database) {
                             return create_tag(database, project_, name, {}, TagType::Regular, Time());
                         }).id;
        for (int k = 0; k < 5; ++k) add(project_, store(name[0] + k), {tag});
    }
    auto const iteration =
        run([&](auto& database) { return begin_training(database, project_, {}, Time()); }).id;
    auto const package = holds_.put(as_bytes("package"))->digest;
    auto const onnx = holds_.put(as_bytes("onnx"))->digest;
    EXPECT_TRUE(ledger_->run([&](auto& database) -> Status {
        TRY(auto const order, next_training(database, Time()));
        TRY_STATUS(complete_training(database, order->iteration, package, {}, 1, Time()).map([](bool) {}));
        TRY_STATUS(
            add_export(database, project_, iteration, {"ONNX", "", onnx}, Time()).map([](auto const&) {}));
        return {};
    }));
    EXPECT_EQ(sweep(), 0u);
    EXPECT_TRUE(
        ledger_->run([&](auto& database) { return delete_iteration(database, project_, iteration); }));
    EXPECT_EQ(sweep(), 0u) << "what was deleted is collected, not found";
    EXPECT_FALSE(is_there(package) || is_there(onnx));
}

TEST_F(BlobsTest, WhatAnUploadIsAboutToNameStays) {
    // Swept and collected between the storing and the row.
    auto arriving = store(1);
    EXPECT_EQ(sweep(), 0u);
    EXPECT_TRUE(ledger_->run([&](auto& database) { return doom_blob(database, arriving.original); }));
    ASSERT_TRUE(collect_blobs(*ledger_, holds_));
    ASSERT_TRUE(is_there(arriving));
    add(project_, arriving);
    arriving.holds.clear();
    EXPECT_EQ(sweep(), 0u);

    // Left by a killed hub; comes again while a sweep has it in its hands.
    auto const bytes = as_bytes("a picture");
    auto const digest = holds_.put(bytes)->digest;
    {
        BlobHolds::Removal removal(holds_, std::span(&digest, 1));
        auto const again = holds_.put(bytes);
        EXPECT_FALSE(*removal.remove(digest)) << "held";
    }
    {
        BlobHolds::Removal removal(holds_, std::span(&digest, 1));
        EXPECT_TRUE(holds_.put(bytes));
        EXPECT_FALSE(*removal.remove(digest)) << "held and dropped: perhaps a row names it since";
        EXPECT_TRUE(is_there(digest));
    }
    EXPECT_EQ(sweep(), 1u);
    EXPECT_FALSE(is_there(digest));
}

TEST_F(BlobsTest, ManyUploadsAndSweepsAtOnceLoseNothing) {
    std::atomic<bool> done{false};
    std::jthread const sweeper([&] {
        while (!done) EXPECT_TRUE(sweep_blobs(*ledger_, holds_, {}));
    });
    {
        std::vector<std::jthread> uploaders;
        for (int worker = 0; worker < 3; ++worker)
            uploaders.emplace_back([&, worker] {
                for (int k = 0; k < 40; ++k) {
                    // Of each picture one stays; the others come and go.
                    auto const picture = store(k % 4);
                    NewImage const image{"p", picture, {}};
                    auto const added = ledger_->run([&](auto& database) {
                        return add_images(database, holds_.blobs(), project_, std::span(&image, 1), {}, {},
                                          Time());
                    });
                    ASSERT_TRUE(added.has_value()) << added.error().message;
                    EXPECT_TRUE(is_there(picture));
                    if (worker == 0) {
                        auto const id = std::vector{added->front().image->id};
                        EXPECT_TRUE(ledger_->run([&](auto& database) {
                            return delete_images(database, project_, id, false, Time());
                        }));
                    }
                }
            });
    }
    done = true;
    auto const images = run([&](auto& database) { return list_images(database, project_, {}); });
    for (auto const& image : images)
        for (auto const copy : {ImageCopy::Original, ImageCopy::Resized, ImageCopy::Thumbnail})
            EXPECT_TRUE(is_there(run([&](auto& database) {
                                     return find_image_file(database, project_, image.id, copy);
                                 }).digest));
}

}  // namespace
}  // namespace ounce::project
