#include "hub/key_store.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <string_view>
#include <system_error>

#include "base/file.hpp"
#include "base/log.hpp"
#include "crypto/certificate.hpp"

namespace ounce::hub {
namespace {

constexpr std::uint64_t kFileBytesMax = 1 << 20;
constexpr std::array<std::string_view, 3> kOwnHosts = {"localhost", "127.0.0.1", "::1"};

Result<std::string> read_text(std::filesystem::path const& path) {
    TRY(auto const content, read_file(path, kFileBytesMax));
    return std::string(as_text(content));
}

/// The pair in these two files; empty texts for files that are not there.
Result<crypto::CertifiedKey> read_pair(std::filesystem::path const& certificate,
                                       std::filesystem::path const& key) {
    crypto::CertifiedKey pair;
    for (auto const& [path, text] :
         {std::pair(&certificate, &pair.certificate_pem), std::pair(&key, &pair.private_key_pem)}) {
        auto content = read_text(*path);
        if (!content && content.error().code != Code::NotFound) return fail(content.error());
        *text = std::move(content).value_or("");
    }
    return pair;
}

Status write_pair(crypto::CertifiedKey const& pair, std::filesystem::path const& certificate,
                  std::filesystem::path const& key) {
    TRY_STATUS(write_private_file(key, as_bytes(pair.private_key_pem)));
    return write_file(certificate, as_bytes(pair.certificate_pem));
}

/// The authority of a hub, made if the hub is not complete yet.
Result<crypto::CertifiedKey> prepare_authority(DataFolder const& data, bool hub_is_complete,
                                               std::string const& host, Time now) {
    TRY(auto pair, read_pair(data.authority_certificate(), data.authority_key()));
    if (crypto::is_pair(pair)) return pair;
    if (hub_is_complete)
        return fail(
            Code::DataLoss,
            "{} and ca.pem are missing or damaged; every client trusts them and they cannot be made again: "
            "put them back from a backup",
            data.authority_key().string());
    TRY(pair, crypto::make_authority(fmt::format("Ounce hub {}", host), now));
    TRY_STATUS(write_pair(pair, data.authority_certificate(), data.authority_key()));
    return pair;
}

void add_missing(std::vector<std::string>& hosts, std::string_view host) {
    if (std::find(hosts.begin(), hosts.end(), host) == hosts.end()) hosts.emplace_back(host);
}

/// Known hosts, then new ones, then those that each hub has, each once.
Result<std::vector<std::string>> join_hosts(std::vector<std::string> known,
                                            std::vector<std::string> const& more) {
    for (auto const& text : more) {
        TRY(auto const host, crypto::parse_host(text));
        add_missing(known, host);
    }
    for (auto const host : kOwnHosts) add_missing(known, host);
    // Before anything is written: a hub that knew of more could not make its certificate, and not start.
    if (known.size() > crypto::kHostsMax)
        return fail(
            Code::InvalidArgument,
            "{} names and addresses, {} of them localhost's, are more than the {} that a certificate is for",
            known.size(), kOwnHosts.size(), crypto::kHostsMax);
    return known;
}

/// Whether there ever was a keyring: the server's certificate is first made after it.
bool was_complete(DataFolder const& data) {
    std::error_code error;
    return std::filesystem::exists(data.server_certificate(), error);
}

/// A new one would have other keys: every device and script would be locked out.
tl::unexpected<Error> lost_keyring(DataFolder const& data) {
    return fail(Code::DataLoss, "{}: missing; every client has a key of it, so put it back from a backup",
                data.keyring().string());
}

Status save(DataFolder const& data, crypto::Keyring const& keyring) {
    return write_private_file(data.keyring(), as_bytes(keyring.to_json()));
}

}  // namespace

Result<crypto::Keyring> load_keyring(DataFolder const& data) {
    auto const text = read_text(data.keyring());
    if (!text && text.error().code == Code::NotFound && was_complete(data)) return lost_keyring(data);
    if (!text && text.error().code == Code::NotFound)
        return fail(Code::FailedPrecondition, "{}: no hub there yet; 'ounce-hub init --data {}' makes one",
                    data.root().string(), data.root().string());
    if (!text) return fail(text.error());
    auto keyring = crypto::Keyring::parse(*text);
    if (!keyring)
        return fail(
            keyring.error().code == Code::FailedPrecondition ? Code::FailedPrecondition : Code::DataLoss,
            "{}: {}; put it back from a backup", data.keyring().string(), keyring.error().message);
    return keyring;
}

Status keep_keys_private(DataFolder const& data) {
    for (auto const& path : {data.keyring(), data.authority_key(), data.server_key()}) {
        struct stat status{};
        if (::stat(path.c_str(), &status) != 0) {
            if (errno == ENOENT) continue;
            return system_failure(path, "look at", errno);
        }
        if ((status.st_mode & 077U) == 0) continue;
        if (::chmod(path.c_str(), 0600) != 0) return system_failure(path, "set the mode of", errno);
        log_warning("a key could be read by others: now by its owner alone", {{"file", path.string()}});
    }
    return {};
}

Result<bool> renew_server_certificate(DataFolder const& data, crypto::Keyring const& keyring, Time now) {
    TRY(auto const pair, read_pair(data.server_certificate(), data.server_key()));
    auto const facts = crypto::parse_certificate(pair.certificate_pem);
    if (facts && crypto::is_pair(pair) && facts->hosts == keyring.hosts() &&
        facts->expires > now + kRenewBefore)
        return false;
    TRY(auto const authority, prepare_authority(data, true, keyring.hosts().front(), now));
    TRY(auto const made, crypto::make_server_certificate(authority, keyring.hosts(), now));
    TRY_STATUS(write_pair(made, data.server_certificate(), data.server_key()));
    return true;
}

Result<PreparedKeys> prepare_keys(DataFolder const& data, std::vector<std::string> const& hosts, Time now) {
    TRY_STATUS(make_private_folder(data.root()));
    TRY_STATUS(make_private_folder(data.keys()));
    if (::chmod(data.keys().c_str(), 0700) != 0) return system_failure(data.keys(), "set the mode of", errno);
    TRY(auto const turn, FolderLock::wait_for(data.keys()));

    std::optional<crypto::Keyring> known;
    if (std::error_code error; std::filesystem::exists(data.keyring(), error) || error) {
        TRY(known, load_keyring(data));
    }
    if (!known && was_complete(data)) return lost_keyring(data);
    TRY(auto const all, join_hosts(known ? known->hosts() : std::vector<std::string>(), hosts));
    TRY_STATUS(prepare_authority(data, known.has_value(), all.front(), now).map([](auto const&) {}));

    // The keyring is written last of what is made once: where it is, the hub is complete.
    if (!known) {
        TRY(auto fresh, crypto::Keyring::create(all));
        TRY_STATUS(save(data, fresh));
        TRY(auto const renewed, renew_server_certificate(data, fresh, now));
        return PreparedKeys{std::move(fresh), true, {}, renewed};
    }
    std::vector<std::string> added(all.begin() + static_cast<std::ptrdiff_t>(known->hosts().size()),
                                   all.end());
    auto keyring = known->with_hosts(all);
    if (!added.empty()) TRY_STATUS(save(data, keyring));
    TRY(auto const renewed, renew_server_certificate(data, keyring, now));
    return PreparedKeys{std::move(keyring), false, std::move(added), renewed};
}

}  // namespace ounce::hub
