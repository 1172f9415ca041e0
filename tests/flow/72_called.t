#!/usr/bin/python3
"""Channels that call us, simulated as they send: WhatsApp, Twilio, Telegram's webhook, Mailgun, Postmark, SendGrid and others. What is genuine is stored once and filed, what
is not is refused; media are fetched only from where they may be; answers are sent, and errors told apart."""
import concurrent.futures
import hashlib
import http.client
import json
import os
import subprocess
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
from lab import SERVERS, Lab, free_ports  # noqa: E402
from callers import KEY, Caller, Mailgun, Matrix, Postmark, Sendgrid, Vonage, VonageMessages, count  # noqa: E402
from providers import JPEG, AfricasTalking, Graph, Telegram, Trap, Twilio, post, sign_twilio, sign_whatsapp  # noqa: E402

BOT, ACCESS, APP, SID, AUTH, PHONE = 'bot:tok', 'access-token', 'app-secret', 'AC' + 'a' * 32, 'twilio-auth', '106540352242922'
LESSON = 'Lesson from the field\nCountry: %s\nWhat worked: joint patrols\nLesson for policy: pay the drivers'
PUBLIC = 'https://hooks.example.org'


def counts(lab, channel):
    return {r[0]: int(r[1]) for r in lab.sql("SELECT what, count FROM fieldpost.channel_count JOIN fieldpost.account USING (account_id) "
                                             "WHERE name = '%s'" % channel)}


def answers(port):
    try:
        return post(port, '/readyz', None, {}, 'GET')[0] == 200
    except OSError:
        return False


def at_once(calls):
    """All at the same time; their answers."""
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return [f.result() for f in [pool.submit(c) for c in calls]]


class Meta(Caller):
    name, broken = 'wa', b'{"entry":['
    unknown = b'{"object":"x","entry":[{"changes":[{"field":"account_update","value":{}}]}]}'
    large = b'{"entry":[' + b' ' * 66000 + b']}'

    def headers(self, body):
        return sign_whatsapp(APP, body)

    def message(self, number, text=None, **more):
        message = dict({'from': '2217700000%02d' % (number % 100), 'id': 'wamid.%d' % number, 'timestamp': '1795000000'}, **more)
        if text is not None:
            message.update(type='text', text={'body': text})
        return self.graph.notification(message)


class Sms(Caller):
    name, broken, unknown = 'sms', b'MessageSid=SM1&Body=%zz', b'CallSid=CA1&From=%2B1'
    large = b'MessageSid=SM1&From=%2B1&Body=' + b'x' * 66000

    def headers(self, body):
        try:
            form = urllib.parse.parse_qsl(body.decode(), keep_blank_values=True)
        except UnicodeDecodeError:
            form = []
        return sign_twilio(AUTH, PUBLIC + self.path, form)

    def message(self, number, text='', **more):
        return urllib.parse.urlencode(dict({'MessageSid': 'SM%d' % number, 'From': '+25470000%04d' % number, 'To': '+1555', 'Body': text,
                                            'NumMedia': '0'}, **more)).encode()


class African(Caller):
    signs = False
    name, broken, unknown = 'at', b'id=1&text=%', b'id=2&status=Success&phoneNumber=%2B1'
    large = b'id=1&from=%2B1&text=' + b'x' * 66000

    def headers(self, body):
        return {'Content-Type': 'application/x-www-form-urlencoded'}

    def message(self, number, text=''):
        return urllib.parse.urlencode({'id': 'ATX%d' % number, 'from': '+25471100%04d' % number, 'to': '28901', 'text': text,
                                       'date': '2026-11-21 10:00:00'}).encode()


class Bot(Caller):
    signs = False
    name, broken, unknown = 'tg', b'{"update_id":', b'{"update_id":1,"new_kind":{}}'
    large = b'{"update_id":1,"x":"' + b'x' * 66000 + b'"}'

    def headers(self, body):
        return {'X-Telegram-Bot-Api-Secret-Token': 'word-of-telegram', 'Content-Type': 'application/json'}

    def message(self, number, text=None, **more):
        return json.dumps({'update_id': 1000 + number, 'message': dict({'message_id': number, 'date': 1795000000, 'chat': {'id': 7, 'type': 'private'},
                           'from': {'id': 7, 'is_bot': False, 'first_name': 'A'}, 'text': text}, **more)}).encode()


