#include "daemon/cli/command_line.h"

#include <gtest/gtest.h>
#include <sysexits.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <functional>
#include <set>
#include <iostream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "crypto/hmac.h"
#include "files/posix_lock.h"
#include "crypto/openssl_sealing.h"
#include "io/certificates.h"
#include "queue/sqlite_queue.h"
#include "temporary_folder.h"

namespace attestrd {
namespace {

constexpr std::string_view kResult = R"({"FS1":{"input":{},"output":{"name":"A"}}})";
constexpr std::string_view kSecret = "Vv2nQ7xGk3mP9sLw5tYb8dRf";

constexpr std::string_view kNoDaemon =
    "no daemon runs: this is the queue file, which does not say what is due\n";

/// The exit code and the output of a command.
struct Done {
  int code;
  std::string out;
  std::string err;
};

/// A fixture that runs commands as main() does, in a folder of its own.
class CommandsTest : public testing::Test {
 protected:
  CommandsTest() {
    config_ = folder_
                  .write("attestrd.toml",
                         "[paths]\ninbox = \"inbox\"\nqueue = \"queue.db\"\nspool = \"spool\"\n"
                         "[admin]\nsocket = \"control.sock\"\n")
                  .string();
    folder_.write("auth-token", "token\n");
    folder_.write("client-secret", std::string(kSecret) + "\n");
    std::filesystem::create_directories(folder_.path() / "inbox");
    std::filesystem::create_directories(folder_.path() / "spool");
  }

  Done run(std::vector<std::string> words, const std::string& input = "") {
    CLI::App app("", "attestrd");
    std::function<int()> chosen;
    add_commands(app, chosen);
    std::reverse(words.begin(), words.end());  // CLI::App expects reversed arguments.
    std::istringstream stream(input);
    auto* const old_input = std::cin.rdbuf(stream.rdbuf());
    std::cin.clear();
    testing::internal::CaptureStdout();
    testing::internal::CaptureStderr();
    int code = EX_USAGE;
    try {
      app.parse(words);
      code = chosen();
    } catch (const CLI::ParseError&) {
    }
    std::cin.rdbuf(old_input);
    return {code, testing::internal::GetCapturedStdout(), testing::internal::GetCapturedStderr()};
  }

  /// Returns the contents of the only file in the inbox. Its name must be one that the daemon
  /// reads.
  std::string inbox() {
    std::string contents;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path() / "inbox")) {
      EXPECT_TRUE(contents.empty()) << "more than one file";
      EXPECT_TRUE(entry.path().filename().string().starts_with("submit-"));
      contents = TemporaryFolder::read(entry.path());
    }
    return contents;
  }

  /// Writes the queue file that a daemon leaves behind when it ends.
  void submit_to_queue(const std::vector<std::string>& ids, const std::string& tag = "") {
    auto queue = SqliteQueue::open((folder_.path() / "queue.db").string());
    ASSERT_TRUE(queue) << queue.error().message;
    QueueBatch batch;
    for (const auto& id : ids) batch.submissions.push_back({*HandshakeId::parse(id), tag, {}});
    ASSERT_TRUE((*queue)->write(batch, Wall{}));
  }

  std::filesystem::path write_record(const std::string& name, const std::string& outcome,
                                     const std::string& response) {
    std::string record = R"({"schema":"attestrd.result/1","id":"DS1","outcome":")" + outcome +
                         R"(","submitted_at":"2026-11-23T20:57:00.123Z",)"
                         R"("finished_at":"2026-11-23T20:58:00.123Z","polls":7)";
    record += outcome == "completed"
                  ? R"(,"signature":{"status":"valid","algorithm":"HMAC-SHA256","form":"raw"})"
                  : R"(,"signature":{"status":"absent"})";
    if (!response.empty()) record += ",\"response\":" + response;
    return folder_.write("spool/" + name, record + "}\n");
  }

  TemporaryFolder folder_;
  std::string config_;
};

