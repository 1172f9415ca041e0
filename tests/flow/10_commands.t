#!/bin/bash
# What every command has in common: help, options, exit statuses, errors with their place; the config's printed forms.
set -u
cd "$(dirname "$0")/../.." || exit 1
program=${FIELDPOST:-./fieldpost}
folder=$(mktemp -d /tmp/fieldpost-commands.XXXXXX)
trap 'rm -rf "$folder"' EXIT
count=0
failed=0

# check NAME STATUS COMMAND...: the exit status; $out and $err hold what was printed.
check() {
	local name=$1 wanted=$2 status
	shift 2
	"$@" >"$folder/out" 2>"$folder/err" </dev/null
	status=$?
	out=$(cat "$folder/out")
	err=$(cat "$folder/err")
	say "$name" "$([ "$status" -eq "$wanted" ] && echo yes)" "exit status $status, not $wanted: $err"
}
say() { # NAME yes-or-nothing WHY
	count=$((count + 1))
	if [ "$2" = yes ]; then
		echo "ok $count - $1"
	else
		failed=1
		echo "not ok $count - $1"
		echo "# ${3:-}" | sed '2,$s/^/# /'
	fi
}
holds() { case $1 in *"$2"*) echo yes ;; esac; }

check "no command is a question" 64 "$program"
say "the commands are named" "$(holds "$err" "usage: fieldpost COMMAND")" "$err"
check "--help is no error" 0 "$program" --help
say "it goes to standard output" "$(holds "$out" "  serve ")" "$out"
check "an unknown command" 64 "$program" sevre
say "is named" "$(holds "$err" 'no command "sevre"')" "$err"
check "--version" 0 "$program" --version
say "says one line" "$(holds "$out" "fieldpost ")" "$out"
check "help on a command" 0 "$program" help serve
say "says how it is used" "$(holds "$out" "usage: fieldpost serve [--only DUTY,...]")" "$out"
check "a command's --help" 0 "$program" serve --help
check "-h too" 0 "$program" -h
check "--config without a file" 64 "$program" status --config
say "says so" "$(holds "$err" "name the file")" "$err"
check "a file that is not there" 66 "$program" parse "$folder/none.eml"
check "an option that import has not" 64 "$program" import --dry-rum "$folder"
check "an unknown word" 64 "$program" status now
check "an unknown duty" 64 "$program" serve --only intak
check "--duty is not for people" 64 "$program" serve --duty parse
check "output that cannot be written" 74 sh -c "exec $program config sample >/dev/full"

printf 'state_dir: %s/state\nsmtp:\n  hots: mail\n' "$folder" >"$folder/my.yaml"
check "a wrong config" 78 "$program" serve --config "$folder/my.yaml"
say "is told with line, column and mend" \
	"$([ "$err" = "$folder/my.yaml:3:3: there is no option \"hots\" in smtp; did you mean \"host\"?" ] && echo yes)" "$err"
check "--config=FILE, before the command" 78 "$program" --config="$folder/my.yaml" status
check "a config that is not there" 78 "$program" status --config "$folder/none.yaml"
say "is named" "$(holds "$err" "$folder/none.yaml cannot be read: No such file")" "$err"

check "config sample" 0 "$program" config sample
say "is config/fieldpost.yaml" "$([ "$out" = "$(cat config/fieldpost.yaml)" ] && echo yes)" \
	"make it anew: ./fieldpost config sample > config/fieldpost.yaml"
check "config docs" 0 "$program" config docs
say "is docs/configuration.md" "$([ "$out" = "$(cat docs/configuration.md)" ] && echo yes)" \
	"make it anew: ./fieldpost config docs > docs/configuration.md"

echo "1..$count"
exit $failed
