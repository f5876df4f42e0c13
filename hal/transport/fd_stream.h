// A ByteStream over any descriptor that poll() understands.
#ifndef ABCDS_HAL_TRANSPORT_FD_STREAM_H_
#define ABCDS_HAL_TRANSPORT_FD_STREAM_H_

#include <string>

#include "hal/transport/bytes.h"
#include "hal/transport/owned_fd.h"

namespace abcds {

// `fd` must be non-blocking. `port` is what error sentences call it.
class FdStream : public ByteStream {
 public:
  FdStream(OwnedFd fd, std::string port);
  ~FdStream() override { FdStream::Close(); }

  [[nodiscard]] absl::StatusOr<size_t> Read(std::span<uint8_t> buffer, MonotonicTime deadline) override;
  [[nodiscard]] absl::Status Write(std::span<const uint8_t> bytes, MonotonicTime deadline) override;
  [[nodiscard]] absl::StatusOr<size_t> DiscardInput() override;
  void DiscardOutput() override {}
  [[nodiscard]] int fd() const override { return fd_.get(); }
  void Close() override { fd_.Reset(); }

 private:
  [[nodiscard]] absl::Status Gone(int error) const;

  OwnedFd fd_;
  std::string port_;
};

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_FD_STREAM_H_
