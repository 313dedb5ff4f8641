#include "api/azureml_block_list.hpp"

#include <array>

#include "registry/artifacts.hpp"

namespace ounce::api {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

/// What is left of a list that is being read.
class Reader {
  public:
    explicit Reader(std::string_view text) : text_(text) {}
    void skip_space() { text_.remove_prefix(std::min(text_.size(), text_.find_first_not_of(kSpace))); }
    bool take(std::string_view word) {
        if (!text_.starts_with(word)) return false;
        text_.remove_prefix(word.size());
        return true;
    }
    std::string_view take_until(char end) {
        auto const taken = text_.substr(0, text_.find(end));
        text_.remove_prefix(taken.size());
        return taken;
    }
    [[nodiscard]] bool empty() const { return text_.empty(); }

  private:
    std::string_view text_;
};

std::string_view trim(std::string_view text) {
    auto const first = text.find_first_not_of(kSpace);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

}  // namespace

Result<std::vector<std::string>> parse_block_list(std::string_view xml) {
    auto const wrong = [] {
        return fail_as(Code::InvalidArgument, "InvalidXmlDocument",
                       "a block list is <BlockList><Latest>ID</Latest>...</BlockList>");
    };
    Reader reader(xml);
    reader.take("\xef\xbb\xbf");
    reader.skip_space();
    if (reader.take("<?xml")) {
        reader.take_until('>');
        if (!reader.take(">")) return wrong();
        reader.skip_space();
    }
    if (reader.take("<BlockList/>") || reader.take("<BlockList />")) return std::vector<std::string>();
    if (!reader.take("<BlockList>")) return wrong();
    std::vector<std::string> ids;
    for (;;) {
        reader.skip_space();
        if (reader.take("</BlockList>")) break;
        if (ids.size() >= registry::kBlocksMax)
            return fail(Code::ResourceExhausted, "a file has at most {} blocks", registry::kBlocksMax);
        if (!reader.take("<")) return wrong();
        auto const kind = reader.take_until('>');
        if (kind != "Latest" && kind != "Committed" && kind != "Uncommitted") return wrong();
        reader.take(">");
        auto const id = trim(reader.take_until('<'));
        if (id.empty() || id.find('&') != std::string_view::npos) return wrong();
        if (!reader.take("</") || !reader.take(kind) || !reader.take(">")) return wrong();
        ids.emplace_back(id);
    }
    reader.skip_space();
    if (!reader.empty()) return wrong();
    return ids;
}

}  // namespace ounce::api
