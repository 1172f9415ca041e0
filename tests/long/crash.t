#!/usr/bin/python3
"""Crash points: each duty is killed just before its first, second, ... 200th call that sends, writes, syncs or receives.

    tests/long/crash.t [SCENARIO...]      CRASH_POINTS=N: only N points, spread over all

Every point has 40 mails (of the outbox: 100) of its own. The supervisor starts the killed duty again; when all is quiet there are as many messages as
mails, byte for byte, their feedback is what a run without a kill makes of them, and what was sent was sent once by Message-ID. Of
channels that are asked: Telegram's and Matrix's messages are all there, once; of Signal's at most the one answer on its way is lost, and counted.
"""
import concurrent.futures
import hashlib
import imaplib
import os
import re
import signal
import sys
import time

LONG = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(LONG))
sys.path[:0] = [LONG, os.path.join(TREE, 'tests', 'servers'), os.path.join(TREE, 'tests', 'bench')]
import killpoint  # noqa: E402
import make_mails  # noqa: E402
import providers  # noqa: E402
from place import Place, as_user, free_ports, wait_for  # noqa: E402

POINTS = int(os.environ.get('CRASH_POINTS', '200'))
POINTS_MAX = 200
MAILS = 40
UNHURT_ENOUGH = 3    # runs in a row that ended before the point was reached
QUIET_SECONDS = 0.15  # without a call of the duty
PATIENCE = 60        # seconds for a round
PREPARED = 25        # rounds whose mails are made ready at once, where that takes long
TEAMS, MEMBERS = 4, 2
CONNECTIONS = 2       # to the SMTP server: each may repeat one mail after a kill
PASSWORD = 'crash'
SAMPLES = make_mails.load(os.path.join(TREE, 'tests', 'cases', 'replies'))[:MAILS]

# Of one message: its state and a digest of the feedback made of it.
OUTCOMES = """
SELECT encode(sha256((SELECT w.raw FROM message_raw w WHERE w.message_id = m.message_id)), 'hex'), m.state, coalesce(m.reason::text, ''), coalesce(m.form_id, ''), count(DISTINCT r.feedback_id),
    count(r.feedback_id), coalesce(md5(string_agg(r.answers::text || r.provenance::text, ' ' ORDER BY r.feedback_id)), ''),
    (SELECT count(*) FROM attachment a WHERE a.message_id = m.message_id)
FROM message m LEFT JOIN feedback_revision r ON r.message_id = m.message_id
WHERE m.message_id > %d GROUP BY m.message_id"""


def digest_of(raw):
    """Of the bytes as they come over IMAP and out of a file: lines end with CRLF."""
    return hashlib.sha256(re.sub(rb'\r?\n', b'\r\n', raw)).hexdigest()


