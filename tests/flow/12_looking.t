#!/usr/bin/python3
"""The commands that look: check, status, review, explain; with the service and without it, and never a change by looking."""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
from lab import SERVERS, Lab, mail, samples  # noqa: E402


NEAR = 'Country: Nepal\nPrograme: Courts\nObstacels: time\nProgress: 4\nSharing: restrcted\n'


def smtp(lab, *words):
    helper = subprocess.Popen([sys.executable, os.path.join(SERVERS, 'smtp.py'), '--tls', 'starttls', '--cert', lab.certs + '/good.crt',
                               '--key', lab.certs + '/good.key', '--user', 'fieldpost', '--password', 'pw', *words],
                              stdout=subprocess.PIPE, text=True)
    lab.helpers.append(helper)
    return int(helper.stdout.readline().split()[1])


def checks(lab):
    done = lab.run('check', '--json')
    return done.returncode, {(c['what'], c['object']): c for c in json.loads(done.stdout)['checks']}


def check_before(lab, dovecot, port):
    """Nothing runs yet: what can be reached is told, nothing is made."""
    lab.mailbox('good', dovecot, user='field')
    lab.options['smtp'] = {'host': 'localhost', 'port': port, 'user': 'fieldpost', 'password': {'file': lab.secret},
                           'from_address': 'feedback@example.org'}
    lab.write_config()
    status, found = checks(lab)
    lab.same((status, all(c['well'] for c in found.values())), (0, True), 'check: all is well')
    lab.ok('INBOX 0 mails' in found['mailbox', 'good']['words'], 'the mailbox was looked at', found)
    lab.ok('logged in' in found['smtp', 'localhost']['words'], 'the SMTP server took the login', found)
    lab.same(os.listdir(lab.state), [], 'nothing was made')


def check_wrong(lab, dovecot):
    lab.mailbox('wrongpassword', dovecot, user='other')
    lab.mailbox('nosecret', dovecot, user='field', password={'file': lab.folder + '/none'})
    lab.mailbox('wrongfolder', dovecot, user='field', folders=['INBOX', 'Nowhere'])
    lab.options['smtp']['user'] = 'stranger'
    lab.options['forms_dir'] = lab.folder
    lab.write_config()
    status, found = checks(lab)
    lab.same(status, 1, 'something is not well: exit status 1')
    for object_, words in (('wrongpassword', 'look at user and password'), ('nosecret', lab.folder + '/none'), ('wrongfolder', 'Nowhere')):
        one = found['mailbox', object_]
        lab.ok(not one['well'] and words in one['words'], '%s is told in words' % object_, one)
    lab.ok(found['mailbox', 'good']['well'], 'the good one is well beside them')
    lab.ok(not found['smtp', 'localhost']['well'], 'so is a login that SMTP refuses', found)
    lab.ok(not found['forms', '']['well'], 'and a folder without forms', found)
    people = lab.run('check').stdout
    lab.ok(people.count('NOT WELL') == 5 and 'well     mailbox good: ' in people, 'people read the same', people)
    del lab.mailboxes[1:]
    lab.options['smtp']['user'] = 'fieldpost'
    del lab.options['forms_dir']
    lab.options['requests'] = [{'name': 'good', 'form': 'progress-check', 'to': 'all', 'language': 'pt-BR'},
                               {'name': 'noform', 'form': 'progress', 'to': 'all'},
                               {'name': 'nolanguage', 'form': 'progress-check', 'to': 'all', 'language': 'fre'}]
    lab.write_config()
    found = checks(lab)[1]
    lab.same([(object_, one['words']) for (what, object_), one in found.items() if what == 'request'],
             [('noform', 'there is no form "progress"; see forms list'),
              ('nolanguage', 'the form "progress-check" is not sent in "fre"; see forms list')], 'and schedules that would ask nobody, or in English')
    del lab.options['requests']


def status_before(lab):
    """The command starts the database for its own time."""
    done = lab.run('status')
    lab.ok(done.returncode == 0 and 'not reached yet' in done.stdout, 'status without a service', done.stdout + done.stderr)
    lab.same(subprocess.run(['pgrep', '-f', lab.state + '/postgresql'], capture_output=True).stdout, b'', 'and no database stays')


def look_at_review(lab):
    listed = json.loads(lab.run('review', 'list', '--json').stdout)
    states = {s['state']: s['messages'] for s in lab.status()['states']}
    lab.ok(len(listed) == states['review'] > 0, 'review list holds what is in review', states)
    lab.same(len(json.loads(lab.run('review', 'list', '--json', '--limit', '1').stdout)), 1, '--limit')
    wrong = next(m for m in listed if m['reason'] == 'invalid-value')
    shown = json.loads(lab.run('review', 'show', str(wrong['message']), '--json').stdout)
    field = next(f for f, error in shown['errors'].items() if error == 'invalid-value')
    lab.ok(shown['found'][field], 'review show tells what was found in its place', shown)
    people = lab.run('review', 'show', str(wrong['message'])).stdout
    lab.ok(re.search('%s +invalid-value: "' % field, people), 'to people too', people)
    raw = subprocess.run(lab._as_user() + [lab.home + '/fieldpost', 'review', 'show', str(wrong['message']), '--raw', '--config',
                                           lab.config_path], capture_output=True).stdout
    lab.ok(raw in [open(path, 'rb').read().replace(b'\r\n', b'\n').replace(b'\n', b'\r\n') for path in samples()],
           '--raw gives the bytes of the mail', raw[:300])
    near = next(m for m in listed if m['subject'] == 'Progress check' and m['answers'].get('progress') == 4 and 'sharing' in m['errors'])
    people = lab.run('review', 'show', str(near['message'])).stdout
    for line in ('programme +missing-required: "Programe: Courts"; did you mean "Courts"?', 'obstacles +not answered: "Obstacels: time"; did you mean "time"?',
                 'sharing +invalid-value: "restrcted"; did you mean "restricted"?'):
        lab.ok(re.search(line.replace('?', r'\?'), people), 'near misses are suggested: ' + line.split()[0], people)
    missing = lab.run('review', 'show', '999999')
    lab.same((missing.returncode, missing.stderr), (65, 'fieldpost review: there is no message 999999\n'), 'a number too many')


