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
    EXPECT_EQ(one_by_one, at_once) << bytes;
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

TEST_F(ResponseReaderTest, AnAnswerToConnectEndsWithItsHead) {
  for (const auto* fields : {"", "Content-Length: 3\r\n", "Transfer-Encoding: chunked\r\n"}) {
    HttpsResponseReader reader;
    reader.begin_head();
    const auto bytes = "HTTP/1.1 200 OK\r\n" + std::string(fields) + "\r\n";
    EXPECT_EQ(feed(reader, bytes, kAllAtOnce), Progress::complete);
    EXPECT_FALSE(reader.has_rest());
    reader.begin_head();
    EXPECT_EQ(feed(reader, bytes + "abc", kAllAtOnce), Progress::complete);
    EXPECT_TRUE(reader.has_rest());
    EXPECT_EQ(reader.response().status, 200U);
  }
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

TEST_F(ResponseReaderTest, Http10IsNotReusedAndHasNoChunks) {
  ASSERT_EQ(read("HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}"), Progress::complete);
  EXPECT_FALSE(reader_.keeps_alive());
  EXPECT_EQ(fault_of("HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
            "its Transfer-Encoding contradicts the rest");
}

TEST_F(ResponseReaderTest, ABodyWithoutALengthEndsWithTheConnection) {
  for (const std::string head :
       {"HTTP/1.1 200 OK\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n", "HTTP/1.1 200\r\n\r\n",
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"}) {
    for (const std::string body : {"{}", ""}) {
      ASSERT_EQ(read(head + body), Progress::more);
      EXPECT_TRUE(reader_.end());
      EXPECT_EQ(reader_.response().body, body);
      EXPECT_FALSE(reader_.keeps_alive());
    }
  }
}

TEST_F(ResponseReaderTest, BoundsABodyWithoutALength) {
  const std::string head = "HTTP/1.1 200 OK\r\n\r\n";
  EXPECT_EQ(read(head + std::string(kMaxBody, 'x')), Progress::more);
  EXPECT_TRUE(reader_.end());
  EXPECT_EQ(read(head + std::string(kMaxBody + 1, 'x')), Progress::too_large);
}

TEST_F(ResponseReaderTest, TheEndOfTheConnectionCompletesNoOtherMessage) {
  for (const std::string part :
       {"", "HTTP/1.1 200 OK\r\nX: a\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n",
        "HTTP/1.1 103 x\r\n\r\n"}) {
    ASSERT_EQ(read(part), Progress::more) << part;
    EXPECT_FALSE(reader_.end()) << part;
  }
}

TEST_F(ResponseReaderTest, RefusesOddTransferEncodings) {
  for (const std::string value :
       {"gzip", "gzip, chunked", "chunked, gzip", "chunked, chunked", "identity", "xchunked",
        "chunked;q=1", "\"chunked\"", "", ",", "chunked,, chunked", "chunked x"}) {
    EXPECT_EQ(fault_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: " + value + "\r\n\r\n0\r\n\r\n"),
              "its Transfer-Encoding is not just chunked")
        << value;
  }
  fault_of(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"
      "0\r\n\r\n");
}

TEST_F(ResponseReaderTest, AcceptsEmptyElementsBesideChunked) {
  for (const std::string value : {", chunked", "chunked,", " ,,\tChunked ,"}) {
    ASSERT_EQ(read("HTTP/1.1 200 OK\r\nTransfer-Encoding:" + value + "\r\n\r\n1\r\na\r\n0\r\n\r\n"),
              Progress::complete)
        << value;
    EXPECT_EQ(reader_.response().body, "a");
  }
}

TEST_F(ResponseReaderTest, RefusesLengthAndChunkedTogether) {
  fault_of("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  fault_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n");
  fault_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\nContent-Length: 5\r\n\r\n12345");
}

TEST_F(ResponseReaderTest, RefusesBadLengths) {
  for (const std::string value : {"", "-1", "+1", "1 2", "1, 2", "1,2", "0x1", "1.0", "1,",
                                  "18446744073709551616", "99999999999999999999999999"}) {
    fault_of("HTTP/1.1 200 OK\r\nContent-Length: " + value + "\r\n\r\n1");
  }
  fault_of("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n12");
}

TEST_F(ResponseReaderTest, AcceptsEqualLengths) {
  for (const std::string fields : {"Content-Length: 1\r\nContent-Length: 1", "Content-Length: 1, 1",
                                   "Content-Length: 1\r\nX: a\r\n"
                                   "Content-Length: 01"}) {
    ASSERT_EQ(read("HTTP/1.1 200 OK\r\n" + fields + "\r\n\r\n1"), Progress::complete) << fields;
    EXPECT_EQ(reader_.response().body, "1");
    EXPECT_TRUE(reader_.keeps_alive());
  }
}

TEST_F(ResponseReaderTest, RefusesStatusesFromOutside100To599) {
  for (const std::string status : {"000", "099", "600", "999"}) {
    EXPECT_EQ(fault_of("HTTP/1.1 " + status + " x\r\nContent-Length: 0\r\n\r\n"),
              "its status is not from 100 to 599");
  }
  for (const std::string line :
       {"HTTP/1.1 20 x", "HTTP/1.1 2000 x", "HTTP/1.1 abc x", "HTTP/1.1  200 x", "HTTP/2.0 200 x",
        "HTTP/0.9 200 x", "http/1.1 200 x", "ICY 200 x", "HTTP/1.", "HTTP/1.1 1000 x",
        "HTTP/1.1 10 x", "HTTP/2.0 103 x"}) {
    fault_of(line + "\r\nContent-Length: 0\r\n\r\n");
  }
}

const std::string kGood = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";

TEST_F(ResponseReaderTest, SkipsInterimResponses) {
  const std::string hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\nRetry-After: 9\r\n\r\n";
  for (const std::string& interim :
       {std::string("HTTP/1.1 100 Continue\r\n\r\n"), std::string("HTTP/1.1 100\r\n\r\n"),
        std::string("HTTP/1.1 102 \r\nX: a\r\n b\r\n\r\n"), hints, hints + hints,
        std::string("HTTP/1.1 199 x\r\nContent-Length: 5\r\n\r\n"),
        std::string("HTTP/1.0 100 x\r\n\r\n")}) {
    ASSERT_EQ(read(interim + kGood), Progress::complete) << interim;
    EXPECT_EQ(reader_.response().status, 200u);
    EXPECT_EQ(reader_.response().body, "{}");
    EXPECT_EQ(reader_.response().retry_after, "");
    EXPECT_TRUE(reader_.keeps_alive());
  }
}

TEST_F(ResponseReaderTest, RefusesAChangeOfTheProtocol) {
  const std::string line = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n";
  EXPECT_EQ(fault_of(line + "\r\n"), "it switches to another protocol");
  EXPECT_EQ(fault_of("HTTP/1.1 103 x\r\n\r\n" + line + "\r\n" + kGood),
            "it switches to another protocol");
}

TEST_F(ResponseReaderTest, BoundsInterimResponses) {
  const std::string interim = "HTTP/1.1 103 x\r\n\r\n";
  const std::string large =
      "HTTP/1.1 103 x\r\nX: " + std::string(limits::kHeaderBytes / 2, 'x') + "\r\n\r\n";
  std::string many;
  for (std::size_t i = 0; i < limits::kInterimResponses; ++i) many += interim;
  std::string much;
  while (much.size() + large.size() <= limits::kInterimBytes) much += large;
  for (const auto& most : {many, much}) {
    EXPECT_EQ(read(most + kGood), Progress::complete);
    EXPECT_EQ(fault_of(most + large + kGood), "too many interim responses precede it");
  }
}

TEST_F(ResponseReaderTest, SkipsEmptyLinesBeforeAResponseAndEndsTheConnection) {
  for (const std::string lines : {"\r\n", "\r\n\r\n", "\r\n\r\n\r\n\r\n\r\n"}) {
    ASSERT_EQ(read(lines + kGood), Progress::complete);
    EXPECT_EQ(reader_.response().body, "{}");
    EXPECT_FALSE(reader_.keeps_alive());
  }
  std::string endless;
  while (endless.size() <= limits::kInterimBytes) endless += "\r\n";
  EXPECT_EQ(fault_of(endless + kGood), "too many interim responses precede it");
}

TEST_F(ResponseReaderTest, AcceptsAStatusLineWithoutAReasonPhrase) {
  for (const std::string line : {"HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/1.1 200 a b"}) {
    ASSERT_EQ(read(line + "\r\nContent-Length: 2\r\n\r\n{}"), Progress::complete) << line;
    EXPECT_EQ(reader_.response().status, 200u);
    EXPECT_EQ(reader_.response().body, "{}");
  }
}

TEST_F(ResponseReaderTest, NoContentAndNotModifiedHaveNoBody) {
  for (const std::string status : {"204", "304"}) {
    const bool keeps_alive = status == "204";  // No request asks for a 304.
    ASSERT_EQ(read("HTTP/1.1 " + status + " x\r\n\r\n"), Progress::complete);
    EXPECT_EQ(reader_.keeps_alive(), keeps_alive);
    ASSERT_EQ(read("HTTP/1.1 " + status + " x\r\nContent-Length: 0\r\n\r\n"), Progress::complete);
    EXPECT_EQ(reader_.keeps_alive(), keeps_alive);
    ASSERT_EQ(read("HTTP/1.1 " + status + " x\r\nTransfer-Encoding: chunked\r\n\r\n"),
              Progress::complete);
    EXPECT_FALSE(reader_.keeps_alive());
    ASSERT_EQ(read("HTTP/1.1 " + status + " x\r\nContent-Length: 2\r\n\r\n{}"), Progress::complete);
    EXPECT_EQ(reader_.response().body, "");
    EXPECT_FALSE(reader_.keeps_alive());
  }
  ASSERT_EQ(read("HTTP/1.1 204 x\r\nContent-Length: 2\r\n\r\n"), Progress::complete);
  EXPECT_FALSE(reader_.keeps_alive());
}

TEST_F(ResponseReaderTest, ABareLineFeedInAnInterimResponseIsRefused) {
  EXPECT_EQ(read("HTTP/1.1 100 Continue\n\n" + kGood), Progress::refused);
}

TEST_F(ResponseReaderTest, AnInterimResponseFollowsTheGrammarOfAnyOther) {
  using namespace std::string_literals;
  for (const auto& interim :
       {"HTTP/1.1 100 a\0b\r\n\r\n"s, "HTTP/1.1 100 a\rb\r\n\r\n"s,
        "HTTP/1.1 103 x\r\nno colon\r\n\r\n"s, "HTTP/1.1 103 x\r\nX: a\0b\r\n\r\n"s,
        "HTTP/1.1 103 x\r\nX : a\r\n\r\n"s, "HTTP/1.1 103 x\r\nX: a\nY: b\r\n\r\n"s})
    EXPECT_EQ(fault_of(interim + kGood), "an interim response breaks the grammar of HTTP/1.1");
}

TEST_F(ResponseReaderTest, BytesAfterTheAnswerEndTheConnectionOnly) {
  for (const std::string after : {"x", "\r\n", kGood.c_str()}) {
    ASSERT_EQ(read(kGood + after), Progress::complete);
    EXPECT_EQ(reader_.response().body, "{}");
    EXPECT_FALSE(reader_.keeps_alive());
  }
  ASSERT_EQ(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n\r\n"),
            Progress::complete);
  EXPECT_FALSE(reader_.keeps_alive());
}

TEST_F(ResponseReaderTest, AFoldedLineContinuesItsValue) {
  for (const std::string fold : {"\r\n ", "\r\n\t", " \r\n  \t", "\r\n \r\n "}) {
    ASSERT_EQ(read("HTTP/1.1 200 OK\r\nRetry-After: a" + fold + "b\r\nContent-Length:" + fold +
                   "2\r\nX:" + fold + "\r\n\r\n{}"),
              Progress::complete)
        << fold;
    EXPECT_EQ(reader_.response().retry_after, "a b");
    EXPECT_EQ(reader_.response().body, "{}");
    EXPECT_EQ(read("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0;x\r\nX: a" + fold +
                   "b\r\n\r\n"),
              Progress::complete);
  }
}

TEST_F(ResponseReaderTest, RefusesAFoldThatContinuesNoField) {
  for (const std::string fold : {"\r\n ", "\r\n\t"}) {
    fault_of("HTTP/1.1 200 OK" + fold + "X: a\r\nContent-Length: 0\r\n\r\n");
    fault_of("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0;x" + fold + "X: a\r\n\r\n");
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
