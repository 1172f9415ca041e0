#!/bin/bash
# Killed at every call of `fieldpost check`, which asks for a new token and logs in with it: using it ends the token before. (The flow test
# kills at every call of a mere refresh.)
cd "$(dirname "$0")/../.." && OAUTH_SWEEP=check exec tests/flow/80_oauth.t
