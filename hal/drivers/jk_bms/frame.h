// Frames of the JK 4E57 protocol: finding them in a stream of bytes, and what proves them whole. Knows nothing of their
// content.
//
// Layout: 4E 57, LEN (2 bytes; counts itself and everything after it), terminal id (4), command, source, transport
// type, data, record number (4), 68, 00 00, 16-bit sum of all bytes up to and with 68. Big-endian.
// Source: vendor paper V2.5 and the independent readers esphome-jk-bms, OpenDTU-OnBattery, BatteryScript_ABCDs.
#ifndef ABCDS_HAL_DRIVERS_JK_BMS_FRAME_H_
#define ABCDS_HAL_DRIVERS_JK_BMS_FRAME_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace abcds::jk_bms {

inline constexpr size_t kOverhead = 20;  // bytes of a frame without its data
// LEN of the shortest frame (a request without a data byte, which other masters send) and of the longest that any board
// gives: 32 cells make 337.
inline constexpr size_t kLengthMin = 18;
inline constexpr size_t kLengthMax = 400;
inline constexpr size_t kFrameMax = kLengthMax + 2;

enum class FrameFault : uint8_t {
  kNone,
  kNoStart,      // does not begin with 4E 57
  kBadLength,    // LEN beyond any board's
  kTooShort,     // fewer bytes than LEN says
  kTooLong,      // more bytes than LEN says
  kNoEnd,        // no 68 where LEN puts it
  kFillNotZero,  // the two unused checksum bytes
  kBadSum,
};

// Whether `bytes` are exactly one whole frame. Total: every byte sequence gets an answer.
[[nodiscard]] FrameFault CheckFrame(std::span<const uint8_t> bytes) noexcept;

enum class TransportType : uint8_t { kRequest = 0, kReply = 1, kReport = 2 };

// The parts of a frame that has passed CheckFrame.
[[nodiscard]] inline uint8_t CommandOf(std::span<const uint8_t> frame) noexcept { return frame[8]; }
[[nodiscard]] inline uint8_t TransportTypeOf(std::span<const uint8_t> frame) noexcept { return frame[10]; }
[[nodiscard]] inline std::span<const uint8_t> DataOf(std::span<const uint8_t> frame) noexcept {
  return frame.subspan(11, frame.size() - kOverhead);
}

// "Read all" (command 06) as a PC sends it.
inline constexpr std::array<uint8_t, 21> kReadAll = {0x4E, 0x57, 0x00, 0x13, 0x00, 0x00, 0x00, 0x00, 0x06, 0x03, 0x00,
                                                     0x00, 0x00, 0x00, 0x00, 0x00, 0x68, 0x00, 0x00, 0x01, 0x29};
// Wakes a sleeping board (command 01). One source only, the vendor.
inline constexpr std::array<uint8_t, 21> kActivate = {0x4E, 0x57, 0x00, 0x13, 0x00, 0x00, 0x00, 0x00, 0x01, 0x03, 0x00,
                                                      0x00, 0x00, 0x00, 0x00, 0x00, 0x68, 0x00, 0x00, 0x01, 0x24};

// Takes bytes in whatever pieces they come and gives whole frames. When a beginning turns out to be none, only its
// first byte is dropped: a good frame may begin inside the damaged one.
class FrameScanner {
 public:
  void Push(std::span<const uint8_t> bytes) noexcept;
  // The next whole frame, if there is one; valid until the next call of any member.
  [[nodiscard]] std::optional<std::span<const uint8_t>> Next() noexcept;
  // As Next(), when nothing more will come: what is incomplete now is damaged.
  [[nodiscard]] std::optional<std::span<const uint8_t>> NextOfRest() noexcept;
  void Clear() noexcept;

  // A beginning is there whose rest is missing.
  [[nodiscard]] bool pending() const noexcept { return size_ > taken_; }
  // Only ever grow.
  [[nodiscard]] uint64_t damaged() const noexcept { return damaged_; }    // beginnings that were no frame
  [[nodiscard]] uint64_t bad_sums() const noexcept { return bad_sums_; }  // of these, those with only a wrong sum
  [[nodiscard]] uint64_t skipped() const noexcept { return skipped_; }    // bytes that belonged to no good frame

 private:
  void Drop(size_t count) noexcept;

  std::array<uint8_t, 1024> buffer_{};
  size_t size_ = 0;
  size_t taken_ = 0;  // of the frame that was given out last
  uint64_t damaged_ = 0;
  uint64_t bad_sums_ = 0;
  uint64_t skipped_ = 0;
};

}  // namespace abcds::jk_bms

#endif  // ABCDS_HAL_DRIVERS_JK_BMS_FRAME_H_
