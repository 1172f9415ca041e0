#!/usr/bin/python3
"""People: a list of ten thousand with every fault, imported twice, exported; who wrote is verified, forged or unknown; a reply to last
month's form; a person is erased and does not come back."""
import csv
import hashlib
import io
import json
import os
import re
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
import reports  # noqa: E402
from lab import Lab  # noqa: E402

ROWS = 10000
NAMES = ['key', 'name', 'country', 'language', 'zone', 'mail', 'phone', 'paused']

# row in the file -> (column, a word of what is said); the others are well
FAULTS = {
    100: ('name', '', 'name'), 200: ('name', 'Ann\u202eevil', 'seen'), 300: ('name', '=cmd()', 'formula'), 400: ('name', 'x' * 201, 'longer'),
    500: ('country', 'XX', 'country'), 600: ('country', 'Nepal', 'letters'), 700: ('language', 'Français', 'language'),
    800: ('zone', 'Mars/Base', 'zone'), 900: ('mail', 'nobody', 'nobody'), 1000: ('mail', 'a@b@c.example', 'a@b@c.example'),
    1100: ('mail', 'person1@people.example', 'line 2'), 1200: ('phone', '12345', 'number'), 1300: ('phone', '+0123456789', 'number'),
    1400: ('paused', 'perhaps', 'yes nor no'), 1500: ('key', 'k1', 'line 2'), 1600: ('mail', 'field@ours.example', 'of this service'),
    1700: ('mail', 'a@x.example, b c', 'c:'),
}


def people(faulty):
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(NAMES)
    for i in range(1, ROWS + 1):
        row = {'key': 'k%d' % i, 'name': 'Person "%d", of Nowhere' % i, 'country': 'np', 'language': 'ne', 'zone': 'Asia/Kathmandu',
               'mail': 'person%d@people.example; P%d@home.example' % (i, i), 'phone': '+977 98%08d' % i, 'paused': 'no'}
        if faulty and i in FAULTS:
            row[FAULTS[i][0]] = FAULTS[i][1]
        writer.writerow([row[n] for n in NAMES])
    return out.getvalue()


def put(lab, name, text, encoding='utf-8'):
    path = os.path.join(lab.folder, name)
    with open(path, 'wb') as f:
        f.write(text.encode(encoding))
    return path


def count(lab, what):
    return int(lab.sql('SELECT count(*) FROM ' + what)[0][0])


