#!/usr/bin/python3
"""Channels that are asked: Telegram's getUpdates, Signal's gateway, Matrix's /sync, simulated with their errors. What is written is stored once
and filed, media are kept, answers are sent, and what a provider says of errors and waiting is heeded."""
import hashlib
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
from lab import Lab  # noqa: E402
from providers import JPEG, OGG, Matrix, Signal, Telegram  # noqa: E402

TOKEN, TROUBLED, NUMBER = '123456:bot-token-that-is-secret', '654321:bot-token-that-is-told', '+4915550001'
LESSON = 'Lesson from the field\nCountry: %s\nWhat worked: joint patrols\nLesson for policy: pay the drivers'


def count(lab, where='true', table='message'):
    return int(lab.sql('SELECT count(*) FROM fieldpost.%s m WHERE %s' % (table, where))[0][0])


def counts(lab, channel):
    return {r[0]: int(r[1]) for r in lab.sql("SELECT what, count FROM fieldpost.channel_count JOIN fieldpost.account USING (account_id) "
                                             "WHERE name = '%s'" % channel)}


def send(lab, channel, recipient, text, key, answers=None):
    body = json.dumps({'text': text, 'answers': answers} if answers else {'text': text}).replace("'", "''")
    lab.sql("INSERT INTO fieldpost.outbox (kind, channel, recipient, header_id, dedupe_key, body, created_at, next_at) VALUES ('acknowledgement', "
            "'%s', '%s', '<%s@x>', '%s', convert_to('%s', 'UTF8'), now(), now()); SELECT pg_notify('fieldpost_outbox', '')" %
            (channel, recipient, key, key, body))


def outbox(lab, key):
    return (lab.sql("SELECT state, coalesce(last_error, ''), attempts FROM fieldpost.outbox WHERE dedupe_key = '%s'" % key) or [['', '', '']])[0]


def sent(lab, key, seconds=15):
    return lab.wait(key + ' is sent', lambda: outbox(lab, key)[0] == 'sent', seconds)


def media(lab, where):
    return lab.sql("SELECT c.state, coalesce(a.type, ''), coalesce(encode(a.sha256, 'hex'), ''), coalesce(octet_length(a.bytes), 0), "
                   "coalesce(c.error, '') FROM fieldpost.channel_media c JOIN fieldpost.message m USING (message_id) LEFT JOIN "
                   "fieldpost.attachment a ON a.message_id = c.message_id AND a.part = c.ordinal::text WHERE %s ORDER BY 1" % where)


# ---- Telegram ----

def telegram_reads(lab, telegram):
    telegram.write(5000000001, LESSON % 'Kenya', language='fr')
    telegram.write(5000000002, '2')
    telegram.write(5000000003, '2')
    lab.wait('three messages', lambda: count(lab, "channel = 'bot'") == 3)
    lab.same(count(lab, "channel = 'bot'"), 3, 'telegram: what was written is stored; two honest "2" are two')
    lab.ok(lab.wait('filed', lambda: count(lab, "channel = 'bot' AND state = 'filed'") == 1), 'and filed as feedback by the usual path',
           lab.sql('SELECT state, reason FROM fieldpost.message'))
    lab.same(lab.sql("SELECT f.country, m.channel, c.sender, c.language FROM fieldpost.feedback f JOIN fieldpost.message m USING (message_id) "
                     "JOIN fieldpost.channel_message c USING (message_id) WHERE m.channel = 'bot'"), [['KE', 'bot', '5000000001', 'fr']], 'with its country, its sender, their language')
    lab.ok(lab.wait('acknowledged', lambda: telegram.acknowledged == telegram.update_id, 30),
           'what is committed is acknowledged by the next offset', (telegram.acknowledged, telegram.update_id))
    message = telegram.updates[-1]['message'] if telegram.updates else telegram.message(5000000001, 'x')
    telegram.push({'edited_message': dict(message, edit_date=int(time.time()), text='changed')})
    telegram.push({'poll_answer': {'poll_id': '1'}})
    telegram.push({'my_chat_member': {}})
    telegram.push({'message': [1, 'odd']})
    telegram.write(5000000001, None, location={'latitude': -1.5, 'longitude': 29.25})
    lab.wait('place and edit', lambda: count(lab, "channel = 'bot'") == 5)
    lab.same(lab.sql("SELECT latitude, longitude FROM fieldpost.channel_message WHERE latitude IS NOT NULL AND sender LIKE '5%'"), [['-1.5', '29.25']], 'a place is kept as a value')
    lab.same(count(lab, "edits_id IS NOT NULL AND sender LIKE '5%'", 'channel_message'), 1, 'an edit names the message that it replaces')
    lab.wait('counted', lambda: counts(lab, 'bot').get('ignored') == 3)
    lab.same(counts(lab, 'bot').get('ignored'), 3, 'events of kinds that are unknown, or odd, are counted and passed over')


