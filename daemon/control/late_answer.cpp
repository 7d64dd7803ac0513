#include "daemon/control/late_answer.h"

#include <memory>
#include <string>
#include <utility>

namespace attestrd {
namespace {

/// The body of an answer that is not there yet.
class LateAnswer final : public BodySource, public std::enable_shared_from_this<LateAnswer> {
 public:
  explicit LateAnswer(std::function<void(Responder)> begin) : begin_(std::move(begin)) {}

  void open(std::function<void(Result<std::uint64_t>)> on_open) override {
    // The source lives until the answer is here, even if the client has gone.
    begin_([self = shared_from_this(), on_open = std::move(on_open)](ServerResponse answer) {
      self->answer_ = std::move(answer);
      const auto& body = self->answer_.body;
      if (self->answer_.status == 503)
        return on_open(fail(Errc::unavailable, body.substr(0, body.find('\n'))));
      on_open(body.size());
    });
  }

  unsigned status() const override { return answer_.status; }

  void read(std::function<void(std::string)> on_part) override { on_part(std::move(answer_.body)); }

 private:
  std::function<void(Responder)> begin_;
  ServerResponse answer_;
};

}  // namespace

ServerResponse late_answer(std::string_view content_type, std::function<void(Responder)> begin) {
  ServerResponse response;
  response.content_type = content_type;
  response.source = std::make_shared<LateAnswer>(std::move(begin));
  return response;
}

}  // namespace attestrd
