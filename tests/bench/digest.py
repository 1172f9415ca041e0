"""Digests: a week of 100,000 lines out of a million, built as its reader through the views; a thousand of them into the outbox."""
import json
import os
import statistics
import subprocess
import time

from place import Place, wait_for

PROGRAM = 'build/release/bench/run_digests'
UNTIL = 1794812400  # Monday 16 November 2026, 07:00 UTC
BUILD_MS_MOST, PSS_KB_MOST, HTML_BYTES_MOST, THOUSAND_SECONDS_MOST = 2000, 100000, 95000, 60


def run(tree, place, *words):
    done = subprocess.run([os.path.join(tree, PROGRAM), place.config, *map(str, words)], cwd=tree, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return json.loads(done.stdout)


def begin(place):
    place.write_config({})
    place.serve('parse', wait=True)
    wait_for(lambda: place.count('SELECT count(*) FROM form_version') > 0, 60, 'the forms')


def fill(tree, place, rows, period):
    subprocess.run(['psql', '-XqAt', '-h', os.path.join(place.state, 'postgresql', 'socket'), '-U', 'postgres', '-d', 'fieldpost', '-v', 'ON_ERROR_STOP=1',
                    '-v', 'rows=%d' % rows, '-v', 'period=%d' % period, '-v', "until=to_timestamp(%d)" % UNTIL,
                    '-f', os.path.join(tree, 'tests', 'bench', 'digest_rows.sql')], check=True, stdout=subprocess.DEVNULL)


def subscribe(place, name, filters='{}', language='en'):
    return place.count("SELECT subscription_id FROM api.subscription_add('Bench', '%s', '%s', 'weekly', 1, 8, 'Europe/Zurich', '%s', 'send', to_timestamp(%d))" % (
        name, filters, language, UNTIL - 86400))


def team(place):
    place.sql("SELECT * FROM api.team_add('Bench', false)")
    place.sql("SELECT * FROM api.member_add((SELECT team_id FROM team), 'Clara', 'clara@example.org', 'no-name')")


def large(tree, runs, rows=1000000, period=100000):
    """The same digest, read and rendered again and again."""
    with Place('digest') as place:
        begin(place)
        fill(tree, place, rows, period)
        team(place)
        subscription = subscribe(place, 'all')
        # The week before was told: there is something to compare with.
        place.sql("INSERT INTO digest (subscription_id, period_start, period_end, state, opened_at) SELECT %d, to_timestamp(%d) - interval '7 days', "
                  "to_timestamp(%d), 'sent', to_timestamp(%d)" % (subscription, UNTIL - 604800, UNTIL - 604800, UNTIL - 604800))
        start = time.monotonic()
        place.sql("SELECT * FROM api.digest_open(%d, to_timestamp(%d), to_timestamp(%d), false, false, to_timestamp(%d))" % (
            subscription, UNTIL - 604800, UNTIL, UNTIL))
        opened = time.monotonic() - start
        digest = place.count("SELECT max(digest_id) FROM digest")
        place.sql('ANALYZE digest_line')
        place.sql('VACUUM feedback')
        lines = place.count('SELECT count(*) FROM digest_line WHERE digest_id = %d' % digest)
        found = [run(tree, place, 'build', digest) for _ in range(runs)]
    build = statistics.median(f['built_ms'] + f['rendered_ms'] for f in found)
    pss = max(f['pss_kb'] for f in found)
    print('digest   %d lines of %d feedbacks: opened in %.1f s; built and rendered in %d ms (median of %d; reading %s, rendering %s), PSS %.1f MB, HTML %d bytes, '
          'table %d bytes' % (lines, rows, opened, build, runs, [f['built_ms'] for f in found], [f['rendered_ms'] for f in found], pss / 1000,
                              found[0]['html'], found[0]['table']), flush=True)
    return build, pss, max(f['html'] for f in found)


def thousand(tree, rows=20000, period=4000):
    """Twenty filters, three languages: all due at once."""
    countries = ['AF', 'AL', 'AM', 'AO', 'AZ', 'BA', 'BD', 'BF', 'BI', 'BJ', 'CD', 'CF']
    filters = [{'countries': countries[i:i + 4]} for i in range(8)] + [{'themes': [t]} for t in ('strategy', 'oversight', 'funding', 'security', 'time')] + \
        [{'forms': [f], 'languages': [l]} for f in ('field-lesson', 'progress-check') for l in ('en', 'fr', 'ar')] + [{}]
    assert len(filters) == 20
    with Place('digests') as place:
        begin(place)
        fill(tree, place, rows, period)
        team(place)
        for number in range(1000):
            subscribe(place, 's%d' % number, json.dumps(filters[number % 20]), ('en', 'fr', 'ar')[number % 3])
        start = time.monotonic()
        run(tree, place, 'due', UNTIL)
        took = time.monotonic() - start
        mails = place.count("SELECT count(*) FROM outbox WHERE kind = 'digest'")
        lines = place.count("SELECT count(*) / 1000 FROM digest_line")
    print('digests  %d in the outbox in %.1f s, of 20 filters and three languages, %d lines each on average' % (mails, took, lines), flush=True)
    return mails, took


def bench(tree, runs):
    """Prints what was measured; 1 when a limit is broken, else 0."""
    subprocess.run(['make', '-s', PROGRAM], cwd=tree, check=True)
    mails, took = thousand(tree)
    build, pss, size = large(tree, runs)
    status = 0
    for bad, words in ((mails != 1000 or took > THOUSAND_SECONDS_MOST, 'a thousand digests are not in the outbox within a minute'),
                       (build > BUILD_MS_MOST, 'the large digest takes more than %d ms' % BUILD_MS_MOST),
                       (size >= HTML_BYTES_MOST, 'the large digest has more than %d bytes of HTML' % HTML_BYTES_MOST),
                       (pss > PSS_KB_MOST, 'the large digest takes more than %d MB' % (PSS_KB_MOST / 1000))):
        if bad:
            print('FAILED: ' + words)
            status = 1
    return status
