#include "hal/sim/wire/usbtin.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <string>
#include <utility>

namespace abcds::sim {
namespace {

constexpr std::string_view kDone = "\r";
constexpr std::string_view kRefused = "\a";
constexpr size_t kBuffers = 3;  // of the MCP2515
constexpr size_t kLongestCommand = 64;

bool AllHex(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return std::isxdigit(static_cast<unsigned char>(c)) != 0; });
}

std::string Answer(std::string_view text) { return std::string(text); }

}  // namespace

std::string Usbtin::Hear(char byte) {
  if (byte != '\r') {
    if (command_.size() < kLongestCommand) command_ += byte;
    return {};
  }
  const std::string command = std::exchange(command_, {});
  return Obey(command);
}

std::string Usbtin::Obey(std::string_view command) {
  if (command.empty()) return Answer(kRefused);
  const std::string_view argument = command.substr(1);
  switch (command[0]) {
    case 'S': {
      constexpr std::array<int, 9> kRates = {10, 20, 50, 100, 125, 250, 500, 800, 1000};
      if (open_ || argument.size() != 1 || argument[0] < '0' || argument[0] > '8') return Answer(kRefused);
      bitrate_ = 1000 * kRates[static_cast<size_t>(argument[0] - '0')];
      return Answer(kDone);
    }
    case 'O':
    case 'L':
      if (open_ || bitrate_ == 0) return Answer(kRefused);
      open_ = true;
      listen_only_ = command[0] == 'L';
      return Answer(kDone);
    case 'C':
      if (!open_) return Answer(kRefused);
      open_ = false;
      buffers_.clear();
      return Answer(kDone);
    case 'Z':
      if (open_ || (argument != "0" && argument != "1")) return Answer(kRefused);
      timestamps_ = argument == "1";
      return Answer(kDone);
    case 'm':
    case 'M':
      return Answer(!open_ && argument.size() == 8 && AllHex(argument) ? kDone : kRefused);
    case 'V':
      return "V1013\r";
    case 'v':
      return "v0107\r";
    case 'N':
      return "NFFFF\r";
    case 'F':
      return open_ ? "F00\r" : Answer(kRefused);
    case 't':
    case 'T':
    case 'r':
    case 'R':
      return SendFrame(command);
    default:
      return Answer(kRefused);
  }
}

std::string Usbtin::SendFrame(std::string_view command) {
  CanFrame frame;
  frame.extended = command[0] == 'T' || command[0] == 'R';
  frame.remote = command[0] == 'r' || command[0] == 'R';
  const size_t id_size = frame.extended ? 8 : 3;
  if (!open_ || listen_only_ || command.size() < id_size + 2 || !AllHex(command.substr(1))) return Answer(kRefused);
  frame.id = static_cast<uint32_t>(std::stoul(std::string(command.substr(1, id_size)), nullptr, 16));
  const size_t size = std::min<size_t>(std::stoul(std::string(command.substr(1 + id_size, 1)), nullptr, 16), 8);
  frame.size = static_cast<uint8_t>(size);
  const std::string_view data = command.substr(id_size + 2);
  if (data.size() != (frame.remote ? 0 : 2 * size)) return Answer(kRefused);
  for (size_t i = 0; i < data.size() / 2; ++i) {
    frame.data[i] = static_cast<uint8_t>(std::stoul(std::string(data.substr(2 * i, 2)), nullptr, 16));
  }
  const bool spoilt = refuse_every_ > 0 && ++frames_heard_ % refuse_every_ == 0;
  if (spoilt || buffers_.size() >= kBuffers) return Answer(kRefused);
  buffers_.push_back(frame);
  return frame.extended ? "Z\r" : "z\r";
}

std::optional<CanFrame> Usbtin::TakeFrame() {
  if (buffers_.empty()) return std::nullopt;
  const CanFrame frame = buffers_.front();
  buffers_.pop_front();
  return frame;
}

std::string Usbtin::Line(const CanFrame& frame, int milliseconds) const {
  if (!open_) return {};
  std::array<char, 16> text;
  const char* const format = frame.extended ? "%c%08X%u" : "%c%03X%u";
  const char kind = frame.extended ? (frame.remote ? 'R' : 'T') : (frame.remote ? 'r' : 't');
  std::snprintf(text.data(), text.size(), format, kind, static_cast<unsigned>(frame.id), unsigned{frame.size});
  std::string line = text.data();
  for (const uint8_t byte : frame.payload()) {
    std::snprintf(text.data(), text.size(), "%02X", unsigned{byte});
    line += text.data();
  }
  if (timestamps_ || always_timestamps_) {
    std::snprintf(text.data(), text.size(), "%04X", static_cast<unsigned>(milliseconds % 60'000));
    line += text.data();
  }
  return line + '\r';
}

}  // namespace abcds::sim
