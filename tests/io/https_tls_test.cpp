#include "poll/https_tls.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ssl/context.hpp>

#include <array>
#include <cstddef>
#include <fstream>
#include <memory>
#include <string>

#include "io/certificates.h"
#include "io/temporary_folder.h"

namespace attestrd {
namespace {

using Step = TlsSession::Step;

/// A session and the server that it talks to, on the two ends of one socket.
class TlsSessionTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends_.data()), 0);
    const auto identity = authority_.issue("DNS:localhost");
    tls_.use_certificate_chain(boost::asio::buffer(identity.certificate));
    tls_.use_private_key(boost::asio::buffer(identity.key), boost::asio::ssl::context::pem);
    server_.reset(SSL_new(tls_.native_handle()));
    SSL_set_fd(server_.get(), ends_[1]);

    const test::TemporaryFolder folder;
    const std::string ca_file = folder.path() / "ca.pem";
    std::ofstream(ca_file) << authority_.certificate();
    const auto context = TlsContext::make(ca_file);
    ASSERT_TRUE(context.has_value());
    session_ = TlsSession::make(*context, {"localhost", 443, Endpoint::Kind::name}, ends_[0]);
    ASSERT_NE(session_, nullptr);
    ASSERT_NO_FATAL_FAILURE(shake_hands());
  }

  void TearDown() override {
    for (const int end : ends_) ::close(end);
  }

  void shake_hands() {
    int accepted = 0;
    auto step = Step::wants_read;
    for (int turns = 0; turns < 10 && (step != Step::done || accepted != 1); ++turns) {
      step = session_->handshake();
      accepted = SSL_accept(server_.get());
    }
    ASSERT_EQ(step, Step::done) << session_->trouble();
    ASSERT_EQ(accepted, 1);
  }

  int server_sends(int bytes) {
    const std::string text(static_cast<std::size_t>(bytes), 'x');
    return SSL_write(server_.get(), text.data(), bytes);
  }

  int bytes_in_the_socket() const {
    int bytes = -1;
    EXPECT_EQ(::ioctl(ends_[0], FIONREAD, &bytes), 0);
    return bytes;
  }

  /// One record, or what is left of it.
  int read_once() {
    std::array<char, 64 * 1024> room;
    std::size_t count = 0;
    EXPECT_EQ(session_->read(room, count), Step::done);
    return static_cast<int>(count);
  }

  struct Free {
    void operator()(SSL* server) const { SSL_free(server); }
  };
  const CertificateAuthority authority_;
  std::array<int, 2> ends_{};
  boost::asio::ssl::context tls_{boost::asio::ssl::context::tls_server};
  std::unique_ptr<SSL, Free> server_;
  std::unique_ptr<TlsSession> session_;
};

TEST_F(TlsSessionTest, LeavesNothingOfAResultOfTwoRecordsInTheSocket) {
  constexpr int kResultBytes = 20'000;
  ASSERT_EQ(server_sends(kResultBytes), kResultBytes);
  ASSERT_GT(bytes_in_the_socket(), kResultBytes);

  const int first = read_once();
  EXPECT_LT(first, kResultBytes);
  EXPECT_EQ(bytes_in_the_socket(), 0) << "another system call would be needed";
  EXPECT_EQ(first + read_once(), kResultBytes);
}

}  // namespace
}  // namespace attestrd
