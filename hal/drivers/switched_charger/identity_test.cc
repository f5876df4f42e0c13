// What plugs say of themselves; bodies as the vendors document them.
#include "hal/drivers/switched_charger/identity.h"

#include <string>

#include "gtest/gtest.h"

namespace abcds::switched_charger {
namespace {

TEST(IdentityTest, ShellyOfGeneration1) {
  const auto plug = IdentifyShelly(
      R"({"type":"SHPLG-S","mac":"B4E62D18AC92","auth":true,"fw":"20230913-113421/v1.14.0","num_outputs":1,"num_meters":1})");
  ASSERT_TRUE(plug.has_value());
  EXPECT_EQ(plug->kind, Kind::kShellyGen1);
  EXPECT_EQ(plug->model, "SHPLG-S");
  EXPECT_EQ(plug->firmware, "20230913-113421/v1.14.0");
  EXPECT_TRUE(plug->locked);
  EXPECT_EQ(plug->relays, 1);
  EXPECT_TRUE(plug->metered);
}

TEST(IdentityTest, ShellyOfGeneration2And3) {
  for (const std::string gen : {"2", "3"}) {
    auto plug = IdentifyShelly(R"({"name":null,"id":"shellyplus2pm-a8032a","mac":"A8032A","model":"SNSW-002P16EU","gen":)" +
                               gen + R"(,"fw_id":"20231107","ver":"1.0.8","app":"Plus2PM","auth_en":false})");
    ASSERT_TRUE(plug.has_value());
    EXPECT_EQ(plug->kind, Kind::kShellyGen2);
    EXPECT_EQ(plug->model, "SNSW-002P16EU");
    EXPECT_FALSE(plug->locked);
    EXPECT_EQ(plug->relays, 0) << "not said here";
    EXPECT_TRUE(AddGen2Relays(R"({"ble":{},"switch:0":{"id":0,"output":false,"apower":0.0},
                                  "switch:1":{"id":1,"output":false},"sys":{"mac":"A8032A"}})",
                              *plug));
    EXPECT_EQ(plug->relays, 2);
    EXPECT_TRUE(plug->metered);
  }
}

TEST(IdentityTest, Tasmota) {
  const auto plug = IdentifyTasmota(
      R"-({"Status":{"Module":0,"DeviceName":"Ladegeraet","FriendlyName":["a","b"],"Power":"00"},
          "StatusFWR":{"Version":"13.4.0(tasmota)","Hardware":"ESP8266EX"},
          "StatusSNS":{"Time":"2026-02-03T07:41:13","ENERGY":{"Power":0}},
          "StatusSTS":{"Time":"2026-02-03T07:41:13","POWER1":"OFF","POWER2":"ON"}})-");
  ASSERT_TRUE(plug.has_value());
  EXPECT_EQ(plug->kind, Kind::kTasmota);
  EXPECT_EQ(plug->model, "Ladegeraet");
  EXPECT_EQ(plug->firmware, "13.4.0(tasmota)");
  EXPECT_EQ(plug->relays, 2);
  EXPECT_TRUE(plug->metered);
  EXPECT_FALSE(plug->locked);
}

TEST(IdentityTest, TasmotaThatWantsALogin) {
  const auto plug = IdentifyTasmota(R"({"WARNING":"Need user=<username>&password=<password>"})");
  ASSERT_TRUE(plug.has_value());
  EXPECT_TRUE(plug->locked);
  EXPECT_EQ(plug->relays, 0);
}

TEST(IdentityTest, TheLoginStandsInATasmotasAddress) {
  EXPECT_EQ(TasmotaStatusPath("", ""), "/cm?cmnd=Status%200");
  EXPECT_EQ(TasmotaStatusPath("", "a b"), "/cm?user=admin&password=a%20b&cmnd=Status%200");
}

TEST(IdentityTest, AnythingElseIsNoPlug) {
  for (const char* body : {"", "{}", "[]", "<html></html>", "null", R"({"gen":"2"})", R"({"gen":1})", R"({"type":5,"auth":true})",
                           R"({"Status":{}})", R"({"Command":"Unknown"})"}) {
    EXPECT_FALSE(IdentifyShelly(body).has_value()) << body;
    EXPECT_FALSE(IdentifyTasmota(body).has_value()) << body;
    PlugIdentity identity;
    EXPECT_FALSE(AddGen2Relays(body, identity)) << body;
  }
}

TEST(IdentityTest, WordsOfAForeignDeviceAreFitToPrint) {
  const auto plug = IdentifyShelly("{\"type\":\"A\\u001b[31mB\\n\",\"auth\":false,\"fw\":\"" + std::string(500, 'x') + "\"}");
  ASSERT_TRUE(plug.has_value());
  EXPECT_EQ(plug->model, "A[31mB");
  EXPECT_EQ(plug->firmware.size(), 40u);
}

}  // namespace
}  // namespace abcds::switched_charger
