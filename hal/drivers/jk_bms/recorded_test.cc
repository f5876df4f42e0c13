#include "hal/drivers/jk_bms/recorded.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "hal/drivers/jk_bms/frame.h"
#include "hal/drivers/jk_bms/worked_frames.h"

namespace abcds::jk_bms {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes Request() { return {kReadAll.begin(), kReadAll.end()}; }
Bytes Eight() { return {std::begin(kEightCells), std::end(kEightCells)}; }
Bytes First(size_t size) { return {std::begin(kEightCells), std::begin(kEightCells) + static_cast<ptrdiff_t>(size)}; }

Bytes Joined(std::initializer_list<Bytes> parts) {
  Bytes all;
  for (const Bytes& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

Bytes Changed(std::initializer_list<std::pair<size_t, uint8_t>> changes) {
  Bytes frame = Eight();
  for (const auto& [at, value] : changes) frame[at] = value;
  return frame;
}

// With a right sum over what has been changed.
Bytes Sealed(Bytes frame) {
  unsigned sum = 0;
  for (size_t i = 0; i + 4 < frame.size(); ++i) sum += frame[i];
  frame[frame.size() - 2] = static_cast<uint8_t>(sum >> 8);
  frame[frame.size() - 1] = static_cast<uint8_t>(sum);
  return frame;
}

struct Whole {
  const char* name;
  Bytes bytes;
};

class WholeTest : public testing::TestWithParam<Whole> {};

TEST_P(WholeTest, IsFound) {
  const auto status = DecodeRecording(GetParam().bytes, {});
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_EQ(status->cells, 8u);
  EXPECT_NEAR(status->current->value(), -17.34, 1e-9);
}

INSTANTIATE_TEST_SUITE_P(Recordings, WholeTest,
                         testing::Values(Whole{"Reply", Eight()}, Whole{"EchoInFront", Joined({Request(), Eight()})},
                                         Whole{"NextRequestBehind", Joined({Request(), Eight(), Request()})},
                                         Whole{"NoiseInFront", Joined({{0xFF, 0x00, 0xDF, 0x4E}, Eight()})},
                                         Whole{"NoiseBetweenEchoAndReply", Joined({Request(), {0x00}, Eight()})}),
                         [](const auto& info) { return info.param.name; });

struct Refused {
  const char* name;
  Bytes bytes;
  const char* why;
};

class RefusedTest : public testing::TestWithParam<Refused> {};

TEST_P(RefusedTest, SaysWhatIsWrongAndWhere) {
  const auto status = DecodeRecording(GetParam().bytes, {});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(std::string(status.status().message()), GetParam().why);
}

// clang-format off
INSTANTIATE_TEST_SUITE_P(Recordings, RefusedTest, testing::Values(
    Refused{"Nothing", {}, "there is no byte in it"},
    Refused{"NoStart", {1, 3, 2, 0x0D, 0x96, 0x3C, 0xBA}, "no frame begins with 4E 57 in the 7 bytes from byte 0 on"},
    Refused{"NoReplyBehindTheRequest", Joined({Request(), {0x4E, 0x56, 0x01}}),
            "no frame begins with 4E 57 behind the request, in the 3 bytes from byte 21 on"},
    Refused{"PbSeries", {0x55, 0xAA, 0xEB, 0x90, 0x02, 0x05},
            "55 AA EB 90 begins a frame of the JK PB series or of JK's Bluetooth; jk-bms is the 4E57 protocol"},
    Refused{"Jbd", {0xDD, 0x03, 0x00, 0x1B}, "DD begins a frame of the JBD protocol; jk-bms is the 4E57 protocol"},
    Refused{"RequestAlone", Request(), "the frame is a request, not the BMS's reply"},
    Refused{"CutInTheLength", First(3), "the frame is cut off in its length field, at byte 3"},
    Refused{"CutOff", First(200), "the frame is cut off: its length field says 267 bytes, and 200 are there"},
    Refused{"LastByteMissing", First(266), "the frame is cut off: its length field says 267 bytes, and 266 are there"},
    Refused{"LengthOfNoBoard", Changed({{2, 0x81}}),
            "the frame's length field, bytes 2 and 3, says 33033, and boards send 18 to 400"},
    Refused{"EndMarker", Changed({{262, 0x69}}),
            "the frame has no end marker 68 where its length field puts it: byte 262 is 69"},
    Refused{"EndMarkerBehindAnEcho", Joined({Request(), Changed({{262, 0x69}})}),
            "the frame has no end marker 68 where its length field puts it: byte 283 is 69"},
    Refused{"Fill", Changed({{264, 0x01}}), "the frame has 00 01 behind its end marker, at byte 263, and must have 00 00"},
    Refused{"FlippedBit", Changed({{13, 0x41}}),
            "the frame has a wrong checksum: its bytes sum up to 4DB1, and bytes 265 and 266 say 4D71; somewhere in it a "
            "byte is damaged"},
    Refused{"BytesBehind", Joined({Eight(), {0x00}}), "the frame has more bytes than its length field says: 1 from byte 267 on"},
    Refused{"TwoReplies", Joined({Eight(), Eight()}), "there are two replies in it, at bytes 0 and 267: one at a time"},
    Refused{"DamagedReplyInFrontOfAWholeOne", Joined({Changed({{13, 0x41}}), Eight()}),
            "the frame has a wrong checksum: its bytes sum up to 4DB1, and bytes 265 and 266 say 4D71; somewhere in it a "
            "byte is damaged"},
    Refused{"CellNumberWithARightSum", Sealed(Changed({{13, 0x41}})),
            "the frame is whole, but its cell block is damaged: cells must be numbered from 1, and 32 at the most, at byte "
            "11"},
    Refused{"ValueTwiceWithARightSum", Sealed(Changed({{49, 0x83}})), "the frame is whole, but it has a value twice, at byte 49"},
    Refused{"CellsOfAnotherPack", Sealed(Changed({{47, 0x0B}, {48, 0x40}})),
            "the frame is whole; the BMS reports 28.80 V for the pack, but cells that sum up to 26.48 V"},
    Refused{"CellBelowZero", Sealed(Changed({{14, 0xFF}, {15, 0xF0}})),
            "the frame is whole; the BMS reports cell 1 at 65520 mV"},
    Refused{"ReadOne", {0x4E, 0x57, 0x00, 0x15, 0, 0, 0, 0, 0x03, 0x00, 0x01, 0x84, 0x86, 0xC6, 0, 0, 0, 0, 0x68, 0, 0,
                        0x02, 0xF6},
            "the frame is whole, but it is no answer to \"read all\""}),
    [](const auto& info) { return info.param.name; });
// clang-format on

// Two wires open, as a board says it: a whole frame, and a pack that is more than what the other cells sum up to.
TEST(DecodeRecording, OpenSenseWiresAreValues) {
  const auto status = DecodeRecording(Sealed(Changed({{14, 0}, {15, 0}, {17, 0}, {18, 0}})), {});
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_EQ(status->cell_mv[0], 0);
  EXPECT_EQ(status->cell_mv[1], 0);
  EXPECT_EQ(status->cell_mv[2], 3312);
  EXPECT_FALSE(IsPlausible(*status)) << "nothing to control by";
}

// Each bit of the frame turned, each end of it cut off: one reason each, never a value.
TEST(DecodeRecording, EveryFlippedBitAndEveryCutIsRefused) {
  for (size_t bit = 0; bit < Eight().size() * 8; ++bit) {
    Bytes frame = Eight();
    frame[bit / 8] ^= static_cast<uint8_t>(1u << bit % 8);
    EXPECT_FALSE(DecodeRecording(frame, {}).ok()) << "bit " << bit;
  }
  for (size_t size = 0; size < Eight().size(); ++size) EXPECT_FALSE(DecodeRecording(First(size), {}).ok()) << size;
}

}  // namespace
}  // namespace abcds::jk_bms
