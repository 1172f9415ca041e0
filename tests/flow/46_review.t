#!/usr/bin/python3
"""The review queue: a reply with a wrong answer is fixed, filed, undone; others are assigned, noted, dismissed, several at once."""
import json
import os
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
