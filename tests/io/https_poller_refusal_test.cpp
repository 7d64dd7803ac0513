#include "io/https_poller_scene.h"

namespace attestrd {
namespace {

// Tests a sample of the answers that are refused; ResponseReaderTest has all of them.

struct Refusal {
  const char* name;
  Step step;
  Kind kind;
};

void PrintTo(const Refusal& refusal, std::ostream* out) { *out << refusal.name; }

class HttpsPollerRefusal : public HttpsPollerTest, public testing::WithParamInterface<Refusal> {};

TEST_P(HttpsPollerRefusal, EndsTheConnection) {
  given_server();
  server_says(GetParam().step);
  const auto reply = poll();
  EXPECT_EQ(reply.failure, GetParam().kind) << reply.detail;
  EXPECT_THAT(reply.detail, Not(HasSubstr("secret")));
  run_until_open(0);
  EXPECT_EQ(poll().status, 200u);
  EXPECT_EQ(server_->accepted(), 2u);
}

std::string chunked(const std::string& encoding) {
  return "HTTP/1.1 200 OK\r\nTransfer-Encoding: " + encoding + "\r\n\r\n0\r\n\r\n";
}

INSTANTIATE_TEST_SUITE_P(
    All, HttpsPollerRefusal,
    testing::Values(
        Refusal{"NoLengthAndNoEnd",
                {"HTTP/1.1 200 OK\r\n\r\n{\"secret\":1}", Then::close},
                Kind::reset},
        Refusal{"NoLengthOf10", {"HTTP/1.0 200 OK\r\n\r\n{}", Then::close}, Kind::reset},
        Refusal{"GzipChunked", {chunked("gzip, chunked")}, Kind::framing},
        Refusal{"ChunkedTwice", {chunked("chunked, chunked")}, Kind::framing},
        Refusal{"Identity", {chunked("identity")}, Kind::framing},
        Refusal{"LengthAndChunked", {chunked("chunked\r\nContent-Length: 5")}, Kind::framing},
        Refusal{"Status999", {"HTTP/1.1 999 x\r\nContent-Length: 0\r\n\r\n"}, Kind::framing},
        Refusal{"ContinueAsTheAnswer", {"HTTP/1.1 100 x\r\n\r\n", Then::close}, Kind::reset},
        Refusal{"SwitchingProtocols", {"HTTP/1.1 101 x\r\n\r\n"}, Kind::framing},
        Refusal{"TwoLengths",
                {"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}"},
                Kind::framing},
        Refusal{"NotHttp", {"220 secret.example ESMTP\r\n\r\n"}, Kind::framing},
        Refusal{
            "BodyTooLarge", {"HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\n"}, Kind::too_large},
        Refusal{"ChunksTooLarge",
                {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n186a1\r\n"},
                Kind::too_large},
        Refusal{"HeaderTooLarge",
                {"HTTP/1.1 200 OK\r\nX: " + std::string(limits::kHeaderBytes, 'x')},
                Kind::too_large},
        Refusal{"CutInHeader", {"HTTP/1.1 200 OK\r\nSecret: s", Then::close}, Kind::reset},
        Refusal{"CutInBody",
                {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsecret", Then::close},
                Kind::reset},
        Refusal{"CutInChunks",
                {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", Then::close},
                Kind::reset},
        Refusal{"CutInBodyWithCloseNotify",
                {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsecret", Then::end},
                Kind::reset},
        Refusal{"ResetInBody",
                {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\ns", Then::reset},
                Kind::reset}),
    [](const auto& refusal) { return refusal.param.name; });

}  // namespace
}  // namespace attestrd
