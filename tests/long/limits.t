#!/bin/bash
# Every mail of tests/flow/36_limits.t, not the worst of each kind alone.
LIMITS=all exec "$(dirname "$0")/../flow/36_limits.t"