def the_list(lab):
    lab.sql("SELECT api.own_addresses_set('smtp', ARRAY['field@ours.example'])")
    bad = lab.run('people', 'import', '--json', put(lab, 'bad.csv', people(True)))
    lab.same(bad.returncode, 65, 'a list with faults is refused')
    errors = {(e['line'] - 1, e['column']): e['error'] for e in json.loads(bad.stdout)['errors']} if bad.stdout else {}
    for row, (column, _, words) in FAULTS.items():
        lab.ok(words in errors.get((row, column), ''), 'row %d, %s: what is wrong is said' % (row, column),
               {k: v for k, v in errors.items() if k[0] == row})
    lab.same(len(errors), len(FAULTS), 'and nothing else')
    lab.same(count(lab, 'identity.contact'), 0, 'nothing of it stays')
    for name, text, encoding, words in (
            ('empty', '', 'utf-8', 'empty'), ('unknown', 'name,shoe size\nA,1\n', 'utf-8', 'shoe size'), ('twice', 'name,mail,name\n', 'utf-8', 'twice'),
            ('short', 'name,mail\nA\n', 'utf-8', '1 cells'), ('quote', 'name,mail\n"A,a@x.example\n', 'utf-8', 'quote'),
            ('latin', 'name,mail\nJosé,j@x.example\n', 'latin-1', 'UTF-8'), ('nobody', 'name,mail\nA,\n', 'utf-8', 'nobody'),
            ('channel', 'name,channel\nA,none:1\n', 'utf-8', 'no channel'), ('utf16', '\ufeffname\tmail\r\nAda\ta@x.example\r\n', 'utf-16-le', 'UTF-16'),
            ('utf16be', 'name,mail\nAda,a@x.example\n', 'utf-16-be', 'UTF-16'), ('nul', 'name,mail\nA\0da,a@x.example\n', 'utf-8', '2: name: it holds a character'),
            ('break', 'name,mail\n"Ada\r\nBcc: eve@x.example",a@x.example\n', 'utf-8', '2: name: it holds a line break'),
            ('break2', 'name,mail,role\nAda,"a@x.example\r\nBcc: eve@x.example","of\nficer"\n', 'utf-8', '2: role: it holds a line break'),
            ('unseen', 'name,mail\n\u200b,a@x.example\n', 'utf-8', '2: name: there is no letter'),
            ('formulas', 'name,mail,role\n-Ada,a@x.example,@SUM(A1)\n', 'utf-8', '2: role: it begins with @'),
            ('again', 'name,mail\nAda,a@x.example;b@x.example\nBen,B@X.example\n', 'utf-8', '3: mail: b@x.example stands in line 2 already'),
            ('behind', 'name,mail\n"Ada"n,a@x.example\n', 'utf-8', '2: something stands behind'),
            ('many', 'name,mail\n' + 'x,' * 100 + '\n', 'utf-8', '2: it has too many cells'), ('late', 'name,mail\nAda,a@x.example\n' * 1 + '"Ben,b@x.example\n' * 3, 'utf-8', '3: '),
            ('row', 'name,mail\n' + 'x' * (17 << 20), 'utf-8', 'larger than')):
        done = lab.run('people', 'import', put(lab, name + '.csv', text, encoding))
        lab.ok(done.returncode == (66 if name == 'row' else 65) and words in done.stderr, 'a file with a fault: ' + name, done.stderr)
    with open(os.path.join(lab.folder, 'sparse.csv'), 'wb') as f:
        f.write(b'name,mail\nAda')
        f.truncate(1 << 30)
    began = time.monotonic()
    done = lab.run('people', 'import', f.name)
    lab.ok(done.returncode == 66 and 'larger than' in done.stderr and time.monotonic() - began < 20, 'a line of a gigabyte is not read', done.stderr)
    with open('/dev/zero', 'rb') as zero:
        done = lab.run('people', 'import', '-', stdin=zero, timeout=60)
    lab.ok('larger than' in done.stderr, 'nor what never ends', done.stderr)
    lab.same(count(lab, 'identity.contact'), 0, 'nothing of all this stays')
    good = put(lab, 'good.csv', people(False))
    dry = lab.run('people', 'import', '--dry-run', good)
    lab.ok('would be: %d new' % ROWS in dry.stdout and count(lab, 'identity.contact') == 0, 'a dry run counts and leaves nothing', dry.stdout + dry.stderr)
    done = lab.run('people', 'import', good)
    lab.ok('%d new, 0 changed' % ROWS in done.stdout, 'ten thousand are imported', done.stdout + done.stderr)
    again = lab.run('people', 'import', good)
    lab.ok('0 new, 0 changed, %d as they were' % ROWS in again.stdout, 'again: nothing changes', again.stdout + again.stderr)
    lab.same(count(lab, 'identity.contact_address'), 3 * ROWS, 'each address is there once')
    exported = lab.run('people', 'export').stdout
    back = lab.run('people', 'import', put(lab, 'back.csv', exported))
    lab.ok('0 new, 0 changed, %d as they were' % ROWS in back.stdout, 'what is exported can be imported', back.stdout + back.stderr)
    tabs = 'key;name;paused\r\nk1;Other Name;yes\r\n'
    done = lab.run('people', 'import', put(lab, 'one.csv', '\ufeff' + tabs))
    lab.ok('0 new, 1 changed' in done.stdout, 'a list of some columns changes those', done.stdout + done.stderr)
    shown = json.loads(lab.run('people', 'show', '--json', 'P1@Home.Example').stdout or '{}')
    lab.ok(shown.get('name') == 'Other Name' and shown.get('paused') and shown.get('mail') == ['person1@people.example', 'p1@home.example'],
           'and nothing else; they are found by an address', shown)
    listed = json.loads(lab.run('people', 'list', '--json', '--country', 'NP', 'Other').stdout or '[]')
    lab.same([p['key'] for p in listed], ['k1'], 'the list finds by words')
    lab.same(lab.run('people', 'show', 'k0').returncode != 0, True, 'nobody has that key')
    lab.sql('DELETE FROM identity.contact')


