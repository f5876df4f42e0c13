// Recorded Modbus bytes of a line, before they are taken apart.
#ifndef ABCDS_HAL_DRIVERS_REGISTER_INVERTER_RECORDED_LINE_H_
#define ABCDS_HAL_DRIVERS_REGISTER_INVERTER_RECORDED_LINE_H_

#include <cstddef>
#include <cstdint>
#include <span>

namespace abcds::register_inverter {

// CRC-16/MODBUS; 0 over a good frame together with its checksum, which stands low byte first.
[[nodiscard]] uint16_t ModbusChecksum(std::span<const uint8_t> bytes) noexcept;

// The size of a whole request (function 3, 4, 6 or 16, its checksum right) that more bytes follow: its reply, as a
// line shows both. 0: there is none.
[[nodiscard]] size_t RequestInFront(std::span<const uint8_t> bytes) noexcept;

}  // namespace abcds::register_inverter

#endif  // ABCDS_HAL_DRIVERS_REGISTER_INVERTER_RECORDED_LINE_H_