class Scenario:
    """One duty under fire. The duties of `standing` run all the time and keep PostgreSQL up."""
    name = duty = standing = ''

    def __init__(self):
        self.place = Place(self.name)
        self.point = killpoint.Killpoint(self.place.path('killpoint'), self.duty)
        self.baseline = None  # what an unhurt run makes of each sample
        self.highest = 0      # message_id before this round
        self.kinds = dict.fromkeys(killpoint.KINDS, 0)
        self.complaints = []
        self.rounds = self.kills = 0

    def mailbox(self, folder, **more):
        return dict({'name': 'field', 'host': '127.0.0.1', 'port': self.place.imap, 'tls': 'none', 'user': 'field',
                     'password': {'file': self.password}, 'folders': [folder]}, **more)

    def open(self):
        place = self.place
        place.start_dovecot({'field': PASSWORD})
        self.password = place.write_secret('password', PASSWORD)
        self.standing_config = place.write_config({}, 'standing.yaml')
        self.place.serve(self.standing, self.standing_config, log='standing.log', wait=True)

    def mails(self, number):
        return [make_mails.mail(SAMPLES, number * MAILS + i) for i in range(MAILS)]

    def put(self, number, folder):
        maildir = self.place.maildir('field', folder)
        for i, raw in enumerate(self.mails(number)):
            make_mails.put(maildir, i, raw)

    # What a scenario must say: makes things ready, returns the config; is all well?; what is wrong.
    def begin(self, number):
        raise NotImplementedError

    def settled(self, number):
        raise NotImplementedError

    def check(self, number):
        return self.check_messages(number)

    def settled_messages(self):
        return self.place.sql("SELECT count(*), count(*) FILTER (WHERE state = 'received') FROM message "
                              "WHERE message_id > %d" % self.highest)[0] == [str(MAILS), '0']

    def check_messages(self, number):
        """As many messages as mails, these very bytes, the outcomes that an unhurt run gives them."""
        wanted = [digest_of(raw) for raw in self.mails(number)]
        rows = self.place.sql(OUTCOMES % self.highest)
        outcomes = {row[0]: row[1:] for row in rows}
        if len(rows) != MAILS or sorted(outcomes) != sorted(wanted):
            lost = len(set(wanted) - set(outcomes))
            return ['%d messages of %d mails; %d lost, %d strange' % (len(rows), MAILS, lost, len(set(outcomes) - set(wanted)))]
        found = [outcomes[key] for key in wanted]
        if self.baseline is None:
            self.baseline = found
            filed = sum(outcome[0] == 'filed' for outcome in found)
            return [] if filed >= MAILS * 0.8 else ['only %d of %d filed without a kill' % (filed, MAILS)]
        return ['mail %d became %s, without a kill %s' % (i, found[i], self.baseline[i])
                for i in range(MAILS) if found[i] != self.baseline[i]]

    def hasten(self):
        """After a kill, over and over: shortens what the database makes the next one wait for."""

    # ---- a round ----

    def quiet(self):
        before = self.point.calls()
        time.sleep(QUIET_SECONDS)
        return self.point.calls() == before

    def wait_until_well(self, number):
        """All well and quiet, and after a kill the duty at work again; the kind of call that the kill met."""
        calls = [None]

        def well():
            fired = self.point.fired()
            if fired and calls[0] is None:
                calls[0] = self.point.calls()
            if fired:
                self.hasten()
            restarted = not fired or self.point.calls() > calls[0]
            return restarted and self.settled(number) and self.quiet() and self.point.fired() == fired
        wait_for(well, PATIENCE, 'all well again')
        return self.point.fired()

    def round(self, number, left):
        self.highest = self.place.count('SELECT coalesce(max(message_id), 0) FROM message')
        config = self.begin(number)
        self.point.arm(left)
        service = self.place.serve(self.duty, config, self.point.environment(), 'armed.log')
        try:
            fired = self.wait_until_well(number)
            wrong = self.check(number)
        except (TimeoutError, RuntimeError) as error:
            fired, wrong = self.point.fired(), ['%s; %s' % (error, '; '.join(self.check_safely(number)))]
        if self.place.stop(service) != 0:
            wrong.append('the supervisor ended with status %s' % service.returncode)
        self.complaints += ['call %d (%s): %s' % (left, fired or 'no kill', text) for text in wrong]
        self.rounds += 1
        if fired:
            self.kinds[fired] += 1
            self.kills += 1
        return fired

    def check_safely(self, number):
        try:
            return self.check(number)
        except RuntimeError as error:
            return [str(error)]

    def points(self, calls):
        if POINTS >= POINTS_MAX:
            return range(1, POINTS_MAX + 1)
        last = min(calls, POINTS_MAX)
        return sorted({1 + int((i + 0.5) * last / POINTS) for i in range(POINTS)})

    def run(self):
        unhurt = 0
        with self.place:
            self.open()
            self.round(0, 0)
            self.calls = self.point.calls()
            for number, left in enumerate(self.points(self.calls), 1):
                unhurt = 0 if self.round(number, left) else unhurt + 1
                if unhurt == UNHURT_ENOUGH or len(self.complaints) > 20:
                    break
            self.close()
            if self.complaints:
                self.keep_logs()
        return self

    def close(self):
        """Everything ends; nothing may stay behind."""
        self.place.close_sql()
        for service in list(self.place.services):
            self.place.stop(service)
        try:
            wait_for(lambda: not self.place.processes(), 10, 'the end of all processes')
        except TimeoutError:
            self.complaints.append('left behind: %s' % self.place.processes())

    def summary(self):
        kinds = ', '.join('%s %d' % item for item in self.kinds.items())
        return 'killed at %d of its calls (%s), unhurt %d times (a run without a kill makes %d calls)' % (
            self.kills, kinds, self.rounds - self.kills, self.calls)

    def keep_logs(self):
        folder = os.path.join(TREE, 'build', 'crash-' + self.name)
        os.makedirs(folder, exist_ok=True)
        for name in os.listdir(self.place.folder):
            if name.endswith('.log'):
                os.replace(self.place.path(name), os.path.join(folder, name))
        self.complaints.append('the logs are in %s' % folder)