FORM = '''id: plan
version: %d
title: {en: Plan of the month}
fields:
  - name: country
    type: country
    required: true
    label: {en: Country}
%s  - name: visits
    type: number
    required: true
    label: {en: Visits}
  - name: words
    type: text
    label: {en: Words}
'''
INSERTED = '''  - name: teams
    type: number
    label: {en: Teams}
'''
RESULTS = 'Authentication-Results: mx.ours.example; dmarc=%s header.from=%s\r\n'


def mail(number, sender, body, subject='Plan of the month', results='pass'):
    head = RESULTS % (results, sender.split('@')[1]) if results else ''
    return (head + 'Received: from x by mx.ours.example; Sun, 22 Nov 2026 00:00:00 +0000\r\nFrom: <%s>\r\nTo: field@ours.example\r\n'
            'Subject: %s\r\nMessage-ID: <%s@x.example>\r\nDate: Sun, 22 Nov 2026 00:00:00 +0000\r\n\r\n%s\r\n'
            % (sender, subject, number, body.replace('\n', '\r\n'))).encode()


def set_form(lab, version, inserted):
    text = FORM % (version, inserted)
    folder = os.path.join(lab.folder, 'forms')
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, 'plan.yaml'), 'w') as f:
        f.write(text)
    with open(os.path.join(folder, 'proven'), 'a') as f:
        f.write('%s plan %d\n' % (hashlib.sha256(text.encode()).hexdigest(), version))
    return folder


def rows(lab, number):
    return lab.sql("SELECT concat_ws(' ', m.state, m.reason, m.verification, f.via, r.answers ->> 'visits', (SELECT name FROM identity.contact c "
                   "WHERE c.contact_id = f.contact_id)) FROM fieldpost.message m LEFT JOIN fieldpost.feedback f USING (message_id) "
                   "LEFT JOIN fieldpost.feedback_revision r USING (feedback_id, revision) WHERE m.header_id = '<%s@x.example>'" % number)


def came(lab, server, number, wanted, name, *words, **options):
    server.append('field', [mail(number, *words, **options)])
    lab.wait(name, lambda: rows(lab, number) and not rows(lab, number)[0][0].startswith('received'), 30)
    lab.same(rows(lab, number), [[wanted]], name)


def who(lab, server):
    body = 'Country: Nepal\nVisits: %d\nWords: As planned\n'
    came(lab, server, 'one', 'filed unverified 1', 'while nobody is registered all is filed', 'eve@else.example', body % 1)
    lab.run('people', 'import', put(lab, 'two.csv', 'name,mail,country\nAda,ada@who.example,NP\nBen,ben@who.example,NP\n'))
    lab.sql("INSERT INTO fieldpost.request (reference, contact_id, form_id, form_version, language, asked_at, state) SELECT 'FP-AAAAAAAAAA', contact_id,"
            " 'plan', 1, 'en', now(), 'sent' FROM identity.contact WHERE name = 'Ada'")
    came(lab, server, 'two', 'filed verified 2 Ada', 'a sender whose domain vouches for them', 'Ada@Who.Example', body % 2)
    came(lab, server, 'three', 'filed unverified 3 Ada', 'one for whom nobody vouches', 'ada@who.example', body % 3, results=None)
    came(lab, server, 'four', 'held unknown-sender failed', 'a forged one', 'ada@who.example', body % 4, results='fail')
    came(lab, server, 'five', 'filed unverified forwarded-request 5', 'a stolen reference', 'eve@evil.example', body % 5, subject='Re: FP-AAAAAAAAAA')
    lab.same(lab.sql('SELECT state FROM fieldpost.request'), [['sent']], 'answers no request')
    lab.same(lab.sql("SELECT count(*) FROM fieldpost.acknowledgement WHERE address LIKE '%evil%'"), [['0']], 'and is told to nobody')
    came(lab, server, 'six', 'held unknown-sender unverified', 'a stranger is held', 'new@who.example', body % 6)
    done = lab.run('people', 'import', put(lab, 'new.csv', 'name,mail\nNew One,new@who.example\n'))
    lab.ok('1 held messages filed' in done.stdout, 'until they are registered', done.stdout + done.stderr)
    lab.same(rows(lab, 'six'), [['filed verified 6 New One']], 'then it is theirs')


