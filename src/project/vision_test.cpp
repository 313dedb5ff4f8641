#include "project/vision.hpp"

#include <gmock/gmock.h>

#include <cmath>

#include "project/onnx_export.hpp"
#include "project/package_zip.hpp"
#include "project/performance_rows.hpp"
#include "project/vision_fixture_test.hpp"
#include "vision/archive.hpp"
#include "vision/decode.hpp"
#include "vision/session.hpp"

namespace ounce::project {
namespace {

/// A picture of one colour with a little noise, so that no two are the same: what a network tells apart.
Bytes coloured_picture(int number, std::array<int, 3> colour) {
    auto image = vision::make_image(120, 100);
    auto state = static_cast<std::uint32_t>(number) * 2654435761U + 1;
    for (std::size_t i = 0; i < image.rgb.size(); ++i) {
        state = state * 1664525U + 1013904223U;
        image.rgb[i] =
            static_cast<std::uint8_t>(std::clamp(colour[i % 3] + static_cast<int>(state >> 27), 0, 255));
    }
    return *vision::encode_jpeg(image, 90);
}

constexpr std::array<int, 3> kRed{200, 20, 20};
constexpr std::array<int, 3> kBlue{20, 20, 200};

/// The vision part of a hub in a folder of its own.
class VisionTest : public ::testing::Test {
  protected:
    VisionTest()
        : folder_(*TemporaryFolder::create()), blobs_(*store::BlobStore::open(folder_.path() / "blobs")) {
        open();
    }

    void open() {
        vision_.reset();
        Vision::Options options;
        options.database = folder_.path() / "vision.db";
        options.training.cache = folder_.path() / "cache";
        auto opened = Vision::open(options, blobs_, system_clock(), metrics_);
        ASSERT_TRUE(opened.has_value()) << opened.error().message;
        vision_ = std::move(*opened);
    }

    template <class F>
    auto ask(F verb) {
        auto result = vision_->ask(verb);
        EXPECT_TRUE(result.has_value()) << result.error().message;
        return std::move(*result);
    }

    Guid make_project(bool compact) {
        ProjectSettings settings;
        settings.multilabel = false;
        if (compact) settings.domain = *Guid::parse("0732100f-1a38-4e49-a514-c9b44c697ab5");
        return ask([&](auto& database) {
                   return create_project(database, "colours", "", settings, vision_->now());
               })
            .id;
    }
    Guid make_tag(Guid const& project, std::string const& name) {
        return ask([&](auto& database) {
                   return create_tag(database, project, name, std::nullopt, TagType::Regular, vision_->now());
               })
            .id;
    }
    void upload(Guid const& project, Guid const& tag, std::array<int, 3> colour, int count) {
        std::vector<NewImage> images;
        for (int k = 0; k < count; ++k) {
            auto image = vision_->take_picture(std::to_string(k), coloured_picture(++picture_, colour), {});
            ASSERT_TRUE(image.has_value()) << image.error().message;
            images.push_back(std::move(*image));
        }
        auto const added = vision_->add_images(project, std::move(images), {tag}, {});
        ASSERT_TRUE(added.has_value()) << added.error().message;
        for (auto const& each : *added) EXPECT_EQ(each.status, UploadStatus::Ok);
    }
    /// Waits until the iteration trains no more; the ledger's answers are what it waits for.
    Iteration trained(Guid const& project, Guid const& iteration) {
        auto const deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2);
        for (;;) {
            auto now = ask([&](auto& database) { return get_iteration(database, project, iteration); });
            if (now.status != IterationStatus::Training || std::chrono::steady_clock::now() > deadline)
                return now;
            std::this_thread::yield();
        }
    }

