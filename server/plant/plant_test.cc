#include "server/plant/plant.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "hal/rt/clock.h"
#include "server/plant/fake_cycle.h"

namespace abcds {
namespace {

using absl::StatusCode;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

// Longer than anything here takes; only a failing test waits for it.
constexpr Nanoseconds kPatience = seconds(20);

class PlantTest : public testing::Test {
 protected:
  PlantTest() {
    EXPECT_EQ(pipe2(pipe_, O_CLOEXEC), 0);
    LogOptions options;
    options.fd = pipe_[1];
    options.journald = true;
    log_ = std::make_unique<Log>(options);
  }
  ~PlantTest() override {
    plant_.reset();
    cycle_.reset();
    close(pipe_[0]);
    close(pipe_[1]);
  }

  void Begin(
      FakeCycle::React react = [](Snapshot&) {}, DetailsSources sources = {}) {
    cycle_ = std::make_unique<FakeCycle>(std::move(react));
    plant_ = std::make_unique<Plant>(FakeSite(), std::move(sources), cycle_->border(), *log_);
    plant_->Start();
  }

  void BeginAndRun(
      FakeCycle::React react = [](Snapshot&) {}, DetailsSources sources = {}) {
    Begin(std::move(react), std::move(sources));
    cycle_->Start();
    ASSERT_NE(plant_->WaitNewer(0, kPatience), nullptr);
  }

  // Blocks until the log has a line that contains `text`.
  std::string AwaitLine(const std::string& text) {
    while (true) {
      std::string line;
      char c = 0;
      while (read(pipe_[0], &c, 1) == 1 && c != '\n') line += c;
      if (line.find(text) != std::string::npos) return line;
    }
  }

