#!/bin/sh
# The outage of tests/flow/71_web_outage.t for a whole minute, with the web duty killed about every ten seconds.
cd "$(dirname "$0")/../.." || exit 1
OUTAGE_SECONDS=60 exec tests/flow/71_web_outage.t
