#include "cli/picture_upload.hpp"

#include <atomic>
#include <memory>
#include <mutex>

#include "base/file.hpp"
#include "base/parallel.hpp"
#include "cli/hub_command.hpp"
#include "cli/multipart_body.hpp"
#include "cli/vision_client.hpp"

namespace ounce::cli {
namespace {

constexpr std::uint64_t kPictureBytesMax = 64 << 20;  // the hub takes less, and says so itself

constexpr char const* kNoPicture = "ErrorImageFormat";

/// One connection for each thread that asks: given out, taken back.
class Connections {
  public:
    explicit Connections(HubClient const& hub) : hub_(&hub) {}

    std::unique_ptr<HubClient> take() {
        std::lock_guard const lock(mutex_);
        if (idle_.empty()) return std::make_unique<HubClient>(hub_->another());
        auto client = std::move(idle_.back());
        idle_.pop_back();
        return client;
    }
    void give_back(std::unique_ptr<HubClient> client) {
        std::lock_guard const lock(mutex_);
        idle_.push_back(std::move(client));
    }

  private:
    HubClient const* hub_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<HubClient>> idle_;
};

/// custom-vision-api.md section 4.4: {"images": [{"status": "OK" | "OKDuplicate" | "Error..."}]}.
UploadOutcome outcome_of(Json const& summary) {
    using Kind = UploadOutcome::Kind;
    auto const images = summary.is_object() ? summary.value("images", Json::array()) : Json();
    if (!images.is_array() || images.size() != 1) return {Kind::Failed, "the hub's answer is not understood"};
    auto const status = text_member(images[0], "status");
    if (status == "OK") return {Kind::Added, {}};
    if (status == "OKDuplicate") return {Kind::AlreadyThere, {}};
    return {Kind::Refused, status};
}

/// "t1,t2"; nothing if one of its tags has no id.
std::optional<std::string> ids_of(PlannedPicture const& picture,
                                  std::map<std::string, std::string> const& tag_ids) {
    std::string ids;
    for (auto const& tag : picture.tags) {
        auto const found = tag_ids.find(tag);
        if (found == tag_ids.end()) return std::nullopt;
        ids += (ids.empty() ? "" : ",") + found->second;
    }
    return ids;
}

Result<UploadOutcome> upload(HubClient& hub, std::string const& project, PlannedPicture const& picture,
                             std::map<std::string, std::string> const& tag_ids) {
    TRY(auto const content, read_file(picture.path, kPictureBytesMax));
    auto const ids = ids_of(picture, tag_ids);
    if (!ids) return UploadOutcome{UploadOutcome::Kind::Refused, kNoPicture};
    TRY(auto form, multipart_body("imageData", picture.path.filename().string(), content));
    HubClient::Request request;
    request.method = "POST";
    request.url = training_path({"projects", project, "images"}) + query_of({{"tagIds", *ids}});
    request.headers.set("Content-Type", form.content_type);
    request.body = std::move(form.body);
    TRY(auto const response, hub.send_again(request));
    TRY(auto const summary, parse_json(response.body));
    return outcome_of(summary);
}

}  // namespace

std::string in_words(UploadOutcome const& outcome) {
    static std::map<std::string_view, std::string_view> const words = {
        {kNoPicture, "no picture of a kind that can be read"},
        {"ErrorSource", "the picture did not arrive whole"},
        {"ErrorImageSize", "the file is larger than the hub takes"},
        {"ErrorImageDimensions", "its sides are too short or too long for the hub"},
        {"ErrorLimitExceed", "the project is full: it can hold no more pictures"},
        {"ErrorTagLimitExceed",
         "it would have more tags than a picture may have (one, in a multiclass project): it may be there "
         "already, with another tag"},
        {"ErrorInvalidTag", "its tag is no longer in the project"},
        {"ErrorNegativeAndRegularTagOnSameImage",
         "it would have the negative tag and others: it may be there already, with another tag"},
    };
    auto const found = words.find(outcome.why);
    return std::string(found == words.end() ? outcome.why : found->second);
}

std::vector<UploadOutcome> upload_pictures(HubClient const& hub, std::string const& project,
                                           std::vector<PlannedPicture> const& plan,
                                           std::map<std::string, std::string> const& tag_ids, int connections,
                                           std::stop_token const& stop, ProgressSink const& progress) {
    std::vector<UploadOutcome> outcomes(plan.size());
    Connections clients(hub);
    std::atomic<int> failures_in_a_row = 0;
    std::mutex mutex;
    std::uint64_t done = 0;
    parallel_for(plan.size(), connections, [&](std::size_t i) {
        if (stop.stop_requested() || failures_in_a_row >= kFailuresMax) return;
        auto client = clients.take();
        auto outcome = upload(*client, project, plan[i], tag_ids);
        clients.give_back(std::move(client));
        if (!outcome && outcome.error().code == Code::Cancelled) return;
        if (outcome)
            failures_in_a_row = 0;
        else
            ++failures_in_a_row;
        outcomes[i] =
            outcome ? *outcome : UploadOutcome{UploadOutcome::Kind::Failed, outcome.error().message};
        std::lock_guard const lock(mutex);
        progress({"pictures", ++done, plan.size()});
    });
    return outcomes;
}

}  // namespace ounce::cli
