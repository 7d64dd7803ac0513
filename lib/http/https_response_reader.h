#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "http/exchange.h"

namespace attestrd {

/// A reader of HTTP/1.1 responses from the bytes of a connection, one after another. It does no
/// I/O; its name has the prefix of a technique because it uses Beast's parser.
///
/// It is strict where RFC 9112 lets a client be lenient: a message must give its length once, by
/// Content-Length or by exactly `chunked`; a status is 200 to 599; no byte may follow the message;
/// a 204 and a 304 have no body; no line is folded. A message that breaks a rule is refused. The
/// connection must then be closed, because the beginning of its next message is unknown.
class HttpsResponseReader {
 public:
  enum class Progress : std::uint8_t {
    more,       ///< The message is not complete.
    complete,   ///< response() returns it.
    refused,    ///< The message breaks a rule, which fault() names.
    too_large,  ///< Its header section, its trailer or its body exceeds its bound.
  };

  HttpsResponseReader();
  ~HttpsResponseReader();

  /// Prepares for the next response. `max_body_bytes` bounds its content.
  void begin(std::size_t max_body_bytes);

  /// Returns the buffer for the next bytes. It is never empty while the message is not complete.
  std::span<char> room();

  /// Parses the next `count` bytes, which the caller has put into the buffer of room().
  Progress commit(std::size_t count);

  /// Returns whether a byte of the response was received.
  bool has_begun() const { return has_begun_; }

  /// Returns the response. Valid after `complete`. The views hold until begin(), and the view of
  /// the body only until body() is changed.
  HttpResponse response() const;
  std::string& body();

  /// Returns whether the server accepts another request on this connection. Valid after `complete`.
  bool keeps_alive() const;

  /// Returns the rule that was broken, and no byte of the response. Valid after `refused` and
  /// `too_large`.
  std::string_view fault() const;

 private:
  struct Parser;

  Progress parse_with_head(std::size_t old_bytes);
  Progress parse();
  Progress end_with(Progress progress, std::string_view fault);

  std::unique_ptr<Parser> parser_;
  std::string input_;  ///< A buffer of fixed size; begins with the bytes not parsed yet.
  std::size_t unparsed_bytes_ = 0;
  bool has_begun_ = false;
};

}  // namespace attestrd
