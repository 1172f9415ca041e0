#!/usr/bin/python3
"""The review queue: a reply with a wrong answer is fixed, filed, undone; others are assigned, noted, dismissed, several at once."""
import json
import os
import shutil
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
from lab import Lab, mail  # noqa: E402

WRONG = 'Country: Nepal\nProgramme: Courts\nProgress: nine\nSupport needed: paper\nSharing: no name\n'


def listed(lab):
    return {m['message']: m for m in json.loads(lab.run('review', 'list', '--json').stdout)}


def answers(database, message):
    rows = database.sql("SELECT r.author, r.reason, r.answers ->> 'progress' FROM fieldpost.feedback f JOIN fieldpost.feedback_revision r USING (feedback_id) "
                        'WHERE f.message_id = %d ORDER BY r.revision' % message)
    return [tuple(r) for r in rows]


NAMED = b"""From: Zainab M\xc3\xbcller-Kola <zainab@example.net>
To: feedback+fp-7k3m9qxa2d@example.org
Subject: Re: [FP-7K3M9QXA2D] Progress check for Zainab
Date: Mon, 02 Nov 2026 08:00:00 +0000
Message-ID: <named@example.net>
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=utf-8; format=flowed

Country: Nepal
Programme: Courts
Progress: nine
Support needed: call Zainab M\xc3\xbcller at +232 76 123 456
Sharing: no name

Zainab
--b
Content-Type: text/html; charset=iso-8859-1
Content-Transfer-Encoding: quoted-printable

<p>Country: Nepal<br>Programme: Courts<br>Progress: nine<br>Support needed: call Zainab M=FCller at +232 76 123 456<br>Sharing: no name</p><p>Zainab</p>
--b--
"""


def exports(lab, database):
    """A fix as a test case: nobody is in it, and `parse` prints what stands beside it but for what was fixed."""
    folder = os.path.join(lab.folder, 'cases')
    os.mkdir(folder)
    if lab.root:
        shutil.chown(folder, 'nobody', 'nogroup')
    hidden = NAMED.replace(b'<named@', b'<hidden@').replace(b'M=FCller', b'M&uuml;ller').replace(b'Re: [', b'Second [')
    for name, text in (('named', NAMED), ('hidden', hidden)):
        with open('%s/%s.eml' % (lab.folder, name), 'wb') as f:
            f.write(text)
    lab.run('import', lab.folder + '/named.eml')
    lab.wait('it waits', lambda: any(m['subject'].startswith('Re: [') for m in listed(lab).values()))
    message = str(next(n for n, m in listed(lab).items() if m['subject'].startswith('Re: [')))
    lab.ok('nobody fixed' in lab.run('review', 'export', message, '--to', folder).stderr, 'export: only what a person fixed')
    lab.run('review', 'fix', message, 'progress=4', '--reason', 'on the phone')
    done = lab.run('review', 'export', message, '--to', folder)
    lab.same([done.returncode, sorted(os.listdir(folder))], [0, ['message-%s.eml' % message, 'message-%s.json' % message]], 'exported ' + done.stderr)
    case, wanted = (open('%s/message-%s.%s' % (folder, message, end), encoding='utf-8').read() for end in ('eml', 'json'))
    lab.ok(not any(w in (case + wanted).lower() for w in ('zainab', 'ller', 'kola', '123', '7k3m9', 'example.net')), 'nobody is in it', case + wanted)
    got, wanted = json.loads(lab.run('parse', '--json', '%s/message-%s.eml' % (folder, message)).stdout), json.loads(wanted)
    lab.same([wanted['values'].get('progress'), wanted['outcome'], wanted['errors'], wanted['values']['country']], [4, 'filed', {}, 'NP'], 'what is expected of it')
    lab.same([got['values'].get('progress'), got['errors']], [None, {'progress': 'invalid-value'}], 'what comes of it today')
    wanted['values'].pop('progress')
    lab.same(got['values'], wanted['values'], 'and nothing else differs')
    lab.ok(lab.run('review', 'export', message, '--to', folder).returncode != 0, 'a file that is there stays')
    lab.same(database.sql("SELECT count(*) FROM fieldpost.audit WHERE action = 'review export' AND object = 'message %s'" % message), [['2']], 'it is in the audit')
    lab.run('import', lab.folder + '/hidden.eml')
    lab.wait('it waits', lambda: any(m['subject'].startswith('Second') for m in listed(lab).values()))
    message = str(next(n for n, m in listed(lab).items() if m['subject'].startswith('Second')))
    lab.run('review', 'fix', message, 'progress=4', '--reason', 'on the phone')
    done = lab.run('review', 'export', message, '--to', folder)
    lab.ok(done.returncode == 65 and 'cannot be taken out' in done.stderr and len(os.listdir(folder)) == 2, 'a name that cannot be taken out: no case', done.stderr)


