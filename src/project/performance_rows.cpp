#include "project/performance_rows.hpp"

#include "project/projects.hpp"
#include "project/training_rows.hpp"

namespace ounce::project {
Result<Measured> read_measured(store::Database& database, Guid const& project, Guid const& iteration) {
    TRY(auto model, get_iteration_model(database, project, iteration));
    TRY(auto const project_row, project_number(database, project));
    TRY(auto const number, iteration_number(database, project_row, iteration));
    Measured measured{std::move(model.tags), {}};
    TRY(auto row,
        database.query("SELECT f.fold, f.probabilities, group_concat(l.place) FROM iteration_image "
                       "f JOIN iteration_label l ON l.iteration = f.iteration AND l.image = f.image "
                       "WHERE f.iteration = ? AND f.fold IS NOT NULL GROUP BY f.image",
                       number));
    for (;;) {
        TRY(auto const more, row.step());
        if (!more) return measured;
        measured.images.push_back(
            {static_cast<int>(row.integer(0)), parse_places(row.text(2)), from_blob(row.bytes(1))});
    }
}

Result<ImagePerformances> list_image_performances(store::Database& database, Guid const& project,
                                                  Guid const& iteration, ImageQuery query) {
    TRY(auto model, get_iteration_model(database, project, iteration));
    query.iteration = iteration;
    query.measured = true;
    TRY(auto images, list_images(database, project, query));
    TRY(auto const project_row, project_number(database, project));
    TRY(auto const number, iteration_number(database, project_row, iteration));
    ImagePerformances result{std::move(model.tags), {}};
    for (auto& image : images) {
        TRY(auto row, database.query("SELECT f.probabilities FROM iteration_image f JOIN image i ON i.number "
                                     "= f.image WHERE f.iteration = ? AND i.id = ?",
                                     number, image.id.text()));
        TRY(auto const found, row.step());
        result.images.push_back({std::move(image), found ? from_blob(row.bytes(0)) : std::vector<float>()});
    }
    return result;
}

Result<std::size_t> count_image_performances(store::Database& database, Guid const& project,
                                             Guid const& iteration, ImageQuery query) {
    TRY([[maybe_unused]] auto const trained, get_iteration_model(database, project, iteration));
    query.iteration = iteration;
    query.measured = true;
    return count_images(database, project, query);
}

}  // namespace ounce::project
