"""The inputs and words that each fuzz target begins with, made from tests/cases and config: write(target, folder), words(target).

The bytes before a text are the choices that the target takes off its input (tests/fuzz/fuzz_<target>.c).
"""
import email
import email.policy
import glob
import json
import os
import re
import urllib.parse

import yaml


def read(path):
    with open(path, 'rb') as f:
        return f.read()


def files(*patterns):
    return sorted(path for pattern in patterns for path in glob.glob(pattern))


def texts(kind):
    """The decoded text parts of one kind ("plain", "html") of all replies."""
    for path in files('tests/cases/reply/*.eml', 'tests/cases/replies/*.eml'):
        for part in email.message_from_bytes(read(path), policy=email.policy.default).walk():
            if part.get_content_type() == 'text/' + kind:
                try:
                    yield part.get_content().encode('utf-8', 'replace')
                except (LookupError, ValueError):
                    pass


def channel_messages():
    return [read(path) for path in files('tests/cases/reply/*.txt', 'tests/cases/replies/*.txt')]


def mail():
    return [read(path) for path in files('tests/cases/mail/*.eml', 'tests/cases/reply/*.eml', 'tests/cases/replies/*[05].eml')]


def html():
    return [read(path) for path in files('tests/cases/html/*.html')] + list(texts('html'))[::3]


def own_words(text):
    """What stands above the quote."""
    return text.split(b'\n>')[0]


def reply():
    found, number = [], 0
    for text in [own_words(t) for t in texts('plain')] + channel_messages():
        for kind in (number % 9, (number + 4) % 9):
            form, language, around = number % 8, number % 6, number * 37 % 256
            found.append(bytes([form, language, kind, around]) + text[:3000])
        number += 1
    return found


def providers(text, number):
    """The message as some providers send it: the first ones of the table (channel_kinds)."""
    words = text.decode('utf-8', 'replace')
    telegram = {'update_id': number, 'message': {'message_id': number, 'date': 1795000000, 'chat': {'id': 5}, 'text': words,
                'from': {'id': 7, 'is_bot': False, 'first_name': 'Mary', 'last_name': 'Okello', 'language_code': 'fr'}}}
    if number % 3 == 0:
        telegram['message'].update({'caption': words, 'photo': [{'file_id': 'a', 'file_size': 9}], 'location': {'latitude': 1.5, 'longitude': 29}})
        telegram['edited_message'] = dict(telegram.pop('message'), edit_date=1795000001)
    content = {'from': '25670', 'id': 'wamid.%d' % number, 'timestamp': '1795000000', 'type': 'text', 'text': {'body': words}}
    if number % 3 == 0:
        content.update({'type': 'image', 'image': {'id': '9', 'caption': words, 'mime_type': 'image/jpeg', 'sha256': 'qg==' * 11}, 'context': {'id': 'x'}})
    whatsapp = {'object': 'whatsapp_business_account', 'entry': [{'changes': [{'field': 'messages', 'value': {
        'metadata': {'phone_number_id': '1'}, 'contacts': [{'wa_id': '25670', 'profile': {'name': 'Mary'}}], 'messages': [content]}}]}]}
    twilio = {'MessageSid': 'SM%d' % number, 'From': '+25670', 'Body': words, 'ProfileName': 'Mary', 'NumMedia': '1',
              'MediaUrl0': 'https://api.twilio.com/1', 'MediaContentType0': 'image/jpeg', 'Latitude': '1.5', 'Longitude': '29'}
    signal = [{'envelope': {'sourceUuid': 'u', 'sourceNumber': '+25670', 'sourceName': 'Mary', 'timestamp': 1795000000000 + number,
               'dataMessage': {'message': words, 'attachments': [{'id': 'a', 'contentType': 'audio/aac'}],
                               'quote': {'id': 5, 'authorNumber': '+100'}}}}]
    standard = {'type': 'message.edited' if number % 2 else 'message.received', 'data': {
        'sender': '+25670', 'text': words, 'edits': 'm', 'name': 'Mary', 'language': 'fr', 'sent_at': '2026-11-21T10:00:00+01:00', 'answers': 'q',
        'part_of': 'p', 'part': 1, 'parts': 2, 'place': {'latitude': 1.5, 'longitude': 29}}}
    mapped = {'data': [{'id': number, 'text/words': words, 'from': ['x', '+25670'], 'sent~at': 1795000000, 'name': 'Mary'}]}
    return [json.dumps(telegram).encode(), json.dumps(whatsapp, ensure_ascii=False).encode(), urllib.parse.urlencode(twilio).encode(),
            json.dumps(signal).encode(), json.dumps(standard).encode(), json.dumps(mapped).encode()]