std::string signed_response(std::string_view id = "DS1", std::string_view secret = kSecret) {
  HmacSha256 hmac{Secret(std::string(secret))};
  hmac.update(kResult);
  std::string hex;
  for (const auto byte : hmac.finish()) {
    constexpr std::string_view kDigits = "0123456789abcdef";
    hex += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return R"({"_id":")" + std::string(id) + R"(","consumed":true,"result":)" + std::string(kResult) +
         R"(,"resultSignature":")" + hex + "\"}";
}

TEST_F(CommandsTest, SubmitWritesOneFile) {
  const auto done = run({"submit", "--config", config_, "DS1", "a_b-C"});
  EXPECT_EQ(done.code, EX_OK) << done.err;
  EXPECT_EQ(done.out, "submitted 2\n");
  EXPECT_EQ(done.err, "");
  EXPECT_EQ(inbox(), "DS1\na_b-C\n");
}

TEST_F(CommandsTest, SubmitReadsLinesOfTheInboxFormat) {
  const auto done =
      run({"submit", "--config", config_, "-"}, "# mine\nDS1\n\n{\"id\": \"DS2\", \"tag\": \"t\"}");
  EXPECT_EQ(done.code, EX_OK) << done.err;
  EXPECT_EQ(done.out, "submitted 2\n");
  EXPECT_EQ(inbox(), "DS1\n{\"id\": \"DS2\", \"tag\": \"t\"}\n");
}

TEST_F(CommandsTest, SubmitWritesNothingWhenOneIdIsBad) {
  const auto done = run({"submit", "--config", config_, "DS1", "D/S", "DS3", ""});
  EXPECT_EQ(done.code, EX_DATAERR);
  EXPECT_EQ(done.out, "");
  EXPECT_EQ(done.err,
            "argument 2 ('D/S'): is no handshake id: 1 to 64 letters, digits, '_' and '-'\n"
            "argument 4 (''): is no handshake id: 1 to 64 letters, digits, '_' and '-'\n"
            "nothing was submitted\n");
  EXPECT_EQ(inbox(), "");

  const auto lines = run({"submit", "--config", config_, "-"}, "DS1\n{\"id\": 3}\n");
  EXPECT_EQ(lines.code, EX_DATAERR);
  EXPECT_TRUE(lines.err.starts_with("stdin:2: ")) << lines.err;
  EXPECT_EQ(inbox(), "");
}

TEST_F(CommandsTest, SubmitRefusesAnEmptyList) {
  EXPECT_EQ(run({"submit", "--config", config_}).code, EX_USAGE);
  const auto empty = run({"submit", "--config", config_, "-"}, "# nobody\n");
  EXPECT_EQ(empty.code, EX_OK);
  EXPECT_EQ(empty.out, "submitted 0\n");
  EXPECT_EQ(inbox(), "");
}

TEST_F(CommandsTest, SubmitTakesStdinAloneAndEachIdOnce) {
  EXPECT_EQ(run({"submit", "--config", config_, "DS1", "-"}, "DS2\n").code, EX_USAGE);
  EXPECT_EQ(inbox(), "");
  EXPECT_EQ(run({"submit", "--config", config_, "DS1", "DS1"}).out, "submitted 1\n");
  EXPECT_EQ(inbox(), "DS1\n");
}

TEST_F(CommandsTest, SubmitCountsEachIdOfStdinOnce) {
  const std::string lines = "DS1\nDS2\nDS1\n{\"id\": \"DS2\", \"tag\": \"t\"}\n{\"id\": \"DS1\"}\n";
  EXPECT_EQ(run({"submit", "--config", config_, "-"}, lines).out, "submitted 2\n");
  EXPECT_EQ(inbox(), "DS1\nDS2\n{\"id\": \"DS2\", \"tag\": \"t\"}\n") << "its tag is new";
}

TEST_F(CommandsTest, SubmitGivesAllIdsOneTagAndExpiry) {
  const auto done = run({"submit", "--config", config_, "--tag", "a \"b\"", "--expiry",
                         "1795484591000", "DS1", "DS2"});
  EXPECT_EQ(done.code, EX_OK) << done.err;
  EXPECT_EQ(done.out, "submitted 2\n");
  EXPECT_EQ(inbox(), R"({"id":"DS1","tag":"a \"b\"","expiry":1795484591000})"
                     "\n"
                     R"({"id":"DS2","tag":"a \"b\"","expiry":1795484591000})"
                     "\n");
}

