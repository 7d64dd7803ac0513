#include "http/proxy/connect_request.h"

#include <openssl/evp.h>

#include <string>

namespace attestrd {
namespace {

void append(SecretBytes& bytes, std::string_view text) {
  bytes.insert(bytes.end(), text.begin(), text.end());
}

SecretBytes base64(std::string_view text) {
  SecretBytes encoded((text.size() + 2) / 3 * 4 + 1);  // OpenSSL adds a NUL.
  const auto count = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(encoded.data()),
                                     reinterpret_cast<const unsigned char*>(text.data()),
                                     static_cast<int>(text.size()));
  encoded.resize(static_cast<std::size_t>(count));
  return encoded;
}

}  // namespace

SecretBytes connect_request(const Endpoint& server, std::string_view credentials) {
  const std::string authority = host_and_port_of(server);
  const auto encoded = base64(credentials);
  SecretBytes request;
  request.reserve(2 * authority.size() + encoded.size() + 128);  // It never grows by a copy.
  append(request, "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n");
  if (!credentials.empty()) {
    append(request, "Proxy-Authorization: Basic ");
    request.insert(request.end(), encoded.begin(), encoded.end());
    append(request, "\r\n");
  }
  append(request, "\r\n");
  return request;
}

}  // namespace attestrd