def every(lab, caller):
    """What holds for each."""
    name = caller.name
    lab.same(caller.call(caller.message(1, LESSON % 'Kenya'))[0], 200, name + ': a message is taken')
    lab.same(caller.stored(), 1, name + ': and is stored when the answer comes')
    lab.ok(lab.wait('filed', lambda: caller.stored("state = 'filed'") == 1), name + ': it is filed as feedback by the usual path',
           lab.sql('SELECT state, reason FROM fieldpost.message'))
    same = caller.message(2, '2')
    given = at_once([lambda: caller.call(same)] * 20)
    statuses = [a[0] for a in given]
    lab.ok(200 in statuses and set(statuses) <= caller.again and caller.stored() == 2, name + ': the same id 20 times at once: one row',
           (statuses, caller.stored()))
    at_once([lambda: caller.call(caller.message(3, '2')), lambda: caller.call(caller.message(4, '2'))])
    lab.same(caller.stored(), 4, name + ': two ids with the same text: two rows')
    if name == 'at':
        path, caller.path = caller.path, caller.path[:-1]
        lab.ok(caller.call(caller.message(5, 'forged'))[0] == 404 and caller.stored() == 4, name + ': a path that is not quite right: 404')
        caller.path = path
    else:
        forged(lab, caller)
    bad = counts(lab, name).get('malformed', 0)
    lab.same((caller.call(caller.broken)[0], caller.stored()), (caller.malformed, 4), name + ': what is malformed is refused')
    lab.ok(lab.wait('malformed', lambda: counts(lab, name).get('malformed', 0) == bad + 1, 40), name + ': and counted as that', counts(lab, name))
    lab.same((caller.call(caller.large)[0], caller.stored()), (413, 4), name + ': over the cap: 413')
    before = counts(lab, name).get('ignored', 0)
    lab.same((caller.call(caller.unknown)[0], caller.stored()), (200, 4), name + ': an event of an unknown kind: 200, nothing stored')
    lab.ok(lab.wait('counted', lambda: counts(lab, name).get('ignored', 0) > before, 40), name + ': and counted', counts(lab, name))


def forged(lab, caller):
    refused = [caller.call(*forgery)[0] for forgery in caller.forge(5)]
    lab.ok(set(refused) <= {401, 403} and len(refused) >= 2 and caller.stored() == 4,
           caller.name + ': a credential that is truncated, missing or of other bytes is refused, nothing stored', refused)