TEST_F(CommandsTest, SubmitRefusesATagOrAnExpiryThatTheInboxRefuses) {
  const auto refusal = [this](std::vector<std::string> words) {
    words.insert(words.begin(), {"submit", "--config", config_, "DS1"});
    const auto done = run(std::move(words));
    EXPECT_EQ(done.code, EX_USAGE);
    EXPECT_EQ(inbox(), "");
    return done.err;
  };
  EXPECT_EQ(refusal({"--tag", ""}), "attestrd submit: --tag: it is empty\n");
  EXPECT_TRUE(refusal({"--tag", std::string(2000, 'a')})
                  .starts_with("attestrd submit: --tag: \"tag\" has more than "));
  EXPECT_EQ(refusal({"--tag", "\xFF"}), "attestrd submit: --tag: it is not valid UTF-8\n");
  for (const auto* const no_time :
       {"", "tomorrow", "1e12", "99999999999999999999", "-5", "1795484591000,\"tag\":\"a\""})
    EXPECT_EQ(refusal({"--expiry", no_time}),
              "attestrd submit: --expiry: it is not a unix time in milliseconds\n");
  EXPECT_TRUE(refusal({"--expiry", "1795484591"})
                  .starts_with("attestrd submit: --expiry: \"expiry\" is not between 2010"));
}

TEST_F(CommandsTest, SubmitDoesNotNeedADaemonThatAnswers) {
  folder_.write("control.sock", "no socket");
  EXPECT_EQ(run({"submit", "--config", config_, "DS1"}).code, EX_OK);
  std::ofstream(config_, std::ios::app) << "listen = 5\n";
  const auto done = run({"submit", "--config", config_, "DS2"});
  EXPECT_EQ(done.code, EX_OK) << "[admin] is being edited";
  EXPECT_EQ(done.err, "");
}

TEST_F(CommandsTest, CommandsReadOnlyTheSectionsThatTheyNeed) {
  std::ofstream(config_, std::ios::app) << "[poll]\nmin_interval = 5\n";
  EXPECT_EQ(run({"submit", "--config", config_, "DS1"}).code, EX_OK);
  EXPECT_EQ(run({"check-config", config_}).code, EX_CONFIG);
}

TEST_F(CommandsTest, SubmitNeedsTheInbox) {
  std::filesystem::remove(folder_.path() / "inbox");
  const auto done = run({"submit", "--config", config_, "DS1"});
  EXPECT_EQ(done.code, EX_UNAVAILABLE);
  EXPECT_NE(done.err.find((folder_.path() / "inbox").string()), done.err.npos) << done.err;
}

TEST_F(CommandsTest, VerifyNamesTheFormThatHeld) {
  const auto file = write_record("DS1.json", "completed", signed_response());
  const auto done = run({"verify", "--config", config_, file});
  EXPECT_EQ(done.code, EX_OK) << done.err;
  EXPECT_EQ(done.out, file.string() + ": valid (raw)\n");
}

TEST_F(CommandsTest, VerifyReportsInvalidRecords) {
  const auto expect_invalid = [this](const std::filesystem::path& file, std::string_view why) {
    const auto done = run({"verify", "--config", config_, file});
    EXPECT_EQ(done.code, EX_DATAERR);
    EXPECT_EQ(done.out, file.string() + ": INVALID: " + std::string(why) + "\n");
  };
  expect_invalid(write_record("DS1.json", "completed", signed_response("DS1", "other")),
                 "no client secret gives the signature");
  expect_invalid(write_record("DS1.json", "rejected", signed_response("DS1", "other")),
                 "no client secret gives the signature");
  expect_invalid(write_record("DS1.json", "completed", signed_response("DS2")),
                 "the response is no answer for this id (wrong_id)");
  expect_invalid(write_record("DS9.json", "completed", signed_response()),
                 "the record is of DS1, which the file is not named after");
}

