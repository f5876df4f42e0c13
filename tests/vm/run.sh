#!/bin/bash
# Runs test binaries, and then the tests of whole sites (*_test.py), in the machine of boot.sh.
# Usage: run.sh RESULTS BINARIES TARGET...
# BINARIES is Bazel's folder of binaries, with daemon, simulator and command line; TARGET a test binary below it. For each
# one RESULTS gets vm-NAME.xml, and vm-NAME.failed where it did not end well. Exit code 0 when all did.
set -euo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
readonly here
readonly patience_s=900

# Beside the guest's own test runner: what its tests of sites start and import.
copy_site() {
  local binaries=$1 shared=$2 program
  for program in server/abcdsd hal/sim/abcds-sim clients/abcdsctl; do
    mkdir -p "$shared/programs/${program%/*}"
    cp "$binaries/$program" "$shared/programs/$program"
  done
  mkdir "$shared/site"
  cp "$here"/*_test.py "$here"/../system/{processes,simulated_site}.py "$here"/../../tools/test/run_unittests.py "$shared/site/"
}

main() {
  local results=$1 binaries=$2 target shared name
  local -a names=(vm-site)
  shift 2
  shared=$(mktemp -d)
  # shellcheck disable=SC2064  # the folder of now
  trap "rm -rf '$shared'" EXIT
  mkdir "$shared/bin" "$shared/results"
  copy_site "$binaries" "$shared"
  for target in "$@"; do
    cp "$binaries/$target" "$shared/bin/"
    names+=("vm-${target##*/}")
  done
  cat > "$shared/all.sh" << 'GUEST'
cd /tmp
export PATH=/usr/sbin:/usr/bin:/sbin:/bin ABCDS_BINARIES=/tmp/shared/programs PYTHONDONTWRITEBYTECODE=1
code=0
failed() {
  echo "$1 ended with $2" > "/tmp/shared/results/$1.failed"
  code=1
}
for test in /tmp/shared/bin/*; do
  name=vm-${test##*/}
  "$test" --gtest_output=xml:/tmp/shared/results/$name.xml || failed "$name" $?
done
/usr/bin/python3 /tmp/shared/site/run_unittests.py --name vm-site --xml /tmp/shared/results/vm-site.xml /tmp/shared/site ||
  failed vm-site $?
exit $code
GUEST
  local code=0
  "$here/boot.sh" -t "$patience_s" "$shared" /bin/bash /tmp/shared/all.sh || code=$?
  for name in "${names[@]}"; do
    [ -e "$shared/results/$name.xml" ] || echo "$name did not run to its end" > "$shared/results/$name.failed"
  done
  cp "$shared"/results/* "$results/"
  return "$code"
}

main "$@"
