#!/usr/bin/python3
"""From filed replies to the team's mailbox: a digest once, whatever the SMTP server does: refuses for now, refuses for good, is
away, or takes the mail while the sender is killed before it could note so. Then by the calendar, late, and empty."""
import datetime
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
from lab import Lab, samples  # noqa: E402
from post import Post  # noqa: E402


XLSX = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'


def filed_samples():
    """Sample replies that are filed and that a team that is not cleared reads."""
    chosen = []
    for path in samples():
        with open(path[:-4] + '.json', encoding='utf-8') as f:
            expected = json.load(f)
        if expected['outcome'] == 'filed' and expected['values'].get('sharing') != 'restricted':
            chosen.append(path)
    return chosen


class Story:
    def __init__(self, lab):
        self.lab = lab
        self.paths = filed_samples()
        self.filed = 0

    def file(self, count):
        """Some more replies, through the same path as any: imported, read, filed."""
        paths, self.paths = self.paths[:count], self.paths[count:]
        self.lab.run('import', *paths)
        self.filed += count
        self.lab.wait('%d are filed' % self.filed, lambda: self.lab.totals().get('feedback') == self.filed, 30)

    def send(self):
        return self.lab.run('digest', 'send', 'Justice').stdout

    def digests(self):
        return json.loads(self.lab.run('digest', 'list', '--json').stdout)

    def alarms(self):
        return [a['kind'] + ': ' + a['text'] for a in self.lab.status()['alarms']]


def text_of(mail):
    return mail.get_body(('plain',)).get_content()


def delivered_once(lab, post, story):
    story.file(12)
    out = story.send()
    lab.ok('is on its way' in out, 'a digest goes out', out)
    lab.wait('it arrived', lambda: len(post.raw()) == 1)
    lab.ok('nothing new' in story.send(), 'again: nothing new, and it says so')
    mail = post.mails()[0]
    lab.same([len(post.raw()), mail['From'], mail['To']], [1, 'Fieldpost <fieldpost@example.org>', 'clara@example.org'], 'one mail, from and to')
    lab.same([mail['Auto-Submitted'], mail['X-Auto-Response-Suppress'], re.sub('%20[0-9a-f]{32}>', '%20TOKEN>', mail['List-Unsubscribe'].strip())],
             ['auto-generated', 'All', '<mailto:fieldpost@example.org?subject=unsubscribe%20TOKEN>'], 'it says what it is')
    lab.ok(re.match(r'^Fieldpost digest, .*: replies 12\b', mail['Subject']), 'its subject', mail['Subject'])
    lab.same([part.get_content_type() for part in mail.walk()], ['multipart/mixed', 'multipart/alternative', 'text/plain', 'text/html', XLSX], 'its parts')
    table_is_whole(lab, mail)
    raw = post.raw()[0].replace(b'\r\n', b'\n')
    lab.ok(max(map(len, raw.split(b"\n"))) <= 100 and not re.search(rb'[^\n\t -~]', raw), 'short lines of ASCII')
    numbers = set(re.findall(r'#\d{4}\b', text_of(mail)))
    lab.same(numbers, {'#%04d' % n for n in range(1, 13)}, 'every line is in it, numbered from 1')
    lab.same(numbers, set(re.findall(r'#\d{4}\b', re.sub(r'#[0-9A-F]{6}\b', '', mail.get_body(('html',)).get_content()))), 'the same in HTML')
    lab.same([story.digests()[0][k] for k in ('state', 'lines', 'mails', 'sent')], ['sent', 12, 1, 1], 'the list says so')


