#include "clients/screen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "clients/example_state.h"
#include "clients/format.h"

namespace abcds {
namespace {

using testing::HasSubstr;

// Removes escape sequences and splits into the lines a person sees.
std::vector<std::string> Visible(const std::string& screen) {
  std::vector<std::string> lines(1);
  for (size_t i = 0; i < screen.size(); ++i) {
    if (screen[i] == '\x1b') {
      while (i + 1 < screen.size() && !std::isalpha(static_cast<unsigned char>(screen[i]))) ++i;
    } else if (screen[i] == '\n') {
      lines.emplace_back();
    } else if (screen[i] != '\r') {
      lines.back() += screen[i];
    }
  }
  return lines;
}

TEST(ScreenTest, FitsEverySize) {
  v1::PlantState state = ExampleState();
  for (int i = 0; i < 8; ++i) *state.add_converters() = state.converters(0);
  GridHistory history;
  for (int i = 0; i < 300; ++i) history.Add(state);
  for (const ScreenSize size : {ScreenSize{80, 24}, ScreenSize{200, 60}, ScreenSize{20, 5}, ScreenSize{1, 1}}) {
    const auto lines = Visible(RenderScreen(state, history, size, "no daemon answers"));
    EXPECT_EQ(lines.size(), size.rows);
    for (const std::string& line : lines) EXPECT_LE(DisplayWidth(line), size.columns) << line;
  }
}

TEST(ScreenTest, OrdinaryTerminalShowsAllOfAnOrdinaryPlant) {
  GridHistory history;
  history.Add(ExampleState());
  const std::string screen = RenderScreen(ExampleState(), history, {80, 24}, "");
  EXPECT_THAT(screen, HasSubstr("12 W importing"));
  EXPECT_THAT(screen, HasSubstr("Faults      none"));
  EXPECT_THAT(screen, HasSubstr("5000 run"));
  EXPECT_THAT(screen, HasSubstr("full height: 100 W"));
  EXPECT_THAT(Visible(screen).back(), "q quits");
}

TEST(GridHistoryTest, BarsAreScaledToTheLargestVisible) {
  GridHistory history;
  v1::PlantState state;
  for (const double power_w : {800.0, 400.0, 0.0, -400.0, -800.0}) {
    state.mutable_meter()->set_power_w(power_w);
    history.Add(state);
  }
  EXPECT_EQ(history.ImportBars(80), "█▄   ");
  EXPECT_EQ(history.ExportBars(80), "   ▄█");
  EXPECT_EQ(history.ImportBars(2), "  ");  // the newest two
  EXPECT_DOUBLE_EQ(history.Largest(3), 800.0);
}

TEST(GridHistoryTest, UnknownPowerLeavesAGap) {
  GridHistory history;
  v1::PlantState state;
  state.mutable_meter()->set_power_w(100.0);
  history.Add(state);
  history.Add(v1::PlantState());
  history.Add(state);
  EXPECT_EQ(history.ImportBars(80), "█ █");
}

}  // namespace
}  // namespace abcds
