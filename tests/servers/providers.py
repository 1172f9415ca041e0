"""The providers of channels, simulated: Telegram's Bot API, Meta's Graph API, Twilio's REST API, Africa's Talking, signal-cli-rest-api. Each is an
HTTP server on loopback in a thread of this process, behaves as the provider's documentation says, and keeps a transcript.

    telegram = Telegram('123:token')
    telegram.write(5000000001, 'Kenya')          # a person writes
    telegram.script('getUpdates', status=429, retry_after=2)
    telegram.url                                 # for `api_url`
    telegram.sent                                # what was sent to people

script() says how the next call that fits is answered instead: a status with its error, `slow` (seconds before the answer), `cut` (bytes
of the answer after which the line breaks), `raw` (these bytes), `drop` (the line breaks before any answer; what the call does is done).

Also what providers call us with: sign_whatsapp(), sign_twilio(), post(). Only Python's standard library.
"""
import base64
import collections
import hashlib
import hmac
import http.client
import http.server
import json
import re
import socket
import threading
import time
import urllib.parse

Call = collections.namedtuple('Call', 'at method path query headers body')
JPEG = b'\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01' + bytes(range(256)) * 8
OGG = b'OggS\x00\x02' + b'\x07' * 500


class Server:
    """One provider. Subclasses answer: handle(call) -> (status, type, bytes[, headers])."""

    def __init__(self):
        self.transcript, self.scripts, self.lock = [], [], threading.Condition()
        self.closing = False
        self.local = threading.local()
        provider = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = 'HTTP/1.1'

            def log_message(self, *_):
                pass

            def do_GET(self):
                provider._serve(self)
            do_POST = do_PUT = do_GET

        class Threading(http.server.ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_):
                pass
        self.server = Threading(('127.0.0.1', 0), Handler)
        self.port = self.server.server_address[1]
        self.url = 'http://127.0.0.1:%d' % self.port
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        with self.lock:
            self.closing = True
            self.lock.notify_all()
        self.server.shutdown()
        self.server.server_close()

    # As the helpers of lab.py and place.py, which are processes.
    kill = terminate = close

    def wait(self):
        pass

    def script(self, part, times=1, **how):
        """The next calls whose path has `part` in it."""
        with self.lock:
            self.scripts += [(part, how)] * times

    def calls(self, part=''):
        with self.lock:
            return [c for c in self.transcript if part in c.path]

    def _scripted(self, path):
        with self.lock:
            for i, (part, how) in enumerate(self.scripts):
                if part in path:
                    del self.scripts[i]
                    return how
        return {}

    def _serve(self, handler):
        body = handler.rfile.read(int(handler.headers.get('Content-Length') or 0))
        parts = urllib.parse.urlsplit(handler.path)
        call = Call(time.monotonic(), handler.command, parts.path, dict(urllib.parse.parse_qsl(parts.query)),
                    {k.lower(): v for k, v in handler.headers.items()}, body)
        with self.lock:
            self.transcript.append(call)
        self.local.connection = handler.connection
        how = self._scripted(parts.path)
        if how.get('slow'):
            time.sleep(how['slow'])
        if 'raw' in how:
            answer = 200, 'application/json', how['raw']
        elif 'status' in how:
            answer = self.error(how)
        else:
            answer = self.handle(call)
        if how.get('drop'):
            self._break(handler)
            return
        status, kind, data = answer[:3]
        handler.send_response(status)
        handler.send_header('Content-Type', kind)
        handler.send_header('Content-Length', str(len(data)))
        for name, value in (answer[3] if len(answer) > 3 else {}).items():
            handler.send_header(name, value)
        try:
            handler.end_headers()
            handler.wfile.write(data[:how['cut']] if 'cut' in how else data)
            handler.wfile.flush()
        except OSError:
            return
        if 'cut' in how:
            self._break(handler)

    def gone(self):
        """Has who called this thread hung up?"""
        try:
            return self.local.connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT) == b''
        except BlockingIOError:
            return False
        except OSError:
            return True

    def _break(self, handler):
        try:
            handler.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        handler.close_connection = True

    def error(self, how):
        return how['status'], 'text/plain', how.get('body', b'error'), {'Retry-After': str(how['retry_after'])} if 'retry_after' in how else {}

    @staticmethod
    def json(value, status=200, headers=None):
        return status, 'application/json', json.dumps(value).encode(), headers or {}


