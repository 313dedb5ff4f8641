#include "project/vision.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "project/blobs.hpp"
#include "project/onnx_export.hpp"
#include "project/package_zip.hpp"
#include "project/schema.hpp"

namespace ounce::project {
namespace {

constexpr std::string_view kOnnx = "ONNX";
constexpr std::string_view kOunce = "Ounce";  // our own package

UploadStatus status_of(PictureFault fault) {
    switch (fault) {
        case PictureFault::Format:
            return UploadStatus::ErrorImageFormat;
        case PictureFault::Size:
            return UploadStatus::ErrorImageSize;
        case PictureFault::Dimensions:
            break;
    }
    return UploadStatus::ErrorImageDimensions;
}

Status check_export(IterationModel const& model, std::string const& platform, std::string const& flavor) {
    auto const refused = [](std::string const& why) {
        return fail_as(Code::FailedPrecondition, "BadRequestExportValidationFailed", "{}", why);
    };
    if (platform != kOnnx && platform != kOunce)
        return refused(
            "Exports are made for the platforms ONNX and Ounce (the package for this hub's own "
            "programs)");
    if (!flavor.empty()) return refused("This platform is exported without a flavor");
    auto const* const domain = find_domain(model.domain);
    if (platform == kOnnx && (domain == nullptr || !domain->exportable()))
        return refused(
            "The project's domain is not a compact one: change it to General (compact) and train "
            "again, or export the platform Ounce");
    return {};
}

}  // namespace

Result<std::unique_ptr<Vision>> Vision::open(Options options, store::BlobStore blobs, Clock const& clock,
                                             Metrics& metrics) {
    TRY(auto ledger, store::Ledger::open(options.database, migrations()));
    std::unique_ptr<Vision> vision(
        new Vision(std::move(ledger), std::move(options), std::move(blobs), clock, metrics));
    TRY_STATUS(vision->models_.refresh());
    return vision;
}

Vision::Vision(std::unique_ptr<store::Ledger> ledger, Options options, store::BlobStore blobs,
               Clock const& clock, Metrics& metrics)
    : blobs_(std::move(blobs)),
      clock_(clock),
      ledger_(std::move(ledger)),
      decoding_(options.decoding_bytes_max),
      models_(*ledger_, blobs_.blobs(), metrics, options.models_loaded_max),
      training_(*ledger_, blobs_, clock, metrics, std::move(options.training)) {}

Vision::~Vision() = default;

/// What cannot be removed takes up room until the sweep, which is no reason to tell a caller that what he did
/// had failed.
void Vision::collect() {
    if (auto const done = collect_blobs(*ledger_, blobs_); !done)
        log_warning("files that nothing needs stay on disk", {{"error", done.error().message}});
}

Result<std::size_t> Vision::sweep(std::stop_token const& stop) {
    return sweep_blobs(*ledger_, blobs_, stop);
}

Result<std::vector<TagProbability>> Vision::answer(LoadedModel const& model, ByteView picture) {
    auto const room = decoding_.take(decoding_bytes(picture));
    return model.answer(picture);
}

Result<NewImage> Vision::take_picture(std::string source, ByteView file, std::vector<Guid> tags) {
    auto const room = decoding_.take(decoding_bytes(file));
    TRY(auto stored, store_picture(file, blobs_));
    NewImage image{std::move(source), UploadStatus::ErrorSource, std::move(tags)};
    if (auto* const picture = std::get_if<StoredPicture>(&stored))
        image.picture = std::move(*picture);
    else
        image.picture = status_of(std::get<PictureFault>(stored));
    return image;
}

Result<std::vector<UploadedImage>> Vision::add_images(Guid const& project, std::vector<NewImage> images,
                                                      std::vector<Guid> const& tags,
                                                      Metadata const& metadata) {
    auto added = ask([&](store::Database& database) {
        return project::add_images(database, blobs(), project, images, tags, metadata, now());
    });
    std::vector<std::string> unnamed;
    for (std::size_t i = 0; i < images.size(); ++i) {
        auto const* const picture = std::get_if<StoredPicture>(&images[i].picture);
        if (picture == nullptr || (added && (*added)[i].image)) continue;
        unnamed.insert(unnamed.end(), {picture->original, picture->resized, picture->thumbnail});
    }
    if (unnamed.empty()) return added;
    images.clear();  // nothing holds their files any more
    auto const forgotten = ask([&](store::Database& database) -> Status {
        for (auto const& digest : unnamed) TRY_STATUS(doom_blob(database, digest));
        return {};
    });
    if (forgotten) collect();  // else the sweep finds them
    return added;
}

Status Vision::delete_images(Guid const& project, std::optional<std::vector<Guid>> const& ids,
                             bool from_iterations) {
    TRY_STATUS(ask([&](store::Database& database) {
        return project::delete_images(database, project, ids, from_iterations, now());
    }));
    collect();
    return {};
}

Status Vision::delete_project(Guid const& project) {
    // In one piece, so that no training begins in between which nobody would break off.
    TRY(auto const iterations, ask([&](store::Database& database) -> Result<std::vector<Iteration>> {
            TRY(auto all, list_iterations(database, project));
            TRY_STATUS(project::delete_project(database, project));
            return all;
        }));
    for (auto const& iteration : iterations) {
        training_.cancel(iteration.id);
        models_.forget(iteration.id);
    }
    collect();
    return {};
}

Result<Iteration> Vision::train(Guid const& project, TrainingRequest const& request) {
    auto begun =
        ask([&](store::Database& database) { return begin_training(database, project, request, now()); });
    if (begun) training_.wake();
    return begun;
}

std::optional<ProgressReport> Vision::progress(Guid const& iteration) const {
    return training_.progress(iteration);
}

Status Vision::delete_iteration(Guid const& project, Guid const& iteration) {
    TRY_STATUS(ask(
        [&](store::Database& database) { return project::delete_iteration(database, project, iteration); }));
    training_.cancel(iteration);
    models_.forget(iteration);
    collect();
    return {};
}

Status Vision::publish(Guid const& project, Guid const& iteration, std::string const& name,
                       std::string const& target, bool overwrite) {
    TRY([[maybe_unused]] auto const published, ask([&](store::Database& database) {
            return publish_iteration(database, project, iteration, name, target, overwrite, now());
        }));
    TRY_STATUS(models_.refresh());
    // Loaded now, so that the first prediction does not wait for it.
    TRY([[maybe_unused]] auto const model, models_.of_iteration(project, iteration));
    return {};
}

Status Vision::unpublish(Guid const& project, Guid const& iteration) {
    TRY_STATUS(ask(
        [&](store::Database& database) { return unpublish_iteration(database, project, iteration, now()); }));
    return models_.refresh();
}

Result<ModelCache::Model> Vision::published_model(Guid const& project, std::string const& name) {
    return models_.published(project, name);
}

Result<ModelCache::Model> Vision::trained_model(Guid const& project, std::optional<Guid> const& iteration) {
    if (iteration) return models_.of_iteration(project, *iteration);
    TRY(auto const latest,
        ask([&](store::Database& database) { return default_iteration(database, project); }));
    return models_.of_iteration(project, latest.id);
}

Result<Export> Vision::export_iteration(Guid const& project, Guid const& iteration,
                                        std::string const& platform, std::string const& flavor) {
    TRY(auto const model,
        ask([&](store::Database& database) { return get_iteration_model(database, project, iteration); }));
    TRY_STATUS(check_export(model, platform, flavor));
    TRY(auto const made,
        ask([&](store::Database& database) { return list_exports(database, project, iteration); }));
    for (auto const& each : made)
        if (each.platform == platform && each.flavor == flavor) return each;

    Export exported{platform, flavor, model.package};
    HeldBlob held;  // until its row is there
    if (platform == kOnnx) {
        TRY(auto const zip, blobs().read(model.package, kPackageBytesMax));
        TRY(auto const folder, unzip_package(zip));
        TRY(auto const package, vision::read_package(folder.path() / "package"));
        TRY(auto const onnx, export_onnx(package, iteration, now()));
        TRY(held, blobs_.put(onnx));
        exported.blob = held.digest;
    }
    return ask(
        [&](store::Database& database) { return add_export(database, project, iteration, exported, now()); });
}

}  // namespace ounce::project
