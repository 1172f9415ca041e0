#!/usr/bin/python3
"""The demo three times on one state, the third after the mailbox's UIDVALIDITY was changed: the same counts, nothing twice."""
import fcntl
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
EXPECTED = {'stored': 215, 'held': 0, 'failed': 0}
count = failed = 0


def ok(good, name, why=''):
    global count, failed
    count += 1
    failed += not good
    print('%sok %d - %s' % ('' if good else 'not ', count, name), flush=True)
    if not good:
        print('\n'.join('# ' + line for line in str(why).split('\n')))


def expected_outcomes():
    found = {}
    folder = os.path.join(TOP, 'tests', 'cases', 'replies')
    for name in os.listdir(folder):
        if name.endswith('.eml'):
            with open(os.path.join(folder, name[:-4] + '.json'), encoding='utf-8') as f:
                outcome = json.load(f)['outcome']
            found[outcome] = found.get(outcome, 0) + 1
    return found


def run(state):
    done = subprocess.run([os.path.join(TOP, 'config', 'demo', 'run'), '--once'], env=dict(os.environ, STATE=state),
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return done, {k: int(v) for k, v in re.findall(r'^ *(stored|filed|review|held|ignored|failed) +(\d+)$', done.stdout, re.M)}


def renumber(state):
    """A new UIDVALIDITY, as after a mailbox was restored."""
    folder = os.path.join(state, 'mail', 'mail', 'feedback', 'Maildir')
    path = os.path.join(folder, 'dovecot-uidlist')
    with open(path) as f:
        text = f.read()
    with open(path, 'w') as f:
        f.write(re.sub(r'V\d+', 'V123456789', text, count=1))
    for name in os.listdir(folder):
        if name.startswith('dovecot.index'):
            os.unlink(os.path.join(folder, name))


def left_running(state):
    done = subprocess.run(['pgrep', '-fa', state], capture_output=True, text=True)
    return [line for line in done.stdout.split('\n') if line and 'pgrep' not in line and '60_demo' not in line]


def main():
    if os.getuid() == 0:
        os.execv(os.path.join(TOP, 'tests', 'as-user'), ['as-user', os.path.join('tests', 'flow', '60_demo.t')])
    state = tempfile.mkdtemp(prefix='fieldpost-demo.', dir='/tmp')
    wanted = dict(EXPECTED, **expected_outcomes())
    try:
        for turn in ('first', 'second', 'third'):
            if turn == 'third':
                renumber(state)
            done, counts = run(state)
            ok(done.returncode == 0, 'the %s run ends well' % turn, done.stdout[-3000:] + done.stderr[-3000:])
            ok(counts == wanted, 'its counts are those of the samples', '%s, expected %s' % (counts, wanted))
            ok('digests in the mailbox of policy@example.org: 1\n' in done.stdout, 'one digest is in the team\'s mailbox', done.stdout[-800:])
            ok(not left_running(state), 'nothing is left running', '\n'.join(left_running(state)))
            sightings = re.search(r'^sightings +(\d+)', done.stdout, re.M)
            ok(sightings and int(sightings.group(1)) == (430 if turn == 'third' else 215), 'sightings are counted', done.stdout[-800:])
        with open(os.path.join(state, 'lock'), 'w') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            done, _ = run(state)
            ok(done.returncode != 0 and 'another one runs on ' + state in done.stdout, 'one demo at a time on a state', done.stdout[-800:] + done.stderr[-800:])
        with open(os.path.join(state, 'digest.html'), encoding='utf-8') as f:
            ok('</html>' in f.read(), 'the digest lies there as a page')
    finally:
        subprocess.run([os.path.join(TOP, 'tests', 'servers', 'dovecot.sh'), 'stop', os.path.join(state, 'mail')])
        shutil.rmtree(state, ignore_errors=True)
    print('1..%d' % count)
    sys.exit(failed > 0)


main()
