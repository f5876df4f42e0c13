#include "clients/verbs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <regex>
#include <set>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "clients/fake_daemon.h"

namespace abcds {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

struct Result {
  int code = -1;
  std::string out;
  std::string err;
};

Result Ctl(const std::vector<std::string>& arguments, const std::string& address = "") {
  std::ostringstream out;
  std::ostringstream err;
  const int code = RunCommand(arguments, {.address = address, .out = out, .err = err});
  return {code, out.str(), err.str()};
}

// What each command line asks of the daemon.
struct RequestCase {
  const char* name;
  std::vector<std::string> arguments;
  const char* request;
};

class RequestTest : public testing::TestWithParam<RequestCase> {};

TEST_P(RequestTest, ReachesTheDaemon) {
  FakeDaemon daemon;
  const Result result = Ctl(GetParam().arguments, daemon.address());
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(daemon.requests(), ElementsAre(GetParam().request));
  EXPECT_THAT(result.err, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Verbs, RequestTest,
    testing::Values(RequestCase{"Status", {"status"}, "GetState "},
                    RequestCase{"WatchAsksForItsInterval",
                                {"watch", "--interval", "200ms", "--count", "2"},
                                "WatchState min_interval { nanos: 200000000 }"},
                    RequestCase{"EnableCharger", {"enable", "charger"}, "SetChargerEnabled enabled: true"},
                    RequestCase{"DisableDischarger", {"disable", "discharger"}, "SetDischargerEnabled enabled: false"},
                    RequestCase{"TargetLeavesTheLeaseToTheDaemon", {"target", "200"}, "SetTarget target_w: 200"},
                    RequestCase{"NegativeTargetWithLease",
                                {"target", "-0.3kW", "--lease", "10m"},
                                "SetTarget target_w: -300 lease { seconds: 600 }"},
                    RequestCase{"ModeAutomatic", {"mode", "automatic"}, "SetMode mode: MODE_AUTOMATIC"},
                    RequestCase{
                        "ModeIdle", {"mode", "idle", "--lease=2h"}, "SetMode mode: MODE_IDLE lease { seconds: 7200 }"},
                    RequestCase{"ModeObserve", {"mode", "observe"}, "SetMode mode: MODE_OBSERVE"},
                    RequestCase{"ModeChargeOnly", {"mode", "charge-only"}, "SetMode mode: MODE_CHARGE_ONLY"},
                    RequestCase{"ModeDischargeOnly", {"mode", "discharge-only"}, "SetMode mode: MODE_DISCHARGE_ONLY"},
                    RequestCase{"ModeForced",
                                {"mode", "forced", "--power", "-500W", "--until-soc", "40%", "--lease", "1h30m"},
                                "SetMode mode: MODE_FORCED power_w: -500 until_soc_ratio: 0.4 lease { seconds: 5400 }"},
                    RequestCase{"ClearOne",
                                {"clear-fault", "converter_silent", "--device", "inverter"},
                                "ClearFault id: \"converter_silent\" device: \"inverter\""},
                    RequestCase{"OptionsMayComeFirst", {"--json", "--timeout", "2s", "status"}, "GetState "}),
    [](const auto& info) { return info.param.name; });

TEST(ClearFaultTest, WithoutALatchedFaultThereIsNothingToClear) {
  FakeDaemon daemon;
  const Result result = Ctl({"clear-fault"}, daemon.address());
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(result.out, "No fault is latched; nothing to clear.\n");
  EXPECT_THAT(daemon.requests(), ElementsAre("GetState "));
}

TEST(ClearFaultTest, SaysWhatStays) {
  FakeDaemon daemon;
  daemon.Latch("meter_disagrees");
  daemon.Latch("circulation");
  const Result result = Ctl({"clear-fault"}, daemon.address());
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_THAT(result.out, StartsWith("Cleared what can be; still latched, as the cause is still there: meter_disagrees, "
                                     "circulation. Now: "));
  EXPECT_THAT(daemon.requests(), ElementsAre("GetState ", "ClearFault "));
  EXPECT_EQ(Ctl({"clear-fault", "--device", "inverter"}, daemon.address()).out, "No fault is latched; nothing to clear.\n")
      << "both are the plant's";
}

TEST(ClearFaultTest, OneThatIsNamedIsTheDaemonsToJudge) {
  FakeDaemon daemon;
  EXPECT_THAT(Ctl({"clear-fault", "circulation"}, daemon.address()).out, StartsWith("Cleared. Now: "));
}

// Command lines that make no sense never reach a daemon: there is none here.
struct UsageCase {
  const char* name;
  std::vector<std::string> arguments;
  const char* sentence;
};

class UsageTest : public testing::TestWithParam<UsageCase> {};

TEST_P(UsageTest, IsExplained) {
  const Result result = Ctl(GetParam().arguments);
  EXPECT_EQ(result.code, 2);
  EXPECT_THAT(result.out, IsEmpty());
  EXPECT_THAT(result.err, StartsWith(absl::StrCat("abcdsctl: ", GetParam().sentence)));
  EXPECT_THAT(result.err, HasSubstr("abcdsctl help"));
}

INSTANTIATE_TEST_SUITE_P(
    Verbs, UsageTest,
    testing::Values(
        UsageCase{"UnknownVerb", {"explode"}, "there is no verb \"explode\"\n"},
        UsageCase{"MistypedVerb", {"statsu"}, "there is no verb \"statsu\"; did you mean status?"},
        UsageCase{
            "MistypedChoice", {"enable", "chrger"}, "\"chrger\" is none of charger, discharger; did you mean charger?"},
        UsageCase{"MissingWord", {"enable"}, "something is missing: abcdsctl enable charger|discharger"},
        UsageCase{"OneWordTooMany", {"status", "now"}, "\"now\" is one too many: abcdsctl status"},
        UsageCase{"OptionOfAnotherVerb", {"status", "--lease", "5m"}, "there is no option --lease"},
        UsageCase{"BadPower", {"target", "1,5kW"}, "\"1,5kW\" is not a power; write 500, 500W or 0.5kW"},
        UsageCase{"BadLease", {"target", "0", "--lease", "soon"}, "\"soon\" is not a length of time"},
        UsageCase{"ForcedWithoutPower", {"mode", "forced"}, "mode forced needs --power"},
        UsageCase{"PowerWithoutForced", {"mode", "idle", "--power", "5"}, "--power is for mode forced only"},
        UsageCase{"ShareForPercent",
                  {"mode", "forced", "--power", "5", "--until-soc", "0.8"},
                  "\"0.8\" is not between 1 % and 99 %; did you mean 80%?"},
        UsageCase{"BadCount", {"watch", "--count", "many"}, "\"many\" is not a count"},
        UsageCase{"BadInterval", {"watch", "--interval", "-1s"}, "\"-1s\" is not a length of time"},
        UsageCase{"BadTimeout", {"status", "--timeout", "x"}, "--timeout: \"x\" is not a length of time"},
        UsageCase{"TopInJson", {"top", "--json"}, "top draws a screen"},
        UsageCase{"ConfigWithoutFile", {"config", "check"}, "something is missing: abcdsctl config check FILE"},
        UsageCase{"DecodeWithoutDevice", {"decode"}, "something is missing: abcdsctl decode DEVICE"},
        UsageCase{"UnknownShell", {"completion", "fish"}, "\"fish\" is none of bash, zsh"}),
    [](const auto& info) { return info.param.name; });

TEST(ExitCodeTest, NobodyAtTheAddressIsThree) {
  const Result result = Ctl({"status", "--timeout", "2s"}, "127.0.0.1:1");
  EXPECT_EQ(result.code, 3);
  EXPECT_THAT(result.err, StartsWith("abcdsctl: no daemon answers at 127.0.0.1:1; check that abcdsd runs"));
}

// A port that accepts and then says nothing, as a stopped daemon does.
class MutePort {
 public:
  MutePort() : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(socket_, 8), 0);
    EXPECT_EQ(getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~MutePort() { close(socket_); }
  std::string address() const { return absl::StrCat("127.0.0.1:", port_); }

 private:
  const int socket_;
  int port_ = 0;
};

TEST(ExitCodeTest, StoppedDaemonIsThreeForEveryKindOfCall) {
  const MutePort port;
  for (const char* const verb : {"status", "watch", "explain"}) {
    const Result result = Ctl({verb, "--timeout", "300ms"}, port.address());
    EXPECT_EQ(result.code, 3) << verb;
    EXPECT_THAT(result.err, HasSubstr(port.address())) << verb;
  }
}

TEST(ExitCodeTest, RefusalIsOneWithTheDaemonsWords) {
  FakeDaemon daemon;
  daemon.RefuseWith({grpc::StatusCode::INVALID_ARGUMENT, "target_w = 90000 is outside [-20000, 20000]"});
  const Result result = Ctl({"target", "90000"}, daemon.address());
  EXPECT_EQ(result.code, 1);
  EXPECT_EQ(result.err, "abcdsctl: target_w = 90000 is outside [-20000, 20000]\n");
  EXPECT_THAT(result.out, IsEmpty());
}

TEST(ExitCodeTest, DaemonThatIsNotReadyAnswersForItself) {
  FakeDaemon daemon;
  daemon.RefuseWith({grpc::StatusCode::UNAVAILABLE, "the daemon is starting; try again in a second"});
  const Result result = Ctl({"status"}, daemon.address());
  EXPECT_EQ(result.code, 1);
  EXPECT_EQ(result.err, "abcdsctl: the daemon is starting; try again in a second\n");
}

TEST(ExitCodeTest, RefusalsCannotSteerTheTerminal) {
  FakeDaemon daemon;
  daemon.RefuseWith({grpc::StatusCode::INTERNAL, "a\x1b]0;b"});
  EXPECT_EQ(Ctl({"status"}, daemon.address()).err, "abcdsctl: a ]0;b\n");
}

TEST(WatchTest, EndsWithTheDaemon) {
  FakeDaemon daemon;
  const Result result = Ctl({"watch"}, daemon.address());
  EXPECT_EQ(result.code, 3);
  EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 3);
  EXPECT_THAT(result.err, HasSubstr("has ended"));
}

TEST(WatchTest, JsonIsOneObjectALine) {
  FakeDaemon daemon;
  const Result result = Ctl({"watch", "--json", "--count", "2"}, daemon.address());
  EXPECT_EQ(result.code, 0) << result.err;
  EXPECT_EQ(std::count(result.out.begin(), result.out.end(), '\n'), 2);
  EXPECT_THAT(result.out, StartsWith("{\"site\":\"home\""));
}

TEST(JsonTest, KeepsTheFieldNamesOfTheProto) {
  FakeDaemon daemon;
  const std::string json = Ctl({"status", "--json"}, daemon.address()).out;
  EXPECT_THAT(json, HasSubstr("\"power_w\": 12.4"));
  EXPECT_THAT(json, HasSubstr("\"target_w\": 0"));  // zero is a value, not an absence
  EXPECT_THAT(json, HasSubstr("\"mode\": \"MODE_AUTOMATIC\""));
}

TEST(VersionTest, NeedsNoDaemon) {
  const Result alone = Ctl({"version", "--timeout", "1s"}, "127.0.0.1:1");
  EXPECT_EQ(alone.code, 0);
  EXPECT_THAT(alone.out, StartsWith("abcdsctl "));
  FakeDaemon daemon;
  EXPECT_THAT(Ctl({"version"}, daemon.address()).out, HasSubstr("abcdsd 0.1.0 at 127.0.0.1:"));
}

TEST(HelpTest, EveryVerbIsInTheOverviewAndHasItsOwnPage) {
  const std::string overview = Ctl({"help"}).out;
  EXPECT_THAT(overview,
              HasSubstr("Exit codes: 0 done, 1 refused or failed, 2 wrong command line, 3 no daemon answers."));
  std::set<std::string> names;
  for (const Verb& verb : Verbs()) {
    const std::string name(verb.name);
    EXPECT_TRUE(names.insert(name).second) << name << " is in the table twice";
    EXPECT_THAT(overview, HasSubstr("\n  " + name)) << name;
    const Result page = Ctl({"help", name});
    EXPECT_EQ(page.code, 0);
    EXPECT_THAT(page.out, HasSubstr("Usage: abcdsctl " + name));
    EXPECT_EQ(Ctl({name, "--help"}).out, page.out);
    for (const Option& option : verb.options) EXPECT_THAT(page.out, HasSubstr("  --" + std::string(option.name)));
    EXPECT_EQ(std::regex_search(page.out, std::regex("--[a-z]+_")), false) << "hyphens, as in the verbs: " << page.out;
  }
}

TEST(HelpTest, MeanwellNamesTheWayToADevice) {
  const std::string page = Ctl({"help", "meanwell"}).out;
  for (const char* const option : {"--config FILE", "--can PORT", "--type npb|bic", "--unit HEX", "--yes"}) {
    EXPECT_THAT(page, HasSubstr(absl::StrCat("\n  ", option))) << option;
  }
}

TEST(HelpTest, FitsAnOrdinaryTerminal) {
  std::istringstream overview(Ctl({"help"}).out);
  for (std::string line; std::getline(overview, line);) EXPECT_LE(line.size(), 100U) << line;
}

TEST(HelpTest, BareCommandShowsTheOverviewAndIsNoSuccess) {
  const Result result = Ctl({});
  EXPECT_EQ(result.code, 2);
  EXPECT_EQ(result.out, Ctl({"help"}).out);
}

TEST(CompletionTest, KnowsEveryVerbChoiceAndOption) {
  for (const char* const shell : {"bash", "zsh"}) {
    const std::string script = Ctl({"completion", shell}).out;
    for (const Verb& verb : Verbs()) {
      EXPECT_THAT(script, HasSubstr("    " + std::string(verb.name) + ") words=\""));
      for (const std::string_view choice : verb.choices) EXPECT_THAT(script, HasSubstr(std::string(choice) + " "));
    }
    EXPECT_THAT(script, HasSubstr("--until-soc"));
  }
}

}  // namespace
}  // namespace abcds
