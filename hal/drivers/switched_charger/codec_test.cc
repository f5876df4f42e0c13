// Requests and answers as the makers document them.
#include "hal/drivers/switched_charger/codec.h"

#include <optional>
#include <string>

#include "gtest/gtest.h"

namespace abcds::switched_charger {
namespace {

using std::chrono::seconds;

struct Request {
  const char* name;
  RequestOptions options;
  Question question;
  const char* path;
};

class PathTest : public testing::TestWithParam<Request> {};

TEST_P(PathTest, IsAsDocumented) { EXPECT_EQ(PathOf(GetParam().options, GetParam().question), GetParam().path); }

const RequestOptions kTasmota = {.kind = Kind::kTasmota, .user = {}, .password = {}};
const RequestOptions kTasmotaLogin = {
    .kind = Kind::kTasmota, .relay = 2, .user = {}, .password = "geheim#12", .auto_off = seconds(120)};
const RequestOptions kGen1 = {
    .kind = Kind::kShellyGen1, .user = "admin", .password = "secret", .auto_off = seconds(90)};
const RequestOptions kGen1Forever = {.kind = Kind::kShellyGen1, .relay = 2, .user = {}, .password = {}};
const RequestOptions kGen2 = {
    .kind = Kind::kShellyGen2, .user = "admin", .password = "secret", .auto_off = seconds(120)};
const RequestOptions kGen2Forever = {.kind = Kind::kShellyGen2, .relay = 4, .user = {}, .password = {}};

// clang-format off
INSTANTIATE_TEST_SUITE_P(Requests, PathTest, testing::Values(
    Request{"TasmotaOff",               kTasmota,      Question::kOff,   "/cm?cmnd=Power%20Off"},
    Request{"TasmotaOn",                kTasmota,      Question::kOn,    "/cm?cmnd=Power%20On"},
    Request{"TasmotaState",             kTasmota,      Question::kState, "/cm?cmnd=Power"},
    Request{"TasmotaPower",             kTasmota,      Question::kPower, "/cm?cmnd=Status%2010"},
    Request{"TasmotaTimerIsLeftAlone",  kTasmota,      Question::kTimer, ""},
    Request{"TasmotaLoginIsEncoded",    kTasmotaLogin, Question::kOn,    "/cm?user=admin&password=geheim%2312&cmnd=Power2%20On"},
    Request{"TasmotaShortTimerIsTenths", {.kind = Kind::kTasmota, .relay = 1, .user = "", .password = "", .auto_off = std::chrono::seconds(11)},
            Question::kTimer, "/cm?cmnd=PulseTime1%20110"},
    Request{"TasmotaTimerIsPlus100",    kTasmotaLogin, Question::kTimer, "/cm?user=admin&password=geheim%2312&cmnd=PulseTime2%20220"},
    Request{"Gen1OffHasNoTimer",        kGen1,         Question::kOff,   "/relay/0?turn=off"},
    Request{"Gen1OnTakesTheTimerAlong", kGen1,         Question::kOn,    "/relay/0?turn=on&timer=90"},
    Request{"Gen1State",                kGen1,         Question::kState, "/status"},
    Request{"Gen1HasNoTimerOfItsOwn",   kGen1,         Question::kTimer, ""},
    Request{"Gen1SecondRelayForever",   kGen1Forever,  Question::kOn,    "/relay/1?turn=on"},
    Request{"Gen2Off",                  kGen2,         Question::kOff,   "/rpc/Switch.Set?id=0&on=false"},
    Request{"Gen2OnTakesTheTimerAlong", kGen2,         Question::kOn,    "/rpc/Switch.Set?id=0&on=true&toggle_after=120"},
    Request{"Gen2State",                kGen2,         Question::kState, "/rpc/Switch.GetStatus?id=0"},
    Request{"Gen2HasNoPowerOfItsOwn",   kGen2,         Question::kPower, ""},
    Request{"Gen2FourthRelayForever",   kGen2Forever,  Question::kOn,    "/rpc/Switch.Set?id=3&on=true"}),
    [](const auto& info) { return info.param.name; });
// clang-format on

struct Answer {
  const char* name;
  Kind kind;
  int relay;
  Question question;
  const char* body;
  Refusal refusal;
  std::optional<bool> on;
  std::optional<double> power_w;
};

class DecodeTest : public testing::TestWithParam<Answer> {};

TEST_P(DecodeTest, SaysWhatTheDeviceMeans) {
  const Decoded decoded = Decode(GetParam().kind, GetParam().relay, GetParam().question, GetParam().body);
  EXPECT_STREQ(RefusalName(decoded.refusal), RefusalName(GetParam().refusal));
  if (GetParam().refusal != Refusal::kNone) return;
  EXPECT_EQ(decoded.reading.on, GetParam().on);
  EXPECT_EQ(decoded.reading.power.has_value(), GetParam().power_w.has_value());
  if (decoded.reading.power && GetParam().power_w) {
    EXPECT_EQ(decoded.reading.power->value(), *GetParam().power_w);
  }
  EXPECT_FALSE(decoded.login_refused);
}

constexpr auto kTas = Kind::kTasmota;
constexpr auto kG1 = Kind::kShellyGen1;
constexpr auto kG2 = Kind::kShellyGen2;
constexpr auto kOff = Question::kOff;
constexpr auto kOn = Question::kOn;
constexpr auto kState = Question::kState;
constexpr auto kPower = Question::kPower;
constexpr auto kNo = std::nullopt;

// clang-format off
INSTANTIATE_TEST_SUITE_P(Answers, DecodeTest, testing::Values(
    Answer{"TasmotaOn",                      kTas, 1, kOn,    R"({"POWER":"ON"})",                    Refusal::kNone,    true,  kNo},
    Answer{"TasmotaOff",                     kTas, 1, kState, R"({"POWER":"OFF"})",                   Refusal::kNone,    false, kNo},
    Answer{"TasmotaFirstOfSeveral",          kTas, 1, kState, R"({"POWER1":"ON","POWER2":"OFF"})",    Refusal::kNone,    true,  kNo},
    Answer{"TasmotaSecond",                  kTas, 2, kState, R"({"POWER2":"ON"})",                   Refusal::kNone,    true,  kNo},
    Answer{"TasmotaWithoutThatRelay",        kTas, 2, kOff,   R"({"POWER":"OFF"})",                   Refusal::kMissing, kNo,   kNo},
    Answer{"TasmotaUnknownCommand",          kTas, 1, kOn,    R"({"Command":"Unknown"})",             Refusal::kMissing, kNo,   kNo},
    Answer{"TasmotaOtherWords",              kTas, 1, kOn,    R"({"POWER":"AN"})",                    Refusal::kNotANumber, kNo, kNo},
    Answer{"TasmotaTruthValue",              kTas, 1, kOn,    R"({"POWER":true})",                    Refusal::kWrongType, kNo, kNo},
    Answer{"TasmotaMeter",                   kTas, 1, kPower, R"({"StatusSNS":{"Time":"x","ENERGY":{"Power":123,"Voltage":230}}})", Refusal::kNone, kNo, 123},
    Answer{"TasmotaMeterPerChannel",         kTas, 2, kPower, R"({"StatusSNS":{"ENERGY":{"Power":[402,11,0]}}})", Refusal::kNone, kNo, 11},
    Answer{"TasmotaWithoutMeter",            kTas, 1, kPower, R"({"StatusSNS":{"Time":"x"}})",        Refusal::kNone,    kNo,   kNo},
    Answer{"TasmotaMeterGarbageIsNoPower",   kTas, 1, kPower, R"({"StatusSNS":{"ENERGY":{"Power":4294967295}}})", Refusal::kNone, kNo, kNo},
    Answer{"Gen1On",                         kG1,  1, kOn,    R"({"ison":true,"has_timer":true,"timer_remaining":90,"overpower":false})", Refusal::kNone, true, kNo},
    Answer{"Gen1Refuses",                    kG1,  1, kOn,    R"({"ison":false,"overpower":true})",   Refusal::kNone,    false, kNo},
    Answer{"Gen1Status",                     kG1,  1, kState, R"({"relays":[{"ison":true}],"meters":[{"power":123.4,"is_valid":true}]})", Refusal::kNone, true, 123.4},
    Answer{"Gen1SecondRelay",                kG1,  2, kState, R"({"relays":[{"ison":true},{"ison":false}],"meters":[{"power":5},{"power":6}]})", Refusal::kNone, false, 6},
    Answer{"Gen1InvalidMeterIsNone",         kG1,  1, kState, R"({"relays":[{"ison":true}],"meters":[{"power":123.4,"is_valid":false}]})", Refusal::kNone, true, kNo},
    Answer{"Gen1WithoutMeter",               kG1,  1, kState, R"({"relays":[{"ison":true}]})",        Refusal::kNone,    true,  kNo},
    Answer{"Gen1WithoutThatRelay",           kG1,  2, kState, R"({"relays":[{"ison":true}]})",        Refusal::kMissing, kNo,   kNo},
    Answer{"Gen2SaysTheStateOfBefore",       kG2,  1, kOn,    R"({"was_on":false})",                  Refusal::kNone,    kNo,   kNo},
    Answer{"Gen2Status",                     kG2,  1, kState, R"({"id":0,"source":"HTTP_in","output":true,"apower":412.3,"voltage":231.0})", Refusal::kNone, true, 412.3},
    Answer{"Gen2CountsBothDirections",       kG2,  1, kState, R"({"output":true,"apower":-412.3})",   Refusal::kNone,    true,  412.3},
    Answer{"Gen2WithoutMeter",               kG2,  1, kState, R"({"id":0,"output":false})",           Refusal::kNone,    false, kNo},
    Answer{"Gen2ErrorWithStatus200",         kG2,  1, kOn,    R"({"code":-105,"message":"no"})",      Refusal::kMissing, kNo,   kNo},
    Answer{"Gen2NullOutput",                 kG2,  1, kState, R"({"output":null})",                   Refusal::kWrongType, kNo, kNo},
    Answer{"Empty",                          kG2,  1, kOff,   "",                                     Refusal::kEmpty,   kNo,   kNo},
    Answer{"LoginPage",                      kG1,  1, kOff,   "<html></html>",                        Refusal::kHtml,    kNo,   kNo},
    Answer{"Truncated",                      kTas, 1, kOff,   R"({"POWER":"O)",                       Refusal::kMalformed, kNo, kNo},
    Answer{"List",                           kTas, 1, kOff,   "[]",                                   Refusal::kWrongType, kNo, kNo}),
    [](const auto& info) { return info.param.name; });
// clang-format on

TEST(Decode, ARefusedLoginOfTasmotaIsKnownByItsMemberNotByItsWords) {
  const Decoded decoded = Decode(Kind::kTasmota, 1, Question::kOff, R"({"WARNING":"Bitte user=<x>&password=<y>"})");
  EXPECT_TRUE(decoded.login_refused);
  EXPECT_NE(decoded.refusal, Refusal::kNone);
}

TEST(Decode, OverloadIsSeen) {
  EXPECT_TRUE(Decode(Kind::kShellyGen1, 1, Question::kOn, R"({"ison":false,"overpower":true})").reading.overloaded);
  EXPECT_TRUE(
      Decode(Kind::kShellyGen2, 1, Question::kState, R"({"output":false,"errors":["overpower"]})").reading.overloaded);
  EXPECT_FALSE(Decode(Kind::kShellyGen2, 1, Question::kState, R"({"output":false})").reading.overloaded);
}

}  // namespace
}  // namespace abcds::switched_charger
