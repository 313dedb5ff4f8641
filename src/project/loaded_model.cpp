#include "project/loaded_model.hpp"

#include <algorithm>

#include "project/answer.hpp"
#include "project/package_zip.hpp"

namespace ounce::project {

Result<LoadedModel> LoadedModel::load(IterationModel about, store::BlobStore const& blobs) {
    TRY(auto const zip, blobs.read(about.package, kPackageBytesMax));
    TRY(auto const folder, unzip_package(zip));
    // Its golden images were looked at when it was trained, on this machine; the files' hashes still are.
    TRY(auto classifier,
        vision::Classifier::open(folder.path() / "package", {.check_golden = false, .threads = 1}));
    return LoadedModel(std::move(about), std::move(classifier));
}

Result<std::vector<TagProbability>> LoadedModel::answer(ByteView picture) const {
    auto const answered = classifier_.classify(picture);
    if (!answered) {
        auto const code = answered.error().code;
        if (code == Code::Internal || code == Code::Unavailable) return fail(answered.error());
        return fail_as(Code::InvalidArgument, "BadRequestImageFormat", "The picture cannot be read: {}",
                       answered.error().message);
    }
    auto const& known = classifier_.info().tags;
    std::vector<float> probabilities(known.size());
    for (auto const& [tag, probability] : answered->predictions)
        probabilities[static_cast<std::size_t>(std::ranges::find(known, tag, &vision::PackageTag::name) -
                                               known.begin())] = static_cast<float>(probability);
    auto const placed = by_place(probabilities, known, about_.tags);
    std::vector<TagProbability> all;
    for (std::size_t place = 0; place < placed.size(); ++place)
        all.push_back({&about_.tags[place], placed[place]});
    std::ranges::sort(all, [](TagProbability const& a, TagProbability const& b) {
        return a.probability != b.probability ? a.probability > b.probability : a.tag < b.tag;
    });
    return all;
}

}  // namespace ounce::project
