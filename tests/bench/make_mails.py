#!/usr/bin/python3
"""Multiplies the filed sample replies into a Maildir: make_mails.py SAMPLES MAILDIR COUNT

Each mail gets its own Message-ID and its own reference, wherever the reference stands (subject, address, body; as it is, in an encoded
word, in base64 or quoted-printable). Deterministic: mail number N is always the same. Other tests import load() and mail().
"""
import base64
import json
import os
import random
import re
import sys

ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'
SOFT = rb'(?:=\r?\n)?'


def spread(reference):
    """A pattern that finds the reference even where quoted-printable broke the line inside it."""
    return re.compile(SOFT.join(re.escape(bytes([c])) for c in reference), re.I)


def swap(text, old, new):
    """Keeps the case that stands there (addresses carry the reference in lower case) and drops soft breaks inside it."""
    return spread(old).sub(lambda m: new.lower() if m.group(0).islower() or b'fp-' in m.group(0) else new, text)


def swap_word(match, old, new):
    try:
        inner = base64.b64decode(match.group(2))
    except ValueError:
        return match.group(0)
    return match.group(1) + base64.b64encode(swap(inner, old, new)) + b'?='


def swap_lines(match, old, new):
    lines = match.group(0)
    end = b'\r\n' if b'\r\n' in lines else b'\n'
    try:
        inner = base64.b64decode(lines)
    except ValueError:
        return lines
    changed = swap(inner, old, new)
    if changed == inner:
        return lines
    width = len(lines.split(end)[0])
    coded = base64.b64encode(changed)
    return end.join(coded[i:i + width] for i in range(0, len(coded), width)) + end


def make(raw, old, new, number):
    raw = swap(raw, old, new)
    raw = re.sub(rb'(=\?[\w-]+\?[bB]\?)([A-Za-z0-9+/=]+)\?=', lambda m: swap_word(m, old, new), raw)
    raw = re.sub(rb'(?m)(?:^[A-Za-z0-9+/]{60,78}={0,2}\r?\n)+(?:^[A-Za-z0-9+/]+={0,2}\r?\n)?', lambda m: swap_lines(m, old, new), raw)
    own = b'Message-ID: <bench.%08d@example.org>' % number
    changed, count = re.subn(rb'(?im)^Message-ID:[^\r\n]*(?:\r?\n[ \t][^\r\n]*)*', own, raw, count=1)
    return changed if count else own + b'\r\n' + raw


def load(samples):
    """Bytes and reference of each sample that is to be filed."""
    sources = []
    for name in sorted(os.listdir(samples)):
        if not name.endswith('.eml'):
            continue
        with open(os.path.join(samples, name[:-4] + '.json'), encoding='utf-8') as f:
            expected = json.load(f)
        if expected['outcome'] == 'filed' and expected['reference']:
            with open(os.path.join(samples, name), 'rb') as f:
                sources.append((f.read(), expected['reference'].encode()))
    return sources


def mail(sources, number):
    raw, old = sources[number % len(sources)]
    dice = random.Random(number)
    new = ('FP-' + ''.join(dice.choice(ALPHABET) for _ in range(10))).encode()
    return make(raw, old, new, number)


def put(maildir, number, raw):
    """As a delivery does: in new/, with its sizes in its name (Dovecot is slow at names that end alike)."""
    lines = raw.count(b'\n') - raw.count(b'\r\n')
    name = '%d.M%06dP%d.mail,S=%d,W=%d' % (1700000000 + number, number * 7919 % 1000000, 1000 + number % 1000, len(raw), len(raw) + lines)
    with open(os.path.join(maildir, 'new', name), 'wb') as f:
        f.write(raw)


def main():
    samples, maildir, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    sources = load(samples)
    for folder in ('tmp', 'new', 'cur'):
        os.makedirs(os.path.join(maildir, folder), exist_ok=True)
    size = 0
    for number in range(count):
        raw = mail(sources, number)
        size += len(raw)
        put(maildir, number, raw)
    print('%d mails, %d bytes' % (count, size))


if __name__ == '__main__':
    main()
