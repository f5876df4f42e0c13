#include "server/devices/meanwell_commission.h"

#include <cstdint>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "hal/drivers/meanwell/identity.h"
#include "hal/drivers/meanwell/memory.h"
#include "hal/drivers/meanwell/registers.h"
#include "hal/drivers/meanwell/values.h"

namespace abcds {
namespace {

using meanwell::Command;
using meanwell::Family;
using meanwell::Message;
namespace config = meanwell::system_config;

class Commissioning {
 public:
  Commissioning(const MeanwellTarget& target, meanwell::Errand& errand, const AskPerson& ask, WriteLedger* ledger,
                std::ostream& out)
      : target_(target),
        errand_(errand),
        ask_(ask),
        memory_(ledger),
        out_(out),
        bic_(target.options.family == Family::kBic) {}

  absl::Status Run() {
    for (const auto step : {&Commissioning::SwitchOff, &Commissioning::Identify, &Commissioning::SetMode,
                            &Commissioning::SetSystem, &Commissioning::StoreSetpoints, &Commissioning::StopStoring}) {
      if (absl::Status status = (this->*step)(); !status.ok()) return status;
    }
    out_ << (power_cycle_
                 ? "Done. Switch its AC off, wait 10 s, and switch it on again: only then the new mode holds. Then "
                   "run this once more to see that all is well. Until it says so, connect no battery.\n"
                 : "Done: it is set up as it should be. Switch its AC off to connect the battery.\n");
    return absl::OkStatus();
  }

 private:
  absl::Status SwitchOff() {
    const auto operation = errand_.Read(Command::kOperation);
    if (!operation.ok()) return operation.status();
    if (operation->raw() == 0) {
      out_ << "1. Its output is off.\n";
      return absl::OkStatus();
    }
    out_ << "1. Its output is on: switching it off first.\n";
    return Written(Command::kOperation, 0);
  }

  absl::Status Identify() {
    std::vector<Command> questions = {Command::kMfrModelB0B5, Command::kMfrModelB6B11, Command::kScalingFactor,
                                      Command::kMfrSerialB0B5, Command::kMfrSerialB6B11};
    for (const Command question : questions) {
      const auto answer = errand_.Read(question);
      if (!answer.ok()) return answer.status();
      if (!identity_.OnAnswer(*answer)) {
        return absl::DataLossError(absl::StrCat("its answer to ", meanwell::InfoOf(question).name, " is no value"));
      }
    }
    if (!identity_.serial_number().empty()) memory_.SetDevice(identity_.serial_number());
    questions = {Command::kSystemConfig, bic_ ? Command::kBidirectionalConfig : Command::kCurveConfig};
    for (const Command question : questions) {
      const auto answer = errand_.Read(question);
      if (!answer.ok()) return answer.status();
      registers_.OnRead(question, answer->raw());
    }
    out_ << "2. It is a " << identity_.model_text() << ", serial number " << identity_.serial_number() << ".\n";
    Show(Command::kSystemConfig);
    Show(questions[1]);
    const meanwell::SetUp set_up = {target_.options.family, target_.options.charge_voltage,
                                    target_.options.discharge_voltage};
    const meanwell::Obstacle obstacle = identity_.Check(set_up, registers_);
    const bool repairable = obstacle >= meanwell::Obstacle::kNotCanControl || obstacle == meanwell::Obstacle::kNone ||
                            (obstacle == meanwell::Obstacle::kVoltageRange && !target_.configured);
    if (repairable) return absl::OkStatus();
    return absl::FailedPreconditionError(ObstacleText(obstacle, identity_, set_up, target_.options.name));
  }

  absl::Status SetMode() {
    if (bic_) {
      if ((Held(Command::kBidirectionalConfig) & 1) != 0) {
        out_ << "3. It is in battery mode.\n";
        return absl::OkStatus();
      }
      out_ << "3. It would choose its direction by itself. Battery mode lets us choose it.\n";
      power_cycle_ = true;
      return AskAndWrite(Command::kBidirectionalConfig, 1);
    }
    const uint16_t curve = Held(Command::kCurveConfig);
    if ((curve & meanwell::curve_config::kChargerMode) == 0) {
      out_ << "3. It is in power supply mode.\n";
      return absl::OkStatus();
    }
    out_ << "3. It follows its own charge curve (charger mode). In power supply mode it takes voltage and current from "
            "us.\n";
    power_cycle_ = true;
    return AskAndWrite(Command::kCurveConfig, static_cast<uint16_t>(curve & ~meanwell::curve_config::kChargerMode));
  }

  absl::Status SetSystem() {
    const uint16_t now = Held(Command::kSystemConfig);
    auto wanted = static_cast<uint16_t>(now & ~config::kOperationInit);
    if (bic_) wanted |= config::kCanControl;
    if (wanted == now) {
      out_ << "4. Its output stays off after AC on" << (bic_ ? ", and it is controlled by CAN" : "") << ".\n";
      return absl::OkStatus();
    }
    out_ << "4. After AC on its output should stay off until we switch it on"
         << (bic_ ? ", and CAN should control it" : "") << ".\n";
    return AskAndWrite(Command::kSystemConfig, wanted);
  }

