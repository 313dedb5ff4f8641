#pragma once

#include <string>
#include <string_view>

#include "vision/exif.hpp"

namespace ounce::trap {

/// Which camera took a picture.
struct CameraIdentity {
    std::string key;   // equal for equal cameras
    std::string name;  // for a person: "RECONYX HC500 P800HG" or "cam01"
    bool by_serial = false;
};

/// The camera of the picture at `relative_path` (below the sifted folder, '/' between the parts): make, model
/// and serial if EXIF tells the serial, so that several cards of one camera come together. Else the folder:
/// the one that holds DCIM (cam01/DCIM/100RECNX/IMG_0001.JPG is of cam01, north/cam01/DCIM/... of
/// north/cam01), else the top one. A picture in no folder, or only in a card's own (DCIM, 100RECNX), is of
/// `root_name`.
CameraIdentity identify_camera(std::string_view relative_path, vision::Exif const& exif,
                               std::string_view root_name);

}  // namespace ounce::trap
