#include "server/grpc/requests.h"

#include <limits>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace abcds {
namespace {

using absl::StatusCode;
using testing::HasSubstr;

struct DurationCase {
  const char* name;
  int64_t seconds;
  int32_t nanos;
  StatusCode want;
  const char* sentence;
};

class LeaseTest : public testing::TestWithParam<DurationCase> {};

TEST_P(LeaseTest, IsTranslatedOrRefused) {
  v1::SetTargetRequest request;
  request.mutable_lease()->set_seconds(GetParam().seconds);
  request.mutable_lease()->set_nanos(GetParam().nanos);
  const auto lease = LeaseOf(request);
  ASSERT_EQ(lease.status().code(), GetParam().want) << lease.status();
  EXPECT_THAT(std::string(lease.status().message()), HasSubstr(GetParam().sentence));
  if (lease.ok()) {
    EXPECT_EQ(**lease, std::chrono::seconds(GetParam().seconds) + Nanoseconds(GetParam().nanos));
  }
}

INSTANTIATE_TEST_SUITE_P(Duration, LeaseTest, testing::Values(
    //            name                  seconds                               nanos          status                        sentence
    DurationCase{"Plain",               900,                                  500'000'000,   StatusCode::kOk,              ""},
    DurationCase{"NegativeIsOurWord",   -1,                                   -500'000'000,  StatusCode::kOk,              ""},
    DurationCase{"NanosTooLarge",       1,                                    1'000'000'000, StatusCode::kInvalidArgument, "lease is malformed"},
    DurationCase{"NanosSmallest",       -1,             std::numeric_limits<int32_t>::min(), StatusCode::kInvalidArgument, "lease is malformed"},
    DurationCase{"SignsDiffer",         1,                                    -1,            StatusCode::kInvalidArgument, "lease is malformed"},
    DurationCase{"SignsDifferOtherWay", -1,                                   1,             StatusCode::kInvalidArgument, "lease is malformed"},
    DurationCase{"WouldOverflow",       std::numeric_limits<int64_t>::max(),  0,             StatusCode::kInvalidArgument, "longer than a year"},
    DurationCase{"WouldUnderflow",      std::numeric_limits<int64_t>::min(),  0,             StatusCode::kInvalidArgument, "longer than a year"}),
    [](const auto& info) { return info.param.name; });

TEST(LeaseTest, MissingStaysMissing) {
  const auto lease = LeaseOf(v1::SetTargetRequest());
  ASSERT_TRUE(lease.ok());
  EXPECT_FALSE(lease->has_value());
}

TEST(ModeRequestTest, EveryModeIsOurs) {
  const std::pair<v1::Mode, Mode> modes[] = {
      {v1::MODE_AUTOMATIC, Mode::kAutomatic},     {v1::MODE_IDLE, Mode::kIdle},
      {v1::MODE_OBSERVE, Mode::kObserve},         {v1::MODE_CHARGE_ONLY, Mode::kChargeOnly},
      {v1::MODE_DISCHARGE_ONLY, Mode::kDischargeOnly}, {v1::MODE_FORCED, Mode::kForced},
  };
  EXPECT_EQ(std::size(modes), static_cast<size_t>(v1::Mode_descriptor()->value_count()) - 1);
  for (const auto& [proto, ours] : modes) {
    v1::SetModeRequest request;
    request.set_mode(proto);
    const auto mode = ModeRequestOf(request);
    ASSERT_TRUE(mode.ok()) << v1::Mode_Name(proto);
    EXPECT_EQ(mode->mode, ours);
    EXPECT_FALSE(mode->power || mode->until_soc || mode->lease);
  }
}

TEST(ModeRequestTest, CarriesWhatIsGivenEvenZero) {
  v1::SetModeRequest request;
  request.set_mode(v1::MODE_FORCED);
  request.set_power_w(0);
  request.set_until_soc_ratio(0.8);
  request.mutable_lease()->set_seconds(60);
  const auto mode = ModeRequestOf(request);
  ASSERT_TRUE(mode.ok());
  EXPECT_EQ(mode->power, Watts(0));
  EXPECT_EQ(mode->until_soc, Ratio(0.8));
  EXPECT_EQ(mode->lease, Nanoseconds(std::chrono::minutes(1)));
}

TEST(ModeRequestTest, MissingAndUnknownModesAreRefused) {
  v1::SetModeRequest request;
  EXPECT_THAT(std::string(ModeRequestOf(request).status().message()), HasSubstr("mode is missing"));
  request.set_mode(static_cast<v1::Mode>(99));
  EXPECT_THAT(std::string(ModeRequestOf(request).status().message()), HasSubstr("mode = 99 is unknown"));
  request.set_mode(v1::MODE_IDLE);
  request.mutable_lease()->set_nanos(-5);
  request.mutable_lease()->set_seconds(5);
  EXPECT_EQ(ModeRequestOf(request).status().code(), StatusCode::kInvalidArgument);
}

TEST(IntervalTest, HasADefaultAndARange) {
  v1::WatchStateRequest request;
  EXPECT_EQ(*IntervalOf(request), Nanoseconds(std::chrono::seconds(1)));
  request.mutable_min_interval()->set_nanos(50'000'000);
  EXPECT_TRUE(IntervalOf(request).ok());
  request.mutable_min_interval()->set_nanos(49'999'999);
  EXPECT_THAT(std::string(IntervalOf(request).status().message()), HasSubstr("[0.05 s, 1 h]"));
  request.mutable_min_interval()->set_nanos(0);
  request.mutable_min_interval()->set_seconds(3600);
  EXPECT_TRUE(IntervalOf(request).ok());
  request.mutable_min_interval()->set_seconds(3601);
  EXPECT_FALSE(IntervalOf(request).ok());
}

}  // namespace
}  // namespace abcds