def forwarded(lab, mailgun, postmark, sendgrid):
    """What forwards mails: they are mails, whoever brings them."""
    raw = mailgun.mail(80, LESSON % 'Nepal')
    lab.same([c.call(c.wrap(raw))[0] for c in (mailgun, postmark, sendgrid)], [200] * 3, 'one mail by three ways is taken each time')
    lab.same(count(lab, "raw_sha256 = sha256('\\x%s')" % raw.hex()), 1, 'and is one message')
    path = os.path.join(lab.folder, 'same.eml')
    with open(path, 'wb') as f:
        f.write(raw.replace(b'\r\n', b'\n'))
    os.chmod(path, 0o644)
    before = count(lab, 'channel IS NULL')
    done = lab.run('import', path)
    lab.ok(done.returncode == 0 and count(lab, 'channel IS NULL') == before, 'also with the same mail from a file', done.stdout + done.stderr)
    lab.same(lab.sql("SELECT count(*) FROM fieldpost.message m JOIN fieldpost.account a USING (account_id) WHERE a.name IN ('mg', 'pm', 'sg') AND "
                     "m.channel IS NOT NULL"), [['0']], 'they are no messages of a channel')
    token = mailgun.wrap(mailgun.mail(81, 'x'), token='n' * 50)
    other = mailgun.wrap(mailgun.mail(82, 'another mail'), token='n' * 50)
    stored = mailgun.stored()
    lab.same([mailgun.call(token)[0], mailgun.call(token)[0], mailgun.call(other)[0], mailgun.stored()], [200, 406, 406, stored + 1],
             'mailgun: a token is taken once: with the same mail or another it is refused, and never to be sent again')
    lab.same([mailgun.call(mailgun.wrap(mailgun.mail(83, 'late'), ago=a))[0] for a in (86300, 86500)], [200, 406],
             'mailgun: a token of yesterday is taken, an older one is not')
    lab.same([sendgrid.call(sendgrid.wrap(sendgrid.mail(84, 'late')), sendgrid.headers(sendgrid.wrap(sendgrid.mail(84, 'late')), ago=a))[0]
              for a in (345500, 345700)], [200, 403], 'sendgrid: a signature of four days ago is taken, an older one is not')
    lab.same(postmark.call(b'{')[0], 403, 'postmark: what can never be read is answered so that it is not sent again')
    for caller, body, kind in ((mailgun, mailgun.fields(90, LESSON % 'Peru'), None), (postmark, postmark.fields(91, LESSON % 'Peru'), None),
                               (sendgrid, sendgrid.fields(92, LESSON % 'Peru'), None)):
        filed = caller.stored("state = 'filed'")
        lab.same(caller.call(body)[0], 200, caller.name + ': a mail told in parts is taken')
        lab.ok(lab.wait('filed', lambda: caller.stored("state = 'filed'") == filed + 1), caller.name + ': written as a mail and filed',
               lab.sql('SELECT state, reason, provider_id FROM fieldpost.message ORDER BY message_id DESC LIMIT 3'))
    lab.same(lab.sql("SELECT count(*) FROM fieldpost.attachment WHERE name = 'note.pdf'"), [['3']], 'with what is attached')


def kept(lab, provider_id):
    return lab.sql("SELECT c.state, coalesce(a.type, ''), coalesce(encode(a.sha256, 'hex'), ''), coalesce(c.error, '') FROM fieldpost.channel_media c "
                   "JOIN fieldpost.message m USING (message_id) LEFT JOIN fieldpost.attachment a ON a.message_id = c.message_id "
                   "WHERE m.provider_id = '%s'" % provider_id)


def settled(lab, provider_id):
    lab.wait(provider_id, lambda: kept(lab, provider_id) and kept(lab, provider_id)[0][0] != 'waiting', 20)
    return (kept(lab, provider_id) or [[''] * 4])[0]


def media(lab, meta, sms, graph, twilio):
    meta.call(meta.message(20, type='image', image=graph.add('777', JPEG)))
    twilio.media['ME1'] = (JPEG, 'image/jpeg')
    url = '%s/2010-04-01/Accounts/%s/Messages/MM1/Media/' % (twilio.url, SID)
    sms.call(sms.message(20, NumMedia='1', MediaUrl0=url + 'ME1', MediaContentType0='image/jpeg'))
    wanted = ['done', 'image/jpeg', hashlib.sha256(JPEG).hexdigest()]  # and no error
    lab.same(settled(lab, 'wamid.20'), wanted, 'whatsapp: a photo is fetched in its two steps and kept')
    lab.same(settled(lab, 'SM20'), wanted, 'twilio: a photo is fetched, through the redirect, and kept')


