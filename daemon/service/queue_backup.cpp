#include "daemon/service/queue_backup.h"

#include <boost/asio/post.hpp>

#include <optional>
#include <utility>

#include "base/limits.h"

namespace attestrd {

/// The bytes of one backup, read on behalf of one client.
class QueueBackup::Source final : public BodySource, public std::enable_shared_from_this<Source> {
 public:
  explicit Source(QueueBackup& owner) : owner_(owner) {}
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;
  ~Source() override {
    if (is_open_) owner_.end();
  }

  void open(std::function<void(Result<std::uint64_t>)> on_open) override {
    if (owner_.is_busy_)
      return on_open(fail(Errc::unavailable, "another backup is being made: try again later"));
    is_open_ = true;
    // The source lives until the answer is here, even if the client has gone.
    owner_.open([self = shared_from_this(), on_open = std::move(on_open)](
                    Result<std::uint64_t> size) { on_open(std::move(size)); });
  }

  void read(std::function<void(std::string)> on_part) override {
    owner_.read(offset_,
                [self = shared_from_this(), on_part = std::move(on_part)](std::string part) {
                  self->offset_ += part.size();
                  on_part(std::move(part));
                });
  }

 private:
  QueueBackup& owner_;
  bool is_open_ = false;
  std::uint64_t offset_ = 0;
};

std::shared_ptr<BodySource> QueueBackup::source() { return std::make_shared<Source>(*this); }

void QueueBackup::open(OnOpen on_open) {
  is_busy_ = true;
  do_slice(std::move(on_open));
}

/// Does a slice on the disk worker's thread, and the next one once the loop has had its turn.
void QueueBackup::do_slice(OnOpen on_open) {
  disk_.run_between_rounds([this, on_open = std::move(on_open)] {
    std::optional<Error> error;
    if (!backup_) {
      auto begun = begin_();
      if (begun)
        backup_ = std::move(*begun);
      else
        error = begun.error();
    }
    const auto size = error ? *error : backup_->step();
    boost::asio::post(loop_, [this, on_open, size] {
      if (!size) return on_open(size.error());
      if (!*size) return do_slice(on_open);
      on_open(**size);
    });
  });
}

void QueueBackup::read(std::uint64_t offset, OnPart on_part) {
  disk_.run_between_rounds([this, offset, on_part = std::move(on_part)] {
    std::string part(limits::kBodyPartBytes, '\0');
    const auto count = backup_->read(offset, part);
    part.resize(count ? *count : 0);
    boost::asio::post(loop_,
                      [on_part, part = std::move(part)]() mutable { on_part(std::move(part)); });
  });
}

void QueueBackup::end() {
  disk_.run_between_rounds([this] {
    backup_.reset();
    boost::asio::post(loop_, [this] { is_busy_ = false; });
  });
}

}  // namespace attestrd