def table_is_whole(lab, mail):
    """The attached workbook: a sheet a form, a row a line."""
    part = next(mail.iter_attachments())
    lab.ok(re.fullmatch(r'fieldpost-\d{4}-W\d\d\.xlsx', part.get_filename()), 'the table is named by its week', part.get_filename())
    with zipfile.ZipFile(io.BytesIO(part.get_content())) as book:
        sheets = [book.read(name).decode() for name in book.namelist() if name.startswith('xl/worksheets/sheet')]
        words = book.read('xl/sharedStrings.xml').decode()
    lab.same(sum(len(re.findall(r'<row ', sheet)) - 1 for sheet in sheets), 12, 'a row a line')
    lab.same(set(re.findall(r'#\d{4}\b', words)), {'#%04d' % n for n in range(1, 13)}, 'with their numbers')


def refused_for_now(lab, post, story):
    post.mode('later')
    story.file(3)
    story.send()
    lab.wait('it was refused', lambda: '450 4.2.1' in json.dumps(story.digests()[0]))
    lab.ok('450 4.2.1' in (story.digests()[0]['error'] or ''), 'refused for now: the list says what the server said', story.digests()[0])
    lab.same([len(post.raw()), story.digests()[0]['state']], [1, 'ready'], 'it waits')
    post.mode('accept')
    lab.wait('it arrived', lambda: len(post.raw()) == 2, 30)
    lab.wait('noted', lambda: story.digests()[0]['state'] == 'sent')
    lab.same([len(post.raw()), story.digests()[0]['state'], story.alarms()], [2, 'sent', []], 'and goes out by itself, once')


def refused_for_good(lab, post, story):
    post.mode('refuse')
    story.file(3)
    story.send()
    lab.wait('given up', lambda: story.digests()[0]['state'] == 'failed')
    lab.ok(any('550 5.1.1' in a and 'clara@example.org' in a for a in story.alarms()), 'refused for good: given up, with an alarm', story.alarms())
    lab.same(lab.run('status').returncode, 1, 'the status is not well')
    post.mode('accept')
    time.sleep(7)
    lab.same(len(post.raw()), 2, 'it is not tried again')


def server_away(lab, post, story):
    post.stop()
    story.file(3)
    story.send()
    lab.wait('the alarm', lambda: any(a.startswith('smtp') for a in story.alarms()))
    lab.ok(any('smtp localhost:%d' % post.port in a and 'connect' in a.lower() for a in story.alarms()), 'server away: the alarm says so', story.alarms())
    share = lab.cpu_share(lab.duty_pid('send'), 10)
    lab.ok(share < 0.02, 'the outage takes no more than 2 %% of a core (%.2f %%)' % (100 * share), share)
    post.start()
    lab.wait('it arrived', lambda: len(post.raw()) == 3, 60)
    lab.wait('no alarm', lambda: not any(a.startswith('smtp') for a in story.alarms()))
    lab.same([len(post.raw()), any(a.startswith('smtp') for a in story.alarms())], [3, False], 'it recovers by itself, and the alarm goes')


