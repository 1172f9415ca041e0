#!/usr/bin/python3
"""Mails made to hurt the reader among good ones: the good ones are filed at once, a mail that kills the reader is `failed`, alone.

Faults are planted by a header (FIELDPOST_TEST_FAULTS lets the reader look at it): a crash, an endless loop, a socket, an exec, a file, a
signal to another process, an answer that is none, one that speaks for other messages.
"""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
from lab import TOP, Lab, samples  # noqa: E402

FAULTS = {'crash': 'signal 11', 'hang': 'not done after', 'socket': 'signal 31', 'exec': 'signal 31', 'kill': 'signal 31',
          'broken': 'no result', 'forged': 'no result'}
WORDS = {  # what stands in the lesson, and the charset of the mail
    'windows-1256': 'درس من الميدان للسياسة',
    'iso-8859-1': 'La leçon est née à l’école'.replace('’', "'"),
    'gb18030': '警察改革的教训',
    'koi8-r': 'Урок для политики',
    'iso-2022-jp': '現場の教訓です',
    'utf-8': 'के काम गर्‍यो',
}


def form_mail(name, lesson, charset='utf-8', fault=None):
    head = 'Message-ID: <%s@example.org>\r\nFrom: %s@example.org\r\nTo: feedback@example.org\r\n' % (name, name)
    head += 'Date: Sat, 21 Nov 2026 10:00:00 +0000\r\nSubject: Lesson from the field\r\nMIME-Version: 1.0\r\n'
    head += 'X-Test-Fault: %s\r\n' % fault if fault else ''
    head += 'Content-Type: text/plain; charset=%s\r\nContent-Transfer-Encoding: 8bit\r\n\r\n' % charset
    return head.encode() + ('Country: Nepal\r\nLesson for policy: %s\r\n' % lesson).encode(charset)


def put(server, user, mails):
    """As files: a server would refuse some of these over IMAP."""
    folder = os.path.join(server.folder, 'mail', user, 'Maildir')
    for part in ('tmp', 'new', 'cur'):
        os.makedirs(os.path.join(folder, part), exist_ok=True)
    for number, (name, raw) in enumerate(mails):
        with open(os.path.join(folder, 'new', '1700000%03d.M%dP1.%s' % (number, number, name)), 'wb') as f:
            f.write(raw)
    subprocess.run(['chown', '-R', '--reference=' + os.path.join(server.folder, 'mail', user), folder], check=True)


def poison(lab):
    folder = os.path.join(lab.folder, 'poison')
    os.mkdir(folder)
    subprocess.run(['/usr/bin/python3', os.path.join(TOP, 'tests', 'cases', 'mail', 'make_poison.py'), folder], check=True)
    names = sorted(n for n in os.listdir(folder) if n != 'expected.txt')
    return [(n, open(os.path.join(folder, n), 'rb').read()) for n in names]


def good_ones():
    """A hundred samples that are filed."""
    found = []
    for path in samples():
        with open(path[:-4] + '.json', encoding='utf-8') as f:
            if json.load(f)['outcome'] == 'filed':
                found.append((os.path.basename(path), open(path, 'rb').read()))
    return found[:100]


def main():
    os.environ['FIELDPOST_TEST_FAULTS'] = '1'
    with Lab('poison') as lab:
        server = lab.dovecot(['field:pw'])
        bad = poison(lab)
        good = good_ones()
        faults = [('fault-' + f, form_mail('fault-' + f, 'x', fault=f)) for f in FAULTS]
        opened = [('fault-open', form_mail('fault-open', 'The file stayed shut', fault='open'))]
        charsets = [('charset-' + c, form_mail('charset-' + c, w, c)) for c, w in WORDS.items()]
        mails = []
        for i in range(max(len(bad), len(good))):  # one beside the other
            mails += bad[i:i + 1] + good[i:i + 1]
        mails += faults + opened + charsets
        put(server, 'field', mails)
        lab.mailbox('field', server, user='field')
        lab.options['limits'] = {'message_ms': 3000}
        lab.serve()
        lab.wait('all is taken in', lambda: lab.totals()['stored'] >= len(mails), 60)

        def states():
            return {s['state']: s['messages'] for s in lab.status()['states']}

        lab.wait('all is read', lambda: states().get('received', 1) == 0, 120)
        lab.same(lab.totals()['stored'], len(mails), 'every mail is stored')
        lab.same(states().get('failed'), len(FAULTS), 'only the planted faults failed')
        rows = lab.sql("SELECT message_id, attempts, error, state FROM fieldpost.message WHERE state = 'failed'")
        for fault, words in FAULTS.items():
            hits = [r for r in rows if words in r[2] and r[1] == '3']
            lab.ok(hits, '%s: failed after three tries, with the reason' % fault, rows)
        lab.same(len(lab.status()['alarms']), len(FAULTS), 'an alarm for each of them')
        filed = lab.sql("SELECT count(*) FROM fieldpost.message m JOIN fieldpost.feedback f USING (message_id)"
                        " WHERE m.state = 'filed'")
        lab.ok(int(filed[0][0]) >= len(good) + 1 + len(WORDS), 'the good ones are filed', filed)
        late = lab.sql("SELECT max(extract(epoch FROM settled_at - stored_at))::int FROM fieldpost.message"
                       " WHERE state = 'filed'")
        lab.ok(int(late[0][0]) < 40, 'and none of them waited long', late)
        lessons = [r[0] for r in lab.sql("SELECT answers->>'lesson' FROM fieldpost.feedback_revision")]
        for charset, words in WORDS.items():
            lab.ok(words in lessons, '%s is decoded inside the sandbox' % charset)
        lab.ok('The file stayed shut' in lessons, 'a reader that tries to open a file is refused it and goes on')
        seen = lab.sql("SELECT count(*) FROM fieldpost.message WHERE state NOT IN ('filed', 'review', 'ignored', 'failed')")
        lab.same(seen, [['0']], 'everything else was read or set aside')


main()