TEST_F(CommandsTest, VerifyChecksEveryFileAndReturnsTheWorst) {
  const auto archived = write_record("DS1.json", "archived", "");
  const auto broken = folder_.write("spool/broken.json", "{");
  const auto absent = folder_.path() / "spool/none.json";
  const auto done = run({"verify", "--config", config_, absent, broken, archived});
  EXPECT_EQ(done.code, EX_IOERR);
  EXPECT_EQ(done.err, absent.string() + ": can't be read: No such file or directory\n");
  EXPECT_NE(done.out.find(broken.string() + ": INVALID: "), done.out.npos) << done.out;
  EXPECT_NE(done.out.find(archived.string() + ": nothing to verify (archived)\n"), done.out.npos);

  EXPECT_EQ(run({"verify", "--config", config_, archived}).code, EX_OK);
  EXPECT_EQ(run({"verify", "--config", config_, folder_.path()}).code, EX_IOERR);
}

TEST_F(CommandsTest, VerifyPrintsNamesEscaped) {
  const auto file = folder_.write("spool/a\nDS1.json: valid (raw)", "{");
  const auto done = run({"verify", "--config", config_, file});
  EXPECT_EQ(done.code, EX_DATAERR);
  EXPECT_EQ(std::count(done.out.begin(), done.out.end(), '\n'), 1) << done.out;
  EXPECT_NE(done.out.find("spool/a\\x0aDS1.json: valid (raw): INVALID: "), done.out.npos)
      << done.out;
  const auto absent = run({"verify", "--config", config_, (folder_.path() / "b\nc").string()});
  EXPECT_NE(absent.err.find("b\\x0ac: can't be read"), absent.err.npos) << absent.err;
}

TEST_F(CommandsTest, VerifyGoesOnAfterAFileOfTerabytes) {
  const auto huge = folder_.write("spool/DS2.json", "");
  std::filesystem::resize_file(huge, std::uintmax_t{8} << 40);
  const auto file = write_record("DS1.json", "completed", signed_response());
  const auto done = run({"verify", "--config", config_, huge, file});
  EXPECT_EQ(done.code, EX_DATAERR);
  EXPECT_EQ(done.out, huge.string() + ": INVALID: it is larger than any record\n" + file.string() +
                          ": valid (raw)\n");
}

TEST_F(CommandsTest, VerifyDiagnosesOtherWaysOfSigning) {
  std::string response = signed_response();
  response.replace(response.find(R"("name":"A")"), 10, R"("name": "A")");
  const auto file = write_record("DS1.json", "rejected", response);
  const auto done = run({"verify", "--config", config_, "--diagnose", file});
  EXPECT_EQ(done.code, EX_DATAERR) << "a rejected record is not valid, whatever holds";
  EXPECT_NE(done.out.find(": method: the result, written as Java Jackson, with client secret 1 as "
                          "text\n"),
            done.out.npos)
      << done.out;
  const auto other = write_record("DS1.json", "rejected", signed_response("DS1", "other"));
  EXPECT_NE(run({"verify", "--config", config_, "--diagnose", other})
                .out.find(": no method gives the signature\n"),
            std::string::npos);
  const auto failed = write_record("DS1.json", "failed", "");
  const auto nothing = run({"verify", "--config", config_, "--diagnose", failed});
  EXPECT_EQ(nothing.code, EX_OK);
  EXPECT_NE(nothing.out.find(": no method: there is no result with a signature\n"),
            std::string::npos);
}

/// Returns the answer sealed to one recipient, as the JSON string of a record.
std::string sealed(const std::string& response, const Identity& recipient) {
  const auto sealer = OpensslSealer::make(recipient.certificate);
  std::string text = "\"";
  EXPECT_TRUE((*sealer)->seal(response, [&text](std::string_view piece) {
    for (const char c : piece) c == '\n' ? text += "\\n" : text += c;
  }));
  return text + '"';
}

