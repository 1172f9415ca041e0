#!/usr/bin/python3
"""Mails as large and as nasty as they may come, one after another: read or set aside soon, in little memory, by one and the same reader.

What is measured is the reader's own processor time, as the kernel counts it, and the memory it and its holder had at most (VmHWM): a
machine that has much else to do changes neither. Taken are the worst of each kind; LIMITS=all (tests/long) takes all of them, LIMITS=names
(parts of them) those.
"""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'cases', 'mail'))
from lab import Lab  # noqa: E402
from limits import memory_mails, nasty_mails  # noqa: E402

CHILD_MAX, HOLDER_MAX = 120, 90  # MB of memory
WORST = ('html-encoded', 'nested-m', 'html-5m', 'line-1m-words', 'combining-mixed', 'blank-lines', 'attributions-long')


def memory_peak(pid):
    """MB."""
    with open('/proc/%d/status' % pid) as f:
        return next(int(l.split()[1]) for l in f if l.startswith('VmHWM:')) * 1024 / 1e6


def child_of(pid):
    with open('/proc/%d/task/%d/children' % (pid, pid)) as f:
        pids = f.read().split()
    return int(pids[0]) if pids else None


class Reader:
    """The parse duty: hands it one mail and looks at what that took."""

    def __init__(self, lab):
        self.lab = lab
        self.holder = lab.duty_pid('parse')
        lab.wait('the reader is there', lambda: child_of(self.holder), 30)
        self.child = child_of(self.holder)
        print('# %-23s %38.1f MB  holder %5.1f MB' % ('at the start: child', memory_peak(self.child), memory_peak(self.holder)))
        self.path = os.path.join(lab.folder, 'mail.eml')
        self.slow = []

    def settled(self):
        rows = self.lab.sql("SELECT message_id, state, coalesce(reason::text, ''), attempts FROM fieldpost.message"
                            " ORDER BY message_id DESC LIMIT 1")
        return rows[0] if rows and rows[0][1] != 'received' and rows[0][0] != self.last else None

    def read(self, name, raw, seconds, reasons):
        """The message's number."""
        with open(self.path, 'wb') as f:
            f.write(raw)
        before = self.lab.cpu_seconds(self.child)
        done = self.lab.run('import', self.path)
        self.row = None

        def look():
            self.row = self.settled()
            return self.row
        self.lab.wait('%s is settled' % name, look, 60)
        took = self.lab.cpu_seconds(self.child) - before if child_of(self.holder) == self.child else -1
        print('# %-23s %5.1f MB  %5.2f s  child %5.1f MB  holder %5.1f MB  %s' % (
            name, len(raw) / 1e6, took, memory_peak(self.child) if took >= 0 else -1, memory_peak(self.holder),
            self.row and ' '.join(self.row)), flush=True)
        if took < 0:
            self.child = child_of(self.holder)
        self.last = self.row[0] if self.row else self.last
        good = self.row and self.row[1] != 'failed' and self.row[3] == '0' and (self.row[2] or None) in reasons
        self.lab.ok(good and 0 <= took <= seconds, '%s: read or set aside within %.1f s' % (name, seconds),
                    '%s, %.2f s; %s%s' % (self.row, took, done.stdout, done.stderr))
        return self.last

    last = None


def memory(lab, reader):
    for name, raw, seconds, reasons, attached in memory_mails():
        message = reader.read(name, raw, seconds, reasons)
        if attached:
            rows = lab.sql("SELECT size, encode(sha256, 'hex'), type, name FROM fieldpost.attachment WHERE message_id = %s" % message)
            lab.same(rows, [[str(attached[0]), attached[1], 'application/pdf', 'scan.pdf']], 'its attachment is known by size, sum and type')
    lab.ok(memory_peak(reader.child) < CHILD_MAX, 'the reader had less than %d MB' % CHILD_MAX, memory_peak(reader.child))
    lab.ok(memory_peak(reader.holder) < HOLDER_MAX, 'its holder less than %d MB' % HOLDER_MAX, memory_peak(reader.holder))


def main():
    wanted = os.environ.get('LIMITS', '').split()
    chosen = () if 'all' in wanted else wanted or WORST
    with Lab('limits') as lab:
        lab.serve()
        reader = Reader(lab)
        child = reader.child
        if not wanted or 'all' in wanted:
            memory(lab, reader)
        for name, raw, seconds, reasons in nasty_mails():
            if not chosen or any(w in name for w in chosen):
                reader.read(name, raw, seconds, reasons)
        lab.same(child_of(reader.holder), child, 'one reader read them all')
        lab.same(lab.status()['alarms'], [], 'and there is no alarm')


main()
