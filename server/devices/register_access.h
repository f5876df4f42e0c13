// Inverters behind Modbus registers, asked directly: what is the same for all of them.
#ifndef ABCDS_SERVER_DEVICES_REGISTER_ACCESS_H_
#define ABCDS_SERVER_DEVICES_REGISTER_ACCESS_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "hal/drivers/register_inverter/register_map.h"
#include "hal/units/quantity.h"
#include "server/devices/direct_access.h"

namespace abcds {

class RegisterAccess : public DirectAccess {
 public:
  [[nodiscard]] std::vector<int> bauds() const override { return {9600}; }
  [[nodiscard]] std::vector<Writable> writable() const override;
  [[nodiscard]] std::string advice() const override;
  [[nodiscard]] absl::StatusOr<DirectReport> Probe(const DirectTarget& target, Nanoseconds limit,
                                                   const Cancelled& cancelled) const override;
  [[nodiscard]] bool has_registers() const override { return true; }
  [[nodiscard]] absl::StatusOr<std::vector<uint16_t>> ReadRegisters(const DirectTarget& target, uint16_t first,
                                                                    uint8_t count) const override;
  [[nodiscard]] absl::StatusOr<DirectWritten> Write(const DirectTarget& target, const DirectWrite& write,
                                                    const Cancelled& cancelled) const override;

 protected:
  struct Variant {
    std::string model;  // for people; empty where it was not given and the inverter does not tell
    Watts min_power;    // magnitudes
    Watts max_power;
    // For reading: the map of the largest model where none was given. For writing: of the smallest.
    std::unique_ptr<const register_inverter::RegisterMap> map;
  };
  // By the settings. InvalidArgument where one has no such value.
  [[nodiscard]] virtual absl::StatusOr<Variant> Choose(const std::map<std::string, std::string>& settings,
                                                       bool for_writing) const = 0;
};

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_REGISTER_ACCESS_H_
