// What a verb gets to work with, and how it ends.
#ifndef ABCDS_CLIENTS_INVOCATION_H_
#define ABCDS_CLIENTS_INVOCATION_H_

#include <chrono>
#include <memory>
#include <ostream>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "clients/arguments.h"
#include "clients/client.h"

namespace abcds {

// What the shell gets to see; the same numbers for every verb.
enum ExitCode : int {
  kExitOk = 0,
  kExitRefused = 1,   // the daemon or a tool said no, or failed
  kExitUsage = 2,     // the command line makes no sense
  kExitNoDaemon = 3,  // nobody answers at the address
};

// Everything a verb may use; handed in, so that tests can look over its shoulder.
struct Invocation {
  std::string verb;
  CommandLine line;                      // what follows the verb
  std::vector<std::string> raw;          // the same, as typed, for verbs that hand it to `abcdsd --tool`
  std::string address;                   // of the daemon
  std::chrono::milliseconds timeout{0};  // of each call
  std::string abcdsd;                    // path of the daemon's binary; empty: to be found
  bool json = false;
  std::ostream& out;
  std::ostream& err;

  // Connects when the verb asks for it: `top` must take the terminal before the first network thread starts.
  [[nodiscard]] std::unique_ptr<Client> Connect() const { return std::make_unique<Client>(address, timeout); }

  // Says what is wrong with the command line and where help is; returns kExitUsage.
  int UsageError(const std::string& sentence) const {
    err << "abcdsctl: " << sentence << "\nMore: abcdsctl help" << (verb.empty() ? "" : " ") << verb << "\n";
    return kExitUsage;
  }

  // Prints the sentence of an error; returns the exit code for it.
  int Failed(const absl::Status& status) const {
    err << "abcdsctl: " << std::string(status.message()) << "\n";
    const bool nobody = absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status);
    return nobody ? kExitNoDaemon : kExitRefused;
  }
};

}  // namespace abcds

#endif  // ABCDS_CLIENTS_INVOCATION_H_