  int pipe_[2];
  std::unique_ptr<Log> log_;
  std::unique_ptr<FakeCycle> cycle_;
  std::unique_ptr<Plant> plant_;
};

TEST_F(PlantTest, HasNoStateBeforeTheFirstCycle) {
  Begin();
  EXPECT_EQ(plant_->Latest(), nullptr);
  EXPECT_FALSE(plant_->Alive());
  EXPECT_EQ(plant_->WaitNewer(0, milliseconds(1)), nullptr);
  EXPECT_EQ(plant_->SetTarget(Watts(0), std::nullopt, "test").status().code(), StatusCode::kUnavailable);
}

TEST_F(PlantTest, TheConfiguredIntentIsThereBeforeTheFirstCycle) {
  Begin();
  EXPECT_EQ(cycle_->border().intents.Latest().target, Watts(5));
}

TEST_F(PlantTest, WhatWasDisabledBeforeARestartStaysDisabledUntilItIsEnabled) {
  cycle_ = std::make_unique<FakeCycle>();
  PlantMemory before;
  before.discharging_disabled_since = WallTime(std::chrono::seconds(1'795'000'000));
  plant_ = std::make_unique<Plant>(FakeSite(), DetailsSources(), cycle_->border(), *log_, before);
  EXPECT_FALSE(cycle_->border().intents.Latest().discharger_enabled);
  EXPECT_TRUE(cycle_->border().intents.Latest().charger_enabled);
  plant_->Start();
  cycle_->Start();
  const Plant::StatePtr first = plant_->WaitNewer(0, kPatience);
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(first->discharging_disabled_since, before.discharging_disabled_since);
  const auto again = plant_->SetDischargerEnabled(false, "test");
  ASSERT_TRUE(again.ok());
  EXPECT_EQ((*again)->discharging_disabled_since, before.discharging_disabled_since) << "since the first time";
  const auto enabled = plant_->SetDischargerEnabled(true, "test");
  ASSERT_TRUE(enabled.ok());
  EXPECT_EQ((*enabled)->discharging_disabled_since, std::nullopt);
}

TEST_F(PlantTest, WhatTheLastCycleLatchedIsRemembered) {
  cycle_ = std::make_unique<FakeCycle>();
  PlantMemory kept;
  plant_ = std::make_unique<Plant>(FakeSite(), DetailsSources(), cycle_->border(), *log_, PlantMemory(),
                                   [&kept](const PlantMemory& memory) { kept = memory; });
  plant_->Start();
  Snapshot snapshot = FakeSnapshot(MonotonicNow());
  snapshot.outputs.faults = {};
  snapshot.cycle.sequence = 1;
  cycle_->border().snapshots.Publish(snapshot);
  ASSERT_NE(plant_->WaitNewer(0, kPatience), nullptr);
  // The next look is 50 ms away.
  AddFault(snapshot, FaultId::kCirculation, -1, true, true);
  snapshot.cycle.sequence = 2;
  cycle_->border().snapshots.Publish(snapshot);
  plant_->Stop();
  EXPECT_THAT(kept.latches, testing::ElementsAre(Latch{FaultId::kCirculation, -1}));
}

TEST_F(PlantTest, RemembersLatchesAndWhatIsDisabled) {
  std::promise<PlantMemory> disabled;
  std::promise<PlantMemory> latched;
  std::promise<PlantMemory> forgotten;
  int calls = 0;
  std::atomic<bool> fault{false};
  cycle_ = std::make_unique<FakeCycle>([&fault](Snapshot& snapshot) {
    snapshot.outputs.faults = {};
    snapshot.outputs.converters[1].learned = Watts(0);
    if (!fault) return;
    AddFault(snapshot, FaultId::kMeterDisagrees, -1, false, true);
    snapshot.outputs.converters[1].learned = Watts(430.4);
  });
  plant_ = std::make_unique<Plant>(FakeSite(), DetailsSources(), cycle_->border(), *log_, PlantMemory(),
                                   [&](const PlantMemory& memory) {
                                     ++calls;
                                     if (calls == 1) disabled.set_value(memory);
                                     if (calls == 2) latched.set_value(memory);
                                     if (calls == 3) forgotten.set_value(memory);
                                   });
  plant_->Start();
  cycle_->Start();
  ASSERT_NE(plant_->WaitNewer(0, kPatience), nullptr);
  ASSERT_TRUE(plant_->SetChargerEnabled(false, "test").ok());
  auto memory = disabled.get_future();
  ASSERT_EQ(memory.wait_for(kPatience), std::future_status::ready);
  const PlantMemory first = memory.get();
  EXPECT_NE(first.charging_disabled_since, std::nullopt);
  EXPECT_EQ(first.discharging_disabled_since, std::nullopt);
  EXPECT_TRUE(first.latches.empty());
  fault = true;
  memory = latched.get_future();
  ASSERT_EQ(memory.wait_for(kPatience), std::future_status::ready);
  EXPECT_EQ(memory.get(), (PlantMemory{.charging_disabled_since = first.charging_disabled_since,
                                       .discharging_disabled_since = std::nullopt,
                                       .latches = {{FaultId::kMeterDisagrees, -1}},
                                       .learned_w = {{1, 430}}}));
  fault = false;
  memory = forgotten.get_future();
  ASSERT_EQ(memory.wait_for(kPatience), std::future_status::ready);
  const PlantMemory last = memory.get();
  EXPECT_TRUE(last.latches.empty());
  EXPECT_EQ(last.learned_w, (std::map<int8_t, int>{{1, 430}})) << "a device that says nothing now still draws as much";
  plant_->Stop();
  EXPECT_EQ(calls, 3) << "nothing is remembered that has not changed";
}

// The savings of a write budget change with every cycle; the card is not written for less than some writes.
TEST_F(PlantTest, WhatIsLeftOfWriteBudgetsIsRememberedInStepsAndExactlyAtTheEnd) {
  cycle_ = std::make_unique<FakeCycle>();
  std::vector<PlantMemory::Savings> kept;  // written before a state is published, read after it was seen
  plant_ = std::make_unique<Plant>(
      FakeSite(), DetailsSources(), cycle_->border(), *log_, PlantMemory(),
      [&kept](const PlantMemory& memory) { kept.push_back(memory.savings.at(0)); });
  plant_->Start();
  Snapshot snapshot = FakeSnapshot(MonotonicNow());
  snapshot.outputs.faults = {};
  uint64_t seen = 0;
  const auto show = [&](std::optional<WriteSavings> savings) {
    snapshot.outputs.converters[0].savings = savings;
    ++snapshot.cycle.sequence;
    snapshot.time = MonotonicNow();
    cycle_->border().snapshots.Publish(snapshot);
    Plant::StatePtr state;
    do {
      state = plant_->WaitNewer(seen, kPatience);
      if (state == nullptr) return;
      seen = state->number;
    } while (state->snapshot.cycle.sequence != snapshot.cycle.sequence);
  };
  using Kept = std::vector<PlantMemory::Savings>;
  show(WriteSavings{60.9, 1'000});
  EXPECT_EQ(kept, (Kept{{60, 1'000}}));
  show(WriteSavings{75.9, 1'015});
  show(WriteSavings{45, 1'015});
  EXPECT_EQ(kept.size(), 1u) << "not yet";
  show(WriteSavings{44, 1'000});
  show(WriteSavings{44, 1'016});
  show(WriteSavings{45, 7});
  show(std::nullopt);
  EXPECT_EQ(kept, (Kept{{60, 1'000}, {44, 1'000}, {44, 1'016}, {45, 7}}))
      << "fewer left, more written, another device; nothing is forgotten";
  plant_->AnnounceEnd();
  show(WriteSavings{44, 8});
  plant_->Stop();
  EXPECT_EQ(kept.back(), (PlantMemory::Savings{44, 8}));
}

TEST_F(PlantTest, StatesGetNewer) {
  BeginAndRun();
  const Plant::StatePtr first = plant_->Latest();
  const Plant::StatePtr second = plant_->WaitNewer(first->number, kPatience);
  ASSERT_NE(second, nullptr);
  EXPECT_GT(second->number, first->number);
  EXPECT_GT(second->snapshot.cycle.sequence, first->snapshot.cycle.sequence);
}

TEST_F(PlantTest, WallTimeIsThatOfTheCycle) {
  BeginAndRun();
  const WallTime before = std::chrono::system_clock::now();
  const Plant::StatePtr state =
      plant_->WaitNewer(plant_->WaitNewer(plant_->Latest()->number, kPatience)->number, kPatience);
  const WallTime after = std::chrono::system_clock::now();
  ASSERT_NE(state, nullptr);
  EXPECT_GE(state->wall_time, before);
  EXPECT_LE(state->wall_time, after);
  EXPECT_EQ(state->WallOf(state->snapshot.time - seconds(60)), state->wall_time - seconds(60));
}

TEST_F(PlantTest, AWishIsDoneWhenTheCallReturns) {
  BeginAndRun();
  for (int i = 0; i < 20; ++i) {
    const auto state = plant_->SetTarget(Watts(i), minutes(1), "test");
    ASSERT_TRUE(state.ok()) << state.status();
    ASSERT_EQ((*state)->snapshot.outputs.target, Watts(i)) << "the state it returns shows it";
  }
  const auto state = plant_->SetMode({Mode::kForced, Watts(-300), std::nullopt, std::nullopt}, "test");
  ASSERT_TRUE(state.ok()) << state.status();
  EXPECT_EQ((*state)->snapshot.outputs.mode, Mode::kForced);
  EXPECT_EQ((*state)->snapshot.intent.forced_power, Watts(-300));
  EXPECT_EQ((*state)->snapshot.outputs.target, Watts(19)) << "other wishes stay";
}

TEST_F(PlantTest, WishesOfManyThreadsAllArrive) {
  BeginAndRun();
  std::vector<std::thread> threads;
  std::atomic<int> done{0};
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, &done, t] {
      for (int i = 0; i < 5; ++i) {
        const auto state = t % 2 == 0 ? plant_->SetChargerEnabled(i % 2 == 0, "test")
                                      : plant_->SetTarget(Watts(i), minutes(1), "test");
        if (state.ok()) ++done;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(done, 20);
  EXPECT_EQ(plant_->Latest()->snapshot.intent.generation, 20u);
}

TEST_F(PlantTest, ARefusedWishReachesNoCycle) {
  BeginAndRun();
  const auto state = plant_->SetTarget(Watts(1e6), std::nullopt, "grpc ipv4:127.0.0.1:1");
  EXPECT_EQ(state.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(AwaitLine("refused"), HasSubstr("grpc ipv4:127.0.0.1:1: refused: target 1000000 W"));
  EXPECT_EQ(plant_->WaitNewer(plant_->Latest()->number, kPatience)->snapshot.intent.generation, 0u);
}

TEST_F(PlantTest, EveryChangeLeavesAnAuditLine) {
  BeginAndRun();
  ASSERT_TRUE(plant_->SetMode({Mode::kIdle, {}, {}, minutes(2)}, "page anna").ok());
  EXPECT_EQ(AwaitLine("mode"), "<6>page anna: mode idle, lease 120 s");
  ASSERT_TRUE(plant_->SetMode({Mode::kChargeOnly, {}, {}, minutes(2)}, "page anna").ok());
  EXPECT_EQ(AwaitLine("charge-only"), "<6>page anna: mode charge-only, lease 120 s");
}

TEST_F(PlantTest, ALeaseThatHasEndedLeavesTheIntent) {
  // The cycle's clock runs ahead of the lease, so that nobody waits for it.
  std::atomic<bool> over{false};
  BeginAndRun([&](Snapshot& snapshot) {
    if (over) snapshot.outputs.mode = Mode::kAutomatic;
  });
  ASSERT_TRUE(plant_->SetMode({Mode::kIdle, {}, {}, minutes(2)}, "test").ok());
  over = true;
  Plant::StatePtr state = plant_->Latest();
  while (state->snapshot.intent.mode != Mode::kAutomatic) {
    state = plant_->WaitNewer(state->number, kPatience);
    ASSERT_NE(state, nullptr);
  }
  EXPECT_EQ(state->snapshot.intent.mode_ends, MonotonicTime::max());
}

TEST_F(PlantTest, AStuckControlLoopIsSaidAndFailsWishes) {
  BeginAndRun();
  cycle_->Freeze();
  const auto state = plant_->SetChargerEnabled(false, "test");
  EXPECT_EQ(state.status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(std::string(state.status().message()), HasSubstr("stuck"));
  EXPECT_THAT(AwaitLine("published nothing"), HasSubstr("<3>"));
  EXPECT_FALSE(plant_->Alive());
  cycle_->Thaw();
  AwaitLine("runs again");
  ASSERT_NE(plant_->WaitNewer(plant_->Latest()->number, kPatience), nullptr);
  EXPECT_TRUE(plant_->Alive());
}

TEST_F(PlantTest, AnEndThatWasAnnouncedRefusesWishesAndIsNoTrouble) {
  BeginAndRun();
  plant_->AnnounceEnd();
  const auto state = plant_->SetChargerEnabled(false, "test");
  EXPECT_EQ(state.status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(std::string(state.status().message()), HasSubstr("stopping"));
}

TEST_F(PlantTest, EventsBecomeLines) {
  BeginAndRun();
  Event event;
  event.kind = Event::Kind::kFaultLatched;
  event.fault = FaultId::kConverterFaulty;
  event.converter = 1;
  cycle_->Push(event);
  EXPECT_THAT(AwaitLine("latched"), testing::StartsWith("<3>inverter: fault converter_faulty is latched"));
}

TEST_F(PlantTest, ChangesOfTroubleBecomeLines) {
  std::atomic<bool> trouble{true};
  DetailsSources sources;
  sources.converters = {nullptr, [&trouble] {
                          DeviceDetails details;
                          if (trouble) details.trouble = "no answer on /dev/ttyUSB0; check the cable";
                          return details;
                        }};
  BeginAndRun([](Snapshot&) {}, sources);
  EXPECT_EQ(AwaitLine("inverter"), "<4>inverter: no answer on /dev/ttyUSB0; check the cable");
  trouble = false;
  EXPECT_EQ(AwaitLine("inverter"), "<6>inverter: the trouble is over");
}

TEST_F(PlantTest, ASlowDeviceDelaysNoState) {
  std::promise<void> release;
  const std::shared_future<void> released = release.get_future().share();
  DetailsSources sources;
  sources.meter = [released] {
    released.wait();
    DeviceDetails details;
    details.counters["messages"] = 3;
    return details;
  };
  BeginAndRun([](Snapshot&) {}, sources);
  Plant::StatePtr state = plant_->Latest();
  for (int i = 0; i < 5; ++i) {
    state = plant_->WaitNewer(state->number, kPatience);
    ASSERT_NE(state, nullptr);
    EXPECT_TRUE(state->details->meter.counters.empty());
    EXPECT_EQ(state->details->converters.size(), 2u) << "never shorter than the site, not even before the first answer";
  }
  release.set_value();
  while (state->details->meter.counters.empty()) state = plant_->WaitNewer(state->number, kPatience);
  EXPECT_EQ(state->details->meter.counters.at("messages"), 3u);
}

TEST_F(PlantTest, AFaultWhoseCauseCameBackWasNotCleared) {
  BeginAndRun([](Snapshot& snapshot) {
    // Gone when the operator looks, back in the cycle that acts on the wish.
    AddFault(snapshot, FaultId::kMeterDisagrees, -1, snapshot.intent.clear_generation > 0, true);
  });
  const auto state = plant_->ClearFault("meter_disagrees", "", "test");
  EXPECT_EQ(state.status().code(), StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(state.status().message()), HasSubstr("come back"));
}

TEST_F(PlantTest, StopWakesThoseWhoWait) {
  BeginAndRun();
  cycle_->Freeze();
  std::thread waiter([this] {
    while (plant_->WaitNewer(plant_->Latest()->number, kPatience) != nullptr) {
    }
  });
  plant_->Stop();
  waiter.join();
}

}  // namespace
}  // namespace abcds