TEST_F(CommandsTest, VerifyOpensASealedRecordWithAPrivateKey) {
  const CertificateAuthority authority;
  const auto recipient = authority.issue_for_key("EC");
  const auto key = folder_.write("recipient.key", recipient.key).string();
  const auto file = write_record("DS1.json", "completed", sealed(signed_response(), recipient));
  const auto verify = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"verify", "--config", config_});
    return run(std::move(words));
  };
  const auto opened = verify({"--unseal", key, file});
  EXPECT_EQ(opened.code, EX_OK) << opened.err;
  EXPECT_EQ(opened.out, file.string() + ": valid (raw)\n");
  const auto diagnosed = verify({"--unseal", key, "--diagnose", file});
  EXPECT_EQ(diagnosed.code, EX_OK);
  EXPECT_NE(diagnosed.out.find(": method: the result, written as raw"), diagnosed.out.npos)
      << diagnosed.out;
  const auto plain = write_record("DS1.json", "completed", signed_response());
  EXPECT_EQ(verify({"--unseal", key, plain}).code, EX_OK);
  const auto forged =
      write_record("DS1.json", "completed", sealed(signed_response("DS1", "other"), recipient));
  const auto invalid = verify({"--unseal", key, forged});
  EXPECT_EQ(invalid.code, EX_DATAERR);
  EXPECT_EQ(invalid.out, forged.string() + ": INVALID: no client secret gives the signature\n");
}

TEST_F(CommandsTest, VerifyNeedsTheRightKeyForASealedRecord) {
  const CertificateAuthority authority;
  const auto recipient = authority.issue_for_key("EC");
  const auto file = write_record("DS1.json", "completed", sealed(signed_response(), recipient));
  const auto locked = run({"verify", "--config", config_, file});
  EXPECT_EQ(locked.code, EX_DATAERR);
  EXPECT_TRUE(locked.out.starts_with(file.string() + ": SEALED: its answer is encrypted"))
      << locked.out;
  EXPECT_NE(locked.out.find("--unseal"), locked.out.npos);
  const auto undiagnosed = run({"verify", "--config", config_, "--diagnose", file});
  EXPECT_NE(undiagnosed.out.find(": no method: "), undiagnosed.out.npos) << undiagnosed.out;

  const auto other = folder_.write("other.key", authority.issue_for_key("EC").key).string();
  const auto wrong = run({"verify", "--config", config_, "--unseal", other, file});
  EXPECT_EQ(wrong.code, EX_DATAERR);
  EXPECT_TRUE(wrong.out.starts_with(file.string() + ": SEALED: this private key does not open it"))
      << wrong.out;
  const auto none = folder_.write("none.key", recipient.certificate).string();
  const auto no_key = run({"verify", "--config", config_, "--unseal", none, file});
  EXPECT_EQ(no_key.code, EX_DATAERR);
  EXPECT_TRUE(no_key.err.starts_with(none + ": holds no private key in PEM")) << no_key.err;
  const auto absent = (folder_.path() / "absent.key").string();
  const auto unread = run({"verify", "--config", config_, "--unseal", absent, file});
  EXPECT_EQ(unread.code, EX_IOERR);
  EXPECT_EQ(unread.err, absent + ": can't be read: No such file or directory\n");
}

TEST_F(CommandsTest, CheckConfigCountsTheRecipients) {
  const CertificateAuthority authority;
  folder_.write("recipients.pem", authority.issue_for_key("EC").certificate +
                                      authority.issue_for_key("EC", -7200, -3600).certificate);
  folder_.write("attestrd.toml",
                TemporaryFolder::read(config_) + "[spool]\nseal_to = \"recipients.pem\"\n");
  const auto done = run({"check-config", config_});
  EXPECT_EQ(done.code, EX_OK) << done.err;
  EXPECT_EQ(done.out, config_ + ": ok\nAnswers are encrypted to 2 recipients (spool.seal_to).\n");
  EXPECT_TRUE(done.err.starts_with("warning: " + (folder_.path() / "recipients.pem").string() +
                                   ": certificate 2 has expired"))
      << done.err;
  std::filesystem::remove(folder_.path() / "recipients.pem");
  const auto fault = run({"check-config", config_});
  EXPECT_EQ(fault.code, EX_CONFIG);
  EXPECT_NE(fault.err.find("recipients.pem: can't be read: No such file or directory"),
            fault.err.npos)
      << fault.err;
}

TEST_F(CommandsTest, CheckConfigAcceptsAValidConfiguration) {
  const auto done = run({"check-config", config_});
  EXPECT_EQ(done.code, EX_OK) << done.err;
  EXPECT_EQ(done.out, config_ + ": ok\n");
}