def guard(lab, meta, sms, graph, twilio, trap):
    """Where media are said to be, and lead to: no connection is made, so no credential goes there."""
    places = [('loopback', 'http://127.0.0.1:%d/m' % trap.port), ('loopback by https', 'https://127.0.0.1:%d/m' % trap.port),
              ('loopback by name', 'http://localhost:%d/m' % trap.port), ('another number of loopback', 'http://127.1:%d/m' % trap.port),
              ('IPv6 loopback', 'http://[::1]:%d/m' % trap.port), ('private', 'https://10.0.0.1/m'), ('link-local', 'https://169.254.169.254/latest'),
              ('a host that is not listed', 'https://evil.example/m'), ('a listed name in front', 'https://graph.facebook.com.evil.example/m'),
              ('a listed name as login', 'https://graph.facebook.com@127.0.0.1:%d/m' % trap.port), ('a file', 'file:///etc/passwd'),
              # listed, and its name leads to loopback, private and link-local addresses (resolve.c)
              ('a listed host at loopback', 'https://lookaside.fbsbx.com/m'), ('a listed host at private addresses', 'https://graph.facebook.com/m')]
    for i, (what, url) in enumerate(places):
        graph.add('g%d' % i, JPEG)
        graph.addresses['g%d' % i] = url
        meta.call(meta.message(30 + i, type='image', image={'id': 'g%d' % i}))
    for i, (what, url) in enumerate(places):
        state = settled(lab, 'wamid.%d' % (30 + i))
        lab.ok(state[0] == 'refused' and ('is refused' in state[3] or 'no URL' in state[3]), 'whatsapp: media at %s: refused' % what, state)
    url = '%s/2010-04-01/Accounts/%s/Messages/MM1/Media/' % (twilio.url, SID)
    leads = [('loopback', 'http://127.0.0.1:%d/m' % trap.port), ('a host that is not listed', 'https://evil.example/m'),
             ('private', 'https://192.168.1.1/'), ('a listed host at loopback', 'https://mms.twiliocdn.com/m')]
    for i, (what, to) in enumerate(leads):
        twilio.redirects['R%d' % i] = to
        sms.call(sms.message(60 + i, NumMedia='1', MediaUrl0=url + 'R%d' % i))
    twilio.redirects['round'] = url + 'round'
    sms.call(sms.message(70, NumMedia='1', MediaUrl0=url + 'round'))
    sms.call(sms.message(71, NumMedia='1', MediaUrl0='https://evil.example/m'))
    for i, (what, to) in enumerate(leads):
        state = settled(lab, 'SM%d' % (60 + i))
        lab.ok(state[0] == 'refused' and 'is refused' in state[3], 'twilio: a redirect to %s: refused' % what, state)
    lab.ok('more than 3 redirects' in settled(lab, 'SM70')[3], 'twilio: redirects without end: refused', settled(lab, 'SM70'))
    lab.ok('is refused' in settled(lab, 'SM71')[3], 'twilio: media elsewhere: refused', settled(lab, 'SM71'))
    lab.same(trap.caught, [], 'the server at those places heard of nobody, and so of no credential')
    try:
        post(trap.port, '/control', None, {}, 'GET', 2)
    except (OSError, http.client.HTTPException):
        pass
    lab.ok(len(trap.caught) == 1 and b'/control' in trap.caught[0], '(it does hear who comes)', trap.caught)
    with open(os.path.join(lab.folder, 'resolved')) as f:
        asked = set(f.read().split())
    lab.ok({'lookaside.fbsbx.com', 'mms.twiliocdn.com'} <= asked and 'evil.example' not in asked,
           'the listed names were resolved, their addresses refused; others were not even asked for', asked)


def send(lab, channel, recipient, text, key):
    body = json.dumps({'text': text}).replace("'", "''")
    lab.sql("INSERT INTO fieldpost.outbox (kind, channel, recipient, header_id, dedupe_key, body, created_at, next_at) VALUES ('acknowledgement', "
            "'%s', '%s', '<%s@x>', '%s', convert_to('%s', 'UTF8'), now(), now()); SELECT pg_notify('fieldpost_outbox', '')" %
            (channel, recipient, key, key, body))


def outcome(lab, key, states=('sent', 'failed'), seconds=20):
    def row():
        return (lab.sql("SELECT state, coalesce(last_error, '') FROM fieldpost.outbox WHERE dedupe_key = '%s'" % key) or [['', '']])[0]
    lab.wait(key, lambda: row()[0] in states, seconds)
    return row()