class Telegram(Server):
    def __init__(self, token):
        super().__init__()
        self.token, self.updates, self.files, self.sent = token, [], {}, []
        self.update_id, self.message_id = 700000000, 0
        self.webhook = False
        self.blocked = set()
        self.polls = 0
        self.acknowledged = 0  # the highest update_id that an offset acknowledged

    def push(self, update):
        with self.lock:
            self.update_id += 1
            update = dict({'update_id': self.update_id}, **update)
            self.updates.append(update)
            self.lock.notify_all()
        return update

    def message(self, person, text=None, language='en', **more):
        with self.lock:
            self.message_id += 1
            message = {'message_id': self.message_id, 'date': int(time.time()), 'chat': {'id': person, 'type': 'private'},
                       'from': {'id': person, 'is_bot': False, 'first_name': 'P%d' % person, 'language_code': language}}
        if text is not None:
            message['text'] = text
        return dict(message, **more)

    def write(self, person, text=None, **more):
        return self.push({'message': self.message(person, text, **more)})

    def error(self, how):
        parameters = {'parameters': {'retry_after': how['retry_after']}} if 'retry_after' in how else {}
        return self.json(dict({'ok': False, 'error_code': how['status'], 'description': how.get('words', 'Error')}, **parameters),
                         how['status'])

    def refuse(self, status, words):
        return self.error({'status': status, 'words': words})

    def handle(self, call):
        found = re.fullmatch(r'(/file)?/bot([^/]+)/(.+)', call.path)
        if not found or found.group(2) != self.token:
            return self.refuse(401, 'Unauthorized')
        if found.group(1):
            data = self.files.get(found.group(3).rsplit('/', 1)[-1])
            return (200, 'application/octet-stream', data) if data is not None else self.refuse(404, 'Not Found')
        arguments = json.loads(call.body) if call.body else call.query
        method = getattr(self, 'do_' + found.group(3), None)
        return method(arguments) if method else self.refuse(404, 'Not Found')

    def do_getUpdates(self, arguments):
        if self.webhook:
            return self.refuse(409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the "
                                    'webhook first')
        offset, limit = arguments.get('offset'), min(arguments.get('limit', 100), 100)
        end = time.monotonic() + arguments.get('timeout', 0)
        with self.lock:
            self.polls += 1
            mine = self.polls
            self.lock.notify_all()
            if offset is not None:
                self.acknowledged = max(self.acknowledged, offset - 1)
                self.updates = [u for u in self.updates if u['update_id'] >= offset]
            while not self.updates and time.monotonic() < end and self.polls == mine and not self.closing:
                self.lock.wait(min(0.5, max(0.01, end - time.monotonic())))
            if self.polls != mine:
                return self.refuse(409, 'Conflict: terminated by other getUpdates request')
            return self.json({'ok': True, 'result': self.updates[:limit]})

    def do_getFile(self, arguments):
        data = self.files.get(arguments['file_id'])
        if data is None:
            return self.refuse(400, 'Bad Request: wrong file_id')
        if len(data) > 20 * 1024 * 1024:
            return self.refuse(400, 'Bad Request: file is too big')
        return self.json({'ok': True, 'result': {'file_id': arguments['file_id'], 'file_size': len(data),
                                                 'file_path': 'photos/' + arguments['file_id']}})

    def do_sendMessage(self, arguments):
        if arguments['chat_id'] in self.blocked:
            return self.refuse(403, 'Forbidden: bot was blocked by the user')
        if not isinstance(arguments['chat_id'], int) or arguments['chat_id'] == 0:
            return self.refuse(400, 'Bad Request: chat not found')
        if len(arguments['text'].encode('utf-16-le')) // 2 > 4096:
            return self.refuse(400, 'Bad Request: message is too long')
        with self.lock:
            self.sent.append(arguments)
            self.lock.notify_all()
        return self.json({'ok': True, 'result': self.message(arguments['chat_id'], arguments['text'])})


