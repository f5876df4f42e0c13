// The conversation with a JK BMS, whose line says anything at any time: other masters, damage, silence, whole replies
// with drawn content, the cable pulled.
#include <cmath>
#include <optional>
#include <span>
#include <vector>

#include "hal/drivers/jk_bms/session.h"
#include "hal/units/check.h"
#include "tests/fuzz/input.h"
#include "tests/fuzz/jk_sum.h"

namespace abcds::jk_bms {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr uint8_t kReadEverything = 6;

// A reply that a board could give, its values drawn. Without these, no fuzzer gets past the sum and the nine fields.
Bytes Status(FuzzInput& input) {
  const uint8_t cells = static_cast<uint8_t>(input.Byte() % 33);
  Bytes content = {0x79, static_cast<uint8_t>(3 * cells)};
  unsigned pack_mv = 0;
  const bool sound = input.Bit();
  for (uint8_t cell = 1; cell <= cells; ++cell) {
    const unsigned cell_mv = sound ? 3300u + input.Byte() : input.Word();
    pack_mv += cell_mv;
    content.push_back(cell);
    content.push_back(static_cast<uint8_t>(cell_mv >> 8));
    content.push_back(static_cast<uint8_t>(cell_mv));
  }
  const auto word = [&content](uint8_t id, unsigned value) {
    for (const unsigned byte : {unsigned{id}, value >> 8 & 0xff, value & 0xff})
      content.push_back(static_cast<uint8_t>(byte));
  };
  word(0x80, input.Byte());
  word(0x81, input.Byte());
  word(0x82, input.Byte());
  word(0x83, sound ? pack_mv / 10 : input.Word());
  word(0x84, input.Word());
  content.push_back(0x85);
  content.push_back(input.Byte());
  word(0x8b, input.Bit() ? input.Word() : 0);
  word(0x8c, 3);
  const auto more = input.Bytes(input.Byte());
  content.insert(content.end(), more.begin(), more.end());
  return FrameAround(kReadEverything, 1, content);
}

// How many whole frames with a right sum are in what was heard, wherever they begin.
size_t WholeFrames(std::span<const uint8_t> heard) {
  size_t count = 0;
  for (size_t at = 0; at + 20 <= heard.size(); ++at) {
    if (heard[at] != 0x4e || heard[at + 1] != 0x57) continue;
    const size_t size = static_cast<size_t>(heard[at + 2] << 8 | heard[at + 3]) + 2;
    if (size >= 20 && at + size <= heard.size() && HasRightSum(heard.subspan(at, size))) ++count;
  }
  return count;
}

void CheckState(const Session& session, MonotonicTime now) {
  const BatteryState& state = session.state();
  const Counters counters = session.counters();
  ABCDS_CHECK(state.voltage.valid == (counters.samples > 0));
  ABCDS_CHECK(state.lifecycle != Lifecycle::kActive || state.voltage.valid);
  ABCDS_CHECK(static_cast<int>(session.Trouble("/dev/bms").size()) < 400);
  if (!state.voltage.valid) return;
  ABCDS_CHECK(IsPlausible(session.status()) && state.voltage.taken_at <= now);
  ABCDS_CHECK(state.soc.value >= Ratio(0) && state.soc.value <= Ratio(1));
  ABCDS_CHECK(state.cell_lowest.value <= state.cell_highest.value && state.cell_lowest.value >= Volts(0.5) &&
              state.cell_highest.value <= Volts(5));
  ABCDS_CHECK(!state.current.valid || Magnitude(state.current.value) <= Amperes(1000));
  ABCDS_CHECK(!state.temperature_lowest.valid || state.temperature_lowest.value <= state.temperature_highest.value);
  ABCDS_CHECK(!state.charge_current_limit.valid || state.charge_current_limit.value > Amperes(0));
}

// What the line says during one exchange.
Bytes Said(FuzzInput& input, const Bytes& last) {
  switch (input.Byte() % 6) {
    case 0:
      return {};
    case 1: {
      const auto any = input.Bytes(input.Byte());
      return {any.begin(), any.end()};
    }
    case 2: {
      Bytes damaged = Status(input);
      damaged[input.Word() % damaged.size()] ^= static_cast<uint8_t>(1u << input.Byte() % 8);
      return damaged;
    }
    case 3: {
      const auto content = input.Bytes(input.Byte());
      return FrameAround(input.Byte(), input.Byte(), content);
    }
    case 4:
      return last;  // the same again, which is what confirms
    default:
      return Status(input);
  }
}

void Exchange(Session& session, FuzzInput& input, const Bytes& said, MonotonicTime& now) {
  now = std::max(now, session.NextDue(now));
  const std::optional<ByteRequest> request = session.NextRequest(now);
  ABCDS_CHECK(request.has_value() && request->size > 0 && request->size <= ByteRequest::kMaxBytes);
  now += std::chrono::milliseconds(2);
  session.OnSent(now);
  const uint64_t before = session.counters().samples;
  Bytes heard;
  bool over = false;
  for (size_t at = 0; at < said.size() && !over;) {
    const size_t piece = std::min<size_t>(said.size() - at, 1 + input.Byte());
    now += std::chrono::milliseconds(input.Byte() % 8);
    if (now >= session.ReplyDeadline()) break;
    const auto bytes = std::span(said).subspan(at, piece);
    heard.insert(heard.end(), bytes.begin(), bytes.end());
    over = session.OnBytes(bytes, now);
    at += piece;
  }
  if (!over) {
    ABCDS_CHECK(session.ReplyDeadline() <= now + std::chrono::seconds(6));
    now = std::max(now, session.ReplyDeadline());
    static_cast<void>(session.OnDeadline(now));
  }
  // No value without a whole frame whose sum is right: at most one for each exchange.
  const uint64_t samples = session.counters().samples - before;
  ABCDS_CHECK(samples <= 1 && (samples == 0 || WholeFrames(heard) > 0));
  CheckState(session, now);
}

}  // namespace
}  // namespace abcds::jk_bms

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace abcds;
  using namespace abcds::jk_bms;
  FuzzInput input(data, size);
  SessionOptions options;
  if (const uint8_t cells = input.Byte(); cells % 3 == 0) options.cells = cells % 33;
  Session session(options);
  MonotonicTime now(std::chrono::hours(1));
  session.OnLink(true, now);
  Bytes last;
  while (!input.empty()) {
    if (input.Byte() == 0xff) {
      session.OnLink(false, now);
      now += std::chrono::seconds(input.Byte());
      ABCDS_CHECK(!session.NextRequest(now).has_value() && session.state().lifecycle != Lifecycle::kActive);
      session.OnLink(true, now);
    }
    last = Said(input, last);
    Exchange(session, input, last, now);
  }
  return 0;
}
