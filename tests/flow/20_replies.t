#!/usr/bin/python3
"""The two sets of sample replies, each through `fieldpost parse --json`, compared with the result it must give (TAP).

tests/cases/replies: the set that the reader was made with. tests/cases/replies-second: other clients, layouts, people and texts, written
from the contract and from how clients work (its make/make.py writes it). In the second, remarks are compared where the result names them.

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
SETS = (('tests/cases/replies', 240), ('tests/cases/replies-second', 426))
EMPTY = ('no-answers', 'no-template')  # reasons with which values are not judged


def squeeze(value):
    if isinstance(value, str):
        return ' '.join(unicodedata.normalize('NFC', value).split())
    return value


def same(a, b):
    return type(a) is type(b) and squeeze(a) == squeeze(b)


def read(paths):
    """{path: (result, why there is none)} of files of one kind, by one process."""
    command = [PROGRAM, 'parse', '--json'] + (['--text'] if paths[0].endswith('.txt') else []) + paths
    text, why, found = '', 'no result', []
    try:
        text = subprocess.run(command, capture_output=True, timeout=300).stdout.decode()
        while text.strip():
            result, end = json.JSONDecoder().raw_decode(text.lstrip())
            text = text.lstrip()[end:]
            found.append(result)
    except (subprocess.TimeoutExpired, OSError, ValueError) as e:
        why = str(e)
    return {path: (found[i], None) if i < len(found) else ({'values': {}, 'errors': {}}, why) for i, path in enumerate(paths)}


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
    if 'remarks' in want and not same(want['remarks'], got.get('remarks')):
        wrong.append(('remarks', 'remarks are %r, not %r' % (got.get('remarks'), want['remarks'])))
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


def check_set(folder, count):
    """[(what is checked, what is wrong)] of one set."""
    paths = sorted(p for e in ('eml', 'txt') for p in glob.glob('%s/*.%s' % (folder, e)))
    mails, texts = ([p for p in paths if p.endswith(e)] for e in ('eml', 'txt'))
    answers = {}
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for some in pool.map(read, [part for part in (mails[::2], mails[1::2], texts) if part]):
            answers.update(some)
    wrong, silent, broken = {}, [], []
    for path in paths:
        got, why = answers[path]
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
    checks = [('all %d cases are there' % count, [] if len(paths) == count else ['%d cases' % len(paths)]),
              ('every case gives a result', broken)]
    checks += [('every %s is right' % key, wrong.get(key, []))
               for key in ('outcome', 'reason', 'template', 'reference', 'language', 'errors', 'values', 'remarks')]
    checks.append(('nothing wrong is filed silently', silent))
    return [('%s: %s' % (os.path.basename(folder), what), bad) for what, bad in checks]


def main():
    checks = [check for folder, count in SETS for check in check_set(folder, count)]
    print('1..%d' % len(checks))
    for number, (what, bad) in enumerate(checks, 1):
        print('%s %d - %s' % ('not ok' if bad else 'ok', number, what))
        for line in bad[:20]:
            print('#   ' + line.replace('\n', ' '))
    sys.exit(any(bad for _, bad in checks))


main()
