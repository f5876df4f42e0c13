// The simulated login against published values: it judges our client, so nobody of ours may judge it.
#include "hal/sim/wire/http_login.h"

#include "gtest/gtest.h"
#include "hal/sim/wire/sha256.h"

namespace abcds::sim {
namespace {

TEST(Sha256, PublishedValues) {
  // FIPS 180-4's examples, and the HA1 of RFC 7616 section 3.9.1.
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(Sha256Hex("admin:shellypro3em-08f9e0e51c2a:Sommer#24"),
            "d6bcb9137cc31831918eb69ec236cde9d21d75749789fb5401f432896268c72c");
}

TEST(HttpLogin, BasicWantsExactlyTheRightWords) {
  HttpLogin login(HttpLogin::Kind::kBasic, "admin", "Sommer#24");
  EXPECT_TRUE(login.Accepts("Basic YWRtaW46U29tbWVyIzI0", "GET", "/status"));
  EXPECT_FALSE(login.Accepts("Basic YWRtaW46U29tbWVyIzI1", "GET", "/status"));
  EXPECT_FALSE(login.Accepts("", "GET", "/status"));
  EXPECT_EQ(login.Challenge(), "");
}

TEST(HttpLogin, DigestRefusesWhatIsNotSigned) {
  HttpLogin login(HttpLogin::Kind::kDigest, "admin", "Sommer#24");
  EXPECT_FALSE(login.Accepts("", "GET", "/status"));
  EXPECT_FALSE(login.Accepts("Digest nonce=\"6a7f001\", nc=00000001, cnonce=\"x\", response=\"00\"", "GET", "/status"));
  EXPECT_NE(login.Challenge().find("algorithm=SHA-256"), std::string::npos);
}

}  // namespace
}  // namespace abcds::sim
