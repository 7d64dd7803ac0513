#include "http/https_response_reader.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.h"

namespace attestrd {
namespace {

using Progress = HttpsResponseReader::Progress;

constexpr std::size_t kMaxBody = 1000;

/// Feeds the bytes in pieces of at most `piece_bytes`, until they end or the reader does.
Progress feed(HttpsResponseReader& reader, std::string_view bytes, std::size_t piece_bytes) {
  auto progress = Progress::more;
  while (progress == Progress::more && !bytes.empty()) {
    const auto room = reader.room();
    const auto count = std::min({piece_bytes, bytes.size(), room.size()});
    std::copy_n(bytes.begin(), count, room.begin());
    bytes.remove_prefix(count);
    progress = reader.commit(count);
  }
  return progress;
}

constexpr std::size_t kAllAtOnce = std::size_t{1} << 30;

/// A fixture that feeds each text in one piece and byte by byte, and expects the same outcome of
/// both.
class ResponseReaderTest : public testing::Test {
 protected:
  Progress read(std::string_view bytes) {
    HttpsResponseReader slow;
    slow.begin(kMaxBody);
    const auto one_by_one = feed(slow, bytes, 1);
    reader_.begin(kMaxBody);
    const auto at_once = feed(reader_, bytes, kAllAtOnce);
    // The reader detects extra bytes only if they arrive together with the end of the message.
    EXPECT_TRUE(one_by_one == at_once || reader_.fault() == "bytes follow it") << bytes;
    return at_once;
  }

  std::string_view fault_of(std::string_view bytes) {
    EXPECT_EQ(read(bytes), Progress::refused) << bytes;
    return reader_.fault();
  }

  HttpsResponseReader reader_;
};

TEST_F(ResponseReaderTest, ReadsABodyWithALength) {
  ASSERT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n{\"\"}"), Progress::complete);
  EXPECT_EQ(reader_.response().status, 200u);
  EXPECT_EQ(reader_.response().body, "{\"\"}");
  EXPECT_TRUE(reader_.keeps_alive());
}

TEST_F(ResponseReaderTest, ReadsAnEmptyBody) {
  ASSERT_EQ(read("HTTP/1.1 500 \r\nContent-Length: 0\r\n\r\n"), Progress::complete);
  EXPECT_EQ(reader_.response().status, 500u);
  EXPECT_EQ(reader_.response().body, "");
}

TEST_F(ResponseReaderTest, ReadsChunks) {
  ASSERT_EQ(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "3\r\nabc\r\nA;x=\"y\"\r\n0123456789\r\n0\r\n\r\n"),
            Progress::complete);
  EXPECT_EQ(reader_.response().body, "abc0123456789");
  EXPECT_TRUE(reader_.keeps_alive());
}

TEST_F(ResponseReaderTest, ReadsTheFieldsInUse) {
  ASSERT_EQ(read("HTTP/1.1 429 Too Many\r\nretry-after:  17 \r\n"
                 "DATE: Mon, 23 Nov 2026 23:22:19 GMT\r\n"
                 "Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n"),
            Progress::complete);
  EXPECT_EQ(reader_.response().retry_after, "17");
  EXPECT_EQ(reader_.response().date, "Mon, 23 Nov 2026 23:22:19 GMT");
  EXPECT_EQ(reader_.response().content_encoding, "gzip");
}

TEST_F(ResponseReaderTest, KeepsTheFirstRetryAfterAndDate) {
  ASSERT_EQ(read("HTTP/1.1 429 x\r\nRetry-After: 17\r\nRetry-After: 1\r\nDate: a\r\nDate: b\r\n"
                 "Content-Length: 0\r\n\r\n"),
            Progress::complete);
  EXPECT_EQ(reader_.response().retry_after, "17");
  EXPECT_EQ(reader_.response().date, "a");
}

