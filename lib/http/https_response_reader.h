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
/// It accepts what a client must accept by RFC 9110 and 9112: interim responses, which it skips, a
/// missing reason phrase, folded lines, equal lengths, and a body that ends with the connection. It
/// refuses whatever leaves the end of the message in doubt: other codings than `chunked`, a length
/// beside it, lengths that differ, a change of the protocol. After a refusal the connection must be
/// closed, because the beginning of its next message is unknown.
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

  /// Prepares for the answer to a request for a tunnel: the message ends with its header section.
  void begin_head();

  /// Returns the buffer for the next bytes. It is never empty while the message is not complete.
  std::span<char> room();

  /// Parses the next `count` bytes, which the caller has put into the buffer of room().
  Progress commit(std::size_t count);

  /// Returns how many bytes the body may take, if it may take more than limits::kSmallAnswerBytes
  /// and than granted; else 0. Must be asked, and granted, before the next bytes are received.
  std::size_t wanted_bytes() const;
  /// Allocates the memory of the body.
  void grant(std::size_t bytes);

  /// Reports that the server has ended the connection by the rules of TLS. Returns whether that
  /// completes the message: one without a length ends so. Without these rules it may be truncated.
  bool end();

  /// Returns whether a byte of the response was received.
  bool has_begun() const { return has_begun_; }

  /// Returns the response. Valid after `complete`. The views hold until begin(), and the view of
  /// the body only until body() is changed.
  HttpResponse response() const;
  std::string& body();

  /// Returns whether the server accepts another request on this connection, and no byte follows
  /// the message. Valid after `complete`.
  bool keeps_alive() const;

  /// Returns whether bytes follow the message. Valid after `complete`.
  bool has_rest() const { return unparsed_bytes_ > 0; }

  /// Returns the rule that was broken, and no byte of the response. Valid after `refused` and
  /// `too_large`.
  std::string_view fault() const;

 private:
  struct Parser;

  Progress parse_with_head(std::size_t old_bytes);
  bool skip_empty_lines();
  void skip(std::size_t count);
  void discard(std::size_t count);
  void complete_status_line();
  Progress parse();
  Progress end_with(Progress progress, std::string_view fault);

  std::unique_ptr<Parser> parser_;
  std::string input_;  ///< A buffer of fixed size; begins with the bytes not parsed yet.
  std::size_t unparsed_bytes_ = 0;
  std::size_t interim_count_ = 0;
  std::size_t skipped_bytes_ = 0;  ///< Of interim responses and empty lines.
  bool has_begun_ = false;
};

}  // namespace attestrd
