#include "net/listen.hpp"

#include <boost/asio/ip/v6_only.hpp>
#include <filesystem>

namespace ounce::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

tl::unexpected<Error> cannot_bind(tcp::endpoint const& at, std::string_view option, error_code const& why) {
    if (why == asio::error::access_denied) {
        error_code ignored;
        auto const self = std::filesystem::read_symlink("/proc/self/exe", ignored).string();
        return fail(Code::PermissionDenied,
                    "port {} is for the system's own programs: allow it with "
                    "`sudo setcap cap_net_bind_service=+ep {}` or, for every program, "
                    "`sudo sysctl net.ipv4.ip_unprivileged_port_start={}`, or choose another port ({})",
                    at.port(), self.empty() ? "THIS-PROGRAM" : self, at.port(), option);
    }
    if (why == asio::error::address_in_use)
        return fail(Code::Unavailable,
                    "port {0} is taken by another program (`ss -ltnp sport = :{0}` shows which): stop it, or "
                    "choose another port ({1})",
                    at.port(), option);
    if (why == error_code(EADDRNOTAVAIL, boost::system::system_category()))
        return fail(
            Code::Unavailable,
            "cannot listen on {}: this machine has no such address (listen.address in hub.toml; \"::\" "
            "is every one)",
            at.address().to_string());
    return fail(Code::Unavailable, "cannot listen on {} port {}: {} ({})", at.address().to_string(),
                at.port(), why.message(), option);
}

error_code try_listen(tcp::acceptor& acceptor, tcp::endpoint const& at) {
    error_code failed;
    acceptor.open(at.protocol(), failed);
    if (!failed) acceptor.set_option(tcp::acceptor::reuse_address(true), failed);
    if (!failed && at.address().is_v6())
        acceptor.set_option(asio::ip::v6_only(!at.address().is_unspecified()), failed);
    if (!failed) acceptor.bind(at, failed);
    if (!failed) acceptor.listen(asio::socket_base::max_listen_connections, failed);
    if (!failed) acceptor.non_blocking(true, failed);
    return failed;
}

asio::ip::address plain(asio::ip::address const& address) {
    if (address.is_v6() && address.to_v6().is_v4_mapped())
        return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6());
    return address;
}

}  // namespace

Result<tcp::acceptor> listen(asio::io_context& io, std::string const& address, std::uint16_t port,
                             std::string_view option) {
    error_code failed;
    auto const parsed = asio::ip::make_address(address, failed);
    if (failed)
        return fail(Code::InvalidArgument, "'{}' is no IP address to listen on: \"::\" stands for all",
                    address);
    tcp::endpoint at(parsed, port);
    tcp::acceptor acceptor(io);
    failed = try_listen(acceptor, at);
    bool const without_ipv6 = failed == asio::error::address_family_not_supported ||
                              failed == asio::error::invalid_argument ||
                              failed == error_code(EADDRNOTAVAIL, boost::system::system_category());
    if (without_ipv6 && parsed == asio::ip::address(asio::ip::address_v6::any())) {
        error_code ignored;
        acceptor.close(ignored);
        at = tcp::endpoint(asio::ip::address_v4::any(), port);
        failed = try_listen(acceptor, at);
    }
    if (failed) return cannot_bind(at, option, failed);
    return acceptor;
}

std::string peer_address(tcp::socket const& socket) {
    error_code failed;
    auto const peer = socket.remote_endpoint(failed);
    return failed ? std::string() : plain(peer.address()).to_string();
}

std::string limit_key(tcp::socket const& socket) {
    error_code failed;
    auto const peer = socket.remote_endpoint(failed);
    if (failed) return {};
    auto const address = plain(peer.address());
    if (address.is_v4()) return address.to_string();
    auto bytes = address.to_v6().to_bytes();
    std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
    return asio::ip::make_address_v6(bytes).to_string();
}

}  // namespace ounce::net
