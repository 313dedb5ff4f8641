#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/clock.hpp"
#include "base/result.hpp"
#include "crypto/sas_token.hpp"
#include "crypto/secret.hpp"

namespace ounce::crypto {

/// What a credential allows. RegistryWrite includes RegistryRead (iothub-auth-mqtt-http.md section A1).
enum class Right : std::uint8_t {
    RegistryRead,    // look at devices and modules
    RegistryWrite,   // make, change and delete them, set their content
    ServiceConnect,  // twins, methods, queries; read telemetry
    DeviceConnect,   // act as a device: send, receive, own twin
    Train,           // vision projects: pictures, tags, training, publishing
    Predict,         // classify pictures by a published iteration
    ModelsRead,      // list and download models, pull images
    ModelsWrite,     // register and delete models, push images
};

/// A set of rights.
class Rights {
  public:
    constexpr Rights() = default;
    constexpr Rights(Right right) : bits_(static_cast<std::uint8_t>(1U << static_cast<unsigned>(right))) {}
    static constexpr Rights all() {
        Rights rights;
        rights.bits_ = 0xff;
        return rights;
    }

    /// Whether all of `needed` are in this set.
    [[nodiscard]] constexpr bool cover(Rights needed) const { return (bits_ & needed.bits_) == needed.bits_; }
    [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }

    friend constexpr Rights operator|(Rights a, Rights b) {
        Rights both;
        both.bits_ = static_cast<std::uint8_t>(a.bits_ | b.bits_);
        return both;
    }
    friend constexpr bool operator==(Rights, Rights) = default;

  private:
    std::uint8_t bits_ = 0;
};
constexpr Rights operator|(Right a, Right b) {
    return Rights(a) | Rights(b);
}

/// A named credential of the hub: two keys of 32 bytes, either is valid, so that one can be replaced while
/// the other is in use.
struct Policy {
    std::string name;
    Rights rights;
    Secret primary;
    Secret secondary;
};

/// Everything secret that the hub itself knows, apart from the keys of its certificates; kept in
/// keys/keyring.json. A value that does not change while the hub serves: any thread.
///
/// Policies: iothubowner, service, device, registryRead, registryReadWrite as the vendor's, and `training`
/// and `prediction`, whose keys in base64 are what vision clients send as Training-Key and Prediction-Key.
class Keyring {
  public:
    /// New random keys for a hub that answers to `hosts` (names or addresses, the first is the one it calls
    /// itself). Errors: Internal if the system gives no randomness.
    static Result<Keyring> create(std::vector<std::string> hosts);

    /// Reads what to_json() wrote. Errors: InvalidArgument, naming the member, never its value.
    static Result<Keyring> parse(std::string_view json);
    /// For a file that only the owner reads.
    [[nodiscard]] std::string to_json() const;

    /// The names and addresses of this hub; never empty. SAS tokens must be for one of them.
    [[nodiscard]] std::vector<std::string> const& hosts() const { return hosts_; }
    /// The same keys for other names.
    [[nodiscard]] Keyring with_hosts(std::vector<std::string> hosts) const;

    /// 32 bytes by which the hub signs what only itself reads again: JSON Web Tokens, signed URLs.
    [[nodiscard]] ByteView signing_key() const { return signing_key_.bytes(); }

    [[nodiscard]] std::vector<Policy> const& policies() const { return policies_; }
    /// Null if there is none of that name. Valid as long as the keyring.
    [[nodiscard]] Policy const* find_policy(std::string_view name) const;

    /// The rights of a key in base64 sent as Training-Key or Prediction-Key: the keys of `training`,
    /// `prediction` and `iothubowner`. None if it is none of these.
    [[nodiscard]] std::optional<Rights> rights_of_header_key(std::string_view text) const;

    /// Basic authentication: a policy's name and one of its keys in base64. None if they do not belong
    /// together.
    [[nodiscard]] std::optional<Rights> rights_of_basic(std::string_view user,
                                                        std::string_view password) const;

    /// The rights of a token that names a policy (`skn`), for the resource `path` ("devices/a", without the
    /// host). Errors: Unauthenticated if the policy is unknown, neither of its keys signed the token, it has
    /// expired, or it is for another host or resource.
    [[nodiscard]] Result<Rights> verify_policy_token(SasToken const& token, std::string_view path,
                                                     Time now) const;

    /// "HostName=…;SharedAccessKeyName=…;SharedAccessKey=…" with the primary key: a secret.
    [[nodiscard]] static std::string connection_string(std::string_view host, Policy const& policy);

  private:
    Keyring() = default;
    std::vector<std::string> hosts_;
    Secret signing_key_;
    std::vector<Policy> policies_;
};

/// "RegistryRead", ...: how a right is written in keyring.json.
std::string_view to_string(Right right);

}  // namespace ounce::crypto