def telegram_media(lab, telegram):
    telegram.files.update({'pic': JPEG, 'voice': OGG, 'large': b'x' * 70000, 'html': b'<html><script>'})
    telegram.write(5000000001, None, caption='the bridge', photo=[{'file_id': 'small'}, {'file_id': 'pic', 'file_size': len(JPEG)}])
    telegram.write(5000000001, None, voice={'file_id': 'voice', 'mime_type': 'audio/ogg'})
    telegram.write(5000000001, None, document={'file_id': 'html', 'mime_type': 'image/png', 'file_name': '../../etc/\u202egnp.exe'})
    telegram.write(5000000001, None, document={'file_id': 'large', 'mime_type': 'text/plain'})
    telegram.write(5000000001, None, document={'file_id': 'gone'})
    telegram.script('/getFile', status=500)
    lab.wait('media are settled', lambda: len([r for r in media(lab, "m.channel = 'bot'") if r[0] != 'waiting']) == 5, 45)
    rows = media(lab, "m.channel = 'bot'")
    lab.ok(['done', 'image/jpeg', hashlib.sha256(JPEG).hexdigest(), str(len(JPEG)), ''] in rows, 'a photo is kept: its bytes, type and SHA-256', rows)
    lab.ok(any(r[0] == 'done' and r[2] == hashlib.sha256(OGG).hexdigest() for r in rows), 'a voice note too', rows)
    lab.ok(any(r[1] == 'text/html' for r in rows), 'the type is what the bytes show, not what was said', rows)
    lab.same(lab.sql("SELECT name FROM fieldpost.attachment WHERE type = 'text/html'"), [['gnp.exe']], 'a name is cleaned')
    refused = [r[4] for r in rows if r[0] == 'refused']
    lab.ok(len(refused) == 2 and any('larger than 65536 bytes' in r for r in refused) and any('wrong file_id' in r for r in refused),
           'what is too large or gone is refused, with the reason', refused)
    lab.wait('counts', lambda: counts(lab, 'bot').get('media-refused') == 2)
    lab.same((counts(lab, 'bot').get('media'), counts(lab, 'bot').get('media-refused')), (3, 2), 'and counted')


