#!/usr/bin/python3
"""A year of twenty subscriptions in steps of ten minutes: daily, weekly and monthly, in zones from +14 to -11 hours, through both changes of
the clocks, with three weeks in which nothing ran. Every twentieth digest is killed, each at another of its steps, from the first call to the
database to the last. One digest each a period, as Python's own calendar counts them; every feedback in exactly one of each subscription,
rows that were committed late included; and no mail twice. With two days (2026-03-09 2026-04-06) only from one to the other."""
import datetime
import json
import os
import subprocess
import sys
import time
import zoneinfo

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
from place import Place, TREE, as_user, wait_for  # noqa: E402

UTC = datetime.timezone.utc
START, END = [datetime.datetime.fromisoformat(day).replace(tzinfo=UTC) for day in (sys.argv[1:3] or ('2026-01-05', '2027-01-04'))]
DAYS = (END - START).days
# Nothing runs for some days past the middle: three weeks of a year.
AWAY = [START + datetime.timedelta(days=DAYS // 2 + days) for days in (7 if DAYS > 100 else 1, 28 if DAYS > 100 else 1 + DAYS // 4)]
EVERY = 20 if DAYS > 100 else 2  # one of so many digests is killed
STEP = datetime.timedelta(minutes=10)
CHUNKS = 12
ROWS = 3000 * DAYS // 364

# frequency, weekday (1 is Monday), hour, zone; two hours that Zurich's clocks leave out, and go through twice
SUBSCRIPTIONS = [
    ('daily', 1, 2, 'Europe/Zurich'), ('weekly', 7, 3, 'Europe/Zurich'), ('weekly', 1, 8, 'Europe/Zurich'), ('weekly', 7, 2, 'Europe/Zurich'),
    ('weekly', 1, 0, 'Pacific/Kiritimati'), ('weekly', 7, 23, 'Pacific/Pago_Pago'), ('weekly', 3, 12, 'UTC'), ('weekly', 2, 8, 'Asia/Kathmandu'),
    ('weekly', 7, 2, 'America/New_York'), ('weekly', 7, 1, 'Australia/Lord_Howe'), ('weekly', 5, 18, 'Africa/Casablanca'), ('weekly', 4, 6, 'America/La_Paz'),
    ('weekly', 6, 9, 'Pacific/Auckland'), ('weekly', 1, 8, 'Africa/Freetown'), ('weekly', 1, 8, 'Asia/Tehran'), ('weekly', 1, 8, 'Asia/Kolkata'),
    ('monthly', 1, 8, 'Europe/Zurich'), ('monthly', 7, 2, 'Europe/Zurich'), ('monthly', 5, 0, 'Pacific/Kiritimati'), ('monthly', 1, 23, 'Pacific/Pago_Pago')]
count = failed = 0


def ok(good, name, why=''):
    global count, failed
    count += 1
    failed += not good
    print('%sok %d - %s' % ('' if good else 'not ', count, name), flush=True)
    if not good:
        print('\n'.join('# ' + line for line in str(why).split('\n')[:12]))


def moment(day, hour, zone):
    """That hour of that day there. Left out: an hour later. Twice: the second."""
    local = datetime.datetime(day.year, day.month, day.day, hour, tzinfo=zoneinfo.ZoneInfo(zone))
    first, second = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    return max(first, second)


def moments(frequency, weekday, hour, zone):
    """All that are due within the year."""
    day, found = START.date() - datetime.timedelta(days=2), []
    while day <= END.date() + datetime.timedelta(days=1):
        if frequency == 'daily' or (day.isoweekday() == weekday and (frequency == 'weekly' or day.day <= 7)):
            at = moment(day, hour, zone)
            if START < at < END:
                found.append(at)
        day += datetime.timedelta(days=1)
    return found


def expected(subscription):
    """The periods' ends: each moment, but of those that fell into the time away the last alone."""
    due = moments(*subscription)
    missed = [at for at in due if AWAY[0] <= at <= AWAY[1]]
    return [at for at in due if at not in missed[:-1]]


def fill(place):
    place.sql("SELECT * FROM api.team_add('Year', true)")
    place.sql("SELECT * FROM api.member_add((SELECT team_id FROM team), 'Clara', 'clara@example.org', 'restricted')")
    for number, (frequency, weekday, hour, zone) in enumerate(SUBSCRIPTIONS):
        place.sql("SELECT * FROM api.subscription_add('Year', 's%d', '{}', '%s', %d, %d, '%s', '%s', '%s', '%s')" % (
            number, frequency, weekday, hour, zone, ('en', 'fr', 'ar')[number % 3], 'send' if number % 2 else 'skip', START))
    place.sql("INSERT INTO account (name, kind) VALUES ('year', 'import')")
    place.sql('SET session_replication_role = replica')  # no triggers: names and words to search are not what is looked at
    span = (END - START).total_seconds()
    place.sql("CREATE TEMP TABLE made AS SELECT n, '%s'::timestamptz + n * interval '%f seconds' AS at FROM generate_series(1, %d) n" % (START, span / (ROWS + 1), ROWS))
    place.sql("INSERT INTO message (message_id, account_id, received_at, stored_at, size, identity, raw_sha256, state, from_name, from_address) OVERRIDING SYSTEM VALUE "
              "SELECT n, account_id, at, at, 1, sha256(n::text::bytea), '', 'filed', 'A', 'a@example.net' FROM made CROSS JOIN account WHERE name = 'year'")
    place.sql("INSERT INTO feedback (feedback_id, message_id, received_at, filed_at, form_version, sharing, form_id, country, language, theme) OVERRIDING SYSTEM VALUE "
              "SELECT n, n, at, at, 1, 'no-name', 'field-lesson', 'NP', 'en', '{oversight}' FROM made")
    place.sql("INSERT INTO feedback_revision (feedback_id, revision, author, message_id, created_at, answers, provenance) SELECT n, 1, 'practitioner', n, at, "
              """'{"country": "NP", "activity": ["oversight"], "lesson": "Count them."}', '{}' FROM made""")
    place.sql("SELECT setval('message_message_id_seq', %d), setval('feedback_feedback_id_seq', %d)" % (ROWS, ROWS))


def row(place, at, name):
    place.sql("""WITH m AS (INSERT INTO message (account_id, received_at, stored_at, size, identity, raw_sha256, state, from_name, from_address)
        SELECT account_id, '%(at)s', '%(at)s', 1, sha256('%(name)s'::bytea), '', 'filed', 'A', 'a@example.net' FROM account WHERE name = 'year' RETURNING message_id),
        f AS (INSERT INTO feedback (message_id, received_at, filed_at, form_version, sharing, form_id, country, language, theme)
        SELECT message_id, '%(at)s', '%(at)s', 1, 'no-name', 'field-lesson', 'NP', 'en', '{oversight}' FROM m RETURNING feedback_id, message_id)
        INSERT INTO feedback_revision (feedback_id, revision, author, message_id, created_at, answers, provenance)
        SELECT feedback_id, 1, 'practitioner', message_id, '%(at)s', '{"country": "NP", "activity": ["oversight"], "lesson": "Count them."}', '{}' FROM f""" % {
        'at': at, 'name': name})


def run(place, start, end, at):
    done = subprocess.run([os.path.join(TREE, 'build/release/bench/run_digests'), place.config, 'steps', str(int(start.timestamp())),
                           str(int(end.timestamp())), str(int(STEP.total_seconds())), str(EVERY), str(at)], capture_output=True, text=True, cwd=TREE)
    if done.returncode:
        raise RuntimeError(done.stdout + done.stderr)
    return json.loads(done.stdout)


def late_rows(place, end, number):
    """Filed just before the last digest was made, and committed only now."""
    last = place.sql("SELECT max(period_end) FROM digest WHERE period_end <= '%s'" % end)[0][0]
    row(place, datetime.datetime.fromisoformat(last.replace('+00', '+00:00')) - datetime.timedelta(minutes=1), 'late%d' % number)


def processor_time(place):
    """Seconds of what has ended: the programs that were run, the database's connections."""
    with open(os.path.join(place.state, 'postgresql', 'data', 'postmaster.pid')) as f:
        server = f.readline().strip()
    with open('/proc/%s/stat' % server) as f:
        fields = f.read().rsplit(')', 1)[1].split()
    times = os.times()
    return times.children_user + times.children_system + sum(int(v) for v in fields[13:15]) / os.sysconf('SC_CLK_TCK')


def year(place):
    took, done, late = 0.0, [], 0
    for number in range(CHUNKS):
        # To the ten minutes, so that the steps go on where they were.
        start, end = (START + (END - START) / STEP * n // CHUNKS * STEP for n in (number, number + 1))
        begun = time.monotonic()
        for a, b in ((start, min(end, AWAY[0])), (max(start, AWAY[1]), end)):
            if a < b and (b <= AWAY[0] or a >= AWAY[1]):
                done.append(run(place, a, b, done[-1]['at'] if done else 0))
        took += time.monotonic() - begun
        if END - end > datetime.timedelta(days=7 if DAYS < 100 else 1):  # there is a digest yet to come of all that count it
            late_rows(place, end, number)
            late += 1
    return took, done, late


def periods(place):
    for number, subscription in enumerate(SUBSCRIPTIONS):
        ends = [datetime.datetime.fromisoformat(r[0].replace('+00', '+00:00')) for r in place.sql(
            "SELECT d.period_end FROM digest d JOIN subscription s USING (subscription_id) WHERE s.name = 's%d' ORDER BY 1" % number)]
        wanted = expected(subscription)
        ok(ends == wanted, '%s, weekday %d, %02d:00 %s: one digest each of %d periods' % (*subscription, len(wanted)),
           (set(ends) ^ set(wanted)))
    ok(place.sql('SELECT count(*) FROM (SELECT period_start, lag(period_end) OVER (PARTITION BY subscription_id ORDER BY period_end) AS before '
               'FROM digest) d WHERE before <> period_start') == [['0']], 'each begins where the one before ended')
    ok(place.sql("SELECT count(*) FROM digest WHERE state = 'open'") == [['0']], 'none is left unfinished')
    # Daily and weekly ones were missed; of the monthly ones that were due in those weeks there was one, which came late.
    ok(place.sql("SELECT count(*) FROM digest WHERE late AND period_end > '%s' AND period_end <= '%s'" % tuple(AWAY)) == [['%d' % sum(
        any(AWAY[0] <= at <= AWAY[1] for at in moments(*s)) and expected_late(s) for s in SUBSCRIPTIONS)]], 'what was missed came once, marked late')


def expected_late(subscription):
    """More than one was missed, or the one more than an hour ago."""
    missed = [at for at in moments(*subscription) if AWAY[0] <= at <= AWAY[1]]
    return len(missed) > 1 or AWAY[1] - missed[-1] > datetime.timedelta(hours=1)


def lines(place, late_wanted):
    wrong = place.sql("SELECT s.name, f.feedback_id, count(l.feedback_id) FROM subscription s CROSS JOIN feedback f "
                      "LEFT JOIN digest_line l ON l.subscription_id = s.subscription_id AND l.feedback_id = f.feedback_id "
                      "WHERE f.filed_at >= (SELECT min(d.period_start) FROM digest d WHERE d.subscription_id = s.subscription_id) "
                      "AND f.filed_at < (SELECT max(d.period_end) FROM digest d WHERE d.subscription_id = s.subscription_id) "
                      "GROUP BY 1, 2 HAVING count(l.feedback_id) <> 1")
    ok(not wrong, 'every feedback is in exactly one digest of each subscription', wrong)
    late = place.count("SELECT count(DISTINCT feedback_id) FROM digest_line JOIN feedback USING (feedback_id) JOIN message USING (message_id) "
                     "WHERE feedback.feedback_id > %d" % ROWS)
    ok(late == late_wanted, 'the rows that were committed late are there', late)
    numbers = place.sql('SELECT count(*), count(DISTINCT line_number), max(line_number) FROM feedback WHERE line_number IS NOT NULL')[0]
    ok(numbers[0] == numbers[1] == numbers[2], 'line numbers run without gaps', numbers)
    mails = place.sql("SELECT count(*) FROM digest d WHERE (SELECT count(*) FROM outbox o WHERE o.digest_id = d.digest_id) <> "
                      "CASE d.state WHEN 'skipped' THEN 0 ELSE 1 END")
    ok(mails == [['0']], 'one mail of each, none of those that were empty and not wanted', mails)


def main():
    as_user()
    subprocess.run(['make', '-s', 'build/release/bench/run_digests'], cwd=TREE, check=True, stdout=subprocess.DEVNULL)
    with Place('year') as place:
        place.write_config({})
        place.serve('parse', wait=True)
        wait_for(lambda: place.count('SELECT count(*) FROM form_version') > 0, 60, 'the forms')
        fill(place)
        before = processor_time(place)
        took, done, late = year(place)
        used = processor_time(place) - before
        ok(sum(d['rounds'] for d in done) > 0, '%d digests were killed, at every call to the database' % sum(d['kills'] for d in done), done)
        print('# the steps took %.1f s, %.1f s of a processor' % (took, used))
        periods(place)
        lines(place, late)
    print('1..%d' % count)
    sys.exit(failed > 0)


main()