def last_month(lab, server):
    set_form(lab, 2, INSERTED)
    lab.service.send_signal(1)
    lab.wait('the new version is in force', lambda: lab.sql('SELECT max(version) FROM fieldpost.form_version') == [['2']], 30)
    came(lab, server, 'seven', 'filed verified 7 Ada', 'a reply to last month\'s form is read with its numbers', 'ada@who.example',
         '1. Nepal\n2. 7\n3. As planned\n', subject='Re: Plan of the month FP-AAAAAAAAAA')
    lab.same(lab.sql("SELECT f.form_version, r.answers ->> 'words' FROM fieldpost.feedback f JOIN fieldpost.feedback_revision r USING (feedback_id, revision) "
                     "WHERE r.answers ->> 'visits' = '7'"), [['1', 'As planned']], 'as the version that was sent')
    came(lab, server, 'eight', 'filed verified 9 Ben', 'one to this month\'s with this month\'s', 'ben@who.example', '1. Nepal\n2. 8\n3. 9\n4. As planned\n')


# Every place that can hold something of a person and that no mail of this test fills: as the program would, by hand. %(id)s is hers.
TRACES = '''
    INSERT INTO identity.contact_address (channel, address, contact_id, ordinal) VALUES ('mail', 'adaeze.okonkwo@home.example', %(id)s, 2),
        ('phone', '+2327700012345', %(id)s, 1), ('field-telegram', '47110815', %(id)s, 1);
    UPDATE identity.contact SET key = 'staff-4711', name = 'Adaeze Okonkwo' WHERE contact_id = %(id)s;
    WITH a AS (INSERT INTO account (name, kind) VALUES ('wa', 'channel') RETURNING account_id),
    d AS (INSERT INTO delivery (account_id, received_at, sha256, headers, body) SELECT account_id, now(), '', '{"x": "y"}', b FROM a,
        (VALUES ('{"from": "2327700012345", "name": "Adaeze Okonkwo"}'::bytea), ('From=whatsapp%%3A%%2B2327700012345'), ('sender=adaeze.okonkwo%%40home.example&x=1'),
            ('{"from": "12327700012345"}')) v (b) RETURNING delivery_id),
    m AS (INSERT INTO message (account_id, received_at, stored_at, size, channel, provider_id, raw_sha256, from_name, from_address, state, reason)
        SELECT account_id, now(), now(), 1, 'wa', 'wamid1', '', 'Adaeze Okonkwo', '+2327700012345', 'held', 'in-conversation' FROM a RETURNING message_id),
    c AS (INSERT INTO channel_message (message_id, delivery_id, sender, sender_name, reply_to)
        SELECT message_id, (SELECT min(delivery_id) FROM d), '+2327700012345', 'Adaeze Okonkwo', '+2327700012345' FROM m),
    t AS (INSERT INTO channel_media (message_id, ordinal, next_at, name, error) SELECT message_id, 1, now(), 'okonkwo.jpg', 'adaeze.okonkwo' FROM m),
    g AS (INSERT INTO attachment (message_id, part, name, type, size, sha256) SELECT message_id, '1', 'okonkwo.jpg', 'image/jpeg', 1, '' FROM m),
    r AS (INSERT INTO message_raw SELECT message_id, 'I am Adaeze Okonkwo' FROM m)
    INSERT INTO form_conversation (channel, sender, reply_to, form_id, form_version, language, asked, asked_again, answers, rest, started_at, updated_at)
    SELECT 'wa', '+2327700012345', '+2327700012345', 'plan', 1, 'en', 'words', false, '{"words": "Okonkwo"}', '{}', now(), now() FROM m;
    INSERT INTO form_conversation (channel, sender, reply_to, form_id, form_version, language, asked, asked_again, answers, rest, started_at, updated_at)
    VALUES ('field-telegram', '47110815', '47110815', 'plan', 1, 'en', 'words', false, '{"words": "Okonkwo"}', '{}', now(), now());
    INSERT INTO outbox (kind, channel, recipient, header_id, dedupe_key, body, created_at, next_at, last_error, request_id) VALUES
        ('request', 'mail', 'ada@who.example', '<o1@us>', 'o1', 'Dear Adaeze Okonkwo', now(), now(), '550 <ada@who.example>', (SELECT max(request_id) FROM request)),
        ('acknowledgement', 'mail', 'adaeze.okonkwo@home.example', '<o2@us>', 'o2', 'Dear Adaeze Okonkwo', now(), now(), NULL, NULL),
        ('conversation', 'wa', '+2327700012345', '<o3@us>', 'o3', 'Dear Adaeze Okonkwo', now(), now(), NULL, NULL),
        ('acknowledgement', 'mail', 'ben@who.example', '<o4@us>', 'o4', 'Dear Ben', now(), now(), '550 ada@who.example is unknown', NULL);
    INSERT INTO outbox_destination (channel, destination, failures, last_error) VALUES ('mail', 'who.example', 1, '450 <ada@who.example> is full');
    INSERT INTO suppression (address, reason, since) VALUES ('ada@who.example', 'asked', now());
    INSERT INTO suppression (channel, address, reason, since) VALUES ('wa', '+2327700012345', 'asked', now());
    INSERT INTO answer_given (message_id, given_at, empty, sender) SELECT max(message_id), now(), false, sha256('wa +2327700012345') FROM message WHERE channel = 'wa';
    INSERT INTO alarm (kind, object, text, since, last_at) VALUES ('reader-unreachable', 'ada@who.example', 'mails to ada@who.example do not arrive', now(), now());
    INSERT INTO alarm (kind, object, text, since, last_at) VALUES ('flood', 'short kx0815', 'kx0815 wrote more than 60 messages to short within an hour', now(), now());
    INSERT INTO identity.contact_address (channel, address, contact_id) VALUES ('short', 'kx0815', %(id)s);
    INSERT INTO audit (at, actor, action, object, detail) VALUES (now(), 'cli:op', 'resume', 'person %(id)s', '{"reason": "she rang: Okonkwo"}'),
        (now(), 'cli:op', 'x', 'address ada@who.example', '{}'), (now(), 'cli:op', 'y', 'z', '{"to": "Adaeze Okonkwo"}');
    INSERT INTO review_act (batch, message_id, at, actor, action, words, before, feedback_id) SELECT 1, 0, now(), 'cli:op', 'note', 'Okonkwo said so', '{}', feedback_id
        FROM feedback WHERE contact_id = %(id)s LIMIT 1;
    WITH d AS (INSERT INTO digest (subscription_id, period_start, period_end, state, rendered, opened_at)
        SELECT subscription_id, now() - interval '7 days', now(), 'sent', '{"text": "Adaeze Okonkwo says"}', now() FROM subscription RETURNING digest_id, subscription_id),
    l AS (INSERT INTO digest_line (digest_id, subscription_id, feedback_id, line_number) SELECT d.digest_id, d.subscription_id, f.feedback_id, 1 FROM d,
        (SELECT feedback_id FROM feedback WHERE contact_id = %(id)s LIMIT 1) f)
    INSERT INTO outbox (kind, recipient, header_id, dedupe_key, body, digest_id, state, created_at, next_at)
    SELECT 'digest', 'policy@team.example', '<o5@us>', 'o5', 'Adaeze Okonkwo says', digest_id, 'sent', now(), now() FROM d;
    WITH c AS (INSERT INTO conversation (feedback_id, token, opened_at) SELECT feedback_id, 'tok', now() FROM feedback WHERE contact_id = %(id)s LIMIT 1
        RETURNING conversation_id)
    INSERT INTO response (conversation_id, outbox_id, words, created_at) SELECT conversation_id, (SELECT outbox_id FROM outbox WHERE dedupe_key = 'o2'),
        'Thank you, Adaeze Okonkwo', now() FROM c;
    INSERT INTO status_change (feedback_id, state, detail, created_at) SELECT feedback_id, 'read', 'Okonkwo', now() FROM feedback WHERE contact_id = %(id)s LIMIT 1;
'''
HERS = re.compile(r'adaeze|okonkwo|(?<![a-z])ada(?:@|%40)who\.example(?!\.org)|(?<!1)2327700012345|47110815|kx0815|staff-4711', re.I)


