#!/usr/bin/python3
"""What leaves by SMTP: headers in six languages that Python's strict reader takes as they were meant, nothing slipped in by a name or a
title; return paths, threads; a destination that refuses is left alone; each row once, whenever the sender is killed; and no faster than is allowed."""
import email
import email.policy
import json
import os
import re
import signal
import sys
import unicodedata

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
from lab import Lab  # noqa: E402
from post import Post  # noqa: E402

STRICT = email.policy.SMTP.clone(raise_on_defect=True, max_line_length=78)
HEADERS = {'Return-Path', 'From', 'To', 'Reply-To', 'Subject', 'Date', 'Message-ID', 'In-Reply-To', 'References', 'MIME-Version',
           'Content-Language', 'Auto-Submitted', 'X-Auto-Response-Suppress', 'Precedence', 'X-Fieldpost-Loop', 'List-Unsubscribe',
           'List-Unsubscribe-Post', 'Content-Type', 'Content-Transfer-Encoding'}
ORGANISATION = 'Réforme & "Justice", Genève'
LANGUAGES = {  # language: name, form's title in a subject, text
    'en': ('Amina O\'Brien, "PhD"', 'Field lesson: what worked (and what did not), November 2026 – 7 questions for you, please', 'Words.\n'),
    'fr': ('Aïcha Ndiaye-Lefèvre', 'Leçon du terrain : ce qui a marché, ce qui n’a pas marché et ce qu’il faudrait changer', 'Voilà : « été ».\n'),
    'es': ('Iñaki Núñez', '¿Qué funcionó en el terreno? Año 2026, señal de prueba', '¡Mañana!\n'),
    'pt': ('João Conceição', 'Lição do terreno: o que não funcionou na região', 'Não há.\n'),
    'ar': ('فاطمة الزهراء بنت محمد', 'درس من الميدان: ما الذي نجح وما الذي لم ينجح في نوفمبر 2026 (FP-7KX2M)', 'شكرًا على وقتك.\n'),
    'ne': ('सीता कुमारी थापा', 'फिल्डबाट पाठ: के काम गर्‍यो र के गरेन, २०२६ नोभेम्बर', 'धन्यवाद।\n'),
}
TRAP = 'X\r\nBcc: thief@example.net\r\n\r\nbody'
TRAPS = {  # where it stands: the row's body
    'subject': {'subject': TRAP},
    'lone LF': {'subject': 'X\nBcc: thief@example.net'},
    'lone CR': {'subject': 'X\rBcc: thief@example.net'},
    'NEL and line separator': {'subject': 'X\x85Bcc: thief@example.net\u2028Bcc: thief@example.net'},
    'name': {'to_name': TRAP},
    'name with an address': {'to_name': '"x" <thief@example.net>, y'},
    'encoded name': {'to_name': '=?utf-8?Q?x=0D=0ABcc:_thief=40example.net?='},
    'turned round': {'subject': 'a\u202ecod.exe\u2066b', 'to_name': '\u202eanimA'},
    'language': {'language': 'en\r\nBcc: thief@example.net'},
    'thread': {'in_reply_to': '<a@x>\r\nBcc: thief@example.net', 'references': '<b@x\r\nBcc: t@x> <c@x>\r\nBcc: thief@example.net'},
    'unsubscribe': {'unsubscribe': 'stop\r\nBcc: thief@example.net'},
    'form\'s title': {'subject': 'Form %s' % TRAP, 'html': '<title>%s</title>' % TRAP},
    'file': {'files': [{'name': 'a\r\nBcc: thief@example.net".xlsx', 'type': 'application/octet-stream', 'base64': 'QQ=='}]},
}
REFUSED = {  # what makes a row that is given up: (recipient, body)
    'recipient': ('a@example.org>\r\nRCPT TO:<thief@example.net', {}),
    'two recipients': ('a@example.org, thief@example.net', {}),
    'reply_to': ('a@example.org', {'reply_to': 'b@example.org\r\nBcc: thief@example.net'}),
    'unsubscribe_url': ('a@example.org', {'unsubscribe_url': 'https://example.org/\r\nBcc: thief@example.net'}),
    'auto': ('a@example.org', {'auto': 'no\r\nBcc: thief@example.net'}),
}
KILLS, ROWS, CONNECTIONS = 3, 240, 4


def row(name, recipient, body, kind='request'):
    text = json.dumps(dict({'subject': 'S', 'text': 'T\n'}, **body))
    return ("INSERT INTO fieldpost.outbox (kind, recipient, header_id, dedupe_key, body, created_at, next_at) VALUES ('%s', "
            "convert_from(decode('%s', 'hex'), 'UTF8'), '<%s@example.org>', '%s', decode('%s', 'hex'), now(), now())" % (
                kind, recipient.encode().hex(), name, name, text.encode().hex()))


def put(lab, rows):
    """Into the outbox, in one transaction."""
    lab.sql("; ".join(rows + ["SELECT pg_notify('fieldpost_outbox', '')"]))


