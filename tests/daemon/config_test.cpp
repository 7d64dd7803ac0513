#include "daemon/config/config.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <string_view>

#include "daemon/config/settings.h"
#include "temporary_folder.h"

namespace attestrd {
namespace {

using namespace std::chrono_literals;

Result<Config> parse(std::string_view text) { return parse_config(text, "/etc/a/c.toml"); }

std::string complaint_about(std::string_view text) {
  const auto config = parse(text);
  return config ? "no complaint" : config.error().message;
}

TEST(Config, AnEmptyFileGivesTheDefaults) {
  Config defaults;
  defaults.folder = "/etc/a";
  const auto config = parse("");
  ASSERT_TRUE(config);
  EXPECT_EQ(*config, defaults);
}

TEST(Config, TheExampleEqualsTheDefaults) {
  auto example = load_config(ATTESTRD_CONFIG_EXAMPLE);
  ASSERT_TRUE(example) << example.error().message;
  example->folder.clear();
  EXPECT_EQ(*example, Config{});
}

TEST(Config, TheExampleHasEverySettingWithItsDefault) {
  std::string expected, section;
  for (const Setting& setting : settings()) {
    if (setting.section() != section) expected += "[" + std::string(setting.section()) + "]\n";
    section = setting.section();
    expected += setting.name.substr(section.size() + 1) + " = " + setting.literal({}) + "\n";
  }
  std::istringstream example(TemporaryFolder::read(ATTESTRD_CONFIG_EXAMPLE));
  std::string lines;
  for (std::string line; std::getline(example, line);)
    if (!line.empty() && !line.starts_with('#')) lines += line + "\n";
  EXPECT_EQ(lines, expected);
}

TEST(Config, AReloadRefusesSettingsThatNeedARestart) {
  const auto complaint = [](std::string_view text) {
    const auto checked = check_reload(*parse(""), *parse(text));
    return checked ? "none" : checked.error().message;
  };
  const std::string refusal = " can't change while running; restart attestrd";
  EXPECT_EQ(complaint("[paths]\ninbox = \"/in\""), "paths.inbox" + refusal);
  EXPECT_EQ(complaint("[paths]\nqueue = \"/q\""), "paths.queue" + refusal);
  EXPECT_EQ(complaint("[paths]\nspool = \"/s\""), "paths.spool" + refusal);
  EXPECT_EQ(complaint("[admin]\nsocket = \"\""), "admin.socket" + refusal);
  EXPECT_EQ(complaint("[paths]\nspool = \"/s\"\n[admin]\nlisten = \"[::1]:1\""),
            "paths.spool and admin.listen" + refusal);
  EXPECT_EQ(complaint("[paths]\ntombstone_days = 3\n[api]\nurl = \"https://b.test\""), "none");
}

TEST(Config, ListsTheChangedSettings) {
  EXPECT_EQ(changed_settings(*parse(""), *parse("")), std::vector<std::string>());
  EXPECT_EQ(changed_settings(*parse(""), *parse("[poll]\nmin_interval = \"5s\"\n"
                                                "[api]\nconnections = 3")),
            (std::vector<std::string>{"api.connections = 3", "poll.min_interval = \"5s\""}));
}

TEST(Config, IgnoresFaultsOfSectionsThatAreNotNeeded) {
  const auto* const text = "[poll]\nmin_interval = 5\n[pol]\n[admin]\nsocket = \"/s\"";
  EXPECT_FALSE(parse_config(text, "/etc/a.toml"));
  const auto config = parse_config(text, "/etc/a.toml", {"admin"});
  ASSERT_TRUE(config);
  EXPECT_EQ(config->admin.socket, "/s");
  EXPECT_FALSE(parse_config(text, "/etc/a.toml", {"poll"}));
}

constexpr std::string_view kEverySetting = R"(
[api]
url = "https://sim.test:8443"
version = "v2"
auth_token_file = "t"
client_secret_file = "../s"
ca_file = "ca.pem"
connections = 4096
requests_per_second = 0
daily_requests = 1_000_000_000
connect_timeout = "1s"
request_timeout = "5m"
max_response = 65536
answer_memory = "1MiB"
proxy = "http://Proxy.test:3128/"
proxy_auth_file = "p"
source_address = "2001:DB8:0::1"
[signature]
form = "stringify"
signature_attempts = 1
repeats = "deliver"
[poll]
cadence = "exponential"
min_interval = "10ms"
max_interval = "10ms"
backoff_factor = 2
give_up_after = "7d"
expiry_grace = "0s"
unknown_grace = "1m"
witness_time = "2m"
shutdown_grace = "1ms"
[paths]
inbox = "in/"
queue = "q/../queue.db"
spool = "/var/out"
tombstone_days = 1

[spool]
max_waiting = 1000
keep_days = 90
seal_to = "recipients.pem"
[log]
level = "debug"
format = "text"
[admin]
listen = "[::1]:9464"
socket = ""
)";

TEST(Config, ReadsEverySetting) {
  const auto config = parse(kEverySetting);
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->api.url, (Endpoint{"sim.test", 8443}));
  EXPECT_EQ(config->api.version, "v2");
  EXPECT_EQ(config->api.auth_token_file, "t");
  EXPECT_EQ(config->api.client_secret_file, "../s");
  EXPECT_EQ(config->api.ca_file, "/etc/a/ca.pem");
  EXPECT_EQ(config->api.connections, 4096u);
  EXPECT_EQ(config->api.requests_per_second, 0);
  EXPECT_EQ(config->api.daily_requests, 1'000'000'000u);
  EXPECT_EQ(config->api.connect_timeout, 1s);
  EXPECT_EQ(config->api.request_timeout, 5min);
  EXPECT_EQ(config->api.max_response_bytes, 65536u);
  EXPECT_EQ(config->api.answer_memory_bytes, 1048576u);
  EXPECT_EQ(config->api.proxy, (Endpoint{"proxy.test", 3128}));
  EXPECT_EQ(config->api.proxy_auth_file, "p");
  EXPECT_EQ(config->api.source_address, "2001:db8::1");
  EXPECT_EQ(config->signature.form, SigningFormPolicy::stringify);
  EXPECT_EQ(config->signature.signature_attempts, 1u);
  EXPECT_EQ(config->signature.repeats, RepeatPolicy::deliver);
  EXPECT_EQ(config->poll.cadence, CadenceKind::exponential);
  EXPECT_EQ(config->poll.min_interval, 10ms);
  EXPECT_EQ(config->poll.max_interval, 10ms);
  EXPECT_EQ(config->poll.backoff_factor, 2);
  EXPECT_EQ(config->poll.give_up_after, 168h);
  EXPECT_EQ(config->poll.expiry_grace, 0s);
  EXPECT_EQ(config->poll.unknown_grace, 1min);
  EXPECT_EQ(config->poll.witness_time, 2min);
  EXPECT_EQ(config->poll.shutdown_grace, 1ms);
  EXPECT_EQ(config->paths.inbox, "/etc/a/in");
  EXPECT_EQ(config->paths.queue, "/etc/a/queue.db");
  EXPECT_EQ(config->paths.spool, "/var/out");
  EXPECT_EQ(config->paths.tombstone_days, 1u);
  EXPECT_EQ(config->spool.max_waiting, 1000u);
  EXPECT_EQ(config->spool.keep_days, 90u);
  EXPECT_EQ(config->spool.seal_to, "/etc/a/recipients.pem");
  EXPECT_EQ(config->log.level, Level::debug);
  EXPECT_EQ(config->log.format, LogFormat::text);
  EXPECT_EQ(config->admin.listen,
            (boost::asio::ip::tcp::endpoint{boost::asio::ip::make_address("::1"), 9464}));
  EXPECT_TRUE(config->admin.socket.empty());
}

struct Fault {
  std::string_view text;
  std::string_view complaint;

