#include "registry/models.hpp"

#include "registry/registry_fixture_test.hpp"

namespace ounce::registry {
namespace {

using ModelsTest = RegistryTest;

std::string ids_of(Result<ModelPage> const& page) {
    EXPECT_TRUE(page) << page.error().message;
    std::string text;
    if (page)
        for (auto const& model : page->models) text += (text.empty() ? "" : " ") + model.id.text();
    return text;
}

TEST_F(ModelsTest, KeepsWhatWasTold) {
    auto wanted = model("snow-leopard", {upload("b/labels.txt", "cat\n"), upload("model.pb", "graph")});
    wanted.root = "export";
    wanted.tags = {{"area", "ladakh"}};
    wanted.properties = {{"seed", "7"}};
    wanted.description = "for the high passes";
    wanted.framework = "TensorFlow";
    wanted.resources = {{"cpu", 1.0}};
    auto const made = models().add(wanted);
    ASSERT_TRUE(made) << made.error().message;
    open();
    auto const found = models().get({.name = "snow-leopard", .version = 1});
    ASSERT_TRUE(found) << found.error().message;
    EXPECT_EQ(found->id.text(), "snow-leopard:1");
    EXPECT_EQ(found->root, "export");
    EXPECT_EQ(found->size, 9U);
    EXPECT_EQ(found->tags, wanted.tags);
    EXPECT_EQ(found->properties, wanted.properties);
    EXPECT_EQ(found->description, wanted.description);
    EXPECT_EQ(found->framework, "TensorFlow");
    EXPECT_EQ(found->resources, wanted.resources);
    EXPECT_TRUE(found->package.is_null());
    EXPECT_EQ(found->created_by, "training");
    EXPECT_EQ(found->created, clock_.now());
    auto const files = models().files(*found);
    ASSERT_TRUE(files);
    ASSERT_EQ(files->size(), 2U);
    EXPECT_EQ((*files)[0].path, "b/labels.txt");
    EXPECT_EQ((*files)[1].size, 5U);
}

TEST_F(ModelsTest, VersionsCountUpAndAreNeverUsedAgain) {
    auto const file = upload("m", "1");
    for (int version = 1; version <= 3; ++version) {
        auto const made = models().add(model("m", {file}));
        ASSERT_TRUE(made);
        EXPECT_EQ(made->id.version, version);
    }
    ASSERT_TRUE(models().remove({.name = "m", .version = 3}));
    ASSERT_TRUE(models().remove({.name = "m", .version = 1}));
    ASSERT_TRUE(models().remove({.name = "m", .version = 2}));
    EXPECT_EQ(code_of(models().get({.name = "m", .version = 0})), Code::NotFound);
    auto const next = models().add(model("m", {file}));
    ASSERT_TRUE(next);
    EXPECT_EQ(next->id.version, 4);
}

TEST_F(ModelsTest, TheSameAssetUnderTheSameNameIsTheSameVersion) {
    auto wanted = model("m", {upload("m", "1")});
    wanted.asset = "a1";
    ASSERT_EQ(models().add(wanted)->id.version, 1);
    EXPECT_EQ(models().add(wanted)->id.version, 1) << "a client that lost the answer asks again";
    wanted.name = "other";
    EXPECT_EQ(models().add(wanted)->id.text(), "other:1");
    EXPECT_EQ(models().find_by_asset("a1")->size(), 2U);
}

TEST_F(ModelsTest, RefusesWhatCannotBeAFolder) {
    auto const file = upload("m", "1");
    auto const at = [&](std::string path) {
        return ModelFile{.path = std::move(path), .digest = file.digest, .size = file.size};
    };
    std::string const long_path(kModelPathBytesMax + 1, 'a');
    std::vector<std::pair<std::vector<ModelFile>, Code>> const cases = {
        {{}, Code::InvalidArgument},
        {{at("")}, Code::InvalidArgument},
        {{at("/etc/passwd")}, Code::InvalidArgument},
        {{at("../m")}, Code::InvalidArgument},
        {{at("a/./m")}, Code::InvalidArgument},
        {{at("a//m")}, Code::InvalidArgument},
        {{at("a\\m")}, Code::InvalidArgument},
        {{at("a\nm")}, Code::InvalidArgument},
        {{at("\xff")}, Code::InvalidArgument},
        {{at(long_path)}, Code::ResourceExhausted},
        {{at("m"), at("m")}, Code::InvalidArgument},
        {{at("a"), at("a-b"), at("a/b")}, Code::InvalidArgument},
        {std::vector<ModelFile>(kModelFilesMax + 1, at("m")), Code::ResourceExhausted},
        {{{.path = "m", .digest = std::string(64, '0'), .size = 1}}, Code::NotFound},
    };
    for (auto const& [files, code] : cases)
        EXPECT_EQ(code_of(models().add(model("m", files))), code) << (files.empty() ? "" : files.back().path);
    EXPECT_EQ(ids_of(models().list({})), "");
}

TEST_F(ModelsTest, NamesKeepToTheRule) {
    for (auto const* const good : {"a", "7", "a-b.c_D", "Snow"}) EXPECT_TRUE(check_model_name(good)) << good;
    auto const long_name = std::string(256, 'a');
    for (auto const& bad : {std::string(""), std::string("-a"), std::string("a b"), std::string("a:1"),
                            std::string("ä"), std::string("a/b"), long_name})
        EXPECT_EQ(code_of(check_model_name(bad)), Code::InvalidArgument) << bad;
    EXPECT_EQ(parse_model_id("a:12")->version, 12);
    EXPECT_EQ(parse_model_id("a")->version, 0);
    for (auto const* const bad : {"a:", "a:0", "a:-1", "a:1x", "a:99999999999999999999", ":1"})
        EXPECT_EQ(code_of(parse_model_id(bad)), Code::InvalidArgument) << bad;
}

TEST_F(ModelsTest, ListsByEveryFilter) {
    auto const file = upload("m", "1");
    auto const add = [&](std::string name, Labels tags, Labels properties) {
        clock_.advance(std::chrono::seconds(1));
        auto wanted = model(std::move(name), {file});
        wanted.tags = std::move(tags);
        wanted.properties = std::move(properties);
        wanted.framework = wanted.tags.contains("keras") ? "Keras" : "";
        ASSERT_TRUE(models().add(wanted));
    };
    add("a", {{"area", "north"}, {"keras", ""}}, {{"seed", "1"}});
    add("b", {{"area", "south"}}, {});
    add("a", {{"area", "north"}}, {{"seed", "2"}});
    using Order = ModelFilter::Order;
    EXPECT_EQ(ids_of(models().list({})), "a:2 b:1 a:1");
    EXPECT_EQ(ids_of(models().list({.order = Order::CreatedAscending})), "a:1 b:1 a:2");
    EXPECT_EQ(ids_of(models().list({.name = "a"})), "a:2 a:1");
    EXPECT_EQ(ids_of(models().list({.latest_only = true})), "a:2 b:1");
    EXPECT_EQ(ids_of(models().list({.framework = "Keras"})), "a:1");
    EXPECT_EQ(ids_of(models().list({.tags = {{"area", std::nullopt}}})), "a:2 b:1 a:1");
    EXPECT_EQ(ids_of(models().list({.tags = {{"area", "north"}}})), "a:2 a:1");
    EXPECT_EQ(ids_of(models().list({.tags = {{"area", "north"}, {"keras", std::nullopt}}})), "a:1");
    EXPECT_EQ(ids_of(models().list({.properties = {{"seed", "2"}}})), "a:2");
    EXPECT_EQ(ids_of(models().list({.tags = {{"area", "n'; DROP TABLE model; --"}}})), "");
    clock_.advance(std::chrono::seconds(1));
    ASSERT_TRUE(models().update({.name = "b", .version = 1}, {.description = "new"}));
    EXPECT_EQ(ids_of(models().list({.order = Order::ModifiedDescending})), "b:1 a:2 a:1");
    EXPECT_EQ(ids_of(models().list({.order = Order::ModifiedAscending})), "a:1 a:2 b:1");
}

TEST_F(ModelsTest, PagesMeetEachModelOnce) {
    auto const file = upload("m", "1");
    for (int i = 0; i < 7; ++i) ASSERT_TRUE(models().add(model("m", {file})));  // all at one moment
    for (auto const order : {ModelFilter::Order::CreatedDescending, ModelFilter::Order::ModifiedAscending}) {
        ModelFilter filter{.order = order, .count = 3};
        std::size_t seen = 0;
        for (int pages = 1;; ++pages) {
            auto const page = models().list(filter);
            ASSERT_TRUE(page) << page.error().message;
            seen += page->models.size();
            filter.skip_token = page->next;
            if (page->next.empty()) {
                EXPECT_EQ(pages, 3);
                break;
            }
        }
        EXPECT_EQ(seen, 7U);
    }
    for (auto const* const token : {"x", "1", "1.", ".1", "1.2.3"})
        EXPECT_EQ(code_of(models().list({.skip_token = token})), Code::InvalidArgument) << token;
    EXPECT_EQ(code_of(models().list({.count = 0})), Code::InvalidArgument);
    EXPECT_EQ(code_of(models().list({.count = ModelFilter::kCountMax + 1})), Code::InvalidArgument);
}

TEST_F(ModelsTest, TagsChangePropertiesOnlyGrow) {
    auto wanted = model("m", {upload("m", "1")});
    wanted.tags = {{"a", "1"}, {"b", "2"}};
    wanted.properties = {{"p", "1"}};
    ASSERT_TRUE(models().add(wanted));
    ModelId const id{.name = "m", .version = 1};
    auto const updated = models().update(
        id, {.tags = Labels{{"b", "3"}}, .properties = Labels{{"p", "1"}, {"q", "2"}}, .description = "d"});
    ASSERT_TRUE(updated) << updated.error().message;
    EXPECT_EQ(updated->tags, (Labels{{"b", "3"}}));
    EXPECT_EQ(updated->properties, (Labels{{"p", "1"}, {"q", "2"}}));
    EXPECT_EQ(updated->description, "d");
    EXPECT_EQ(code_of(models().update(id, {.tags = Labels{}, .properties = Labels{{"p", "9"}}})),
              Code::FailedPrecondition);
    EXPECT_EQ(code_of(models().update(id, {.properties = Labels{}})), Code::FailedPrecondition);
    EXPECT_EQ(models().get(id)->tags, (Labels{{"b", "3"}})) << "a refused update changes nothing";
    EXPECT_EQ(code_of(models().update(id, {.tags = Labels{{"", "x"}}})), Code::InvalidArgument);
    EXPECT_EQ(code_of(models().update(id, {.description = std::string(kModelTextBytesMax + 1, 'x')})),
              Code::ResourceExhausted);
    EXPECT_EQ(code_of(models().update({.name = "no", .version = 1}, {})), Code::NotFound);
}

TEST_F(ModelsTest, DeletingRemovesFilesThatNothingElseNeeds) {
    auto const shared = upload("shared", "both need it");
    auto const alone = upload("alone", "one needs it");
    ASSERT_TRUE(models().add(model("a", {shared, alone})));
    ASSERT_TRUE(models().add(model("b", {shared})));
    ASSERT_TRUE(artifacts().sweep(clock_.now() + std::chrono::hours(1)));
    ASSERT_TRUE(storage_->collect_garbage());
    EXPECT_TRUE(has_blob(alone.digest)) << "the model keeps what was staged";
    ASSERT_TRUE(models().remove({.name = "a", .version = 1}));
    EXPECT_FALSE(has_blob(alone.digest));
    EXPECT_TRUE(has_blob(shared.digest));
    ASSERT_TRUE(models().remove({.name = "b", .version = 1}));
    EXPECT_FALSE(has_blob(shared.digest));
    EXPECT_EQ(code_of(models().remove({.name = "b", .version = 1})), Code::NotFound);
}

TEST_F(ModelsTest, AFileThatIsGoneIsNeverReferredTo) {
    auto const file = upload("m", "1");
    ASSERT_TRUE(storage_->blobs().remove(file.digest));
    EXPECT_EQ(code_of(models().add(model("m", {file}))), Code::Unavailable);
    EXPECT_EQ(ids_of(models().list({})), "");
}

TEST_F(ModelsTest, APackageTellsWhatItIs) {
    std::filesystem::path const folder =
        std::filesystem::path(OUNCE_SOURCE_DIR) / "tests" / "data" / "packages" / "colours";
    std::vector<ModelFile> files;
    for (auto const& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (!entry.is_regular_file()) continue;
        auto const content = read_file(entry.path(), 1 << 24);
        ASSERT_TRUE(content);
        files.push_back(upload(std::filesystem::relative(entry.path(), folder), as_text(*content)));
    }
    auto const made = models().add(model("colours", files));
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_EQ(made->package["kind"], "multiclass");
    EXPECT_EQ(made->package["tags"].size(), 3U);
    EXPECT_TRUE(made->package["lineage"].is_object());

    for (auto& file : files)
        if (file.path == "labels.txt") file = upload("labels.txt", "other\n");
    auto const broken = models().add(model("colours", files));
    EXPECT_EQ(code_of(broken), Code::InvalidArgument);
    EXPECT_NE(broken.error().message.find("labels.txt"), std::string::npos) << broken.error().message;
    EXPECT_EQ(broken.error().message.find(folder_->path()), std::string::npos) << broken.error().message;
}

TEST_F(ModelsTest, SomebodyElsesPackageJsonIsJustAFile) {
    auto const made = models().add(model(
        "tfjs", {upload("package.json", R"({"name":"x","version":"1.0.0"})"), upload("model.onnx", "x")}));
    ASSERT_TRUE(made) << made.error().message;
    EXPECT_TRUE(made->package.is_null());
}

}  // namespace
}  // namespace ounce::registry
