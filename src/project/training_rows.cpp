#include "project/training_rows.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

#include "project/blobs.hpp"
#include "project/metadata.hpp"

namespace ounce::project {
namespace {

Result<bool> exists(store::Database& database, std::int64_t iteration) {
    TRY(auto const count, database.count("SELECT COUNT(*) FROM iteration WHERE number = ?", iteration));
    return count > 0;
}

Status fail_worn_out(store::Database& database, Time now) {
    return database.run(
        "UPDATE iteration SET status = 2, modified = ?, error = 'The hub was stopped hard during each of ' "
        "|| attempts || ' attempts to train this, perhaps by it (memory?): look at the hub''s log, then "
        "train again' WHERE status = 0 AND attempts >= ?",
        to_microseconds(now), kTrainingAttemptsMax);
}

}  // namespace

Result<std::optional<TrainingOrder>> next_training(store::Database& database, Time now) {
    TRY_STATUS(fail_worn_out(database, now));
    TrainingOrder order;
    {
        TRY(auto row, database.query("SELECT i.number, i.id, p.id, p.name, i.multilabel, i.advanced, "
                                     "i.budget_hours FROM iteration i JOIN project p ON p.number = i.project "
                                     "WHERE i.status = 0 ORDER BY i.number LIMIT 1"));
        TRY(auto const found, row.step());
        if (!found) return std::optional<TrainingOrder>();
        auto const id = Guid::parse(row.text(1));
        auto const project = Guid::parse(row.text(2));
        if (!id || !project) return fail(Code::DataLoss, "vision.db: '{}' is no id", row.text(1));
        order.iteration = row.integer(0);
        order.id = *id;
        order.project = *project;
        order.project_name = row.text(3);
        order.multilabel = row.integer(4) != 0;
        order.advanced = row.integer(5) != 0;
        order.budget_hours = static_cast<int>(row.integer(6));
    }
    TRY(order.tags, list_tags(database, order.project, order.id));
    TRY_STATUS(
        database.run("UPDATE iteration SET attempts = attempts + 1 WHERE number = ?", order.iteration));
    return std::optional(std::move(order));
}

Status postpone_training(store::Database& database, std::int64_t iteration) {
    return database.run("UPDATE iteration SET attempts = MAX(0, attempts - 1) WHERE number = ?", iteration);
}

Result<std::vector<TrainingImage>> read_training_images(store::Database& database, std::int64_t iteration,
                                                        std::int64_t after, std::size_t count) {
    TRY(auto row, database.query("SELECT i.number, i.id, i.original, i.metadata, group_concat(l.place) FROM "
                                 "iteration_label l JOIN image i ON i.number = l.image WHERE l.iteration = ? "
                                 "AND l.image > ? GROUP BY l.image ORDER BY l.image LIMIT ?",
                                 iteration, after, count));
    std::vector<TrainingImage> images;
    for (;;) {
        TRY(auto const more, row.step());
        if (!more) return images;
        auto const id = Guid::parse(row.text(1));
        if (!id) return fail(Code::DataLoss, "vision.db: '{}' is no id", row.text(1));
        TrainingImage image{row.integer(0), *id, row.text(2), {}, ""};
        if (!row.is_null(3)) {
            TRY(auto const metadata, parse_metadata(row.text(3)));
            image.group = group_of(metadata);
        }
        image.places = parse_places(row.text(4));
        images.push_back(std::move(image));
    }
}

Result<bool> complete_training(store::Database& database, std::int64_t iteration, std::string const& package,
                               std::vector<HeldOutAnswer> const& answers, double seconds, Time now) {
    TRY(auto const there, exists(database, iteration));
    if (!there) {
        TRY_STATUS(doom_blob(database, package));
        return false;
    }
    for (auto const& answer : answers)
        TRY_STATUS(
            database.run("UPDATE iteration_image SET fold = ?, probabilities = ? WHERE iteration = ? "
                         "AND image = (SELECT number FROM image WHERE id = ?)",
                         answer.fold, to_blob(answer.probabilities), iteration, answer.image.text()));
    TRY_STATUS(
        database.run("UPDATE iteration SET status = 1, trained = ?, modified = ?, seconds = ?, package "
                     "= ? WHERE number = ?",
                     to_microseconds(now), to_microseconds(now), seconds, package, iteration));
    return true;
}

Status fail_training(store::Database& database, std::int64_t iteration, std::string const& why,
                     double seconds, Time now) {
    return database.run(
        "UPDATE iteration SET status = 2, modified = ?, seconds = ?, error = ? WHERE number = ?",
        to_microseconds(now), seconds, why, iteration);
}

std::vector<int> parse_places(std::string_view list) {
    std::vector<int> places;
    while (!list.empty()) {
        auto const end = std::min(list.find(','), list.size());
        int place = 0;
        std::from_chars(list.data(), list.data() + end, place);
        places.push_back(place);
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return places;
}

Bytes to_blob(std::vector<float> const& values) {
    Bytes blob(values.size() * sizeof(float));
    if (!values.empty()) std::memcpy(blob.data(), values.data(), blob.size());
    return blob;
}

std::vector<float> from_blob(Bytes const& blob) {
    std::vector<float> values(blob.size() / sizeof(float));
    if (!values.empty()) std::memcpy(values.data(), blob.data(), values.size() * sizeof(float));
    return values;
}

}  // namespace ounce::project
