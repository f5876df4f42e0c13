// The guard with shell scripts in place of worker and safe state: each writes what it does into a file.
#include "server/guard/guard.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "server/guard/agreement.h"

namespace abcds {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

class GuardTest : public testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("TEST_TMPDIR");
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    story_file_ =
        std::string(folder != nullptr ? folder : "/tmp") + "/" + test->name() + "-" + std::to_string(getpid());
    options_.program = "/bin/sh";
    options_.config = "the configuration";
    options_.timing.first_beat = 5s;
    options_.timing.last_safe_state = 2s;  // a shell takes its time to start on a busy machine
    options_.timing.safe_state_pause_first = 50ms;
  }
  void TearDown() override { unlink(story_file_.c_str()); }

  // `worker` and `safe_state` are scripts. In both $story is the file, and `runs` counts what was said in it.
  int Run(const std::string& worker, const std::string& safe_state) {
    options_.worker = Script(worker);
    if (safe_state_) options_.safe_state = Script(safe_state);
    // In a process of its own: the guard takes over signals.
    const pid_t pid = fork();
    if (pid == 0) {
      alarm(30);
      Log log(LogOptions{.fd = open("/dev/null", O_WRONLY | O_CLOEXEC)});
      _exit(Guard(options_, log).Run());
    }
    int status = 0;
    EXPECT_EQ(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
  }

  std::vector<std::string> Script(const std::string& body) {
    return {"sh", "-c",
            "story=" + story_file_ + "\nsay() { echo \"$1\" >> $story; }\nsaid() { grep -c \"$1\" $story; }\n" + body};
  }

  std::string Story() {
    std::ifstream file(story_file_);
    std::stringstream text;
    text << file.rdbuf();
    return text.str();
  }

  GuardOptions options_;
  bool safe_state_ = true;  // false: the guard is given none
  std::string story_file_;
};

TEST_F(GuardTest, OrderlyEndIsTheDaemonsEnd) {
  EXPECT_EQ(Run("say worker; exit 0", "say safe"), kExitOk);
  EXPECT_EQ(Story(), "worker\n") << "nothing to make safe";
}

TEST_F(GuardTest, RefusalIsPassedOnAndNothingIsTouched) {
  for (const int code : {kExitRefused, kExitUsage}) {
    EXPECT_EQ(Run("say worker; exit " + std::to_string(code), "say safe"), code);
  }
  EXPECT_EQ(Story(), "worker\nworker\n");
}

TEST_F(GuardTest, ARefusalWithAGoodConfigurationLeavesNoConverterRunning) {
  EXPECT_EQ(Run("say worker; exit 5", "say safe; exit 0"), kExitRefused);
  EXPECT_EQ(Run("say worker; exit 5", "say safe; exit 3"), kExitRefused) << "not for ever";
  EXPECT_EQ(Story(), "worker\nsafe\nworker\nsafe\n");
}

TEST_F(GuardTest, AWorkerThatRanOnceIsStartedAgainAlsoWhenItsStartIsRefused) {
  EXPECT_EQ(Run("say worker; [ $(said worker) -ge 2 ] && exit 0; printf r >&4; exit 5", "say safe; exit 0"), kExitOk);
  EXPECT_EQ(Story(), "worker\nsafe\nworker\n");
}

TEST_F(GuardTest, OnlySafeStateIsAheadOfOtherPrograms) {
  // Field 41 of the process's stat: 0 is the ordinary policy. In a sandbox that denies more, all are ordinary.
  const std::string policy = "say $1$(cut -d' ' -f41 /proc/$$/stat); ";
  EXPECT_EQ(
      Run("set worker; " + policy + "[ $(said worker) -ge 2 ] && exit 0; kill -9 $$", "set safe; " + policy + "exit 0"),
      kExitOk);
  EXPECT_TRUE(Story() == "worker0\nsafe1\nworker0\n" || Story() == "worker0\nsafe0\nworker0\n") << Story();
}

TEST_F(GuardTest, AfterADeathSafeStateComesFirstThenTheNextWorker) {
  EXPECT_EQ(Run("say worker; [ $(said worker) -ge 3 ] && exit 0; kill -9 $$", "say safe; exit 0"), kExitOk);
  EXPECT_EQ(Story(), "worker\nsafe\nworker\nsafe\nworker\n");
}

TEST_F(GuardTest, WhoOnlyObservesIsStartedAgainAndNothingIsMadeSafe) {
  safe_state_ = false;
  EXPECT_EQ(Run("say worker; [ $(said worker) -ge 3 ] && exit 0; kill -9 $$", "say safe; exit 0"), kExitOk);
  EXPECT_EQ(Story(), "worker\nworker\nworker\n");
}

TEST_F(GuardTest, AFailedStartIsTriedAgain) {
  EXPECT_EQ(Run("say worker; [ $(said worker) -ge 2 ] && exit 0; exit 4", "say safe; exit 0"), kExitOk);
  EXPECT_EQ(Story(), "worker\nsafe\nworker\n");
}

