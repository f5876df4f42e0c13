// The lines that devices share, and what devices on one line may not do to each other.
#ifndef ABCDS_SERVER_CONFIG_CHECK_BUSES_H_
#define ABCDS_SERVER_CONFIG_CHECK_BUSES_H_

#include <map>
#include <string>
#include <utility>

#include "abcds/v1/config.pb.h"
#include "server/config/device_rules.h"
#include "server/config/scope.h"

namespace abcds {

// Ports, interfaces and rates of `bus` and `can_bus`; each line has one owner.
void CheckBuses(const v1::Config& config, const Scope& root);

// A device on a line has the fields `bus` and, where several fit on one, `address`.
class BusUsers {
 public:
  // Both must outlive this.
  BusUsers(const v1::Config& config, const DeviceCatalog& catalog) : config_(config), catalog_(catalog) {}

  // Call it for each meter, converter and BMS.
  void Check(const google::protobuf::Message& entry, DeviceKind kind, const Scope& entry_scope);

 private:
  struct FirstUser {
    const DeviceRules* rules;
    std::string path;
  };

  void CheckAddress(const google::protobuf::Message& options, const std::string& bus,
                    const google::protobuf::FieldDescriptor& bus_field, const Scope& scope);
  void CheckBaud(const v1::Bus& bus, const DeviceRules& rules, const FirstUser& other,
                 const google::protobuf::FieldDescriptor& bus_field, const Scope& scope) const;
  [[nodiscard]] const v1::Bus* FindSerial(const std::string& name) const;
  [[nodiscard]] bool HasCan(const std::string& name) const;
  // ": one of a, b", of the lines of this kind.
  [[nodiscard]] std::string Known(BusKind kind) const;

  const v1::Config& config_;
  const DeviceCatalog& catalog_;
  std::map<std::pair<std::string, double>, std::string> addresses_;  // bus, address → path
  std::map<std::string, FirstUser> first_users_;                     // bus → its first device
};

}  // namespace abcds

#endif  // ABCDS_SERVER_CONFIG_CHECK_BUSES_H_
