"""Reading alone, from raw bytes to typed answers, beside GMime's parsing and decoding of the same mails (see bench_read.c).

Times are of runs in turn; instructions are counted by callgrind, so they are the same on a busy machine and are what is judged.
"""
import os
import re
import subprocess
import tempfile

PROGRAM = 'build/release/bench/bench_read'
FOLDERS = ['config/forms', 'config/languages', 'tests/cases/replies']
KINDS = ['read', 'gmime', 'one', 'many']
RATIO_MOST, FORMS_MOST = 3.0, 1.20


def instructions(tree, kind):
    """User instructions a mail, without the start of the process and what it loads."""
    with tempfile.TemporaryDirectory(prefix='bench-read') as folder:
        out = os.path.join(folder, 'callgrind')
        done = subprocess.run(['valgrind', '-q', '--tool=callgrind', '--instr-atstart=no', '--callgrind-out-file=' + out, PROGRAM, '--count',
                               kind] + FOLDERS, cwd=tree, check=True, capture_output=True, text=True)
        mails = int(re.match(r'(\d+) mails', done.stdout).group(1))
        with open(out, encoding='utf-8', errors='replace') as f:
            total = int(re.search(r'^totals: (\d+)$', f.read(), re.M).group(1))
    return total / mails


def bench(tree, runs):
    """Prints what was measured; 1 when a limit is broken, else 0."""
    subprocess.run(['make', '-s', PROGRAM], cwd=tree, check=True)
    subprocess.run([PROGRAM] + FOLDERS + [str(runs)], cwd=tree, check=True)
    counted = {kind: instructions(tree, kind) for kind in KINDS}
    ratio, forms = counted['read'] / counted['gmime'], counted['many'] / counted['one']
    print('instructions a mail: read %.0f, gmime %.0f; with one form %.0f, with 100 forms %.0f' % tuple(counted[kind] for kind in KINDS))
    print('read / gmime %.2f (at most %.1f); 100 forms / one form %.3f (at most %.2f)' % (ratio, RATIO_MOST, forms, FORMS_MOST), flush=True)
    status = 0
    if ratio > RATIO_MOST:
        print('FAILED: reading takes %.2f times what GMime takes' % ratio)
        status = 1
    if forms > FORMS_MOST:
        print('FAILED: with 100 forms reading takes %.2f times what it takes with one' % forms)
        status = 1
    return status