class Intake(Scenario):
    name = duty = 'intake'
    standing = 'parse'

    def begin(self, number):
        folder = 'R%d' % number
        self.put(number, folder)
        return self.place.write_config({'mailboxes': [self.mailbox(folder)]})

    def settled(self, number):
        return self.settled_messages()

    def check(self, number):
        seen = self.place.count("SELECT count(DISTINCT s.message_id) FROM sighting s JOIN folder f USING (folder_id) "
                                "WHERE f.name = 'R%d'" % number)
        return self.check_messages(number) + ([] if seen == MAILS else ['%d sightings of %d mails' % (seen, MAILS)])


class Parse(Scenario):
    name = duty = 'parse'
    standing = 'intake'

    def begin(self, number):
        folder = 'R%d' % number
        self.put(number, folder)
        self.place.command('import', self.place.maildir('field', folder), config=self.standing_config)
        return self.standing_config

    def settled(self, number):
        return self.settled_messages()


class After(Scenario):
    """Mails that were taken in and filed while nothing was to be done with them; then the config says what."""
    name, duty, standing = 'after', 'intake', 'parse'
    action, target = 'keyword $Filed', None
    ready = -1  # rounds up to this one are prepared

    def prepare(self, number):
        last = number + min(PREPARED, POINTS) - 1
        names = []
        for n in range(number, last + 1):
            self.put(n, 'R%d' % n)
            names.append('R%d' % n)
        config = self.place.write_config({'mailboxes': [self.mailbox('', folders=names)]}, 'prepare.yaml')
        service = self.place.serve('intake', config, log='prepare.log')
        wait_for(lambda: self.place.sql("SELECT count(*), count(*) FILTER (WHERE state = 'received') FROM message") ==
                 [[str((last + 1) * MAILS), '0']], PATIENCE, 'the mails to work on')
        self.place.stop(service)
        self.ready = last

    def begin(self, number):
        if number > self.ready:
            self.prepare(number)
        actions = dict.fromkeys(('after_filed', 'after_review', 'after_ignored', 'after_held'), self.action)
        return self.place.write_config({'mailboxes': [self.mailbox('R%d' % number, **actions)]})

    def settled(self, number):
        return self.place.sql("SELECT count(*), count(*) FILTER (WHERE s.after_state = 'done') FROM sighting s "
                              "JOIN folder f USING (folder_id) WHERE f.name = 'R%d'" % number) == [[str(MAILS)] * 2]

    def check(self, number):
        wrong = []
        with imaplib.IMAP4('127.0.0.1', self.place.imap) as imap:
            imap.login('field', PASSWORD)
            imap.select('R%d' % number, readonly=True)
            done = len(imap.search(None, 'KEYWORD', '$Filed')[1][0].split())
        if done != MAILS:
            wrong.append('%d of %d mails carry the keyword' % (done, MAILS))
        return wrong + self.check_unchanged()

    def check_unchanged(self):
        total, received, feedback = [int(value) for value in self.place.sql(
            "SELECT count(*), count(*) FILTER (WHERE state = 'received'), (SELECT count(*) FROM feedback) FROM message")[0]]
        if total != (self.ready + 1) * MAILS or received:
            return ['%d messages of %d mails' % (total, (self.ready + 1) * MAILS)]
        return [] if feedback <= total else ['%d feedbacks of %d messages' % (feedback, total)]


