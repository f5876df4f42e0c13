#include "hal/sim/wire/meanwell.h"

#include <algorithm>
#include <cmath>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace abcds::sim {
namespace {

constexpr uint16_t kOperation = 0x0000;
constexpr uint16_t kVout = 0x0020;
constexpr uint16_t kIout = 0x0030;
constexpr uint16_t kFaultStatus = 0x0040;
constexpr uint16_t kReadVin = 0x0050;
constexpr uint16_t kReadVout = 0x0060;
constexpr uint16_t kReadIout = 0x0061;
constexpr uint16_t kReadTemperature = 0x0062;
constexpr uint16_t kFan1 = 0x0070;
constexpr uint16_t kFan2 = 0x0071;
constexpr uint16_t kMakerFirst = 0x0080;
constexpr uint16_t kMakerSecond = 0x0081;
constexpr uint16_t kModelFirst = 0x0082;
constexpr uint16_t kModelSecond = 0x0083;
constexpr uint16_t kRevision = 0x0084;
constexpr uint16_t kLocation = 0x0085;
constexpr uint16_t kDate = 0x0086;
constexpr uint16_t kSerialFirst = 0x0087;
constexpr uint16_t kSerialSecond = 0x0088;
constexpr uint16_t kCurveCc = 0x00B0;
constexpr uint16_t kCurveConfig = 0x00B4;
constexpr uint16_t kFloatTimeout = 0x00B7;
constexpr uint16_t kChargeStatus = 0x00B8;
constexpr uint16_t kRestartVoltage = 0x00B9;
constexpr uint16_t kScaling = 0x00C0;
constexpr uint16_t kSystemStatus = 0x00C1;
constexpr uint16_t kSystemConfig = 0x00C2;
constexpr uint16_t kDirection = 0x0100;
constexpr uint16_t kReverseVout = 0x0120;
constexpr uint16_t kReverseIout = 0x0130;
constexpr uint16_t kBidirectional = 0x0140;

constexpr uint16_t kEepromOff = 1 << 10;
constexpr uint16_t kChargerMode = 1 << 7;
constexpr uint16_t kOpOff = 1 << 6;
// OTP, OVP, OLP, SHORT, AC_FAIL, HV_OVP.
constexpr uint16_t kStopping = 0x013E;
// OVP, OLP, SHORT: until AC was away.
constexpr uint16_t kLatching = 0x001C;

constexpr Nanoseconds kHasty = std::chrono::milliseconds(20);
constexpr Nanoseconds kStep = std::chrono::milliseconds(5);
constexpr Nanoseconds kLongestStep = std::chrono::seconds(5);
constexpr Nanoseconds kForgetsConfig = std::chrono::milliseconds(200);
constexpr double kBackwardsShare = 0.05;

uint16_t Hundredths(double value) { return static_cast<uint16_t>(std::lround(value * 100)); }

std::vector<uint8_t> Word(uint16_t raw) { return {static_cast<uint8_t>(raw), static_cast<uint8_t>(raw >> 8)}; }

// The n-th six characters, padded with blanks.
std::vector<uint8_t> Six(const std::string& text, size_t n) {
  std::vector<uint8_t> bytes;
  for (size_t i = 6 * n; i < 6 * n + 6; ++i) bytes.push_back(i < text.size() ? static_cast<uint8_t>(text[i]) : ' ');
  return bytes;
}

}  // namespace

const MeanwellDevice::Ratings MeanwellDevice::kRatings[] = {
    {"NPB-450-24", false, 21, 42, 2.7, 13.5, 0, 0, 450},
    {"NPB-450-48", false, 42, 80, 1.36, 6.8, 0, 0, 450},
    {"NPB-750-24", false, 21, 42, 4.5, 22.5, 0, 0, 750},
    {"NPB-750-48", false, 42, 80, 2.26, 11.3, 0, 0, 750},
    {"NPB-1200-12", false, 10.5, 21, 14, 70, 0, 0, 1200},
    {"NPB-1200-24", false, 21, 42, 7.2, 36, 0, 0, 1200},
    {"NPB-1200-48", false, 42, 80, 3.6, 18, 0, 0, 1200},
    {"NPB-1700-24", false, 21, 42, 10, 50, 0, 0, 1700},
    {"NPB-1700-48", false, 42, 80, 5, 25, 0, 0, 1700},
    {"BIC-2200-12", true, 10, 15, 1.8, 180, 1.8, 153, 2160},
    {"BIC-2200-24", true, 19, 28, 0.9, 90, 0.9, 76.5, 2160},
    {"BIC-2200-48", true, 38, 65, 0.45, 45, 0.45, 38.3, 2160},
    {"BIC-2200-96", true, 76, 112, 0.25, 22.5, 0.25, 19.1, 2160},
};

