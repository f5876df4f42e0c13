// abcdsctl: watches and steers abcdsd from a shell.
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "clients/verbs.h"

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  const char* const address = std::getenv("ABCDS_ADDRESS");
  return abcds::RunCommand(arguments,
                           {.address = address == nullptr ? "" : address, .out = std::cout, .err = std::cerr});
}