  /// Prints the key at fault, which is the first quoted text of the complaint.
  friend void PrintTo(const Fault& fault, std::ostream* out) {
    const auto quoted = fault.complaint.find('\'') + 1;
    *out << fault.complaint.substr(quoted, fault.complaint.find('\'', quoted) - quoted);
  }
};

class ConfigFault : public testing::TestWithParam<Fault> {};

TEST_P(ConfigFault, IsNamed) {
  EXPECT_EQ(complaint_about(GetParam().text), "/etc/a/c.toml:" + std::string(GetParam().complaint));
}

INSTANTIATE_TEST_SUITE_P(
    Names, ConfigFault,
    testing::Values(
        Fault{"[poll]\nmin_intervall = \"2s\"",
              "2: key 'poll.min_intervall' is unknown; did you mean 'poll.min_interval'?"},
        Fault{"poll.mni_interval = \"2s\"",
              "1: key 'poll.mni_interval' is unknown; did you mean 'poll.min_interval'?"},
        Fault{"[api]\nfrobnicate_the_whole_thing = 1",
              "2: key 'api.frobnicate_the_whole_thing' is unknown"},
        Fault{"\n[pol]\nmin_interval = \"2s\"",
              "2: section '[pol]' is unknown; did you mean '[poll]'?"},
        Fault{"connections = 3", "1: section '[connections]' is unknown"},
        Fault{"poll = 3", "1: 'poll' must be a section, written [poll]"},
        Fault{"[api]\nurl = \"https://a.test\"\nurl = \"https://b.test\"",
              "3: not TOML: Error while parsing key-value pair: cannot redefine existing string "
              "'url'"}));

INSTANTIATE_TEST_SUITE_P(
    Values, ConfigFault,
    testing::Values(
        Fault{"[api]\nconnections = 0",
              "2: key 'api.connections' must be a whole number from 1 to 4096, not 0"},
        Fault{"[api]\nconnections = 4097",
              "2: key 'api.connections' must be a whole number from 1 to 4096, not 4097"},
        Fault{"[api]\nconnections = 3.0",
              "2: key 'api.connections' must be a whole number from 1 to 4096, not 3"},
        Fault{"[api]\nconnections = \"3\"",
              "2: key 'api.connections' must be a whole number from 1 to 4096, not \"3\""},
        Fault{"[api]\nrequests_per_second = -1",
              "2: key 'api.requests_per_second' must be a number from 0 to 100000, not -1"},
        Fault{"[api]\nrequests_per_second = nan",
              "2: key 'api.requests_per_second' must be a number from 0 to 100000, not nan"},
        Fault{"[api]\nrequests_per_second = inf",
              "2: key 'api.requests_per_second' must be a number from 0 to 100000, not inf"},
        Fault{"[api]\nrequests_per_second = true",
              "2: key 'api.requests_per_second' must be a number from 0 to 100000, not true"},
        Fault{"[api]\ndaily_requests = -1",
              "2: key 'api.daily_requests' must be a whole number from 0 to 1000000000, not -1"},
        Fault{"[api]\ndaily_requests = 1.5",
              "2: key 'api.daily_requests' must be a whole number from 0 to 1000000000, not 1.5"},
        Fault{"[poll]\nbackoff_factor = 1",
              "2: key 'poll.backoff_factor' must be a number from 1.01 to 100, not 1"},
        Fault{"[poll]\nmin_interval = 2",
              "2: key 'poll.min_interval' must be a duration from 10ms to 30d (as in \"10ms\", "
              "\"2s\", \"5m\", \"25h\", \"7d\"), not 2"},
        Fault{"[poll]\nmin_interval = \"9ms\"",
              "2: key 'poll.min_interval' must be a duration from 10ms to 30d (as in \"10ms\", "
              "\"2s\", \"5m\", \"25h\", \"7d\"), not \"9ms\""},
        Fault{"[poll]\nmin_interval = 07:32:00",
              "2: key 'poll.min_interval' must be a duration from 10ms to 30d (as in \"10ms\", "
              "\"2s\", \"5m\", \"25h\", \"7d\"), not a date or a time"},
        Fault{"[api]\nmax_response = \"2GiB\"",
              "2: key 'api.max_response' must be a size from 1KiB to 256MiB (as in \"64KiB\", "
              "\"16MiB\", \"1GiB\"), not \"2GiB\""},
        Fault{"[api]\nmax_response = -5",
              "2: key 'api.max_response' must be a size from 1KiB to 256MiB (as in \"64KiB\", "
              "\"16MiB\", \"1GiB\"), not -5"},
        Fault{"[api]\nversion = \"../v1\"",
              "2: key 'api.version' must be a version such as \"v1\", not \"../v1\""},
        Fault{"[api]\nurl = \"http://a.test\"",
              "2: key 'api.url' is not usable: must begin with https://"},
        Fault{"[api]\nproxy = \"https://u:secret@p:1\"",
              "2: key 'api.proxy' is not usable: must begin with http://: the tunnel through the "
              "proxy is encrypted"},
        Fault{"[api]\nproxy = \"http://u:secret@p:1\"",
              "2: key 'api.proxy' is not usable: must not hold a user or a password; these belong "
              "in api.proxy_auth_file"},
        Fault{"[api]\nproxy = 3128",
              "2: key 'api.proxy' must be a URL such as \"http://proxy.example.com:3128\", or \"\" "
              "for none, not 3128"},
        Fault{"[api]\nsource_address = \"eth0\"",
              "2: key 'api.source_address' must be an IP address of this host (as in "
              "\"192.0.2.1\", \"2001:db8::1\"), or \"\" for any, not \"eth0\""},
        Fault{"[api]\nsource_address = \"0.0.0.0\"",
              "2: key 'api.source_address' must be an IP address of this host (as in "
              "\"192.0.2.1\", \"2001:db8::1\"), or \"\" for any, not \"0.0.0.0\""},
        Fault{"[api]\nsource_address = \"::ffff:192.0.2.1\"",
              "2: key 'api.source_address' must be an IP address of this host (as in "
              "\"192.0.2.1\", \"2001:db8::1\"), or \"\" for any, not \"::ffff:192.0.2.1\""},
        Fault{"[api]\nsource_address = \"fe80::1\"",
              "2: key 'api.source_address' must be an IP address of this host (as in "
              "\"192.0.2.1\", \"2001:db8::1\"), or \"\" for any, not \"fe80::1\""},
        Fault{"[spool]\nmax_waiting = -1",
              "2: key 'spool.max_waiting' must be a whole number from 0 to 1000000000, not -1"},
        Fault{"[api]\nauth_token_file = \"\"",
              "2: key 'api.auth_token_file' must be the name of a file, which holds the secret, "
              "not \"\""},
        Fault{"[signature]\nform = \"Raw\"",
              "2: key 'signature.form' must be \"auto\" or \"raw\" or \"compact\" or "
              "\"stringify\", not \"Raw\""},
        Fault{"[paths]\ninbox = \"\"", "2: key 'paths.inbox' must be a path, not \"\""},
        Fault{"[paths]\ninbox = \"a\\u0000b\"",
              "2: key 'paths.inbox' must be a path, not a text with control characters"},
        Fault{"[paths]\ninbox = [1]", "2: key 'paths.inbox' must be a path, not an array"},
        Fault{"[admin]\nlisten = \"localhost:9464\"",
              "2: key 'admin.listen' must be an address and a port (as in \"127.0.0.1:9464\", "
              "\"[::1]:9464\"), or \"\" for none, not \"localhost:9464\""},
        Fault{"[admin]\nlisten = \"::1:9464\"",
              "2: key 'admin.listen' must be an address and a port (as in \"127.0.0.1:9464\", "
              "\"[::1]:9464\"), or \"\" for none, not \"::1:9464\""},
        Fault{"[admin]\nhost_names = [\"a.example:80\"]",
              "2: key 'admin.host_names' must be a list of names of hosts, without ports (as in "
              "[\"monitor.example.com\"]), not \"a.example:80\""},
        Fault{"[admin]\nhost_names = \"a.example\"",
              "2: key 'admin.host_names' must be a list of names of hosts, without ports (as in "
              "[\"monitor.example.com\"]), not \"a.example\""}));

INSTANTIATE_TEST_SUITE_P(
    Relations, ConfigFault,
    testing::Values(
        Fault{"[poll]\nmax_interval = \"30m\"\nmin_interval = \"1h\"",
              "3: key 'poll.min_interval' (1h) must not be longer than 'poll.max_interval' (30m)"},
        Fault{"[api]\nrequest_timeout = \"1s\"",
              "1: key 'api.connect_timeout' (5s) must not be longer than 'api.request_timeout' "
              "(1s)"},
        Fault{"[api]\nanswer_memory = \"8MiB\"",
              "2: key 'api.answer_memory' (8MiB) must not be smaller than 'api.max_response' "
              "(16MiB)"},
        Fault{"[api]\nmax_response = \"256MiB\"\nanswer_memory = \"255MiB\"",
              "3: key 'api.answer_memory' (255MiB) must not be smaller than 'api.max_response' "
              "(256MiB)"},
        Fault{"[api]\nproxy_auth_file = \"p\"", "2: key 'api.proxy_auth_file' needs 'api.proxy'"},
        Fault{"[paths]\ninbox = \"/s\"\nspool = \"/s/\"",
              "2: key 'paths.inbox' (/s) must be a folder of its own, not one of the spool's"},
        Fault{"[paths]\nspool = \"/s\"\ninbox = \"/s/results/\"",
              "3: key 'paths.inbox' (/s/results) must be a folder of its own, not one of the "
              "spool's"}));

TEST(Config, ReportsEachFaultInOneEscapedLine) {
  EXPECT_EQ(complaint_about("[api]\n\"a\\nb\" = 1\n[\"\\u001b[31m\"]\n"),
            "/etc/a/c.toml:2: key 'api.a\\x0ab' is unknown\n"
            "/etc/a/c.toml:3: section '[\\x1b[31m]' is unknown");
}

TEST(Config, NamesAllFaultsInTheOrderOfTheFile) {
  EXPECT_EQ(complaint_about("[poll]\nmin_interval = 2\n[log]\nlevle = \"info\"\n[api]\n"
                            "connections = 0\n"),
            "/etc/a/c.toml:2: key 'poll.min_interval' must be a duration from 10ms to 30d (as in "
            "\"10ms\", \"2s\", \"5m\", \"25h\", \"7d\"), not 2\n"
            "/etc/a/c.toml:4: key 'log.levle' is unknown; did you mean 'log.level'?\n"
            "/etc/a/c.toml:6: key 'api.connections' must be a whole number from 1 to 4096, not 0");
}

TEST(Config, RelativePathsAreRelativeToTheFolderOfTheFile) {
  const auto config = parse(
      "[paths]\ninbox = \"in\"\nqueue = \"../q.db\"\nspool = \"/out\"\n"
      "[api]\nca_file = \"ca.pem\"");
  ASSERT_TRUE(config);
  EXPECT_EQ(config->paths.inbox, "/etc/a/in");
  EXPECT_EQ(config->paths.queue, "/etc/q.db");
  EXPECT_EQ(config->paths.spool, "/out");
  EXPECT_EQ(config->api.ca_file, "/etc/a/ca.pem");
  EXPECT_EQ(queue_lock_file(*config), "/etc/q.db.lock");
}

TEST(Config, AFileThatCannotBeReadIsNamed) {
  const TemporaryFolder folder;
  const auto absent = load_config(folder.path() / "none.toml");
  ASSERT_FALSE(absent);
  EXPECT_EQ(absent.error().code, Errc::invalid_config);
  EXPECT_EQ(absent.error().message, (folder.path() / "none.toml").string() +
                                        ": can't read the configuration: No such file or "
                                        "directory");
  const auto directory = load_config(folder.path());
  ASSERT_FALSE(directory);
  EXPECT_EQ(directory.error().message,
            folder.path().string() + ": can't read the configuration: Is a directory");
}

}  // namespace
}  // namespace attestrd