absl::StatusOr<std::unique_ptr<MeanwellDevice>> MeanwellDevice::Make(const MeanwellOptions& options) {
  for (const Ratings& ratings : kRatings) {
    if (options.model == ratings.model) {
      return std::unique_ptr<MeanwellDevice>(new MeanwellDevice(options, ratings));
    }
  }
  std::string known;
  for (const Ratings& ratings : kRatings) absl::StrAppend(&known, known.empty() ? "" : ", ", ratings.model);
  return absl::InvalidArgumentError(absl::StrCat("no Mean Well \"", options.model, "\" here; known: ", known));
}

MeanwellDevice::MeanwellDevice(const MeanwellOptions& options, const Ratings& ratings)
    : options_(options), ratings_(ratings) {
  const double middle = 0.5 * (ratings.voltage_min + ratings.voltage_max);
  open_voltage_v_ = middle;
  stored_[kOperation] = options.on ? 1 : 0;
  stored_[kVout] = Hundredths(middle);
  stored_[kIout] = Hundredths(ratings.charge_max);
  stored_[kSystemConfig] = options.system_config;
  if (ratings.bic) {
    stored_[kDirection] = 0;
    stored_[kReverseVout] = Hundredths(ratings.voltage_min);
    stored_[kReverseIout] = Hundredths(ratings.discharge_max);
    stored_[kBidirectional] = options.bidirectional_config;
  } else {
    for (uint16_t command = kCurveCc; command <= kFloatTimeout; ++command) stored_[command] = 600;
    stored_[kCurveConfig] = options.curve_config;
    if (!options.old_firmware) stored_[kRestartVoltage] = Hundredths(middle);
  }
  values_ = stored_;
  charger_mode_ = !ratings.bic && (options.curve_config & kChargerMode) != 0;
  battery_mode_ = ratings.bic && (options.bidirectional_config & 1) != 0;
  if (options.on) delivers_from_ = MonotonicTime::min();
}

// The start after AC on.
void MeanwellDevice::StartWithStored(MonotonicTime now) {
  const uint16_t before = values_[kOperation];
  values_ = stored_;
  const int init = (values_[kSystemConfig] >> 1) & 3;
  values_[kOperation] = init == 1 ? 1 : init == 2 ? before : 0;
  if (ratings_.bic) values_[kDirection] = 0;
  charger_mode_ = !ratings_.bic && (values_[kCurveConfig] & kChargerMode) != 0;
  battery_mode_ = ratings_.bic && (values_[kBidirectional] & 1) != 0;
  latched_ = 0;
  current_a_ = 0;
  answers_from_ = now + options_.silent_after_ac;
  delivers_from_ = values_[kOperation] == 1 ? now + options_.silent_after_ac : MonotonicTime::max();
}

bool MeanwellDevice::Powered() {
  const std::lock_guard<std::mutex> lock(mutex_);
  return mains_;
}

void MeanwellDevice::SetBattery(double open_voltage_v, double resistance_ohm) {
  const std::lock_guard<std::mutex> lock(mutex_);
  open_voltage_v_ = open_voltage_v;
  resistance_ohm_ = resistance_ohm;
}

void MeanwellDevice::SetMains(bool present, MonotonicTime now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Advance(now);
  if (present && !mains_) StartWithStored(now);
  mains_ = present;
  if (!present) current_a_ = 0;
}