HINTS = 7  # of fuzz_payload.c


def channel_kinds():
    """Their order is that in which the first byte counts them, behind the hints."""
    return re.findall(r'&channel_(\w+),', read('gateway/channels/channel.c').decode())


def requests(names):
    """The cases; a type of the body (.type) stands before the line %%."""
    for path in files('tests/cases/payload/*.body'):
        kind, typed = os.path.basename(path).split('-')[0], path[:-len('.body')] + '.type'
        yield bytes([HINTS + names.index(kind)]) + (read(typed).rstrip(b'\n') + b'\n%%\n' if os.path.exists(typed) else b'') + read(path)


def payload():
    found = list(requests(channel_kinds()))
    for number, text in enumerate(channel_messages()):
        kinds = providers(text[:600], number)
        found.append(bytes([number % HINTS]) + text)
        found += [bytes([HINTS + kind]) + body for kind, body in enumerate(kinds) if kind == number % len(kinds)]
    return found + [bytes([number % HINTS]) + own_words(text)[:1500] for number, text in enumerate(texts('plain'))][::3]


def imap():
    """What servers say to a FETCH; the first byte is the size of its pieces."""
    body = b'Subject: x\r\n\r\n1. Nepal\r\n'
    said = [
        b'* 1 FETCH (UID 7 BODY[] {%d}\r\n%s)\r\n12 OK Fetch completed.\r\n' % (len(body), body),
        b'* 2 FETCH (BODY[HEADER]<0> {%d}\r\n%s UID 8 FLAGS (\\Seen))\r\n' % (len(body), body),
        b'* 3 FETCH (UID 9 RFC822.SIZE 4294967296 INTERNALDATE "21-Nov-2026 10:00:00 +0530")\r\n* 4 FETCH (UID 10 RFC822.SIZE 5)\r\n',
        b'* 5 FETCH (FLAGS ($x) MODSEQ (12) EMAILID (M1) ENVELOPE ("a ) b" NIL ((NIL {3}\r\n)))) "\\"")) UID 7 BODY[] "a)\\" \\\\")\r\n',
        b'* 23 EXISTS\r\n* 1 RECENT\r\n* OK [UIDNEXT 5] use {5}\r\n3 NO [LIMIT] too much\r\n',
        b'* BYE Disconnected for inactivity.\r\n', b'+ idling\r\n', b'* LIST (\\HasNoChildren) "/" {4}\r\na(b"\r\n4 BAD no\r\n',
        b'* 1 FETCH (UID 7 BODY[HEADER.FIELDS (TO CC)] {3+}\na:b)\n* 2 FETCH (UID 3 BODY[] NIL)\n'
    ]
    return [bytes([step]) + one for one in said for step in (0, 6, 63)]


def form_fields():
    """Form and field in the order in which fuzz_forms() has them."""
    names = []
    for path in files('config/forms/*.yaml') + ['tests/cases/match/incident.yaml', 'tests/cases/values/form.yaml']:
        loaded = yaml.safe_load(read(path))
        names += ['%s.%s' % (loaded['id'], field['name']) for field in loaded['fields']]
    return names


def values():
    names, found = form_fields(), []
    languages = ['-', 'en', 'fr', 'es', 'pt', 'ar', 'ne']
    for path in files('tests/cases/values/*.tsv'):
        for row in read(path).decode().split('\n'):
            columns = row.split('\t')
            if row.startswith('#') or len(columns) < 4 or columns[0] not in names:
                continue
            text = re.sub(r'\\(n|t|\\|u[0-9a-f]{4})', lambda m: {'n': '\n', 't': '\t', '\\': '\\'}.get(m[1]) or chr(int(m[1][1:], 16)), columns[2])
            language = columns[1].split('@')[0]
            head = bytes([names.index(columns[0]), languages.index(language) if language in languages else 0, len(found) % 2])
            found.append(head + text.encode('utf-8', 'replace'))
    return found