class Graph(Server):
    """Meta's Graph API as WhatsApp uses it."""

    def __init__(self, token, phone):
        super().__init__()
        self.token, self.phone, self.media, self.sent = token, phone, {}, []
        self.addresses = {}  # medium -> where its bytes are said to be, when not here
        self.codes = {}      # recipient -> error code

    def add(self, medium, data, kind='image/jpeg'):
        self.media[medium] = (data, kind)
        return {'id': medium, 'mime_type': kind, 'sha256': base64.b64encode(hashlib.sha256(data).digest()).decode()}

    def refuse(self, status, code, words):
        return self.json({'error': {'message': words, 'type': 'OAuthException', 'code': code, 'fbtrace_id': 'x'}}, status)

    def handle(self, call):
        if call.headers.get('authorization') != 'Bearer ' + self.token:
            return self.refuse(401, 190, 'Invalid OAuth access token')
        name = call.path.rsplit('/', 1)[-1]
        if call.path.startswith('/bytes/') and name in self.media:
            return 200, self.media[name][1], self.media[name][0]
        if call.path == '/%s/messages' % self.phone and call.method == 'POST':
            return self.send(json.loads(call.body))
        if call.path == '/' + name and name in self.media:
            data, kind = self.media[name]
            return self.json({'url': self.addresses.get(name, '%s/bytes/%s' % (self.url, name)), 'mime_type': kind, 'id': name,
                              'sha256': hashlib.sha256(data).hexdigest(), 'file_size': len(data), 'messaging_product': 'whatsapp'})
        return self.refuse(400, 100, 'Unsupported get request')

    def send(self, body):
        code = self.codes.get(body['to'])
        if code:
            return self.refuse(429 if code in (130429, 131056) else 400, code, '(#%d) said of %s' % (code, body['to']))
        with self.lock:
            self.sent.append(body)
        return self.json({'messaging_product': 'whatsapp', 'contacts': [{'input': body['to'], 'wa_id': body['to']}],
                          'messages': [{'id': 'wamid.SENT%d' % len(self.sent)}]})

    def notification(self, *messages, name='Fatou'):
        return json.dumps({'object': 'whatsapp_business_account', 'entry': [{'id': '0', 'changes': [{'field': 'messages', 'value': {
            'messaging_product': 'whatsapp', 'metadata': {'display_phone_number': '15550783881', 'phone_number_id': self.phone},
            'contacts': [{'profile': {'name': name}, 'wa_id': m.get('from', '')} for m in messages], 'messages': list(messages)}}]}]}).encode()


class Twilio(Server):
    def __init__(self, account, token):
        super().__init__()
        self.account, self.token, self.media, self.sent = account, token, {}, []
        self.redirects = {}  # medium -> where it leads
        self.codes = {}      # recipient -> (status, code)

    def refuse(self, status, code, words, headers=None):
        return self.json({'code': code, 'message': words, 'status': status}, status, headers)

    def handle(self, call):
        login = base64.b64encode(('%s:%s' % (self.account, self.token)).encode()).decode()
        if call.path.startswith('/store/') and call.path[7:] in self.media:
            return 200, self.media[call.path[7:]][1], self.media[call.path[7:]][0]
        if call.headers.get('authorization') != 'Basic ' + login:
            return self.refuse(401, 20003, 'Authenticate')
        name = call.path.rsplit('/', 1)[-1]
        if '/Media/' in call.path and (name in self.media or name in self.redirects):
            return 307, 'text/plain', b'', {'Location': self.redirects.get(name, '%s/store/%s' % (self.url, name))}
        if call.path == '/2010-04-01/Accounts/%s/Messages.json' % self.account:
            return self.send(dict(urllib.parse.parse_qsl(call.body.decode())))
        return self.refuse(404, 20404, 'The requested resource was not found')

    def send(self, form):
        status, code = self.codes.get(form['To'], (0, 0))
        if code:
            return self.refuse(status, code, 'said of %s' % form['To'], {'Retry-After': '1'} if status == 429 else {})
        with self.lock:
            self.sent.append(form)
        return self.json({'sid': 'SM%032d' % len(self.sent), 'status': 'queued'}, 201)


