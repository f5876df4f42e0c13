// An inverter behind Modbus registers as a power converter that discharges.
#ifndef ABCDS_HAL_DRIVERS_REGISTER_INVERTER_DEVICE_H_
#define ABCDS_HAL_DRIVERS_REGISTER_INVERTER_DEVICE_H_

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "hal/api/power_converter.h"
#include "hal/drivers/register_inverter/register_map.h"
#include "hal/drivers/register_inverter/session.h"
#include "hal/rt/mailbox.h"
#include "hal/transport/modbus_bus.h"
#include "hal/transport/modbus_registers.h"

namespace abcds {

struct RegisterInverterOptions {
  std::string model;       // for people
  uint8_t address = 1;     // Modbus unit, 1 to 247
  std::string port_label;  // what details and sentences call the port
};

// The pump between the bus's thread and the session. Construct it before the bus is started (it attaches itself); start
// the bus before Start() or after; stop the bus after Stop(); both must outlive whoever commands.
class RegisterInverter : public PowerConverter {
 public:
  RegisterInverter(const RegisterInverterOptions& options, std::unique_ptr<const register_inverter::RegisterMap> map,
                   ModbusBus& bus);

  void Start() override;
  void Stop() override;
  [[nodiscard]] DeviceDetails Details() const override;
  [[nodiscard]] ThreadProgress progress() const noexcept override { return bus_.progress(); }
  [[nodiscard]] ConverterState Latest() noexcept override;
  void Command(const ConverterCommand& command) noexcept override;

 private:
  // The bus's view, apart so that its calls are not part of the converter's face.
  class Client final : public ModbusClient {
   public:
    explicit Client(RegisterInverter& converter) : converter_(converter) {}
    std::optional<Due> NextRequest(MonotonicTime now) noexcept override;
    MonotonicTime NextDue(MonotonicTime now) noexcept override;
    void OnReply(const ModbusRequest& request, const ModbusReply& reply, MonotonicTime sent_at,
                 MonotonicTime now) noexcept override;
    void OnLink(bool up, MonotonicTime now) noexcept override;

   private:
    RegisterInverter& converter_;
  };

  // What the bus's thread leaves for people.
  struct Published {
    ConverterState state;
    Sample<Volts> ac_voltage;
    Sample<Celsius> temperature;
    register_inverter::Counters counters;
    std::string trouble;
  };

  // Life, as told to the bus's thread. `kStopping` ends as `kStopped`, where the session is asked no more.
  enum class Phase : uint8_t { kNew, kRunning, kStopping, kStopped };

  [[nodiscard]] bool Asked() const noexcept;
  void TakeOrders(MonotonicTime now) noexcept;
  void Publish(MonotonicTime now);

  const RegisterInverterOptions options_;
  ModbusBus& bus_;
  Client client_{*this};

  std::atomic<Phase> phase_{Phase::kNew};
  Mailbox<ConverterState> states_{ConverterState{}};
  Mailbox<ConverterCommand> commands_{ConverterCommand{}};

  register_inverter::Session session_;  // the bus's thread
  ConverterCommand last_command_;       // the commanding thread

  mutable std::mutex mutex_;
  std::condition_variable rested_;
  bool at_rest_ = false;
  Published published_;
};

}  // namespace abcds

#endif  // ABCDS_HAL_DRIVERS_REGISTER_INVERTER_DEVICE_H_
