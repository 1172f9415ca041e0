#!/usr/bin/python3
"""Small IMAP servers with good and bad certificates: tlsimap.py CERTIFICATES FOLDER NAME=IMPLICIT_PORT:STARTTLS_PORT...

NAME is one of the certificates of certs.sh, or `inject` (its STARTTLS port sends an untrue line in the clear behind the OK), or
`refuse` (says NO to STARTTLS), or `preauth` (logs everybody in before TLS). Every line that it is sent, in the clear or not, is appended
to FOLDER/NAME.transcript, so that a test can see that no password came.
"""
import os
import socket
import ssl
import sys
import threading


class Session:
    def __init__(self, connection, context, name, folder):
        self.connection, self.context, self.name, self.folder = connection, context, name, folder
        self.buffer = b''

    def line(self):
        while b'\r\n' not in self.buffer:
            data = self.connection.recv(4096)
            if not data:
                raise OSError('closed')
            self.buffer += data
        line, self.buffer = self.buffer.split(b'\r\n', 1)
        self.note(line)
        return line

    def note(self, line):
        with open(os.path.join(self.folder, self.name + '.transcript'), 'ab') as f:
            f.write(line + b'\n')

    def encrypt(self):
        # Whatever was sent before is not TLS and must not be taken for it.
        self.buffer = b''
        self.connection = self.context.wrap_socket(self.connection, server_side=True)

    def serve(self, implicit):
        send = lambda text: self.connection.sendall(text)
        if implicit:
            self.encrypt()
        greeting = b'PREAUTH' if self.name == 'preauth' else b'OK'
        send(b'* ' + greeting + b' [CAPABILITY IMAP4rev1 STARTTLS] hello\r\n')
        while True:
            tag, _, command = self.line().partition(b' ')
            upper = command.upper()
            if upper.startswith(b'STARTTLS') and self.name == 'refuse':
                send(tag + b' NO not today\r\n')
            elif upper.startswith(b'STARTTLS'):
                send(tag + b' OK go\r\n' + (b'2 OK [CAPABILITY IMAP4rev1] injected\r\n' if self.name == 'inject' else b''))
                self.encrypt()
            elif upper.startswith(b'LOGIN'):
                send(tag + b' NO wrong password\r\n')
            elif upper.startswith(b'CAPABILITY'):
                send(b'* CAPABILITY IMAP4rev1 STARTTLS\r\n' + tag + b' OK done\r\n')
            elif upper.startswith(b'LOGOUT'):
                send(b'* BYE bye\r\n' + tag + b' OK done\r\n')
                return
            else:
                send(tag + b' OK done\r\n')


def handle(session, implicit):
    try:
        session.serve(implicit)
    except (OSError, ValueError) as problem:
        session.note(b'# ' + str(problem).encode())
    finally:
        session.connection.close()


def listen(port, context, name, folder, implicit):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(('127.0.0.1', port))
    listener.listen(50)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=handle, args=(Session(connection, context, name, folder), implicit), daemon=True).start()


def main():
    certificates, folder = sys.argv[1], sys.argv[2]
    for word in sys.argv[3:]:
        name, _, ports = word.partition('=')
        certificate = name if os.path.exists(os.path.join(certificates, name + '.crt')) else 'good'
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(certificates, certificate + '.crt'),
                                os.path.join(certificates, certificate + '.key'))
        for port, implicit in zip(ports.split(':'), (True, False)):
            threading.Thread(target=listen, args=(int(port), context, name, folder, implicit)).start()
    print('ready', flush=True)


if __name__ == '__main__':
    main()
