#include "trap/camera.hpp"

#include <gtest/gtest.h>

namespace ounce::trap {
namespace {

TEST(CameraTest, FolderTellsTheCameraWhereNoSerialDoes) {
    struct Case {
        char const* path;
        char const* camera;
    };
    Case const cases[] = {
        {"cam01/DCIM/100RECNX/IMG_0001.JPG", "cam01"},
        {"cam01/dcim/101RECNX/IMG_0001.JPG", "cam01"},
        {"north/cam01/DCIM/100RECNX/IMG_0001.JPG", "north/cam01"},
        {"cam02/card 3/IMG_0001.JPG", "cam02"},
        {"cam02/IMG_0001.JPG", "cam02"},
        {"DCIM/100RECNX/IMG_0001.JPG", "season"},
        {"100RECNX/IMG_0001.JPG", "season"},
        {"IMG_0001.JPG", "season"},
        {"summer/IMG.jpg", "summer"},
    };
    for (auto const& c : cases) EXPECT_EQ(identify_camera(c.path, {}, "season").name, c.camera) << c.path;
}

TEST(CameraTest, SerialBringsCardsTogether) {
    vision::Exif exif;
    exif.make = "RECONYX";
    exif.model = "RECONYX HC500";
    exif.serial = "P8";
    auto const one = identify_camera("a/x.jpg", exif, "r");
    auto const other = identify_camera("b/x.jpg", exif, "r");
    EXPECT_EQ(one.key, other.key);
    EXPECT_EQ(one.name, "RECONYX HC500 P8");
    EXPECT_TRUE(one.by_serial);
    exif.serial = "P9";
    EXPECT_NE(identify_camera("a/x.jpg", exif, "r").key, one.key);
    exif.serial.clear();  // many cameras share make and model: the folder tells them apart
    EXPECT_NE(identify_camera("a/x.jpg", exif, "r").key, identify_camera("b/x.jpg", exif, "r").key);
}

}  // namespace
}  // namespace ounce::trap
