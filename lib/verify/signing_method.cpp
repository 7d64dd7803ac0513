#include "verify/signing_method.h"

#include <openssl/evp.h>

#include <algorithm>
#include <functional>
#include <initializer_list>
#include <optional>
#include <span>
#include <utility>

#include "base/text.h"
#include "crypto/hmac.h"
#include "json/json_scanner.h"
#include "json/json_string.h"
#include "verify/json_style.h"
#include "verify/signing_form.h"

namespace attestrd {
namespace {

using Kind = JsonToken::Kind;

/// Decodes base64, also its URL-safe form, with padding or without.
std::optional<Secret> secret_of_base64(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  if (text.empty() || text.size() % 4 == 1) return std::nullopt;
  const std::size_t padding = (4 - text.size() % 4) % 4;
  SecretBytes digits(text.begin(), text.end());
  std::ranges::replace(digits, '-', '+');
  std::ranges::replace(digits, '_', '/');
  digits.insert(digits.end(), padding, '=');
  SecretBytes bytes(digits.size() / 4 * 3);
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                   reinterpret_cast<const unsigned char*>(digits.data()),
                                   static_cast<int>(digits.size()));
  if (size < 0) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return Secret(std::move(bytes));
}

std::optional<Secret> secret_of_hex(std::string_view text) {
  SecretBytes bytes(text.size() / 2);
  const std::span target(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size());
  if (text.empty() || !decode_hex(text, target)) return std::nullopt;
  return Secret(std::move(bytes));
}

/// A key that a client secret may stand for.
struct Key {
  std::size_t secret;
  std::string_view use;
  HmacSha256 hmac;
};

std::vector<Key> keys_of(const std::vector<Secret>& secrets) {
  std::vector<Key> keys;
  for (std::size_t i = 0; i < secrets.size(); ++i) {
    keys.push_back({i + 1, "as text", HmacSha256(secrets[i])});
    if (const auto secret = secret_of_hex(secrets[i].reveal()))
      keys.push_back({i + 1, "decoded from hex", HmacSha256(*secret)});
    if (const auto secret = secret_of_base64(secrets[i].reveal()))
      keys.push_back({i + 1, "decoded from base64", HmacSha256(*secret)});
  }
  return keys;
}

/// Returns `object` without its own member `name` and one comma beside it.
std::string without_member(std::string_view object, std::string_view name) {
  JsonScanner scanner(object);
  const auto offset_of = [object](const JsonToken& token) {
    return static_cast<std::size_t>(token.text.data() - object.data());
  };
  std::size_t end = offset_of(scanner.next()) + 1;  // The end of what comes before a member.
  bool is_first = true;
  for (JsonToken token = scanner.next(); token.kind != Kind::end; token = scanner.next()) {
    const bool is_member = token.kind == Kind::key && scanner.depth() == 1;
    if (is_member && json_string_equals(token.text, name)) {
      do token = scanner.next();
      while (scanner.depth() > 1);
      std::size_t after = offset_of(token) + token.text.size() + (token.kind == Kind::string);
      if (is_first) {
        const auto next = object.find_first_not_of(" \t\r\n", after);
        if (object[next] == ',') after = next + 1;
      }
      return std::string(object.substr(0, end)) + std::string(object.substr(after));
    }
    if (is_member) is_first = false;
    if (scanner.depth() == 1 && token.kind != Kind::key)
      end = offset_of(token) + token.text.size() + (token.kind == Kind::string);
  }
  return std::string(object);
}

/// A writer of a text, with its name.
struct Writer {
  std::string name;
  std::function<void(std::string_view json, const ByteSink& sink)> write;
};

std::vector<Writer> writers() {
  std::vector<Writer> all;
  for (const auto form : {SigningForm::raw, SigningForm::compact, SigningForm::stringify}) {
    all.push_back({std::string(name_of(form)), [form](std::string_view json, const ByteSink& sink) {
                     write_signing_form(form, json, sink);
                   }});
  }
  for (const JsonStyle& style : json_styles()) {
    for (const bool sorts_keys : {false, true}) {
      all.push_back({std::string(style.name) + (sorts_keys ? ", keys sorted" : ""),
                     [&style, sorts_keys](std::string_view json, const ByteSink& sink) {
                       write_json(json, style, sorts_keys, sink);
                     }});
    }
  }
  return all;
}

}  // namespace

std::vector<SigningMethod> find_signing_methods(std::string_view answer, std::string_view result,
                                                std::string_view signature,
                                                const std::vector<Secret>& secrets) {
  std::vector<SigningMethod> found;
  const auto digest = parse_digest(signature);
  if (!digest) return found;
  std::vector<Key> keys = keys_of(secrets);
  const std::string unsigned_answer = without_member(answer, "resultSignature");
  struct Text {
    std::string_view name;
    std::string_view json;
  };
  for (const Text& text :
       {Text{"the result", result}, Text{"the answer without its signature", unsigned_answer}}) {
    for (const Writer& writer : writers()) {
      writer.write(text.json, [&keys](std::string_view piece) {
        for (Key& key : keys) key.hmac.update(piece);
      });
      for (Key& key : keys)
        if (equal_in_constant_time(key.hmac.finish(), *digest))
          found.push_back({text.name, key.secret, key.use, writer.name});
    }
  }
  return found;
}

}  // namespace attestrd