def in_bulk(lab):
    """All that options mean, and all of it undone."""
    before = listed(lab)
    meant = sorted(n for n, m in before.items() if m['reason'] == 'no-answers')
    lab.same([len(meant) > 0, sorted(m['message'] for m in json.loads(lab.run('review', 'list', '--json', '--why', 'no-answers').stdout))], [True, meant],
             'list: by why they wait')
    done = lab.run('review', 'dismiss', '--why', 'no-answers', '--state', 'review', '--reason', 'advertising')
    lab.same([done.returncode, sorted(listed(lab))], [0, sorted(set(before) - set(meant))], 'dismissed by what they are ' + done.stderr)
    lab.run('review', 'undo')
    lab.same(sorted(listed(lab)), sorted(before), 'and undone')
    lab.ok('which messages' in lab.run('review', 'dismiss', '--reason', 'x').stderr, 'not all of them without a word')
    lab.ok('nothing that waits' in lab.run('review', 'dismiss', '--why', 'over-size', '--reason', 'x').stderr, 'none is meant')
    lab.ok('which messages' in lab.run('review', 'dismiss', str(meant[0]), '--why', 'no-answers', '--reason', 'x').stderr, 'numbers or options')


def too_many(lab, database):
    """Of a form and of a client: an alarm, and a line in the teams' digest."""
    for n in range(12):
        with open('%s/bad%d.eml' % (lab.folder, n), 'wb') as f:
            f.write(b'X-Mailer: iPhone Mail (20G81)\n' + mail('bad%d' % n, subject='Re: Progress check', body=WRONG, sender='bad%d@example.org' % n))
    lab.run('import', *['%s/bad%d.eml' % (lab.folder, n) for n in range(12)])
    lab.wait('all wait', lambda: len([m for m in listed(lab).values() if m['reason'] == 'invalid-value']) >= 12)
    lab.service.send_signal(signal.SIGHUP)
    lab.wait('the alarms', lambda: len([a for a in lab.status()['alarms'] if a['kind'] == 'unread']) == 2, 30)
    lab.same(sorted(a['object'] for a in lab.status()['alarms'] if a['kind'] == 'unread'), ['client iphone mail', 'form progress-check'], 'too many are not understood: an alarm')
    lab.run('team', 'add', 'Justice', '--member', 'clara@example.org')
    lab.run('subscribe', 'Justice', '--language', 'en')
    text = ' '.join(lab.run('digest', 'preview', 'Justice').stdout.split())
    lab.ok('Often not understood, of the replies of seven days: Progress check 14 of 16' in text and 'iphone mail 12 of 12' in text, 'and a line to the team', text[:3000])