void MeanwellDevice::SetFaults(const MeanwellFaults& faults) {
  const std::lock_guard<std::mutex> lock(mutex_);
  faults_ = faults;
  latched_ |= faults.fault_bits & kLatching;
}

MeanwellFaults MeanwellDevice::faults() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return faults_;
}

void MeanwellDevice::Overwrite(uint16_t command, uint16_t raw) {
  const std::lock_guard<std::mutex> lock(mutex_);
  values_[command] = raw;
  if (command == kOperation) delivers_from_ = raw == 1 ? advanced_to_ : MonotonicTime::max();
}

double MeanwellDevice::dc_current_a(MonotonicTime now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Advance(now);
  return current_a_;
}

double MeanwellDevice::ac_power_w(MonotonicTime now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Advance(now);
  const double dc_w = current_a_ * (open_voltage_v_ + current_a_ * resistance_ohm_);
  return dc_w > 0 ? dc_w / options_.efficiency : dc_w * options_.efficiency;
}

double MeanwellDevice::dc_voltage_v(MonotonicTime now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Advance(now);
  return open_voltage_v_ + current_a_ * resistance_ohm_;
}

uint16_t MeanwellDevice::Value(uint16_t command) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = values_.find(command);
  return found == values_.end() ? uint16_t{0} : found->second;
}

uint64_t MeanwellDevice::eeprom_writes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return eeprom_writes_;
}

std::map<uint16_t, uint64_t> MeanwellDevice::writes() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return writes_;
}

std::vector<double> MeanwellDevice::told_a() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return told_a_;
}

size_t MeanwellDevice::told_count() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return told_a_.size();
}

uint16_t MeanwellDevice::StopBits() const { return (faults_.fault_bits | latched_) & kStopping; }

bool MeanwellDevice::Delivers(MonotonicTime now) const {
  if (!mains_ || StopBits() != 0 || faults_.remote_off) return false;
  return faults_.keeps_on || (values_.at(kOperation) == 1 && now >= delivers_from_);
}

// What would flow at rest with its present values, + charges.
double MeanwellDevice::GoalCurrent() const {
  const double set_voltage = values_.at(kVout) / 100.0;
  const auto through = [this](double voltage) { return (voltage - open_voltage_v_) / resistance_ohm_; };
  const double by_power = ratings_.rated_w / std::max(open_voltage_v_, 1.0);
  const double charge = std::clamp(values_.at(kIout) / 100.0, ratings_.charge_min, ratings_.charge_max);
  if (!ratings_.bic) return std::clamp(std::min(charge, by_power), 0.0, std::max(0.0, through(set_voltage)));
  const double backwards = kBackwardsShare * ratings_.charge_max;
  if (values_.at(kDirection) == 0) {
    const double most = std::min({charge, by_power, through(set_voltage)});
    return most > 0 ? most : std::max(most, -backwards);
  }
  const double discharge = std::clamp(values_.at(kReverseIout) / 100.0, ratings_.discharge_min, ratings_.discharge_max);
  const double least = std::max({-discharge, -by_power, through(values_.at(kReverseVout) / 100.0)});
  return least < 0 ? least : std::min(least, backwards);
}

void MeanwellDevice::Advance(MonotonicTime now) {
  if (now >= forgets_config_at_) {
    values_[kSystemConfig] &= 0x00FF;
    stored_[kSystemConfig] &= 0x00FF;
    forgets_config_at_ = MonotonicTime::max();
  }
  if (advanced_to_ == MonotonicTime::min() || now - advanced_to_ > kLongestStep) advanced_to_ = now - kLongestStep;
  const double ramp = options_.ramp_a_per_s > 0 ? options_.ramp_a_per_s : 4 * ratings_.charge_max;
  for (; advanced_to_ + kStep <= now; advanced_to_ += kStep) {
    const double goal = Delivers(advanced_to_) ? GoalCurrent() : 0;
    const double step = (goal == 0 ? 5 : 1) * ramp * ToSeconds(kStep);
    current_a_ += std::clamp(goal - current_a_, -step, step);
  }
}

