#include <algorithm>
#include <cmath>

#include "base/json.hpp"
#include "trap/output_file.hpp"
#include "trap/report.hpp"
#include "trap/rows.hpp"

namespace ounce::trap {
namespace {

/// Below this a detection is not written; the format's own tools leave such out, too.
constexpr double kLeastConfidence = 0.05;
constexpr double kLeastClassification = 0.01;

double rounded(double value) {
    return std::round(value * 1e4) / 1e4;
}

OrderedJson classifications(ReportOptions const& options, PictureRow const& row) {
    std::vector<std::pair<double, std::size_t>> order;
    double all = 0;
    for (std::size_t i = 0; i < row.probabilities.size(); ++i) {
        if (static_cast<int>(i) == options.negative) continue;
        all += static_cast<double>(row.probabilities[i]);
        order.emplace_back(-static_cast<double>(row.probabilities[i]), i);
    }
    std::sort(order.begin(), order.end());
    auto list = OrderedJson::array();
    for (auto const& [less, tag] : order) {
        // Of an animal that is there, so the share of "nothing there" is left out.
        auto const confidence = options.exclusive && all > 0 ? -less / all : -less;
        if (confidence < kLeastClassification) break;
        list.push_back({std::to_string(tag), rounded(confidence)});
    }
    return list;
}

OrderedJson image(ReportOptions const& options, PictureRow const& row) {
    OrderedJson image{{"file", row.path}, {"detections", OrderedJson::array()}};
    if (row.gate >= kLeastConfidence) {
        auto const box = row.box.value_or(vision::Box{0, 0, 1, 1});
        OrderedJson detection{
            {"category", "1"},
            {"conf", rounded(row.gate)},
            {"bbox", {rounded(box.x), rounded(box.y), rounded(box.width), rounded(box.height)}}};
        auto list = classifications(options, row);
        if (!list.empty()) detection["classifications"] = std::move(list);
        image["detections"].push_back(std::move(detection));
    }
    auto time = format_time(row.time, false);
    std::replace(time.begin(), time.end(), 'T', ' ');
    image["datetime"] = time;
    return image;
}

}  // namespace

Status write_megadetector(Journal& journal, ReportOptions const& options) {
    TRY(auto file, OutputFile::create(options.out / "megadetector.json"));
    OrderedJson categories = OrderedJson::object();
    for (std::size_t i = 0; i < options.tags.size(); ++i)
        if (static_cast<int>(i) != options.negative) categories[std::to_string(i)] = options.tags[i].name;
    OrderedJson const info{{"format_version", "1.6"},
                           {"detector", options.method},
                           {"detection_completion_time", options.now},
                           {"classifier", options.method},
                           {"classification_completion_time", options.now}};
    TRY_STATUS(file.write("{\n\"info\": " + dump_json(info) +
                          ",\n\"detection_categories\": {\"1\": \"animal\"},\n" +
                          "\"classification_categories\": " + dump_json(categories) + ",\n\"images\": ["));
    bool first = true;
    auto const add = [&](OrderedJson const& one) -> Status {
        TRY_STATUS(file.write(first ? "\n" : ",\n"));
        first = false;
        return file.write(dump_json(one));
    };
    TRY_STATUS(for_each_picture(journal, [&](PictureRow const& row) { return add(image(options, row)); }));
    TRY_STATUS(for_each_unreadable(
        journal, [&](std::string const& path, std::string const&, std::string const& reason) -> Status {
            if (path.ends_with('/')) return {};  // a folder
            return add({{"file", path}, {"detections", nullptr}, {"failure", reason}});
        }));
    TRY_STATUS(file.write("\n]\n}\n"));
    return file.commit();
}

}  // namespace ounce::trap