TEST_F(CommandsTest, CheckConfigNamesEachFault) {
  folder_.write("auth-token", "token\n", 0644);
  std::filesystem::remove(folder_.path() / "inbox");
  const auto done = run({"check-config", config_});
  EXPECT_EQ(done.code, EX_CONFIG);
  EXPECT_EQ(done.out, "");
  EXPECT_NE(done.err.find("auth-token: its mode is 0644"), done.err.npos) << done.err;
  EXPECT_NE(done.err.find("/inbox: No such file or directory (paths.inbox)\n"), done.err.npos)
      << done.err;

  folder_.write("attestrd.toml", "[api]\nca_file = \"client-secret\"\nurl = 3\n");
  EXPECT_EQ(run({"check-config", config_}).code, EX_CONFIG);
}

TEST_F(CommandsTest, CheckConfigWarnsOfAQuotedSecret) {
  folder_.write("client-secret", "\"s3cret\"\n");
  const auto done = run({"check-config", config_});
  EXPECT_EQ(done.code, EX_OK);
  EXPECT_EQ(done.err, "warning: " + (folder_.path() / "client-secret").string() +
                          ": secret 1 is in quotes, which are taken for a part of it\n");
}

TEST_F(CommandsTest, CheckConfigRefusesALinkForTheInbox) {
  const auto inbox = folder_.path() / "inbox";
  std::filesystem::rename(inbox, folder_.path() / "elsewhere");
  std::filesystem::create_directory_symlink("elsewhere", inbox);
  const auto done = run({"check-config", config_});
  EXPECT_EQ(done.code, EX_CONFIG);
  EXPECT_EQ(done.err, inbox.string() + ": is a link: name the folder itself (paths.inbox)\n");
}

TEST_F(CommandsTest, CheckConfigReadsTheCertificates) {
  folder_.write("attestrd.toml", "[api]\nca_file = \"client-secret\"\n");
  const auto done = run({"check-config", config_});
  EXPECT_EQ(done.code, EX_CONFIG);
  EXPECT_NE(done.err.find("client-secret: holds no certificate in PEM that can be read"),
            done.err.npos)
      << done.err;
}

TEST_F(CommandsTest, StatusNeedsADaemonOrAQueue) {
  const auto done = run({"status", "--config", config_});
  EXPECT_EQ(done.code, EX_UNAVAILABLE);
  EXPECT_EQ(done.err, (folder_.path() / "queue.db").string() +
                          ": there is no queue; has the daemon ever run?\n");
}

TEST_F(CommandsTest, StatusReadsTheQueueOfADaemonThatDoesNotRun) {
  submit_to_queue({"DS1", "DS2"});
  const auto text = run({"status", "--config", config_});
  EXPECT_EQ(text.code, EX_UNAVAILABLE) << "no daemon runs";
  EXPECT_EQ(text.err, "");
  EXPECT_TRUE(
      text.out.starts_with("attestrd              not running\n"
                           "pending               2\n"))
      << text.out;
  const auto json = run({"status", "--config", config_, "--json"});
  EXPECT_TRUE(json.out.starts_with(R"({"daemon":"not running",)")) << json.out;
  EXPECT_NE(json.out.find(R"("pending":2,)"), json.out.npos) << json.out;
  EXPECT_EQ(json.out.find("DS1"), json.out.npos);
}

TEST_F(CommandsTest, StatusCountsTheFilesOfTheInboxWithoutADaemonToo) {
  submit_to_queue({"DS1"});
  folder_.write("inbox/batch", "DS2\n");
  folder_.write("inbox/DS3", "");
  folder_.write("inbox/.hidden", "");
  folder_.write("inbox/.claimed/1-other", "");
  const auto text = run({"status", "--config", config_});
  EXPECT_NE(text.out.find("inbox files           2, and 1 claimed\n"), text.out.npos) << text.out;
  std::filesystem::remove_all(folder_.path() / "inbox");
  const auto json = run({"status", "--config", config_, "--json"});
  EXPECT_NE(json.out.find(R"("inbox_files":null,)"), json.out.npos) << json.out;
}

