#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "http/exchange.h"

namespace attestrd {

/// Reads HTTP/1.1 responses out of the bytes of a connection, one after another. It does no
/// I/O; its name has the prefix of a technique because it uses Beast's parser.
///
/// Strict where RFC 9112 lets a client be lenient: a message must say its length once, by
/// Content-Length or by exactly `chunked`; a status is 200 to 599; nothing may follow the message;
/// a 204 and a 304 have no body; no line is folded. What breaks this is refused, and then the
/// connection must be closed: where its next message begins can't be known.
class HttpsResponseReader {
 public:
  enum class Progress : std::uint8_t {
    more,       ///< The message is not complete.
    complete,   ///< response() returns it.
    refused,    ///< It is not a message that we accept; fault() says why.
    too_large,  ///< Its header section, its trailer or its body exceeds its bound.
  };

  HttpsResponseReader();
  ~HttpsResponseReader();

  /// Prepares for the next response. `max_body_bytes` bounds its content.
  void begin(std::size_t max_body_bytes);

  /// The buffer for the next bytes; never empty while the message is not complete.
  std::span<char> room();

  /// `count` bytes were put into room().
  Progress commit(std::size_t count);

  /// Whether a byte of the response was received.
  bool has_begun() const { return has_begun_; }

  /// After `complete`. The views hold until begin(), that of the body until body() is changed.
  HttpResponse response() const;
  std::string& body();

  /// After `complete`: whether the server accepts another request on this connection.
  bool keeps_alive() const;

  /// After `refused` or `too_large`: the rule that was broken; not a byte of the response.
  std::string_view fault() const;

 private:
  struct Parser;

  Progress parse_with_head(std::size_t old_bytes);
  Progress parse();
  Progress end_with(Progress progress, std::string_view fault);

  std::unique_ptr<Parser> parser_;
  std::string input_;  ///< Of fixed size; begins with the bytes not parsed yet.
  std::size_t unparsed_bytes_ = 0;
  bool has_begun_ = false;
};

}  // namespace attestrd
