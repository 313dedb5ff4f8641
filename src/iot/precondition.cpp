#include "iot/precondition.hpp"

namespace ounce::iot {

Precondition Precondition::parse(std::optional<std::string_view> header) {
    Precondition condition;
    if (!header) return condition;
    condition.given_ = true;
    auto tag = *header;
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (tag.size() >= 2 && tag.starts_with('"') && tag.ends_with('"')) tag = tag.substr(1, tag.size() - 2);
    if (tag != "*") condition.etag_ = tag;
    return condition;
}

Status Precondition::check(std::string_view etag) const {
    if (!etag_ || *etag_ == etag) return {};
    return fail_as(Code::Aborted, "PreconditionFailed",
                   "it was changed since you read it (its etag is another); read it again");
}

}  // namespace ounce::iot
