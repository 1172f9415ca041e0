"""Senders of webhooks: what the flow tests of the web duty share. Only Python's standard library."""
import base64
import hashlib
import hmac
import http.client
import json
import socket
import time

STANDARD_SECRET = 'whsec_' + base64.b64encode(bytes(range(32))).decode()


def sign_standard(identity, body, when=None, secret=STANDARD_SECRET):
    """The three headers of Standard Webhooks."""
    when = str(int(time.time() if when is None else when))
    text = secret[len('whsec_'):]
    key = base64.b64decode(text + '=' * (-len(text) % 4))
    mark = hmac.new(key, ('%s.%s.' % (identity, when)).encode() + body, hashlib.sha256).digest()
    return {'webhook-id': identity, 'webhook-timestamp': when, 'webhook-signature': 'v1,' + base64.b64encode(mark).decode()}


def standard_body(text, sender='+243990000001', **more):
    return json.dumps({'type': 'message.received', 'data': dict({'text': text, 'sender': sender}, **more)}).encode()


class Sender:
    """Requests to one listener, each on a connection of its own."""

    def __init__(self, port, host='127.0.0.1', timeout=20):
        self.port, self.host, self.timeout = port, host, timeout

    def open(self):
        return http.client.HTTPConnection(self.host, self.port, timeout=self.timeout)

    def ask(self, method, path, body=None, headers=None):
        """(status, body, headers); status 0 when there was no answer."""
        connection = self.open()
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            return answer.status, answer.read(), {k.lower(): v for k, v in answer.getheaders()}
        except (OSError, http.client.HTTPException):
            return 0, b'', {}
        finally:
            connection.close()

    def post(self, path, body, headers=None):
        """The status."""
        return self.ask('POST', path, body, headers)[0]

    def raw(self, data, wait=5):
        """Sends bytes as they are; all that comes back until the server closes or the time is over."""
        with socket.create_connection((self.host, self.port), timeout=wait) as line:
            got = b''
            try:
                line.sendall(data)
                while True:
                    more = line.recv(65536)
                    if not more:
                        break
                    got += more
            except OSError:
                pass
            return got


def status_of(raw):
    """Of an answer in bytes; 0: there is none."""
    words = raw.split(b' ', 2)
    return int(words[1]) if raw.startswith(b'HTTP/') and len(words) > 1 else 0