def form():
    found = [read(path) for path in files('tests/cases/form/*.yaml', 'config/forms/*.yaml', 'tests/cases/values/form.yaml')]
    for path in files('tests/cases/match/*.eml'):
        for name in ('incident', 'slow'):
            found.append(read('tests/cases/match/%s.yaml' % name).rstrip(b'\n') + b'\n%%\n' + read(path))
    for pattern in ('[A-Z]{2,5}-[0-9]{3}', '(x+)+[yv]', 'a?b+'):
        found.append(b"id: short\ntitle: {en: Short}\nfields:\n  - {name: ref, type: pattern, pattern: '%s', label: {en: Ref}}\n%%%%\n"
                     b'Subject: Short\n\nRef: POL-215 xxxxxxy abbb\n' % pattern.encode())
    answer = b'Subject: Good form\n\nCountry: Nepal\n1. NP\n2. 5\n'
    return found + [one.rstrip(b'\n') + b'\n%%\n' + answer for one in found if b'%%' not in one and b'id:' in one][::2]


def order():
    """Orders in each language; the first byte says what is quoted."""
    found = [b'#1042 Thank you, who said so?\n\nAnd when?\n\n-- \nClara\n+41 22 700 88 99\n', b'(#7): read\n* #8 - used in SSR-1\n',
             '＃९ पढियो\n#١ مقروء\n'.encode(), b'#1\n#2 as in #3 above\n#4 thanks\n', b'yes\n', b'Dear all\n\n> #7 quoted\n#8 read\n\nKind regards\nClara']
    for path in files('config/languages/??.yaml'):
        loaded = yaml.safe_load(read(path))
        found += ['\n'.join('#%d %s%s' % (n + 1, word, (' the words behind it', '')[n % 2]) for n, word in enumerate(strings(
            [loaded[key] for key in sorted(loaded) if key.startswith('order_')]))).encode()]
    return [bytes([number % 4]) + text for number, text in enumerate(found)]


TARGETS = {'form': form, 'html': html, 'imap': imap, 'mail': mail, 'order': order, 'payload': payload, 'reply': reply, 'values': values}


def write(target, folder):
    os.makedirs(folder, exist_ok=True)
    for number, seed in enumerate(TARGETS[target]()):
        with open(os.path.join(folder, '%04d' % number), 'wb') as f:
            f.write(seed)


# ---- words ----

def strings(node):
    if isinstance(node, dict):
        for value in node.values():
            yield from strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from strings(value)
    elif isinstance(node, str):
        yield node


def labels():
    for path in files('config/forms/*.yaml'):
        loaded = yaml.safe_load(read(path))
        yield from loaded['title'].values()
        for field in loaded['fields']:
            yield from ('%s: ' % label for label in field['label'].values())
            for option in field.get('options', []):
                yield from option['label'].values()


def language_words(*keys):
    for path in files('config/languages/??.yaml'):
        loaded = yaml.safe_load(read(path))
        for key in keys:
            yield from strings(loaded.get(key, []))


SOURCES = {
    'order': lambda: language_words('order_read', 'order_used', 'order_not_used', 'order_ask_again', 'order_assign', 'yes', 'no', 'mail'),
    'reply': lambda: [*labels(), *language_words('yes', 'no', 'mail')],
    'payload': lambda: [*labels(), *language_words('yes', 'no', 'no_answer')],
    'values': lambda: [*labels(), *language_words('yes', 'no', 'no_answer', 'months', 'magnitudes', 'out_of', 'and', 'articles',
                                                  'shared_country_names', 'ordinals', 'date_particles')],
}


def words(target):
    """Lines of a libFuzzer dictionary, beside tests/fuzz/<target>.dict."""
    found = sorted({word for word in SOURCES.get(target, list)() if 0 < len(word.encode()) <= 60})
    return ['"%s"' % ''.join(chr(b) if 32 <= b < 127 and b not in b'"\\' else '\\x%02X' % b for b in word.encode()) for word in found]
