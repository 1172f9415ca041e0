#!/usr/bin/python3
"""`fieldpost parse` for people: what each line of a mail was taken as and why, in colours on a terminal (TAP).

The files beside the mails in tests/cases/trace hold what is printed; make them anew with `./fieldpost parse FILE` when it changes for good.
"""
import json
import os
import pty
import re
import subprocess
import sys

os.chdir(os.path.dirname(os.path.abspath(__file__)) + '/../..')
PROGRAM = os.path.abspath(os.environ.get('FIELDPOST', './fieldpost'))
CASES = 'tests/cases/trace'
COLOUR = re.compile(r'\x1b\[[0-9;]*m')
count = failed = 0


def check(good, what, found=''):
    global count, failed
    count += 1
    failed += not good
    print('%s %d - %s' % ('ok' if good else 'not ok', count, what))
    if not good:
        for line in str(found).splitlines()[:30]:
            print('#  ' + repr(line)[1:-1])
    sys.stdout.flush()


def environment(**more):
    clean = {key: value for key, value in os.environ.items() if key != 'NO_COLOR'}
    return dict(clean, TERM='xterm', **more)


def command(*arguments):
    return [PROGRAM, 'parse'] + list(arguments)


def piped(*arguments, **more):
    return subprocess.run(command(*arguments), capture_output=True, text=True, env=environment(**more), timeout=60).stdout


def on_terminal(*arguments, **more):
    """What the program prints when its standard output is a terminal."""
    ours, theirs = pty.openpty()
    running = subprocess.Popen(command(*arguments), stdout=theirs, stdin=subprocess.DEVNULL, env=environment(**more))
    os.close(theirs)
    read = b''
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        read += piece
    os.close(ours)
    running.wait(timeout=60)
    return read.decode().replace('\r\n', '\n')


def first_difference(a, b):
    pairs = zip(a.splitlines() + ['(end)'], b.splitlines() + ['(end)'])
    return '\n'.join(next((pair for pair in pairs if pair[0] != pair[1]), ('', '')))


def golden():
    for name in sorted(os.listdir(CASES)):
        stem, kind = os.path.splitext(name)
        if kind not in ('.eml', '.txt'):
            continue
        path = '%s/%s' % (CASES, name)
        out = piped(*(['--text'] if kind == '.txt' else []), path)
        want = open('%s/%s.out' % (CASES, stem)).read()
        check(out == want, '%s: each line is told as it was taken' % path, first_difference(want, out))


def colours():
    mail = CASES + '/reply.eml'
    plain = piped(mail)
    check(not COLOUR.search(plain), 'no colour in a pipe', plain)
    shown = on_terminal(mail)
    check(COLOUR.sub('', shown) == plain, 'a terminal gets the same words', first_difference(plain, COLOUR.sub('', shown)))
    kinds = {}
    for line in shown.splitlines():
        found = re.match(r' *\d+  (\x1b\[[0-9;]*m)(\w+) .*\x1b\[0m$', line)
        if found:
            kinds.setdefault(found.group(2), set()).add(found.group(1))
    want = {'answer', 'label', 'request', 'quote', 'attribution', 'signature', 'boilerplate', 'remark', 'ignored'}
    check(set(kinds) == want, 'every kind of line is there, each in colour', kinds)
    ways = [way for kind in kinds for way in kinds[kind]]
    check(len(ways) == len(set(ways)), 'no two kinds share a colour', kinds)
    check(len(kinds.get('answer', ())) == 2, 'an answer that was not understood has another than one that was', kinds)
    check(on_terminal(mail, NO_COLOR='1') == plain, 'NO_COLOR: none on a terminal either')
    check(piped('--colour', mail) == shown, '--colour: in a pipe as on a terminal')
    check(piped('--colour', mail, NO_COLOR='1') == shown, '--colour is stronger than NO_COLOR')
    check(on_terminal('--json', mail) == piped('--json', mail), '--json has no colour and no lines')
    result = json.loads(piped('--json', mail))
    check(set(result) == {'outcome', 'reason', 'template', 'reference', 'language', 'values', 'errors', 'remarks'},
          'and is the reply contract, no more', result)


def hostile():
    """A mail cannot speak to the terminal."""
    out = subprocess.run(
        command('--colour', '-'), input='Subject: Progress check\n\nCountry: Nepal\x1b]0;owned\x07\n', capture_output=True, text=True,
        env=environment(), timeout=60).stdout
    check('\x1b]' not in out and '\x07' not in out and 'Nepal' in out, 'control characters of a mail are not printed', out)


golden()
colours()
hostile()
print('1..%d' % count)
sys.exit(failed > 0)
