#!/usr/bin/python3
"""A misbehaving IMAP server: badimap.py PORT FOLDER [CERTIFICATE KEY]

The name that logs in picks how it misbehaves: in the answer to the FETCH of bodies, or (a name with `@sizes` behind) of sizes; the modes
whose names begin with idle in IDLE, those that begin with status in STATUS, those with greet, login, select, search there. Once the file
FOLDER/well is there it behaves. Every line that it was sent is written to FOLDER/transcript (a password as it is: that is what the tests
look for). Each name has a mailbox with one mail, UID 1. The name `anew`: its Junk is made anew, with another mail as UID 1, once it was
opened for the first time.
"""
import os
import socket
import ssl
import sys
import threading
import time

CAPABILITIES = 'IMAP4rev1 IDLE UIDPLUS MOVE CONDSTORE ENABLE QRESYNC LITERAL+ ID'
MEGABYTE = b'x' * (1 << 20)

# What is answered to a FETCH: %(uid)s stands in each, BODY and SIZE make a good answer of it.
BODY = '* 1 FETCH (UID 1 BODY[] {%(length)d}\r\n%(mail)s)\r\n'


class Closed(Exception):
    pass


def text_of(mode):
    return 'Message-ID: <%s@bad>\r\nFrom: %s@example.org\r\n\r\nhello\r\n' % (mode, mode)


def fetch_modes(w, t, mail):
    """mode -> what is sent; a function is called, text is sent, and then the tagged OK unless the text ends with a bare \\0."""
    n = len(mail)
    good = '* 1 FETCH (UID 1 BODY[] {%d}\r\n%s)\r\n' % (n, mail)
    head = '* 1 FETCH (UID 1 BODY[] '

    def close_after(text, pause=.2):
        def act():
            w(text)
            time.sleep(pause)
            raise Closed
        return act

    def stall(text):
        def act():
            w(text)
            time.sleep(60)
            raise Closed
        return act

    def drip():
        w(head + '{1000}\r\n')
        for _ in range(60):
            w('x')
            time.sleep(1)
        raise Closed

    def flood(text):
        def act():
            w(text)
            for _ in range(1024):
                w(MEGABYTE)
            raise Closed
        return act

    return {
        'midclose': close_after(head + '{1000}\r\n' + 'x' * 100),
        'midclosebig': close_after(head + '{1000000}\r\n' + 'x' * 100000),
        'midstall': stall(head + '{100}\r\n' + 'x' * 10),
        'drip': drip,
        'giga': close_after(head + '{1073741824}\r\n' + 'x' * 1000, 1),
        'gigafull': flood(head + '{1073741824}\r\n'),
        'over32': close_after(head + '{4294967396}\r\n' + 'x' * 100 + ')\r\n' + t + ' OK x\r\n', 1),
        'neg': head + '{-5}\r\n)\r\n',
        'max32': close_after(head + '{4294967295}\r\n' + 'x' * 100, 1),
        'nul': head + '{10}\r\nab\0cd\0ef\0\0)\r\n',
        'nulline': '* 1 FETCH (UID 1 FLAGS (\\Se\0en) BODY[] {3}\r\nabc)\r\n',
        'garbage': '$$% garbage \xff\xfe {{{ \r\n' + good,
        'garbage2': good + '* 2 FETCH (UID xx BODY[] {3}\r\nabc)\r\n',
        'longline': flood('* OK '),
        'longflags': '* 1 FETCH (UID 1 FLAGS (' + ' '.join('k%d' % i for i in range(200000)) + ') BODY[] {3}\r\nabc)\r\n',
        'deepbs': '* 1 FETCH (UID 1 BODYSTRUCTURE ' + '(' * 200000 + '\r\n',
        'nilbody': '* 1 FETCH (UID 1 BODY[] NIL)\r\n',
        'quoted': '* 1 FETCH (UID 1 BODY[] "abc")\r\n',
        'nobody': lambda: w('* 1 FETCH (UID 1)\r\n%s NO sorry\r\n' % t),
        'bye': close_after('* BYE shutting down\r\n'),
        'byefetch': close_after(good + '* BYE shutting down\r\n'),
        'badtag': stall(good + 'ZZZ OK x\r\n'),
        'modseq': good.replace('UID 1', 'UID 1 MODSEQ (12345678901)'),
        'emailid': good.replace('UID 1', 'UID 1 EMAILID (M1) X-GM-MSGID 1278455344230334865'),
        'utf8flag': good.replace('UID 1', 'UID 1 FLAGS (\xc3\xa9t\xc3\xa9 $Label1 NonJunk)'),
        'literal8': good.replace('BODY[] {', 'BODY[] ~{'),
        'uidafter': '* 1 FETCH (BODY[] {%d}\r\n%s UID 1)\r\n' % (n, mail),
        'expunge': good + '* 2 EXPUNGE\r\n* 2 EXISTS\r\n* 2 FETCH (FLAGS (\\Seen))\r\n',
        'lfonly': lambda: w(good.replace(')\r\n', ')\n') + '%s OK x\n' % t),
        'newcode': '* OK [NOTIFICATIONOVERFLOW x (1 2)] y\r\n' + good,
        'wronguid': good.replace('UID 1', 'UID 9'),
        'twice': good + good,
        'flagsonly': '* 1 FETCH (FLAGS (\\Seen))\r\n' + good,
    }


