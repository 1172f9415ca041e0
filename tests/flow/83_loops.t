#!/usr/bin/python3
"""What programs write to us: 1,000 automatic replies and 1,000 bounces of every kind, a tenth without the headers that say what they are:
who may be answered, and which requests the bounces are about. Then two gateways that answer one another over a wire that takes every
mark off their mails, and people who want no more."""
import email
import email.policy
import http.client
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
import reports  # noqa: E402
from lab import Lab, free_ports  # noqa: E402
from post import Post  # noqa: E402

MAILS = 1000
OURS = 'feedback@fieldpost.example'
STATUSES = sorted(reports.SAYS)
KINDS = sorted(reports.BOUNCES)
ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'


def reference(n):
    return 'FP-' + ''.join(ALPHABET[(n >> shift) & 31] for shift in range(45, -1, -5))


def address(n):
    return 'person%d@field%d.example' % (n, n % 7)


def header_id(n):
    return '<q%d@fieldpost.example>' % n


def write(lab, name, mails):
    """An mbox; as the world has them, some with CRLF."""
    path = os.path.join(lab.folder, name)
    with open(path, 'wb') as f:
        for mail in mails:
            f.write(b'From x@example.net Mon Nov  2 08:00:00 2026\n' +
                    re.sub(rb'(?m)^(>*From )', rb'>\1', mail.replace(b'\r\n', b'\n')) + b'\n\n')
    return path


def bring(lab, path, count):
    before = lab.totals()['stored']
    done = lab.run('import', path)
    if done.returncode:
        lab.bail('import: ' + done.stderr)
    lab.wait('all are read', lambda: lab.totals()['stored'] == before + count and lab.sql(
        "SELECT count(*) FROM fieldpost.message WHERE state = 'received'") == [['0']], 120)


def ask(lab):
    """A thousand people, each asked; the mails stand as sent."""
    rows = ', '.join("(%d, '%s', '%s', '%s')" % (n, address(n), reference(n), header_id(n)) for n in range(MAILS))
    lab.sql('''BEGIN; CREATE TEMP TABLE person (n integer, address text, reference text, header text); INSERT INTO person VALUES %s;
        INSERT INTO identity.contact (name, language, key) SELECT 'Person ' || n, 'en', n::text FROM person;
        INSERT INTO identity.contact_address (address, contact_id) SELECT p.address, c.contact_id FROM person p JOIN identity.contact c ON c.key = p.n::text;
        INSERT INTO fieldpost.request (reference, contact_id, form_id, form_version, language, state, header_id, asked_at)
        SELECT p.reference, c.contact_id, v.form_id, v.version, 'en', 'sent', p.header, '2026-11-01' FROM person p JOIN identity.contact c ON c.key = p.n::text
        CROSS JOIN (SELECT form_id, version FROM fieldpost.form_version ORDER BY 1, 2 LIMIT 1) v;
        INSERT INTO fieldpost.outbox (kind, recipient, header_id, dedupe_key, body, state, created_at, next_at, sent_at)
        SELECT 'request', p.address, p.header, 'test' || n, convert_to('{"text": "' || p.reference || '"}', 'UTF8'), 'sent', '2026-11-01', '2026-11-01', '2026-11-01'
        FROM person p; COMMIT''' % rows)


# What may be answered, as filing asks it of each message; the time is that of the last of them.
ALLOWED = '''SET search_path = fieldpost, pg_catalog; SELECT m.from_address, count(*) FROM fieldpost.message m
    WHERE m.message_id > %d AND fieldpost.may_answer(m.message_id, (SELECT max(settled_at) FROM fieldpost.message)) IS NULL
    GROUP BY 1 ORDER BY 2 DESC, 1'''
# What was decided to be answered while they were filed.
TOLD = 'SELECT coalesce(max(n), 0) FROM (SELECT count(*) AS n FROM fieldpost.acknowledgement WHERE message_id > %d GROUP BY address) x'


def last_message(lab):
    return int(lab.sql('SELECT coalesce(max(message_id), 0) FROM fieldpost.message')[0][0])


