#pragma once

#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "crypto/keyring.hpp"
#include "hub/data_folder.hpp"

namespace ounce::hub {

/// A server certificate with less than this left is made anew.
inline constexpr std::chrono::days kRenewBefore{30};

/// What `init` found or did.
struct PreparedKeys {
    crypto::Keyring keyring;
    bool keyring_is_new = false;           // nothing was there before
    std::vector<std::string> hosts_added;  // to a hub that was there before
    bool certificate_is_new = false;       // the server's; a serving hub must be started again to show it
};

/// Makes what is missing in keys/ and leaves the rest as it is: the authority and its certificate, the
/// keyring, the server's certificate. `hosts` are added to those known; localhost, 127.0.0.1 and ::1 always
/// are. The folder and its files are for their owner alone. A run that was cut off is completed by the next.
/// Errors: InvalidArgument for a host that is none; DataLoss if a hub that was complete lacks its authority
/// or its keyring, which cannot be made again: every client trusts the one and has a key of the other; as
/// write_file.
Result<PreparedKeys> prepare_keys(DataFolder const& data, std::vector<std::string> const& hosts, Time now);

/// What prepare_keys made. Errors: FailedPrecondition if init was never run there, DataLoss if the file was
/// lost or is damaged.
Result<crypto::Keyring> load_keyring(DataFolder const& data);

/// Takes away from others what a careless copy gave them: the right to read keys. Logs each file it mends.
/// Errors: PermissionDenied if a file's mode cannot be set.
Status keep_keys_private(DataFolder const& data);

/// Makes the server's certificate anew if it is missing, damaged, not for exactly the keyring's hosts, or
/// ends within kRenewBefore. True if it did. Errors: as prepare_keys.
Result<bool> renew_server_certificate(DataFolder const& data, crypto::Keyring const& keyring, Time now);

}  // namespace ounce::hub