class Session:
    junk_opened = 0

    def __init__(self, connection, folder):
        self.connection, self.folder = connection, folder
        self.lines = connection.makefile('rb')
        self.mode = self.mailbox = ''

    def well(self):
        return os.path.exists(os.path.join(self.folder, 'well'))

    def write(self, data):
        self.connection.sendall(data if isinstance(data, bytes) else data.encode('latin1'))

    def read(self):
        line = self.lines.readline()
        if not line:
            raise Closed
        with open(os.path.join(self.folder, 'transcript'), 'ab') as f:
            f.write(line)
        return line.decode('latin1').strip()

    def bad(self, *modes):
        return self.mode in modes and not self.well()

    def serve(self):
        self.write('* OK [CAPABILITY %s] hi\r\n' % CAPABILITIES)
        while True:
            tag, _, command = self.read().partition(' ')
            self.command(tag, command, command.upper())

    def ok(self, tag, untagged=''):
        self.write('%s%s OK done\r\n' % (untagged, tag))

    def command(self, tag, command, upper):
        if upper.startswith('LOGIN'):
            self.mailbox = command.split()[1].strip('"')
            self.mode = self.mailbox
            if self.bad('loginno'):
                self.write(tag + ' NO [AUTHENTICATIONFAILED] no\r\n')
            elif self.bad('loginbusy'):
                self.write(tag + ' NO [UNAVAILABLE] later\r\n')
            else:
                self.ok(tag)
        elif upper.startswith('CAPABILITY'):
            self.ok(tag, '* CAPABILITY %s\r\n' % (CAPABILITIES if self.mode != 'searchstall' else 'IMAP4rev1'))
        elif upper.startswith(('SELECT', 'EXAMINE')):
            self.select(tag, 'JUNK' in upper)
        elif upper.startswith('STATUS'):
            self.status(tag, command)
        elif upper.startswith('IDLE'):
            self.idle(tag)
        elif upper.startswith('UID SEARCH'):
            self.search(tag, upper)
        elif 'FETCH' in upper:
            self.fetch(tag, upper)
        elif upper.startswith('LOGOUT'):
            self.write('* BYE\r\n%s OK\r\n' % tag)
            raise Closed
        else:
            self.ok(tag)

    def select(self, tag, junk):
        self.anew = False
        if self.mode == 'anew' and junk:
            self.anew = Session.junk_opened > 0
            Session.junk_opened += 1
        if self.anew:
            self.ok(tag, '* 1 EXISTS\r\n* OK [UIDVALIDITY 2] x\r\n* OK [UIDNEXT 2] x\r\n')
        elif self.bad('selectno'):
            self.write(tag + ' NO no such folder\r\n')
        elif self.bad('novalidity'):
            self.ok(tag, '* 1 EXISTS\r\n')
        else:
            self.ok(tag, '* 1 EXISTS\r\n* OK [UIDVALIDITY 1] x\r\n* OK [UIDNEXT 2] x\r\n')

    def status(self, tag, command):
        folder = command.split()[1]
        if self.bad('status'):
            self.ok(tag, '* STATUS "RUU" ()\r\n')
        else:
            self.ok(tag, '* STATUS %s (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 1)\r\n' % folder)

    def search(self, tag, upper):
        if 'DELETED' in upper:
            if self.bad('searchstall'):
                time.sleep(60)
                raise Closed
            self.ok(tag, '* SEARCH 1\r\n')
            return
        first = int(upper.split()[-1].split(':')[0])
        if self.bad('searchhuge'):
            self.ok(tag, '* SEARCH ' + ' '.join(str(i) for i in range(1, 400000)) + '\r\n')
        elif self.bad('searchzero'):
            self.ok(tag, '* SEARCH 0 4294967295 1 1\r\n')
        else:
            self.ok(tag, '* SEARCH%s\r\n' % (' 1' if first <= 1 else ''))

    def idle(self, tag):
        if self.bad('idleno'):
            self.write(tag + ' NO no\r\n')
            return
        if self.bad('idleearly'):
            self.write('* 2 EXISTS\r\n')
        self.write('+ idling\r\n')
        if self.bad('idlebye'):
            time.sleep(.3)
            self.write('* BYE bye\r\n')
            raise Closed
        if self.bad('idleclose'):
            time.sleep(.3)
            raise Closed
        if self.bad('idleflood'):
            self.write('* OK still here\r\n')
        self.read()
        self.ok(tag)

    def fetch(self, tag, upper):
        mail = text_of('other' if self.anew else self.mailbox.split('@')[0])
        sizes = 'RFC822.SIZE' in upper
        mode, _, where = self.mode.partition('@')
        act = fetch_modes(self.write, tag, mail).get(mode)
        if act and not self.well() and sizes == (where == 'sizes'):
            if callable(act):
                act()
            else:
                self.ok(tag, act)
        elif sizes:
            self.ok(tag, '* 1 FETCH (UID 1 RFC822.SIZE %d)\r\n' % len(mail))
        else:
            self.ok(tag, '* 1 FETCH (UID 1 INTERNALDATE "21-Nov-2026 10:00:00 +0000" BODY[] {%d}\r\n%s)\r\n' % (len(mail), mail))


def serve(connection, folder):
    try:
        Session(connection, folder).serve()
    except (OSError, Closed, ValueError, IndexError):
        pass
    finally:
        try:
            connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        connection.close()


def main():
    port, folder = int(sys.argv[1]), sys.argv[2]
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(('127.0.0.1', port))
    listener.listen(100)
    print('ready', flush=True)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection, folder), daemon=True).start()


if __name__ == '__main__':
    main()
