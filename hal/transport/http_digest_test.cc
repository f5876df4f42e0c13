#include "hal/transport/http_digest.h"

#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace abcds {
namespace {

bool Has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

// RFC 7616, section 3.9.1.
TEST(HttpDigest, SignsAsInTheRfc) {
  const std::string common = R"(Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=)";
  const std::string rest = R"(, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", )"
                           R"(opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS")";
  const std::string cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
  HttpDigest sha256("Mufasa", "Circle of Life");
  ASSERT_TRUE(sha256.Take({common + "SHA-256" + rest}));
  const std::string signed_sha256 = sha256.Sign("GET", "/dir/index.html", cnonce);
  EXPECT_EQ(signed_sha256,
            R"(Digest username="Mufasa", realm="http-auth@example.org", )"
            R"(nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", uri="/dir/index.html", algorithm=SHA-256, )"
            R"(qop=auth, nc=00000001, cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", )"
            R"(response="753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1", )"
            R"(opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS")");
  HttpDigest md5("Mufasa", "Circle of Life");
  ASSERT_TRUE(md5.Take({common + "MD5" + rest}));
  EXPECT_TRUE(Has(md5.Sign("GET", "/dir/index.html", cnonce), R"(response="8ca523f5e9506fed4657c9700eebdbec")"));
}

// RFC 2069, section 2.4 with its published correction: without qop there is no count.
TEST(HttpDigest, SignsForServersWithoutQop) {
  HttpDigest digest("Mufasa", "CircleOfLife");
  ASSERT_TRUE(digest.Take({R"(Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", )"
                           R"(opaque="5ccc069c403ebaf9f0171e9517f40e41")"}));
  const std::string value = digest.Sign("GET", "/dir/index.html", "unused");
  EXPECT_TRUE(Has(value, R"(response="1949323746fe6a43ef61f9606e7febea")")) << value;
  EXPECT_FALSE(Has(value, "nc=") || Has(value, "cnonce=") || Has(value, "algorithm=")) << value;
}

// A Shelly of generation 2: one nonce, a growing count.
TEST(HttpDigest, UsesANonceAgainWithAGrowingCount) {
  HttpDigest digest("admin", "Sommer#24");
  EXPECT_FALSE(digest.ready());
  ASSERT_TRUE(digest.Take({R"(Digest qop="auth", realm="shellypro3em-08f9e0e51c2a", )"
                           R"(nonce="2bYPcwAAAAB1n0kq8lZrE7uJt5oPQw==", algorithm=SHA-256)"}));
  EXPECT_TRUE(digest.ready());
  const std::string first = digest.Sign("GET", "/rpc/EM.GetStatus?id=0", "9f3c1d7a5be04826");
  EXPECT_TRUE(Has(first, "nc=00000001")) << first;
  EXPECT_TRUE(Has(first, "5369ec67088d2f370fae0645a66ba49dc4e00ea0da8a9567ed477293dae6feaa")) << first;
  const std::string second = digest.Sign("GET", "/rpc/EM.GetStatus?id=0", "9f3c1d7a5be04826");
  EXPECT_TRUE(Has(second, "nc=00000002")) << second;
  EXPECT_TRUE(Has(second, "db6a6696386c588fc22b798af5417cfd537c256d527f9689ded9142995b1c95b")) << second;
  // The same nonce once more, after a lost reply perhaps: a count that was used is used up.
  ASSERT_TRUE(digest.Take({R"(Digest qop="auth", realm="shellypro3em-08f9e0e51c2a", )"
                           R"(nonce="2bYPcwAAAAB1n0kq8lZrE7uJt5oPQw==", algorithm=SHA-256)"}));
  EXPECT_TRUE(Has(digest.Sign("GET", "/", "x"), "nc=00000003"));
  // A new one begins with 1 again.
  ASSERT_TRUE(digest.Take({R"(Digest qop="auth",realm="r",nonce="AAbb+/==",algorithm=SHA-256,stale=true)"}));
  EXPECT_TRUE(Has(digest.Sign("GET", "/", "x"), "nc=00000001"));
}

