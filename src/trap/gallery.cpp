#include "trap/gallery.hpp"

#include <algorithm>

#include "base/file.hpp"
#include "base/json.hpp"
#include "base/parallel.hpp"
#include "crypto/sha256.hpp"
#include "ounce_trap_text.hpp"
#include "trap/output_file.hpp"
#include "trap/picture_file.hpp"
#include "trap/rows.hpp"
#include "vision/decode.hpp"
#include "vision/encode.hpp"
#include "vision/recipe.hpp"

namespace ounce::trap {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kEventsPerPage = 100;
constexpr std::size_t kFramesPerEvent = 6;
constexpr std::size_t kPicturesOfEventMax = 500;  // as GroupOptions::event_pictures_max
constexpr std::size_t kEventsAtOnce = 16;         // whose thumbnails are made together
constexpr int kBestSidePx = 480;
constexpr int kOtherSidePx = 320;
constexpr int kQuality = 72;

std::string base64(ByteView bytes) {
    constexpr std::string_view kLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        auto const have = std::min<std::size_t>(3, bytes.size() - i);
        unsigned bits = 0;
        for (std::size_t k = 0; k < 3; ++k) bits = bits << 8 | (k < have ? bytes[i + k] : 0U);
        for (std::size_t k = 0; k < 4; ++k) text += k <= have ? kLetters[bits >> (18 - 6 * k) & 63] : '=';
    }
    return text;
}

std::string percent_encoded(std::string_view path) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string text;
    for (char const c : path) {
        bool const plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           c == '/' || c == '-' || c == '_' || c == '.' || c == '~';
        if (plain) {
            text += c;
        } else {
            auto const byte = static_cast<unsigned char>(c);
            text += {'%', kHex[byte >> 4], kHex[byte & 15]};
        }
    }
    return text;
}

/// JSON that may stand in a script element: no '<' that could end it.
std::string for_script(OrderedJson const& value) {
    auto const text = dump_json(value);
    std::string safe;
    safe.reserve(text.size());
    for (char const c : text) {
        if (c == '<')
            safe += "\\u003c";
        else
            safe += c;
    }
    return safe;
}

/// A small JPEG of the original as a data address, "" if it cannot be shown (any more).
std::string thumbnail(fs::path const& picture, int side_px) {
    auto const file = read_file(picture, kPictureBytesMax);
    if (!file) return "";
    vision::DecodeOptions options;
    options.shorter_side_min_px = side_px;
    auto const decoded = vision::decode(*file, options);
    if (!decoded || decoded->image.empty()) return "";
    auto const& image = decoded->image;
    auto const longer = std::max(image.width_px, image.height_px);
    auto const scaled = [&](int side) { return std::max(1, (side * side_px + longer / 2) / longer); };
    auto const jpeg =
        longer <= side_px
            ? vision::encode_jpeg(image, kQuality)
            : vision::encode_jpeg(vision::resized(image, scaled(image.width_px), scaled(image.height_px),
                                                  vision::Recipe::Filter::Triangle),
                                  kQuality);
    return jpeg ? "data:image/jpeg;base64," + base64(*jpeg) : "";
}

/// An event with the frames that the page shows of it.
struct Shown {
    EventRow event;
    std::vector<PictureRow> frames;
    std::size_t best = 0;
    std::vector<std::string> thumbnails;
};

/// The best frame and others spread over the event.
Result<Shown> choose_frames(Journal& journal, EventRow const& event) {
    Shown shown{.event = event, .frames = {}, .best = 0, .thumbnails = {}};
    TRY(auto all, pictures_of_event(journal, event.id, kPicturesOfEventMax));
    std::size_t best = 0;
    for (std::size_t i = 0; i < all.size(); ++i)
        if (all[i].path == event.best_path) best = i;
    std::vector<std::size_t> chosen;
    if (all.size() <= kFramesPerEvent) {
        for (std::size_t i = 0; i < all.size(); ++i) chosen.push_back(i);
    } else {
        for (std::size_t k = 0; k < kFramesPerEvent; ++k)
            chosen.push_back(k * (all.size() - 1) / (kFramesPerEvent - 1));
        auto const nearest =
            std::min_element(chosen.begin(), chosen.end(), [best](std::size_t a, std::size_t b) {
                auto const far = [best](std::size_t i) { return i > best ? i - best : best - i; };
                return far(a) < far(b);
            });
        *nearest = best;
    }
    for (auto const index : chosen) {
        if (index == best) shown.best = shown.frames.size();
        shown.frames.push_back(std::move(all[index]));
    }
    return shown;
}

