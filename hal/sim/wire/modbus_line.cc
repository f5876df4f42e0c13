#include "hal/sim/wire/modbus_line.h"

#include <utility>

namespace abcds::sim {
namespace {

constexpr uint8_t kRead = 3;
constexpr uint8_t kWrite = 16;
constexpr uint8_t kIllegalFunction = 1;
constexpr uint8_t kIllegalValue = 3;

uint16_t Word(std::span<const uint8_t> bytes, size_t at) {
  return static_cast<uint16_t>(bytes[at] * 256 + bytes[at + 1]);
}

void AppendWord(std::vector<uint8_t>& bytes, unsigned word) {
  bytes.push_back(static_cast<uint8_t>(word >> 8));
  bytes.push_back(static_cast<uint8_t>(word));
}

void AppendChecksum(std::vector<uint8_t>& bytes) {
  const uint16_t checksum = ModbusChecksum(bytes);
  bytes.push_back(static_cast<uint8_t>(checksum));
  bytes.push_back(static_cast<uint8_t>(checksum >> 8));
}

}  // namespace

uint16_t ModbusChecksum(std::span<const uint8_t> bytes) {
  unsigned sum = 0xffff;
  for (const uint8_t byte : bytes) {
    sum ^= byte;
    for (int bit = 0; bit < 8; ++bit) sum = (sum & 1) != 0 ? sum >> 1 ^ 0xa001 : sum >> 1;
  }
  return static_cast<uint16_t>(sum);
}

absl::StatusOr<std::unique_ptr<ModbusLine>> ModbusLine::Open(const LineOptions& options) {
  absl::StatusOr<std::unique_ptr<Pty>> pty = Pty::Open(options.link);
  if (!pty.ok()) return pty.status();
  return std::unique_ptr<ModbusLine>(new ModbusLine(options, *std::move(pty)));
}

ModbusLine::ModbusLine(const LineOptions& options, std::unique_ptr<Pty> pty) : SerialLine(options, std::move(pty)) {}

ModbusLine::~ModbusLine() { Stop(); }

int ModbusLine::RequestLength(std::span<const uint8_t> heard) const {
  if (heard.size() < 2) return 0;
  if (heard[1] == kRead) return 8;
  if (heard[1] != kWrite) return -static_cast<int>(heard.size());
  return heard.size() < 7 ? 0 : 9 + heard[6];
}

uint8_t ModbusLine::AddressOf(std::span<const uint8_t> request) const { return request[0]; }

Nanoseconds ModbusLine::Thinks(std::span<const uint8_t> request) const {
  const auto unit = units_.find(request[0]);
  return unit == units_.end() ? Nanoseconds(0) : unit->second->thinks();
}

std::vector<uint8_t> ModbusLine::Answer(std::span<const uint8_t> request, const LineFaults& faults) {
  if (ModbusChecksum(request) != 0) return {};
  const auto unit = units_.find(request[0]);
  if (unit == units_.end() || !unit->second->Powered()) return {};
  const uint8_t function = request[1];
  std::vector<uint8_t> reply = {static_cast<uint8_t>(request[0] + (faults.wrong_address ? 1 : 0)), function};
  uint8_t exception = faults.exception;
  if (exception == 0 && function == kRead) {
    std::vector<uint16_t> values;
    exception = unit->second->Read(Word(request, 2), Word(request, 4), values);
    reply.push_back(static_cast<uint8_t>(2 * values.size()));
    for (const uint16_t value : values) AppendWord(reply, value);
  } else if (exception == 0 && function == kWrite) {
    std::vector<uint16_t> values;
    for (size_t at = 7; at + 3 < request.size(); at += 2) values.push_back(Word(request, at));
    exception = values.size() == Word(request, 4) ? unit->second->Write(Word(request, 2), values) : kIllegalValue;
    AppendWord(reply, Word(request, 2));
    AppendWord(reply, Word(request, 4));
  } else if (exception == 0) {
    exception = kIllegalFunction;
  }
  if (exception != 0) reply = {reply[0], static_cast<uint8_t>(function | 0x80), exception};
  AppendChecksum(reply);
  return reply;
}

}  // namespace abcds::sim
