#include "hal/drivers/jk_bms/frame.h"

#include <algorithm>

namespace abcds::jk_bms {
namespace {

constexpr uint8_t kStart0 = 0x4E;
constexpr uint8_t kStart1 = 0x57;
constexpr uint8_t kEnd = 0x68;

size_t Word(std::span<const uint8_t> bytes, size_t at) { return static_cast<size_t>(bytes[at]) << 8 | bytes[at + 1]; }

bool LengthIsPossible(size_t length) { return length >= kLengthMin && length <= kLengthMax; }

}  // namespace

FrameFault CheckFrame(std::span<const uint8_t> bytes) noexcept {
  if (bytes.size() < 2) return FrameFault::kTooShort;
  if (bytes[0] != kStart0 || bytes[1] != kStart1) return FrameFault::kNoStart;
  if (bytes.size() < 4) return FrameFault::kTooShort;
  const size_t length = Word(bytes, 2);
  if (!LengthIsPossible(length)) return FrameFault::kBadLength;
  if (bytes.size() < length + 2) return FrameFault::kTooShort;
  if (bytes.size() > length + 2) return FrameFault::kTooLong;
  if (bytes[length - 3] != kEnd) return FrameFault::kNoEnd;
  if (bytes[length - 2] != 0 || bytes[length - 1] != 0) return FrameFault::kFillNotZero;
  size_t sum = 0;
  for (const uint8_t byte : bytes.first(length - 2)) sum += byte;
  return (sum & 0xFFFF) == Word(bytes, length) ? FrameFault::kNone : FrameFault::kBadSum;
}

void FrameScanner::Drop(size_t count) noexcept {
  std::copy(buffer_.begin() + static_cast<ptrdiff_t>(count), buffer_.begin() + static_cast<ptrdiff_t>(size_),
            buffer_.begin());
  size_ -= count;
}

void FrameScanner::Clear() noexcept {
  skipped_ += size_ - taken_;
  size_ = 0;
  taken_ = 0;
}

void FrameScanner::Push(std::span<const uint8_t> bytes) noexcept {
  Drop(taken_);
  taken_ = 0;
  if (bytes.size() > buffer_.size()) {
    skipped_ += bytes.size() - buffer_.size();
    bytes = bytes.last(buffer_.size());
  }
  // Whoever asks for frames after each push never gets here with a full buffer: it holds two of the longest.
  if (size_ + bytes.size() > buffer_.size()) {
    const size_t oldest = size_ + bytes.size() - buffer_.size();
    skipped_ += oldest;
    Drop(oldest);
  }
  std::copy(bytes.begin(), bytes.end(), buffer_.begin() + static_cast<ptrdiff_t>(size_));
  size_ += bytes.size();
}

std::optional<std::span<const uint8_t>> FrameScanner::Next() noexcept {
  Drop(taken_);
  taken_ = 0;
  for (;;) {
    const auto begin = buffer_.begin();
    const auto start = std::find(begin, begin + static_cast<ptrdiff_t>(size_), kStart0);
    skipped_ += static_cast<uint64_t>(start - begin);
    Drop(static_cast<size_t>(start - begin));
    if (size_ < 2) return std::nullopt;
    const std::span<const uint8_t> held = std::span<const uint8_t>(buffer_).first(size_);
    // A frame is judged when as many bytes are there as it says it has.
    const bool has_length = size_ >= 4 && LengthIsPossible(Word(held, 2));
    const size_t whole = has_length ? Word(held, 2) + 2 : size_;
    const FrameFault fault = CheckFrame(held.first(std::min(whole, size_)));
    if (fault == FrameFault::kTooShort) return std::nullopt;
    if (fault == FrameFault::kNone) {
      taken_ = whole;
      return held.first(whole);
    }
    // A 4E alone is just a byte.
    damaged_ += fault != FrameFault::kNoStart ? 1 : 0;
    bad_sums_ += fault == FrameFault::kBadSum ? 1 : 0;
    ++skipped_;
    Drop(1);
  }
}

std::optional<std::span<const uint8_t>> FrameScanner::NextOfRest() noexcept {
  for (;;) {
    if (const auto frame = Next()) return frame;
    if (size_ == 0) return std::nullopt;
    damaged_ += size_ >= 2 ? 1 : 0;
    ++skipped_;
    Drop(1);
  }
}

}  // namespace abcds::jk_bms