def sending(lab, graph, twilio):
    send(lab, 'wa', '221770000001', 'Merci', 'wa')
    lab.same((outcome(lab, 'wa')[0], [s['text']['body'] for s in graph.sent if s['text']['body'] == 'Merci']), ('sent', ['Merci']),
             'whatsapp: an answer is sent, once')
    graph.codes.update({'1': 131047, '2': 131026, '3': 131056})
    send(lab, 'wa', '1', 'x', 'late')
    lab.ok(outcome(lab, 'late')[0] == 'failed' and '24 hours' in outcome(lab, 'late')[1], 'whatsapp: after 24 hours it is given up, in words',
           outcome(lab, 'late'))
    send(lab, 'wa', '2', 'x', 'undeliverable')
    lab.same(outcome(lab, 'undeliverable')[0], 'failed', 'whatsapp: what cannot be delivered is given up')
    send(lab, 'wa', '3', 'x', 'pair')
    lab.wait('pair', lambda: '131056' in outcome(lab, 'pair', ('waiting', 'sending'))[1])
    graph.codes.pop('3')
    lab.same(outcome(lab, 'pair', seconds=40)[0], 'sent', 'whatsapp: too much to one person: sent later')
    send(lab, 'sms', '+254700000001', 'Thanks', 'sms')
    lab.same((outcome(lab, 'sms')[0], [s for s in twilio.sent if s['Body'] == 'Thanks']),
             ('sent', [{'To': '+254700000001', 'From': '+1555', 'Body': 'Thanks'}]), 'twilio: an SMS is sent, once')
    send(lab, 'sms', 'whatsapp:+254700000001', 'Thanks', 'tw-wa')
    lab.same((outcome(lab, 'tw-wa')[0], twilio.sent[-1]['From']), ('sent', 'whatsapp:+1555'), 'twilio: who wrote by WhatsApp is answered there')
    twilio.codes.update({'+1': (400, 21610), '+2': (429, 20429)})
    send(lab, 'sms', '+1', 'x', 'stop')
    lab.ok(outcome(lab, 'stop')[0] == 'failed' and '21610' in outcome(lab, 'stop')[1], 'twilio: who wrote STOP is given up', outcome(lab, 'stop'))
    send(lab, 'sms', '+2', 'x', 'rate')
    lab.wait('rate', lambda: '20429' in outcome(lab, 'rate', ('waiting', 'sending'))[1])
    twilio.codes.pop('+2')
    lab.same(outcome(lab, 'rate', seconds=30)[0], 'sent', 'twilio: 429: sent later')
    twilio.token = 'changed'
    send(lab, 'sms', '+254700000002', 'x', 'login')
    lab.ok(lab.wait('alarm', lambda: any(a['kind'] == 'channel-send' and a['object'] == 'sms' for a in lab.status()['alarms'])),
           'twilio: a login that is refused is an alarm, and nobody is given up', lab.status()['alarms'])
    twilio.token = AUTH
    lab.same(outcome(lab, 'login', seconds=40)[0], 'sent', 'it is sent when the login is right again')
    lab.ok(lab.wait('cleared', lambda: not any(a['kind'] == 'channel-send' and a['object'] == 'sms' for a in lab.status()['alarms'])), 'and the alarm is over')


def african_sends(lab, african):
    african.codes.update({'+2': 406, '+3': 500})
    for to in ('+1', '+2', '+3'):
        send(lab, 'at', to, 'Thanks', 'at' + to)
    lab.same((outcome(lab, 'at+1')[0], [s for s in african.sent if s['to'] == '+1']),
             ('sent', [{'username': 'fieldpost', 'to': '+1', 'message': 'Thanks', 'from': '28901'}]), "africa's talking: an SMS is sent, once")
    lab.same(outcome(lab, 'at+2')[0], 'failed', "africa's talking: who wants none is given up")
    african.codes.pop('+3')
    lab.same(outcome(lab, 'at+3')[0], 'sent', "africa's talking: trouble there: sent later")


