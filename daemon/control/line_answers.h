#pragma once

#include <string>
#include <string_view>

#include "handshake/handshake_id.h"
#include "http/router.h"

namespace attestrd {

/// The answer to a request with ids: one line for each id, a sentence for people or a JSON object.
class LineAnswers {
 public:
  /// `verb` is the key of the outcomes in JSON.
  LineAnswers(bool as_text, std::string_view verb) : as_text_(as_text), verb_(verb) {}

  /// Adds the outcome for an id: its name for JSON, and the end of a sentence that begins with the
  /// id. `node` is the node of a fleet that has it; empty: this one.
  void add(const HandshakeId& id, std::string_view name, std::string_view words, bool is_good,
           std::string_view node = {});

  /// Returns the response. Its status is 409 if an outcome was not good.
  ServerResponse response() const;

 private:
  bool as_text_;
  std::string_view verb_;
  std::string lines_;
  bool are_good_ = true;
};

}  // namespace attestrd