def dumped(lab):
    """Of the dump's lines that hold something of hers, as text or in bytes, the tables."""
    done = subprocess.run(lab._as_user() + [os.path.join(lab.database.programs, 'pg_dump'), '--data-only', '--inserts', '-h', lab.database.folder, '-U', 'postgres',
                                            'fieldpost'], capture_output=True, text=True)
    if done.returncode:
        lab.bail(done.stderr)

    def shown(line):
        return line + ' ' + ' '.join(bytes.fromhex(h).decode('latin-1') for h in re.findall(r"\\x((?:[0-9a-f]{2})+)'", line))
    return [(re.match('INSERT INTO ([^ ]+)', line) or [line, line])[1] for line in done.stdout.split('\n') if HERS.search(shown(line))]


def leave_traces(lab, server):
    """What comes of her besides her answers: a mail that is not read yet, one that broke the reader, a report, an automatic reply."""
    lab.run('team', 'add', 'Readers', '--member', 'policy@team.example')
    lab.run('subscribe', 'Readers')
    who = lab.sql("SELECT contact_id FROM identity.contact WHERE name = 'Ada'")[0][0]
    lab.sql('SET search_path = fieldpost, pg_catalog; BEGIN;' + TRACES % {'id': who} + 'COMMIT;')
    report = reports.bounce('postfix', 77, 'ada@who.example', '<o1@us>', 'FP-AAAAAAAAAA', '5.1.1')
    server.append('field', [report, reports.automatic(reports.AUTOMATIC[0], 78, 'adaeze.okonkwo@home.example', 'field@ours.example')])
    lab.wait('both are read', lambda: lab.sql("SELECT count(*) FROM fieldpost.message WHERE state = 'ignored' AND automatic") == [['2']], 30)
    lab.stop()
    lab.serve('--only', 'intake')
    names = '=?utf-8?q?Adaeze_Okonkwo?='
    server.append('field', [mail('unread%d' % n, 'ada@who.example', 'Country: Nepal\nVisits: 1\n').replace(b'<ada@who.example>', sender)
                            for n, sender in enumerate((b'Adaeze Okonkwo <Ada@Who.example>', names.encode() + b'\r\n <ada@who.example>',
                                                        b'nada@who.example', b'ada@who.example.org'))])
    lab.wait('they are stored', lambda: lab.sql("SELECT count(*) FROM fieldpost.message WHERE state = 'received'") == [['4']], 30)
    lab.sql("UPDATE fieldpost.message SET state = 'failed', reason = 'crashed', error = 'it broke' WHERE message_id = (SELECT max(message_id) - 2 FROM fieldpost.message)")
    tables = set(dumped(lab))
    lab.ok(len(tables) >= 20, 'something of hers stands in %d tables' % len(tables), sorted(tables))