def telegram_troubles(lab, telegram):
    def survives(name, text, **how):
        def there():
            return int(lab.sql("SELECT count(*) FROM fieldpost.message JOIN fieldpost.message_raw USING (message_id) WHERE channel = 'tb' AND "
                               "raw = '%s'" % text)[0][0])
        telegram.write(5000000009, 'ends the long poll before ' + text)
        telegram.script('/getUpdates', **how)
        telegram.write(5000000009, text)
        telegram.write(5000000009, text)
        good = lab.wait(name, lambda: there() >= 2 and telegram.acknowledged == telegram.update_id, 30)
        return lab.ok(good and there() == 2 and not telegram.scripts, 'telegram: %s: nothing is lost, nothing doubled' % name,
                      (there(), telegram.scripts))
    survives('500', 'a', status=500)
    survives('the line breaks in the middle of the answer', 'b', cut=40)
    survives('the line breaks before the answer', 'c', drop=True)
    survives('an answer that is no JSON', 'd', raw=b'{"ok":true,"result":[{"upd')
    survives('a page of a proxy', 'e', raw=b'<html>welcome</html>')
    began = len(telegram.calls('/getUpdates'))
    telegram.script('/getUpdates', status=429, retry_after=3)
    telegram.write(5000000009, 'f')
    lab.wait('429', lambda: any(b.at - a.at >= 3 for a, b in zip(telegram.calls('/getUpdates')[began - 1:], telegram.calls('/getUpdates')[began:])), 20)
    at = [c.at for c in telegram.calls('/getUpdates')]
    gaps = [b - a for a, b in zip(at[began - 1:], at[began:])]
    lab.ok(any(3 <= g < 5 for g in gaps), 'telegram: 429: nothing is asked before retry_after is over', gaps)
    telegram.webhook = True
    telegram.write(5000000009, 'g')
    lab.ok(lab.wait('409', lambda: 'a webhook is set for this bot' in lab.source('tb'), 45), 'telegram: 409: the status says that a webhook is set, '
           'and the mend', lab.source('tb'))
    telegram.webhook = False
    telegram.write(5000000009, 'ends a long poll')
    lab.ok(lab.wait('well again', lambda: lab.source('tb').startswith('ok') or 'webhook' not in lab.source('tb'), 60), 'and it goes on by itself', lab.source('tb'))
    telegram.write(5000000009, 'ends a long poll')
    telegram.script('/getUpdates', status=401, words='Malformed access token %s' % TROUBLED)
    lab.wait('401', lambda: 'Malformed access' in lab.source('tb'), 45)
    lab.ok(lab.source('tb').count('Malformed access') and TROUBLED not in lab.source('tb'), 'a provider that repeats our token in its error gives it away nowhere', lab.source('tb'))
    telegram.write(5000000009, 'ends a long poll')
    lab.wait('well again', lambda: 'Malformed' not in lab.source('tb'), 60)
    telegram.script('/sendMessage', status=400, words='no such token: %s' % TROUBLED)
    send(lab, 'tb', '5000000001', 'x', 'repeats')
    lab.wait('failed', lambda: outbox(lab, 'repeats')[0] == 'failed')
    lab.ok('no such token' in outbox(lab, 'repeats')[1] and TROUBLED not in outbox(lab, 'repeats')[1], 'nor in the outbox', outbox(lab, 'repeats'))
    before = count(lab, "channel = 'tb'")
    lab.wait('an idle round', lambda: lab.sql("SELECT cursor FROM fieldpost.account WHERE name = 'tb'")[0][0].endswith(' idle'), 40)
    telegram.update_id = 5
    telegram.write(5000000009, 'after a week')
    lab.ok(lab.wait('a lower number', lambda: count(lab, "channel = 'tb'") == before + 1, 30), 'telegram: numbers that begin anew are not passed over')
    lab.ok('bot-token' not in lab.log() and 'bot-token' not in json.dumps(lab.status()), 'the token is in no log and no status')