class AfricasTalking(Server):
    def __init__(self, user, key):
        super().__init__()
        self.user, self.key, self.sent = user, key, []
        self.codes = {}  # recipient -> statusCode

    def handle(self, call):
        form = dict(urllib.parse.parse_qsl(call.body.decode()))
        if call.path != '/version1/messaging' or call.headers.get('apikey') != self.key or form.get('username') != self.user:
            return 401, 'text/plain', b'The supplied authentication is invalid'
        code = self.codes.get(form['to'], 101)
        if code == 101:
            with self.lock:
                self.sent.append(form)
        return self.json({'SMSMessageData': {'Message': 'Sent to 1/1', 'Recipients': [
            {'statusCode': code, 'number': form['to'], 'status': 'Success' if code == 101 else 'Refused',
             'messageId': 'ATXid_%d' % len(self.sent) if code == 101 else 'None'}]}}, 201)


class Signal(Server):
    """signal-cli-rest-api in its normal mode: what it hands out is gone."""

    def __init__(self, number):
        super().__init__()
        self.number, self.queue, self.files, self.sent = number, [], {}, []
        self.timestamp = int(time.time() * 1000)
        self.answers = []  # the ids that each call was given
        self.unregistered = set()

    def write(self, person, text=None, **more):
        with self.lock:
            self.timestamp += 1
            envelope = {'source': person, 'sourceNumber': person, 'sourceUuid': 'uuid-' + person, 'sourceName': 'S', 'sourceDevice': 1,
                        'timestamp': self.timestamp, 'dataMessage': dict({'timestamp': self.timestamp, 'message': text}, **more)}
            self.queue.append({'envelope': envelope, 'account': self.number})
            self.lock.notify_all()
        return 'uuid-%s/%d' % (person, self.timestamp)

    def handle(self, call):
        if call.path == '/v1/receive/' + urllib.parse.quote(self.number, safe=''):
            return self.receive(call)
        if call.path.startswith('/v1/attachments/'):
            data = self.files.get(call.path.rsplit('/', 1)[-1])
            return (200, 'application/octet-stream', data) if data is not None else self.json({'error': 'not found'}, 404)
        if call.path == '/v2/send':
            return self.send(json.loads(call.body))
        return self.json({'error': 'no such path'}, 404)

    def receive(self, call):
        end = time.monotonic() + int(call.query.get('timeout', 1))
        with self.lock:
            mine = len(self.answers)
            self.answers.append([])
            while not self.queue and time.monotonic() < end and not self.closing:
                self.lock.wait(min(0.2, max(0.01, end - time.monotonic())))
            count = 0 if self.gone() else int(call.query.get('max_messages', 1000))
            out, self.queue = self.queue[:count], self.queue[count:]
            self.answers[mine] = [self.id_of(item) for item in out]
        return self.json(out)

    @staticmethod
    def id_of(item):
        return '%s/%d' % (item['envelope'].get('sourceUuid'), item['envelope']['timestamp'])

    def send(self, body):
        person = body['recipients'][0]
        if person in self.unregistered:
            return self.json({'error': 'Failed to send message: Unregistered user "%s"\n' % person}, 400)
        with self.lock:
            self.timestamp += 1
            self.sent.append(body)
            return self.json({'timestamp': str(self.timestamp)}, 201)


