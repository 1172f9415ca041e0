#!/usr/bin/python3
"""A real SMTP server on loopback (aiosmtpd), for the tests and the demo.

    tests/servers/smtp.py [--port N] [--tls starttls|implicit --cert F --key F] [--user U --password P]
                          [--maildir DIR | --deliver-lmtp HOST:PORT] [--mode MODE | --mode-file FILE] [--transcript FILE]

Prints "ready PORT" when it listens; ends on SIGTERM. Ways to behave (--mode, or the first word of --mode-file, looked at anew for each mail):
    accept      takes the mail and delivers it
    later       450 for every recipient
    refuse      550 for every recipient
    full        552 after the data
    busy        421 at MAIL
    drop        takes and delivers the mail, then drops the line without an answer
    slow        accept, after three seconds
Whatever the mode: 550 for nobody@..., 451 for ...@busy.example.
--inject sends a line of plain text behind its answer to STARTTLS. The transcript holds every byte that clients sent, after TLS too.
"""
import argparse
import asyncio
import itertools
import mailbox
import os
import signal
import smtplib
import ssl
import warnings
from asyncio import sslproto

from aiosmtpd.smtp import SMTP, AuthResult

warnings.simplefilter("ignore")  # aiosmtpd speaks of its own deprecations
counter = itertools.count(1)


class Server(SMTP):
    """aiosmtpd's server with a transcript, and STARTTLS for the Python of Debian 12."""

    def __init__(self, *args, options, **kwargs):
        super().__init__(*args, **kwargs)
        self.options = options
        self.number = next(counter)

    def data_received(self, data):
        if self.options.transcript:
            with open(self.options.transcript, "ab") as file:
                for line in data.splitlines():
                    file.write(b"%d %s %s\n" % (self.number, b"tls" if self.is_tls() else b"plain", line))
        super().data_received(data)

    def is_tls(self):
        return self.options.tls == "implicit" or self._tls_protocol is not None

    async def push(self, status):
        if self.options.inject and status.startswith("220 Ready to start TLS"):
            status += "\r\n250 injected"
        await super().push(status)

    async def smtp_STARTTLS(self, arg):
        if arg or not self.tls_context:
            await super().smtp_STARTTLS(arg)
            return
        await self.push("220 Ready to start TLS")
        waiter = self.loop.create_future()
        self._tls_protocol = sslproto.SSLProtocol(self.loop, self, self.tls_context, waiter, server_side=True)
        self._original_transport = self.transport
        self._original_transport.set_protocol(self._tls_protocol)
        self.transport = self._tls_protocol._get_app_transport()
        self._tls_protocol.connection_made(self._original_transport)
        await waiter


class Handler:
    def __init__(self, options):
        self.options = options
        self.maildir = mailbox.Maildir(options.maildir, create=True) if options.maildir else None

    def mode(self):
        if self.options.mode_file and os.path.exists(self.options.mode_file):
            with open(self.options.mode_file, encoding="ascii") as file:
                return (file.read().split() or ["accept"])[0]
        return self.options.mode

    async def handle_MAIL(self, server, session, envelope, address, options):
        if self.mode() == "busy":
            return "421 4.3.2 too busy"
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, server, session, envelope, address, options):
        mode = self.mode()
        if mode == "later":
            return "450 4.2.1 not now"
        if address.lower().endswith("@busy.example"):
            return "451 4.7.1 too many from you"
        if mode == "refuse" or address.startswith("nobody@"):
            return "550 5.1.1 no such user here"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        mode = self.mode()
        if mode == "full":
            return "552 5.2.2 mailbox full"
        if mode == "slow":
            await asyncio.sleep(3)
        await asyncio.get_running_loop().run_in_executor(None, self.deliver, envelope)
        if mode == "drop":
            server.transport.abort()
            await asyncio.sleep(60)
        return "250 2.0.0 taken"

    def deliver(self, envelope):
        content = b"Return-Path: <%s>\r\n" % envelope.mail_from.encode() + envelope.content
        if self.options.deliver_lmtp:
            host, port = self.options.deliver_lmtp.rsplit(":", 1)
            with smtplib.LMTP(host, int(port)) as lmtp:
                lmtp.sendmail(envelope.mail_from, envelope.rcpt_tos, content)
        if self.maildir is not None:
            self.maildir.add(content)


def context(options):
    if not options.tls:
        return None
    result = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    result.load_cert_chain(options.cert, options.key)
    return result


def authenticator(options):
    def check(server, session, envelope, mechanism, data):
        good = data.login == options.user.encode() and data.password == options.password.encode()
        return AuthResult(success=good, handled=False)

    return check if options.user else None


async def run(options):
    loop = asyncio.get_running_loop()
    handler = Handler(options)
    tls = context(options)

    def protocol():
        return Server(handler, options=options, loop=loop, hostname="localhost", tls_context=tls if options.tls == "starttls" else None,
                      require_starttls=options.tls == "starttls", authenticator=authenticator(options),
                      auth_required=bool(options.user), auth_require_tls=options.tls == "starttls")

    server = await loop.create_server(protocol, options.host, options.port, ssl=tls if options.tls == "implicit" else None)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    print("ready %d" % server.sockets[0].getsockname()[1], flush=True)
    await stop.wait()
    server.close()


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--host", default="127.0.0.1")
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--tls", choices=["starttls", "implicit"])
parser.add_argument("--cert")
parser.add_argument("--key")
parser.add_argument("--user")
parser.add_argument("--password", default="")
parser.add_argument("--maildir")
parser.add_argument("--deliver-lmtp", metavar="HOST:PORT")
parser.add_argument("--mode", default="accept")
parser.add_argument("--mode-file")
parser.add_argument("--transcript")
parser.add_argument("--inject", action="store_true")
if __name__ == "__main__":
    asyncio.run(run(parser.parse_args()))
