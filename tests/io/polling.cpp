#include "io/polling.h"

#include <string>
#include <utility>

#include "base/check.h"
#include "runtime/system_clock.h"

namespace attestrd {
namespace {

std::vector<Secret> client_secrets() {
  std::vector<Secret> secrets;
  secrets.emplace_back(std::string("client-secret"));
  return secrets;
}

}  // namespace

Polling::Polling(const EngineSettings& engine, HttpsPollerSettings poller)
    : verifier_(client_secrets(), SigningFormPolicy::automatic),
      engine_(engine, verifier_, 1, read_clocks()),
      conductor_(loop_, engine_, verifier_,
                 [this](const Notice& notice) { notices_.push_back(notice); }),
      disk_(ledger_, loop_.get_executor(), read_clocks,
            {.report = [this](const RoundReport& report) { conductor_.written(report); },
             .disk_full = [](const Error&) { ATTESTRD_CHECK(false && "memory has room"); },
             .disk_room = [] {},
             .queue_unavailable = [](const Error&) { ATTESTRD_CHECK(false && "memory answers"); },
             .queue_available = [] {},
             .failed = [](const Error&) { ATTESTRD_CHECK(false && "memory does not fail"); }}) {
  auto made = HttpsPoller::make(loop_, std::move(poller),
                                [this](auto ticket, const PollReply& reply, std::string& body) {
                                  ++replies_;
                                  conductor_.replied(ticket, reply, body);
                                  on_reply();
                                });
  ATTESTRD_CHECK(made.has_value());
  poller_ = *std::move(made);
  conductor_.connect(*poller_, disk_);
  disk_.start();
}

Polling::~Polling() {
  poller_->stop();
  disk_.stop();
}

void Polling::adopt(std::size_t handshakes, Duration age) {
  for (std::size_t i = 0; i < handshakes; ++i) {
    const auto id = HandshakeId::parse("DS02zfeuv6n4gk" + std::to_string(1'000'000 + i));
    const QueuedHandshake row{*id, {}, read_clocks().wall - age, {}, {}, 0};
    conductor_.step(Adopted{&row, false});
  }
}

EngineReport Polling::report() const { return engine_.report(read_clocks()); }

}  // namespace attestrd
