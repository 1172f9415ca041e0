"""Providers as they call us, one class each: what each sends, signed as it signs. Only Python's standard library, and openssl for one key."""
import base64
import hashlib
import hmac
import json
import os
import subprocess
import time
import urllib.parse

from providers import post

KEY = 'k' * 24  # of every path
TYPE = 'multipart/form-data; boundary=xYzZY'
PDF = b'%PDF-1.4\n\x00\xff\r\n--xYz\n'


def count(lab, where='true'):
    return int(lab.sql('SELECT count(*) FROM fieldpost.message m WHERE %s' % where)[0][0])


class Caller:
    """One channel as its provider calls it."""
    again, signs = {200}, True  # how a repeat may be answered; are the bytes signed?
    malformed = 400  # the answer to what cannot be read

    def __init__(self, lab, port):
        self.lab, self.port, self.path = lab, port, '/hook/%s/%s' % (self.name, KEY)

    def call(self, body, headers=None):
        return post(self.port, self.path, body, self.headers(body) if headers is None else headers)

    def stored(self, where='true'):
        return count(self.lab, "channel = '%s' AND %s" % (self.name, where))

    def forge(self, number):
        """Bodies with the headers that are to be refused: truncated, missing, of other bytes."""
        body = self.message(number, 'forged')
        cut = {k: (v[:-3] if 'ignature' in k or 'Token' in k or k == 'Authorization' else v) for k, v in self.headers(body).items()}
        found = [(body, cut), (body, {k: v for k, v in cut.items() if k == 'Content-Type'})]
        return found + ([(self.message(number + 1, 'another body'), self.headers(body))] if self.signs else [])


class Forwarder(Caller):
    """What forwards mails: they are stored as mails, so they are counted by their account."""
    sender = 'ann@example.org'

    def stored(self, where='true'):
        return count(self.lab, "account_id = (SELECT account_id FROM fieldpost.account WHERE kind = 'channel' AND name = '%s') AND %s" %
                     (self.name, where))

    def mail(self, number, text):
        return ('From: Ann <%s>\r\nTo: field@example.org\r\nMessage-ID: <%s%d@example.org>\r\nDate: Sat, 21 Nov 2026 10:00:00 +0000\r\n'
                'Subject: Lesson from the field\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n%s\r\n' %
                (self.sender, self.name, number, text.replace('\n', '\r\n'))).encode()

    def message(self, number, text=''):
        return self.wrap(self.mail(number, text))


def form_data(fields, files=()):
    parts = [('name="%s"' % name, value if isinstance(value, bytes) else value.encode()) for name, value in fields]
    parts += [('name="%s"; filename="%s"\r\nContent-Type: %s' % (name, file, kind), data) for name, file, kind, data in files]
    return b''.join(b'--xYzZY\r\nContent-Disposition: form-data; ' + head.encode() + b'\r\n\r\n' + data + b'\r\n' for head, data in parts) + b'--xYzZY--\r\n'


class Mailgun(Forwarder):
    name, again, malformed, secret, made = 'mg', {200, 406}, 406, 'mailgun-signing-key', 0

    @classmethod
    def config(cls, lab):
        return {'name': cls.name, 'kind': 'mailgun', 'secret': lab.secret_file('mailgun', cls.secret)}

    def sign(self, token=None, ago=0):
        Mailgun.made += 1
        token = token or '%050d' % Mailgun.made
        stamp = str(int(time.time()) - ago)
        return {'timestamp': stamp, 'token': token, 'signature': hmac.new(self.secret.encode(), (stamp + token).encode(), hashlib.sha256).hexdigest()}

    def headers(self, body):
        return {'Content-Type': TYPE if body.startswith(b'--') else 'application/x-www-form-urlencoded'}

    def wrap(self, raw, **how):
        fields = dict(recipient='field@example.org', sender=self.sender, subject='x', **{'body-mime': raw}, **self.sign(**how))
        return form_data(fields.items())

    def fields(self, number, text):
        heads = [['Message-Id', '<mgf%d@example.org>' % number], ['From', 'Ann <%s>' % self.sender], ['Subject', 'Lesson from the field']]
        return form_data(list(self.sign().items()) + [('from', 'Ann'), ('body-plain', text), ('message-headers', json.dumps(heads))],
                         [('attachment-1', 'note.pdf', 'application/pdf', PDF)])

    def forge(self, number):
        good = self.mail(number, 'forged')
        proof = self.sign()
        without = {k: v for k, v in proof.items() if k != 'signature'}
        return [(form_data(list(p.items()) + [('body-mime', good)]), {'Content-Type': TYPE}) for p in (
            dict(proof, signature=proof['signature'][:-1]), dict(proof, token=proof['token'] + '1'), without, {})]

    @property
    def broken(self):
        """Signed, and with a header of JSON that is none."""
        return json.dumps({'signature': self.sign()}).encode()[:-1]

    @property
    def unknown(self):
        return json.dumps({'signature': self.sign(), 'event-data': {'event': 'delivered'}}).encode()

    @property
    def large(self):
        return self.wrap(b'x' * 66000)


