#!/usr/bin/python3
"""PostgreSQL is away under a load of webhooks, and the web duty is killed in the middle of it: every message that was answered
2xx is there afterwards, once, and in order. A full spool says so; a torn file is set aside.

OUTAGE_SECONDS: how long it is away (3)."""
import http.client
import os
import random
import signal
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
from lab import Lab, free_ports  # noqa: E402
from callers import KEY, Mailgun  # noqa: E402
from webhook import STANDARD_SECRET, Sender, sign_standard, standard_body  # noqa: E402

SECONDS = float(os.environ.get('OUTAGE_SECONDS', '3'))
SENDERS = 6
LESSON = 'Lesson from the field\nCountry: %s\nWhat worked: joint patrols\nLesson for policy: pay the drivers'


class Load(threading.Thread):
    """One sender: a message after the other on a connection that is kept; what got no 2xx is sent again, as providers do."""

    def __init__(self, port, path, name):
        super().__init__(daemon=True)
        self.port, self.path, self.name_of = port, path, name
        self.done, self.repeats, self.other, self.ending = [], 0, {}, False

    def run(self):
        line, number = None, 0
        while not self.ending:
            identity = '%s-%d' % (self.name_of, number)
            body = standard_body('message %d' % number, sender=self.name_of)
            try:
                line = line or http.client.HTTPConnection('127.0.0.1', self.port, timeout=30)
                line.request('POST', self.path, body, sign_standard(identity, body))
                answer = line.getresponse()
                answer.read()
                status = answer.status
            except (OSError, http.client.HTTPException):
                line, status = None, 0
            if 200 <= status < 300:
                self.done.append(identity)
                number += 1
                time.sleep(random.random() * 0.03)
            else:
                self.repeats += 1
                self.other[status] = self.other.get(status, 0) + 1
                time.sleep(0.02)


