#!/usr/bin/python3
"""Webhooks: who is let in, what is stored and once, what is refused and how; health; what status and check say."""
import concurrent.futures
import json
import os
import socket
import ssl
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
from lab import Lab, free_ports  # noqa: E402
from webhook import STANDARD_SECRET, Sender, sign_standard, standard_body, status_of  # noqa: E402

SECRET = {'X-Secret': 'the-secret'}
CAP = 16384


def plain(identity, text='hello', sender='+977'):
    return json.dumps({'id': identity, 'text': text, 'from': sender}).encode()


with Lab('web') as lab:
    port = free_ports(1)[0]
    sender = Sender(port)
    lab.options['web'] = {'listen': '127.0.0.1:%d' % port}
    lab.options['public_url'] = 'https://field.example.org/'
    lab.options['log'] = {'level': 'debug'}
    mapped = {'map_id': '/id', 'map_text': '/text', 'map_sender': '/from'}
    partner = lab.channel('partner', 'json', secret='the-secret', secret_previous='the-secret-before', max_body='16 KiB',
                          secret_header='X-Secret', **mapped)
    login = lab.channel('login', 'json', secret='pass', user='partner', **mapped)
    signed = lab.channel('signed', 'standard', secret=STANDARD_SECRET, max_body='16 KiB')
    broken = lab.channel('broken', 'json', secret='x', secret_header='X-Secret', **mapped)
    os.unlink(os.path.join(lab.folder, 'broken.secret'))
    lab.serve()
    lab.wait('the listener', lambda: sender.ask('GET', '/healthz')[0] == 200)

    def stored(channel):
        return int(lab.sql("SELECT count(*) FROM fieldpost.message WHERE channel = '%s'" % channel)[0][0])

    def counts(channel):
        rows = lab.sql("SELECT what, count FROM fieldpost.channel_count JOIN fieldpost.account USING (account_id) "
                       "WHERE name = '%s'" % channel)
        return {what: int(count) for what, count in rows}

    # ---- health ----
    lab.same(sender.ask('GET', '/healthz')[:2], (200, b'alive\n'), 'it lives')
    lab.same(sender.ask('GET', '/readyz')[:2], (200, b'ready\n'), 'and takes requests')
    lab.same(sender.post('/healthz', b''), 405, 'health is asked by GET')

    # ---- paths and methods ----
    for path in ('/', '/hook', '/hook/', '/hook/partner', '/hook/partner/', partner + 'x', partner[:-1], partner + '/',
                 '/hook/nobody/0123456789abcdef', '/hook/login/' + partner.rsplit('/', 1)[1], '//hook' + partner[5:],
                 partner.replace('partner/', 'Partner/')):
        lab.same(sender.post(path, plain('p1'), SECRET), 404, 'no such path: ' + path.replace(partner.rsplit('/', 1)[1], 'KEY'))
    for method in ('DELETE', 'PATCH', 'OPTIONS', 'BREW', 'GET'):
        lab.same(sender.ask(method, partner, None, SECRET)[0], 405, 'no such method: ' + method)
    lab.same(stored('partner'), 0, 'nothing of that was stored')

    # ---- credentials: a header, a login, a signature ----
    lab.same(sender.post(partner, plain('a1'), SECRET), 200, 'right header')
    lab.same(sender.post(partner, plain('a2'), {'x-secret': 'the-secret-before'}), 200, 'the one before, while it is changed over')
    for name, headers, status in (('wrong', {'X-Secret': 'the-secreT'}, 403), ('truncated', {'X-Secret': 'the-secre'}, 403),
                                  ('missing', {}, 401), ('empty', {'X-Secret': ''}, 401)):
        lab.same(sender.post(partner, plain('bad-' + name), headers), status, name + ' header')
    lab.same(stored('partner'), 2, 'only the right ones were stored')
    lab.same(sender.post(login, plain('b1'), {'Authorization': 'Basic cGFydG5lcjpwYXNz'}), 200, 'right login')
    lab.same(sender.post(login, plain('b2'), {'Authorization': 'Basic cGFydG5lcjpwYXN6'}), 403, 'wrong login')
    lab.same(sender.post(login, plain('b3'), {'Authorization': 'Basic cGFydG5lcjpwYX'}), 403, 'truncated login')
    answer = sender.ask('POST', login, plain('b4'))
    lab.same((answer[0], answer[2].get('www-authenticate')), (401, 'Basic realm="fieldpost"'), 'missing login')
    lab.same(stored('login'), 1, 'only the right one was stored')

    def send_signed(identity, body, when=None, change=None, secret=STANDARD_SECRET):
        headers = sign_standard(identity, body, when, secret)
        headers.update(change or {})
        return sender.post(signed, body, {k: v for k, v in headers.items() if v is not None})

    now = time.time()
    body = standard_body('Water is back')
    mark = sign_standard('m1', body)['webhook-signature']
    lab.same(send_signed('m1', body), 200, 'right signature')
    lab.same(send_signed('w1', body, secret='whsec_' + 'A' * 43), 403, 'wrong signature')
    lab.same(send_signed('w2', body, change={'webhook-signature': None}), 401, 'missing signature')
    lab.same(send_signed('w3', body, change={'webhook-signature': mark[:-3]}), 403, 'truncated signature')
    lab.same(send_signed('w4', body, change={'webhook-timestamp': None}), 401, 'missing time')
    lab.same(send_signed('w5', body, now - 320), 403, 'replay outside the window')
    lab.same(send_signed('w6', body, now + 320), 403, 'signed for a time to come')
    lab.same(send_signed('m2', body, now - 280), 200, 'a little late')
    lab.same(send_signed('m2', body, now - 280), 200, 'replay inside the window')
    lab.same(send_signed('m3', body, now + 280), 200, 'a clock that is fast')
    lab.same(stored('signed'), 3, 'three messages, the replay added none')

    # ---- once ----
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        same = list(pool.map(lambda _: send_signed('twenty', body), range(20)))
        same += list(pool.map(lambda _: sender.post(partner, plain('twenty'), SECRET), range(20)))
    lab.same(same, [200] * 40, 'the same id 20 times at once, on two channels: all are taken')
    lab.same(lab.sql("SELECT channel, count(*) FROM fieldpost.message WHERE provider_id = 'twenty' GROUP BY 1 ORDER BY 1"),
             [['partner', '1'], ['signed', '1']], 'one row each')
    lab.same([sender.post(partner, plain(i, '2'), SECRET) for i in ('two-a', 'two-b')], [200, 200], 'two ids with the same text')
    lab.same(lab.sql("SELECT count(*) FROM fieldpost.message WHERE provider_id LIKE 'two-%'"), [['2']], 'two rows')
    lab.same(sender.post(partner, json.dumps([json.loads(plain('l1')), json.loads(plain('l2')), json.loads(plain('l1'))]).encode(),
                         SECRET), 200, 'several in one request, one of them twice')
    lab.same(lab.sql("SELECT count(*), count(DISTINCT delivery_id) FROM fieldpost.channel_message JOIN fieldpost.message "
                     "USING (message_id) WHERE provider_id IN ('l1', 'l2')"), [['2', '1']], 'two rows of one delivery')

    # ---- what is kept ----
    text = 'Été \u0928\u092e\u0938\u094d\u0924\u0947 \U0001f600'
    exact = b'{ "text": ' + json.dumps(text).encode() + b',\n "id":"exact", "from" : 5 }  '
    lab.same(sender.post(partner, exact, dict(SECRET, Authorization='Bearer x', Cookie='c')), 200, 'an odd body')
    lab.same(lab.sql("SELECT encode(body, 'hex'), encode(sha256, 'hex') = encode(sha256(body), 'hex'), headers::text FROM fieldpost.delivery "
                     "JOIN fieldpost.channel_message USING (delivery_id) JOIN fieldpost.message USING (message_id) WHERE provider_id = 'exact'"),
             [[exact.hex(), 't', '{}']], 'its exact bytes are kept, and no header')
    lab.same(lab.sql("SELECT convert_from(raw, 'UTF8'), sender, size FROM fieldpost.message_raw JOIN fieldpost.message USING (message_id) JOIN "
                     "fieldpost.channel_message USING (message_id) WHERE provider_id = 'exact'"),
             [[text, '5', str(len(text.encode()))]], 'and its words')
    lab.same(lab.sql("SELECT headers ->> 'webhook-id' FROM fieldpost.delivery JOIN fieldpost.channel_message USING (delivery_id) JOIN "
                     "fieldpost.message USING (message_id) WHERE provider_id = 'm1'"), [['m1']], 'a channel keeps the headers that it names')

    # ---- malformed, unknown, too large ----
    before = stored('partner'), stored('signed')
    for name, bad in (('no JSON', b'hello'), ('half of it', plain('x')[:-9]), ('nothing', b''), ('no id', b'{"text":"a","from":1}')):
        lab.same(sender.post(partner, bad, SECRET), 400, 'malformed: ' + name)
    lab.same(send_signed('x1', b'{"data":{}}'), 400, 'malformed: no type')
    lab.same(send_signed('x2', b'{"type":"invoice.paid","data":{"text":"a","sender":"b"}}'), 200, 'an unknown event is taken and left')
    lab.same((stored('partner'), stored('signed')), before, 'none of them is a message')
    at_cap = plain('cap', 'x' * (CAP - len(plain('cap', ''))))
    lab.same((len(at_cap), sender.post(partner, at_cap, SECRET)), (CAP, 200), 'a body at the cap')
    head = 'POST %s HTTP/1.1\r\nHost: x\r\nX-Secret: the-secret\r\n' % partner
    over = sender.raw((head + 'Content-Length: %d\r\n\r\n' % (CAP + 1)).encode())
    lab.same(status_of(over), 413, 'a body over the cap is refused before it is sent')
    chunk = b'%x\r\n%s\r\n' % (CAP + 1, b'x' * (CAP + 1))
    lab.ok(status_of(sender.raw((head + 'Transfer-Encoding: chunked\r\n\r\n').encode() + chunk)) in (0, 413),
           'one in chunks, of no said length, ends where the cap is')
    chunks = b''.join(b'%x\r\n%s\r\n' % (len(p), p) for p in (plain('chunks')[:5], plain('chunks')[5:])) + b'0\r\n\r\n'
    lab.same(status_of(sender.raw((head + 'Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n').encode() + chunks)), 200,
             'one in chunks is taken')
    lab.same(stored('partner'), before[0] + 2, 'two of these are messages')
    many = ''.join('X-%d: y\r\n' % i for i in range(120))
    lab.ok(status_of(sender.raw((head + many + 'Content-Length: 0\r\n\r\n').encode())) in (431, 413), 'too many headers')
    lab.ok(status_of(sender.raw((head + 'X: ' + 'y' * 40000 + '\r\nContent-Length: 0\r\n\r\n').encode())) in (0, 413, 431), 'endless headers')
    for name, bad in (('no HTTP', b'hello\r\n\r\n'), ('a broken line', b'\x16\x03\x01\x02\x00\x01\x00\x01'),
                      ('a length that is none', (head + 'Content-Length: -5\r\n\r\n').encode())):
        lab.ok(status_of(sender.raw(bad, 1)) in (0, 400), name)
    lab.same(sender.post(partner, plain('after'), SECRET), 200, 'and who is honest is served')

    # ---- keep-alive, pipelined ----
    one = (head + 'Content-Length: %d\r\n\r\n').encode()
    line = b''.join(one % len(plain('k%d' % i)) + plain('k%d' % i) for i in range(5))
    got = sender.raw(line + (head.replace('POST', 'GET') + 'Connection: close\r\n\r\n').encode())
    lab.same((got.count(b'HTTP/1.1 200'), got.count(b'HTTP/1.1 405')), (5, 1), 'several on one connection')

    # ---- one channel that is broken ----
    lab.same(sender.post(broken, plain('c1'), {'X-Secret': 'x'}), 503, 'a channel without its secret says later')
    check = lab.run('check')
    lab.ok('NOT WELL channel broken' in check.stdout and 'cannot be read' in check.stdout, 'check names it', check.stdout)
    lab.ok('well     channel partner: json, register https://field.example.org' + partner in check.stdout,
           'check prints what is to be registered', check.stdout)
    def counted(channel, wanted):
        lab.wait('the counts', lambda: {k: counts(channel).get(k) for k in wanted} == wanted, 10)
        got = counts(channel)
        return {k: got.get(k) for k in wanted}
    wanted = {'refused': 4, 'malformed': 4, 'oversize': 2}
    lab.same(counted('partner', wanted), wanted, 'what was refused is counted')
    wanted = {'stored': 4, 'repeated': 20, 'ignored': 1, 'refused': 6, 'malformed': 1}
    lab.same(counted('signed', wanted), wanted, 'a channel each')
    lab.ok('well, 20 repeated, 1 ignored, 6 refused, 1 malformed' in lab.source('signed'), 'status says so', lab.source('signed'))
    lab.ok('failing' in lab.source('broken'), 'and what is wrong', lab.source('broken'))
    kinds = {tuple(row) for row in lab.sql('SELECT kind, object FROM fieldpost.alarm')}  # those that good requests ended as well
    lab.ok({('channel-refused', 'signed'), ('channel-malformed', 'partner')} <= kinds, 'a wrong credential is an alarm', kinds)
    with open(os.path.join(lab.folder, 'broken.secret'), 'w') as f:
        f.write('x\n')
    lab.ok(lab.wait('the channel', lambda: sender.post(broken, plain('c1'), {'X-Secret': 'x'}) == 200, 40),
           'it is opened once its secret is there')
    lab.wait('all read', lambda: not lab.sql("SELECT FROM fieldpost.message WHERE state = 'received'"))

    # ---- on, elsewhere: TLS, a Unix socket ----
    log = lab.log()
    lab.same([s for s in ('the-secret', 'pass\n', STANDARD_SECRET, partner.rsplit('/', 1)[1], 'Water is back') if s in log], [],
             'no secret and no words in the log')
    certs = lab.certs
    subprocess.run([os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers', 'certs.sh'), certs], check=True)
    for name in os.listdir(certs):
        os.chmod(os.path.join(certs, name), 0o644)
    os.chmod(certs, 0o755)
    lab.stop()
    lab.options['web'] = {'listen': '0.0.0.0:%d' % port, 'certificate': os.path.join(certs, 'good.crt'),
                          'key': os.path.join(certs, 'good.key')}
    lab.serve()
    context = ssl.create_default_context(cafile=os.path.join(certs, 'ca.crt'))

    def tls_post(body):
        try:
            with socket.create_connection(('127.0.0.1', port), 5) as line, \
                    context.wrap_socket(line, server_hostname='localhost') as tls:
                tls.sendall((head + 'Connection: close\r\nContent-Length: %d\r\n\r\n' % len(body)).encode() + body)
                return status_of(tls.recv(65536))
        except OSError:
            return 0
    lab.ok(lab.wait('TLS', lambda: tls_post(plain('tls')) == 200), 'with a certificate it listens to other machines')
    lab.same(status_of(sender.raw(b'GET /healthz HTTP/1.0\r\n\r\n', 1)), 0, 'and takes nothing plain there')
    lab.stop()
    path = os.path.join(lab.state, 'web.sock')
    lab.options['web'] = {'listen': 'unix:' + path}
    lab.serve()
    lab.wait('the socket', lambda: os.path.exists(path))

    def unix_post(body):
        try:
            with socket.socket(socket.AF_UNIX) as line:
                line.settimeout(5)
                line.connect(path)
                line.sendall((head + 'Connection: close\r\nContent-Length: %d\r\n\r\n' % len(body)).encode() + body)
                return status_of(line.recv(65536))
        except OSError:
            return 0
    lab.ok(lab.wait('the socket', lambda: unix_post(plain('unix')) == 200), 'on a Unix socket')
    lab.same(lab.sql("SELECT count(*) FROM fieldpost.message WHERE provider_id IN ('tls', 'unix')"), [['2']], 'both were stored')
