#!/usr/bin/python3
"""House style, as far as a machine can see it (TAP). Run from anywhere; reads the tracked and new files of the tree."""
import os
import re
import subprocess
import sys

os.chdir(os.path.dirname(os.path.abspath(__file__)) + '/..')


def files(*patterns):
    try:
        out = subprocess.run(['git', '-c', 'safe.directory=*', 'ls-files', '--cached', '--others', '--exclude-standard',
                              *patterns], capture_output=True, text=True, check=True).stdout.split('\n')
        if any(out):
            return [f for f in out if f and os.path.exists(f)]
    except (OSError, subprocess.CalledProcessError):
        pass
    import fnmatch
    found = []
    for top, _, names in os.walk('.'):
        if top.startswith(('./build', './.git', './state')):
            continue
        found += [os.path.join(top, n)[2:] for n in names if any(fnmatch.fnmatch(n, p) for p in patterns)]
    return found


def read(path):
    with open(path, encoding='utf-8', errors='replace') as f:
        return f.read()


C = [f for f in files('*.c', '*.h') if f.startswith(('gateway/', 'parsers/', 'tests/'))]
PROGRAM = [f for f in C if f.startswith(('gateway/', 'parsers/'))]
results = []


def check(name, bad):
    results.append((name, bad))


def strip(code):
    """Code with comments and string contents blanked, line numbers kept."""
    def blank(m):
        return re.sub(r'[^\n]', ' ', m.group(0)) if m.group(0).startswith('/') else '""'
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, code, flags=re.S)


def functions(path):
    """(name, first line, lines) of each function: kernel layout, so a body opens and closes in column 0."""
    lines = read(path).split('\n')
    start = None
    for i, line in enumerate(lines):
        if line == '{':
            start = i
        elif line == '}' and start is not None:
            name = next((m.group(1) for j in range(start - 1, max(-1, start - 8), -1)
                         for m in [re.match(r'[a-z].*?(\w+)\(', lines[j])] if m), '?')
            yield name, start + 1, i - start + 1
            start = None


long_functions = ['%s:%d %s() has %d lines' % (f, at, name, n) for f in PROGRAM if f.endswith('.c')
                  for name, at, n in functions(f) if n > 80]
check('no function is longer than 80 lines', long_functions)
check('no file of the program is longer than 500 lines',
      ['%s: %d lines' % (f, n) for f in PROGRAM for n in [read(f).count('\n')] if n > 500])
check('no line is wider than 120 columns', ['%s:%d' % (f, i + 1) for f in PROGRAM for i, line in enumerate(read(f).split('\n'))
                                            if len(line.replace('\t', ' ' * 8)) > 132])

STAGES = {'intake', 'web', 'filing', 'digest', 'delivery', 'outreach', 'staff'}
bad_doors, bad_parsers, bad_base = [], [], []
for f in PROGRAM:
    folder = f.split('/')[1] if f.startswith('gateway/') and f.count('/') > 1 else ''
    for i, line in enumerate(read(f).split('\n')):
        m = re.match(r'#include "([a-z_]+)/([a-z_/]+)\.h"', line)
        if not m:
            continue
        there, name = m.groups()
        if there in STAGES and there != folder and name != there:
            bad_doors.append('%s:%d includes %s/%s.h past its door' % (f, i + 1, there, name))
        if there in STAGES and folder in STAGES and there != folder:
            bad_doors.append('%s:%d: a stage includes another stage' % (f, i + 1))
        if there == 'parsers' and name != 'parsers' and not f.startswith('parsers/'):
            bad_doors.append('%s:%d includes parsers/%s.h past its door' % (f, i + 1, name))
        if f.startswith('parsers/') and there not in ('base', 'parsers'):
            bad_parsers.append('%s:%d includes %s/%s.h' % (f, i + 1, there, name))
        if folder == 'base' and there != 'base':
            bad_base.append('%s:%d includes %s/%s.h' % (f, i + 1, there, name))
check('a folder is entered by its door only', bad_doors)
check('the parsers stand on base/ alone', bad_parsers)
check('base/ stands on nothing', bad_base)

WRAPPERS = {
    'libpq-fe.h': ('gateway/store/',), 'libetpan/': ('gateway/intake/', 'gateway/net/'), 'curl/curl.h': ('gateway/delivery/', 'gateway/net/'),
    'gmime/': ('parsers/mail',), 'libxml/': ('parsers/html',), 'unicode/': ('gateway/base/unicode', 'gateway/digest/', 'parsers/lexicon', 'parsers/value'),
    'yaml.h': ('gateway/base/yaml',), 'seccomp.h': ('gateway/filing/sandbox',), 'systemd/': ('gateway/core/',), 'xlsxwriter.h': ('gateway/digest/sheet', 'gateway/cli/export'), 'microhttpd.h': ('gateway/net/http_',),
}
bad_wrappers = []
for f in PROGRAM:
    for i, line in enumerate(read(f).split('\n')):
        m = re.match(r'#include <([^>]+)>', line)
        for header, places in WRAPPERS.items() if m else ():
            if m.group(1).startswith(header) and not f.startswith(places):
                bad_wrappers.append('%s:%d includes <%s>' % (f, i + 1, m.group(1)))
check('each foreign library has one wrapper', bad_wrappers)

SQL = re.compile(r'"\s*(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|WITH)\s', re.I)
check('SQL stands in sql/ and store/ alone', ['%s:%d' % (f, i + 1) for f in PROGRAM if not f.startswith('gateway/store/')
                                              for i, line in enumerate(read(f).split('\n')) if SQL.search(line)])
matrix = subprocess.run(['sql/tests/matrix_docs', '--check'], capture_output=True, text=True)
check('docs/security.md shows the matrix of who sees what', [matrix.stderr.strip()] if matrix.returncode else [])
MARKS = re.compile(r'\b(TODO|FIXME|XXX|HACK)\b')
TEXTS = [f for f in files('*.c', '*.h', '*.sql', '*.yaml', '*.md', '*.t', '*.sh', 'Makefile', '*.mustache') if not f.startswith('tests/cases/') and f != 'tests/lint.t']
check('nothing was left for later', ['%s:%d' % (f, i + 1) for f in TEXTS for i, line in enumerate(read(f).split('\n')) if MARKS.search(line)])
check('headers say what they are', [f for f in PROGRAM if f.endswith('.h') and not read(f).startswith('/*')])
check('sources begin with a banner', [f for f in PROGRAM if f.endswith('.c') and not read(f).startswith('/*')])
check('white space is clean', ['%s:%d' % (f, i + 1) for f in C for i, line in enumerate(read(f).split('\n')) if line != line.rstrip()])
check('no freed pointer is kept: destructors take the address',
      ['%s:%d' % (f, i + 1) for f in PROGRAM if f.endswith('.h') for i, line in enumerate(read(f).split('\n'))
       if re.match(r'void \w+_(free|close)\(struct \w+ \*\w+\)', line)])
TOP = {'gateway', 'parsers', 'sql', 'config', 'tests', 'systemd', 'docs', 'Makefile', 'README.md', 'LICENSE'}
check('the top level is fixed', sorted({f.split('/')[0] for f in files() if not f.startswith('.')} - TOP - {'build', 'state', 'fieldpost'}))

print('1..%d' % len(results))
for n, (name, bad) in enumerate(results, 1):
    print('%s %d - %s' % ('not ok' if bad else 'ok', n, name))
    for line in bad[:12]:
        print('#   ' + line)
sys.exit(any(bad for _, bad in results))