class Move(After):
    name, action = 'move', 'move Done'

    def check(self, number):
        wrong = []
        with imaplib.IMAP4('127.0.0.1', self.place.imap) as imap:
            imap.login('field', PASSWORD)
            imap.select('R%d' % number, readonly=True)
            left = len(imap.search(None, 'ALL')[1][0].split())
            imap.select('Done', readonly=True)
            moved = len(imap.search(None, 'ALL')[1][0].split())
        self.moved = getattr(self, 'moved', 0) + MAILS
        if left or moved != self.moved:
            wrong.append('%d mails left, %d in the folder Done instead of %d' % (left, moved, self.moved))
            self.moved = moved
        return wrong + self.check_unchanged()


class Send(Scenario):
    """Digests that are due: made, put into the outbox and sent, over two connections."""
    name = duty = 'send'
    standing = 'parse'

    def open(self):
        super().open()
        self.inbox = self.place.path('smtp')
        self.taken = {}
        self.smtp, = free_ports(1)
        self.place.start_helper('smtp.py', '--port', str(self.smtp), '--maildir', self.inbox)
        self.config = self.place.write_config({'smtp': {
            'host': '127.0.0.1', 'port': self.smtp, 'tls': 'none', 'from_address': 'field@example.org',
            'connections': CONNECTIONS}})
        self.put(0, 'R0')
        self.place.command('import', self.place.maildir('field', 'R0'), config=self.standing_config)
        wait_for(self.settled_messages, PATIENCE, 'feedback for the digests')
        self.place.sql("UPDATE feedback SET filed_at = filed_at - interval '8 days'")

    def begin(self, number):
        self.place.sql('UPDATE subscription SET active = false')
        for team in range(TEAMS):
            name = 'R%d-%d' % (number, team)
            identity = self.place.sql("SELECT team_id FROM api.team_add('%s', true)" % name)[0][0]
            for member in range(MEMBERS):
                self.place.sql("SELECT api.member_add(%s, 'Reader', 'm%d.%s@example.org', 'restricted')" % (
                    identity, member, name.lower()))
            self.place.sql("SELECT api.subscription_add('%s', '', '{}', 'weekly', 1, 8, 'UTC', 'en', 'skip', now() - interval '15 days')"
                           % name)
        return self.config

    def of_round(self, number, columns):
        return self.place.sql("""SELECT %s FROM outbox o JOIN digest d USING (digest_id) JOIN subscription s USING (subscription_id)
            JOIN team t USING (team_id) WHERE t.name LIKE 'R%d-%%'""" % (columns, number))

    def settled(self, number):
        wanted = [str(TEAMS * MEMBERS)] * 2
        return self.of_round(number, "count(*) FILTER (WHERE d.state = 'sent'), count(*) FILTER (WHERE o.state = 'sent')") == [wanted]

    def hasten(self):
        # One that somebody began to make is his for a minute.
        self.place.sql("UPDATE digest SET opened_at = now() - interval '1 minute' "
                       "WHERE state = 'open' AND opened_at > now() - interval '1 minute'")

    def check(self, number):
        return self.check_digests(number) + self.check_mails(number)

    def check_digests(self, number):
        rows = sorted(self.place.sql("""SELECT t.name, count(DISTINCT d.digest_id), count(DISTINCT l.feedback_id), count(*)
            FROM team t JOIN subscription s USING (team_id) JOIN digest d USING (subscription_id)
            JOIN digest_line l USING (digest_id) WHERE t.name LIKE 'R%d-%%' GROUP BY t.name""" % number))
        rows = [row[1:] for row in rows]
        if self.baseline is None:
            self.baseline = rows
            good = len(rows) == TEAMS and all(int(row[1]) >= MAILS / 2 and row[0] == '1' for row in rows)
            return [] if good else ['without a kill: digests %s' % rows]
        return [] if rows == self.baseline else ['digests %s, without a kill %s' % (rows, self.baseline)]

    def new_mails(self):
        """Message-ID and bytes of all that the server took since the last look."""
        found = []
        for name in sorted(os.listdir(os.path.join(self.inbox, 'new'))):
            if name not in self.taken:
                self.taken[name] = True
                with open(os.path.join(self.inbox, 'new', name), 'rb') as f:
                    raw = f.read()
                found.append((re.search(rb'(?im)^Message-ID:\s*(<[^>]*>)', raw).group(1).decode(), raw))
        return found

    def check_mails(self, number):
        wanted = sorted(row[0] for row in self.of_round(number, 'o.header_id'))
        found = self.new_mails()
        repeats = len(found) - len(set(key for key, _ in found))
        self.repeats = getattr(self, 'repeats', 0) + repeats
        wrong = []
        if sorted(set(key for key, _ in found)) != wanted or len(set(wanted)) != TEAMS * MEMBERS:
            wrong.append('%d mails by Message-ID at the server, %d in the outbox' % (len(set(found)), len(wanted)))
        if len(set(found)) != len(wanted):
            wrong.append('a repeat differs from the first')
        if repeats > (CONNECTIONS if self.point.fired() else 0):
            wrong.append('%d repeats' % repeats)
        return wrong


