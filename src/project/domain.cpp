#include "project/domain.hpp"

#include <algorithm>

#include "base/result.hpp"

namespace ounce::project {
namespace {

using enum Domain::Type;
using Platforms = std::vector<std::string_view>;

Domain domain(std::string_view id, std::string_view name, Domain::Type type, bool enabled,
              Platforms platforms = {}, int megabytes = 0) {
    auto const guid = Guid::parse(id);
    OUNCE_CHECK(guid.has_value());
    return {*guid, name, type, enabled, std::move(platforms), megabytes};
}

std::vector<Domain> all_domains() {
    Platforms const compact{"VAIDK", "CoreML", "DockerFile", "ONNX", "OpenVino", "TensorFlow"};
    Platforms const compact_s1{"CoreML", "DockerFile", "ONNX", "OpenVino", "TensorFlow"};
    Platforms const boxes{"CoreML", "DockerFile", "ONNX", "TensorFlow"};
    constexpr auto kClass = Classification;
    constexpr auto kBoxes = ObjectDetection;
    return {
        domain("ee85a74c-405e-4adc-bb47-ffa8ca0c9f31", "General", kClass, true),
        domain("a8e3c40f-fb4a-466f-832a-5e457ae4a344", "General [A1]", kClass, true),
        domain("2e37d7fb-3a54-486a-b4d6-cfc369af0018", "General [A2]", kClass, true),
        domain("c151d5b5-dd07-472a-acc8-15d29dea8518", "Food", kClass, true),
        domain("ca455789-012d-4b50-9fec-5bb63841c793", "Landmarks", kClass, true),
        domain("b30a91ae-e3c1-4f73-a81e-c270bff27c39", "Retail", kClass, true),
        domain("45badf75-3591-4f26-a705-45678d3e9f5f", "Adult", kClass, false),
        domain("0732100f-1a38-4e49-a514-c9b44c697ab5", "General (compact)", kClass, true, compact, 6),
        domain("a1db07ca-a19a-4830-bae8-e004a42dc863", "General (compact) [S1]", kClass, true, compact_s1,
               43),
        domain("8882951b-82cd-4c32-970b-d5f8cb8bf6d7", "Food (compact)", kClass, true, compact, 6),
        domain("b5cfd229-2ac7-4b2b-8d0a-2b0661344894", "Landmarks (compact)", kClass, true, compact, 6),
        domain("6b4faeda-8396-481b-9f8b-177b9fa3097f", "Retail (compact)", kClass, true, compact, 6),
        domain("da2e3a8a-40a5-4171-82f4-58522f70fbc1", "General", kBoxes, false),
        domain("9c616dff-2e7d-ea11-af59-1866da359ce6", "General [A1]", kBoxes, false),
        domain("1d8ffafe-ec40-4fb2-8f90-72b3b6cecea4", "Logo", kBoxes, false),
        domain("3780a898-81c3-4516-81ae-3a139614e1f3", "Products on Shelves", kBoxes, false),
        domain("a27d5ca5-bb19-49d8-a70a-fec086c47f5b", "General (compact)", kBoxes, false, boxes, 45),
        domain("7ec2ac80-887b-48a6-8df9-8b1357765430", "General (compact) [S1]", kBoxes, false, compact, 14),
    };
}

}  // namespace

std::span<Domain const> domains() {
    static auto const all = all_domains();
    return all;
}

Domain const* find_domain(Guid const& id) {
    auto const found = std::ranges::find(domains(), id, &Domain::id);
    return found == domains().end() ? nullptr : &*found;
}

}  // namespace ounce::project
