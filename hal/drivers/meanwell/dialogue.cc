#include "hal/drivers/meanwell/dialogue.h"

#include <algorithm>

namespace abcds::meanwell {

Dialogue::Dialogue(Family family, uint8_t unit, Nanoseconds reply) noexcept
    : family_(family),
      unit_(unit),
      reply_(reply),
      filters_{CanFilter{.id = ReplyId(family, unit), .mask = CanFrame::kMaxExtendedId, .extended = true}} {}

std::optional<Command> Dialogue::TakeLate(MonotonicTime now) noexcept {
  if (!awaited_ || now < deadline_) return std::nullopt;
  ++unanswered_;
  const std::optional<Command> late = awaited_;
  awaited_.reset();
  return late;
}

void Dialogue::OnSent(const CanFrame& frame, MonotonicTime now) noexcept {
  free_from_ = now + Timing::kSpacing;
  Message message;
  if (Parse(family_, frame, message) != ParseResult::kOk || message.kind != Message::Kind::kRead) return;
  ++requests_;
  awaited_ = static_cast<Command>(message.code);
  deadline_ = now + reply_;
}

std::optional<Message> Dialogue::OnFrame(const CanFrame& frame, MonotonicTime now) noexcept {
  Message message;
  const bool good = Parse(family_, frame, message) == ParseResult::kOk && message.kind == Message::Kind::kReply &&
                    message.unit == unit_;
  if (!good || !awaited_ || message.code != static_cast<uint16_t>(*awaited_)) {
    ++unmatched_;
    return std::nullopt;
  }
  awaited_.reset();
  free_from_ = std::max(free_from_, now + Timing::kAfterReply);
  return message;
}

}  // namespace abcds::meanwell
