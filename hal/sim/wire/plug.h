// A smart plug with a charger of constant power on it, on loopback HTTP.
#ifndef ABCDS_HAL_SIM_WIRE_PLUG_H_
#define ABCDS_HAL_SIM_WIRE_PLUG_H_

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "hal/sim/wire/http_login.h"
#include "hal/sim/wire/http_server.h"
#include "hal/units/quantity.h"
#include "hal/units/time.h"

namespace abcds::sim {

// Sources: Tasmota's documentation of commands, the vendor's public API documentation of Shelly generation 1 and of
// generation 2 and later. All functions may be called from any thread.
class Plug {
 public:
  enum class Kind : uint8_t { kTasmota, kShellyGen1, kShellyGen2 };

  // What is wrong with the plug; how its server misbehaves is HttpServerFault.
  enum class Fault : uint8_t {
    kTripped,    // overload: it opens its relay, and refuses to close it
    kWelded,     // the relay does not open, and it knows
    kDeaf,       // says yes to everything and does nothing
    kEmpty,      // in place of every document
    kHtml,       // a login page with status 200
    kTruncated,  // half of the document
    kNoLoad,     // the charger is unplugged
    kCount,
  };

  struct Options {
    Kind kind = Kind::kTasmota;
    int port = 0;               // 0: a free one
    int relay = 1;              // the one that the charger hangs on, counted from 1
    std::string password;       // empty: none; the user is admin
    bool old_firmware = false;  // Tasmota before 9: says a wrong login with status 200
    bool meter = true;
    Watts power{600};             // of the charger
    Nanoseconds starts_after{0};  // until then it draws nothing
    bool on = false;              // at the beginning
  };

  explicit Plug(const Options& options);

  [[nodiscard]] absl::Status Start() { return server_.Start(options_.port); }
  [[nodiscard]] int port() const { return server_.port(); }
  [[nodiscard]] HttpServer& server() { return server_; }

  void SetFault(Fault fault, bool present);
  void ExpireNonce();
  // Somebody's hand.
  void PressButton();
  // The charger draws another power from now on.
  void SetPower(Watts power);

  [[nodiscard]] bool on();
  // The power that flows.
  [[nodiscard]] Watts Output();
  // Every "on" and "off" that it was told, in order.
  [[nodiscard]] std::vector<bool> Told() const;
  // How often its relay has clicked.
  [[nodiscard]] int clicks() const;
  // Its own timer: how long after the last "on" it switches off; 0: not at all.
  [[nodiscard]] Nanoseconds auto_off() const;

 private:
  using Query = std::map<std::string, std::string>;

  [[nodiscard]] HttpServed Serve(const HttpAsked& asked);
  [[nodiscard]] HttpServed Tasmota(const std::string& path, const Query& query);
  [[nodiscard]] std::string TasmotaCommand(const std::string& command);
  [[nodiscard]] HttpServed Gen1(const std::string& path, const Query& query);
  [[nodiscard]] HttpServed Gen2(const std::string& path, const Query& query);
  [[nodiscard]] std::string Gen1Relay() const;
  [[nodiscard]] std::string Shelly() const;
  void Tell(bool on, Nanoseconds timer);
  void Switch(bool on, MonotonicTime now);
  void Advance(MonotonicTime now);
  [[nodiscard]] Watts OutputAt(MonotonicTime now) const;
  [[nodiscard]] bool Has(Fault fault) const { return faults_.at(static_cast<size_t>(fault)); }

  const Options options_;
  mutable std::mutex mutex_;
  HttpLogin login_;
  std::array<bool, static_cast<size_t>(Fault::kCount)> faults_{};
  Watts power_;
  bool on_ = false;
  MonotonicTime switched_at_ = MonotonicTime::min();
  MonotonicTime off_at_ = MonotonicTime::max();
  Nanoseconds auto_off_{0};
  std::vector<bool> told_;
  int clicks_ = 0;
  HttpServer server_;  // last: its thread uses the above
};

}  // namespace abcds::sim

#endif  // ABCDS_HAL_SIM_WIRE_PLUG_H_