std::vector<SimCanDevice::Answer> MeanwellDevice::OnFrame(const CanFrame& frame, MonotonicTime now) {
  const std::lock_guard<std::mutex> lock(mutex_);
  Advance(now);
  const uint32_t base = ratings_.bic ? 0x000C0300 : 0x000C0100;
  const bool to_all = frame.id == (base | 0xFF);
  if (!frame.extended || frame.remote || (frame.id != (base | options_.unit) && !to_all)) return {};
  if (!mains_ || faults_.silent || now < answers_from_ || frame.size < 2) return {};
  const bool hasty = asked_at_ != MonotonicTime::min() && now - asked_at_ < kHasty;
  asked_at_ = now;
  if (hasty && faults_.drops_hasty) return {};

  const auto command = static_cast<uint16_t>(frame.data[0] | frame.data[1] << 8);
  if (frame.size > 2) {
    const bool byte = command == kOperation || command == kDirection;
    if (frame.size == (byte ? 3 : 4)) {
      Write(command, static_cast<uint16_t>(frame.data[2] | (byte ? 0 : frame.data[3] << 8)), now);
    }
    return {};
  }
  if (to_all || faults_.mute) return {};
  std::vector<uint8_t> bytes = Read(command, now);
  if (bytes.empty()) return {};
  CanFrame answer;
  answer.id = (ratings_.bic ? 0x000C0200u : 0x000C0000u) | options_.unit;
  answer.extended = true;
  answer.data[0] = frame.data[0];
  answer.data[1] = frame.data[1];
  answer.size = static_cast<uint8_t>(2 + bytes.size());
  std::ranges::copy(bytes, answer.data.begin() + 2);
  ++answers_;
  if (faults_.wrong_command_every > 0 && answers_ % static_cast<uint64_t>(faults_.wrong_command_every) == 0) {
    answer.data[0] = static_cast<uint8_t>(answer.data[0] ^ 0x01);
  }
  return {{.frame = answer, .delay = faults_.delay}};
}

uint16_t MeanwellDevice::InRange(uint16_t command, uint16_t raw, uint16_t old) const {
  double low = 0;
  double high = 655.35;
  if (command == kVout || command == kReverseVout) {
    low = ratings_.voltage_min;
    high = ratings_.voltage_max;
  } else if (command == kIout) {
    low = ratings_.charge_min;
    high = ratings_.charge_max;
  } else if (command == kReverseIout) {
    low = ratings_.discharge_min;
    high = ratings_.discharge_max;
  }
  const uint16_t within = std::clamp(raw, Hundredths(low), Hundredths(high));
  return within == raw || options_.clamps ? within : old;
}

void MeanwellDevice::Store(uint16_t command, uint16_t raw) {
  const bool always = command == kSystemConfig || command == kCurveConfig || command == kBidirectional;
  const bool off = (values_[kSystemConfig] & kEepromOff) != 0;
  if (!always && off && command != kDirection) return;
  ++eeprom_writes_;
  if (command != kOperation && command != kDirection) stored_[command] = raw;
}

void MeanwellDevice::Write(uint16_t command, uint16_t raw, MonotonicTime now) {
  const auto known = values_.find(command);
  if (known == values_.end()) return;
  ++writes_[command];
  const bool steers = command == kOperation || command == kDirection || command == kVout || command == kIout ||
                      command == kReverseVout || command == kReverseIout;
  if (ratings_.bic && steers && (values_[kSystemConfig] & 1) == 0) return;
  const bool setpoint = command == kVout || command == kIout;
  if (faults_.ignores_setpoints && steers && command != kOperation) return;
  if (charger_mode_ && setpoint) return;
  if (command == kDirection && (!battery_mode_ || raw > 1)) return;
  if (command == kOperation && raw > 1) return;
  if (command == kSystemConfig && options_.old_firmware) {
    // It shows the bit for a moment.
    forgets_config_at_ = now + kForgetsConfig;
  }
  if (command == kSystemConfig) raw &= ratings_.bic ? 0x0707 : 0x0706;
  raw = InRange(command, raw, known->second);
  if (command == kOperation && raw != known->second) {
    delivers_from_ = raw == 1 ? now + options_.start_takes : MonotonicTime::max();
  }
  known->second = raw;
  Store(command, raw);
  if (command == kOperation || command == kDirection || command == kIout || command == kReverseIout) NoteTold();
}