def killed_before_noting(lab, post, story):
    """The row is locked while the server is slow to say 250: the mail is taken, and cannot be noted."""
    post.mode('slow')
    story.file(3)
    before = len(post.raw())
    story.send()
    lab.wait('it is being sent', lambda: lab.sql("SELECT 1 FROM fieldpost.outbox WHERE state = 'sending'") == [['1']])
    lock = subprocess.Popen(lab._as_user() + ['psql', '-Xq', '-h', os.path.join(lab.state, 'postgresql', 'socket'), '-U', 'postgres', '-d',
                            'fieldpost', '-c', "BEGIN; SELECT outbox_id FROM fieldpost.outbox WHERE state = 'sending' FOR UPDATE; "
                            'SELECT pg_sleep(60)'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    lab.helpers.append(lock)
    lab.wait('the server took it', lambda: len(post.raw()) == before + 1)
    lab.wait('the sender wants to note it', lambda: lab.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
                                                            "AND usename = 'fieldpost_send'") == [['1']])
    post.mode('accept')
    os.kill(lab.duty_pid('send'), signal.SIGKILL)
    # What the server was asked to note it would still note for a client that is gone: it is killed as well, then the lock goes.
    lab.sql("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE usename = 'fieldpost_send' AND wait_event_type = 'Lock'")
    lab.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(60)%' AND pid <> pg_backend_pid()")
    lab.wait('it came again', lambda: len(post.raw()) == before + 2, 30)
    lab.wait('noted', lambda: story.digests()[0]['state'] == 'sent')
    ids = post.ids()
    lab.same([len(ids), ids[-1] == ids[-2], len(set(ids))], [before + 2, True, before + 1],
             'killed between 250 and the note: that one mail again, under the same Message-ID, no other')
    raw = [mail.split(b'\n\n', 1) for mail in (m.replace(b'\r\n', b'\n') for m in post.raw()[-2:])]
    lab.ok(raw[0] == raw[1], 'byte by byte the same')


def by_the_calendar(lab, post, story):
    """A week later: the service was away when its digest was due, and that week nothing came for another team."""
    story.file(3)
    done = lab.run('team', 'add', 'Empty', '--member', 'eve@example.org')
    lab.ok(done.returncode == 0, 'another team', done.stderr)
    lab.run('subscribe', 'Empty', '--country', 'XK', '--empty', 'skip')
    lab.stop()
    before = len(post.raw())
    today = datetime.datetime.now(datetime.timezone.utc)
    monday = today + datetime.timedelta(days=7 - today.weekday())
    os.environ['FIELDPOST_NOW'] = monday.strftime('%Y-%m-%dT10:30:00Z')
    lab.serve('--only', 'send')
    lab.wait('it arrived', lambda: len(post.raw()) == before + 1, 30)
    mail = post.mails()[-1]
    lab.ok('Late: due Monday' in text_of(mail), 'by the calendar: made up for, and marked late', text_of(mail)[:600])
    digests = story.digests()
    lab.same({(d['team'], d['state']) for d in digests[:2]}, {('Justice', 'sent'), ('Empty', 'skipped')}, 'an empty one that is not wanted is skipped')
    lab.stop()
    os.environ['FIELDPOST_NOW'] = (monday + datetime.timedelta(days=7)).strftime('%Y-%m-%dT08:00:30Z')
    lab.serve('--only', 'send')
    lab.wait('it arrived', lambda: len(post.raw()) == before + 2, 30)
    lab.ok('No replies in this period.' in text_of(post.mails()[-1]), 'an empty one that is wanted says so', text_of(post.mails()[-1])[:400])
    lab.ok('Late' not in text_of(post.mails()[-1]), 'in time')
    time.sleep(6)
    lab.same(len(post.raw()), before + 2, 'once')


def to_nobody(lab, story):
    story.file(1)
    lab.sql("INSERT INTO fieldpost.suppression (address, reason, since) VALUES ('clara@example.org', 'bounced', now())")
    out = story.send()
    lab.ok('goes to nobody' in out, 'a digest without a reader who takes mails is told as that', out)
    lab.same(story.digests()[0]['mails'], 0, 'it has no mail')
    lab.sql('DELETE FROM fieldpost.suppression')


def main():
    with Lab('digest') as lab:
        post = Post(lab)
        lab.options = {'smtp': post.options(), 'tls': {}}
        story = Story(lab)
        lab.serve('--only', 'parse,send')
        done = lab.run('team', 'add', 'Justice', '--member', 'clara@example.org', '--member-name', 'Clara Meyer')
        lab.ok(done.returncode == 0, 'a team', done.stderr)
        done = lab.run('subscribe', 'Justice', '--weekday', 'monday', '--hour', '8', '--zone', 'UTC')
        lab.ok(done.returncode == 0, 'its subscription', done.stderr)
        delivered_once(lab, post, story)
        refused_for_now(lab, post, story)
        refused_for_good(lab, post, story)
        server_away(lab, post, story)
        killed_before_noting(lab, post, story)
        to_nobody(lab, story)
        by_the_calendar(lab, post, story)


main()
