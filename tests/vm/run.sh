#!/bin/bash
# Runs test binaries in the machine of boot.sh. Usage: run.sh RESULTS BINARY...
# For each one RESULTS gets vm-NAME.xml, and vm-NAME.failed where it did not end well. Exit code 0 when all did.
set -euo pipefail

here=$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")
readonly here
readonly patience_s=600

main() {
  local results=$1 binary shared
  shift
  shared=$(mktemp -d)
  # shellcheck disable=SC2064  # the folder of now
  trap "rm -rf '$shared'" EXIT
  mkdir "$shared/bin" "$shared/results"
  for binary in "$@"; do cp "$binary" "$shared/bin/"; done
  cat > "$shared/all.sh" << 'GUEST'
cd /tmp
code=0
for test in /tmp/shared/bin/*; do
  name=vm-${test##*/}
  "$test" --gtest_output=xml:/tmp/shared/results/$name.xml || {
    echo "$name ended with $?" > /tmp/shared/results/$name.failed
    code=1
  }
done
exit $code
GUEST
  local code=0
  "$here/boot.sh" -t "$patience_s" "$shared" /bin/bash /tmp/shared/all.sh || code=$?
  for binary in "$@"; do
    local name=vm-${binary##*/}
    [ -e "$shared/results/$name.xml" ] || echo "$name did not run to its end" > "$shared/results/$name.failed"
  done
  cp "$shared"/results/* "$results/"
  return "$code"
}

main "$@"
