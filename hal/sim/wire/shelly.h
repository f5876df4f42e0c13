// A Shelly energy meter of generation 1 on loopback HTTP.
#ifndef ABCDS_HAL_SIM_WIRE_SHELLY_H_
#define ABCDS_HAL_SIM_WIRE_SHELLY_H_

#include <array>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "hal/sim/wire/http_login.h"
#include "hal/sim/wire/http_server.h"
#include "hal/units/quantity.h"

namespace abcds::sim {

// Source: the vendor's public API documentation of generation 1 (/shelly, /status), with the members and the number
// format of real bodies. All functions may be called from any thread.
class ShellyMeterWire {
 public:
  // What is wrong with the document or its values; the reply itself is a good one. How the server misbehaves is
  // HttpServerFault.
  enum class Fault : uint8_t {
    kEmpty,
    kHtml,          // a login page with status 200
    kTruncated,     // half of the document
    kTrailing,      // garbage behind it
    kDeep,          // 10,000 brackets
    kHuge,          // 5 MB
    kNull,          // null in place of the power
    kNan,           // NaN, which JSON does not have
    kText,          // "offline" in place of a number
    kWrongType,     // true in place of a number
    kMissing,       // no powers at all
    kPhaseMissing,  // two phases
    kInvalid,       // is_valid false in one phase
    kImplausible,   // INT32_MIN
    kFlipped,       // import and export changed places
    kKilowatts,     // the same numbers in kW
    kFrozen,        // the last measurement again and again, the clock runs on
    kDead,          // and the clock stands
    kNoTotal,       // firmware before 1.10.5: no total_power; no fault
    kNoClock,       // unixtime 0: no time server yet; no fault
    kOtherModel,    // says that it is an EM
    kCount,
  };

  struct Options {
    int port = 0;  // 0: a free one
    HttpLogin::Kind login = HttpLogin::Kind::kNone;
    std::string user;
    std::string password;
  };

  explicit ShellyMeterWire(const Options& options);

  [[nodiscard]] absl::Status Start() { return server_.Start(options_.port); }
  [[nodiscard]] int port() const { return server_.port(); }
  [[nodiscard]] HttpServer& server() { return server_; }

  // The device has measured anew.
  void Measure(Watts power);
  void SetFault(Fault fault, bool present);
  // In place of every reply to /status; 0: none.
  void SetStatus(int status, const std::string& headers = "");
  void ExpireNonce();

 private:
  [[nodiscard]] HttpServed Serve(const HttpAsked& asked);
  [[nodiscard]] std::string Identity() const;
  [[nodiscard]] std::string StatusBody() const;
  [[nodiscard]] std::string PowerText(double share) const;
  [[nodiscard]] bool Has(Fault fault) const { return faults_.at(static_cast<size_t>(fault)); }

  const Options options_;
  mutable std::mutex mutex_;
  HttpLogin login_;
  std::array<bool, static_cast<size_t>(Fault::kCount)> faults_{};
  int status_ = 0;
  std::string status_headers_;
  double power_w_ = 0;
  int64_t unixtime_s_ = 1'750'161'234;
  uint64_t measurements_ = 0;
  HttpServer server_;  // last: its thread uses the above
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_WIRE_SHELLY_H_
