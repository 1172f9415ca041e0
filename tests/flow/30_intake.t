#!/usr/bin/python3
"""The intake against real Dovecots: what is taken in, once; what is done with a mail afterwards; outages of Dovecot and of
PostgreSQL, after which all goes on by itself."""
import glob
import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
from lab import TOP, Lab, mail  # noqa: E402

# As French servers call it; IMAP has an encoding of its own for it.
JUNK, JUNK_ON_THE_WIRE = 'Courrier ind\u00e9sirable', '"Courrier ind&AOk-sirable"'
USERS = ['field', 'second', 'gap', 'large', 'after', 'old']


def sample(outcome):
    """A reply of the cases that comes to this outcome."""
    for path in sorted(glob.glob(os.path.join(TOP, 'tests', 'cases', 'replies', '*.json'))):
        eml = path[:-5] + '.eml'
        if os.path.exists(eml) and json.load(open(path)).get('outcome') == outcome:
            return open(eml, 'rb').read()
    raise LookupError(outcome)


def sightings(lab):
    return {row[0]: int(row[1]) for row in lab.sql(
        'SELECT a.name, count(s.uid) FROM fieldpost.account a LEFT JOIN fieldpost.folder f USING (account_id) '
        'LEFT JOIN fieldpost.sighting s USING (folder_id) GROUP BY 1')}


def fill(dovecot, old):
    seen, unseen, shared = mail('seen'), mail('unseen'), mail('shared')
    dovecot.append('field', [seen, shared], flags='\\Seen')
    dovecot.append('field', [unseen])
    dovecot.append('field', [mail('junk')], folder=JUNK_ON_THE_WIRE)
    dovecot.append('field', [mail('elsewhere')], folder='Elsewhere')
    dovecot.append('second', [b'Received: by another way\n' + shared, mail('', message_id=False, body='one\n'),
                              mail('', message_id=False, body='two\n'), mail('same', body='one\n'), mail('same', body='two\n')])
    dovecot.append('gap', [mail('low')])
    dovecot.doveadm('mailbox', 'update', '-u', 'gap', '--min-next-uid', '5002', 'INBOX')
    dovecot.append('gap', [mail('high')])
    dovecot.append('large', [mail('large', body='x' * 70 + '\n' + 'y' * 70 + '\n' * 300000), mail('small')])
    for server, user in ((dovecot, 'after'), (old, 'old')):
        server.append(user, [sample('filed'), sample('review'), sample('ignored')])
    old.append('old', [mail('kept', body='what others marked\n')], flags='\\Deleted')


def taken_in(lab, dovecot):
    # field 3 + Junk 1, second 4 new of 5, gap 2, large 2, after 3, old 1 new of 4
    lab.wait('all is stored', lambda: lab.totals()['stored'] >= 16 and lab.totals()['sightings'] >= 20, 30)
    totals = lab.totals()
    lab.same((totals['stored'], totals['sightings']), (16, 20), 'mails and sightings: what is the same is one, what differs is two')
    seen = sightings(lab)
    lab.same(seen['field'], 4, 'mails that are seen already, and those in the junk folder, are taken; other folders are not')
    lab.same(seen['second'], 5, 'no Message-ID, a shared one: each other content is another mail')
    lab.same(seen['gap'], 2, 'a gap of 5,000 UIDs')
    lab.same(lab.sql("SELECT count(*) FROM fieldpost.sighting s JOIN fieldpost.folder f USING (folder_id) JOIN fieldpost.account a "
                     "USING (account_id) WHERE a.name = 'gap' AND s.uid >= 5002"), [['1']], 'the mail behind the gap has its UID')
    row = lab.sql('SELECT m.size > 300000, length(r.raw) < 1000, position(\'Subject: mail large\'::bytea IN r.raw) > 0 '
                  'FROM fieldpost.message m JOIN fieldpost.message_raw r USING (message_id) WHERE m.oversize')
    lab.same(row, [['t', 't', 't']], 'of a mail over the size limit its header is kept, and its size')
    flags = [f - {'\\Recent'} for _, f, _ in dovecot.look('field')]
    lab.same(flags, [{'\\Seen'}, {'\\Seen'}, set()], 'no flag was changed')
    lab.wait('the over-size mail was looked at', lambda: lab.sql("SELECT 1 FROM fieldpost.message WHERE oversize AND state <> 'received'"))
    lab.same(lab.sql('SELECT state, reason FROM fieldpost.message WHERE oversize'), [['review', 'over-size']], 'it waits for a person')


