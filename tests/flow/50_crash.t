#!/bin/bash
# A few of the crash points (tests/long/crash.t has them all).
cd "$(dirname "$0")/../.." && CRASH_POINTS=${CRASH_POINTS:-3} exec tests/long/crash.t