class Postmark(Forwarder):
    malformed = 403
    name, signs, broken, unknown = 'pm', False, b'{"From":', b'{"RecordType":"Bounce","ID":1}'
    large = b'{"From":"' + b'x' * 66000 + b'"}'
    login = {'Content-Type': 'application/json', 'Authorization': 'Basic ' + base64.b64encode(b'postmark:word-of-postmark').decode()}

    @staticmethod
    def config(lab):
        return {'name': 'pm', 'kind': 'postmark', 'user': 'postmark', 'secret': lab.secret_file('postmark', 'word-of-postmark')}

    def headers(self, body):
        return self.login

    def wrap(self, raw):
        return json.dumps({'MessageID': 'u', 'From': self.sender, 'TextBody': 'not this', 'RawEmail': raw.decode()}).encode()

    def fields(self, number, text):
        return json.dumps({'MessageID': 'u%d' % number, 'From': 'Ann <%s>' % self.sender, 'To': 'field@example.org', 'Subject': 'Lesson from the field', 'TextBody': text,
                           'Date': 'Sat, 21 Nov 2026 10:00:00 +0000', 'Headers': [{'Name': 'Message-ID', 'Value': '<pmf%d@example.org>' % number}],
                           'Attachments': [{'Name': 'note.pdf', 'ContentType': 'application/pdf', 'Content': base64.b64encode(PDF).decode()}]}).encode()


class Sendgrid(Forwarder):
    name = 'sg'
    broken, unknown, large = b'--xYzZY\r\nContent-Disposition: form-data; name="email"\r\n\r\nFrom: a', form_data([('spam_score', '1')]), \
        form_data([('email', b'x' * 66000)])

    @classmethod
    def config(cls, lab):
        cls.key = os.path.join(lab.folder, 'sendgrid.pem')
        subprocess.run(['openssl', 'ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', cls.key], check=True)
        public = subprocess.run(['openssl', 'pkey', '-in', cls.key, '-pubout', '-outform', 'DER'], check=True, capture_output=True).stdout
        return {'name': 'sg', 'kind': 'sendgrid', 'secret': lab.secret_file('sendgrid', base64.b64encode(public).decode())}

    def headers(self, body, ago=0):
        stamp = str(int(time.time()) - ago)
        made = subprocess.run(['openssl', 'dgst', '-sha256', '-sign', self.key], input=stamp.encode() + body, check=True, capture_output=True).stdout
        return {'Content-Type': TYPE, 'X-Twilio-Email-Event-Webhook-Timestamp': stamp,
                'X-Twilio-Email-Event-Webhook-Signature': base64.b64encode(made).decode()}

    def wrap(self, raw):
        return form_data([('to', 'field@example.org'), ('email', raw), ('dkim', '{@example.org : pass}')])

    def fields(self, number, text):
        head = 'Message-ID: <sgf%d@example.org>\nFrom: Ann <%s>\nSubject: Lesson from the field\nContent-Type: text/plain\n' % (number, self.sender)
        return form_data([('headers', head), ('from', 'Ann <%s>' % self.sender), ('text', text.encode('latin-1')), ('charsets', '{"text":"iso-8859-1"}')],
                         [('attachment1', 'note.pdf', 'application/pdf', PDF)])


