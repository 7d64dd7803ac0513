// GET /ages: the numbers of pending handshakes by age and by time until their next poll. The engine
// counts a bounded number of handshakes at a time, so that other work goes on in between.

#include <memory>
#include <utility>

#include "daemon/control/list/ages.h"
#include "daemon/control/routes.h"

namespace attestrd {
namespace {

/// The state of one request. The callbacks that wait for the engine share it.
class Counting : public std::enable_shared_from_this<Counting> {
 public:
  Counting(const Questions& questions, bool as_text, Responder respond)
      : questions_(questions), as_text_(as_text), respond_(std::move(respond)) {}

  void count_from(std::uint32_t slot) {
    questions_.ask_engine(AgesCommand{slot}, [self = shared_from_this()](const EngineAnswer& got) {
      const auto& page = std::get<AgesPage>(got);
      self->table_ += page.table;
      if (page.next) return self->count_from(*page.next);
      self->respond_(self->as_text_ ? text_response(200, ages_text(self->table_))
                                    : json_response(200, ages_json(self->table_)));
    });
  }

 private:
  Questions questions_;
  bool as_text_;
  Responder respond_;
  AgeTable table_;
};

}  // namespace

void ages_route(const Questions& questions, const ServerRequest& request, Responder respond) {
  std::make_shared<Counting>(questions, wants_text(request), std::move(respond))->count_from(0);
}

}  // namespace attestrd
