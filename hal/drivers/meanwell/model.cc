#include "hal/drivers/meanwell/model.h"

#include <algorithm>
#include <cctype>

namespace abcds::meanwell {
namespace {

constexpr Model Npb(const char* name, double nominal, double low, double high, double least, double most,
                    double rated) {
  return {name,          Family::kNpb, Volts(nominal), Volts(low),   Volts(high), Amperes(least),
          Amperes(most), Amperes(0),   Amperes(0),     Watts(rated), Watts(0)};
}

constexpr Model Bic(const char* name, double nominal, double low, double high, double least, double most_charge,
                    double most_discharge) {
  return {name,
          Family::kBic,
          Volts(nominal),
          Volts(low),
          Volts(high),
          Amperes(least),
          Amperes(most_charge),
          Amperes(least),
          Amperes(most_discharge),
          Watts(2160),
          Watts(1720)};
}

constexpr Model kModels[] = {
    //                 nominal  voltage range  current range  rated power
    Npb("NPB-450-12", 12, 10.5, 21, 5, 25, 450),
    Npb("NPB-450-24", 24, 21, 42, 2.7, 13.5, 450),
    Npb("NPB-450-48", 48, 42, 80, 1.36, 6.8, 450),
    Npb("NPB-450-72", 72, 54, 100, 1.1, 5.5, 450),
    Npb("NPB-750-12", 12, 10.5, 21, 8.6, 43, 750),
    Npb("NPB-750-24", 24, 21, 42, 4.5, 22.5, 750),
    Npb("NPB-750-48", 48, 42, 80, 2.26, 11.3, 750),
    Npb("NPB-1200-12", 12, 10.5, 21, 14, 70, 1200),
    Npb("NPB-1200-24", 24, 21, 42, 7.2, 36, 1200),
    Npb("NPB-1200-48", 48, 42, 80, 3.6, 18, 1200),
    Npb("NPB-1700-12", 12, 10.5, 21, 17, 85, 1700),
    Npb("NPB-1700-24", 24, 21, 42, 10, 50, 1700),
    Npb("NPB-1700-48", 48, 42, 80, 5, 25, 1700),
    //                 nominal  voltage range  least  most charge, discharge
    Bic("BIC-2200-12", 12, 10, 15, 1.8, 180, 153),
    Bic("BIC-2200-24", 24, 19, 28, 0.9, 90, 76.5),
    Bic("BIC-2200-48", 48, 38, 65, 0.45, 45, 38.3),
    Bic("BIC-2200-96", 96, 76, 112, 0.25, 22.5, 19.1),
};

// Upper case, without blanks, and without the zero in front of a number.
std::string Normalized(const std::string& name) {
  std::string result;
  for (const char c : name) {
    if (c == ' ' || c == '\0') continue;
    if (c == '0' && !result.empty() && result.back() == '-') continue;
    result += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return result;
}

}  // namespace

std::span<const Model> Models() noexcept { return kModels; }

const Model* FindModel(const std::string& name) {
  const std::string wanted = Normalized(name);
  const Model* found = nullptr;
  for (const Model& model : kModels) {
    const std::string known = model.name;
    if (wanted.compare(0, known.size(), known) != 0) continue;
    // Variants have letters behind ("AD"); one more digit is another voltage.
    if (wanted.size() > known.size() && std::isdigit(static_cast<unsigned char>(wanted[known.size()])) != 0) continue;
    if (found == nullptr || known.size() > std::string(found->name).size()) found = &model;
  }
  return found;
}

Amperes MostChargeCurrent(const Model& model, Volts voltage) noexcept {
  if (!(voltage > Volts(1))) return model.charge_min;
  return std::max(model.charge_min, std::min(model.charge_max, model.charge_rated / voltage));
}

Amperes MostDischargeCurrent(const Model& model, Volts voltage, double efficiency) noexcept {
  if (!(voltage > Volts(1))) return model.discharge_min;
  return std::max(model.discharge_min, std::min(model.discharge_max, model.discharge_rated / efficiency / voltage));
}

}  // namespace abcds::meanwell
