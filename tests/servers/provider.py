#!/usr/bin/python3
"""A mail provider with OAuth 2.0 on loopback: token endpoint, logins, introspection for Dovecot, an SMTP server with XOAUTH2.

    tests/servers/provider.py HTTP_PORT SMTP_PORT

Prints "ready". Refresh tokens rotate: the one before is good until the new one, or the access token that came with it, is used for the
first time ("grace"); or not at all once it was used ("strict", and then the whole login is void: reuse means theft). The test
steers it with POST /control, a JSON object of the fields of Provider below, and looks at it with GET /state.

    /token       modes: ok, 500, 503 (with Retry-After), invalid_grant, invalid_client, garbage, html, huge, slow, lose (rotates and hangs up)
    /authorize   sends the browser on to redirect_uri with code and state, at once
    /device      a code that is approved when `approved` is set
    /introspect  is the bearer's token active, and whose is it? (Dovecot's introspection_mode = auth)

SMTP: smtp_mode ok (334 and JSON for a wrong token, as Google does), bare (535 at once, as Exchange does), busy (454), echo (535 with
what it was shown, whatever it was). Each AUTH line and
what its Base64 holds is in the state, each mail too.
"""
import base64
import hashlib
import json
import secrets
import socketserver
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

lock = threading.RLock()


class Provider:
    mode, smtp_mode, strict, approved = 'ok', 'ok', False, False
    lifetime, refresh_lifetime, slow_seconds, user, rotate, void = 3600, 0, 1.0, 'field', True, False
    client_id, client_secret = 'client-1', 'secret-of-the-application'

    def __init__(self):
        self.current = self.previous = None    # refresh tokens that are good
        self.newest_access = None              # used: the previous refresh token ends
        self.access = {}                       # token -> until
        self.issued, self.codes, self.requests, self.auth, self.mails = [], {}, [], [], []
        self.at_once = self.most_at_once = 0

    def token(self, kind):
        token = kind + '.' + secrets.token_urlsafe(300 if kind == 'access' else 60)
        self.issued.append(token)
        return token

    def give(self, refresh=True):
        """A new pair (or an access token alone), the old refresh token not ended yet."""
        answer = {'token_type': 'Bearer', 'expires_in': self.lifetime}
        answer['access_token'] = self.newest_access = self.token('access')
        self.access[answer['access_token']] = time.time() + self.lifetime
        if refresh:
            self.previous, self.current = self.current, self.token('refresh')
            answer['refresh_token'] = self.current
            if self.refresh_lifetime:
                answer['refresh_token_expires_in'] = self.refresh_lifetime
        return answer

    def first_login(self):
        self.current = self.previous = None
        self.void = False
        return self.give()

    def refresh(self, shown):
        if self.void or shown not in (self.current, self.previous) or shown is None:
            return 400, {'error': 'invalid_grant', 'error_description': 'The refresh token is not valid: ' + str(shown)}
        if shown == self.previous and self.strict:
            self.void = True
            return 400, {'error': 'invalid_grant', 'error_description': 'Token was used before; all of this login are void.'}
        if shown == self.current:
            self.previous = None               # the newer one was used
        else:
            self.current = self.previous       # what came with the lost answer goes
            self.previous = None
        return 200, self.give(self.rotate)

    def used(self, token):
        """Is it good? Using the newest access token shows that its answer came."""
        good = self.access.get(token, 0) > time.time()
        if good and token == self.newest_access and self.rotate:
            self.previous = None
        return good


provider = Provider()


def answer_of(form):
    """(status, object or bytes, headers) of a token request; the client is looked at first."""
    grant = form.get('grant_type', '')
    if grant == 'urn:ietf:params:oauth:grant-type:jwt-bearer':
        return (200, provider.give(False), {}) if form.get('assertion', '').count('.') == 2 else (400, {'error': 'invalid_grant'}, {})
    if form.get('client_id') != provider.client_id or form.get('client_secret', provider.client_secret) != provider.client_secret:
        return 401, {'error': 'invalid_client', 'error_codes': [7000215], 'error_description': 'Invalid client secret provided.',
                     'correlation_id': '11111111-2222-3333-4444-555555555555'}, {}
    if grant == 'refresh_token':
        return (*provider.refresh(form.get('refresh_token')), {})
    if grant == 'client_credentials':
        return 200, provider.give(False), {}
    if grant == 'authorization_code':
        challenge, redirect = provider.codes.pop(form.get('code'), (None, None))
        shown = base64.urlsafe_b64encode(hashlib.sha256(form.get('code_verifier', '').encode()).digest()).rstrip(b'=').decode()
        if challenge is None or shown != challenge or redirect != form.get('redirect_uri'):
            return 400, {'error': 'invalid_grant', 'error_description': 'code, verifier or redirect_uri is wrong'}, {}
        return 200, provider.first_login(), {}
    if grant.endswith(':device_code'):
        if form.get('device_code') not in provider.codes:
            return 400, {'error': 'expired_token'}, {}
        return (200, provider.first_login(), {}) if provider.approved else (400, {'error': 'authorization_pending'}, {})
    return 400, {'error': 'unsupported_grant_type'}, {}


