#include "vision/package.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "base/file.hpp"
#include "crypto/signature.hpp"
#include "vision/package_fixture.hpp"
#include "vision/package_json.hpp"

namespace ounce::vision {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class PackageTest : public ::testing::Test {
  protected:
    void SetUp() override { ASSERT_TRUE(write_package(folder_, colour_package())); }

    std::string text_of(fs::path const& name) const {
        return std::string(as_text(*read_file(folder_ / name, 1 << 20)));
    }
    void put(fs::path const& name, std::string_view text) const {
        ASSERT_TRUE(write_file(folder_ / name, as_bytes(text)));
    }
    /// package.json with `from` replaced by `to`; the files stay.
    void edit(std::string_view from, std::string_view to) const {
        auto text = text_of("package.json");
        auto const at = text.find(from);
        ASSERT_NE(at, std::string::npos) << from;
        text.replace(at, from.size(), to);
        put("package.json", text);
    }
    void expect_refused(Code code, std::string_view words) const {
        auto const package = read_package(folder_);
        ASSERT_FALSE(package) << "expected: " << words;
        EXPECT_EQ(package.error().code, code) << package.error().message;
        EXPECT_THAT(package.error().message, HasSubstr(std::string(words)));
    }

    TemporaryFolder temporary_ = *TemporaryFolder::create();
    fs::path folder_ = temporary_.path() / "colours";
};

TEST_F(PackageTest, ComesBackAsItWasWritten) {
    auto const wrote = colour_package();
    auto const package = read_package(folder_);
    ASSERT_TRUE(package) << package.error().message;
    EXPECT_EQ(package->info.name, "colours");
    EXPECT_EQ(package->info.created, wrote.info.created);
    EXPECT_EQ(package->info.kind, Kind::Multiclass);
    ASSERT_EQ(package->info.tags.size(), 3U);
    EXPECT_EQ(package->info.tags[0].threshold, 0.6);
    EXPECT_EQ(package->info.tags[1].name, "grün");
    EXPECT_TRUE(package->info.tags[2].negative);
    EXPECT_EQ(package->info.recipe, wrote.info.recipe);
    EXPECT_EQ(package->info.metrics, wrote.info.metrics);
    EXPECT_EQ(package->info.lineage, wrote.info.lineage);
    EXPECT_EQ(package->model, wrote.model);
    ASSERT_EQ(package->golden.size(), 2U);
    EXPECT_EQ(package->golden[0].content, wrote.golden[0].content);
    EXPECT_EQ(package->golden[0].probabilities, wrote.golden[0].probabilities);
    EXPECT_EQ(package->extras, wrote.extras);
    EXPECT_EQ(text_of("labels.txt"), "red\ngrün\nblue\n");
}

TEST_F(PackageTest, ReplacesAPackageWholeAndLeavesNothingBeside) {
    auto other = colour_package();
    other.info.name = "second";
    other.extras.clear();
    ASSERT_TRUE(write_package(folder_ / "", other));
    EXPECT_EQ(read_package(folder_)->info.name, "second");
    EXPECT_FALSE(fs::exists(folder_ / "notes.json"));
    EXPECT_EQ(std::distance(fs::directory_iterator(temporary_.path()), {}), 1);
}

TEST_F(PackageTest, NeverReplacesAFolderThatIsNoPackage) {
    auto const precious = temporary_.path() / "photos";
    ASSERT_TRUE(make_folder(precious));
    ASSERT_TRUE(write_file(precious / "a.jpg", as_bytes("x")));
    EXPECT_EQ(write_package(precious, colour_package()).error().code, Code::AlreadyExists);
    EXPECT_EQ(write_package(precious / "a.jpg", colour_package()).error().code, Code::AlreadyExists);
    EXPECT_TRUE(fs::exists(precious / "a.jpg"));
    EXPECT_TRUE(write_package(temporary_.path() / "new" / "deep", colour_package()));
}

TEST_F(PackageTest, SignatureHoldsTheManifestAndSoEveryFile) {
    auto const keys = *crypto::make_key_pair();
    auto const others = *crypto::make_key_pair();
    ASSERT_TRUE(write_package(folder_, colour_package(), keys.private_pem));
    EXPECT_TRUE(read_package(folder_));
    EXPECT_TRUE(read_package(folder_, {.public_key_pem = keys.public_pem}));
    EXPECT_EQ(read_package(folder_, {.public_key_pem = others.public_pem}).error().code,
              Code::PermissionDenied);
    edit("\"threshold\": 0.6", "\"threshold\": 0.1");
    EXPECT_TRUE(read_package(folder_));
    EXPECT_EQ(read_package(folder_, {.public_key_pem = keys.public_pem}).error().code,
              Code::PermissionDenied);
}

TEST_F(PackageTest, PinnedKeyRefusesAnUnsignedPackageOrAMalformedSignature) {
    auto const keys = *crypto::make_key_pair();
    auto const refused = [&] { return read_package(folder_, {.public_key_pem = keys.public_pem}).error(); };
    EXPECT_EQ(refused().code, Code::PermissionDenied);
    EXPECT_THAT(refused().message, HasSubstr("not signed"));
    put("signature", "short");
    EXPECT_EQ(refused().code, Code::PermissionDenied);
    put("signature", std::string(65, 'x'));
    EXPECT_NE(refused().code, Code::Internal);
}

TEST_F(PackageTest, RefusesAChangedFile) {
    struct Case {
        std::string file;
        std::string content;
    };
    for (auto const& [file, content] :
         {Case{"model.onnx", "another"}, Case{"labels.txt", "red\nblue\ngrün\n"}, Case{"golden/red.bmp", ""},
          Case{"notes.json", "{ }"}}) {
        ASSERT_TRUE(write_package(folder_, colour_package()));
        put(file, content);
        expect_refused(Code::DataLoss, file);
        fs::remove(folder_ / file);
        expect_refused(Code::DataLoss, file + " is missing");
    }
}

TEST_F(PackageTest, RefusesFilesThatAreNotListed) {
    put("more.bin", "x");
    expect_refused(Code::DataLoss, "more.bin is not listed");
    fs::remove(folder_ / "more.bin");
    put("golden/more.bmp", "x");
    expect_refused(Code::DataLoss, "golden/more.bmp is not listed");
    fs::remove(folder_ / "golden/more.bmp");
    ASSERT_TRUE(read_package(folder_));
    fs::create_directory(folder_ / "folder");
    expect_refused(Code::DataLoss, "folder is not listed");
}

TEST_F(PackageTest, RefusesLinksAndOtherThanRegularFiles) {
    auto const away = temporary_.path() / "model.onnx";
    fs::rename(folder_ / "model.onnx", away);
    fs::create_symlink(away, folder_ / "model.onnx");
    expect_refused(Code::DataLoss, "model.onnx is no regular file");
    fs::remove(folder_ / "model.onnx");
    fs::create_directory(folder_ / "model.onnx");
    expect_refused(Code::DataLoss, "model.onnx is no regular file");
    fs::remove(folder_ / "model.onnx");
    fs::rename(away, folder_ / "model.onnx");
    ASSERT_TRUE(read_package(folder_));

    fs::rename(folder_ / "golden", temporary_.path() / "golden");
    fs::create_directory_symlink(temporary_.path() / "golden", folder_ / "golden");
    expect_refused(Code::DataLoss, "golden is no folder");
}

TEST_F(PackageTest, RefusesAModelBeyondTheCallersBound) {
    auto const package = read_package(folder_, {.model_bytes_max = 10});
    EXPECT_EQ(package.error().code, Code::ResourceExhausted);
}

TEST_F(PackageTest, SaysWhatThereIsNot) {
    EXPECT_EQ(read_package(temporary_.path() / "nowhere").error().code, Code::NotFound);
    EXPECT_EQ(read_package(temporary_.path()).error().code, Code::NotFound);
}

TEST_F(PackageTest, RefusesAMalformedManifestNamingTheKey) {
    struct Case {
        char const* from;
        char const* to;
        char const* words;
    };
    auto const whole = text_of("package.json");
    for (auto const& [from, to, words] : {
             Case{"{\n", "[\n", "not JSON"},
             Case{"\"format\": 1", "\"format\": \"1\"", "'format'"},
             Case{"\"format\": 1", "\"format\": 1, \"thresold\": 1", "unknown key 'thresold'"},
             Case{"\"name\": \"colours\"", "\"name\": \"\"", "name of the model"},
             Case{"\"name\": \"colours\"", "\"name\": \"two\\nlines\"", "name of the model"},
             Case{"\"multiclass\"", "\"both\"", "'kind'"},
             Case{"\"name\": \"blue\"", "\"name\": \"red\"", "'red' is there twice"},
             Case{"\"name\": \"blue\"", "\"name\": \" blue\"", "name of a tag"},
             Case{"\"name\": \"blue\"", "\"name\": 5", "'name'"},
             Case{"\"threshold\": 0.6", "\"threshold\": 1.5", "threshold of tag 'red'"},
             Case{"\"threshold\": 0.6", "\"threshold\": true", "'threshold'"},
             Case{"\"negative\": true", "\"negative\": 1", "'negative'"},
             Case{"\"resize\": \"stretch\"", "\"resize\": \"squash\"", "'resize'"},
             Case{"\"width_px\": 8", "\"width_px\": 100000000", "'width_px'"},
             Case{"\"golden_tolerance\": 0.001", "\"golden_tolerance\": 1", "'golden_tolerance'"},
             Case{"\"file\": \"red.bmp\"", "\"file\": \"../red.bmp\"", "golden image"},
             Case{"\"file\": \"red.bmp\"", "\"file\": \"blue.bmp\"", "'blue.bmp' is there twice"},
             Case{"\"probabilities\": [\n", "\"probabilities\": [0.5,\n", "'probabilities'"},
             Case{"\"name\": \"notes.json\"", "\"name\": \"../notes.json\"", "no package may hold"},
             Case{"\"name\": \"notes.json\"", "\"name\": \"/etc/passwd\"", "no package may hold"},
             Case{"\"name\": \"notes.json\"", "\"name\": \"signature\"", "no package may hold"},
             Case{"\"name\": \"notes.json\"", "\"name\": \"golden\"", "no package may hold"},
             Case{"\"name\": \"notes.json\"", "\"name\": \"golden/x.bmp\"", "no package may hold"},
             Case{"\"name\": \"notes.json\"", "\"name\": \"labels.txt\"", "twice"},
             Case{"\"name\": \"labels.txt\"", "\"name\": \"label.txt\"", "does not list 'labels.txt'"},
             Case{"\"bytes\": 2,", "\"bytes\": -2,", "'bytes'"},
             Case{"\"bytes\": 2,", "\"bytes\": 99999999999999,", "too large"},
             Case{"\"bytes\": 2,", "\"bytes\": 2, \"mode\": 511,", "unknown key 'mode'"},
             Case{"\"lineage\": {", "\"lineage\": [], \"x\": {", "unknown key 'x'"},
         }) {
        put("package.json", whole);
        edit(from, to);
        expect_refused(Code::InvalidArgument, words);
    }
    put("package.json", whole);
    edit("\"format\": 1", "\"format\": 2");
    expect_refused(Code::Unimplemented, "format 2");
    put("package.json", std::string(1000, '[') + std::string(1000, ']'));
    expect_refused(Code::InvalidArgument, "nested deeper");
}

TEST_F(PackageTest, WritesNothingThatCouldNotBeReadBack) {
    struct Case {
        std::function<void(Package&)> spoil;
        char const* words;
    };
    auto const place = temporary_.path() / "never";
    for (auto const& [spoil, words] : {
             Case{[](Package& p) { p.info.tags.clear(); }, "'tags'"},
             Case{[](Package& p) { p.info.tags[0].name = "a\nb"; }, "name of a tag"},
             Case{[](Package& p) { p.info.tags[0].name = "\xff"; }, "name of a tag"},
             Case{[](Package& p) { p.info.tags[0].name = p.info.tags[1].name; }, "twice"},
             Case{[](Package& p) { p.golden[0].file = "a/b.jpg"; }, "golden image"},
             Case{[](Package& p) { p.golden[0].file = ".hidden"; }, "golden image"},
             Case{[](Package& p) { p.golden[0].probabilities.pop_back(); }, "2 probabilities for 3 tags"},
             Case{[](Package& p) { p.golden[0].probabilities[0] = 2; }, "not 0 to 1"},
             Case{[](Package& p) { p.extras["../up"] = {}; }, "no package may hold"},
             Case{[](Package& p) { p.extras["model.onnx"] = {}; }, "twice"},
             Case{[](Package& p) { p.info.recipe.width_px = 0; }, "'width_px'"},
         }) {
        auto package = colour_package();
        spoil(package);
        auto const status = write_package(place, package);
        ASSERT_FALSE(status) << words;
        EXPECT_EQ(status.error().code, Code::InvalidArgument);
        EXPECT_THAT(status.error().message, HasSubstr(words));
        EXPECT_FALSE(fs::exists(place));
    }
    EXPECT_EQ(std::distance(fs::directory_iterator(temporary_.path()), {}), 1);  // nothing half-made either
}

// The functional tests use the same package as a file. If this fails on purpose, write it anew with
// write_package(folder, colour_package()).
TEST(PackageFormat, ReadsThePackageThatWasWrittenOnce) {
    auto const stored = read_package(OUNCE_SOURCE_DIR "/tests/data/packages/colours");
    ASSERT_TRUE(stored) << stored.error().message;
    EXPECT_EQ(stored->model, colour_package().model);
    EXPECT_EQ(stored->info.recipe, colour_package().info.recipe);
    EXPECT_TRUE(check_golden(*stored));
}

TEST(CheckGolden, TellsWhichImageIsOffAndByHowMuch) {
    auto package = colour_package();
    auto const report = check_golden(package);
    ASSERT_TRUE(report) << report.error().message;
    EXPECT_EQ(report->images, 2U);
    EXPECT_LT(report->largest_difference, 1e-5);

    package.golden[1].probabilities = {0.2F, 0.2F, 0.6F};
    auto const refused = check_golden(package);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, Code::FailedPrecondition);
    EXPECT_THAT(refused.error().message, HasSubstr("golden/blue.bmp comes out 0.399 off"));

    auto const measured = run_golden(package);
    ASSERT_TRUE(measured);
    ASSERT_EQ(measured->results.size(), 2U);
    EXPECT_LT(measured->results[0].difference, 1e-5);
    EXPECT_NEAR(measured->results[1].difference, 0.399, 0.001);
}

TEST(CheckGolden, NeedsAtLeastOneImage) {
    auto package = colour_package();
    package.golden.clear();
    EXPECT_EQ(check_golden(package).error().code, Code::FailedPrecondition);
}

TEST(ParseLabels, SkipsWhatEditorsAdd) {
    EXPECT_THAT(*parse_labels("\xEF\xBB\xBF"
                              "Apple\r\n\nBanana\r\n"),
                ::testing::ElementsAre("Apple", "Banana"));
    EXPECT_THAT(*parse_labels("Apple"), ::testing::ElementsAre("Apple"));
    EXPECT_FALSE(parse_labels(""));
    EXPECT_FALSE(parse_labels("\n\n"));
    EXPECT_FALSE(parse_labels("Apple\nApple\n"));
    EXPECT_FALSE(
        parse_labels("a\x01"
                     "b\n"));
}

}  // namespace
}  // namespace ounce::vision