class Outbox(Send):
    """Requests that wait in the outbox, over several connections: with a kill in each round, spread over all calls of one."""
    name = 'outbox'
    ROWS, KILLS, CONNECTIONS = 100, 50, 4

    def open(self):
        self.inbox = self.place.path('smtp')
        self.taken, self.rows, self.ids, self.repeats = {}, 0, set(), 0
        self.smtp, = free_ports(1)
        self.place.start_helper('smtp.py', '--port', str(self.smtp), '--maildir', self.inbox)
        self.place.serve(self.standing, self.place.write_config({}, 'standing.yaml'), log='standing.log', wait=True)

    def points(self, calls):
        kills = min(self.KILLS, POINTS)
        return [1 + int((i + 0.5) * calls / kills) for i in range(kills)]

    def begin(self, number):
        body = '{"subject": "Round %d", "text": "Words.", "auto": "auto-generated"}' % number
        self.place.sql("INSERT INTO outbox (kind, recipient, header_id, dedupe_key, body, created_at, next_at) "
                       "SELECT 'request', 'r' || n || '@example.org', format('<%%s.%d@example.org>', n), 'round %d ' || n, '%s', now(), now() "
                       "FROM generate_series(1, %d) n" % (number, number, body, self.ROWS))
        return self.place.write_config({'smtp': {'host': '127.0.0.1', 'port': self.smtp, 'tls': 'none',
                                                 'from_address': 'field@example.org', 'connections': self.CONNECTIONS}})

    def settled(self, number):
        return self.place.sql("SELECT count(*) FROM outbox WHERE state <> 'sent'") == [['0']]

    def hasten(self):
        pass

    def check(self, number):
        found = [key for key, _ in self.new_mails()]
        wanted = {'<%d.%d@example.org>' % (n, number) for n in range(1, self.ROWS + 1)}
        repeats = len(found) - len(set(found))
        self.rows += self.ROWS
        self.ids |= set(found)
        self.repeats += repeats
        wrong = [] if set(found) == wanted else ['%d mails by Message-ID at the server, %d rows' % (len(set(found)), self.ROWS)]
        if repeats > (self.CONNECTIONS if self.point.fired() else 0):
            wrong.append('%d repeats' % repeats)
        return wrong

    def summary(self):
        return super().summary() + '; %d rows, %d Message-IDs at the server, %d repeats over %d connections' % (
            self.rows, len(self.ids), self.repeats, self.CONNECTIONS)


