"""Postfix's smtp-sink and smtp-source, which `make deps-long` unpacks: a server that takes all and a client that sends fast.

    with Sink() as sink:
        sink.source(messages=20000, sessions=4, length=12000, keep=True)
"""
import os
import subprocess
import time

from place import free_ports, wait_for

FOLDER = '/var/cache/fieldpost-tools/postfix'
ENVIRONMENT = dict(os.environ, LD_LIBRARY_PATH=os.path.join(FOLDER, 'usr', 'lib', 'postfix'))


def program(name):
    path = os.path.join(FOLDER, 'usr', 'sbin', name)
    if not os.path.exists(path):
        raise RuntimeError('%s is not there: run .ci/unpack postfix' % path)
    return path


def listens(port):
    with open('/proc/net/tcp', encoding='ascii') as f:
        return any(line.split()[1].endswith(':%04X' % port) and line.split()[3] == '0A' for line in f.readlines()[1:])


class Sink:
    """smtp-sink on loopback; with `dump` each mail is a file there."""

    def __init__(self, dump=None, backlog=1000):
        self.port, = free_ports(1)
        words = [program('smtp-sink')] + (['-d', os.path.join(dump, 'mail.')] if dump else [])
        self.process = subprocess.Popen(words + ['127.0.0.1:%d' % self.port, str(backlog)], env=ENVIRONMENT,
                                        stdin=subprocess.DEVNULL)
        wait_for(lambda: listens(self.port) or self.process.poll() is not None, 10, 'smtp-sink')
        if self.process.poll() is not None:
            raise RuntimeError('smtp-sink ended')

    def source(self, messages, sessions, length, keep=False):
        """Seconds that smtp-source takes; keep: all of a session's mails over one connection."""
        words = [program('smtp-source')] + (['-d'] if keep else [])
        start = time.monotonic()
        subprocess.run(words + ['-s', str(sessions), '-m', str(messages), '-l', str(length), '-f', 'field@example.org', '-t',
                                'reader@example.org', '127.0.0.1:%d' % self.port], env=ENVIRONMENT, check=True)
        return time.monotonic() - start

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