# Who reads a message of hers has it, and files it when somebody waits for it.
READING = """BEGIN;
    SELECT FROM fieldpost.message WHERE message_id = %(message)s FOR UPDATE;
    DO $$ BEGIN FOR i IN 1 .. 300 LOOP EXIT WHEN EXISTS (SELECT FROM pg_locks WHERE NOT granted); PERFORM pg_sleep(0.1); END LOOP; END $$;
    UPDATE fieldpost.message SET state = 'filed', from_address = 'ada@who.example' WHERE message_id = %(message)s;
    WITH f AS (INSERT INTO fieldpost.feedback (message_id, contact_id, received_at, filed_at, form_id, form_version, sharing)
        SELECT %(message)s, contact_id, now(), now(), 'plan', 1, 'open' FROM identity.contact WHERE key = 'staff-4711' RETURNING feedback_id)
    INSERT INTO fieldpost.feedback_revision (feedback_id, revision, author, message_id, created_at, answers, provenance)
    SELECT feedback_id, 1, 'practitioner', %(message)s, now(), '{"words": "Okonkwo says"}', '{}' FROM f;
    COMMIT"""


def erased(lab, server):
    leave_traces(lab, server)
    lab.ok(count(lab, 'fieldpost.message_raw WHERE position(\'ada@who.example\'::bytea IN lower(encode(raw, \'escape\'))::bytea) > 0') > 0, 'their mails are there')
    stored = lab.totals()['stored']
    asked = lab.run('people', 'erase', 'ada@who.example')
    lab.ok('would be erased' in asked.stdout and count(lab, "identity.contact WHERE key = 'staff-4711'") == 1, 'erasing asks first', asked.stdout + asked.stderr)
    unread = lab.sql("SELECT min(message_id) FROM fieldpost.message WHERE state = 'received'")[0][0]
    reader = threading.Thread(target=lab.sql, args=(READING % {'message': unread},))
    reader.start()
    lab.wait('one of hers is being read', lambda: lab.sql("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'") == [['1']])
    done = lab.run('people', 'erase', 'ada@who.example', '--yes')
    reader.join()
    lab.ok('erased Adaeze Okonkwo' in done.stdout, 'a person is erased', done.stdout + done.stderr)
    left = dumped(lab)
    lab.same(left, [], 'a dump holds no word of hers, in no table')
    lab.same(lab.sql("SELECT count(*) FROM fieldpost.message m JOIN fieldpost.message_raw r USING (message_id) WHERE m.state = 'received'"), [['2']],
             'what was not read yet goes, too; what others sent stays')
    lab.same(lab.sql("SELECT count(*) FROM fieldpost.delivery WHERE body <> ''"), [['1']], 'and webhooks of others')
    lab.same(lab.sql("SELECT kind, body = '' FROM fieldpost.outbox WHERE dedupe_key IN ('o4', 'o5') ORDER BY 1"), [['acknowledgement', 'f'], ['digest', 't']],
             'letters to others stay, digests without their words')
    for column, cell in (('mail', 'ADA@who.example'), ('key', 'staff-4711'), ('phone', '+232 77 000 12345')):
        path = put(lab, 'back.csv', 'name,mail,%s\nAdaeze,a.new@who.example,%s\n' % (column, cell) if column != 'mail' else 'name,mail\nAdaeze,%s\n' % cell)
        back = lab.run('people', 'import', path)
        lab.ok(back.returncode == 65 and re.search(r'back.csv:2: %s: \S+ was erased on 20..-..-..; if they agreed' % column, back.stderr),
               'a list that still holds their %s is refused' % column, back.stdout + back.stderr)
    back = lab.run('people', 'import', '--again', path)
    lab.ok('1 new' in back.stdout, 'but for --again', back.stdout + back.stderr)
    lab.same(lab.run('people', 'import', path).stdout, '0 new, 0 changed, 1 as they were\n', 'from then on they are there')
    lab.run('people', 'erase', 'a.new@who.example', '--yes')
    lab.stop()
    lab.serve('--only', 'intake,parse')
    lab.same(lab.totals()['stored'], stored, 'that a message was there is known')
    for uid, flags, raw in server.look('field'):
        if b'da@' in raw or b'da@Who' in raw:
            server.append('field', [raw], folder='Again')
    lab.wait('the copies are seen', lambda: int(lab.sql("SELECT count(*) FROM fieldpost.sighting s JOIN fieldpost.folder f USING (folder_id) "
                                                       "WHERE f.name = 'Again'")[0][0]) >= 4, 90)
    lab.same(lab.sql("SELECT count(*) FROM fieldpost.message_raw r JOIN fieldpost.message m USING (message_id) WHERE m.reason = 'erased'"), [['0']],
             'seen again, they do not come back')
    lab.same(lab.totals()['stored'], stored, 'nor as new ones')
    lab.same(dumped(lab), [], 'nor does a word of hers')


def main():
    with Lab('people') as lab:
        server = lab.dovecot(['field:pw'])
        server.append('field', [], folder='Again')
        lab.postgres()
        lab.mailbox('field', server, user='field', folders=['INBOX', 'Again'], poll_seconds=1, idle=False)
        lab.options.update({'forms_dir': set_form(lab, 1, ''), 'mail': {'authserv_id': ['mx.ours.example']}})
        lab.serve('--only', 'intake,parse')
        the_list(lab)
        who(lab, server)
        last_month(lab, server)
        erased(lab, server)


main()
