#pragma once

#include <filesystem>
#include <stop_token>
#include <string>

#include "base/progress.hpp"
#include "trap/report.hpp"

namespace ounce::trap {

struct GalleryOptions {
    ReportOptions report;
    std::string target;            // "" = any animal
    std::size_t events_max = 500;  // best first
    int threads = 1;
};

/// Writes index.html (and gallery-2.html, ... for each further hundred events): pages that need nothing but
/// themselves, to be looked through with the keyboard. Thumbnails are made of the originals and lie in the
/// page; the audit sample has its own section on index.html. Returns index.html's path.
/// Errors: as OutputFile; Cancelled. A picture that cannot be shown any more gets an empty frame.
Result<std::filesystem::path> write_gallery(Journal& journal, GalleryOptions const& options,
                                            std::string const& promise, ProgressSink const& progress,
                                            std::stop_token const& stop);

}  // namespace ounce::trap
