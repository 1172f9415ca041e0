#!/usr/bin/python3
"""Analysts: search, feedback show with its files, export as CSV and XLSX, saved filters; what nobody may know stays hidden in all of them."""
import base64
import csv
import io
import json
import os
import re
import shutil
import sys
import zipfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
from lab import Lab  # noqa: E402



def segment(marker, body):
    return bytes([0xff, marker]) + (len(body) + 2).to_bytes(2, 'big') + body


# A JPEG with what cameras write into it: EXIF with a place, XMP with a name, a comment.
PICTURE = (b'\xff\xd8' + segment(0xe0, b'JFIF\0\1\1\0\0\1\0\1\0\0') + segment(0xe1, b'Exif\0\0GPS 27.7N 85.3E') + segment(0xe1, b'xmp:creator=Zainab')
           + segment(0xfe, b'by Zainab Kola') + segment(0xda, b'\1\2') + b'scanned\xff\0data\xff\xd9trailing Zainab')


def report(lab, number, name, address, sharing, lesson, files=()):
    """A reply to the form progress-check as it comes, with files."""
    parts = ['--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nCountry: Nepal\nProgramme: Courts\nProgress: 4\nSupport needed: %s\nSharing: %s\n'
             % (lesson, sharing)]
    for file_name, kind, data in files:
        parts.append('--b\r\nContent-Type: %s; name="%s"\r\nContent-Disposition: attachment; filename="%s"\r\nContent-Transfer-Encoding: base64\r\n\r\n%s\r\n'
                     % (kind, file_name, file_name, base64.b64encode(data).decode()))
    text = ('From: %s <%s>\r\nTo: feedback@example.org\r\nSubject: Re: Progress check\r\nDate: Mon, 02 Nov 2026 08:00:0%d +0000\r\nMessage-ID: <%d@example.net>\r\n'
            'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n' % (name, address, number, number)) + ''.join(parts) + '--b--\r\n'
    path = os.path.join(lab.folder, '%d.eml' % number)
    with open(path, 'wb') as f:
        f.write(text.replace('\r\n', '\n').replace('\n', '\r\n').encode())
    return path


def found(lab, *words):
    done = lab.run('search', '--json', *words)
    return [] if done.returncode else json.loads(done.stdout)