def matrix(lab, caller):
    right, stored = caller.headers(b''), caller.stored()
    lab.same([caller.call(None, right, '/_matrix/app/v1/users/@a:s', 'GET')[0], caller.call(b'{}', right, '/_matrix/app/v1/ping', 'POST')[::2],
              caller.call(None, {}, '/_matrix/app/v1/users/@a:s', 'GET')[0]], [404, (200, b'{}'), 401], 'matrix: asked for users: none; pinged: here')
    body, path = caller.message(60, 'again'), '/_matrix/app/v1/transactions/again'
    given = [caller.call(body, right, path)[::2] for _ in range(2)]
    lab.same((given, caller.stored()), ([(200, b'{}')] * 2, stored + 1), 'matrix: a transaction that comes again is answered alike and adds nothing')
    answer = caller.call(body, {'Authorization': 'Bearer no'})
    lab.ok(answer[0] == 403 and b'M_FORBIDDEN' in answer[2], 'matrix: a refusal has its errcode', answer)


def parts(lab, vonage, twilio):
    """Long texts: by Vonage in parts, in any order and repeated; by Twilio as one."""
    text = LESSON % 'Rwanda' + ' and the fuel,' * 60
    pieces = [text[i:i + 150] for i in range(0, len(text), 150)]
    shared = {'msisdn': '254733000001', 'concat': 'true', 'concat-ref': '08', 'concat-total': str(len(pieces))}

    def piece(i, text=None, **more):
        return vonage.message(900 + i, text or pieces[i], **dict(shared, **{'concat-part': str(i + 1)}, **more))
    order = [2, 0, 1] + list(range(4, len(pieces)))
    lab.same([vonage.call(piece(i))[0] for i in order + [2]], [200] * (len(order) + 1), 'vonage: the parts of a long text come, one twice')
    vonage.call(piece(3, msisdn='254733000002', messageId='VO999', text='of somebody else'))
    time.sleep(1.5)
    lab.same(lab.sql("SELECT count(*) FROM fieldpost.message m JOIN fieldpost.channel_message c USING (message_id) WHERE c.part_of IS NOT NULL AND "
                     "m.state <> 'received'"), [['0']], 'it is not read before it is whole, by whatever comes of others')
    vonage.call(piece(3))
    lab.ok(lab.wait('filed', lambda: vonage.stored("state = 'filed' AND provider_id ~ '^VO9..$'") == len(pieces)), 'then all of it is filed',
           lab.sql("SELECT provider_id, state, reason FROM fieldpost.message WHERE channel = 'vo'"))
    lab.same(lab.sql("SELECT count(*), max(r.answers ->> 'lesson') LIKE '%pay the drivers and the fuel%' FROM fieldpost.feedback f JOIN fieldpost.message m USING (message_id) "
                     "JOIN fieldpost.feedback_revision r USING (feedback_id) WHERE m.channel = 'vo' AND m.from_address = '254733000001'"), [['1', 't']], 'once, its words joined without a gap')
    filed = twilio.stored("state = 'filed'")
    twilio.call(twilio.message(99, text, NumSegments=str(len(pieces))))
    lab.ok(lab.wait('filed', lambda: twilio.stored("state = 'filed'") == filed + 1), 'twilio: a text of many segments is one message')