struct Case {
  const char* name;
  std::vector<std::string> challenges;
  const char* part;  // of what is signed; empty: cannot be answered
};

class ChallengeTest : public testing::TestWithParam<Case> {};

TEST_P(ChallengeTest, IsTakenUpOrNot) {
  HttpDigest digest("admin", "x");
  const std::string part = GetParam().part;
  ASSERT_EQ(digest.Take(GetParam().challenges), !part.empty());
  EXPECT_EQ(digest.ready(), !part.empty());
  if (!part.empty()) {
    const std::string value = digest.Sign("GET", "/", "c");
    EXPECT_TRUE(Has(value, part)) << value;
  }
}

// clang-format off
INSTANTIATE_TEST_SUITE_P(Headers, ChallengeTest, testing::Values(
    Case{"EmptyOpaque",        {R"(Digest realm="r", qop="auth", nonce="1a2b3c4d", opaque="", algorithm=SHA-256)"}, R"(opaque="")"},
    Case{"NoBlanks",           {R"(Digest qop="auth",realm="r",nonce="AAbb+/==",algorithm=SHA-256,stale=true)"}, R"(nonce="AAbb+/==")"},
    Case{"AnyCase",            {R"(digest QOP="auth,auth-int", Realm="a, b=c", nonce="x", algorithm="sha-256")"}, R"(realm="a, b=c")"},
    Case{"BareNonce",          {"Digest realm=r, nonce=AAbb+/==, qop=auth"}, R"(nonce="AAbb+/==")"},
    Case{"BlanksAroundEquals", {R"(Digest realm = "r" , nonce = "n")"}, R"(nonce="n")"},
    Case{"QuoteInTheRealm",    {R"(Digest realm="a\"b", nonce="n", qop="auth")"}, R"(realm="a\"b")"},
    Case{"BehindBasic",        {R"(Basic realm="x", Digest realm="y", nonce="n", qop="auth")"}, R"(realm="y")"},
    Case{"StrongestOfTwo",     {R"(Digest realm="r", nonce="m", qop="auth", algorithm=MD5)",
                                R"(Digest realm="r", nonce="s", qop="auth", algorithm=SHA-256)"}, R"(nonce="s")"},
    Case{"StrongestInOneLine", {R"(Digest realm="r", nonce="m", algorithm=MD5, Digest realm="r", nonce="s", algorithm=SHA-256)"}, R"(nonce="s")"},
    Case{"KnownOfTwo",         {R"(Digest realm="r", nonce="m", algorithm=SHA-512-256)", R"(Digest realm="r", nonce="k", algorithm=MD5)"}, R"(nonce="k")"},
    Case{"None",               {}, ""},
    Case{"BasicOnly",          {R"(Basic realm="x")"}, ""},
    Case{"NoNonce",            {R"(Digest realm="x")"}, ""},
    Case{"EmptyNonce",         {R"(Digest realm="x", nonce="")"}, ""},
    Case{"OnlyAuthInt",        {R"(Digest realm="x", nonce="n", qop="auth-int")"}, ""},
    Case{"UnknownAlgorithm",   {R"(Digest realm="x", nonce="n", algorithm=SHA-256-sess)"}, ""},
    Case{"OpenQuote",          {R"(Digest realm="x, nonce="n")"}, ""},
    Case{"Garbage",            {"====,,,\"\\", "Digest", "\x01\xff"}, ""}),
    [](const auto& info) { return info.param.name; });
// clang-format on

TEST(RandomCnonce, IsNeverTheSame) {
  EXPECT_EQ(RandomCnonce().size(), 16u);
  EXPECT_NE(RandomCnonce(), RandomCnonce());
}

}  // namespace
}  // namespace abcds