def automatic_replies(lab):
    honest = [reports.automatic(reports.AUTOMATIC[n % len(reports.AUTOMATIC)], n, 'auto%d@field%d.example' % (n % 300, n % 7), OURS)
              for n in range(MAILS - MAILS // 10)]
    marks = sorted(reports.MARKS)
    lying = [reports.lie(reports.automatic(marks[n % len(marks)], 5000 + n, 'liar%d@field.example' % (n % 40), OURS)) for n in range(MAILS // 10)]
    before = last_message(lab)
    bring(lab, write(lab, 'honest.mbox', honest), len(honest))
    lab.same(lab.sql(ALLOWED % before), [], '%d automatic replies that say so: none may be answered' % len(honest))
    before = last_message(lab)
    bring(lab, write(lab, 'lying.mbox', lying), len(lying))
    allowed = lab.sql(ALLOWED % before)
    lab.same((len(allowed), {n for _, n in allowed}), (40, {'1'}), '%d of 40 senders that hide it: one answer each at most' % len(lying))
    lab.ok(int(lab.sql(TOLD % 0)[0][0]) <= 1, 'nobody was told more than once')


def make_bounces():
    """[(kind, status, mail, lies)]; every tenth lies: without marks, from somebody, or without a word of what came back."""
    made = []
    for n in range(MAILS):
        kind, status = KINDS[n % len(KINDS)], STATUSES[(n // len(KINDS)) % len(STATUSES)]
        mail = reports.bounce(kind, n, address(n), header_id(n), reference(n), status)
        lies = n % 10 == 3
        if lies and n % 3 == 0:
            mail = reports.lie(mail)
        elif lies and n % 3 == 1:
            mail = re.sub(rb'(?m)^From: [^\r\n]*', b'From: Office <office%d@field.example>' % (n % 20), reports.lie(mail), count=1)
        elif lies:
            mail = mail.replace(header_id(n).encode(), b'<other@elsewhere.example>').replace(reference(n).encode(), b'FP-ZZZZZZZZZZ')
        made.append((kind, status, mail, lies))
    return made


def wanted_weight(kind, status):
    if kind in reports.DELAYS:
        return 'delayed'
    return 'ours' if status in reports.OURS else 'hard' if status in reports.HARD else 'soft'


def bounces(lab):
    made = make_bounces()
    before = last_message(lab)
    bring(lab, write(lab, 'bounces.mbox', [m[2] for m in made]), len(made))
    found = {}
    for n, weight, matched, right in lab.sql('''SELECT c.key, b.weight, b.matched, q.contact_id = c.contact_id AND b.address = a.address
            FROM fieldpost.bounce b JOIN fieldpost.request q USING (request_id) JOIN identity.contact_address a ON a.address = b.address
            JOIN identity.contact c ON c.contact_id = a.contact_id'''):
        found.setdefault(int(n), []).append((weight, matched, right))
    lab.same([n for n in found if len(found[n]) != 1 or found[n][0][2] != 't'], [], 'no bounce leads to a request that it is not about')
    honest = [n for n in range(MAILS) if not made[n][3]]
    lab.same([(made[n][:2], found.get(n)) for n in honest if n not in found or found[n][0][0] != wanted_weight(*made[n][:2])][:3], [],
             'each of the %d honest ones to its own, as hard, soft, ours or delayed' % len(honest))
    lab.same({found[n][0][1] for n in honest if n in found}, {'message-id'}, 'by the Message-ID of what came back')
    lying = [n for n in range(MAILS) if made[n][3]]
    lab.ok(sum(n in found for n in lying) >= len(lying) // 2, 'most of those that hide what they are, too',
           '%d of %d' % (sum(n in found for n in lying), len(lying)))
    lab.same([found[n] for n in lying if n in found and n % 3 == 2 and found[n][0][0] == 'hard'], [], 'none is hard of which only the address fits')
    wrong = lab.sql('''SELECT count(*) FROM fieldpost.request q WHERE (q.state = 'bounced') <> EXISTS (SELECT FROM fieldpost.bounce b
        WHERE b.request_id = q.request_id AND b.weight <> 'delayed')''')
    lab.same(wrong, [['0']], 'just the requests with a bounce are bounced')
    allowed = lab.sql(ALLOWED % before)
    lab.ok(len(allowed) <= 20 and {n for _, n in allowed} <= {'1'}, 'none is answered, but for one a sender that hides what it is', allowed)
    lab.same(lab.sql('SELECT count(*) FROM fieldpost.suppression'), [['0']], 'one bounce suspends nobody')
    alarms = [a for a in lab.status()['alarms'] if a['kind'] == 'mail-refused']
    lab.ok(len(alarms) == 21, 'refused for what we are: an alarm for each status and domain', [a['object'] for a in alarms])


def bounced_again(lab):
    """Two days later, the same: an address that does not exist is left alone; one that refuses us is not."""
    lab.sql("UPDATE fieldpost.bounce SET created_at = created_at - interval '2 days'")
    chosen = [(n, s) for n in range(2000, 2400) for s in [STATUSES[n % len(STATUSES)]]]
    again = [reports.bounce('postfix', n, address(n - 2000), header_id(n - 2000), reference(n - 2000), s) for n, s in chosen]
    bring(lab, write(lab, 'again.mbox', again), len(again))
    hard = lab.sql("SELECT count(*) FROM (SELECT address FROM fieldpost.bounce WHERE weight = 'hard' GROUP BY 1 HAVING count(*) = 2) x")[0][0]
    suspended = lab.sql("SELECT count(*) FROM fieldpost.suppression WHERE reason = 'bounced'")[0][0]
    lab.ok(int(hard) > 10 and suspended == hard, 'two hard ones days apart suspend an address, nothing else does', (hard, suspended))


# ---- two gateways ----

class Gateway:
    """A service with a mailbox; what it sends comes to a folder."""

    def __init__(self, lab, name, dovecot):
        self.lab, self.address, self.taken = lab, name + '@fieldpost.example', 0
        self.post = Post(lab, name)
        lab.mailbox(name, dovecot, user=name, poll_seconds=1)
        lab.options['smtp'] = dict(self.post.options(), from_address=self.address)

    def take(self):
        """What it sent since it was asked last."""
        mails = self.post.raw()[self.taken:]
        self.taken += len(mails)
        return mails


def pump(gateways, dovecot, seconds, idle):
    """Brings what each sent to whom it is for, without its marks; ends when nothing went for a while. How many went; did it end?"""
    went, quiet, end = 0, time.monotonic(), time.monotonic() + seconds
    while time.monotonic() < end:
        for gateway in gateways:
            for raw in gateway.take():
                to = parse(raw)['To'].addresses[0].username
                if to in ('a', 'b'):
                    dovecot.append(to, [reports.lie(raw.replace(b'\r\n', b'\n').replace(b'\n', b'\r\n'))])
                went, quiet = went + 1, time.monotonic()
        if time.monotonic() - quiet > idle:
            return went, True
        time.sleep(0.1)
    return went, False


def parse(raw):
    return email.message_from_bytes(raw, policy=email.policy.default)


def letter(sender, to, subject, text, number, more=''):
    return ('From: %s\nTo: %s\nSubject: %s\nMessage-ID: <l%d@field.example>\nDate: Tue, 3 Nov 2026 10:00:00 +0000\n%s\n%s\n'
            % (sender, to, subject, number, more, text)).encode()


def asks(lab, dovecot, a):
    """A request as it goes out, and its bounce."""
    path = os.path.join(lab.folder, 'people')
    with open(path, 'w') as f:
        f.write(address(9) + '\n')
    done = lab.run('request', 'send', '--form', 'field-lesson', '--to', path, '--label', 'now')
    sent = []
    lab.wait('the request', lambda: sent.extend(m for m in map(parse, a.take()) if m['To'].addresses[0].addr_spec == address(9)) or sent, 30)
    if not lab.ok(sent, 'a request goes out', done.stdout + done.stderr):
        return
    sent = sent[0]
    number = re.search(r'FP-[0-9A-Z]{10}', sent['Subject']).group()
    lab.same(re.findall('<([^>]*)>', sent['List-Unsubscribe']),
             ['https://field.example/stop/' + number, 'mailto:a@fieldpost.example?subject=unsubscribe%20' + number],
             'with the link and the mail that end it')
    lab.same((sent['List-Unsubscribe-Post'], sent['Auto-Submitted']), ('List-Unsubscribe=One-Click', 'auto-generated'), 'in one click; by a program')
    dovecot.append('a', [reports.bounce('postfix', 9000, address(9), sent['Message-ID'], 'FP-ZZZZZZZZZZ', '5.1.1')])
    lab.ok(lab.wait('it is bounced', lambda: lab.sql("SELECT state FROM fieldpost.request WHERE reference = '%s'" % number) == [['bounced']], 20),
           'its bounce is known by its Message-ID')


def ping_pong(lab, dovecot, a, b):
    """Each gets a reply, a wish to stop and a note from the other; then they are left alone with what they make of it."""
    for n, (one, other, box) in enumerate(((a, b, 'b'), (b, a, 'a'))):
        dovecot.append(box, [letter(one.address, other.address, 'Re: A question', text, 10 * n + i)
                             for i, text in enumerate(('stop', 'Thank you for your mail.', 'We have received your message.', 'Country: Kenya\nLesson: wait'))])
    went, ended = pump((a, b), dovecot, 40, 4)
    lab.ok(ended and went <= 8, 'two gateways that answer one another come to rest', '%d mails went, ended: %s' % (went, ended))
    lab.ok(went >= 2, 'each had answered the other')
    held = [g.lab.sql("SELECT count(*) FROM fieldpost.message WHERE state = 'received'") for g in (a, b)]
    lab.same(held, [[['0']], [['0']]], 'and all was read')


VOUCHED = b'Authentication-Results: mx.field.example; dmarc=pass header.from=%s\r\n'


def at_the_door(lab, dovecot, a):
    """Programs that hide what they are, by the mailbox and with the mail server's word for them: what really goes out to each."""
    marks = sorted(reports.MARKS)
    kinds = {'empty': (100, 4, 8, ''), 'wrong': (200, 1, 12, '\r\nCountry: Zembla\r\nProject phase: never %d\r\n'),
             'whole': (300, 2, 12, '\r\nCountry: Kenya\r\nLesson for policy: wait %d\r\n')} # first number, people, mails of each, words
    mails, senders, n = [], {}, 0
    for kind, (first, people, each, words) in kinds.items():
        for person in range(people):
            who = address(first + person)
            senders[who] = kind
            for i in range(each):
                n += 1
                mail = reports.lie(reports.automatic(marks[n % len(marks)], 7000 + n, who, a.address)).replace(b'\r\n', b'\n').replace(b'\n', b'\r\n')
                head, body = mail.split(b'\r\n\r\n', 1)
                mails.append(VOUCHED % who.split('@')[1].encode() + head + b'\r\n\r\n' + body + ((words % n).encode() if words else b''))
    a.take()
    before = last_message(lab)
    dovecot.append('a', mails)
    lab.wait('all are read', lambda: lab.sql("SELECT count(*) FROM fieldpost.message WHERE message_id > %d AND state <> 'received'" % before) == [[str(len(mails))]], 60)
    lab.wait('all are told', lambda: lab.sql('SELECT count(*) FROM fieldpost.acknowledgement WHERE outbox_id IS NULL') == [['0']] and lab.sql(
        "SELECT count(*) FROM fieldpost.outbox WHERE state IN ('waiting', 'sending') AND next_at <= now()") == [['0']], 60)
    got = {}
    for mail in map(parse, a.take()):
        to = mail['To'].addresses[0].addr_spec
        got[to] = got.get(to, 0) + 1
    lab.same(set(got) - set(senders), set(), '%d lying mails by the door: nobody else is told' % len(mails))
    lab.same({who: got.get(who, 0) for who, kind in senders.items() if kind == 'empty'}, {who: 0 for who, kind in senders.items() if kind == 'empty'},
             'who says nothing that answers a form hears nothing')
    lab.same({who: got.get(who, 0) for who, kind in senders.items() if kind != 'empty'}, {who: 10 for who, kind in senders.items() if kind != 'empty'},
             'whoever it is, ten times a day and no more')


def person_stops(lab, dovecot, a):
    who = address(5)
    lab.sql("UPDATE fieldpost.request SET state = 'sent' WHERE reference = '%s'" % reference(5))
    lab.sql("UPDATE identity.contact SET language = 'fr' WHERE key = '5'")
    lab.sql("""INSERT INTO fieldpost.outbox (kind, recipient, header_id, dedupe_key, body, created_at, next_at) VALUES ('reminder', '%s', '<later@fieldpost.example>',
        'later', '{"subject": "x", "text": "x"}', now(), now() + interval '1 day')""" % who)
    thread = 'In-Reply-To: %s\n' % header_id(5)
    dovecot.append('a', [letter(who, a.address, 'Re: A question', 'STOP\n\n> Reference: %s\n> 1. Country:' % reference(5), 100, thread)])
    lab.wait('the request is closed', lambda: lab.sql("SELECT state FROM fieldpost.request WHERE reference = '%s'" % reference(5)) == [['closed']], 20)
    lab.wait('the confirmation', lambda: len(a.post.raw()) > a.taken, 20)
    dovecot.append('a', [letter(who, a.address, 'Re: A question', 'arr\u00eat', 101, thread + 'Content-Type: text/plain; charset=utf-8\n'),
                         letter('list@relay.example', a.address, 'unsubscribe ' + reference(6), '', 102)])
    lab.wait('both are read', lambda: lab.sql("SELECT count(*) FROM fieldpost.message WHERE reason = 'stopped' AND header_id IN ('<l101@field.example>', '<l102@field.example>')") == [['2']], 20)
    lab.wait('all went out', lambda: lab.sql("SELECT count(*) FROM fieldpost.outbox WHERE state IN ('waiting', 'sending') AND next_at <= now()") == [['0']], 20)
    mails = [parse(m) for m in a.take()]
    told = [m for m in mails if m['To'].addresses[0].addr_spec == who]
    lab.same(len(told), 1, 'who writes "STOP" has it confirmed, once')
    text = told[0].get_content() if told else ''
    lab.ok('Vous ne recevrez plus' in text, 'in their language', text)
    lab.ok(told and told[0]['Auto-Submitted'] == 'auto-replied' and told[0]['In-Reply-To'] == '<l100@field.example>',
           'as an automatic reply to their mail', told and told[0].as_string())
    lab.same(lab.sql("SELECT state FROM fieldpost.outbox WHERE dedupe_key = 'later'"), [['cancelled']], 'what waited for them does not go out')
    lab.same(lab.sql("SELECT paused FROM identity.contact WHERE key IN ('5', '6')"), [['t'], ['t']], 'they are asked no more; nor who used List-Unsubscribe')


def knock(lab, method, path, body=None):
    """Status and body of a request to the web duty."""
    connection = http.client.HTTPConnection('127.0.0.1', lab.web_port, timeout=20)
    try:
        connection.request(method, path, body, {'Content-Type': 'application/x-www-form-urlencoded'} if body else {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def link(lab):
    """List-Unsubscribe's address (RFC 8058)."""
    path = '/stop/' + reference(7)
    paused = "SELECT paused FROM identity.contact WHERE key = '7'"
    lab.sql("UPDATE fieldpost.request SET state = 'sent' WHERE reference = '%s'" % reference(7))
    status, page = knock(lab, 'GET', path)
    lab.ok(status == 200 and '<form method="post">' in page and 'arrêter' in page.lower() and 'إيقاف' in page, 'the link shows a page with a button', (status, page))
    lab.same((knock(lab, 'HEAD', path)[0], lab.sql(paused)), (200, [['f']]), 'who only looks changes nothing')
    lab.same(knock(lab, 'POST', '/stop/FP-ZZZZZZZZZZ', 'List-Unsubscribe=One-Click')[0], 404, 'a reference that we never sent')
    lab.same((knock(lab, 'PUT', path, 'x')[0], knock(lab, 'POST', path, 'x' * 5000)[0], knock(lab, 'GET', path + '1')[0], lab.sql(paused)),
             (405, 413, 404, [['f']]), 'other methods, too much, another path')
    lab.same((knock(lab, 'POST', path, 'List-Unsubscribe=One-Click')[0], lab.sql(paused)), (200, [['t']]), 'one click ends it at once')
    lab.same(lab.sql("SELECT state FROM fieldpost.request WHERE reference = '%s'" % reference(7)), [['closed']], 'the request is closed')
    lab.same(knock(lab, 'POST', path, 'List-Unsubscribe=One-Click')[0], 200, 'again: no harm')


with Lab('loops') as lab:
    dovecot = lab.dovecot(['a:pw', 'b:pw'])
    other = Lab('loops-b')
    other.certs = lab.certs
    try:
        a, b = Gateway(lab, 'a', dovecot), Gateway(other, 'b', dovecot)
        lab.web_port = free_ports(1)[0]
        lab.options['public_url'] = 'https://field.example/'
        lab.options['asking'] = {'hour_from': 0, 'hour_to': 24, 'working_days': False}
        lab.options['mail'] = {'authserv_id': ['mx.field.example']}
        lab.options['web'] = {'listen': '127.0.0.1:%d' % lab.web_port}
        lab.together(lab.serve, other.serve)
        lab.wait('the forms are known', lambda: lab.sql('SELECT count(*) > 0 FROM fieldpost.form_version') == [['t']], 30)
        lab.ok(lab.wait('its own address', lambda: lab.sql("SELECT address FROM fieldpost.own_address WHERE part = 'smtp'") == [[a.address]]),
               'the address that it sends from is known as its own')
        automatic_replies(lab)
        ask(lab)
        bounces(lab)
        bounced_again(lab)
        ping_pong(lab, dovecot, a, b)
        asks(lab, dovecot, a)
        at_the_door(lab, dovecot, a)
        person_stops(lab, dovecot, a)
        link(lab)
    finally:
        other.close()
