#include "hal/sim/wire/line_faults.h"

namespace abcds::sim {

void ReplySpoiler::Set(const LineFaults& faults) {
  faults_ = faults;
  turns_ = 0;
}

bool ReplySpoiler::Turn(int every) const { return every > 0 && turns_ % static_cast<uint64_t>(every) == 0; }

std::vector<uint8_t> ReplySpoiler::Spoil(std::vector<uint8_t> reply) {
  if (reply.empty()) return reply;
  ++turns_;
  if (faults_.mute || Turn(faults_.drop_every)) return {};
  if (Turn(faults_.corrupt_every)) {
    const size_t head = reply.size() / 2;
    reply[head + random_() % (reply.size() - head)] ^= static_cast<uint8_t>(1u << random_() % 8);
  }
  if (Turn(faults_.half_every)) reply.resize(reply.size() / 2);
  if (Turn(faults_.stray_byte_every)) reply.push_back(0x00);
  const auto limit = static_cast<uint64_t>(faults_.corrupt_share * 0x1p32);
  for (uint8_t& byte : reply) {
    if ((random_() & 0xFFFFFFFF) < limit) byte = static_cast<uint8_t>(random_());
  }
  return reply;
}

}  // namespace abcds::sim