class Supervisor(Scenario):
    """The supervisor itself is killed, at times spread over its first seconds: nothing of it stays, and nothing is lost."""
    name = 'supervisor'
    RUNS, LAST = 12, 3.0  # kills, seconds

    def open(self):
        self.place.start_dovecot({'field': PASSWORD})
        self.password = self.place.write_secret('password', PASSWORD)

    def serve(self, number, **more):
        return self.place.serve(None, self.place.write_config({'mailboxes': [self.mailbox('R%d' % number)]}), **more)

    def recover(self, number):
        service = self.serve(number, wait=True)
        wait_for(self.settled_messages, PATIENCE, 'all well')
        self.complaints += ['round %d: %s' % (number, text) for text in self.check_messages(number)]
        self.highest = self.place.count('SELECT max(message_id) FROM message')
        self.place.close_sql()
        if self.place.stop(service) != 0:
            self.complaints.append('round %d: the end had status %s' % (number, service.returncode))

    def strike(self, number, delay):
        service = self.serve(number)
        time.sleep(delay)
        service.kill()
        service.wait()
        self.place.services.remove(service)
        self.kills += 1
        try:
            wait_for(lambda: not self.place.processes(), 15, 'the end of all processes')
        except TimeoutError:
            self.complaints.append('killed after %.2f s: left behind: %s' % (delay, self.place.processes()))

    def run(self):
        runs = min(self.RUNS, POINTS)
        with self.place:
            self.open()
            self.put(0, 'R0')
            self.recover(0)
            for number in range(1, runs + 1):
                self.put(number, 'R%d' % number)
                self.strike(number, self.LAST * number / runs)
                self.recover(number)
            self.close()
            if self.complaints:
                self.keep_logs()
        return self

    def summary(self):
        return 'killed %d times; no process stays behind, nothing is lost' % self.kills


class Polled(Scenario):
    """Messages that a provider is asked for."""
    duty, standing = 'intake', 'parse'

    def open(self):
        self.standing_config = self.place.write_config({}, 'standing.yaml')
        self.place.serve(self.standing, self.standing_config, log='standing.log', wait=True)
        self.provider = self.make()
        self.place.helpers.append(self.provider)
        self.written = {}  # provider's id -> text, of this round

    def begin(self, number):
        self.written = {}
        for i in range(MAILS):
            text = 'round %d message %d' % (number, i)
            self.written[self.write(text)] = text
        return self.place.write_config({'channels': [self.channel()]})

    def stored(self):
        return self.place.sql("SELECT m.provider_id, convert_from(r.raw, 'UTF8') FROM message m JOIN message_raw r USING (message_id) "
                              'WHERE m.message_id > %d' % self.highest)

    def strange(self, rows):
        ids = [row[0] for row in rows]
        wrong = ['%d messages are there twice' % (len(ids) - len(set(ids)))] if len(ids) != len(set(ids)) else []
        return wrong + ['%s became %r' % tuple(row) for row in rows if self.written.get(row[0]) != row[1]][:3]


class Telegram(Polled):
    """getUpdates: asking with the offset of what was committed is what acknowledges it."""
    name = 'telegram'

    def make(self):
        self.token = self.place.write_secret('token', '1:x')
        return providers.Telegram('1:x')

    def write(self, text):
        return '5000000001/%d' % self.provider.write(5000000001, text)['message']['message_id']

    def channel(self):
        return {'name': 'bot', 'kind': 'telegram', 'mode': 'poll', 'token': {'file': self.token}, 'api_url': self.provider.url, 'media': False}

    def settled(self, number):
        return len(self.stored()) >= MAILS and self.provider.acknowledged == self.provider.update_id

    def check(self, number):
        rows = self.stored()
        missing = set(self.written) - {row[0] for row in rows}
        return self.strange(rows) + (['%d of %d messages are lost' % (len(missing), MAILS)] if missing else [])

    def summary(self):
        return super().summary() + '; %d messages, none lost, none twice' % (self.rounds * MAILS)


