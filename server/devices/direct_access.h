// A device asked directly, where no daemon drives it: for finding devices, for checking wires, for a value by hand.
#ifndef ABCDS_SERVER_DEVICES_DIRECT_ACCESS_H_
#define ABCDS_SERVER_DEVICES_DIRECT_ACCESS_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hal/api/device_details.h"
#include "hal/units/time.h"

namespace abcds {

// Where the device is, and what its type wants to know besides. 0 and empty: not given.
struct DirectTarget {
  std::string port;  // a serial line, or an interface of the kernel: "can0"
  int baud = 0;
  int address = -1;  // negative: not given
  std::string host;  // on the network
  int network_port = 0;
  std::map<std::string, std::string> settings;
};

struct DirectReport {
  DeviceDetails details;
  std::map<std::string, double> limits;  // names end in the unit
};

// True as soon as whoever asked does not want it any more.
using Cancelled = std::function<bool()>;

struct DirectWrite {
  std::string name;
  double value = 0;
  // A power is held for so long, then 0 W is commanded; also when it is cancelled.
  Nanoseconds hold = std::chrono::seconds(10);
  bool keep = false;  // in place of `hold`: it stays
};

struct DirectWritten {
  DirectReport report;
  double written = 0;                // after the device's rounding
  std::optional<double> read_back;   // what the device says of it
  bool verified = false;
  bool stopped = false;  // 0 W was commanded and acknowledged
  std::string text;      // what happened, one or two sentences
};

// One per type. The calls block; each opens the line as its only owner and closes it again. Errors, one sentence each:
// Unavailable: no answer; InvalidArgument: a wrong target, or another device answers; FailedPrecondition: the line is
// somebody else's.
class DirectAccess {
 public:
  // kCan: behind an interface of the kernel, or an SLCAN adapter on a serial line.
  enum class Reach : uint8_t { kSerial, kCan, kNetwork };
  struct Addresses {
    int lowest = 0;
    int highest = 0;  // 0: the type has no addresses
    int usual = 0;
  };
  struct Setting {
    std::string name;
    std::string text;
  };
  struct Writable {
    std::string name;  // ends in the unit
    std::string text;
    double lowest = 0;
    double highest = 0;
  };

  virtual ~DirectAccess() = default;

  [[nodiscard]] virtual std::string type() const = 0;
  [[nodiscard]] virtual Reach reach() const { return Reach::kSerial; }
  // Serial, CAN: the rates to try, the usual one first.
  [[nodiscard]] virtual std::vector<int> bauds() const { return {}; }
  [[nodiscard]] virtual Addresses addresses() const { return {}; }
  [[nodiscard]] virtual std::vector<Setting> settings() const { return {}; }
  [[nodiscard]] virtual std::vector<Writable> writable() const { return {}; }
  // What to check where it is silent; one sentence or a few.
  [[nodiscard]] virtual std::string advice() const = 0;

  // The longest that Probe() may take when a scan asks, and when a person does who names no time.
  static constexpr Nanoseconds kScanLimit = std::chrono::milliseconds(1400);
  static constexpr Nanoseconds kProbeLimit = std::chrono::seconds(6);
  [[nodiscard]] virtual Nanoseconds probe_limit() const { return kProbeLimit; }
  // `target` has been completed. Only reads. `limit` is about kept: a scan's is one short try.
  [[nodiscard]] virtual absl::StatusOr<DirectReport> Probe(const DirectTarget& target, Nanoseconds limit,
                                                           const Cancelled& cancelled) const = 0;
  // CAN: the addresses, up to `highest`, that answer on a line, all asked in one go. Errors are the line's own.
  [[nodiscard]] virtual absl::StatusOr<std::vector<int>> FindAddresses(const std::string& port, int highest,
                                                                       const Cancelled& cancelled) const;
  // The lines that make this device part of a configuration.
  [[nodiscard]] virtual std::string ConfigText(const DirectTarget& target) const = 0;

  [[nodiscard]] virtual bool has_registers() const { return false; }
  [[nodiscard]] virtual absl::StatusOr<std::vector<uint16_t>> ReadRegisters(const DirectTarget& target, uint16_t first,
                                                                            uint8_t count) const;
  // Makes sure first that it is this type of device. Returns when nothing is left to do: a power has been held and 0 W
  // commanded again.
  [[nodiscard]] virtual absl::StatusOr<DirectWritten> Write(const DirectTarget& target, const DirectWrite& write,
                                                            const Cancelled& cancelled) const;

  // Fills in what was not given; InvalidArgument for what is missing, unknown or out of range.
  [[nodiscard]] absl::Status Complete(DirectTarget& target) const;
  // "/dev/ttyUSB0 at 9600 baud, address 1"; of a completed target.
  [[nodiscard]] std::string ConnectionText(const DirectTarget& target) const;
};

}  // namespace abcds

#endif  // ABCDS_SERVER_DEVICES_DIRECT_ACCESS_H_