void MeanwellDevice::NoteTold() {
  double told = 0;
  if (values_[kOperation] == 1) {
    const bool discharges = ratings_.bic && values_[kDirection] == 1;
    told = discharges ? -(values_[kReverseIout] / 100.0) : values_[kIout] / 100.0;
  }
  told_a_.push_back(told);
}

double MeanwellDevice::Noise() {
  random_ = random_ * 1664525u + 1013904223u;
  return 2 * static_cast<double>(random_ >> 8) / static_cast<double>(1u << 24) - 1;
}

std::vector<uint8_t> MeanwellDevice::Measured(uint16_t command, double value, double step, double noise_steps) {
  std::vector<uint8_t>& last = last_read_[command];
  if (!faults_.stuck_readings || last.empty()) {
    const double raw = std::round(value / step + noise_steps * Noise());
    last = Word(static_cast<uint16_t>(static_cast<int16_t>(std::clamp(raw, -32768.0, 32767.0))));
  }
  return last;
}

// Empty: it does not know the command, and stays silent.
std::vector<uint8_t> MeanwellDevice::Read(uint16_t command, MonotonicTime now) {
  const double voltage = open_voltage_v_ + current_a_ * resistance_ohm_ + options_.voltage_offset_v;
  const bool delivers = Delivers(now);
  switch (command) {
    case kFaultStatus:
      return Word(static_cast<uint16_t>(faults_.fault_bits | latched_ | (delivers ? 0 : kOpOff)));
    case kReadVin:
      if (!ratings_.bic && ratings_.rated_w < 1000) return {};
      return Measured(command, 231.7, 0.1, 3);
    case kReadVout:
      return Measured(command, voltage, 0.01, options_.noise_steps);
    case kReadIout:
      // An output that is off still shows a little.
      if (!ratings_.bic || current_a_ == 0) {
        const double noise = options_.noise_steps * Noise() / 100;
        return Measured(command, std::max(0.0, (delivers ? current_a_ : current_a_ + 0.04) + noise), 0.01, 0);
      }
      return Measured(command, current_a_, 0.01, options_.noise_steps);
    case kReadTemperature:
      return Measured(command, 31.5, 0.1, 1);
    case kFan1:
    case kFan2:
      if (!ratings_.bic || options_.old_firmware) return {};
      return Measured(command, 6240, 1, 40);
    case kMakerFirst:
      return Six("MEANWELL", 0);
    case kMakerSecond:
      return Six("MEANWELL", 1);
    case kModelFirst:
      return Six(faults_.model_text.empty() ? options_.model : faults_.model_text, 0);
    case kModelSecond:
      return Six(faults_.model_text.empty() ? options_.model : faults_.model_text, 1);
    case kRevision:
      return {0x17, 0x12, 0xFF, 0xFF, 0xFF, 0xFF};
    case kLocation:
      return {'0', '0', '0'};
    case kDate:
      return Six(options_.serial, 0);
    case kSerialFirst:
      return Six(options_.serial, 0);
    case kSerialSecond:
      return Six(options_.serial, 1);
    case kChargeStatus:
      if (ratings_.bic) return {};
      return Word(delivers ? 0x0002 : 0x0000);
    case kScaling:
      if (ratings_.bic) return {0x55, static_cast<uint8_t>(options_.old_firmware ? 0x06 : 0x76), 0x06, 0, 0, 0};
      return {0x55, static_cast<uint8_t>(ratings_.rated_w < 1000 ? 0x00 : 0x06), 0x76, 0, 0, 0};
    case kSystemStatus:
      return Word(static_cast<uint16_t>((ratings_.bic ? 0x0027 : 0x0000) | faults_.status_bits));
    default:
      break;
  }
  const auto found = values_.find(command);
  if (found == values_.end()) return {};
  if (command == kOperation || command == kDirection) return {static_cast<uint8_t>(found->second)};
  return Word(found->second);
}

}  // namespace abcds::sim