TEST_F(ResponseReaderTest, ContentEncodingsAddUp) {
  ASSERT_EQ(read("HTTP/1.1 200 OK\r\nContent-Encoding: identity\r\nContent-Encoding: gzip\r\n"
                 "Content-Length: 0\r\n\r\n"),
            Progress::complete);
  EXPECT_EQ(reader_.response().content_encoding, "identity, gzip");
}

TEST_F(ResponseReaderTest, IgnoresTrailers) {
  ASSERT_EQ(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "1\r\na\r\n0\r\nRetry-After: 9\r\nContent-Encoding: gzip\r\n\r\n"),
            Progress::complete);
  EXPECT_EQ(reader_.response().retry_after, "");
  EXPECT_EQ(reader_.response().content_encoding, "");
}

TEST_F(ResponseReaderTest, BeginDiscardsThePreviousResponse) {
  ASSERT_EQ(read("HTTP/1.1 429 x\r\nRetry-After: 17\r\nDate: a\r\nContent-Encoding: gzip\r\n"
                 "Content-Length: 3\r\n\r\nabc"),
            Progress::complete);
  ASSERT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx"), Progress::complete);
  EXPECT_EQ(reader_.response().retry_after, "");
  EXPECT_EQ(reader_.response().date, "");
  EXPECT_EQ(reader_.response().content_encoding, "");
  EXPECT_EQ(reader_.response().body, "x");
}

TEST_F(ResponseReaderTest, BodyMayBeMovedAway) {
  ASSERT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"), Progress::complete);
  const std::string kept = std::move(reader_.body());
  ASSERT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nxyz"), Progress::complete);
  EXPECT_EQ(kept, "abc");
  EXPECT_EQ(reader_.response().body, "xyz");
}

TEST_F(ResponseReaderTest, ReportsWhetherTheAnswerHasBegun) {
  reader_.begin(kMaxBody);
  EXPECT_FALSE(reader_.has_begun());
  feed(reader_, "H", 1);
  EXPECT_TRUE(reader_.has_begun());
  reader_.begin(kMaxBody);
  EXPECT_FALSE(reader_.has_begun());
}

TEST_F(ResponseReaderTest, ReadsConnectionClose) {
  ASSERT_EQ(read("HTTP/1.1 200 OK\r\nConnection: x, Close\r\nContent-Length: 0\r\n\r\n"),
            Progress::complete);
  EXPECT_FALSE(reader_.keeps_alive());
}

