// The adapter's conversation, line by line, over a stream of our own and with a clock of our own. What a simulated USBtin
// makes of it is in can_bus_test.
#include "hal/transport/slcan_adapter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "hal/rt/clock.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

// What both ends have said and not yet read.
struct Wire {
  std::string to_adapter;
  std::string to_us;
  bool gone = false;
};

class FakeLine final : public ByteStream {
 public:
  explicit FakeLine(Wire& wire) : wire_(wire) {}

  absl::StatusOr<size_t> Read(std::span<uint8_t> buffer, MonotonicTime) override {
    if (wire_.gone) return absl::UnavailableError("gone");
    const size_t size = std::min(buffer.size(), wire_.to_us.size());
    std::copy_n(wire_.to_us.begin(), size, buffer.begin());
    wire_.to_us.erase(0, size);
    return size;
  }
  absl::Status Write(std::span<const uint8_t> bytes, MonotonicTime) override {
    if (wire_.gone) return absl::UnavailableError("gone");
    wire_.to_adapter.append(bytes.begin(), bytes.end());
    return absl::OkStatus();
  }
  absl::StatusOr<size_t> DiscardInput() override { return 0; }
  void DiscardOutput() override {}
  int fd() const override { return -1; }
  void Close() override {}

 private:
  Wire& wire_;
};

constexpr CanFrame kRequest{.id = 0x000C0102, .extended = true, .remote = false, .size = 2, .data = {0x60, 0x00}};
constexpr CanFrame kAnswer{
    .id = 0x000C0002, .extended = true, .remote = false, .size = 4, .data = {0x60, 0x00, 0x77, 0x14}};
constexpr char kRequestLine[] = "T000C010226000\r";
constexpr char kAnswerLine[] = "T000C0002460007714\r";

