#!/bin/bash
# The SQL's own tests (pgTAP, sql/tests/*.sql), each file one line of TAP: tests/sql.t [NAME...]
#
# On a private PostgreSQL in a temporary folder, with the schema made by a role that is no superuser and may only create roles, as
# on a shared server. PostgreSQL refuses root: as root it runs as the user postgres. Each file is a transaction that is rolled back.
set -euo pipefail
cd "$(dirname "$0")/.."
if [ "$(id -u)" -eq 0 ]; then
	exec setpriv --reuid postgres --regid postgres --init-groups "$0" "$@"
fi

programs=${PG_BINDIR:-$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1)}
dir=$(mktemp -d /tmp/fieldpost-sql.XXXXXX)
stop() {
	"$programs/pg_ctl" -D "$dir/data" -m immediate -w stop >/dev/null 2>&1 || true
	rm -rf "$dir"
}
trap stop EXIT
give_up() {
	echo "Bail out! $1"
	sed 's/^/# /' "$dir/log" 2>/dev/null | tail -n 20
	exit 1
}
export PGHOST=$dir PGDATABASE=fieldpost PGOPTIONS='-c client_min_messages=warning'
sql() {
	psql -XqAt -v ON_ERROR_STOP=1 "$@"
}

{ "$programs/initdb" -D "$dir/data" -A trust -U postgres --encoding=UTF8 --locale=C.UTF-8 --no-sync &&
	"$programs/pg_ctl" -D "$dir/data" -w -l "$dir/log" \
		-o "-c listen_addresses= -c unix_socket_directories=$dir -c fsync=off -c jit=off -c default_toast_compression=lz4" start
} >"$dir/start" 2>&1 || give_up "no PostgreSQL"
sql -U postgres -d postgres -c 'CREATE ROLE maker LOGIN CREATEROLE' -c 'CREATE DATABASE fieldpost OWNER maker' 2>>"$dir/log" &&
	sql -U postgres -c 'CREATE SCHEMA tap' -c 'CREATE EXTENSION pgtap SCHEMA tap' -c 'GRANT USAGE ON SCHEMA tap TO PUBLIC' ||
	give_up "no pgTAP"
for file in sql/migrations/*.sql sql/api/*.sql sql/read/*.sql; do
	sql -U maker -1 -f "$file" >>"$dir/log" 2>&1 || give_up "$file"
done

number=0
failed=0
for file in sql/tests/*.sql; do
	if [ $# -gt 0 ] && [[ " $* " != *" $(basename "$file" .sql) "* ]]; then
		continue
	fi
	number=$((number + 1))
	output=$(sql -U postgres -c 'SET search_path = tap, public' -f "$file" 2>&1) && good=1 || good=
	tests=$(grep -cE '^(not )?ok ' <<<"$output" || true)
	plan=$(sed -n 's/^1\.\.\([0-9]*\)$/\1/p' <<<"$output" | tail -n 1)
	if [ -n "$good" ] && [ "$tests" = "$plan" ] && ! grep -qE '^not ok|^# Looks like' <<<"$output"; then
		echo "ok $number - $file ($tests tests)"
	else
		echo "not ok $number - $file ($tests tests, $plan planned)"
		grep -vE '^ok |^$' <<<"$output" | sed 's/^/# /'
		failed=1
	fi
done
echo "1..$number"
exit $failed