def telegram_sends(lab, telegram):
    send(lab, 'bot', '5000000001', 'Thank you. \u0928\u092e\u0938\u094d\u0924\u0947', 'one', '5000000001/1')
    sent(lab, 'one')
    lab.same(telegram.sent[-1:], [{'chat_id': 5000000001, 'text': 'Thank you. \u0928\u092e\u0938\u094d\u0924\u0947', 'reply_parameters': {
        'message_id': 1, 'allow_sending_without_reply': True}}], 'telegram: an answer goes to its chat, as an answer to the message')
    words = ('word ' * 999 + '\U0001f44d\n\n') * 3
    telegram.script('/sendMessage', status=200, words='x', times=0)
    before = len(telegram.sent)
    send(lab, 'bot', '5000000001', words, 'long')
    sent(lab, 'long')
    parts = [s['text'] for s in telegram.sent[before:]]
    lab.ok(len(parts) > 3 and ' '.join(parts).split() == words.split() and max(len(p.encode('utf-16-le')) // 2 for p in parts) <= 4096,
           'a long text goes as several messages, cut between words', [len(p) for p in parts])
    lab.same(lab.sql("SELECT count(*), count(DISTINCT provider_id) FROM fieldpost.outbox_part JOIN fieldpost.outbox USING (outbox_id) "
                     "WHERE dedupe_key = 'long'"), [[str(len(parts))] * 2], 'each is recorded as Telegram names it')
    telegram.script('/sendMessage', status=429, retry_after=2)
    began = time.monotonic()
    send(lab, 'bot', '5000000001', 'wait', 'wait')
    sent(lab, 'wait')
    lab.ok(time.monotonic() - began >= 2 and telegram.sent[-1]['text'] == 'wait', 'telegram: 429: it is sent once retry_after is over')
    telegram.script('/sendMessage', status=502)
    send(lab, 'bot', '5000000001', 'again', 'again')
    sent(lab, 'again', 30)
    lab.same([s['text'] for s in telegram.sent].count('again'), 1, '502: it is sent later, once')
    telegram.blocked.add(5000000044)
    send(lab, 'bot', '5000000044', 'x', 'blocked')
    lab.wait('given up', lambda: outbox(lab, 'blocked')[0] == 'failed')
    lab.ok(outbox(lab, 'blocked')[0] == 'failed' and 'blocked by the user' in outbox(lab, 'blocked')[1], 'telegram: who blocked us is given up at once',
           outbox(lab, 'blocked'))
    lab.ok(any(a['kind'] == 'message-failed' for a in lab.status()['alarms']), 'with an alarm', lab.status()['alarms'])


# ---- Signal ----

def signal_reads(lab, signal):
    first = signal.write('+9779800000001', LESSON % 'Nepal')
    signal.write('+9779800000002', '4')
    signal.files['abc.jpg'] = JPEG
    signal.write('+9779800000001', None, attachments=[{'id': 'abc.jpg', 'contentType': 'image/jpeg', 'size': len(JPEG)}])
    with signal.lock:
        signal.queue.append({'envelope': {'source': '+1', 'timestamp': 1, 'typingMessage': {'action': 'STARTED'}}})
        signal.queue.append({'envelope': {'source': '+1', 'timestamp': 2, 'receiptMessage': {}}})
    lab.wait('signal', lambda: count(lab, "channel = 'sig'") == 3)
    lab.same(count(lab, "channel = 'sig'"), 3, 'signal: what was written is stored')
    lab.ok(lab.wait('filed', lambda: count(lab, "channel = 'sig' AND state = 'filed'") == 1), 'and filed')
    lab.same(lab.sql("SELECT provider_id FROM fieldpost.message WHERE channel = 'sig' AND state = 'filed'"), [[first]], 'under its sender and timestamp')
    lab.ok(lab.wait('media', lambda: media(lab, "m.channel = 'sig'") and media(lab, "m.channel = 'sig'")[0][0] == 'done', 20),
           'an attachment is kept', media(lab, "m.channel = 'sig'"))
    lab.wait('counted', lambda: counts(lab, 'sig').get('ignored') == 2)
    lab.same(counts(lab, 'sig').get('ignored'), 2, 'typing and receipts are counted and passed over')
    for _ in range(35):
        signal.write('+9779800000003', 'many')
    lab.wait('many', lambda: count(lab, "channel = 'sig'") == 38, 45)
    sizes = [int(c.query['max_messages']) for c in signal.calls('/receive')]
    lab.ok(count(lab, "channel = 'sig'") == 38 and max(sizes) <= 10, 'it is asked for ten at a time, and all come', (count(lab, "channel = 'sig'"), set(sizes)))


def signal_troubles(lab, signal):
    before = count(lab, "channel = 'sig'")
    signal.script('/receive', status=500, body=b'x')
    signal.script('/receive', raw=b'[{"envelope":{"source":"+1"')
    lab.ok(lab.wait('set aside', lambda: any(a['kind'] == 'channel-unreadable' for a in lab.status()['alarms'])),
           'signal: an answer that cannot be read is kept aside, with an alarm')
    aside = os.path.join(lab.state, 'polled', 'sig', 'aside')
    lab.ok(os.path.isdir(aside) and len(os.listdir(aside)) == 1, 'its bytes are in a file', os.path.isdir(aside))
    signal.script('/receive', status=500, body=b'x')
    signal.script('/receive', raw=b'{"a":"second"}')
    lab.ok(lab.wait('a second one', lambda: len(os.listdir(aside)) == 2, 30), 'a later one takes nobody\'s place there', os.listdir(aside))
    signal.script('/receive', raw=b'null\n')
    signal.script('/receive', status=400, body=b'{"error":"Connection to Signal failed"}')
    signal.write('+9779800000001', 'after')
    lab.ok(lab.wait('after', lambda: count(lab, "channel = 'sig'") == before + 1, 30), 'signal: an error of the gateway passes')
    lab.same(os.listdir(os.path.join(lab.state, 'polled', 'sig')), ['aside'], 'nothing stays in the spool that is stored')
    kept = len(os.listdir(aside))
    signal.script('/receive', times=100, raw=b'nonsense')
    signal.write('+9779800000001', 'ends the call under way')
    lab.wait('nonsense', lambda: len(os.listdir(aside)) > kept)
    time.sleep(3)
    lab.ok(1 <= len(os.listdir(aside)) - kept <= 4 and 'could not be read' in lab.source('sig'),
           'a gateway that talks nonsense is asked less and less often, and the status says so', (len(os.listdir(aside)) - kept, lab.source('sig')))
    with signal.lock:
        signal.scripts.clear()
    signal.write('+9779800000001', 'sane again')
    lab.ok(lab.wait('sane', lambda: count(lab, "channel = 'sig'") == before + 3, 30), 'and it goes on when it is sane again')


def refused(lab, telegram, signal):
    """The database refuses a message, or a medium, for what is in it: the others are stored, and nothing stands still."""
    lab.sql("""CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF convert_from(NEW.raw, 'UTF8') = 'refuse me' THEN RAISE check_violation; END IF; RETURN NEW; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON fieldpost.message_raw FOR EACH ROW EXECUTE FUNCTION public.refuse();
        CREATE FUNCTION public.refuse_file() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE check_violation; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON fieldpost.attachment FOR EACH ROW EXECUTE FUNCTION public.refuse_file()""")
    with telegram.lock, signal.lock:  # in one round each
        for text in ('before', 'refuse me', 'behind'):
            telegram.write(5000000021, text)
            signal.write('+9779800000021', text)
    lab.ok(lab.wait('the others', lambda: count(lab, "EXISTS (SELECT FROM fieldpost.message_raw r WHERE r.message_id = m.message_id AND "
                                                     "raw IN ('before', 'behind'))") == 4, 30),
           'one message that the database refuses keeps no other from being stored', lab.source('bot') + lab.source('sig'))
    lab.ok(lab.wait('acknowledged', lambda: telegram.acknowledged == telegram.update_id, 30), 'nor the next round', lab.source('bot'))
    aside = [os.path.join(lab.state, 'polled', n, 'aside') for n in ('bot', 'sig')]
    kept = [''.join(open(os.path.join(a, n), 'rb').read().decode() for n in os.listdir(a)) if os.path.isdir(a) else '' for a in aside]
    lab.same([k.count('refuse me') for k in kept], [1, 1], 'its bytes are kept for a person')
    lab.same({a['object'] for a in lab.status()['alarms'] if a['kind'] == 'channel-unreadable'}, {'bot', 'sig'}, 'with an alarm')
    telegram.write(5000000021, None, voice={'file_id': 'voice'})
    lab.ok(lab.wait('refused', lambda: any('was refused by the database' in r[4] for r in media(lab, "m.channel = 'bot'")), 20),
           'a medium that the database refuses is fetched once', media(lab, "m.channel = 'bot' AND c.state = 'waiting'"))
    lab.sql('DROP TRIGGER refuse ON fieldpost.message_raw; DROP TRIGGER refuse ON fieldpost.attachment')
    telegram.write(5000000021, None, caption='deadly', voice={'file_id': 'never'})
    telegram.script('/getFile', status=500)
    lab.wait('a first try', lambda: not telegram.scripts)
    telegram.files['never'] = OGG
    lab.sql("UPDATE fieldpost.channel_media SET attempts = 30, next_at = now() WHERE state = 'waiting'")
    lab.ok(lab.wait('given up', lambda: any('begun 31 times' in r[4] for r in media(lab, "m.channel = 'bot' AND c.state = 'refused'")), 20),
           'one whose every fetch ended with the service is given up', media(lab, "m.channel = 'bot'"))


def signal_sends(lab, signal):
    send(lab, 'sig', '+9779800000001', 'Thank you', 'signal')
    sent(lab, 'signal')
    # What was filed before is acknowledged meanwhile.
    lab.same([s for s in signal.sent if s['message'] == 'Thank you'],
             [{'message': 'Thank you', 'number': NUMBER, 'recipients': ['+9779800000001']}], 'signal: an answer is sent, once')
    signal.unregistered.add('+44')
    send(lab, 'sig', '+44', 'x', 'unregistered')
    lab.wait('given up', lambda: outbox(lab, 'unregistered')[0] == 'failed')
    lab.same(outbox(lab, 'unregistered')[0], 'failed', 'signal: who is not registered is given up')


def outage(lab, telegram, signal):
    """PostgreSQL is away: nothing is acknowledged at Telegram, what Signal handed out is in the spool."""
    data = os.path.join(lab.state, 'postgresql', 'data')
    control, hidden = os.path.join(data, 'global', 'pg_control'), os.path.join(data, 'global', 'hidden')
    before = count(lab)
    with open(os.path.join(data, 'postmaster.pid')) as f:
        postmaster = int(f.readline())
    os.rename(control, hidden)
    os.kill(postmaster, 3)
    for i in range(4):
        telegram.write(5000000070 + i, 'during the outage')
        signal.write('+97798000000%d' % i, 'during the outage')
    time.sleep(4)
    os.rename(hidden, control)
    lab.ok(lab.wait('recovery', lambda: lab.sql('SELECT 1') and count(lab) == before + 8, 60), 'PostgreSQL was away: every message is there, once',
           lab.sql('SELECT channel, count(*) FROM fieldpost.message GROUP BY 1'))


# ---- Matrix ----

def matrix_reads(lab, matrix):
    def stored():
        return count(lab, "channel = 'mx'")
    matrix.invite('!new:s')
    lab.ok(lab.wait('joined', lambda: matrix.joined == ['!new:s']), 'matrix: an invitation is accepted', matrix.joined)
    first = matrix.write('@ann:s', LESSON % 'Nepal')
    lab.ok(lab.wait('filed', lambda: count(lab, "channel = 'mx' AND state = 'filed'") == 1), 'matrix: what was written is filed')
    matrix.write('@ann:s', '* x', **{'m.new_content': {'msgtype': 'm.text', 'body': 'changed'}, 'm.relates_to': {'rel_type': 'm.replace', 'event_id': first}})
    matrix.write('@bot:s', 'our own')
    lab.wait('edit', lambda: stored() == 2)
    lab.same(lab.sql("SELECT edits_id FROM fieldpost.channel_message WHERE edits_id LIKE '$%'"), [[first]], 'matrix: an edit names what it replaces')
    matrix.media['pic'] = JPEG
    matrix.write('@ann:s', 'p.jpg', msgtype='m.image', url='mxc://s/pic')
    lab.ok(lab.wait('media', lambda: media(lab, "m.channel = 'mx'") and media(lab, "m.channel = 'mx'")[0][0] == 'done', 20),
           'matrix: a photo is fetched with our token', media(lab, "m.channel = 'mx'"))
    matrix.write('@ann:s', 'x', kind='m.room.encrypted')
    lab.ok(lab.wait('told', lambda: any('cannot read encrypted' in b['body'] for b in matrix.sent.values())), 'matrix: who writes encrypted is told',
           matrix.sent)
    before = stored()
    with matrix.lock:
        matrix.limit = 3
        for i in range(20):
            matrix.write('@ann:s', 'line %d' % i, room='!r%d:s' % (i % 2))
    lab.wait('all', lambda: stored() >= before + 20, 20)
    lab.same((stored() - before, [r[0] for r in lab.sql("SELECT convert_from(raw, 'UTF8') FROM fieldpost.message JOIN fieldpost.message_raw USING "
              "(message_id) JOIN fieldpost.channel_message c USING (message_id) WHERE reply_to = '!r0:s' ORDER BY message_id")]),
             (20, ['line %d' % i for i in range(0, 20, 2)]), 'matrix: of a timeline that is cut the rest is fetched, in order')
    lab.wait('cursor', lambda: lab.sql("SELECT cursor FROM fieldpost.account WHERE name = 'mx'") == [['s%d' % len(matrix.events)]])
    before = stored()
    for i, how in enumerate(({'status': 500}, {'cut': 30}, {'drop': True}, {'raw': b'<html>'}, {'status': 429, 'retry_after': 2})):
        matrix.write('@ann:s', 'ends the question that waits')
        matrix.script('/sync', **how)
        matrix.write('@ann:s', 'after')
        lab.wait('after %s' % how, lambda: not matrix.scripts and stored() == before + 2 * i + 2, 30)
    lab.same((matrix.scripts, stored()), ([], before + 10), 'matrix: errors pass, nothing is lost or doubled')


def matrix_sends(lab, matrix):
    matrix.script('/send/', status=429, retry_after=1)
    send(lab, 'mx', '!field:s', 'Thank you', 'matrix', '$1')
    sent(lab, 'matrix')
    lab.same([b for (room, _), b in matrix.sent.items() if b['body'] == 'Thank you'],
             [{'msgtype': 'm.text', 'body': 'Thank you', 'm.relates_to': {'m.in_reply_to': {'event_id': '$1'}}}], 'matrix: an answer is sent, once')
    send(lab, 'mx', '!gone:s', 'x', 'matrix-gone')
    lab.wait('given up', lambda: outbox(lab, 'matrix-gone')[0] == 'failed')
    lab.same(outbox(lab, 'matrix-gone')[0], 'failed', 'matrix: a room that we are not in is given up')


def matrix_crowd(lab, matrix):
    """Anybody may invite and write: neither holds up the others."""
    def stored():
        return count(lab, "channel = 'mx'")
    before, crowd = stored(), 1500
    with matrix.lock:
        matrix.paging = 100
        for i in range(crowd):
            matrix.write('@eve:s', 'flood %d' % i, room='!flood:s')
        matrix.write('@bea:s', LESSON % 'Peru', room='!bea:s')
        for i in range(6):
            matrix.invite('!i%d:s' % i)
        matrix.script('/join/%21i1%3As', status=429, retry_after=1)
        matrix.script('/join/%21i2%3As', status=404)
    lab.ok(lab.wait('another room', lambda: count(lab, "channel = 'mx' AND state = 'filed'") == 2, 30),
           'matrix: a room with more messages than are fetched at once holds up no other', lab.source('mx'))
    lab.same(stored() - before, 1000 + matrix.limit + 1, 'its newest are taken')
    lab.ok(any(a['kind'] == 'channel-behind' for a in lab.status()['alarms']), 'and there is an alarm', lab.status()['alarms'])
    lab.same(count(lab, "channel = 'mx' AND reason = 'flood'") + 60 + 1 + 1, 1000 + matrix.limit + 1 + 1, 'of one person no more is read than a person writes')
    lab.wait('invitations', lambda: len(matrix.joined) == 6, 30)
    lab.same(sorted(matrix.joined), ['!i%d:s' % i for i in (0, 1, 3, 4, 5)] + ['!new:s'], 'matrix: of many invitations each has its turn, also after "too many requests"')
    lab.wait('cursor', lambda: lab.sql("SELECT cursor FROM fieldpost.account WHERE name = 'mx'") == [['s%d' % len(matrix.events)]])
    lab.same(lab.sql("SELECT cursor FROM fieldpost.account WHERE name = 'mx'"), [['s%d' % len(matrix.events)]], 'and none is kept for ever')


def main():
    with Lab('polled') as lab:
        telegram, troubled, signal, matrix = Telegram(TOKEN), Telegram(TROUBLED), Signal(NUMBER), Matrix('matrix-token', '@bot:s')
        lab.helpers += [telegram, troubled, signal, matrix]
        lab.options = {'channels': [
            {'name': 'bot', 'kind': 'telegram', 'mode': 'poll', 'token': lab.secret_file('token', TOKEN), 'api_url': telegram.url,
             'media_bytes': '64 KiB', 'join_seconds': 0},
            {'name': 'tb', 'kind': 'telegram', 'mode': 'poll', 'token': lab.secret_file('troubled', TROUBLED), 'api_url': troubled.url,
             'join_seconds': 0},
            {'name': 'mx', 'kind': 'matrix', 'mode': 'poll', 'token': lab.secret_file('matrix', 'matrix-token'), 'account': '@bot:s',
             'api_url': matrix.url, 'join_seconds': 0},
            {'name': 'sig', 'kind': 'signal', 'number': NUMBER, 'api_url': signal.url, 'join_seconds': 0}]}
        lab.serve('--only', 'intake,parse,send')
        lab.together(
            lambda: (telegram_reads(lab, telegram), telegram_media(lab, telegram), telegram_sends(lab, telegram)),
            lambda: telegram_troubles(lab, troubled),
            lambda: (signal_reads(lab, signal), signal_troubles(lab, signal), signal_sends(lab, signal)),
            lambda: (matrix_reads(lab, matrix), matrix_sends(lab, matrix), matrix_crowd(lab, matrix)))
        refused(lab, telegram, signal)
        outage(lab, telegram, signal)
        began = time.monotonic()
        lab.stop()
        lab.ok(time.monotonic() - began < 12, 'it stops when it is asked to, while it waits at a door', time.monotonic() - began)


main()