class Matrix(Polled):
    """/sync: asking with the next_batch of what was committed; an invitation that waits is part of the cursor."""
    name = 'matrix'

    def make(self):
        self.token = self.place.write_secret('token', 'x')
        self.invitations = 0
        return providers.Matrix('x', '@bot:s')

    def begin(self, number):
        with self.provider.lock:  # in one sync: a room whose timeline is cut, and more invitations than are accepted at once
            self.provider.limit = 5 if number else MAILS  # the first sync takes what a timeline shows, and no more
            self.invitations += 4
            for i in range(self.invitations - 4, self.invitations):
                self.provider.invite('!i%d:s' % i)
            return super().begin(number)

    def write(self, text):
        return self.provider.write('@ann:s', text)

    def channel(self):
        return {'name': 'mx', 'kind': 'matrix', 'mode': 'poll', 'token': {'file': self.token}, 'account': '@bot:s', 'api_url': self.provider.url, 'media': False}

    def settled(self, number):
        cursor = self.place.sql("SELECT cursor FROM account WHERE name = 'mx'")
        return len(self.stored()) >= MAILS and cursor == [['s%d' % len(self.provider.events)]]

    def check(self, number):
        rows = self.stored()
        missing = set(self.written) - {row[0] for row in rows}
        uninvited = set('!i%d:s' % i for i in range(self.invitations)) - set(self.provider.joined)
        return self.strange(rows) + (['%d of %d messages are lost' % (len(missing), MAILS)] if missing else []) + (
            ['%d invitations are lost' % len(uninvited)] if uninvited else [])

    def summary(self):
        return super().summary() + '; %d messages and %d invitations, none lost, no message twice' % (self.rounds * MAILS, self.invitations)


class Signal(Polled):
    """What the gateway hands out is gone there: at most the one answer that was on its way may be lost."""
    name = 'signal'

    def make(self):
        self.lost = self.lost_answers = 0
        return providers.Signal('+4915550001')

    def write(self, text):
        return self.provider.write('+9779800000001', text)

    def channel(self):
        return {'name': 'sig', 'kind': 'signal', 'number': '+4915550001', 'api_url': self.provider.url, 'media': False}

    def missing(self):
        """Of each answer that brought messages of this round, those that are not stored."""
        there = {row[0] for row in self.stored()}
        answers = [[i for i in ids if i in self.written and i not in there] for ids in self.provider.answers]
        return [ids for ids in answers if ids]

    def settled(self, number):
        asked_again = self.provider.answers and not self.provider.answers[-1]
        return asked_again and not self.provider.queue and len(self.missing()) <= bool(self.point.fired())

    def check(self, number):
        missing = self.missing()
        self.lost += sum(map(len, missing))
        self.lost_answers += len(missing)
        wrong = self.strange(self.stored())
        if len(missing) > bool(self.point.fired()) or self.provider.queue:
            wrong.append('%d answers of the gateway are lost, %d messages wait there' % (len(missing), len(self.provider.queue)))
        spool = self.place.path('state', 'polled', 'sig')
        return wrong + ['%s stays in the spool' % name for name in os.listdir(spool) if not os.path.isdir(os.path.join(spool, name))][:1]

    def summary(self):
        return super().summary() + '; of %d messages %d were lost, in %d answers of %d kills' % (
            self.rounds * MAILS, self.lost, self.lost_answers, self.kills)


SCENARIOS = [Intake, Parse, After, Move, Send, Outbox, Telegram, Signal, Matrix, Supervisor]


def main():
    as_user()
    killpoint.build()
    chosen = [s for s in SCENARIOS if not sys.argv[1:] or s.name in sys.argv[1:]]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    print('1..%d' % len(chosen), flush=True)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for number, done in enumerate(pool.map(lambda scenario: scenario().run(), chosen), 1):
            failed += bool(done.complaints)
            print('%sok %d - %s: %s' % ('not ' if done.complaints else '', number, done.name, done.summary()))
            for text in done.complaints[:30]:
                print('# ' + text.replace('\n', '\n# '))
            sys.stdout.flush()
    sys.exit(1 if failed else 0)


if __name__ == '__main__':
    main()