class Page {
  public:
    Page(Journal& journal, GalleryOptions const& options, std::stop_token const& stop)
        : journal_(&journal), options_(&options), stop_(&stop) {}

    /// The events as the items of a JSON list.
    Status write_events(OutputFile& file, std::vector<EventRow> const& events,
                        std::function<void()> const& done) {
        for (std::size_t begin = 0; begin < events.size(); begin += kEventsAtOnce) {
            auto const end = std::min(events.size(), begin + kEventsAtOnce);
            if (stop_->stop_requested()) return fail(Code::Cancelled, "stopped");
            std::vector<Shown> shown;
            std::vector<std::pair<std::size_t, std::size_t>> work;  // event, frame
            for (auto i = begin; i < end; ++i) {
                TRY(auto one, choose_frames(*journal_, events[i]));
                one.thumbnails.resize(one.frames.size());
                for (std::size_t k = 0; k < one.frames.size(); ++k) work.emplace_back(shown.size(), k);
                shown.push_back(std::move(one));
            }
            parallel_for(work.size(), options_->threads, [&](std::size_t i) {
                auto& one = shown[work[i].first];
                auto const k = work[i].second;
                one.thumbnails[k] = thumbnail(options_->report.folder / one.frames[k].path,
                                              k == one.best ? kBestSidePx : kOtherSidePx);
            });
            for (std::size_t i = 0; i < shown.size(); ++i) {
                TRY_STATUS(file.write(begin + i > 0 ? ",\n" : "\n"));
                TRY_STATUS(file.write(for_script(event_json(shown[i]))));
                done();
            }
        }
        return {};
    }

  private:
    [[nodiscard]] OrderedJson event_json(Shown const& shown) const {
        auto const& event = shown.event;
        auto frames = OrderedJson::array();
        for (std::size_t k = 0; k < shown.frames.size(); ++k) {
            auto const& row = shown.frames[k];
            auto const slash = row.path.rfind('/');
            OrderedJson frame{{"src", shown.thumbnails[k]},
                              {"href", address(row.path)},
                              {"name", slash == std::string::npos ? row.path : row.path.substr(slash + 1)},
                              {"time", format_time(row.time, false)},
                              {"w", row.width_px},
                              {"h", row.height_px}};
            if (row.box) frame["box"] = {row.box->x, row.box->y, row.box->width, row.box->height};
            frames.push_back(std::move(frame));
        }
        return {{"id", event.name},
                {"camera", event.camera_name},
                {"time", format_time(event.first, false)},
                {"tag", event.tag < 0 ? "" : options_->report.tags[static_cast<std::size_t>(event.tag)].name},
                {"p", event.probability},
                {"gate", event.gate},
                {"score", event.score},
                {"n", event.pictures},
                {"best", shown.best},
                {"frames", std::move(frames)}};
    }

    /// Where the original lies, seen from the page.
    [[nodiscard]] std::string address(std::string const& path) const {
        std::error_code code;
        auto const out = fs::canonical(options_->report.out, code);
        return percent_encoded((options_->report.folder.lexically_relative(out) / path).string());
    }

    Journal* journal_;
    GalleryOptions const* options_;
    std::stop_token const* stop_;
};

std::string page_name(std::size_t page) {
    return page == 0 ? "index.html" : fmt::format("gallery-{}.html", page + 1);
}

std::string hash_source(std::string_view text) {
    return "'sha256-" + base64(crypto::sha256(as_bytes(text))) + "'";
}

