// ABCDS_CHECK: for what can only be a bug of ours. It ends the process: commands then expire, the devices come to rest
// and the service manager starts us again. Expected failures (a cut wire, a wrong file) are absl::Status instead.
#ifndef ABCDS_HAL_UNITS_CHECK_H_
#define ABCDS_HAL_UNITS_CHECK_H_

namespace abcds {

// Writes the sentence to standard error with async-signal-safe calls only, and aborts.
[[noreturn]] void CheckFailed(const char* condition, const char* file, int line) noexcept;

}  // namespace abcds

#define ABCDS_CHECK(condition) \
  (__builtin_expect(!(condition), 0) ? ::abcds::CheckFailed(#condition, __FILE__, __LINE__) : static_cast<void>(0))

#endif  // ABCDS_HAL_UNITS_CHECK_H_
