#include "crypto/certificate.hpp"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <ctime>
#include <memory>

#include "base/bytes.hpp"
#include "crypto/secret.hpp"
#include "crypto/sha256.hpp"

namespace ounce::crypto {
namespace {

constexpr std::size_t kPemBytesMax = 256 << 10;
constexpr std::size_t kHostBytesMax = 253;
constexpr std::size_t kLabelBytesMax = 63;
constexpr std::size_t kCommonNameBytesMax = 64;
constexpr std::size_t kSerialBytes = 16;

template <auto Free>
struct With {
    template <class T>
    void operator()(T* object) const {
        Free(object);
    }
};
void free_names(GENERAL_NAMES* names) {
    GENERAL_NAMES_free(names);
}
using Key = std::unique_ptr<EVP_PKEY, With<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, With<X509_free>>;
using Memory = std::unique_ptr<BIO, With<BIO_free>>;
using Extension = std::unique_ptr<X509_EXTENSION, With<X509_EXTENSION_free>>;
using Number = std::unique_ptr<BIGNUM, With<BN_free>>;
using Names = std::unique_ptr<GENERAL_NAMES, With<free_names>>;

/// OpenSSL keeps its complaints in a queue of the thread: leaving them there would confuse the next caller.
tl::unexpected<Error> library_failed(std::string_view what) {
    ERR_clear_error();
    return fail(Code::Internal, "OpenSSL could not {}", what);
}

int no_passphrase(char*, int, int, void*) {
    return -1;
}

Memory reader(std::string_view pem) {
    return Memory(pem.size() > kPemBytesMax ? nullptr
                                            : BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

template <class Write>
Result<std::string> to_pem(Write write) {
    Memory const bio(BIO_new(BIO_s_mem()));
    char* text = nullptr;
    long const size = bio && write(bio.get()) == 1 ? BIO_get_mem_data(bio.get(), &text) : 0;
    if (size <= 0) return library_failed("write PEM");
    return std::string(text, static_cast<std::size_t>(size));
}

/// The usual spelling of an IP address; empty if `text` is none.
std::string address_of(std::string const& text) {
    std::array<unsigned char, 16> address{};
    std::array<char, INET6_ADDRSTRLEN> spelled{};
    for (int const family : {AF_INET, AF_INET6})
        if (inet_pton(family, text.c_str(), address.data()) == 1)
            return inet_ntop(family, address.data(), spelled.data(), spelled.size());
    return "";
}

bool is_label(std::string_view label) {
    auto const allowed = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_';
    };
    return !label.empty() && label.size() <= kLabelBytesMax && label.front() != '-' && label.back() != '-' &&
           std::all_of(label.begin(), label.end(), allowed);
}

/// The name and address list in OpenSSL's own notation; hosts were checked before, so nothing can slip in.
std::string alternative_names(std::span<std::string const> hosts) {
    std::string text;
    for (auto const& host : hosts)
        text +=
            fmt::format("{}{}:{}", text.empty() ? "" : ",", address_of(host).empty() ? "DNS" : "IP", host);
    return text;
}

bool set_time(ASN1_TIME* target, Time time) {
    return ASN1_TIME_set(target, std::chrono::system_clock::to_time_t(time)) != nullptr;
}

struct ExtensionText {
    int nid;
    std::string value;
};

/// What is common to both kinds: a fresh key, times, serial number, names, extensions, signature.
/// `authority` null: signs itself.
struct Request {
    std::string common_name;
    std::chrono::days lifetime;
    std::vector<ExtensionText> extensions;
    X509* authority = nullptr;
    EVP_PKEY* authority_key = nullptr;
};

Status set_serial(X509* certificate) {
    TRY(auto bytes, random_bytes(kSerialBytes));
    bytes[0] = static_cast<std::uint8_t>((bytes[0] & 0x7f) | 0x40);  // positive, always of the same length
    Number const number(BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
    if (!number || !BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)))
        return library_failed("number a certificate");
    return {};
}

Status add_extensions(X509* certificate, Request const& request) {
    X509V3_CTX context{};
    X509V3_set_ctx(&context, request.authority ? request.authority : certificate, certificate, nullptr,
                   nullptr, 0);
    for (auto const& [nid, value] : request.extensions) {
        Extension const extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
        if (!extension || X509_add_ext(certificate, extension.get(), -1) != 1)
            return library_failed(fmt::format("add '{}' to a certificate", value));
    }
    return {};
}

Result<CertifiedKey> issue(Request const& request, Time now) {
    Key const key(EVP_EC_gen("P-256"));
    Certificate const certificate(X509_new());
    if (!key || !certificate) return library_failed("make a key: the system gives no randomness");
    auto* const signer = request.authority_key ? request.authority_key : key.get();
    auto* const name = X509_get_subject_name(certificate.get());
    if (X509_set_version(certificate.get(), X509_VERSION_3) != 1 ||
        X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                                   reinterpret_cast<unsigned char const*>(request.common_name.data()),
                                   static_cast<int>(request.common_name.size()), -1, 0) != 1 ||
        X509_set_issuer_name(certificate.get(),
                             request.authority ? X509_get_subject_name(request.authority) : name) != 1 ||
        X509_set_pubkey(certificate.get(), key.get()) != 1 ||
        !set_time(X509_getm_notBefore(certificate.get()), now - kCertificateLead) ||
        !set_time(X509_getm_notAfter(certificate.get()), now + request.lifetime))
        return library_failed("fill in a certificate");
    TRY_STATUS(set_serial(certificate.get()));
    TRY_STATUS(add_extensions(certificate.get(), request));
    if (X509_sign(certificate.get(), signer, EVP_sha256()) == 0) return library_failed("sign a certificate");

