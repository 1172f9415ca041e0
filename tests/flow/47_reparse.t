#!/usr/bin/python3
"""History read with the forms of today: the difference first, then revisions by `reparse`; what a person set stays, nobody is told twice, a
digest tells a correction, a run that was killed is begun again."""
import hashlib
import json
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
from lab import Lab, mail  # noqa: E402
from post import Post  # noqa: E402

MANY = 220  # more than two batches
START = 'Country: Nepal\nProgramme: Courts %s\n'


def body(name, *lines, progress='Progress: 4', sharing='no name'):
    return START % name + ''.join(l + '\n' for l in (progress,) + lines) + 'Sharing: %s\n' % sharing


def change_forms(lab, *patches):
    """Labels of the form progress-check as they are from now on; its hash stands among the proven ones."""
    path = lab.folder + '/forms/progress-check.yaml'
    text = open(path).read()
    for old, new in patches:
        assert old in text, old
        text = text.replace(old, new, 1)
    with open(path, 'w') as f:
        f.write(text)
    with open(lab.folder + '/forms/proven', 'a') as f:
        f.write(hashlib.sha256(text.encode()).hexdigest() + ' progress-check\n')


def revisions(lab, name):
    """(author, progress, support, fixed) of the feedback about a programme."""
    return [tuple((r + [''])[:4]) for r in lab.sql(
        "SELECT r.author, r.answers ->> 'progress', coalesce(r.answers ->> 'support', '-'), array_to_string(r.fixed, ',') "
        "FROM fieldpost.feedback_revision r JOIN fieldpost.feedback_revision o ON o.feedback_id = r.feedback_id AND o.revision = 1 "
        "WHERE o.answers ->> 'programme' = 'Courts %s' ORDER BY r.revision" % name)]


def message_of(lab, name):
    return lab.sql("SELECT m.message_id FROM fieldpost.message m JOIN fieldpost.message_raw r USING (message_id) "
                   "WHERE position('Courts %s' in convert_from(r.raw, 'UTF8')) > 0" % name)[0][0]


def reparse(lab, *words):
    done = lab.run('reparse', '--json', *words)
    lab.ok(done.returncode == 0, 'reparse ' + ' '.join(words), done.stdout[:2000] + done.stderr)
    return json.loads(done.stdout or '{}')


def state_of_all(lab):
    return lab.sql("SELECT (SELECT md5(string_agg(m::text, '' ORDER BY message_id)) FROM fieldpost.message m), "
                   "(SELECT md5(string_agg(r::text, '' ORDER BY feedback_id, revision)) FROM fieldpost.feedback_revision r), "
                   "(SELECT md5(string_agg(f::text, '' ORDER BY feedback_id)) FROM fieldpost.feedback f), "
                   "(SELECT count(*) FROM fieldpost.acknowledgement), (SELECT count(*) FROM fieldpost.audit)")


def take_in(lab, dovecot):
    mails = [('alias', body('alias', 'Backing wanted: paper for Zainab')),
             ('fixed', body('fixed', 'Backing wanted: ink')),
             ('wrong', body('wrong', progress='Progress: nine')),
             ('headway', body('headway', progress='Headway: 3')),
             ('closed', body('closed', 'Backing wanted: the minister takes bribes', sharing='restricted')),
             ('same', body('same', 'Support needed: nothing')),
             ('other', 'Buy cheap watches\n')]
    dovecot.append('field', [mail(n, subject='Re: Progress check', sender='Zainab <zainab@example.org>' if n == 'alias' else n + '@example.org',
                                  body=b) for n, b in mails])
    dovecot.append('field', [mail('crash', subject='Re: Progress check', body=body('crash')).replace(b'From:', b'X-Test-Fault: crash\nFrom:', 1)])
    lab.wait('all is read', lambda: lab.sql("SELECT count(*) FROM fieldpost.message WHERE state <> 'received'") == [[str(len(mails) + 1)]], 60)


def at_first(lab):
    lab.same([revisions(lab, n) for n in ('alias', 'fixed', 'closed', 'same')],
             [[('practitioner', '4', '-', '')]] * 3 + [[('practitioner', '4', 'nothing', '')]], 'the label is not known yet')
    lab.same(lab.sql("SELECT state, count(*) FROM fieldpost.message GROUP BY state ORDER BY state"),
             [['filed', '4'], ['review', '3'], ['failed', '1']], 'others wait for a person')
    for words in (['fix', message_of(lab, 'fixed'), 'support=pens', '--reason', 'she said so'],
                  ['fix', message_of(lab, 'wrong'), 'progress=2', '--reason', 'of five']):
        done = lab.run('review', *words)
        lab.same(done.returncode, 0, 'a person fixes: ' + ' '.join(words[2:3]))
    lab.run('team', 'add', 'Justice', '--member', 'clara@example.org')
    lab.run('subscribe', 'Justice')
    done = lab.run('digest', 'send', 'Justice')
    lab.ok('is on its way' in done.stdout, 'a digest tells of them', done.stdout + done.stderr)