def acted_on(lab, server, user, name):
    def done():
        rows = lab.sql("SELECT count(*) FROM fieldpost.sighting s JOIN fieldpost.folder f USING (folder_id) JOIN fieldpost.account a "
                       "USING (account_id) WHERE a.name = '%s' AND f.name = 'INBOX' AND s.after_state = 'done'" % user)
        return rows and int(rows[0][0]) >= 3
    lab.wait(name + ': after-actions', done, 30)
    inbox = [(f - {'\\Recent', '\\Seen'}) for _, f, _ in server.look(user) if '\\Deleted' not in f]
    lab.ok({'Review'} in inbox, name + ': the keyword is set', inbox)
    lab.same(len(server.look(user, '"Re&AOc-u &- lu"')), 1, name + ': what was filed was moved')
    return inbox


def after_actions(lab, dovecot, old):
    inbox = acted_on(lab, dovecot, 'after', 'MOVE')
    lab.same(len(inbox), 1, 'MOVE: what is ignored is deleted')
    acted_on(lab, old, 'old', 'COPY')
    left = [f - {'\\Recent', '\\Seen'} for _, f, _ in old.look('old')]
    lab.ok(sum('\\Deleted' in f for f in left) == 3, 'COPY: what others marked as deleted is not expunged by us', left)


def new_mail(lab, dovecot, old):
    before = lab.totals()['stored']
    began = time.monotonic()
    dovecot.append('field', [mail('news')])
    lab.wait('new mail', lambda: lab.totals()['stored'] == before + 1, 10)
    took = time.monotonic() - began
    lab.ok(took < 4, 'new mail is heard of by IDLE', 'it took %.1f s' % took)
    dovecot.append('field', [mail('more junk')], folder=JUNK_ON_THE_WIRE)
    old.append('old', [mail('polled')])
    lab.ok(lab.wait('both', lambda: lab.totals()['stored'] == before + 3, 15),
           'in another folder, and without IDLE, by looking from time to time')


def outage_of_dovecot(lab, dovecot):
    before, pid = lab.totals(), lab.duty_pid('intake')
    seen = sightings(lab)
    dovecot.stop()
    lab.wait('the failure is known', lambda: 'Connection refused' in lab.source('gap'), 15)
    share = lab.cpu_share(pid, 10)
    lab.ok(share < 0.02, 'Dovecot away: less than 2 % of a core', 'it was %.1f %%' % (share * 100))
    words = lab.source('gap')
    lab.ok('cannot connect to localhost port %d: Connection refused' % dovecot.imaps in words, 'it stands in the status', words)
    # Its UIDs begin anew: everything in it is looked at again.
    maildir = os.path.join(dovecot.folder, 'mail', 'second', 'Maildir')
    for name in glob.glob(os.path.join(maildir, 'dovecot*')):
        os.unlink(name)
    dovecot.start()
    dovecot.append('field', [mail('after the outage')])
    lab.ok(lab.wait('recovery', lambda: lab.totals()['stored'] == before['stored'] + 1 and
                    sightings(lab)['second'] == seen['second'] + 5, 45), 'it goes on by itself', lab.totals())
    lab.same(lab.totals()['stored'], before['stored'] + 1, 'after a change of UIDVALIDITY nothing is stored twice')
    lab.same(sightings(lab)['second'], seen['second'] + 5, 'but all is seen again, once')
    lab.same(lab.duty_pid('intake'), pid, 'by the same process')