/// All but the pictures, up to where the lists begin. The policy lets in nothing but what the page itself
/// holds, and the originals beside it.
std::string page_head() {
    return fmt::format(
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; base-uri 'none'; "
        "form-action 'none'; img-src data: file: 'self'; style-src {}; script-src {}\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
        "<meta name=\"referrer\" "
        "content=\"no-referrer\">\n<title>Sightings</title>\n<style>{}</style>\n</head>\n"
        "<body>\n{}",
        hash_source(text::gallery_css), hash_source(text::gallery_js), text::gallery_css, text::gallery_html);
}

/// Pages of an earlier, longer run would show what is no longer so.
void remove_later_pages(fs::path const& out, std::size_t pages) {
    std::error_code code;
    for (auto page = pages; fs::remove(out / page_name(page), code); ++page) {
    }
}

}  // namespace

Result<fs::path> write_gallery(Journal& journal, GalleryOptions const& options, std::string const& promise,
                               ProgressSink const& progress, std::stop_token const& stop) {
    TRY(auto const looked, best_events(journal, options.events_max));
    std::vector<EventRow> audit;
    auto& database = journal.database();
    TRY(auto const look_total, database.count("SELECT count(*) FROM event WHERE look = 1"));
    TRY(auto const aside_total, database.count("SELECT count(*) FROM event WHERE look = 0"));
    TRY(auto const pictures, database.count("SELECT count(*) FROM member"));
    TRY_STATUS(for_each_audit_event(journal, [&](EventRow const& event) -> Status {
        audit.push_back(event);
        return {};
    }));

    auto const pages = std::max<std::size_t>(1, (looked.size() + kEventsPerPage - 1) / kEventsPerPage);
    auto const total = looked.size() + audit.size();
    std::uint64_t done = 0;
    Page page(journal, options, stop);
    for (std::size_t number = pages; number-- > 0;) {  // index.html last: when it is there, all are
        auto const first = looked.begin() + static_cast<std::ptrdiff_t>(number * kEventsPerPage);
        auto const last = looked.begin() +
                          static_cast<std::ptrdiff_t>(std::min(looked.size(), (number + 1) * kEventsPerPage));
        auto names = OrderedJson::array();
        for (std::size_t i = 0; i < pages; ++i) names.push_back(page_name(i));
        auto tags = OrderedJson::array();
        for (auto const& tag : options.report.tags) tags.push_back(tag.name);
        auto const folder = options.report.folder.filename().string();
        OrderedJson head;
        head["run"] = crypto::sha256_hex(as_bytes(options.report.folder.string() + "\n" + options.target +
                                                  "\n" + options.report.method))
                          .substr(0, 12);
        head["title"] = options.target.empty() ? folder : folder + ": " + options.target;
        head["sum"] =
            fmt::format("{} pictures; {} events to look at, {} set aside", pictures, look_total, aside_total);
        head["promise"] = promise;
        head["target"] = options.target;
        head["tags"] = std::move(tags);
        head["look"] = look_total;
        head["page"] = number + 1;
        head["pages"] = std::move(names);
        auto opening = for_script(head);
        opening.pop_back();  // the closing brace: the lists follow

        TRY(auto file, OutputFile::create(options.report.out / page_name(number)));
        auto const tell = [&] { progress({.step = "gallery", .done = ++done, .total = total}); };
        TRY_STATUS(file.write(page_head() + "<script type=\"application/json\" id=\"data\">" + opening +
                              ",\n\"events\":["));
        TRY_STATUS(page.write_events(file, {first, last}, tell));
        TRY_STATUS(file.write("],\n\"audit\":["));
        if (number == 0) TRY_STATUS(page.write_events(file, audit, tell));
        TRY_STATUS(file.write("]}</script>\n<script>" + std::string(text::gallery_js) +
                              "</script>\n</body>\n</html>\n"));
        TRY_STATUS(file.commit());
    }
    remove_later_pages(options.report.out, pages);
    return options.report.out / "index.html";
}

}  // namespace ounce::trap
