#pragma once

#include <boost/asio/any_io_executor.hpp>

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "base/result.h"
#include "base/time.h"
#include "fleet/fleet_member.h"
#include "fleet/fleet_register.h"

namespace attestrd {

/// The thread that beats for this node of a fleet, and carries out what follows from each beat
/// (FleetMember). It does not beat while the rest of the process does not move: others shall take
/// its handshakes over then.
///
/// All but the thread itself belongs to the event loop: every call comes from there, and every
/// event goes there.
class FleetBeats {
 public:
  struct Events {
    std::function<void(Mono)> lease_renewed;  ///< Until then this node may poll.
    std::function<void()> lost;               ///< It was declared dead: others have its shelves.
    /// It has taken over shelves, whose rows can be claimed now; their number.
    std::function<void(std::int64_t)> taken_over;
    std::function<void(const FleetWatch::Dead&)> declared_dead;
    /// Its shares of a limit (rate_shares.h), or nothing if no living node has a limit.
    std::function<void(std::optional<std::int64_t>, double)> shares;
    std::function<void(const FleetState&)> observed;  ///< The fleet after a beat.
    std::function<void(const Error&)> unreachable;    ///< Once.
    std::function<void()> reachable;                  ///< A beat has been answered again.
  };
  /// Returns the beat to send, or nothing while the process does not move. Called on the thread.
  using NextBeat = std::function<std::optional<Beat>()>;
  using Clock = std::function<Mono()>;

  FleetBeats(FleetRegister& fleet, FleetMember member, std::string name,
             boost::asio::any_io_executor loop, Clock clock, NextBeat next_beat, Events events);
  ~FleetBeats();

  void start();

  /// Ends the thread. The last thing that it does is to leave the fleet: nothing may be polled any
  /// more.
  void stop();

 private:
  void run();
  void beat(const Beat& beat);
  Result<void> follow(const FleetMember::Decision& decision);
  Result<void> share(const FleetState& fleet);
  bool wait_until(Mono time);
  template <class Handler, class... Arguments>
  void tell(const Handler& handler, Arguments... arguments);

  FleetRegister& fleet_;
  FleetMember member_;
  std::string name_;
  boost::asio::any_io_executor loop_;
  Clock clock_;
  NextBeat next_beat_;
  Events events_;
  bool is_unreachable_ = false;

  std::mutex mutex_;
  std::condition_variable stopped_;
  bool stopping_ = false;  ///< Guarded by mutex_.
  std::thread thread_;
};

}  // namespace attestrd