TEST_F(ResponseReaderTest, Http10NeedsALengthAndIsNotReused) {
  ASSERT_EQ(read("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}"), Progress::complete);
  EXPECT_FALSE(reader_.keeps_alive());
  EXPECT_EQ(fault_of("HTTP/1.0 200 OK\r\n\r\n{}"), "it does not say its length");
  EXPECT_EQ(fault_of("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            "its Transfer-Encoding contradicts the rest");
}

TEST_F(ResponseReaderTest, RefusesABodyThatEndsWithTheConnection) {
  EXPECT_EQ(fault_of("HTTP/1.1 200 OK\r\n\r\n{}"), "it does not say its length");
  EXPECT_EQ(fault_of("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{}"),
            "it does not say its length");
}

TEST_F(ResponseReaderTest, RefusesOddTransferEncodings) {
  for (const std::string value : {"gzip", "gzip, chunked", "chunked, gzip", "chunked, chunked",
                                  "identity", "xchunked", "chunked;q=1", "\"chunked\"", ""}) {
    EXPECT_EQ(fault_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: " + value + "\r\n\r\n0\r\n\r\n"),
              "its Transfer-Encoding is not just chunked")
        << value;
  }
  fault_of(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
      "0\r\n\r\n");
}

TEST_F(ResponseReaderTest, RefusesLengthAndChunkedTogether) {
  fault_of("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  fault_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n");
  fault_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 5\r\n\r\n12345");
}

TEST_F(ResponseReaderTest, RefusesBadLengths) {
  for (const std::string value : {"", "-1", "+1", "1 2", "1, 1", "1,2", "0x1", "1.0", "1,",
                                  "18446744073709551616", "99999999999999999999999999"}) {
    fault_of("HTTP/1.1 200 OK\r\nContent-Length: " + value + "\r\n\r\n1");
  }
  EXPECT_EQ(fault_of("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n1"),
            "its Content-Length is not one number");
  fault_of("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n12");
}

TEST_F(ResponseReaderTest, RefusesStatusesFromOutside200To599) {
  for (const std::string status : {"000", "099", "100", "101", "103", "199", "600", "999"}) {
    EXPECT_EQ(fault_of("HTTP/1.1 " + status + " x\r\nContent-Length: 0\r\n\r\n"),
              "its status is not from 200 to 599");
  }
  for (const std::string line :
       {"HTTP/1.1 20 x", "HTTP/1.1 2000 x", "HTTP/1.1 abc x", "HTTP/1.1  200 x", "HTTP/2.0 200 x",
        "HTTP/0.9 200 x", "http/1.1 200 x", "ICY 200 x", "\r\nHTTP/1.1 200 x"}) {
    fault_of(line + "\r\nContent-Length: 0\r\n\r\n");
  }
}

TEST_F(ResponseReaderTest, RefusesContinueBeforeTheAnswer) {
  fault_of("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

TEST_F(ResponseReaderTest, RefusesABodyWithAStatusThatHasNone) {
  EXPECT_EQ(fault_of("HTTP/1.1 204 x\r\nContent-Length: 2\r\n\r\n{}"),
            "it has a body where none may be");
  EXPECT_EQ(fault_of("HTTP/1.1 304 x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            "it has a body where none may be");
  EXPECT_EQ(fault_of("HTTP/1.1 204 x\r\n\r\n{}"), "bytes follow it");
}

TEST_F(ResponseReaderTest, NoContentNeedsNoLength) {
  ASSERT_EQ(read("HTTP/1.1 204 x\r\n\r\n"), Progress::complete);
  EXPECT_EQ(reader_.response().status, 204u);
  ASSERT_EQ(read("HTTP/1.1 204 x\r\nContent-Length: 0\r\n\r\n"), Progress::complete);
}

TEST_F(ResponseReaderTest, RefusesBytesAfterTheAnswer) {
  const std::string good = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
  EXPECT_EQ(fault_of(good + "x"), "bytes follow it");
  EXPECT_EQ(fault_of(good + good), "bytes follow it");
  EXPECT_EQ(fault_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\r\n"),
            "bytes follow it");
}

TEST_F(ResponseReaderTest, RefusesFoldedLines) {
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0;x";
  for (const std::string fold : {"\r\n ", "\r\n\t"}) {
    EXPECT_EQ(fault_of("HTTP/1.1 200 OK\r\nX: a" + fold + "b\r\nContent-Length: 0\r\n\r\n"),
              "a line of its header section is folded");
    EXPECT_EQ(fault_of("HTTP/1.1 200 OK" + fold + "X: a\r\nContent-Length: 0\r\n\r\n"),
              "a line of its header section is folded");
    EXPECT_EQ(fault_of(chunked + "\r\nX: a" + fold + "b\r\n\r\n"),
              "a line of its trailer is folded");
    EXPECT_EQ(fault_of(chunked + fold + "X: a\r\n\r\n"), "it breaks the grammar of HTTP/1.1");
  }
}

TEST_F(ResponseReaderTest, DoesNotReadAnIndentedBodyAsAFold) {
  ASSERT_EQ(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "3\r\n{\n \r\n3\r\n\n\t}\r\n0\r\nX: a\r\n\r\n"),
            Progress::complete);
  EXPECT_EQ(reader_.response().body, "{\n \n\t}");
}

TEST_F(ResponseReaderTest, RefusesBrokenHeaderLines) {
  for (const std::string line :
       {"X : a", "X a", ": a", "X: a\rb", "X: a\nb", "X: a\x01", "(X): a"}) {
    EXPECT_EQ(fault_of("HTTP/1.1 200 OK\r\n" + line + "\r\nContent-Length: 0\r\n\r\n"),
              "it breaks the grammar of HTTP/1.1")
        << line;
  }
  fault_of(std::string("HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n", 46));
}

TEST_F(ResponseReaderTest, RefusesBrokenChunks) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string chunks : {"x\r\n", "-1\r\n", " 1\r\na\r\n", "0x1\r\na\r\n", "1 1\r\na\r\n",
                                   "10000000000000000\r\n", "1\r\nabc\r\n", "1;\r\na\r\n"}) {
    fault_of(head + chunks + "0\r\n\r\n");
  }
}

TEST_F(ResponseReaderTest, RefusesControlCharactersInAChunkExtension) {
  using namespace std::string_literals;
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const auto& quoted : {"\0"s, "\n"s, "\x1f"s, "\x7f"s}) {
    const auto extension = ";a=\"" + quoted + '"';
    for (const auto& chunks : {"1" + extension + "\r\na\r\n0", "1\r\na\r\n0" + extension}) {
      EXPECT_EQ(fault_of(head + chunks + "\r\n\r\n"), "a chunk extension holds a control character")
          << chunks;
    }
  }
  EXPECT_EQ(read(head + "1;a=\"\t b\"\r\na\r\n0;c\r\n\r\n"), Progress::complete);
}

TEST_F(ResponseReaderTest, AcceptsABodyOfExactlyTheBound) {
  const std::string body(kMaxBody, 'x');
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + body), Progress::complete);
  EXPECT_EQ(
      read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e8\r\n" + body + "\r\n0\r\n\r\n"),
      Progress::complete);
}