    TemporaryFolder folder_;
    store::BlobStore blobs_;
    Metrics metrics_;
    std::unique_ptr<Vision> vision_;
    int picture_ = 0;
};

TEST_F(VisionTest, FromPicturesToAnswersAndExports) {
    auto const project = make_project(true);
    auto const red = make_tag(project, "red; \"the\" colour");
    auto const blue = make_tag(project, "blue");
    upload(project, red, kRed, 6);
    upload(project, blue, kBlue, 6);
    auto const begun = vision_->train(project, {});
    ASSERT_TRUE(begun) << begun.error().message;
    auto const iteration = trained(project, begun->id);
    ASSERT_EQ(iteration.status, IterationStatus::Completed) << iteration.error.value_or("");
    EXPECT_TRUE(iteration.trained);
    EXPECT_GT(iteration.seconds, 0);

    // Measured on pictures that were not learnt from.
    auto const measured = ask([&](auto& database) { return read_measured(database, project, iteration.id); });
    EXPECT_EQ(measured.images.size(), 12u);
    auto const performance = measure(measured.tags, measured.images, 0.5);
    EXPECT_GT(performance.all.precision, 0.9);
    EXPECT_GT(*performance.all.average_precision, 0.9);
    auto const images = ask([&](auto& database) {
        return list_image_performances(database, project, iteration.id, {.tags = {red}});
    });
    ASSERT_EQ(images.images.size(), 6u);
    EXPECT_EQ(images.images.front().image.tags.front().tag, red);
    EXPECT_GT(images.images.front().probabilities.at(0), 0.5F);

    ASSERT_TRUE(vision_->publish(project, iteration.id, "colours/1", "anything", false));
    auto const picture = coloured_picture(1000, kBlue);
    auto const model = vision_->published_model(project, "colours/1");
    ASSERT_TRUE(model) << model.error().message;
    auto const answer = (*model)->answer(picture);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->front().tag->id, blue);
    EXPECT_GT(answer->front().probability, 0.8F);
    EXPECT_NEAR((*answer)[0].probability + (*answer)[1].probability, 1, 1e-5);
    EXPECT_EQ((*model)->answer(as_bytes("no picture")).error().reason, "BadRequestImageFormat");
    EXPECT_EQ(vision_->published_model(project, "colours").error().reason, "NotFoundIteration");

    // The package that is downloaded is what answers here.
    auto const package = vision_->export_iteration(project, iteration.id, "Ounce", "");
    ASSERT_TRUE(package) << package.error().message;
    auto const unpacked = unzip_package(*blobs_.read(package->blob, kPackageBytesMax));
    ASSERT_TRUE(unpacked);
    auto const own = vision::Classifier::open(unpacked->path() / "package", {});
    ASSERT_TRUE(own) << own.error().message;
    EXPECT_NEAR(own->classify(picture)->predictions.front().probability, double{answer->front().probability},
                1e-6);

    // So is the plain ONNX file: 0..255 in, the same probabilities out.
    auto const onnx = vision_->export_iteration(project, iteration.id, "ONNX", "");
    ASSERT_TRUE(onnx) << onnx.error().message;
    EXPECT_EQ(vision_->export_iteration(project, iteration.id, "ONNX", "")->blob, onnx->blob);
    auto const files =
        vision::read_zip(*blobs_.read(onnx->blob, kPackageBytesMax), [](auto) { return true; }, 1 << 30);
    ASSERT_TRUE(files);
    EXPECT_EQ(as_text(files->at("labels.txt")), "blue\nred; \"the\" colour\n");
    EXPECT_TRUE(files->contains("cvexport.manifest") && files->contains("metadata_properties.json"));
    auto const session = vision::Session::create(files->at("model.onnx"));
    ASSERT_TRUE(session) << session.error().message;
    ASSERT_EQ(session->inputs().size(), 1u);
    EXPECT_EQ(session->inputs()[0].name, "data");
    EXPECT_EQ(session->outputs().size(), 1u);
    auto plain = own->info().recipe;
    plain.mean = {0, 0, 0};
    plain.std = {1, 1, 1};
    auto const decoded =
        vision::decode(picture, {.shorter_side_min_px = vision::decode_shorter_side_px(plain)});
    auto const out = session->run(*vision::apply(plain, decoded->image), {"model_output"});
    ASSERT_TRUE(out) << out.error().message;
    EXPECT_NEAR(out->front().values[0], answer->front().probability, 1e-4);

