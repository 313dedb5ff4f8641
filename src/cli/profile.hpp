#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>

#include "base/result.hpp"
#include "cli/connection_string.hpp"

namespace ounce::cli {

/// A hub and how to reach it.
struct Profile {
    std::string name;
    ConnectionString hub;
    std::filesystem::path ca;  // PEM file of the CA to trust; empty: the system's
};

/// What of the environment decides which hub is meant.
struct Surroundings {
    std::filesystem::path folder;                  // $XDG_CONFIG_HOME/ounce, or ~/.config/ounce
    std::optional<std::string> connection_string;  // $OUNCE_CONNECTION_STRING: instead of any profile
    std::optional<std::string> ca;                 // $OUNCE_CA: instead of the profile's

    static Surroundings of_process();
};

/// The profiles of one person, in FOLDER/profiles.toml (mode 0600, as it holds keys), each CA in a file
/// beside it. One thread. Two programs that save at once: the later one's file stands, whole.
class ProfileBook {
  public:
    /// No file is an empty book. Errors: InvalidArgument naming the file and the profile, never a key;
    /// PermissionDenied.
    static Result<ProfileBook> read(std::filesystem::path folder);

    /// The profile of that name, or with "" the one saved last.
    /// Errors: NotFound, saying how to make one.
    [[nodiscard]] Result<Profile> find(std::string const& name) const;

    /// Adds the profile, or replaces the one of that name, and makes it the default. `ca_pem` is kept as a
    /// copy; none: the system's CAs are trusted.
    /// Errors: InvalidArgument for a name with other than letters, digits, '.', '_', '-'; as write_file.
    Status save(std::string const& name, ConnectionString const& hub,
                std::optional<std::string> const& ca_pem);

    /// Errors: NotFound; as write_file.
    Status remove(std::string const& name);

    [[nodiscard]] std::map<std::string, Profile> const& profiles() const { return profiles_; }
    [[nodiscard]] std::string const& default_name() const { return default_name_; }

  private:
    explicit ProfileBook(std::filesystem::path folder) : folder_(std::move(folder)) {}
    Status write() const;
    std::filesystem::path folder_;
    std::map<std::string, Profile> profiles_;
    std::string default_name_;
};

/// The hub that a command shall talk to: what the environment says, else the profile `name` ("": the
/// default). Errors: as ProfileBook.
Result<Profile> choose_profile(Surroundings const& surroundings, std::string const& name);

}  // namespace ounce::cli