TEST_F(ResponseReaderTest, RefusesATooLargeBodyBeforeItArrives) {
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n"), Progress::too_large);
  EXPECT_EQ(reader_.fault(), "its body is larger than max_response");
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n"),
            Progress::too_large);
}

TEST_F(ResponseReaderTest, RefusesChunksThatAddUpToATooLargeBody) {
  std::string chunks;
  for (int i = 0; i < 11; ++i) chunks += "64\r\n" + std::string(100, 'x') + "\r\n";
  EXPECT_EQ(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks),
            Progress::too_large);
}

TEST_F(ResponseReaderTest, BoundsTheHeaderSection) {
  const std::string begin = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX: ";
  const std::string end = "\r\n\r\n";
  const std::size_t room = limits::kHeaderBytes - begin.size() - end.size();
  EXPECT_EQ(read(begin + std::string(room, 'x') + end), Progress::complete);
  EXPECT_EQ(read(begin + std::string(room + 1, 'x') + end), Progress::too_large);
  EXPECT_EQ(reader_.fault(), "its header section is too large");
}

TEST_F(ResponseReaderTest, BoundsTheLinesBetweenChunks) {
  const std::string head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string endless(2 * limits::kHeaderBytes, 'x');
  EXPECT_EQ(read(head + "1;" + endless), Progress::too_large);
  EXPECT_EQ(read(head + "0\r\nX: " + endless), Progress::too_large);
}

TEST_F(ResponseReaderTest, ATruncatedAnswerIsNeverComplete) {
  const std::string answers[] = {
      "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX: y\r\n\r\n"};
  for (const auto& answer : answers) {
    for (std::size_t length = 1; length < answer.size(); ++length) {
      EXPECT_EQ(read(answer.substr(0, length)), Progress::more) << answer.substr(0, length);
    }
    EXPECT_EQ(read(answer), Progress::complete);
  }
}

TEST_F(ResponseReaderTest, AFaultQuotesNothingOfTheAnswer) {
  EXPECT_EQ(fault_of("HTTP/1.1 200 OK\r\nhunter2\r\n\r\n").find("hunter2"), std::string::npos);
}

}  // namespace
}  // namespace attestrd