    EXPECT_EQ(vision_->export_iteration(project, iteration.id, "CoreML", "").error().reason,
              "BadRequestExportValidationFailed");
    EXPECT_EQ(vision_->delete_iteration(project, iteration.id).error().reason,
              "BadRequestIterationIsPublished");
    ASSERT_TRUE(vision_->unpublish(project, iteration.id));
    EXPECT_EQ(vision_->published_model(project, "colours/1").error().reason, "NotFoundIteration");
    ASSERT_TRUE(vision_->delete_iteration(project, iteration.id));
    EXPECT_FALSE(blobs_.find(onnx->blob));
    ASSERT_TRUE(vision_->delete_project(project));
    std::size_t files_left = 0;
    for (auto const& entry : std::filesystem::recursive_directory_iterator(folder_.path() / "blobs"))
        files_left += entry.is_regular_file() ? 1 : 0;
    EXPECT_EQ(files_left, 0u);
}

TEST_F(VisionTest, AStopInTheMiddleOfATrainingIsGoneOnWithAtTheNextStart) {
    auto const project = make_project(false);
    upload(project, make_tag(project, "red"), kRed, 5);
    upload(project, make_tag(project, "blue"), kBlue, 5);
    auto const begun = vision_->train(project, {});
    ASSERT_TRUE(begun);
    for (int restart = 0; restart < 3; ++restart) {
        auto const deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!vision_->progress(begun->id) && std::chrono::steady_clock::now() < deadline) {
            if (ask([&](auto& database) { return get_iteration(database, project, begun->id); }).status !=
                IterationStatus::Training)
                break;
        }
        open();
    }
    auto const iteration = trained(project, begun->id);
    EXPECT_EQ(iteration.status, IterationStatus::Completed) << iteration.error.value_or("");
    EXPECT_EQ(vision_->export_iteration(project, iteration.id, "ONNX", "").error().reason,
              "BadRequestExportValidationFailed")
        << "no compact domain";
}

TEST_F(VisionTest, PicturesThatAreNotTakenAreForgotten) {
    auto const project = make_project(false);
    auto image = vision_->take_picture("a", coloured_picture(1, kRed), {Guid()});
    ASSERT_TRUE(image);
    auto const digest = std::get<StoredPicture>(image->picture).original;
    EXPECT_TRUE(blobs_.find(digest));
    std::vector<NewImage> images;
    images.push_back(std::move(*image));
    auto const added = vision_->add_images(project, std::move(images), {}, {});
    ASSERT_TRUE(added);
    EXPECT_EQ(added->front().status, UploadStatus::ErrorInvalidTag);
    EXPECT_FALSE(blobs_.find(digest));
}

TEST_F(VisionTest, ASweepBetweenAPictureAndItsRowTakesNothing) {
    auto const project = make_project(false);
    std::vector<NewImage> images;
    images.push_back(*vision_->take_picture("a", coloured_picture(1, kRed), {}));
    auto const digest = std::get<StoredPicture>(images.front().picture).original;
    EXPECT_EQ(*vision_->sweep(), 0u);
    auto const added = vision_->add_images(project, std::move(images), {}, {});
    ASSERT_TRUE(added) << added.error().message;
    EXPECT_EQ(added->front().status, UploadStatus::Ok);
    EXPECT_EQ(*vision_->sweep(), 0u);
    EXPECT_TRUE(blobs_.find(digest));

    // Killed in between: nothing names it, and nothing holds it.
    auto const left = blobs_.put(coloured_picture(2, kRed));
    EXPECT_EQ(*vision_->sweep(), 1u);
    EXPECT_FALSE(blobs_.find(*left));
}

}  // namespace
}  // namespace ounce::project