    CertifiedKey made;
    TRY(made.certificate_pem, to_pem([&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); }));
    TRY(made.private_key_pem, to_pem([&](BIO* bio) {
            return PEM_write_bio_PKCS8PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
        }));
    return made;
}

Result<Certificate> read_certificate(std::string_view pem) {
    auto const bio = reader(pem);
    Certificate certificate(bio ? PEM_read_bio_X509(bio.get(), nullptr, no_passphrase, nullptr) : nullptr);
    ERR_clear_error();
    if (!certificate) return fail(Code::InvalidArgument, "not a certificate in PEM form");
    return certificate;
}

Result<Key> read_private_key(std::string_view pem) {
    auto const bio = reader(pem);
    Key key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr) : nullptr);
    ERR_clear_error();
    if (!key) return fail(Code::InvalidArgument, "not a private key in PEM form");
    return key;
}

std::string text_of(ASN1_STRING const* text) {
    return {reinterpret_cast<char const*>(ASN1_STRING_get0_data(text)),
            static_cast<std::size_t>(ASN1_STRING_length(text))};
}

std::string text_of_address(ASN1_OCTET_STRING const* bytes) {
    std::array<char, INET6_ADDRSTRLEN> text{};
    int const family = ASN1_STRING_length(bytes) == 4 ? AF_INET : AF_INET6;
    if (family == AF_INET6 && ASN1_STRING_length(bytes) != 16) return "";
    return inet_ntop(family, ASN1_STRING_get0_data(bytes), text.data(), text.size()) ? text.data() : "";
}

std::string lower(std::string text) {
    for (auto& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return text;
}

}  // namespace

Result<std::string> parse_host(std::string_view text) {
    auto const wrong = [&] {
        return fail(Code::InvalidArgument, "'{}' is neither a DNS name nor an IP address",
                    text.substr(0, kHostBytesMax));
    };
    if (text.empty() || text.size() > kHostBytesMax) return wrong();
    if (auto address = address_of(std::string(text)); !address.empty()) return address;
    if (text.find_first_not_of("0123456789.") == std::string_view::npos) return wrong();  // nearly an address
    for (auto rest = text;;) {
        auto const label = rest.substr(0, rest.find('.'));
        if (!is_label(label)) return wrong();
        if (label.size() == rest.size()) return lower(std::string(text));
        rest.remove_prefix(label.size() + 1);
    }
}

Result<CertifiedKey> make_authority(std::string_view name, Time now) {
    Request request{.common_name = std::string(name.substr(0, kCommonNameBytesMax)),
                    .lifetime = kAuthorityLifetime,
                    .extensions = {{NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
                                   {NID_key_usage, "critical,keyCertSign,cRLSign"},
                                   {NID_subject_key_identifier, "hash"}}};
    return issue(request, now);
}

Result<CertifiedKey> make_server_certificate(CertifiedKey const& authority,
                                             std::span<std::string const> hosts, Time now) {
    if (hosts.empty() || hosts.size() > kHostsMax)
        return fail(Code::InvalidArgument, "a certificate is for 1 to {} hosts, not {}", kHostsMax,
                    hosts.size());
    for (auto const& host : hosts) TRY_STATUS(parse_host(host).map([](auto const&) {}));
    TRY(auto const certificate, read_certificate(authority.certificate_pem));
    TRY(auto const key, read_private_key(authority.private_key_pem));
    if (X509_check_private_key(certificate.get(), key.get()) != 1) {
        ERR_clear_error();
        return fail(Code::InvalidArgument, "the authority's certificate does not belong to its key");
    }
    auto const& first = hosts.front();
    Request request{.common_name = first.size() <= kCommonNameBytesMax ? first : "ounce-hub",
                    .lifetime = kServerLifetime,
                    .extensions = {{NID_basic_constraints, "critical,CA:FALSE"},
                                   {NID_key_usage, "critical,digitalSignature"},
                                   {NID_ext_key_usage, "serverAuth"},
                                   {NID_subject_key_identifier, "hash"},
                                   {NID_authority_key_identifier, "keyid:always"},
                                   {NID_subject_alt_name, alternative_names(hosts)}},
                    .authority = certificate.get(),
                    .authority_key = key.get()};
    return issue(request, now);
}

bool is_pair(CertifiedKey const& certified) {
    auto const certificate = read_certificate(certified.certificate_pem);
    auto const key = read_private_key(certified.private_key_pem);
    bool const pair = certificate && key && X509_check_private_key(certificate->get(), key->get()) == 1;
    ERR_clear_error();
    return pair;
}

Result<CertificateFacts> parse_certificate(std::string_view pem) {
    TRY(auto const certificate, read_certificate(pem));
    CertificateFacts facts;
    std::tm time{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate.get()), &time) != 1) {
        ERR_clear_error();
        return fail(Code::InvalidArgument, "the certificate has no readable end");
    }
    facts.expires = Time(std::chrono::seconds(timegm(&time)));
    Names const names(static_cast<GENERAL_NAMES*>(
        X509_get_ext_d2i(certificate.get(), NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i) {
        auto const* const name = sk_GENERAL_NAME_value(names.get(), i);
        if (name->type == GEN_DNS) facts.hosts.push_back(lower(text_of(name->d.dNSName)));
        if (name->type == GEN_IPADD) facts.hosts.push_back(text_of_address(name->d.iPAddress));
    }
    Bytes der(static_cast<std::size_t>(std::max(0, i2d_X509(certificate.get(), nullptr))));
    auto* end = der.data();
    i2d_X509(certificate.get(), &end);
    facts.sha256_hex = ounce::crypto::sha256_hex(der);
    ERR_clear_error();
    return facts;
}

}  // namespace ounce::crypto