FAULTS = {
    '500': (500, {'error': 'server_error'}, {}),
    '503': (503, b'<html>busy</html>', {'Retry-After': '20'}),
    'invalid_grant': (400, {'error': 'invalid_grant', 'error_description': 'AADSTS70008: expired', 'error_codes': [70008]}, {}),
    'invalid_client': (401, {'error': 'invalid_client', 'error_codes': [7000222], 'correlation_id': 'c0-rre1a710n'}, {}),
    'garbage': (200, b'{"access_token": "abc', {}),
    'html': (200, b'<html>log in to the hotel</html>', {'Content-Type': 'text/html'}),
    'huge': (200, b'{"access_token": "' + b'a' * 3000000 + b'"}', {}),
}


class Web(BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def log_message(self, *words):
        pass

    def reply(self, status, body, headers=None):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in dict({'Content-Type': 'application/json'}, **(headers or {})).items():
            self.send_header(name, value)
        self.send_header('Content-Length', str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def form(self):
        body = self.rfile.read(int(self.headers.get('Content-Length', 0))).decode()
        return body, {k: v[0] for k, v in urllib.parse.parse_qs(body).items()}

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = {k: v[0] for k, v in urllib.parse.parse_qs(url.query).items()}
        with lock:
            if url.path == '/state':
                state = {k: v for k, v in vars(provider).items() if k != 'access'}
                return self.reply(200, state)
            if url.path == '/authorize':
                code = 'code.' + secrets.token_urlsafe(40)
                provider.issued.append(code)
                provider.codes[code] = (query['code_challenge'], query['redirect_uri'])
                provider.requests.append(query)
                target = query['redirect_uri'] + '?' + urllib.parse.urlencode({'code': code, 'state': query['state']})
                return self.reply(302, b'', {'Location': target})
            if url.path == '/introspect':
                token = self.headers.get('Authorization', '').partition(' ')[2]
                good = provider.used(token)
                return self.reply(200, {'active': good, 'username': provider.user} if good else {'active': False})
        self.reply(404, b'')

    def token_request(self, form):
        with lock:
            provider.at_once += 1
            provider.most_at_once = max(provider.most_at_once, provider.at_once)
            provider.requests.append(form)
            mode = provider.mode
        if mode == 'slow':
            time.sleep(provider.slow_seconds)
        with lock:
            provider.at_once -= 1
            if mode in FAULTS:
                return self.reply(*FAULTS[mode])
            status, answer, headers = answer_of(form)
        if mode == 'lose':
            self.close_connection = True
            return None
        return self.reply(status, answer, headers)

    def do_POST(self):
        body, form = self.form()
        if self.path == '/control':
            with lock:
                wanted = json.loads(body)
                if wanted.pop('revoke', False):
                    provider.access.clear()
                for name, value in wanted.items():
                    setattr(provider, name, value)
            return self.reply(200, {})
        if self.path == '/token':
            return self.token_request(form)
        if self.path == '/device':
            with lock:
                code = 'device.' + secrets.token_urlsafe(40)
                provider.issued.append(code)
                provider.codes[code] = True
            return self.reply(200, {'device_code': code, 'user_code': 'WDJB-MJHT', 'interval': 1, 'expires_in': 60,
                                    'verification_uri': 'http://127.0.0.1/device'})
        return self.reply(404, b'')


class Smtp(socketserver.StreamRequestHandler):
    def say(self, text):
        self.wfile.write(text.encode() + b'\r\n')

    def authenticate(self, line):
        words = line.split(' ')
        if len(words) == 2:
            self.say('334 ')
            words.append(self.rfile.readline().decode().strip())
        raw = base64.b64decode(words[2]).decode()
        with lock:
            provider.auth.append([words[1], raw])
            mode = provider.smtp_mode
            good = words[1] == 'XOAUTH2' and provider.used(raw.partition('auth=Bearer ')[2].rstrip('\x01'))
        if mode == 'busy':
            self.say('454 4.7.0 Temporary authentication failure')
        elif good and mode != 'echo':
            self.say('235 2.7.0 Accepted')
        elif mode == 'bare':
            self.say('535 5.7.3 Authentication unsuccessful')
        elif mode == 'echo':
            self.say('535 5.7.8 I do not like ' + words[2][:300])
        else:
            self.say('334 ' + base64.b64encode(b'{"status":"401","schemes":"Bearer","scope":"https://mail.google.com/"}').decode())
            self.rfile.readline()
            self.say('535 5.7.8 Username and Password not accepted')

    def handle(self):
        self.say('220 provider ESMTP')
        while True:
            line = self.rfile.readline().decode(errors='replace').strip()
            verb = line.split(' ')[0].upper()
            if not line or verb == 'QUIT':
                self.say('221 bye')
                return
            if verb == 'EHLO':
                self.say('250-provider\r\n250-8BITMIME\r\n250 AUTH LOGIN PLAIN CRAM-MD5 XOAUTH2')
            elif verb == 'AUTH':
                self.authenticate(line)
            elif verb == 'DATA':
                self.say('354 go on')
                mail = []
                while (text := self.rfile.readline()) != b'.\r\n':
                    mail.append(text.decode(errors='replace'))
                with lock:
                    provider.mails.append(''.join(mail))
                self.say('250 taken')
            else:
                self.say('250 fine')


class SmtpServer(socketserver.ThreadingTCPServer):
    daemon_threads = allow_reuse_address = True

    def handle_error(self, request, address):
        pass


class WebServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, address):
        pass


def main():
    http_port, smtp_port = int(sys.argv[1]), int(sys.argv[2])
    web = WebServer(('127.0.0.1', http_port), Web)
    threading.Thread(target=SmtpServer(('127.0.0.1', smtp_port), Smtp).serve_forever, daemon=True).start()
    print('ready', flush=True)
    web.serve_forever()


main()
