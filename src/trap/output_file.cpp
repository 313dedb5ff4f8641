#include "trap/output_file.hpp"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/csv.hpp"

namespace ounce::trap {

namespace {

tl::unexpected<Error> file_error(std::filesystem::path const& path, int number) {
    auto const code = number == ENOSPC || number == EDQUOT || number == EFBIG  ? Code::ResourceExhausted
                      : number == EACCES || number == EPERM || number == EROFS ? Code::PermissionDenied
                      : number == ENOENT                                       ? Code::NotFound
                                                                               : Code::DataLoss;
    return fail(code, "{}: {}{}", path.string(), std::strerror(number),
                code == Code::ResourceExhausted ? "; free some space on that disk and run again" : "");
}

}  // namespace

tl::unexpected<Error> OutputFile::error(int number) const {
    return file_error(path_, number);
}

Result<OutputFile> OutputFile::create(std::filesystem::path const& path) {
    auto temporary = path.parent_path() / ("." + path.filename().string() + ".part");
    auto* const file = std::fopen(temporary.c_str(), "we");
    if (!file) return file_error(path, errno);
    return OutputFile(path, std::move(temporary), file);
}

OutputFile::~OutputFile() {
    if (file_) std::remove(temporary_.c_str());
}

Status OutputFile::write(std::string_view text) {
    if (std::fwrite(text.data(), 1, text.size(), file_.get()) != text.size()) return error(errno);
    return {};
}

Status OutputFile::write_csv(std::span<std::string const> fields) {
    return write(csv_line(fields));
}

Status OutputFile::commit() {
    if (std::fflush(file_.get()) != 0 || fsync(fileno(file_.get())) != 0) return error(errno);
    if (std::rename(temporary_.c_str(), path_.c_str()) != 0) return error(errno);
    file_.reset();
    return {};
}

}  // namespace ounce::trap
