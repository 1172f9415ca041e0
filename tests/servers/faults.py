"""An SMTP server that misbehaves, as the recipient's domain says: reader@hang-end.example. In a thread of the test.

    with Faults() as server:
        ... server.port, server.taken['reader@plain.example'] == [bytes, ...]

FAULTS: at which step, what is said there (None: nothing, for as long as the client waits), whether the line is closed then, how often
(then it behaves), and whether the mail was taken all the same.
"""
import collections
import re
import socketserver
import threading

ALWAYS = 1000
FAULTS = {
    'later-rcpt': ('rcpt', b'450 4.2.1 not now\r\n', False, 1, False),
    'later-data': ('data', b'451 4.3.0 not now\r\n', False, 1, False),
    'later-end': ('end', b'452 4.3.1 no room now\r\n', False, 1, False),
    'never-rcpt': ('rcpt', b'550 5.1.1 no such user\r\n', False, ALWAYS, False),
    'never-data': ('data', b'554 5.6.0 no data from you\r\n', False, ALWAYS, False),
    'never-end': ('end', b'554 5.6.1 not like this\r\n', False, ALWAYS, False),
    'shut-rcpt': ('rcpt', b'421 4.3.2 shutting down\r\n', True, 1, False),
    'shut-end': ('end', b'421 4.3.2 shutting down\r\n', True, 1, False),
    'cut-rcpt': ('rcpt', b'', True, 1, False),
    'cut-body': ('body', b'', True, 1, False),
    'cut-end': ('end', b'', True, 1, True),
    'hang-data': ('data', None, True, 1, False),
    'hang-end': ('end', None, True, 1, True),
    'garbage-rcpt': ('rcpt', b'\0\xff\x80 what?\r\nHTTP/1.1 400 Bad Request\r\n\r\n', True, 1, False),
    'garbage-end': ('end', b'\x16\x03\x01\0\r\nthank you\r\n', True, 1, True),
    'long-end': ('end', b'250-' + 100000 * b'x' + b'\r\n', True, 1, True),
    'leave-end': ('end', b'250 2.0.0 taken\r\n', True, ALWAYS, True),
    'bye-end': ('end', b'250 2.0.0 taken\r\n421 4.4.2 too long idle\r\n', True, ALWAYS, True),
    'twice-end': ('end', b'250 2.0.0 taken\r\n250 2.0.0 taken\r\n', False, ALWAYS, True),
}


class Closed(Exception):
    pass


class Session(socketserver.StreamRequestHandler):
    def say(self, what):
        self.wfile.write(what)

    def step(self, step, good, recipient, body=None):
        """The answer at this step; True: it is the good one."""
        name = recipient.split('@')[-1].removesuffix('.example')
        at, reply, closes, times, taken = FAULTS.get(name, ('', b'', False, 0, False))
        with self.server.lock:
            faulty = at == step and self.server.faults[recipient] < times
            self.server.faults[recipient] += faulty
            if body is not None and (taken or not faulty):
                self.server.taken[recipient].append(body)
        if not faulty:
            self.say(good)
            return True
        if reply is None:
            self.rfile.read(1)  # until the client gives up
        else:
            self.say(reply)
        if closes:
            raise Closed
        return False

    def body(self, recipient):
        lines = []
        if self.server.cuts(recipient):
            self.rfile.readline()
            raise Closed
        for line in self.rfile:
            if line == b'.\r\n':
                return b''.join(lines)
            lines.append(line[1:] if line.startswith(b'.') else line)
        raise Closed

    def handle(self):
        recipient = ''
        try:
            self.say(b'220 faults.example ESMTP\r\n')
            for line in self.rfile:
                verb = line[:4].upper()
                if verb in (b'EHLO', b'HELO'):
                    self.say(b'250-faults.example\r\n250 8BITMIME\r\n')
                elif verb == b'MAIL' and self.server.refuses:
                    self.say(self.server.refuses)
                elif verb == b'RCPT':
                    recipient = re.search(rb'<(.*)>', line).group(1).decode()
                    self.step('rcpt', b'250 2.1.5 ok\r\n', recipient)
                elif verb == b'DATA':
                    if self.step('data', b'354 go on\r\n', recipient):
                        self.step('end', b'250 2.0.0 taken\r\n', recipient, self.body(recipient))
                elif verb == b'QUIT':
                    self.say(b'221 2.0.0 bye\r\n')
                    return
                else:
                    self.say(b'250 2.0.0 ok\r\n')
        except (Closed, OSError):
            pass


class Faults(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(('127.0.0.1', 0), Session)
        self.port = self.server_address[1]
        self.lock = threading.Lock()
        self.faults = collections.Counter()
        self.refuses = None  # what is said to every MAIL FROM
        self.taken = collections.defaultdict(list)

    def cuts(self, recipient):
        """Does it close the line in the middle of this mail?"""
        with self.lock:
            cuts = recipient.endswith('@cut-body.example') and self.faults[recipient] == 0
            self.faults[recipient] += cuts
        return cuts

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()