with Lab('outage') as lab:
    port = free_ports(1)[0]
    sender = Sender(port)
    lab.options['web'] = {'listen': '127.0.0.1:%d' % port, 'spool_bytes': '256 MiB'}
    path = lab.channel('signed', 'standard', secret=STANDARD_SECRET)
    spool = os.path.join(lab.state, 'spool')
    server = lab.postgres()
    lab.serve('--only', 'web')
    lab.wait('the listener', lambda: sender.ask('GET', '/healthz')[0] == 200)

    def entries():
        return sorted(n for n in os.listdir(spool) if n.isdigit())

    def kill_web():
        """The supervisor starts it anew, the later the more often it died."""
        before = lab.log().count(' web listening ')
        os.kill(lab.duty_pid('web'), signal.SIGKILL)
        return lab.wait('the duty is back', lambda: lab.log().count(' web listening ') > before, 90)

    def drained():
        return not entries() and sender.ask('GET', '/readyz')[1] == b'ready\n'

    loads = [Load(port, path, 's%d' % i) for i in range(SENDERS)]
    for load in loads:
        load.start()

    def taken():
        return sum(len(load.done) for load in loads)

    lab.wait('some load', lambda: taken() > 100)
    lab.same(entries(), [], 'with the database nothing is spooled')

    # Away, and the duty killed in the middle of it, at any point of its work.
    began, before, killed = time.monotonic(), taken(), 0
    server.stop()
    lab.ok(lab.wait('the spool', lambda: len(entries()) > 20, 15), 'without it requests are spooled')
    lab.same(sender.ask('GET', '/readyz')[:2], (200, b'ready: requests are spooled\n'), 'and it is still ready')
    modes = {oct(os.stat(os.path.join(spool, n)).st_mode & 0o777) for n in entries()[:5]} | {oct(os.stat(spool).st_mode & 0o777)}
    lab.same(modes, {'0o600', '0o700'}, 'for nobody else to read')
    with open(os.path.join(spool, entries()[0]), 'rb') as f:
        entry = f.read()
    lab.ok(b'webhook-id' in entry and b'"verdict":"genuine"' in entry and b'webhook-signature' not in entry,
           'with the verdict, the headers that are named, and no credential', entry)
    while True:
        lab.ok(kill_web(), 'the duty is killed and comes back')
        killed += 1
        time.sleep(0.3 + random.random() * SECONDS / 6)
        if time.monotonic() - began > SECONDS:
            break
    away = taken() - before
    server.start()
    lab.ok(lab.wait('the drain', drained, 60), 'when the database is back the spool is drained')
    print('# away for %.1f s, %d messages taken meanwhile, the duty killed %d times' % (time.monotonic() - began, away, killed))
    lab.ok(away > 50, 'messages were taken while it was away')
    lab.ok(kill_web(), 'killed once more, with the database')

    # It hangs: nothing answers and nothing is refused.
    frozen = server.pids()
    for pid in frozen:
        os.kill(pid, signal.SIGSTOP)
    before = taken()
    lab.ok(lab.wait('the spool', lambda: entries() and taken() > before + 50, 30), 'a database that hangs is away after some seconds')
    for pid in frozen:
        os.kill(pid, signal.SIGCONT)
    lab.ok(lab.wait('the drain', drained, 60), 'and back when it goes on')
    time.sleep(0.3)

    for load in loads:
        load.ending = True
    for load in loads:
        load.join()
    done = [identity for load in loads for identity in load.done]
    others = {}
    for load in loads:
        for status, count in load.other.items():
            others[status] = others.get(status, 0) + count
    print('# %d messages answered 2xx; sends without it, by status: %s' % (len(done), others))
    lab.wait('the rest', drained)
    rows = lab.sql("SELECT provider_id, count(*) FROM fieldpost.message WHERE channel = 'signed' GROUP BY 1")
    there = {row[0]: int(row[1]) for row in rows}
    lab.same([d for d in done if d not in there], [], 'every message that was answered 2xx is there')
    lab.same([d for d, count in there.items() if count > 1], [], 'once')
    lab.same(set(others) - {0}, set(), 'nobody was told anything but 2xx, or got no answer from a duty that was killed')
    wrong = lab.sql("SELECT count(*) FROM (SELECT substr(provider_id, 4)::int AS n, lag(substr(provider_id, 4)::int) OVER "
                    "(PARTITION BY substr(provider_id, 1, 2) ORDER BY message_id) AS before FROM fieldpost.message) t WHERE before >= n")
    lab.same(wrong, [['0']], 'each sender\'s stand in the order in which they were sent')

    # ---- torn files, files of a channel that is gone: set aside, they block nothing ----
    def post(identity):
        body = standard_body('words')
        return sender.post(path, body, sign_standard(identity, body))
    server.stop()
    lab.same([post('torn-%d' % i) for i in range(4)], [200] * 4, 'four more are spooled')
    names = entries()
    lab.stop()
    with open(os.path.join(spool, names[0]), 'r+b') as f:
        f.truncate(len(entry) // 2)
    with open(os.path.join(spool, names[2]), 'r+b') as f:
        f.seek(-3, os.SEEK_END)
        f.write(b'!')
    with open(os.path.join(spool, '%019d.draft' % 5), 'wb') as f:
        f.write(b'begun')
    server.start()
    lab.serve('--only', 'web')
    lab.ok(lab.wait('the drain', drained, 30), 'the spool is drained past what is torn')
    lab.same(lab.sql("SELECT provider_id FROM fieldpost.message WHERE provider_id LIKE 'torn%' ORDER BY 1"), [['torn-1'], ['torn-3']],
             'the whole ones are there')
    lab.same(sorted(os.listdir(os.path.join(spool, 'aside'))), [names[0], names[2]], 'the torn ones are kept aside')
    lab.ok(lab.wait('the alarm', lambda: any(a['kind'] == 'spool' for a in lab.status()['alarms'])), 'with an alarm')
    lab.same([n for n in os.listdir(spool) if n != 'aside'], [], 'what was never finished is cleared away')

    # ---- a spool that is full ----
    lab.stop()
    lab.options['web']['spool_bytes'] = '1 MiB'
    lab.serve('--only', 'web')
    lab.wait('the listener', lambda: sender.ask('GET', '/healthz')[0] == 200)
    server.stop()
    body = standard_body('x' * 100000)
    answers = [sender.post(path, body, sign_standard('full-%d' % i, body)) for i in range(14)]
    lab.ok(answers.count(200) in (9, 10, 11) and set(answers[answers.count(200):]) == {503}, 'when it is full the answer is 503', answers)
    lab.same(sender.ask('POST', path, body, sign_standard('full-x', body))[2].get('retry-after'), '30', 'with a time to come back')
    lab.same(sender.ask('GET', '/healthz')[0], 200, 'it lives')
    server.start()
    lab.wait('the drain', drained, 30)
    lab.same(lab.sql("SELECT count(*) FROM fieldpost.message WHERE provider_id LIKE 'full-%'"), [[str(answers.count(200))]],
             'what was answered 2xx is there')
    lab.same(post('at-last'), 200, 'and all goes on')

    # ---- a start without the database; forwarded mails through the spool ----
    lab.stop()
    lab.options['web']['spool_bytes'] = '16 MiB'
    lab.channels.append(dict(Mailgun.config(lab), path_key=lab.secret_file('mailgun-path', KEY)))
    server.stop()
    lab.begin('--only', 'web,parse')
    lab.ok(lab.wait('the listener', lambda: sender.ask('GET', '/readyz')[:2] == (200, b'ready: requests are spooled\n'), 30),
           'without its database the service begins, and requests are spooled', lab.log()[-1000:])
    lab.same(post('early'), 200, 'what comes then is taken')
    mailgun = Mailgun(lab, port)
    mails = [mailgun.mail(i, LESSON % country) for i, country in enumerate(('Kenya', 'Mali', 'Peru'))]
    wrapped = [mailgun.wrap(mail) for mail in mails]
    replay = mailgun.wrap(mails[2], token='r' * 50), mailgun.wrap(mailgun.mail(9, 'forged'), token='r' * 50)
    lab.same([mailgun.call(body)[0] for body in wrapped + list(replay) + wrapped[:1]], [200] * 6, 'forwarded mails too, a token shown twice as well')
    held = b''.join(open(os.path.join(spool, n), 'rb').read() for n in entries())
    lab.ok(all(mail in held for mail in mails) and b'k' * 24 not in held, 'byte for byte')
    server.start()
    lab.ok(lab.wait('the drain', drained, 60), 'all of it is stored when the database is there')
    lab.ok(lab.wait('filed', lambda: mailgun.stored("state = 'filed'") == 3, 30), 'mails as mails, and filed', lab.sql('SELECT state, reason FROM fieldpost.message WHERE channel IS NULL'))
    lab.same((mailgun.stored(), lab.sql("SELECT count(*) FROM fieldpost.message WHERE provider_id = 'early'")), (3, [['1']]),
             'once each; what was sent with a token that was used is not')
    lab.same(sorted(r[0] for r in lab.sql("SELECT encode(raw, 'hex') FROM fieldpost.message_raw JOIN fieldpost.message USING (message_id) WHERE channel IS NULL")),
             sorted(mail.hex() for mail in mails), 'with the bytes that were sent')
    lab.ok(os.path.isdir(os.path.join(spool, 'aside')) and len(os.listdir(os.path.join(spool, 'aside'))) == 2, 'nothing more is set aside')