def look_at_one(lab):
    steps = json.loads(lab.run('explain', '1', '--json').stdout)
    kinds = [s['step'] for s in steps]
    lab.ok(kinds[0] == 'feedback' and 'answer' in kinds and 'message' in kinds and 'seen' in kinds and kinds[-1] == 'raw',
           'explain leads from a feedback to its mail', steps)
    lab.ok(any('folder INBOX' in s['detail'] and 'UID' in s['detail'] for s in steps), 'and to its place on the server', steps)
    lab.ok(lab.run('explain', '1', '--raw').stdout.startswith(('Received:', 'From:', 'Return-Path:', 'Delivered-To:')),
           'and to its bytes')
    lab.same(lab.run('explain', '999999').returncode, 65, 'a number that nothing has')
    lab.same(lab.run('explain', 'one').returncode, 64, 'a number that is none')


def teams(lab):
    """What would never be delivered or never match is refused, with the word in question, and nothing is kept of it."""
    for words, status, told in (
            (('team', 'add', ' '), 64, 'which name has the team?'),
            (('team', 'add', 'Justice', '--member', 'clara'), 64, '--member clara: '),
            (('team', 'add', 'Justice', 'Policing'), 64, 'what is "Policing"?'),
            (('subscribe', 'Justice'), 65, 'subscribe: there is no team "Justice"; add it with '),
            (('team', 'add', 'Justice', '--member', 'clara@example.org'), 0, ''),
            (('digest', 'send', 'Justice'), 65, 'no team that has one, is called "Justice"'),
            (('subscribe', 'Justice', '--zone', 'Europe/Zurch'), 65, 'subscribe: the time zone "Europe/Zurch" is not known'),
            (('subscribe', 'Justice', '--weekday', 'mnday'), 64, '--weekday mnday: say monday to sunday'),
            (('subscribe', 'Justice', '--language', 'xx'), 65, '--language xx: '),
            (('subscribe', 'Justice', '--form', 'lessons'), 65, 'subscribe: there is no form "lessons"'),
            (('subscribe', 'Justice', '--country', 'np', '--country', 'XX'), 65, '--country XX: '),
            (('subscribe', 'Justice', '--theme', 'weather'), 65, '--theme weather: '),
            (('subscribe', 'Justice', '--country', 'np', '--theme', 'security', '--language', 'pt-BR'), 0, '')):
        done = lab.run(*words)
        lab.ok(done.returncode == status and told in done.stderr and 'SQLSTATE' not in done.stderr, ' '.join(words), done.stderr)
    listed = json.loads(lab.run('team', 'list', '--json').stdout)
    lab.same([(t['team'], t['members']) for t in listed], [('Justice', 'clara@example.org')], 'only what was right is there')


def main():
    with Lab('looking') as lab:
        dovecot = lab.dovecot(['field:pw', 'other:another'])
        port = smtp(lab)
        lab.options['parse'] = {'unread_percent': 0}  # many of the samples are made to wait for a person
        check_before(lab, dovecot, port)
        check_wrong(lab, dovecot)
        lab.write_config()
        status_before(lab)
        dovecot.append('field', [open(path, 'rb').read() for path in samples()[:60]] + [mail('x'), mail('near', subject='Progress check', body=NEAR)])
        lab.serve('--only', 'intake,parse')
        lab.wait('all are read', lambda: lab.totals()['stored'] == 62 and
                 {s['state']: s['messages'] for s in lab.status()['states']}['received'] == 0, 60)
        status = lab.status()
        lab.ok(status['well'] and lab.source('good') == 'well', 'status: all is well', status)
        lab.same(sum(s['messages'] for s in status['states']), 62, 'the states sum up to what is stored')
        lab.same(checks(lab)[0], 0, 'check while the service runs')
        look_at_review(lab)
        look_at_one(lab)
        teams(lab)
        dovecot.stop()
        lab.wait('it fails', lambda: 'failing' in lab.source('good'), 30)
        words = lab.source('good')
        lab.ok(re.match(r'failing since .*: .+; next try ', words), 'a source that fails is told in words', words)
        lab.same(lab.run('status').returncode, 1, 'and status ends with 1')
        del lab.mailboxes[:]
        lab.write_config()
        lab.ok(lab.source('good') == 'no longer in the config', 'a mailbox that was taken out of the config is told as that')
        lab.same(lab.run('status').returncode, 0, 'and fails no more')
        lab.stop()
        lab.same(lab.totals()['stored'], 62, 'status after the service ended')


main()