TEST_F(CommandsTest, AReaderOfTheQueueLeavesNoFile) {
  const auto path = (folder_.path() / "queue.db").string();
  const auto names = [this] {
    std::set<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path()))
      all.insert(entry.path().filename().string());
    return all;
  };
  submit_to_queue({"DS1"});
  auto before = names();
  EXPECT_NE(run({"status", "--config", config_}).out.find("pending               1\n"),
            std::string::npos);
  EXPECT_EQ(run({"list", "--config", config_}).code, EX_OK);
  EXPECT_EQ(names(), before);
  // A daemon that was killed leaves its log, too.
  std::filesystem::rename(path, path + ".old");
  {
    const auto queue = SqliteQueue::open(path);
    QueueBatch batch;
    for (const auto* id : {"DS2", "DS3"})
      batch.submissions.push_back({*HandshakeId::parse(id), "", {}});
    ASSERT_TRUE((*queue)->write(batch, Wall{}));
    for (const auto* ending : {"", "-wal"})
      std::filesystem::copy(path + ending, path + ".killed" + ending);
  }
  for (const auto* ending : {"", "-wal"})
    std::filesystem::rename(path + ".killed" + ending, path + ending);
  before = names();
  const auto done = run({"status", "--config", config_});
  EXPECT_NE(done.out.find("pending               2\n"), done.out.npos) << done.out << done.err;
  EXPECT_EQ(names(), before);
}

TEST_F(CommandsTest, StatusReportsADaemonThatDoesNotAnswer) {
  submit_to_queue({"DS1"});
  const auto lock = FileLock::acquire((folder_.path() / "queue.db.lock").string());
  ASSERT_TRUE(lock);
  const auto done = run({"status", "--config", config_});
  EXPECT_EQ(done.code, EX_UNAVAILABLE);
  EXPECT_TRUE(done.err.starts_with("the daemon runs, but does not answer on admin.socket (" +
                                   (folder_.path() / "control.sock").string() + "): "))
      << done.err;
}

TEST_F(CommandsTest, ExplainReadsTheQueueOfADaemonThatDoesNotRun) {
  submit_to_queue({"DS1", "DS2"});
  const auto text = run({"explain", "--config", config_, "DS1"});
  EXPECT_EQ(text.code, EX_OK) << text.err;
  EXPECT_TRUE(text.out.starts_with("DS1 is pending, and waits until a daemon runs.\n")) << text.out;
  const auto json = run({"explain", "--config", config_, "DS1", "--json"});
  EXPECT_EQ(json.code, EX_OK) << json.err;
  EXPECT_NE(json.out.find(R"("state":"pending")"), json.out.npos) << json.out;
}