def cleaned(text):
    """What a header shows of it: no control and no bidi character, single spaces."""
    text = ''.join(' ' if unicodedata.category(c) in ('Cc', 'Zl', 'Zp') else '' if unicodedata.category(c) == 'Cf' and c != '\u200d' else c
                   for c in text)
    return ' '.join(text.split())


def strictly(raw):
    """The mail as Python's strict reader sees it; all its headers read. Raises what is wrong."""
    mail = email.message_from_bytes(raw, policy=STRICT)
    for name in mail.keys():
        if mail[name].defects:
            raise ValueError('%s: %s' % (name, mail[name].defects))
    return mail


def wrong_with(raw):
    """What no mail of ours may be."""
    wrong = []
    try:
        mail = strictly(raw)
    except Exception as error:  # noqa: BLE001
        return ['%s: %s' % (type(error).__name__, error)]
    wrong += ['header %s' % name for name in mail.keys() if name not in HEADERS]
    wrong += ['twice %s' % name for name in set(mail.keys()) if len(mail.get_all(name)) > 1]
    head = raw.split(b'\r\n\r\n', 1)[0] if b'\r\n\r\n' in raw else raw.split(b'\n\n', 1)[0]
    wrong += ['a long line' for line in raw.splitlines() if len(line) > (998 if line.startswith(b' <mailto:') else 76)][:1]
    if re.search(rb'[^\t\r\n\x20-\x7e]', raw):
        wrong.append('a byte that is not ASCII')
    if re.search(rb'(?im)^(Bcc|Cc):', head):
        wrong.append('Bcc')
    if mail['Auto-Submitted'] not in ('auto-generated', 'auto-replied') or mail['X-Auto-Response-Suppress'] != 'All':
        wrong.append('it does not say that nobody wrote it')
    return wrong


def arrived(post):
    return {mail['Message-ID'].strip('<>').split('@')[0]: raw for mail, raw in zip(post.mails(), post.raw())}


def languages(lab, post):
    put(lab, [row(language, 'reader.%s@example.org' % language, {
        'subject': title, 'to_name': name, 'text': text, 'html': '<p dir="auto">%s</p>' % text, 'language': language,
        'in_reply_to': '<parent@example.net>', 'references': '<first@example.net>', 'reply_to': 'fieldpost+fp-%s@example.org' % language,
        'unsubscribe': 'unsubscribe', 'unsubscribe_url': 'https://example.org/u/%s' % language})
        for language, (name, title, text) in LANGUAGES.items()])
    lab.wait('six mails', lambda: len(post.raw()) >= 6)
    found = arrived(post)
    tokens = dict(lab.sql("SELECT split_part(trim(leading '<' from header_id), '@', 1), fieldpost.outbox_token(outbox_id, header_id) "
                          "FROM fieldpost.outbox WHERE state = 'sent'"))
    for language, (name, title, text) in LANGUAGES.items():
        raw = found.get(language, b'')
        lab.same(wrong_with(raw), [], '%s: clean' % language)
        mail = strictly(raw)
        got = [mail['Subject'], mail['To'].addresses[0].display_name, mail['To'].addresses[0].addr_spec, mail['From'].addresses[0].display_name,
               mail['From'].addresses[0].addr_spec, mail['Reply-To'].addresses[0].addr_spec, str(mail['Content-Language'])]
        lab.same(got, [cleaned(title), cleaned(name), 'reader.%s@example.org' % language, cleaned(ORGANISATION), 'fieldpost@example.org',
                       'fieldpost+fp-%s@example.org' % language, language], '%s: as it was meant' % language)
        lab.same([str(mail[h]) for h in ('In-Reply-To', 'References', 'List-Unsubscribe-Post')] + mail['List-Unsubscribe'].split(', '),
                 ['<parent@example.net>', '<first@example.net> <parent@example.net>', 'List-Unsubscribe=One-Click',
                  '<https://example.org/u/%s>' % language, '<mailto:fieldpost+fp-%s@example.org?subject=unsubscribe>' % language],
                 '%s: in its thread, and how it is stopped' % language)
        lab.same(mail.get_body(('plain',)).get_content().replace('\r\n', '\n'), text, '%s: the words' % language)
        lab.same(mail['Return-Path'].strip('<>'), 'bounces+%s@example.org' % tokens.get(language), '%s: its own return path' % language)


def traps(lab, post):
    before = len(post.raw())
    put(lab, [row('trap%d' % number, 'a@example.org', body) for number, body in enumerate(TRAPS.values())] +
        [row('refused%d' % number, recipient, body) for number, (recipient, body) in enumerate(REFUSED.values())])
    lab.wait('all tried', lambda: lab.sql("SELECT count(*) FROM fieldpost.outbox WHERE state IN ('waiting', 'sending')") == [['0']])
    found = arrived(post)
    lab.same(len(post.raw()) - before, len(TRAPS), 'as many mails as rows that can be sent')
    for number, (name, body) in enumerate(TRAPS.items()):
        raw = found.get('trap%d' % number, b'')
        lab.same(wrong_with(raw), [], 'in %s: nothing is slipped in' % name)
        if 'subject' in body:
            lab.same(strictly(raw)['Subject'], cleaned(body['subject']), 'in %s: one line' % name)
        if 'to_name' in body:
            to = strictly(raw)['To'].addresses
            lab.same([a.addr_spec for a in to], ['a@example.org'], 'in %s: one recipient' % name)
    states = lab.sql("SELECT state, last_error IS NOT NULL FROM fieldpost.outbox WHERE header_id LIKE '<refused%'")
    lab.same(states, [['failed', 't']] * len(REFUSED), 'what cannot be said is given up')
    lab.same([l for l in post.transcript().split('\n') if re.search(r'RCPT TO:.*thief', l)], [], 'nobody else was ever named')