  // What it comes back with after AC on: the least that it can do.
  absl::Status StoreSetpoints() {
    const bool stores = (Held(Command::kSystemConfig) & config::kEepromOff) == 0;
    if (!stores || !target_.configured || power_cycle_) return absl::OkStatus();
    const meanwell::Model& model = *identity_.model();
    struct Value {
      Command command;
      double value;
    };
    const std::vector<Value> all = {{Command::kVoutSet, target_.options.charge_voltage.value()},
                                    {Command::kIoutSet, model.charge_min.value()},
                                    {Command::kReverseVoutSet, target_.options.discharge_voltage.value()},
                                    {Command::kReverseIoutSet, model.discharge_min.value()}};
    std::vector<Value> missing;
    for (const Value& value : all) {
      if (!Knows(target_.options.family, meanwell::InfoOf(value.command))) continue;
      const auto held = errand_.Read(value.command);
      if (!held.ok()) return held.status();
      if (held->raw() != meanwell::EncodeHundredths(value.value)) missing.push_back(value);
    }
    if (missing.empty()) {
      out_ << "5. The setpoints that it stores do no harm.\n";
      return absl::OkStatus();
    }
    out_ << "5. Setpoints that do no harm should be stored: "
         << absl::StrJoin(missing, ", ",
                          [](std::string* text, const Value& value) {
                            const meanwell::CommandInfo& info = meanwell::InfoOf(value.command);
                            absl::StrAppendFormat(text, "%s %g %s", info.name, value.value,
                                                  info.format == meanwell::Format::kVoltage ? "V" : "A");
                          })
         << ".\n";
    if (!ask_("Write them?")) return absl::AbortedError("not written; nothing else was changed");
    for (const Value& value : missing) {
      const uint16_t raw = meanwell::EncodeHundredths(value.value);
      if (absl::Status status = Written(value.command, raw); !status.ok()) return status;
    }
    return absl::OkStatus();
  }

  absl::Status StopStoring() {
    const uint16_t now = Held(Command::kSystemConfig);
    if ((now & config::kEepromOff) != 0) {
      out_ << "6. It does not store setpoints: its memory is spared.\n";
      return absl::OkStatus();
    }
    if (power_cycle_) return absl::OkStatus();
    if (memory_.LacksEepromOff()) {
      out_ << "6. Its firmware cannot be told not to store setpoints: writes are counted and rationed.\n";
      return absl::OkStatus();
    }
    out_ << "6. Each new setpoint is stored in its memory, which wears out. Newer firmware can be told not to.\n";
    if (!ask_("Tell it?")) return absl::AbortedError("not written: its memory wears out with each setpoint");
    const auto wanted = static_cast<uint16_t>(now | config::kEepromOff);
    const auto held = errand_.Write(Command::kSystemConfig, wanted);
    if (!held.ok()) return held.status();
    registers_.OnRead(Command::kSystemConfig, *held);
    if ((*held & config::kEepromOff) == 0) {
      memory_.SetLacksEepromOff();
      out_ << "   Its firmware is older and does not know that: writes are counted and rationed instead.\n";
    }
    return absl::OkStatus();
  }

  [[nodiscard]] uint16_t Held(Command command) const { return registers_[command].held.value_or(0); }

  void Show(Command command) {
    const meanwell::CommandInfo& info = meanwell::InfoOf(command);
    out_ << "   " << info.name << absl::StrFormat(" 0x%04X: ", Held(command))
         << absl::StrJoin(meanwell::BitsInWords(target_.options.family, info.format, Held(command)), ", ") << "\n";
  }

  absl::Status AskAndWrite(Command command, uint16_t raw) {
    const std::string question =
        absl::StrFormat("Write %s = 0x%04X (it has 0x%04X)?", meanwell::InfoOf(command).name, raw, Held(command));
    if (!ask_(question)) return absl::AbortedError("not written: the device cannot be driven as it is set up");
    if (absl::Status status = Written(command, raw); !status.ok()) return status;
    registers_.OnRead(command, raw);
    Show(command);
    return absl::OkStatus();
  }

  // Written and read back as the same.
  absl::Status Written(Command command, uint16_t raw) {
    const auto held = errand_.Write(command, raw);
    if (!held.ok()) return held.status();
    if (*held == raw) return absl::OkStatus();
    return absl::DataLossError(absl::StrFormat("%s was written as 0x%04X and reads back as 0x%04X",
                                               meanwell::InfoOf(command).name, raw, *held));
  }

  const MeanwellTarget& target_;
  meanwell::Errand& errand_;
  const AskPerson& ask_;
  meanwell::Memory memory_;  // for what the firmware cannot; its writes are counted by who opened the errand
  std::ostream& out_;
  const bool bic_;
  meanwell::Identity identity_;
  meanwell::Registers registers_;
  bool power_cycle_ = false;
};

}  // namespace

absl::Status CommissionMeanwell(const MeanwellTarget& target, meanwell::Errand& errand, const AskPerson& ask,
                                WriteLedger* ledger, std::ostream& out) {
  return Commissioning(target, errand, ask, ledger, out).Run();
}

}  // namespace abcds
