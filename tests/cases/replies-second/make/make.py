#!/usr/bin/python3
"""Writes the second set of replies beside this folder: NNN-NAME.eml or .txt, what each must give as .json, and index.json (tags).

tests/cases/replies-second/make/make.py      the same every time; what is committed is what it writes
"""
import glob
import json
import os

import automatic
import matrix
import special

FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..')


def cases():
    for i, (client, layout, form, language) in enumerate(matrix.plan()):
        message, want, tags = matrix.build(i + 1, client, layout, form, language, 1000 + i, i % 3 == 0)
        yield '%s-%s-%s' % (client, layout, language), message, want, tags
    for client, layout, form, language, seed, long in matrix.FOUND:
        message, want, tags = matrix.build(seed, client, layout, form, language, seed, long)
        yield 'found-%s-%s-%s' % (client, layout, language), message, want, tags
    for make in (special.values, special.far_dates, special.channels, special.remarks, special.charsets, special.broken_mime, automatic.away, automatic.bounces,
                 automatic.receipts, automatic.forwards, automatic.threads, automatic.silence):
        make()
    yield from special.CASES


def main():
    for old in glob.glob(FOLDER + '/*.eml') + glob.glob(FOLDER + '/*.txt') + glob.glob(FOLDER + '/*.json'):
        os.remove(old)
    index = {}
    for i, (name, message, want, tags) in enumerate(cases(), 1):
        stem = '%03d-%s' % (i, name)
        index[stem] = tags
        path = os.path.join(FOLDER, stem + ('.txt' if isinstance(message, str) else '.eml'))
        with open(path, 'wb') as f:
            f.write(message.encode() + b'\n' if isinstance(message, str) else message)
        with open(os.path.join(FOLDER, stem + '.json'), 'w', encoding='utf-8') as f:
            json.dump(want, f, ensure_ascii=False, sort_keys=True, indent=1)
            f.write('\n')
    with open(FOLDER + '/index.json', 'w', encoding='utf-8') as f:
        f.write('{\n' + ',\n'.join('"%s": %s' % (k, json.dumps(v)) for k, v in index.items()) + '\n}\n')
    print('%d messages' % len(index))


main()