with Lab('analysts') as lab:
    database = lab.postgres()
    lab.serve('--only', 'parse')
    paths = [report(lab, 1, 'Amina Open', 'amina@example.net', 'open', '=cmd() is what they typed; bribes at the court'),
             report(lab, 2, 'Zainab Kola', 'zainab@example.net', 'no-name', 'ZAINAB told zainab@example.net of bribes',
                    [('zainab-kola.jpg', 'image/jpeg', PICTURE), ('zainab.pdf', 'application/pdf', b'%PDF-1.4 /Author (Zainab)')]),
             report(lab, 3, 'Secret Person', 'secret@example.net', 'restricted', 'bribes of the minister')]
    lab.run('import', *paths)
    lab.wait('three are filed', lambda: database.sql('SELECT count(*) FROM fieldpost.feedback') == [['3']])
    numbers = dict((sharing, number) for sharing, number in database.sql('SELECT sharing, feedback_id FROM fieldpost.feedback'))

    lab.same([(f['sharing'], f['name']) for f in found(lab, 'bribes')], [('no-name', None), ('open', 'Amina Open')], 'search: the newest first, restricted ones not')
    lab.same([f['sharing'] for f in found(lab, 'bribes', '--restricted')], ['restricted', 'no-name', 'open'], 'unless they are asked for')
    lab.same([f['sharing'] for f in found(lab, 'zainab')], [], 'a hidden name finds nothing')
    lab.same([f['sharing'] for f in found(lab, 'brib*', '-court')], ['no-name'], 'the beginning of a word, and one that must not be there')
    lab.same([f['sharing'] for f in found(lab, 'the court')], ['open'], 'words in a row')
    lab.same(found(lab, 'bribes', '--country', 'SN'), [], 'by country')
    lab.same(len(found(lab, '--since', '2026-01-01', '--until', '2099-01-01')), 2, 'by day, without words')
    lab.ok('is a day like' in lab.run('search', '--since', 'monday').stderr, 'a day that is none')

    lab.same(len(found(lab, 'bribes', '--country', 'NP', '--save', 'nepal')), 2, 'kept as a filter')
    lab.same(len(found(lab, '--filter', 'nepal')), 2, 'and used')
    lab.ok('nepal' in lab.run('search', '--filters').stdout, 'filters are listed')
    lab.same(lab.run('search', '--forget', 'nepal').returncode, 0, 'forgotten')
    lab.ok('there is no filter "nepal"' in lab.run('search', '--filter', 'nepal').stderr, 'and gone')

    lab.run('team', 'add', 'Policy', '--member', 'clara@example.org')
    lab.run('team', 'add', 'Cleared', '--member', 'daniel@example.org', '--cleared')
    lab.same([f['sharing'] for f in found(lab, 'bribes', '--as', 'clara@example.org')], ['no-name', 'open'], 'as a member')
    lab.ok('nobody of a team' in lab.run('search', 'bribes', '--as', 'eve@example.org').stderr, 'as nobody')

    hidden = lab.run('feedback', 'show', numbers['no-name'])
    lab.ok('[…] told […] of bribes' in hidden.stdout and 'practitioner' in hidden.stdout, 'feedback show', hidden.stdout + hidden.stderr)
    lab.ok(not re.search('zainab|kola', hidden.stdout + lab.run('feedback', 'show', numbers['no-name'], '--json').stdout, re.I), 'no name in it, nor in its files')
    closed = lab.run('feedback', 'show', numbers['restricted'])
    lab.ok(closed.returncode != 0 and 'minister' not in closed.stdout + closed.stderr, 'a restricted one is not there')
    lab.same(closed.stderr.replace(numbers['restricted'], 'N'), lab.run('feedback', 'show', '999999').stderr.replace('999999', 'N'), 'just as one that is not there')
    lab.ok('minister' in lab.run('feedback', 'show', numbers['restricted'], '--restricted').stdout, 'unless it is asked for')

    files = os.path.join(lab.folder, 'files')
    os.mkdir(files)
    if lab.root:
        shutil.chown(files, 'nobody', 'nogroup')
    done = lab.run('feedback', 'show', numbers['no-name'], '--attachments', files)
    lab.same(os.listdir(files), ['part-2.jpg'], 'the photo is handed out under a name of ours, the document is kept back')
    lab.ok('part 3 is kept back' in done.stdout, 'and that is said', done.stdout + done.stderr)
    with open(os.path.join(files, 'part-2.jpg'), 'rb') as f:
        picture = f.read()
    lab.ok(not re.search(b'Zainab|GPS|Exif|xmp', picture) and b'scanned\xff\x00data\xff\xd9' in picture, 'without what the camera wrote into it', picture)

    rows = list(csv.DictReader(io.StringIO(lab.run('export', 'progress-check', '--csv', '-').stdout.lstrip('\ufeff'))))
    lab.same([r['sharing'] for r in rows], ['open', 'no-name'], 'export: CSV')
    lab.ok(rows and rows[0]['support'].startswith("'=cmd()"), 'a text that looks like a formula is none', rows)
    lab.ok(not re.search('zainab|kola|minister|secret', str(rows), re.I), 'no name and nothing restricted')
    lab.same(lab.run('export', 'progress-check', '--csv', '-', '--restricted').stdout.count('minister'), 1, 'unless it is asked for')
    book = os.path.join(files, 'out.xlsx')
    lab.ok('2 rows' in lab.run('export', 'progress-check', '--xlsx', book, '--labels', 'fr').stdout, 'XLSX')
    with zipfile.ZipFile(book) as z:
        inside = b''.join(z.read(n) for n in z.namelist()).decode()
    lab.ok('=cmd()' in inside and '<f>' not in inside and not re.search('zainab|kola|minister', inside, re.I), 'no formula, no name, nothing restricted')
    kept = os.path.join(files, 'kept.csv')
    lab.run('export', 'progress-check', '--csv', kept)
    size = os.path.getsize(kept)
    done = lab.run('export', 'nothing', '--csv', kept)
    lab.ok('there is no form' in done.stderr, 'a form that is not there', done.stderr)
    lab.same(os.path.getsize(kept), size, 'and the table that was written before stays')

    audit = database.sql("SELECT actor, detail ->> 'by' FROM fieldpost.audit WHERE action = 'read' AND object LIKE 'feedback %' ORDER BY audit_id")
    lab.same([a[1] for a in audit], ['search', 'feedback show', 'export'], 'each reading of what is restricted is in the audit')
    lab.ok(all(a[0].startswith('command:') and a[0] != 'command:?' for a in audit), 'with who read it', audit)
    lab.same([f['sharing'] for f in found(lab, 'bribes', '--as', 'daniel@example.org')][:1], ['restricted'], 'a cleared member sees it')
    lab.ok(database.sql("SELECT actor FROM fieldpost.audit ORDER BY audit_id DESC LIMIT 1")[0][0].endswith(' for daniel@example.org'), 'and is named in the audit')

    # What the person at the machine sees besides is noted, too; of what is open to all nothing.
    messages = dict(database.sql('SELECT sharing, message_id FROM fieldpost.feedback'))
    before = len(json.loads(lab.run('audit', 'list', '--json').stdout))
    for sharing in ('open', 'no-name', 'restricted'):
        lab.run('explain', numbers[sharing])
        lab.run('review', 'show', messages[sharing])
    lab.run('explain', numbers['restricted'], '--raw')
    lab.run('people', 'list')
    rows = json.loads(lab.run('audit', 'list', '--json').stdout)
    lab.same(sorted((r['object'], json.loads(r['detail'])['by']) for r in rows[:len(rows) - before]), sorted(
        [('feedback ' + numbers[s], 'explain') for s in ('no-name', 'restricted', 'restricted')] + [('message ' + messages[s], 'review show') for s in
         ('no-name', 'restricted')] + [('message ' + messages['restricted'], 'raw'), ('people', 'people list')]), 'explain, review show, raw, lists of people')
    lab.ok(not re.search('zainab|kola|minister|secret|bribes', json.dumps(rows), re.I), 'the audit holds nothing of the words')
    lab.same({r['object'] for r in json.loads(lab.run('audit', 'list', '--json', '--object', 'people', '--since', '2026-01-01', '--limit', '1').stdout)}, {'people'},
             'audit list: of one object')

    # A formula in full width, one behind blanks, and a file that would like to be elsewhere.
    lab.run('import', report(lab, 4, 'Eve', 'eve@example.net', 'open', '\uff1dcmd()', [('../../../evil.txt', 'text/plain', b'evil'), ('..', 'text/plain', b'dots')]),
            report(lab, 5, 'Eve', 'eve@example.net', 'open', '\u00a0 @SUM(1)'), report(lab, 6, 'Eve', 'eve@example.net', 'open', '\uff0bSUM(1)'))
    lab.wait('they are filed', lambda: database.sql('SELECT count(*) FROM fieldpost.feedback') == [['6']])
    rows = list(csv.DictReader(io.StringIO(lab.run('export', 'progress-check', '--csv', '-').stdout.lstrip('\ufeff'))))
    lab.same([r['support'][:2] for r in rows[-3:]], ["'\uff1d", "'@", "'\uff0b"], 'formulas in full width, and behind blanks')
    number = database.sql("SELECT max(feedback_id) FROM fieldpost.feedback f JOIN fieldpost.attachment USING (message_id) WHERE f.sharing = 'open'")[0][0]
    lab.run('feedback', 'show', number, '--attachments', files)
    inside = sorted(os.listdir(files))
    lab.ok(any(n.endswith('evil.txt') for n in inside) and not os.path.exists(lab.folder + '/evil.txt') and '..' not in [n.split('-', 1)[-1] for n in inside],
           'files stay in the folder', inside)
