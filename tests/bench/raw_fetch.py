#!/usr/bin/python3
"""The floor of an IMAP download: raw_fetch.py PORT USER PASSWORD. One UID FETCH of all bodies on a bare socket; counts the bytes."""
import socket
import sys


LINE_MAX = 8192  # a tagged answer may name all capabilities


class Session:
    def __init__(self, port):
        self.socket = socket.create_connection(('127.0.0.1', port))
        self.buffer = memoryview(bytearray(1 << 20))
        self.number = 0
        self.socket.recv_into(self.buffer)

    def command(self, text):
        """Sends it and reads to the end of its tagged answer; the number of bytes read."""
        self.number += 1
        tag = b'x.%d ' % self.number  # no line of base64 has a dot
        self.socket.sendall(tag + text.encode() + b'\r\n')
        total, tail = 0, b''
        while True:
            count = self.socket.recv_into(self.buffer)
            if not count:
                raise EOFError('the server hung up')
            total += count
            tail = (tail + bytes(self.buffer[max(0, count - LINE_MAX):count]))[-LINE_MAX:]
            line = tail[:-2].split(b'\r\n')[-1]
            if tail.endswith(b'\r\n') and line.startswith(tag):
                if not line.startswith(tag + b'OK'):
                    raise ValueError(line.decode())
                return total


def main():
    session = Session(int(sys.argv[1]))
    session.command('LOGIN %s %s' % (sys.argv[2], sys.argv[3]))
    session.command('EXAMINE INBOX')
    print(session.command('UID FETCH 1:* (UID INTERNALDATE BODY.PEEK[])'))
    session.command('LOGOUT')


if __name__ == '__main__':
    main()