def dry(lab):
    before = state_of_all(lab)
    said = reparse(lab, '--dry-run')
    lab.same(state_of_all(lab), before, 'a dry run changes nothing')
    lab.same({k: n for k, n in said['counts'].items() if n}, {'same': 4, 'changed': 2, 'settled': 2}, 'counted')
    lab.same(said['fields'], {'support': 2, 'remarks': 2, 'programme': 2, 'progress': 2, 'country': 1, 'sharing': 1}, 'by field')
    told = {m['message']: m for m in said['messages']}
    alias, closed = told[int(message_of(lab, 'alias'))], told[int(message_of(lab, 'closed'))]
    lab.same([c for c in alias['changes'] if c['field'] == 'support'], [{'field': 'support', 'was': None, 'now': 'paper for […]'}], 'by message, without a hidden name')
    lab.ok('minister' not in json.dumps(said) and [c['field'] for c in closed['changes']] == ['support', ''], 'and without restricted words', closed)
    lab.same([(told[int(message_of(lab, n))]['was'], told[int(message_of(lab, n))]['state']) for n in ('headway', 'crash')],
             [('review', 'filed'), ('failed', 'filed')], 'what waited would be filed')
    text = lab.run('reparse', '--dry-run').stdout
    lab.ok('support              - -> paper for […]' in text and '       2 corrected\n' in text, 'for people too', text)


def real(lab):
    acknowledged = lab.sql('SELECT message_id, kind FROM fieldpost.acknowledgement ORDER BY 1')
    lines = lab.sql('SELECT count(*) FROM fieldpost.digest_line')
    said = reparse(lab)
    lab.same({k: n for k, n in said['counts'].items() if n}, {'same': 4, 'changed': 2, 'settled': 2}, 'the same is filed')
    lab.same(revisions(lab, 'alias'), [('practitioner', '4', '-', ''), ('reparse', '4', 'paper for Zainab', '')], 'as a revision by reparse')
    lab.same(revisions(lab, 'fixed'), [('practitioner', '4', '-', ''), ('reviewer', '4', 'pens', 'support')], 'what a person set is not touched')
    lab.same(revisions(lab, 'wrong')[-1], ('reviewer', '2', '-', 'progress'), 'nor what they set where nothing could be read')
    lab.same(revisions(lab, 'headway'), [('practitioner', '3', '-', '')], 'what waited is filed')
    lab.same(revisions(lab, 'crash'), [('practitioner', '4', '-', '')], 'and what had failed')
    lab.same(lab.sql("SELECT count(*) FROM fieldpost.alarm WHERE kind = 'message-failed' AND cleared_at IS NULL"), [['0']], 'its alarm is over')
    lab.same([r for r in lab.sql('SELECT message_id, kind FROM fieldpost.acknowledgement ORDER BY 1') if r in acknowledged], acknowledged, 'nobody is told again')
    lab.same(lab.sql('SELECT count(*) FROM fieldpost.digest_line'), lines, 'no line of a digest is made')
    lab.ok('by reparse' in lab.run('explain', lab.sql("SELECT feedback_id FROM fieldpost.feedback WHERE message_id = %s" % message_of(lab, 'alias'))[0][0]).stdout,
           'explain tells it')
    lab.same(lab.sql("SELECT action, count(*) FROM fieldpost.audit WHERE action = 'reparse' GROUP BY 1"), [['reparse', '4']], 'the audit has it')
    before = state_of_all(lab)
    lab.same({k: n for k, n in reparse(lab)['counts'].items() if n}, {'same': 8}, 'again: nothing differs any more')
    lab.same(state_of_all(lab), before, 'and nothing is done')