class Matrix(Server):
    """A homeserver: one timeline of events; a sync token is a place in it. An invitation is an event there."""

    def __init__(self, token, user):
        super().__init__()
        self.token, self.user, self.events, self.media, self.sent = token, user, [], {}, {}
        self.limit, self.paging, self.waiting, self.joined = 50, 2, [], []

    def write(self, person, text, kind='m.room.message', room='!field:s', **content):
        with self.lock:
            identity = '$%d' % (len(self.events) + 1)
            self.events.append((room, {'event_id': identity, 'sender': person, 'type': kind, 'origin_server_ts': int(time.time() * 1000),
                                       'content': dict({'msgtype': 'm.text', 'body': text}, **content)}))
            self.lock.notify_all()
        return identity

    def invite(self, room):
        with self.lock:
            self.events.append((None, room))
            self.waiting.append(room)
            self.lock.notify_all()

    def refuse(self, status, code, **more):
        return self.json(dict({'errcode': code, 'error': 'said of it'}, **more), status)

    def error(self, how):
        return self.refuse(how['status'], 'M_X', **({'retry_after_ms': how['retry_after'] * 1000} if 'retry_after' in how else {}))

    def handle(self, call):
        if call.headers.get('authorization') != 'Bearer ' + self.token:
            return self.refuse(401, 'M_UNKNOWN_TOKEN')
        path = [urllib.parse.unquote(p) for p in call.path.split('/')]
        if call.path == '/_matrix/client/v3/sync':
            return self.sync(call)
        if path[-1] == 'messages':
            return self.page(path[-2], call)
        if 'send' in path:
            return self.send(path[5], path[-1], json.loads(call.body))
        if path[-2] == 'join':
            if path[-1] not in self.waiting:
                return self.refuse(403, 'M_FORBIDDEN')
            self.joined.append(path[-1])
            self.waiting.remove(path[-1])
            return self.json({'room_id': path[-1]})
        if call.path.startswith('/_matrix/client/v1/media/download/') and path[-1] in self.media:
            return 200, 'image/jpeg', self.media[path[-1]]
        return self.refuse(404, 'M_NOT_FOUND')

    def sync(self, call):
        since = int(call.query.get('since', 's0')[1:])
        end = time.monotonic() + int(call.query['timeout']) / 1000
        with self.lock:
            while len(self.events) <= since and time.monotonic() < end and not self.closing:
                self.lock.wait(min(0.2, max(0.01, end - time.monotonic())))
            rooms = {}
            for at in range(since, len(self.events)):
                rooms.setdefault(self.events[at][0], []).append(at)
            invited = [self.events[at][1] for at in rooms.pop(None, []) if self.events[at][1] in self.waiting]
            joined = {}
            for room, places in rooms.items():
                shown = places[-self.limit:]
                joined[room] = {'timeline': {'events': [self.events[at][1] for at in shown], 'limited': len(shown) < len(places),
                                             'prev_batch': 's%d' % shown[0]}}
            return self.json({'next_batch': 's%d' % len(self.events), 'rooms': {'join': joined, 'invite': {r: {} for r in invited}}})

    def page(self, room, call):
        """Backwards from one place to another, few at a time."""
        with self.lock:
            places = [at for at in range(int(call.query['to'][1:]), int(call.query['from'][1:])) if self.events[at][0] == room][::-1][:self.paging]
            out = {'start': call.query['from'], 'chunk': [dict(self.events[at][1], room_id=room) for at in places]}
            return self.json(dict(out, end='s%d' % places[-1]) if places else out)

    def send(self, room, transaction, body):
        if room.startswith('!gone'):
            return self.refuse(403, 'M_FORBIDDEN')
        with self.lock:
            self.sent.setdefault((room, transaction), body)
        return self.json({'event_id': '$sent-' + transaction})


class Trap:
    """Listens and answers nothing; says who came and what they said first."""

    def __init__(self, address='127.0.0.1'):
        self.socket = socket.create_server((address, 0))
        self.port = self.socket.getsockname()[1]
        self.caught = []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                connection = self.socket.accept()[0]
            except OSError:
                return
            connection.settimeout(1)
            try:
                self.caught.append(connection.recv(4096))
            except OSError:
                self.caught.append(b'')
            connection.close()

    def close(self):
        self.socket.close()


# ---- what providers call us with ----

def sign_whatsapp(secret, body):
    return {'X-Hub-Signature-256': 'sha256=' + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(),
            'Content-Type': 'application/json'}


def sign_twilio(token, url, form):
    text = url + ''.join(k + v for k, v in sorted(set(form)))
    return {'X-Twilio-Signature': base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode(),
            'Content-Type': 'application/x-www-form-urlencoded'}


def post(port, path, body, headers, method='POST', seconds=20):
    """(status, content type, body) of one request."""
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=seconds)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.getheader('Content-Type'), answer.read()
    finally:
        connection.close()