class SlcanAdapterTest : public testing::Test {
 protected:
  SlcanAdapterTest() {
    const CanFilter filter{.id = 0x000C0002, .extended = true};
    auto adapter = SlcanAdapter::Create(std::make_unique<FakeLine>(wire_), "/dev/adapter", 250'000, {&filter, 1});
    EXPECT_TRUE(adapter.ok()) << adapter.status();
    adapter_ = *std::move(adapter);
    now_ = MonotonicNow();
  }
  // The wire is a member, and hears the farewell.
  ~SlcanAdapterTest() override { adapter_.reset(); }

  std::string Said() { return std::exchange(wire_.to_adapter, {}); }
  // The adapter says `bytes`; what we make of them, frames apart.
  absl::Status Hear(const std::string& bytes) {
    wire_.to_us += bytes;
    for (;;) {
      const auto got = adapter_->Receive(now_);
      if (!got.ok()) return got.status();
      if (!got->has_value()) return absl::OkStatus();
      EXPECT_EQ(**got, kAnswer);
      ++frames_;
    }
  }
  absl::Status After(Nanoseconds pause) {
    now_ += pause;
    return Hear("");
  }
  void SetUpAdapter() {
    ASSERT_TRUE(After(150ms).ok());
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(Hear("\r").ok());
    ASSERT_TRUE(adapter_->ready());
    Said();
  }
  void Send() {
    ASSERT_TRUE(adapter_->Send(kRequest, now_).ok());
    ASSERT_EQ(Said(), kRequestLine);
    ASSERT_FALSE(adapter_->ready());
  }

  Wire wire_;
  std::unique_ptr<SlcanAdapter> adapter_;
  MonotonicTime now_;
  int frames_ = 0;
};

TEST_F(SlcanAdapterTest, IsSetUpStepByStep) {
  EXPECT_EQ(Said(), "\r\r\rC\r");
  // What the adapter says now belongs to its former user: also what looks like answers and frames.
  ASSERT_TRUE(Hear(std::string("\a\r\r") + kAnswerLine + "T000C").ok());
  EXPECT_EQ(Said(), "");
  ASSERT_TRUE(After(150ms).ok());
  EXPECT_EQ(Said(), "S5\r");
  ASSERT_TRUE(Hear("\r").ok());
  EXPECT_EQ(Said(), "Z0\r");
  ASSERT_TRUE(Hear("\a").ok());  // not every adapter knows it
  EXPECT_EQ(Said(), "O\r");
  EXPECT_FALSE(adapter_->up());
  ASSERT_TRUE(Hear("\r").ok());
  EXPECT_TRUE(adapter_->up() && adapter_->ready());
  EXPECT_EQ(frames_, 0);
  adapter_.reset();
  EXPECT_EQ(wire_.to_adapter, "C\r");
}

TEST_F(SlcanAdapterTest, OneThatAnswersNothingIsSetUpByTheClock) {
  ASSERT_TRUE(After(150ms).ok());
  ASSERT_TRUE(After(299ms).ok());
  EXPECT_EQ(Said(), "\r\r\rC\rS5\r");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(After(300ms).ok());
  EXPECT_EQ(Said(), "Z0\rO\r");
  EXPECT_TRUE(adapter_->up());
}

TEST_F(SlcanAdapterTest, RefusedRateIsTriedThreeTimesThenTold) {
  ASSERT_TRUE(After(150ms).ok());
  ASSERT_TRUE(Hear("\a").ok());
  EXPECT_EQ(Said(), "\r\r\rC\rS5\r\r\r\rC\r");
  ASSERT_TRUE(After(199ms).ok());  // twice as long as before
  EXPECT_EQ(Said(), "");
  ASSERT_TRUE(After(1ms).ok());
  ASSERT_TRUE(Hear("\a").ok());
  ASSERT_TRUE(After(400ms).ok());
  const absl::Status refused = Hear("\a");
  EXPECT_TRUE(absl::IsUnavailable(refused));
  EXPECT_EQ(refused.message(),
            "the adapter at /dev/adapter refuses 250000 bit/s: is it an SLCAN adapter that has this rate?");
}

TEST_F(SlcanAdapterTest, NextFrameWaitsForTheAcknowledgement) {
  SetUpAdapter();
  for (const char* acknowledgement : {"Z\r", "z\r", "\r"}) {
    Send();
    ASSERT_TRUE(After(99ms).ok());
    EXPECT_FALSE(adapter_->ready());
    ASSERT_TRUE(Hear(acknowledgement).ok());
    EXPECT_TRUE(adapter_->ready());
  }
  EXPECT_EQ(adapter_->counters().sent, 3u);
  EXPECT_EQ(adapter_->counters().unconfirmed, 0u);
}

TEST_F(SlcanAdapterTest, WithoutAcknowledgementsItSoonStopsWaiting) {
  SetUpAdapter();
  for (int i = 0; i < 3; ++i) {
    Send();
    ASSERT_TRUE(After(99ms).ok());
    EXPECT_FALSE(adapter_->ready());
    ASSERT_TRUE(After(1ms).ok());
    EXPECT_TRUE(adapter_->ready());
    ASSERT_TRUE(Hear(kAnswerLine).ok());
  }
  Send();
  ASSERT_TRUE(After(5ms).ok());
  EXPECT_TRUE(adapter_->ready());
  EXPECT_EQ(frames_, 3);
  EXPECT_EQ(adapter_->counters().unconfirmed, 4u);
  // One that does acknowledge after all is waited for again.
  ASSERT_TRUE(Hear("Z\r").ok());
  Send();
  ASSERT_TRUE(After(99ms).ok());
  EXPECT_FALSE(adapter_->ready());
}

TEST_F(SlcanAdapterTest, RefusedFrameIsOfferedAgainThenGivenUp) {
  SetUpAdapter();
  Send();
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(Hear("\a").ok());
    ASSERT_TRUE(Hear("\a").ok());  // a late one counts once
    ASSERT_TRUE(After(9ms).ok());
    EXPECT_EQ(Said(), "");
    ASSERT_TRUE(After(1ms).ok());
    EXPECT_EQ(Said(), kRequestLine);
    EXPECT_TRUE(adapter_->up());
    EXPECT_EQ(adapter_->trouble(), "");
  }
  ASSERT_TRUE(Hear("\a").ok());
  EXPECT_FALSE(adapter_->up());
  EXPECT_EQ(adapter_->trouble().find("nobody on the CAN bus at /dev/adapter takes frames"), 0u);
  // Set up anew after a second, which empties its buffers; the frame is not sent again.
  ASSERT_TRUE(After(999ms).ok());
  EXPECT_EQ(Said(), "");
  ASSERT_TRUE(After(1ms).ok());
  EXPECT_EQ(Said(), "\r\r\rC\r");
  // With three attempts of its own.
  ASSERT_TRUE(After(100ms).ok());
  EXPECT_EQ(Said(), "S5\r");
  SetUpAdapter();
  // Three frames are taken by its buffers alone.
  for (int i = 0; i < 3; ++i) {
    Send();
    ASSERT_TRUE(Hear("Z\r").ok());
    EXPECT_NE(adapter_->trouble(), "") << i;
  }
  Send();
  ASSERT_TRUE(Hear("Z\r").ok());
  EXPECT_EQ(adapter_->trouble(), "");
  EXPECT_EQ(adapter_->counters().refused, 21u);
}