def main():
    with Lab('called') as lab:
        port, = free_ports(1)
        graph, twilio, telegram, african, trap = Graph(ACCESS, PHONE), Twilio(SID, AUTH), Telegram(BOT), AfricasTalking('fieldpost', 'api-key-of-at'), Trap()
        lab.helpers += [graph, twilio, telegram, african]
        key = lab.secret_file('key', KEY)
        lab.options = {'public_url': PUBLIC, 'web': {'listen': '127.0.0.1:%d' % port}, 'channels': [
            {'name': 'wa', 'kind': 'whatsapp', 'path_key': key, 'secret': lab.secret_file('app', APP), 'token': lab.secret_file('access', ACCESS),
             'verify_token': lab.secret_file('verify', 'word'), 'account': PHONE, 'api_url': graph.url, 'max_body': '64 KiB', 'join_seconds': 0},
            {'name': 'sms', 'kind': 'twilio', 'path_key': key, 'secret': lab.secret_file('auth', AUTH), 'token': lab.secret_file('auth', AUTH),
             'account': SID, 'number': '+1555', 'api_url': twilio.url, 'max_body': '64 KiB', 'join_seconds': 0},
            {'name': 'tg', 'kind': 'telegram', 'path_key': key, 'secret': lab.secret_file('word', 'word-of-telegram'),
             'token': lab.secret_file('bot', BOT), 'api_url': telegram.url, 'max_body': '64 KiB', 'join_seconds': 0},
            {'name': 'at', 'kind': 'africastalking', 'path_key': key, 'token': lab.secret_file('apikey', 'api-key-of-at'), 'account': 'fieldpost',
             'number': '28901', 'api_url': african.url, 'max_body': '64 KiB', 'join_seconds': 0}] + [
            dict(c.config(lab), path_key=key, max_body='64 KiB') for c in (Mailgun, Postmark, Sendgrid, Vonage, VonageMessages)] + [
            dict(Matrix.config(lab), path_key=key, max_body='64 KiB', api_url=telegram.url)]}
        # Names lead where the test wants them to.
        library = os.path.join(lab.folder, 'resolve.so')
        subprocess.run(['cc', '-O1', '-shared', '-fPIC', '-o', library, os.path.join(SERVERS, 'resolve.c'), '-ldl'], check=True)
        open(os.path.join(lab.folder, 'resolved'), 'w').close()
        os.chmod(os.path.join(lab.folder, 'resolved'), 0o666)
        os.environ.update(LD_PRELOAD=library, RESOLVE_LOG=os.path.join(lab.folder, 'resolved'),
                          RESOLVE='lookaside.fbsbx.com=127.0.0.1 graph.facebook.com=10.1.2.3 mms.twiliocdn.com=127.0.0.1 evil.example=127.0.0.1')
        lab.serve('--only', 'web,intake,parse,send')
        del os.environ['LD_PRELOAD']
        lab.wait('it listens', lambda: answers(port), 30)
        meta, sms, bot, at = Meta(lab, port), Sms(lab, port), Bot(lab, port), African(lab, port)
        mg, pm, sg, vonage = Mailgun(lab, port), Postmark(lab, port), Sendgrid(lab, port), Vonage(lab, port)
        meta.graph = graph
        lab.same(post(port, meta.path + '?hub.mode=subscribe&hub.verify_token=word&hub.challenge=%3Cb%3E1', None, {}, 'GET')[::2], (200, b'<b>1'),
                 'whatsapp: the first call is given its challenge')
        lab.same(post(port, meta.path + '?hub.mode=subscribe&hub.verify_token=wrong&hub.challenge=1', None, {}, 'GET')[0], 403, 'and no other')
        callers = (meta, sms, bot, at, mg, pm, sg, vonage, VonageMessages(lab, port), Matrix(lab, port))
        lab.together(*[lambda caller=caller: every(lab, caller) for caller in callers])
        answer = sms.call(sms.message(9, 'hi'))
        lab.ok(answer[2] == b'<Response/>' and 'text/xml' in answer[1], 'twilio: the answer says nothing to the person', answer)
        lab.together(
            lambda: (matrix(lab, Matrix(lab, port)), forwarded(lab, mg, pm, sg)),
            lambda: (media(lab, meta, sms, graph, twilio), guard(lab, meta, sms, graph, twilio, trap)),
            lambda: sending(lab, graph, twilio),
            lambda: african_sends(lab, african),
            lambda: parts(lab, vonage, sms))
        secrets = [s for s in (ACCESS, APP, AUTH, BOT, KEY, 'word-of-telegram', 'api-key-of-at') if s in lab.log() or s in json.dumps(lab.status())]
        lab.same(secrets, [], 'no secret is in a log or the status')


main()