def digest_corrects(lab):
    done = lab.run('digest', 'send', 'Justice')
    lab.ok('is on its way' in done.stdout, 'the next digest', done.stdout + done.stderr)
    rows = lab.sql("SELECT l.revision_kind, o.answers ->> 'programme' FROM fieldpost.digest_line l JOIN fieldpost.feedback_revision o "
                   "ON o.feedback_id = l.feedback_id AND o.revision = 1 JOIN fieldpost.digest d USING (digest_id) "
                   "WHERE d.digest_id = (SELECT max(digest_id) FROM fieldpost.digest) ORDER BY 2")
    lab.same([r for r in rows if r[0] == 'new'], [['new', 'Courts crash'], ['new', 'Courts headway']], 'new in it is what was filed now')
    mail_bytes = lab.sql("SELECT convert_from(body, 'UTF8') FROM fieldpost.outbox WHERE kind = 'digest' ORDER BY outbox_id DESC LIMIT 1")
    lab.ok('read again by Fieldpost' in '\n'.join('\t'.join(r) for r in mail_bytes).replace('=\n', ''), 'a corrected line is told as a correction')


def closes(lab):
    """What is not understood now stays as it was understood; a level is never opened."""
    change_forms(lab, ('value: restricted, label: {en: restricted', 'value: restricted, label: {en: closed'), ('value: open, label: {en: open', 'value: open, label: {en: "restricted"'))
    said = reparse(lab, message_of(lab, 'closed'))
    lab.same([c['field'] for m in said['messages'] for c in m['changes']], ['sharing'], 'a level that reads as another one')
    lab.same(lab.sql("SELECT sharing FROM fieldpost.feedback WHERE message_id = %s" % message_of(lab, 'closed')), [['restricted']], 'is not opened by that')
    lab.same(len(reparse(lab, '--state', 'review', '--dry-run')['messages']), 0, 'by state')
    lab.ok('--state is filed' in lab.run('reparse', '--state', 'new').stderr, 'a state that is none')


def killed(lab, database):
    for n in range(MANY):
        with open('%s/many-%d.eml' % (lab.folder, n), 'wb') as f:
            f.write(mail('many-%d' % n, subject='Re: Progress check', sender='m%d@example.org' % n, body=body('many %d' % n, 'Assistance: chairs')))
    lab.run('import', *['%s/many-%d.eml' % (lab.folder, n) for n in range(MANY)])
    lab.wait('many are filed', lambda: lab.sql("SELECT count(*) FROM fieldpost.feedback") == [[str(7 + MANY)]], 60)
    change_forms(lab, ('es: Apoyo necesario', 'es: Assistance'))
    lab.sql("CREATE SEQUENCE public.made; CREATE FUNCTION public.pause() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN "
            "IF nextval('public.made') = %d THEN PERFORM pg_sleep(60); END IF; RETURN NEW; END $$; CREATE TRIGGER pause BEFORE INSERT ON "
            "fieldpost.feedback_revision FOR EACH ROW WHEN (NEW.author = 'reparse') EXECUTE FUNCTION public.pause()" % (MANY + 150))
    made = "SELECT count(*) FROM fieldpost.feedback_revision WHERE author = 'reparse' AND answers ->> 'support' = 'chairs'"
    run = subprocess.Popen(lab._as_user() + [os.path.join(lab.home, 'fieldpost'), 'reparse', '--config', lab.config_path],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    lab.wait('some are filed', lambda: lab.sql(made) != [['0']], 60)
    run.kill()
    run.wait()
    lab.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
    some = int(lab.sql(made)[0][0])
    lab.ok(0 < some < MANY, 'killed between two batches', some)
    lab.sql('DROP TRIGGER pause ON fieldpost.feedback_revision')
    lab.same(reparse(lab)['counts']['changed'], MANY - some, 'begun again it does the rest')
    lab.same(lab.sql(made), [[str(MANY)]], 'each once')
    lab.same(lab.sql("SELECT count(*) FROM fieldpost.feedback_revision WHERE revision > 2 AND answers ->> 'support' = 'chairs'"), [['0']], 'and nothing twice')


os.environ['FIELDPOST_TEST_FAULTS'] = '1'
with Lab('reparse') as lab:
    dovecot, database = lab.dovecot(['field:pw']), lab.postgres()
    lab.mailbox('field', dovecot, user='field')
    lab.options['smtp'] = Post(lab).options()
    shutil.copytree(lab.home + '/config/forms', lab.folder + '/forms')
    lab.options['forms_dir'] = lab.folder + '/forms'
    lab.serve('--only', 'intake,parse')
    take_in(lab, dovecot)
    del os.environ['FIELDPOST_TEST_FAULTS']
    at_first(lab)
    change_forms(lab, ('fr: Appui nécessaire', 'fr: Backing wanted'), ('es: Avance', 'es: Headway'))
    dry(lab)
    real(lab)
    digest_corrects(lab)
    closes(lab)
    killed(lab, database)