TEST_F(GuardTest, AWorkerThatRanOnceIsNotGivenUpForARefusal) {
  EXPECT_EQ(Run("say worker; [ $(said worker) -ge 2 ] && exit 0; printf r >&4; exit 1", "say safe; exit 0"), kExitOk);
  EXPECT_EQ(Story(), "worker\nsafe\nworker\n");
}

TEST_F(GuardTest, SilenceKills) {
  options_.timing.silence = 300ms;
  EXPECT_EQ(Run("say worker; [ $(said worker) -ge 2 ] && exit 0; printf s >&4; kill -STOP $$; say survived",
                "say safe; exit 0"),
            kExitOk);
  EXPECT_EQ(Story(), "worker\nsafe\nworker\n");
}

TEST_F(GuardTest, AWorkerThatNeverBeatsIsKilled) {
  options_.timing.first_beat = 2s;
  EXPECT_EQ(Run("say worker; [ $(said worker) -ge 2 ] && exit 0; kill -STOP $$; say survived", "say safe; exit 0"),
            kExitOk);
  EXPECT_EQ(Story(), "worker\nsafe\nworker\n");
}

TEST_F(GuardTest, ClosedHeartbeatIsADyingWorker) {
  options_.timing.closing = 500ms;
  EXPECT_EQ(
      Run("say worker; [ $(said worker) -ge 2 ] && exit 0; exec 4>&-; kill -STOP $$; say survived", "say safe; exit 0"),
      kExitOk);
  EXPECT_EQ(Story(), "worker\nsafe\nworker\n");
}

TEST_F(GuardTest, SafeStateIsRepeatedWhileTheWorkerIsDown) {
  // The third pause is 0.8 s: time for more than one attempt.
  EXPECT_EQ(Run("say worker; [ $(said worker) -ge 4 ] && exit 0; kill -9 $$", "say safe; exit 3"), kExitOk);
  const std::string story = Story();
  EXPECT_NE(story.find("safe\nsafe\nsafe\nworker\n"), std::string::npos) << story;
}

TEST_F(GuardTest, StuckSafeStateIsKilledAndTheWorkerStartsAllTheSame) {
  options_.timing.safe_state = 300ms;
  EXPECT_EQ(Run("say worker; [ $(said worker) -ge 2 ] && exit 0; kill -9 $$", "say safe; kill -STOP $$; say survived"),
            kExitOk);
  EXPECT_EQ(Story().find("survived"), std::string::npos) << Story();
}

TEST_F(GuardTest, ConfigurationIsHandedDownAsItWas) {
  EXPECT_EQ(Run("[ \"$(cat /proc/self/fd/5)\" = 'the configuration' ] && say same; exit 0", ""), kExitOk);
  EXPECT_EQ(Story(), "same\n");
}

// The script's parent is the guard. It waits for the signal in steps, since a shell handles it between commands only, and
// beats in each: ten times within the guard's patience.
constexpr char kObedient[] =
    "trap 'say asked; exit 0' TERM; printf r >&4; kill -TERM $PPID; while :; do printf r >&4; "
    "read -t 0.1 nothing <&3 2> /dev/null; done";

TEST_F(GuardTest, EndIsHandedOn) {
  options_.program = "/bin/bash";
  EXPECT_EQ(Run(kObedient, "say safe; exit 0"), kExitOk);
  EXPECT_EQ(Story(), "asked\n");
}

TEST_F(GuardTest, WithNohupAHangupIsNoEnd) {
  const auto before = std::signal(SIGHUP, SIG_IGN);
  EXPECT_EQ(Run("say worker; [ $(said worker) -ge 2 ] && exit 0; kill -HUP $PPID; kill -9 $$", "say safe; exit 0"),
            kExitOk);
  std::signal(SIGHUP, before);
  EXPECT_EQ(Story(), "worker\nsafe\nworker\n");
}

TEST_F(GuardTest, AtTheEndAWorkerThatHangsIsReplacedByTheGuard) {
  EXPECT_EQ(Run("say worker; printf r >&4; kill -TERM $PPID; kill -STOP $$", "say safe; exit 0"), kExitOk);
  EXPECT_EQ(Story(), "worker\nsafe\n");
}

TEST_F(GuardTest, AtTheEndWhatDoesNotConfirmIsTriedForAWhileAndTold) {
  EXPECT_EQ(Run("say worker; printf r >&4; kill -TERM $PPID; exit 3", "say safe; exit 3"), kExitUnconfirmed);
  EXPECT_EQ(Story().substr(0, 17), "worker\nsafe\nsafe\n");
}

TEST_F(GuardTest, WorkerSeesTheGuardsDeath) {
  // cat ends with the end of file that the guard's death is.
  EXPECT_EQ(Run("say worker; kill -9 $PPID; cat <&3 > /dev/null; say alone", ""), -SIGKILL);
  for (int i = 0; i < 200 && Story().find("alone") == std::string::npos; ++i) poll(nullptr, 0, 50);
  EXPECT_EQ(Story(), "worker\nalone\n");
}

}  // namespace
}  // namespace abcds
