#!/bin/bash
# The program itself: flags, commands on standard input, the configuration it writes, its summary, a clean end.
set -u
sim="$1"
dir="${TEST_TMPDIR:-/tmp}/abcds-sim-test.$$"
mkdir -p "$dir"
failures=0

check() {  # check DESCRIPTION COMMAND…
  local what="$1"
  shift
  if ! "$@"; then
    echo "FAILED: $what"
    failures=$((failures + 1))
  fi
}

printf 'meter nan 1\nexplode\nfaults\nload 700\n' | "$sim" --load=steps --pty="$dir/line" --write_config="$dir/site.textproto" --duration=1.5 \
  --print_interval=0.5 > "$dir/out" 2>&1
status=$?
cat "$dir/out"
check "ends by itself with 0" test "$status" -eq 0
check "says how to start the daemon" grep -qx "run: abcdsd --config $dir/site.textproto" "$dir/out"
check "takes commands" grep -qx "meter nan for 1 s" "$dir/out"
check "refuses unknown commands" grep -qx "unknown command explode: this site has meter, broker, lumentree, load; try help" "$dir/out"
check "a fault ends by itself" grep -qx "over: meter nan" "$dir/out"
check "shows the state of the house" grep -q "load   700 W" "$dir/out"
check "says that nobody regulated" grep -q "^No setpoint ever arrived" "$dir/out"
check "wrote the line into the configuration" grep -q "port: \"$dir/line\"" "$dir/site.textproto"
check "took its line away again" test ! -e "$dir/line"

"$sim" --pty="$dir/line" --write_config= > "$dir/out" 2>&1 < /dev/null &
pid=$!
for _ in $(seq 400); do
  grep -q "commands on standard input" "$dir/out" && break
  sleep 0.05  # looks again, up to 20 s
done
kill -TERM "$pid"
wait "$pid"
check "ends cleanly on SIGTERM" test "$?" -eq 0
check "and sums up" grep -q "^No setpoint ever arrived" "$dir/out"

refused() {  # refused EXIT_CODE SENTENCE FLAG…
  local want="$1" sentence="$2"
  shift 2
  "$sim" "$@" > "$dir/out" 2>&1 < /dev/null
  check "exit code of $*" test "$?" -eq "$want"
  check "sentence of $*" grep -qF -- "$sentence" "$dir/out"
}
refused 1 'no load is called "stepz"' --load=stepz
refused 1 'the models are 600, 1000, 2000' --inverter=lumentree:700
refused 1 '--speed=99 is outside [0.1, 10]' --speed=99
refused 1 '--meter must be mqtt or shelly-3em' --meter=sml
refused 1 '--broker must be HOST:PORT' --broker=localhost
refused 1 'cannot connect to the MQTT broker 127.0.0.1:1' --broker=127.0.0.1:1 --pty="$dir/line"
refused 2 '"twice" is no flag' twice

if [ "$failures" -gt 0 ]; then exit 1; fi