TEST_F(SlcanAdapterTest, FrameFromTheBusShowsThatTheCableIsBack) {
  SetUpAdapter();
  Send();
  for (int i = 0; i < 21; ++i) {
    ASSERT_TRUE(Hear("\a").ok());
    ASSERT_TRUE(After(10ms).ok());
  }
  EXPECT_NE(adapter_->trouble(), "");
  ASSERT_TRUE(After(1s).ok());
  ASSERT_TRUE(After(100ms).ok());
  SetUpAdapter();
  EXPECT_NE(adapter_->trouble(), "");
  ASSERT_TRUE(Hear("t12310A\r").ok());
  EXPECT_EQ(adapter_->trouble(), "") << "somebody else's, all the same";
}

TEST_F(SlcanAdapterTest, RefusedOnceIsTakenTheSecondTime) {
  SetUpAdapter();
  Send();
  ASSERT_TRUE(Hear("\a").ok());
  ASSERT_TRUE(Hear("Z\r").ok());  // late, of a frame before this one
  ASSERT_TRUE(After(10ms).ok());
  EXPECT_EQ(Said(), kRequestLine);
  ASSERT_TRUE(Hear("Z\r").ok());
  EXPECT_TRUE(adapter_->ready());
  ASSERT_TRUE(After(1s).ok());
  EXPECT_EQ(Said(), "");
}

TEST_F(SlcanAdapterTest, SilenceAfterTwoFramesIsAHungAdapter) {
  SetUpAdapter();
  Send();
  ASSERT_TRUE(After(10s).ok());  // one frame may have met a device that is off
  Send();
  const absl::Status hung = After(3s);
  EXPECT_TRUE(absl::IsUnavailable(hung));
  EXPECT_EQ(hung.message(), "the adapter at /dev/adapter does not answer: is it an SLCAN adapter? If it hangs, unplug it");
}

TEST_F(SlcanAdapterTest, AnyByteIsALifeSign) {
  SetUpAdapter();
  for (int i = 0; i < 4; ++i) {
    Send();
    ASSERT_TRUE(After(2s).ok());
    ASSERT_TRUE(Hear("z").ok());
  }
}

TEST_F(SlcanAdapterTest, LostLineIsTold) {
  SetUpAdapter();
  wire_.gone = true;
  EXPECT_TRUE(absl::IsUnavailable(After(1ms)));
  EXPECT_TRUE(absl::IsUnavailable(adapter_->Send(kRequest, now_)));
}

TEST_F(SlcanAdapterTest, OnlyWhatPassesAFilterCounts) {
  SetUpAdapter();
  ASSERT_TRUE(Hear("t00221122\rR000C00024\rT000C000320000\rnoise\r").ok());
  EXPECT_EQ(frames_, 0);
  EXPECT_EQ(adapter_->counters().garbled, 1u);
  ASSERT_TRUE(Hear(kAnswerLine).ok());
  EXPECT_EQ(frames_, 1);
  EXPECT_EQ(adapter_->counters().received, 1u);
}

}  // namespace
}  // namespace abcds
