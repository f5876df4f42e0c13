#include "clients/screen.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "clients/format.h"
#include "clients/report.h"

namespace abcds {
namespace {

constexpr char kHome[] = "\x1b[H";
constexpr char kClearToLineEnd[] = "\x1b[K";
constexpr char kReverse[] = "\x1b[7m";
constexpr char kPlain[] = "\x1b[0m";
constexpr size_t kLabelWidth = 12;
// Bars never fill the screen with noise of a few watts.
constexpr double kSmallestScaleW = 100.0;

std::string Bar(double share) {
  static constexpr const char* kEighths[] = {" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  if (!(share > 0.0)) return kEighths[0];
  return kEighths[std::clamp<long>(std::lround(share * 8.0), 0, 8)];
}

}  // namespace

void GridHistory::Add(const v1::PlantState& state) {
  values_w_.push_back(state.meter().has_power_w() ? state.meter().power_w() : std::numeric_limits<double>::quiet_NaN());
  if (values_w_.size() > kCapacity) values_w_.pop_front();
}

double GridHistory::Largest(size_t columns) const {
  double largest = kSmallestScaleW;
  const size_t first = values_w_.size() - std::min(columns, values_w_.size());
  for (size_t i = first; i < values_w_.size(); ++i) {
    if (std::isfinite(values_w_[i])) largest = std::max(largest, std::abs(values_w_[i]));
  }
  return largest;
}

std::string GridHistory::Bars(size_t columns, double sign) const {
  const double scale = Largest(columns);
  const size_t first = values_w_.size() - std::min(columns, values_w_.size());
  std::string bars;
  for (size_t i = first; i < values_w_.size(); ++i) bars += Bar(sign * values_w_[i] / scale);
  return bars;
}

std::string RenderScreen(const v1::PlantState& state, const GridHistory& history, ScreenSize size,
                         const std::string& note) {
  std::vector<std::string> lines = StatusLines(state);
  const size_t chart_columns = size.columns > kLabelWidth ? size.columns - kLabelWidth : 0;
  lines.push_back("");
  lines.push_back(PadRight("Import", kLabelWidth) + history.ImportBars(chart_columns));
  lines.push_back(PadRight("Export", kLabelWidth) + history.ExportBars(chart_columns));
  lines.push_back(PadRight("", kLabelWidth) + "full height: " + PowerText(history.Largest(chart_columns)));
  // The footer keeps its place: what does not fit above it is cut.
  lines.resize(size.rows > 0 ? size.rows - 1 : 0);

  std::string screen = kHome;
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string text = Clip(lines[i], size.columns);
    absl::StrAppend(&screen, i == 0 ? absl::StrCat(kReverse, PadRight(text, size.columns), kPlain) : text,
                    kClearToLineEnd, "\r\n");
  }
  return screen + Clip(note.empty() ? "q quits" : absl::StrCat("q quits   ", note), size.columns) + kClearToLineEnd;
}

}  // namespace abcds