with Lab('review') as lab:
    database = lab.postgres()
    lab.serve('--only', 'parse')
    for n in range(3):
        with open('%s/%d.eml' % (lab.folder, n), 'wb') as f:
            f.write(mail(n, subject='Offer' if n == 2 else 'Re: Progress check', body=WRONG if n == 0 else 'Buy cheap watches, offer %d\n' % n))
    lab.run('import', *['%s/%d.eml' % (lab.folder, n) for n in range(3)])
    lab.wait('three wait', lambda: len(listed(lab)) == 3)
    queue = listed(lab)
    wrong = next(n for n, m in queue.items() if m['reason'] == 'invalid-value')
    others = [str(n) for n in queue if n != wrong]

    done = lab.run('review', 'fix', str(wrong), 'progress=4', '--reason')
    lab.ok(done.returncode == 64 and '--reason' in done.stderr, 'a fix needs a reason', done.stderr)
    done = lab.run('review', 'fix', str(wrong), 'progress=9', '--reason', 'x')
    lab.ok(done.returncode == 65 and '"9" is no answer to progress (scale)' in done.stderr, 'and a value that fits', done.stderr)
    done = lab.run('review', 'fix', str(wrong), 'progres=4', '--reason', 'x')
    lab.ok('has no field "progres"' in done.stderr, 'of a field that is there', done.stderr)
    formless = next(n for n, m in queue.items() if m['reason'] == 'no-template')
    done = lab.run('review', 'fix', str(formless), 'progress=4', '--reason', 'x')
    lab.ok(done.returncode == 65 and 'message %d has no form that is known' % formless in done.stderr, 'of a form that is known', done.stderr)
    done = lab.run('review', 'file', str(wrong), '--reason', 'looks good')
    lab.ok(done.returncode == 65 and 'still open is progress' in done.stderr, 'what is open is not filed', done.stderr)
    lab.same(len(listed(lab)), 3, 'nothing of this did anything')

    done = lab.run('review', 'fix', str(wrong), 'progress=4', '--reason', 'she said four on the phone')
    lab.ok(done.returncode == 0 and 'filed' in done.stdout, 'fixed', done.stdout + done.stderr)
    lab.same(answers(database, wrong), [('practitioner', '', ''), ('reviewer', 'she said four on the phone', '4')], 'a revision with a reason, behind what she wrote')
    lab.ok('she said four' in lab.run('review', 'show', str(wrong)).stdout, 'review show tells what was done')
    number = database.sql('SELECT feedback_id FROM fieldpost.feedback')[0][0]
    lab.ok('by the reviewer' in lab.run('feedback', 'show', number).stdout, 'and feedback show')
    done = lab.run('review', 'undo')
    lab.ok(done.returncode == 0 and 'fix undone' in done.stdout and wrong in listed(lab), 'undone: it waits again', done.stdout + done.stderr)
    lab.same(answers(database, wrong), [], 'and nothing is filed')

    lab.run('review', 'assign', *others, '--to', 'ben')
    lab.same(sorted((m['assigned'] or '') for m in listed(lab).values()), ['', 'ben', 'ben'], 'assigned, several at once')
    lab.run('review', 'note', others[0], '--text', 'seen before')
    done = lab.run('review', 'dismiss', *others, '999999', '--reason', 'advertising')
    lab.ok(done.returncode == 65 and len(listed(lab)) == 3, 'one that is not there: none is dismissed', done.stderr)
    lab.run('review', 'dismiss', *others, '--reason', 'advertising')
    lab.same(list(listed(lab)), [wrong], 'dismissed')
    shown = lab.run('review', 'show', others[0]).stdout
    lab.ok('seen before' in shown and 'dismiss: advertising' in shown and 'assign: ben' in shown, 'who did what', shown)
    lab.run('review', 'undo')
    lab.same(len(listed(lab)), 3, 'and all of it undone at once')
    lab.ok('what' in lab.run('review', 'fix', str(wrong), '--reason', 'x').stderr, 'nothing to fix')
    lab.ok('is no message' in lab.run('review', 'dismiss', 'all', '--reason', 'x').stderr, 'numbers alone')
    lab.ok('nothing to undo' in lab.run('review', 'undo', '424242').stderr, 'a batch that is not there')
    lab.same(database.sql("SELECT count(*) > 5 FROM fieldpost.audit WHERE action LIKE 'review %'"), [['t']], 'all of it is in the audit')
    in_bulk(lab)
    exports(lab, database)
    too_many(lab, database)
