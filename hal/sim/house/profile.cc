#include "hal/sim/house/profile.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <sstream>

#include "hal/sim/house/random.h"
#include "hal/units/check.h"

namespace abcds::sim {
namespace {

class Points : public Profile {
 public:
  Points(std::vector<ProfilePoint> points, bool linear, double period)
      : points_(std::move(points)), linear_(linear), period_(period) {
    ABCDS_CHECK(!points_.empty());
  }

  Watts At(Nanoseconds since_start) override {
    double t = ToSeconds(since_start);
    if (period_ > 0) t = std::fmod(t, period_);
    if (next_ > 0 && points_[next_ - 1].seconds > t) next_ = 0;  // started over
    while (next_ < points_.size() && points_[next_].seconds <= t) ++next_;
    if (next_ == 0) return Watts(points_.front().watts);
    const ProfilePoint& before = points_[next_ - 1];
    if (!linear_ || next_ == points_.size()) return Watts(before.watts);
    const ProfilePoint& after = points_[next_];
    const double share = (t - before.seconds) / (after.seconds - before.seconds);
    return Watts(before.watts + share * (after.watts - before.watts));
  }

 private:
  std::vector<ProfilePoint> points_;
  bool linear_;
  double period_;
  size_t next_ = 0;
};

class Household : public Profile {
 public:
  Household(uint64_t seed, double scale, double noise)
      : random_(seed), scale_(scale), noise_(noise) {
    base_ = random_.Uniform(120, 220);
    kettle_at_ = random_.Uniform(20, 60);
    microwave_at_ = random_.Uniform(100, 180);
    washer_at_ = random_.Uniform(0, 240);
  }

  Watts At(Nanoseconds since_start) override {
    const double t = ToSeconds(since_start);
    if (t >= noise_until_) {
      noise_now_ = noise_ * random_.Normal();
      noise_until_ = t + 0.25;
    }
    double watts = base_ + noise_now_;
    // A compressor: 90 W for a third of every 18 minutes, with a starting surge.
    const double fridge = std::fmod(t, 1080.0);
    if (fridge < 360.0) watts += 90.0 + 300.0 * std::exp(-fridge / 0.15);
    watts += scale_ * (Kettle(t) + Microwave(t) + Washer(t));
    return Watts(std::max(watts, 0.0));
  }

 private:
  double Kettle(double t) {
    if (t > kettle_at_ + 150.0) kettle_at_ = t + random_.Uniform(120, 600);
    return t >= kettle_at_ ? 2000.0 : 0.0;
  }
  // The magnetron at reduced power: 12 s on in every 22 s.
  double Microwave(double t) {
    if (t > microwave_at_ + 180.0) microwave_at_ = t + random_.Uniform(300, 900);
    if (t < microwave_at_) return 0.0;
    return std::fmod(t - microwave_at_, 22.0) < 12.0 ? 1150.0 : 40.0;
  }
  // The drum turns for 1.6 s of every 3.1 s.
  double Washer(double t) {
    if (t > washer_at_ + 240.0) washer_at_ = t + random_.Uniform(60, 400);
    if (t < washer_at_) return 0.0;
    return std::fmod(t - washer_at_, 3.1) < 1.6 ? 260.0 : 25.0;
  }

  Random random_;
  double scale_;
  double noise_;
  double base_;
  double kettle_at_, microwave_at_, washer_at_;
  double noise_until_ = 0.0;
  double noise_now_ = 0.0;
};

class CloudySun : public Profile {
 public:
  CloudySun(uint64_t seed, double peak, double day) : random_(seed), peak_(peak), day_(day) {}

  Watts At(Nanoseconds since_start) override {
    const double t = ToSeconds(since_start);
    // An edge takes 5 to 20 s to pass over the roof; between edges the sky stays as it is for a while.
    while (t >= edge_end_) {
      from_ = to_;
      to_ = random_.OneIn(2) ? random_.Uniform(0.15, 0.4) : random_.Uniform(0.85, 1.0);
      edge_begin_ = edge_end_ + random_.Uniform(20, 120);
      edge_end_ = edge_begin_ + random_.Uniform(5, 20);
    }
    const double share = t < edge_begin_ ? 0.0 : (t - edge_begin_) / (edge_end_ - edge_begin_);
    const double sky = from_ + share * (to_ - from_);
    const double height = std::sin(3.141592653589793 * std::fmod(t, day_) / day_);
    return Watts(std::max(0.0, peak_ * height * sky));
  }

 private:
  Random random_;
  double peak_, day_;
  double from_ = 1.0, to_ = 1.0;
  double edge_begin_ = 0.0, edge_end_ = 0.0;
};

std::vector<std::string> SplitCommas(const std::string& line) {
  std::vector<std::string> cells;
  std::stringstream in(line);
  for (std::string cell; std::getline(in, cell, ',');) {
    while (!cell.empty() && (cell.back() == '\r' || cell.back() == ' ')) cell.pop_back();
    cells.push_back(cell);
  }
  return cells;
}

}  // namespace

std::unique_ptr<Profile> MakePoints(std::vector<ProfilePoint> points, bool linear, double period_seconds) {
  return std::make_unique<Points>(std::move(points), linear, period_seconds);
}

std::unique_ptr<Profile> MakeHousehold(uint64_t seed, double appliance_scale, double noise_watts) {
  return std::make_unique<Household>(seed, appliance_scale, noise_watts);
}

std::unique_ptr<Profile> MakeCloudySun(uint64_t seed, double peak_watts, double day_seconds) {
  return std::make_unique<CloudySun>(seed, peak_watts, day_seconds);
}

absl::StatusOr<std::unique_ptr<Profile>> LoadTrace(const std::string& path, const std::string& column) {
  std::ifstream file(path);
  if (!file) return absl::NotFoundError("cannot open the trace " + path);
  std::string line;
  std::getline(file, line);
  const std::vector<std::string> names = SplitCommas(line);
  const auto wanted = std::find(names.begin(), names.end(), column);
  if (wanted == names.end()) return absl::InvalidArgumentError(path + " has no column \"" + column + "\"");
  const size_t index = static_cast<size_t>(wanted - names.begin());
  std::vector<ProfilePoint> points;
  for (int number = 2; std::getline(file, line); ++number) {
    const std::vector<std::string> cells = SplitCommas(line);
    ProfilePoint point{};
    char* seconds_end = nullptr;
    char* watts_end = nullptr;
    if (cells.size() > index) {
      point.seconds = std::strtod(cells[0].c_str(), &seconds_end);
      point.watts = std::strtod(cells[index].c_str(), &watts_end);
    }
    if (seconds_end == nullptr || *seconds_end != '\0' || watts_end == nullptr || *watts_end != '\0') {
      return absl::InvalidArgumentError(path + ":" + std::to_string(number) + " is not \"seconds,watts\"");
    }
    points.push_back(point);
  }
  if (points.empty()) return absl::InvalidArgumentError(path + " has no rows");
  return MakePoints(std::move(points));
}

}  // namespace abcds::sim
