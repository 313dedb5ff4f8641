#include "train/pickle.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ounce::train {
namespace {

using namespace std::string_literals;

Result<Pickle> read(std::string const& text, std::vector<std::string> const& names = {}) {
    auto content = as_bytes(text);
    return read_pickle(content, names);
}

TEST(ReadPickle, ReadsNumbersOfEachWidth) {
    struct Case {
        std::string pickle;
        std::int64_t value;
    };
    for (auto const& [pickle, value] : {Case{"\x80\x02K\xff."s, 255}, Case{"\x80\x02M\xff\xff."s, 65535},
                                        Case{"\x80\x02J\xff\xff\xff\xff."s, -1},
                                        Case{"\x80\x02\x8a\x02\x00\xff."s, -256}, Case{"\x8a\x00."s, 0}}) {
        auto const read_back = read(pickle);
        ASSERT_TRUE(read_back) << read_back.error().message;
        auto const* const number = read_back->find<std::int64_t>(read_back->root);
        ASSERT_NE(number, nullptr);
        EXPECT_EQ(*number, value);
    }
}

TEST(ReadPickle, TakesOnePickleOffTheFront) {
    auto const text = "\x80\x02K\x01.rest"s;
    auto content = as_bytes(text);
    ASSERT_TRUE(read_pickle(content, {}));
    EXPECT_EQ(as_text(content), "rest");
}

TEST(ReadPickle, KeepsSharedAndCyclicValues) {
    // l = []; l.append(l)
    auto const pickle = read("\x80\x02]q\x00h\x00"s + "a.");
    ASSERT_TRUE(pickle) << pickle.error().message;
    auto const* const list = pickle->find<PickleList>(pickle->root);
    ASSERT_NE(list, nullptr);
    EXPECT_THAT(list->items, ::testing::ElementsAre(pickle->root));
}

TEST(ReadPickle, NotesACallInsteadOfMakingIt) {
    auto const pickle = read("\x80\x02"s + "ccollections\nOrderedDict\n)RX\x01\x00\x00\x00kK\x07s."s,
                             {"collections.OrderedDict"});
    ASSERT_TRUE(pickle) << pickle.error().message;
    auto const* const call = pickle->find<PickleCall>(pickle->root);
    ASSERT_NE(call, nullptr);
    EXPECT_EQ(pickle->find<PickleName>(call->function)->name, "collections.OrderedDict");
    ASSERT_EQ(call->items.items.size(), 1U);
}

TEST(ReadPickle, RefusesANameOutsideTheList) {
    auto const pickle = read("\x80\x02"s + "cos\nsystem\n.", {"collections.OrderedDict"});
    ASSERT_FALSE(pickle);
    EXPECT_EQ(pickle.error().code, Code::PermissionDenied);
    EXPECT_THAT(pickle.error().message, ::testing::HasSubstr("os.system"));
}

TEST(ReadPickle, RefusesEachMalformedOne) {
    for (auto const& text : {
             ""s,                                  // nothing
             "."s,                                 // nothing on the stack
             "K"s,                                 // breaks off
             "X\xff\xff\xff\xff."s,                // a text longer than the file
             "\x8a\xff."s,                         // a number longer than the file
             "(."s,                                // a mark is no value
             "t."s,                                // no mark
             "(K\x01R."s,                          // the call's function would come from below the mark
             "K\x01K\x02R."s,                      // a call of a number
             "K\x01K\x02s."s,                      // an item without a dict
             "h\x05."s,                            // never kept
             "K\x01K\x02"s + "a.",                 // no list
             "}(K\x01u."s,                         // a key without a value
             "ccollections\n"s,                    // a name that never ends
             "c"s + std::string(1000, 'x') + "\n"  // a name too long
         }) {
        auto const pickle = read(text, {"collections.OrderedDict"});
        ASSERT_FALSE(pickle) << text;
        EXPECT_EQ(pickle.error().code, Code::DataLoss) << text;
    }
    EXPECT_EQ(read("\x80\x05."s).error().code, Code::Unimplemented);  // protocol 5
    EXPECT_EQ(read("i."s).error().code, Code::Unimplemented);         // INST would make an object
}

TEST(ReadPickle, RefusesMoreValuesThanTheBound) {
    EXPECT_EQ(read(std::string(1'000'001, 'N') + ".").error().code, Code::ResourceExhausted);
}

}  // namespace
}  // namespace ounce::train