TEST_F(CommandsTest, ListReadsTheQueueOfADaemonThatDoesNotRun) {
  submit_to_queue({"DS1", "DS2"});
  const auto text = run({"list", "--config", config_});
  EXPECT_EQ(text.code, EX_OK);
  EXPECT_EQ(text.err, kNoDaemon);
  EXPECT_TRUE(text.out.starts_with("ID ")) << text.out;
  EXPECT_NE(text.out.find("\nDS2                   waiting "), text.out.npos) << text.out;
  EXPECT_EQ(run({"list", "--config", config_, "--no-header", "--limit", "1"}).out.substr(0, 4),
            "DS1 ");
  const auto json = run({"list", "--config", config_, "--json", "--state", "waiting"});
  EXPECT_TRUE(json.out.starts_with(R"({"id":"DS1","time":")")) << json.out;
  EXPECT_NE(json.out.find(R"("state":"waiting","waits_for":"daemon",)"), json.out.npos) << json.out;
  EXPECT_EQ(run({"list", "--config", config_, "--json", "--state", "held"}).out, "");
}

TEST_F(CommandsTest, ListNeedsADaemonForWhatOnlyItKnows) {
  submit_to_queue({"DS1"});
  for (const auto& [flag, value] : std::initializer_list<std::pair<const char*, const char*>>{
           {"--state", "due"}, {"--state", "polling"}, {"--sort", "due"}}) {
    const auto done = run({"list", "--config", config_, flag, value});
    EXPECT_EQ(done.code, EX_UNAVAILABLE);
    EXPECT_EQ(done.out, "");
    EXPECT_NE(done.err.find(std::string("only a daemon knows ") + flag + " " + value + "\n"),
              done.err.npos)
        << done.err;
  }
}

TEST_F(CommandsTest, AgesCountsTheQueueOfADaemonThatDoesNotRun) {
  submit_to_queue({"DS1", "DS2"});
  const auto text = run({"ages", "--config", config_});
  EXPECT_EQ(text.code, EX_OK);
  EXPECT_EQ(text.err, kNoDaemon);
  EXPECT_TRUE(text.out.starts_with("AGE     TOTAL   HELD\n1m          0      0\n")) << text.out;
  EXPECT_TRUE(text.out.ends_with("more        2      0\nall         2      0\n")) << text.out;
  const auto json = run({"ages", "--config", config_, "--json"});
  EXPECT_TRUE(json.out.starts_with(R"({"age_up_to_s":60,"total":0,"held":0})")) << json.out;
}

TEST_F(CommandsTest, ExplainFindsATagInTheQueueOfADaemonThatDoesNotRun) {
  submit_to_queue({"DS1", "DS2"}, "7");
  const auto several = run({"explain", "--config", config_, "--tag", "7"});
  EXPECT_EQ(several.code, EX_DATAERR);
  EXPECT_EQ(several.err, std::string(kNoDaemon) +
                             "DS1\nDS2\n2 handshakes have this tag: give an id, or --all\n");
  const auto all = run({"explain", "--config", config_, "--tag", "7", "--all", "--json"});
  EXPECT_EQ(all.code, EX_OK);
  EXPECT_EQ(std::ranges::count(all.out, '\n'), 2);
  EXPECT_EQ(run({"explain", "--config", config_, "--tag", "8"}).code, EX_UNAVAILABLE);
}

TEST_F(CommandsTest, AListNeedsADaemonOrAQueue) {
  for (const auto* const command : {"list", "ages"}) {
    const auto done = run({command, "--config", config_});
    EXPECT_EQ(done.code, EX_UNAVAILABLE);
    EXPECT_EQ(std::ranges::count(done.err, '\n'), 1);
    EXPECT_NE(done.err.find("there is no queue"), done.err.npos) << done.err;
  }
}

TEST_F(CommandsTest, ExplainReportsAnUnknownId) {
  submit_to_queue({"DS1"});
  const auto text = run({"explain", "--config", config_, "DSnobody"});
  EXPECT_EQ(text.code, EX_UNAVAILABLE);
  EXPECT_EQ(text.out, "");
  EXPECT_TRUE(text.err.starts_with("DSnobody is not known: ")) << text.err;
  const auto json = run({"explain", "--config", config_, "DSnobody", "--json"});
  EXPECT_EQ(json.code, EX_UNAVAILABLE);
  EXPECT_NE(json.out.find(R"("state":"unknown")"), json.out.npos) << json.out;
  EXPECT_EQ(run({"explain", "--config", config_, "no/id"}).code, EX_DATAERR);
  EXPECT_EQ(run({"explain", "--config", config_}).code, EX_USAGE);
}

TEST_F(CommandsTest, ExplainNeedsADaemonOrAQueue) {
  const auto done = run({"explain", "--config", config_, "DS1"});
  EXPECT_EQ(done.code, EX_UNAVAILABLE);
  EXPECT_NE(done.err.find("there is no queue; has the daemon ever run?"), done.err.npos);
}

TEST_F(CommandsTest, VersionBeginsWithThatOfTheProgram) {
  const auto done = run({"version"});
  EXPECT_EQ(done.code, EX_OK);
  EXPECT_TRUE(done.out.starts_with("attestrd " ATTESTRD_VERSION "\n")) << done.out;
}

TEST_F(CommandsTest, AMissingConfigurationIsNamed) {
  for (const auto* command : {"submit", "status", "verify"}) {
    const auto done = run({command, "--config", "/nowhere/c.toml",
                           std::string(command) == "status" ? "--json" : "DS1"});
    EXPECT_EQ(done.code, EX_CONFIG);
    EXPECT_TRUE(done.err.starts_with("/nowhere/c.toml: can't read the configuration")) << done.err;
  }
}

}  // namespace
}  // namespace attestrd
