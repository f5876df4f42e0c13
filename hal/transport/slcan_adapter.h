// A CAN adapter that speaks SLCAN on a serial line.
#ifndef ABCDS_HAL_TRANSPORT_SLCAN_ADAPTER_H_
#define ABCDS_HAL_TRANSPORT_SLCAN_ADAPTER_H_

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hal/transport/bytes.h"
#include "hal/transport/can_adapter.h"
#include "hal/transport/can_client.h"
#include "hal/transport/slcan_codec.h"
#include "hal/transport/slcan_timing.h"
#include "hal/units/time.h"

namespace abcds {

class SlcanAdapter final : public CanAdapter {
 public:
  // `port` is what sentences call the adapter. InvalidArgument for a bit rate that SLCAN does not have. Begins to set the
  // adapter up; up() says when that is done.
  [[nodiscard]] static absl::StatusOr<std::unique_ptr<SlcanAdapter>> Create(std::unique_ptr<ByteStream> line,
                                                                            std::string port, int bitrate,
                                                                            std::span<const CanFilter> filters,
                                                                            const SlcanTiming& timing = {});
  // Takes the adapter off the bus, which takes up to 50 ms.
  ~SlcanAdapter() override;
  SlcanAdapter(const SlcanAdapter&) = delete;
  SlcanAdapter& operator=(const SlcanAdapter&) = delete;

  [[nodiscard]] absl::StatusOr<std::optional<CanFrame>> Receive(MonotonicTime now) override;
  [[nodiscard]] MonotonicTime NextDue() const override;
  [[nodiscard]] bool up() const override { return stage_ == Stage::kOpen; }
  [[nodiscard]] bool ready() const override { return stage_ == Stage::kOpen && !under_way_.has_value(); }
  [[nodiscard]] absl::Status Send(const CanFrame& frame, MonotonicTime now) override;
  [[nodiscard]] int fd() const override { return line_->fd(); }
  [[nodiscard]] std::string trouble() const override { return trouble_; }
  [[nodiscard]] const CanCounters& counters() const override { return counters_; }

 private:
  enum class Stage : uint8_t {
    kSettling,    // told to close; whatever it says is not for us
    kRate,        // waiting for the answer to S
    kTimestamps,  // waiting for the answer to Z0, which not every adapter knows
    kOpening,     // waiting for the answer to O
    kOpen,
    kRecovering,  // off the bus for a while, since nobody takes frames
  };
  // The frame that was written last, until it is acknowledged.
  struct UnderWay {
    SlcanLine line;
    MonotonicTime decide_at;  // written: when to stop waiting; refused: when to write it again
    bool refused = false;
    int refusals = 0;
  };

  SlcanAdapter(std::unique_ptr<ByteStream> line, std::string port, int bitrate, char rate_digit,
               std::span<const CanFilter> filters, const SlcanTiming& timing);

  [[nodiscard]] absl::Status Settle(MonotonicTime now);
  [[nodiscard]] absl::Status OnAnswer(bool done, MonotonicTime now);
  [[nodiscard]] absl::Status OnRefusedCommand(MonotonicTime now);
  [[nodiscard]] absl::Status EnterStage(Stage stage, const char* command, MonotonicTime now);
  void EnterOpen();
  [[nodiscard]] absl::Status OnRefusedFrame(MonotonicTime now);
  void OnAcknowledged();
  [[nodiscard]] absl::Status OnTime(MonotonicTime now);
  // Status and answers; frames go to the caller.
  [[nodiscard]] absl::Status OnEvent(const SlcanEvent& event, MonotonicTime now);
  [[nodiscard]] absl::Status Write(std::span<const uint8_t> bytes, MonotonicTime now);
  [[nodiscard]] bool Wanted(const CanFrame& frame) const;

  const std::unique_ptr<ByteStream> line_;
  const std::string port_;
  const int bitrate_;
  const char rate_digit_;
  const std::vector<CanFilter> filters_;
  const SlcanTiming timing_;

  SlcanParser parser_;
  std::array<uint8_t, 256> buffer_{};
  size_t read_ = 0;  // of `buffer_`
  size_t used_ = 0;

  Stage stage_ = Stage::kSettling;
  MonotonicTime stage_ends_at_ = MonotonicTime::min();
  int attempts_ = 0;  // to set the adapter up
  std::optional<UnderWay> under_way_;
  int unacknowledged_in_a_row_ = 0;
  int sent_unheard_ = 0;  // frames since the adapter's last byte
  MonotonicTime unheard_since_ = MonotonicTime::min();
  std::string trouble_;                  // stays until a frame has certainly passed
  int acknowledged_since_trouble_ = 0;
  CanCounters counters_;
};

}  // namespace abcds

#endif  // ABCDS_HAL_TRANSPORT_SLCAN_ADAPTER_H_
