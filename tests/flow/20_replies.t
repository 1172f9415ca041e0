#!/usr/bin/python3
"""The sample replies of tests/cases/replies, each through `fieldpost parse --json`, compared with the result it must give (TAP).

Text is compared after NFC and with white space collapsed; all else exactly. A value that is wrong, invented or lost in a reply that was
filed is the worst result there is: there must be none.
"""
import concurrent.futures
import glob
import json
import os
import subprocess
import sys
import unicodedata

os.chdir(os.path.dirname(os.path.abspath(__file__)) + '/../..')
PROGRAM = os.environ.get('FIELDPOST', './fieldpost')
FOLDER = 'tests/cases/replies'
EMPTY = ('no-answers', 'no-template')  # reasons with which values are not judged


def squeeze(value):
    if isinstance(value, str):
        return ' '.join(unicodedata.normalize('NFC', value).split())
    return value


def same(a, b):
    return type(a) is type(b) and squeeze(a) == squeeze(b)


def read(path):
    command = [PROGRAM, 'parse', '--json'] + (['--text'] if path.endswith('.txt') else []) + [path]
    try:
        done = subprocess.run(command, capture_output=True, timeout=60)
        return json.loads(done.stdout), None
    except (subprocess.TimeoutExpired, OSError, ValueError) as e:
        return {'values': {}, 'errors': {}}, str(e)


def judge(want, got):
    """What is wrong with one result: (rate it counts against, what)."""
    wrong = []
    for key in ('outcome', 'reason', 'reference'):
        if got.get(key) != want[key]:
            wrong.append((key, '%s is %s, not %s' % (key, got.get(key), want[key])))
    if want['outcome'] == 'ignored':
        return wrong
    for key in ('template', 'language'):
        if got.get(key) != want[key]:
            wrong.append((key, '%s is %s, not %s' % (key, got.get(key), want[key])))
    if want['reason'] in EMPTY:
        return wrong
    if got['errors'] != want['errors']:
        wrong.append(('errors', 'errors are %s, not %s' % (got['errors'], want['errors'])))
    for field in sorted(set(want['values']) | set(got['values'])):
        a, b = want['values'].get(field), got['values'].get(field)
        if not same(a, b):
            wrong.append(('values', '%s is %r, not %r' % (field, b, a)))
    return wrong


def is_silent(want, got, wrong):
    if got.get('outcome') != 'filed':
        return False
    return want['outcome'] != 'filed' or any(key in ('values', 'template', 'reference', 'errors') for key, _ in wrong)


def main():
    paths = sorted(p for e in ('eml', 'txt') for p in glob.glob('%s/*.%s' % (FOLDER, e)))
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(read, paths))
    wrong, silent, broken = {}, [], []
    for path, (got, why) in zip(paths, answers):
        with open(path[:-4] + '.json', encoding='utf-8') as f:
            want = json.load(f)
        name = os.path.basename(path)
        if why:
            broken.append('%s: %s' % (name, why))
        found = judge(want, got)
        for key, what in found:
            wrong.setdefault(key, []).append('%s: %s' % (name, what))
        if is_silent(want, got, found):
            silent.append(name)
    checks = [('all %d cases are there' % len(paths), [] if len(paths) == 240 else ['%d cases' % len(paths)]),
              ('every case gives a result', broken)]
    checks += [('every %s is right' % key, wrong.get(key, []))
               for key in ('outcome', 'reason', 'template', 'reference', 'language', 'errors', 'values')]
    checks.append(('nothing wrong is filed silently', silent))
    print('1..%d' % len(checks))
    for number, (what, bad) in enumerate(checks, 1):
        print('%s %d - %s' % ('not ok' if bad else 'ok', number, what))
        for line in bad[:20]:
            print('#   ' + line.replace('\n', ' '))
    sys.exit(any(bad for _, bad in checks))


main()