def outage_of_postgresql(lab, dovecot):
    before = lab.totals()
    data = os.path.join(lab.state, 'postgresql', 'data')
    control, hidden = os.path.join(data, 'global', 'pg_control'), os.path.join(data, 'global', 'hidden')
    with open(os.path.join(data, 'postmaster.pid')) as f:
        postmaster = int(f.readline())
    os.rename(control, hidden)  # it cannot start again until that is back
    os.kill(postmaster, signal.SIGQUIT)
    dovecot.append('field', [mail('during the outage %d' % i) for i in range(3)])
    time.sleep(1)
    pid = lab.duty_pid('intake')
    try:
        share = lab.cpu_share(pid, 10)
        lab.ok(share < 0.02, 'PostgreSQL away: less than 2 % of a core', 'it was %.1f %%' % (share * 100))
    except FileNotFoundError:
        lab.ok(False, 'PostgreSQL away: the duty stays', 'it ended')
    os.rename(hidden, control)
    lab.ok(lab.wait('recovery', lambda: lab.totals()['stored'] == before['stored'] + 3, 60), 'it goes on by itself', lab.totals())
    lab.same(lab.totals()['sightings'], before['sightings'] + 3, 'and each mail was seen once')


def imported(lab):
    before = lab.totals()['stored']
    box = os.path.join(lab.folder, 'box.mbox')
    with open(box, 'wb') as f:
        for name in ('import 1', 'seen', 'import 2'):
            f.write(b'From a@example.org Sat Nov 21 18:00:00 2026\n' + mail(name) + b'\n')
    done = lab.run('import', '--dry-run', box)
    lab.same((done.returncode, done.stdout), (0, '3 mails read: 2 would be new, 1 known before\n'), 'import --dry-run counts')
    lab.same(lab.totals()['stored'], before, 'and stores nothing')
    done = lab.run('import', box)
    lab.same((done.returncode, done.stdout), (0, '3 mails read: 2 new, 1 known before\n'), 'import: what the mailbox brought is known')
    done = lab.run('import', '-', input=mail('piped').decode())
    lab.same((done.returncode, done.stdout), (0, '1 mail read: 1 new, 0 known before\n'), 'a mail on standard input')
    done = lab.run('import', box, os.path.join(lab.folder, 'missing'))
    lab.same(done.returncode, 66, 'a path that is not there is said, the others are read')
    lab.same(lab.totals()['stored'], before + 3, 'all are stored, once')


def main():
    with Lab('intake') as lab:
        dovecot = lab.dovecot([u + ':pw' for u in USERS])
        # As servers were: no IDLE, no MOVE, no UIDPLUS.
        old = lab.dovecot(['old:pw'], extra='imap_capability = IMAP4rev1\n')
        fill(dovecot, old)
        after = {'after_filed': 'move Reçu & lu', 'after_review': 'keyword Review', 'after_ignored': 'delete'}
        lab.mailbox('field', dovecot, user='field', folders=['INBOX', JUNK], poll_seconds=2)
        for user in ('second', 'gap', 'large'):
            lab.mailbox(user, dovecot, user=user, poll_seconds=5)
        lab.mailbox('after', dovecot, user='after', poll_seconds=5, **after)
        lab.mailbox('old', old, user='old', tls='starttls', poll_seconds=1, **after)
        lab.options = {'limits': {'message_bytes': 100000}}
        lab.serve('--only', 'intake,parse')
        taken_in(lab, dovecot)
        after_actions(lab, dovecot, old)
        new_mail(lab, dovecot, old)
        outage_of_dovecot(lab, dovecot)
        outage_of_postgresql(lab, dovecot)
        imported(lab)
        pid, began = lab.duty_pid('intake'), time.monotonic()
        lab.stop()
        lab.ok(time.monotonic() - began < 10 and not os.path.exists('/proc/%d' % pid), 'it stops when it is asked to')


main()
