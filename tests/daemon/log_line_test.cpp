#include "daemon/log/log_line.h"

#include <gtest/gtest.h>

#include <string>

namespace attestrd {
namespace {

using namespace std::chrono_literals;

const Wall kTime{std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) + 20h + 57min + 123us};

Notice full_notice() {
  Notice notice;
  notice.event = Event::handshake_completed;
  notice.message = "the result is in the spool";
  notice.handshake = HandshakeId::parse("DS1");
  notice.outcome = Outcome::completed;
  notice.reason = "none";
  notice.request_id = "c500-1";
  notice.file = "ids.txt";
  notice.host = "api.attestr.com";
  notice.polls = 7;
  notice.http_status = 200;
  notice.code = -3;
  notice.count = 18446744073709551615u;
  notice.line = 2;
  notice.wait = 1500999us;
  notice.depth = 0;
  return notice;
}

TEST(LogLine, HoldsEveryFieldInOrder) {
  EXPECT_EQ(format_log_line(full_notice(), kTime, LogFormat::json),
            R"({"time":"2026-11-23T20:57:00.000123Z","level":"info","event":"handshake.completed",)"
            R"("message":"the result is in the spool","handshake":"DS1","outcome":"completed",)"
            R"("reason":"none","request_id":"c500-1","file":"ids.txt","host":"api.attestr.com",)"
            R"("polls":7,"http_status":200,"code":-3,"count":18446744073709551615,"line":2,)"
            R"("wait_ms":1500,"depth":0})"
            "\n");
  EXPECT_EQ(format_log_line(full_notice(), kTime, LogFormat::text),
            "2026-11-23T20:57:00.000123Z info  handshake.completed: the result is in the spool "
            R"(handshake="DS1" outcome="completed" reason="none" request_id="c500-1" )"
            R"(file="ids.txt" host="api.attestr.com" polls=7 http_status=200 code=-3 )"
            "count=18446744073709551615 line=2 wait_ms=1500 depth=0\n");
}

TEST(LogLine, OmitsEmptyFields) {
  Notice notice;
  notice.event = Event::daemon_started;
  notice.level = Level::warn;
  notice.message = "hello";
  EXPECT_EQ(format_log_line(notice, kTime, LogFormat::json),
            R"({"time":"2026-11-23T20:57:00.000123Z","level":"warn","event":"daemon.started",)"
            R"("message":"hello"})"
            "\n");
}

std::string escaped(std::string file) {
  Notice notice;
  notice.file = std::move(file);
  const auto line = format_log_line(notice, kTime, LogFormat::text);
  const auto start = line.find("file=\"") + 6;
  return line.substr(start, line.rfind('"') - start);
}

TEST(LogLine, StaysOneLineOfUtf8WithAnyFileName) {
  EXPECT_EQ(escaped("a\"b\\c"), R"(a\"b\\c)");
  EXPECT_EQ(escaped("a\nb\r\t\x1b[2J\x7f"), R"(a\u000ab\u000d\u0009\u001b[2J\u007f)");
  EXPECT_EQ(escaped(std::string("a\0b", 3)), R"(a\u0000b)");
  EXPECT_EQ(escaped("gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x99\x82"),
            "gr\xc3\xbc\xc3\x9f \xe2\x82\xac \xf0\x9f\x99\x82");
}

TEST(LogLine, ReplacesInvalidUtf8AndC1Controls) {
  const std::string r = "\xef\xbf\xbd";
  EXPECT_EQ(escaped("\xff"), r);
  EXPECT_EQ(escaped("\xc3"), r);                          // cut short
  EXPECT_EQ(escaped("\xc0\xaf"), r + r);                  // overlong
  EXPECT_EQ(escaped("\xe0\x80\xaf"), r + r + r);          // overlong
  EXPECT_EQ(escaped("\xed\xa0\x80"), r + r + r);          // a surrogate
  EXPECT_EQ(escaped("\xf4\x90\x80\x80"), r + r + r + r);  // above U+10FFFF
  EXPECT_EQ(escaped("\xc2\x9b"
                    "2J"),
            r + "2J");  // C1: CSI to a terminal
}

TEST(LogLine, EscapesCharactersThatReorderOrHideText) {
  EXPECT_EQ(escaped("\xe2\x80\xae"
                    "txt.exe\xe2\x81\xa6\xe2\x80\xa9\xc2\xad"),
            R"(\u202etxt.exe\u2066\u2029\u00ad)");
}

}  // namespace
}  // namespace attestrd