def destination(lab, post):
    before = len(post.raw())
    put(lab, [row('busy%d' % number, 'r%d@Busy.example' % number, {}) for number in range(12)] +
        [row('other%d' % number, 'r%d@example.org' % number, {}) for number in range(12)])
    lab.wait('the others', lambda: len(post.raw()) >= before + 12)
    lab.ok(len(post.raw()) == before + 12, 'what goes elsewhere goes on')
    lab.wait('a rest', lambda: lab.sql("SELECT count(*) FROM fieldpost.outbox_destination WHERE rests_until > now()") == [['1']])
    lab.same(lab.sql("SELECT destination, last_error LIKE '%451 4.7.1 too many%' FROM fieldpost.outbox_destination"), [['busy.example', 't']],
             'a destination that refuses rests, and why is known')
    tried = int(lab.sql("SELECT count(*) FROM fieldpost.outbox WHERE header_id LIKE '<busy%' AND attempts > 0")[0][0])
    lab.ok(3 <= tried <= 2 + CONNECTIONS, 'after three refusals the rest is not tried', '%d were' % tried)
    lab.sql("DELETE FROM fieldpost.outbox WHERE header_id LIKE '<busy%'")


def crash(lab, post):
    before = len(post.raw())
    put(lab, ["INSERT INTO fieldpost.outbox (kind, recipient, header_id, dedupe_key, body, created_at, next_at) "
              "SELECT 'request', 'r' || n || '@example.org', '<crash' || n || '@example.org>', 'crash' || n, "
              """'{"subject": "S", "text": "T", "auto": "auto-generated"}', now(), now() FROM generate_series(1, %d) n""" % ROWS])
    kills = 0
    for number in range(KILLS):
        goal = before + (number + 1) * ROWS // (KILLS + 2)
        lab.wait('mails before a kill', lambda: len(os.listdir(os.path.join(post.maildir, 'new'))) >= goal)
        pid = lab.duty_pid('send')
        os.kill(pid, signal.SIGKILL)
        kills += 1
        lab.wait('the next duty', lambda: lab.duty_pid('send') != pid)
    lab.wait('all recorded', lambda: lab.sql("SELECT count(*) FROM fieldpost.outbox WHERE state <> 'sent' AND header_id LIKE '<crash%'") ==
             [['0']], 60)
    names = [mail['Message-ID'] for mail in post.mails() if mail['Message-ID'].startswith('<crash')]
    lab.same(len(set(names)), ROWS, 'killed %d times: as many Message-IDs at the server as rows' % kills)
    lab.ok(len(names) - ROWS <= kills * CONNECTIONS, 'at most one repeat a kill and connection', '%d repeats' % (len(names) - ROWS))
    sessions = {line.split()[0] for line in post.transcript().split('\n') if 'crash' not in line and 'MAIL FROM' in line}
    lab.ok(len(sessions) <= 2 * CONNECTIONS * (kills + 4), 'connections are used again', '%d for %d mails' % (len(sessions), len(post.raw())))


def rate(lab, post):
    lab.options['smtp']['rate_per_minute'] = 120
    lab.write_config()
    before = lab.log().count(' duty-started name=send ')
    lab.service.send_signal(signal.SIGHUP)
    lab.wait('the duty is replaced', lambda: lab.log().count(' duty-started name=send ') > before)
    put(lab, [row('paced%d' % number, 'r%d@example.org' % number, {}) for number in range(6)])
    lab.wait('all sent', lambda: lab.sql("SELECT count(*) FROM fieldpost.outbox WHERE header_id LIKE '<paced%' AND state = 'sent'") == [['6']])
    gap = float(lab.sql("SELECT extract(epoch FROM min(g)) FROM (SELECT claimed_at - lag(claimed_at) OVER (ORDER BY claimed_at) AS g "
                        "FROM fieldpost.outbox WHERE header_id LIKE '<paced%') x")[0][0])
    lab.ok(gap >= 0.45, '120 a minute: one each half second, over all connections', 'two within %.3f s' % gap)


def main():
    with Lab('outbox') as lab:
        post = Post(lab)
        lab.options['smtp'] = dict(post.options(), connections=CONNECTIONS, from_name=ORGANISATION, bounce_address='bounces@example.org')
        lab.serve('--only', 'send')
        languages(lab, post)
        traps(lab, post)
        destination(lab, post)
        crash(lab, post)
        rate(lab, post)


if __name__ == '__main__':
    main()
