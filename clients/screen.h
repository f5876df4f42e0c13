// What `abcdsctl top` draws: text in, text out; the terminal itself is in terminal.h.
#ifndef ABCDS_CLIENTS_SCREEN_H_
#define ABCDS_CLIENTS_SCREEN_H_

#include <cstddef>
#include <deque>
#include <string>

#include "abcds/v1/state.pb.h"

namespace abcds {

struct ScreenSize {
  size_t columns = 80;
  size_t rows = 24;
};

// Grid power of the last states, oldest first.
class GridHistory {
 public:
  // Adds a state's grid power; a state without one leaves a gap.
  void Add(const v1::PlantState& state);

  // The last `columns` values as bars, scaled to the largest of them: one line for import, one for export.
  [[nodiscard]] std::string ImportBars(size_t columns) const { return Bars(columns, 1.0); }
  [[nodiscard]] std::string ExportBars(size_t columns) const { return Bars(columns, -1.0); }
  [[nodiscard]] double Largest(size_t columns) const;

 private:
  static constexpr size_t kCapacity = 512;  // wider than terminals are

  std::string Bars(size_t columns, double sign) const;

  std::deque<double> values_w_;  // NaN where unknown
};

// The whole screen: exactly `size.rows` lines of at most `size.columns` columns, with the escape sequences that redraw
// without flicker. `note` is shown in the last line beside the keys.
[[nodiscard]] std::string RenderScreen(const v1::PlantState& state, const GridHistory& history, ScreenSize size,
                                       const std::string& note);

}  // namespace abcds

#endif  // ABCDS_CLIENTS_SCREEN_H_