class Vonage(Caller):
    """The SMS API; signed by HMAC-SHA256."""
    name, secret, broken = 'vo', 'vonage-signature-secret', b'messageId=1&text=%zz'
    large = b'messageId=1&msisdn=2&text=' + b'x' * 66000

    @classmethod
    def config(cls, lab):
        return {'name': cls.name, 'kind': 'vonage', 'secret': lab.secret_file('vonage', cls.secret), 'join_seconds': 0}

    def sign(self, form, ago=0):
        form = dict(form, timestamp=str(int(time.time()) - ago))
        text = ''.join('&%s=%s' % (k, form[k].replace('&', '_').replace('=', '_')) for k in sorted(form))
        return urllib.parse.urlencode(dict(form, sig=hmac.new(self.secret.encode(), text.encode(), hashlib.sha256).hexdigest())).encode()

    def headers(self, body):
        return {'Content-Type': 'application/x-www-form-urlencoded'}

    def message(self, number, text='', ago=0, **more):
        return self.sign(dict({'messageId': 'VO%d' % number, 'msisdn': '2547000%04d' % number, 'to': '447700900001', 'text': text, 'type': 'text',
                               'message-timestamp': '2026-11-21 10:00:00'}, **more), ago)

    @property
    def unknown(self):
        return self.sign({'messageId': 'VO77', 'msisdn': '254', 'status': 'delivered'})

    def forge(self, number):
        good = self.message(number, 'forged')
        bodies = [good[:-2], good.split(b'&sig=')[0], good.replace(b'text=forged', b'text=altered'), self.message(number, 'old', ago=90001)]
        return [(body, self.headers(body)) for body in bodies]


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=')


class VonageMessages(Caller):
    """The Messages API: JSON with a token that holds its hash."""
    name, secret = 'vm', 'vonage-signature-secret'
    broken, unknown = b'{"message_uuid":', b'{"message_uuid":"VM77","status":"delivered","from":"254"}'
    large = b'{"message_uuid":"VM1","text":"' + b'x' * 66000 + b'"}'

    @classmethod
    def config(cls, lab):
        return {'name': cls.name, 'kind': 'vonage', 'secret': lab.secret_file('vonage-messages', cls.secret), 'account': 'api-key',
                'token': lab.secret_file('vonage-api', 'api-secret'), 'number': '447700900001', 'join_seconds': 0}

    def headers(self, body, ago=0, method='HS256', **claims):
        claims = dict({'iat': int(time.time()) - ago, 'jti': '1', 'iss': 'Vonage', 'api_key': 'api-key', 'payload_hash': hashlib.sha256(body).hexdigest()}, **claims)
        text = base64url(json.dumps({'typ': 'JWT', 'alg': method}).encode()) + b'.' + base64url(json.dumps(claims).encode())
        mark = base64url(hmac.new(self.secret.encode(), text, hashlib.sha256).digest()) if method == 'HS256' else b''
        return {'Content-Type': 'application/json', 'Authorization': 'Bearer ' + (text + b'.' + mark).decode()}

    def message(self, number, text='', **more):
        return json.dumps(dict({'message_uuid': 'VM%d' % number, 'channel': 'whatsapp', 'message_type': 'text', 'from': '2547100%04d' % number, 'to': '447700900001',
                                'timestamp': '2026-11-21T10:00:00Z', 'text': text, 'profile': {'name': 'Ann'}}, **more)).encode()

    def forge(self, number):
        body = self.message(number, 'forged')
        return super().forge(number) + [(body, self.headers(body, ago=90001)), (body, self.headers(body, method='none')),
                                        (body, self.headers(body, payload_hash='')), (body, self.headers(body, exp=int(time.time()) - 1))]


class Matrix(Caller):
    """A homeserver that calls its application service."""
    name, signs, broken, unknown = 'mx', False, b'{"events":[', b'{"events":[{"type":"m.reaction","event_id":"$x","sender":"@a:s"}]}'
    large = b'{"events":[' + b' ' * 66000 + b']}'
    transaction = 0

    @staticmethod
    def config(lab):
        return {'name': 'mx', 'kind': 'matrix', 'secret': lab.secret_file('hs', 'hs-token-of-matrix'), 'token': lab.secret_file('as', 'as-token'),
                'account': '@bot:s', 'join_seconds': 0}

    def call(self, body, headers=None, path=None, method='PUT'):
        Matrix.transaction += 1
        path = self.path + (path or '/_matrix/app/v1/transactions/%d' % Matrix.transaction)
        return post(self.port, path, body, self.headers(body) if headers is None else headers, method)

    def headers(self, body):
        return {'Content-Type': 'application/json', 'Authorization': 'Bearer hs-token-of-matrix'}

    def message(self, number, text=''):
        return json.dumps({'events': [{'event_id': '$%d' % number, 'room_id': '!r%d:s' % number, 'sender': '@ann:s', 'type': 'm.room.message',
                                       'origin_server_ts': 1795000000000, 'content': {'msgtype': 'm.text', 'body': text}}]}).encode()
