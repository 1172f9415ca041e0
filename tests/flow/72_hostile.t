#!/usr/bin/python3
"""The web duty among enemies and bad luck: requests whose end a proxy and we could see in different places; a database that refuses one
message, is slow with one, or was restored from a backup that knows less. Whatever it is, the others are stored."""
import base64
import hashlib
import hmac
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
from lab import Lab, free_ports  # noqa: E402
from providers import sign_twilio  # noqa: E402
from webhook import STANDARD_SECRET, Sender, sign_standard, standard_body, status_of  # noqa: E402

SECRET = {'X-Secret': 'the-secret'}


def plain(identity, text='hello', sender='+977'):
    return json.dumps({'id': identity, 'text': text, 'from': sender}).encode()


with Lab('hostile') as lab:
    port = free_ports(1)[0]
    sender = Sender(port)
    lab.options['web'] = {'listen': '127.0.0.1:%d' % port}
    partner = lab.channel('partner', 'json', secret='the-secret', secret_header='X-Secret', map_id='/id', map_text='/text', map_sender='/from')
    signed = lab.channel('signed', 'standard', secret=STANDARD_SECRET)
    lab.options['public_url'] = 'https://field.example.org'
    sms = lab.channel('sms', 'twilio', secret='12345')
    server = lab.postgres()
    spool = os.path.join(lab.state, 'spool')
    lab.serve('--only', 'web')
    lab.wait('the listener', lambda: sender.ask('GET', '/healthz')[0] == 200)

    def stored(pattern):
        return sorted(r[0] for r in lab.sql("SELECT provider_id FROM fieldpost.message WHERE provider_id LIKE '%s'" % pattern))

    def entries():
        return sorted(n for n in os.listdir(spool) if n.isdigit())

    def post_signed(identity, text='words'):
        body = standard_body(text)
        return sender.post(signed, body, sign_standard(identity, body))

    # ---- where does a request end? ----
    head = 'POST %s HTTP/1.1\r\nHost: x\r\nX-Secret: the-secret\r\n' % partner
    outer = plain('outer')
    hidden = (head + 'Content-Length: %d\r\n\r\n' % len(plain('hidden'))).encode() + plain('hidden')
    chunked = b'%x\r\n%s\r\n0\r\n\r\n' % (len(outer), outer)
    size = len(outer)
    for name, framing, body in (
            ('a length and chunks', 'Content-Length: %d\r\nTransfer-Encoding: chunked\r\n' % len(chunked), chunked),
            ('chunks and a length', 'Transfer-Encoding: chunked\r\nContent-Length: 4\r\n', chunked),
            ('two lengths', 'Content-Length: 0\r\nContent-Length: %d\r\n' % len(hidden), b''),
            ('two lengths, the other way round', 'Content-Length: %d\r\nContent-Length: 0\r\n' % size, outer),
            ('the same length twice', 'Content-Length: %d\r\nContent-Length: %d\r\n' % (size, size), outer),
            ('a length with a sign', 'Content-Length: +%d\r\n' % size, outer),
            ('a list of lengths', 'Content-Length: %d, 0\r\n' % size, outer),
            ('a length that is too long', 'Content-Length: 1844674407370955161%d\r\n' % size, outer),
            ('a blank before the colon', 'Content-Length : %d\r\n' % size, outer),
            ('a tab before the colon', 'Transfer-Encoding\t: chunked\r\n', chunked),
            ('an encoding that we do not know', 'Transfer-Encoding: gzip, chunked\r\n', chunked),
            ('an encoding twice', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', chunked),
            ('chunks that are no chunks', 'Transfer-Encoding: xchunked\r\n', chunked),
            ('a chunk\'s length with a sign', 'Transfer-Encoding: chunked\r\n', b'+' + chunked),
            ('a chunk\'s length beyond 64 bits', 'Transfer-Encoding: chunked\r\n', b'10000000000000000' + chunked)):
        got = sender.raw((head + framing + '\r\n').encode() + body + hidden, 2)
        lab.ok(status_of(got) in (0, 400, 413, 501) and b' 200 ' not in got and not stored('hidden') and not stored('outer'),
               'not taken, and nothing behind it: ' + name, (got[:300], stored('hidden'), stored('outer')))
        lab.sql("UPDATE fieldpost.message SET provider_id = provider_id || message_id WHERE provider_id IN ('hidden', 'outer')")
    got = sender.raw((head.replace('POST', 'GET').replace(partner, '/nowhere') + 'Content-Length: %d\r\n\r\n' % len(hidden)).encode() + hidden, 3)
    lab.ok(got.count(b'HTTP/1.1 ') <= 1 and not stored('hidden'), 'the body of a request that is refused is no request', got)
    expect = sender.raw((head + 'Expect: 100-continue\r\nConnection: close\r\nContent-Length: %d\r\n\r\n' % len(plain('expect'))).encode() + plain('expect'))
    lab.ok(b'100 Continue' in expect and stored('expect') == ['expect'], 'who waits for 100 is served', expect)
    lab.same(sender.ask('HEAD', partner, None, SECRET)[0], 405, 'HEAD')

    # ---- the database refuses one: the others of its batch and of other channels are stored ----
    lab.sql("""CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF convert_from(NEW.raw, 'UTF8') = 'refuse me' THEN RAISE check_violation; END IF;
        IF convert_from(NEW.raw, 'UTF8') = 'slow' THEN PERFORM pg_sleep(6); END IF;
        RETURN NEW; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON fieldpost.message_raw FOR EACH ROW EXECUTE FUNCTION public.refuse()""")
    lab.same(sender.post(partner, plain('refused', 'refuse me'), SECRET), 200, 'what the database refuses is kept aside and answered')
    lab.same([sender.post(partner, plain('beside'), SECRET), post_signed('beside-2')], [200, 200], 'and the others go on')
    lab.same((stored('refused'), stored('beside%'), len(os.listdir(os.path.join(spool, 'aside')))), ([], ['beside', 'beside-2'], 1), 'as they should')

    # ---- it takes long over one ----
    lab.same(sender.post(partner, plain('slow', 'slow'), SECRET), 200, 'one that takes longer than is waited for is spooled')
    lab.same(post_signed('after-slow'), 200, 'so are those behind it')
    lab.ok(lab.wait('the drain', lambda: stored('slow') and stored('after-slow') and not entries(), 60), 'and all are stored in the end',
           (stored('%slow'), entries(), lab.log()[-2000:]))
    lab.ok(lab.wait('ready', lambda: sender.ask('GET', '/readyz')[1] == b'ready\n'), 'straight again')
    lab.sql('DROP TRIGGER refuse ON fieldpost.message_raw')

    # ---- the database was restored from a backup in which the channel has another number, or none ----
    lab.sql("""SET session_replication_role = replica; DELETE FROM fieldpost.channel_count;
        DELETE FROM fieldpost.account WHERE name IN ('partner', 'signed', 'sms');
        SELECT setval('fieldpost.account_account_id_seq', 1, false);
        INSERT INTO fieldpost.account (name, kind) VALUES ('signed', 'channel');
        SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'fieldpost_web'""")
    lab.same([sender.post(partner, plain('restored'), SECRET), post_signed('restored-2')], [200, 200], 'restored: requests are taken')
    lab.wait('both', lambda: len(stored('restored%')) == 2)
    lab.same(sorted(map(tuple, lab.sql("SELECT provider_id, channel FROM fieldpost.message WHERE provider_id LIKE 'restored%'"))),
             [('restored', 'partner'), ('restored-2', 'signed')], 'and stored, each under its own channel')
    lab.sql("SET session_replication_role = replica; DELETE FROM fieldpost.channel_count; DELETE FROM fieldpost.account WHERE name = 'partner'")
    lab.same(sender.post(partner, plain('unknown'), SECRET), 200, 'a channel goes while the connection stays')
    lab.ok(lab.wait('it', lambda: stored('unknown') and sender.ask('GET', '/readyz')[1] == b'ready\n'), 'it is made anew, and nothing is lost', stored('%'))

    # ---- what is said of a spooled request is all that reading needs ----
    server.stop()
    odd = b'm\xc3\xa9-\xff'
    body = standard_body('odd id')
    when = str(int(time.time())).encode()
    mark = base64.b64encode(hmac.new(bytes(range(32)), odd + b'.' + when + b'.' + body, hashlib.sha256).digest())
    raw = b'POST ' + signed.encode() + b' HTTP/1.1\r\nHost: x\r\nConnection: close\r\nwebhook-id: ' + odd + b'\r\nwebhook-timestamp: ' + when + \
        b'\r\nwebhook-signature: v1,' + mark + b'\r\nContent-Length: %d\r\n\r\n' % len(body) + body
    lab.same(status_of(sender.raw(raw)), 400, 'an id that is no text is refused, not spooled without it')
    query = 'MessageSid=SM1&From=%2B1&Body=by+query'
    lab.same(sender.ask('GET', sms + '?' + query, b'a body', sign_twilio('12345', 'https://field.example.org' + sms + '?' + query, []))[0], 200,
             'what a query says is kept with it, whatever stands in the body')
    lab.same(post_signed('forged'), 200, 'one more')
    name = entries()[-1]
    lab.stop()
    with open(os.path.join(spool, name), 'rb') as f:
        line, rest = f.read().split(b'\n', 1)
    rest = rest.replace(b'"verdict":"genuine"', b'"verdict":"refused"')
    words = line.split()
    words[-1] = hashlib.sha256(rest).hexdigest().encode()
    with open(os.path.join(spool, name), 'wb') as f:
        f.write(b' '.join(words) + b'\n' + rest)
    os.mkfifo(os.path.join(spool, '%019d' % 5))
    server.start()
    lab.serve('--only', 'web')
    lab.ok(lab.wait('the drain', lambda: not entries() and stored('SM1'), 30), 'all of it is stored', entries())
    lab.same((stored('forged'), len(os.listdir(os.path.join(spool, 'aside')))), ([], 3),
             'but for what does not say that it was genuine, or is no file: these are set aside')

    # ---- something can be neither stored nor set aside: the disk refuses ----
    server.stop()
    lab.same([post_signed('cannot-%d' % i) for i in range(3)], [200] * 3, 'three are spooled')
    with open(os.path.join(spool, entries()[0]), 'r+b') as f:
        f.truncate(50)
    os.chmod(os.path.join(spool, 'aside'), 0o500)
    before = lab.log().count(' set-aside ')
    server.start()
    lab.ok(lab.wait('the others', lambda: len(stored('cannot%')) == 2), 'what cannot even be set aside keeps no other in the spool', stored('cannot%'))
    share = lab.cpu_share(lab.duty_pid('web'), 3)
    lab.ok(lab.log().count(' set-aside ') - before < 40 and share < 0.3, 'nor the machine busy', (lab.log().count(' set-aside ') - before, share))
    lab.same(post_signed('goes-on'), 200, 'and all goes on')
    os.chmod(os.path.join(spool, 'aside'), 0o700)
    lab.ok(lab.wait('the drain', lambda: not entries() and stored('goes-on') and sender.ask('GET', '/readyz')[1] == b'ready\n', 30),
           'until the disk takes it', entries())
