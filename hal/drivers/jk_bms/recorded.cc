#include "hal/drivers/jk_bms/recorded.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "hal/drivers/jk_bms/frame.h"

namespace abcds::jk_bms {
namespace {

using Bytes = std::span<const uint8_t>;

absl::Status Refused(const std::string& why) { return absl::InvalidArgumentError(why); }

unsigned Word(Bytes bytes, size_t at) { return static_cast<unsigned>(bytes[at]) << 8 | bytes[at + 1]; }

bool Contains(Bytes bytes, std::initializer_list<uint8_t> part) {
  return std::search(bytes.begin(), bytes.end(), part.begin(), part.end()) != bytes.end();
}

// The start of a frame at or behind `from`; none: the end.
size_t FindStart(Bytes bytes, size_t from) {
  static constexpr std::array<uint8_t, 2> kStart = {0x4E, 0x57};
  const auto found =
      std::search(bytes.begin() + static_cast<ptrdiff_t>(from), bytes.end(), kStart.begin(), kStart.end());
  return static_cast<size_t>(found - bytes.begin());
}

std::string NoStart(Bytes bytes, size_t from) {
  if (Contains(bytes, {0x55, 0xAA, 0xEB, 0x90})) {
    return "55 AA EB 90 begins a frame of the JK PB series or of JK's Bluetooth; jk-bms is the 4E57 protocol";
  }
  if (bytes[0] == 0xDD) return "DD begins a frame of the JBD protocol; jk-bms is the 4E57 protocol";
  return absl::StrCat("no frame begins with 4E 57 ", from == 0 ? "" : absl::StrCat("behind the request, "), "in the ",
                      bytes.size() - from, " bytes from byte ", from, " on");
}

// `frame` begins with 4E 57 and stands at `at`; bytes are counted from 0.
std::string WhyNotWhole(FrameFault fault, Bytes frame, size_t at) {
  const unsigned length = frame.size() >= 4 ? Word(frame, 2) : 0;
  switch (fault) {
    case FrameFault::kBadLength:
      return absl::StrCat("the frame's length field, bytes ", at + 2, " and ", at + 3, ", says ", length,
                          ", and boards send ", kLengthMin, " to ", kLengthMax);
    case FrameFault::kTooShort:
      if (frame.size() < 4)
        return absl::StrCat("the frame is cut off in its length field, at byte ", at + frame.size());
      return absl::StrCat("the frame is cut off: its length field says ", length + 2, " bytes, and ", frame.size(),
                          " are there");
    case FrameFault::kNoEnd:
      return absl::StrFormat("the frame has no end marker 68 where its length field puts it: byte %d is %02X",
                             at + length - 3, frame[length - 3]);
    case FrameFault::kFillNotZero:
      return absl::StrFormat("the frame has %02X %02X behind its end marker, at byte %d, and must have 00 00",
                             frame[length - 2], frame[length - 1], at + length - 2);
    case FrameFault::kBadSum: {
      unsigned sum = 0;
      for (const uint8_t byte : frame.first(length - 2)) sum += byte;
      return absl::StrFormat(
          "the frame has a wrong checksum: its bytes sum up to %04X, and bytes %d and %d say %04X; somewhere in it a "
          "byte "
          "is damaged",
          sum & 0xFFFF, at + length, at + length + 1, Word(frame, length));
    }
    case FrameFault::kNone:
    case FrameFault::kNoStart:
    case FrameFault::kTooLong:
      break;
  }
  return "the frame is damaged";
}

}  // namespace

absl::StatusOr<Status> DecodeRecording(Bytes bytes, const CodecOptions& options) {
  if (bytes.empty()) return Refused("there is no byte in it");
  std::optional<size_t> reply_at;
  Bytes reply;
  size_t from = 0;  // behind the last whole frame
  while (from < bytes.size()) {
    const size_t at = FindStart(bytes, from);
    if (at != from && reply_at.has_value()) {
      return Refused(absl::StrCat("the frame has more bytes than its length field says: ", bytes.size() - from,
                                  " from byte ", from, " on"));
    }
    if (at == bytes.size()) return Refused(NoStart(bytes, from));
    Bytes frame = bytes.subspan(at);
    const size_t whole = frame.size() >= 4 ? Word(frame, 2) + size_t{2} : frame.size();
    const FrameFault fault = CheckFrame(frame.first(std::min(whole, frame.size())));
    if (fault != FrameFault::kNone) return Refused(WhyNotWhole(fault, frame, at));
    frame = frame.first(whole);
    from = at + whole;
    if (TransportTypeOf(frame) == static_cast<uint8_t>(TransportType::kRequest)) continue;
    if (reply_at.has_value()) {
      return Refused(absl::StrCat("there are two replies in it, at bytes ", *reply_at, " and ", at, ": one at a time"));
    }
    reply_at = at;
    reply = frame;
  }
  if (!reply_at.has_value()) return Refused("the frame is a request, not the BMS's reply");

  Status status;
  size_t refused_at = 0;
  const DecodeResult result = DecodeStatus(reply, options, status, &refused_at);
  if (result != DecodeResult::kOk) {
    const std::string where = refused_at == 0 ? "" : absl::StrCat(", at byte ", *reply_at + refused_at);
    return Refused(absl::StrCat("the frame is whole, but ", ResultText(result), where));
  }
  if (const std::string why = Implausible(status, OpenWires::kAreValues); !why.empty()) {
    return Refused(absl::StrCat("the frame is whole; the BMS reports ", why));
  }
  return status;
}

}  // namespace abcds::jk_bms
