"""Mails as large and as nasty as they may come: (name, raw, processor seconds, reasons that are right).

SLOW for 25 MB, SOON for all others. `None` among the reasons: it may be read.
"""
import base64
import hashlib
import random

SIZE = 25 * 1024 * 1024  # what limits.message_bytes takes at most
SOON, SLOW = 0.5, 2.0
HEAD = ('From: Mary Deng <mary@mission.example>\r\nTo: feedback@feedback.example.org\r\nSubject: limits\r\n'
        'Date: Mon, 09 Nov 2026 10:59:07 +0000\r\nMessage-ID: <limits-%s@mission.example>\r\nMIME-Version: 1.0\r\n')
GOOD = b'Country: Nepal\r\nLesson for policy: Fix the road first\r\n'
LIMIT = ('over-limit',)
READ = ('over-limit', 'no-answers', 'no-template', 'missing-required', 'invalid-value', 'forwarded', None)


def fill(raw, piece):
    """raw and as many pieces as make it as large as a mail may be."""
    return raw + piece * ((SIZE - len(raw)) // len(piece))


def text(name, more='', kind='text/plain; charset=utf-8'):
    return (HEAD % name + 'Content-Type: ' + kind + '\r\n' + more + '\r\n').encode()


def mixed(name, more):
    return text(name, kind='multipart/mixed; boundary=x') + b'--x\r\nContent-Type: text/plain\r\n\r\n' + GOOD + \
        ('--x\r\nContent-Type: application/octet-stream; name=scan.pdf\r\nContent-Disposition: attachment; filename=scan.pdf\r\n' +
         more + '\r\n').encode()


def attachment(line):
    """One base64 attachment in lines of so many characters (0: in one), and what it decodes to."""
    head, tail = mixed('attachment', 'Content-Transfer-Encoding: base64\r\n'), b'\r\n--x--\r\n'
    room = SIZE - len(head) - len(tail)
    size = room * line // (line + 2) // 4 * 3 - 300 if line else room // 4 * 3
    data = b'%PDF-1.7\n' + random.Random(1).randbytes(size - 9)
    coded = base64.b64encode(data)
    if line:
        coded = b'\r\n'.join(coded[i:i + line] for i in range(0, len(coded), line))
    return head + coded + tail, data


def memory_mails():
    """The two whose memory is measured; the first with (size, SHA-256) of its attachment."""
    raw, data = attachment(76)
    yield 'attachment-25m', raw, SLOW, (None,), (len(data), hashlib.sha256(data).hexdigest())
    yield 'text-25m', fill(text('text') + GOOD, b'A line of text, and of these there are very many in this mail.\r\n'), SLOW, LIMIT, None


def nested_multipart(levels):
    raw = (HEAD % 'nested-multipart').encode()
    for i in range(levels):
        raw += b'Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n' % (i, i)
    return raw + b'\r\n' + GOOD + b''.join(b'--b%d--\r\n' % i for i in reversed(range(levels)))


def nested_message(levels):
    return (HEAD % 'nested-message').encode() + b'Content-Type: message/rfc822\r\n\r\n' * levels + b'Subject: in\r\n\r\n' + GOOD


def large_mails():
    yield 'base64-one-line', attachment(0)[0], (None,)
    yield 'text-no-newline', fill(text('no-newline') + GOOD, b'words and words '), LIMIT
    yield 'quotes', fill(text('quotes') + GOOD, b'> '), READ
    yield 'quotes-lines', fill(text('quotes-lines') + GOOD, b'>>>>>>>>>> x\r\n'), LIMIT
    yield 'html', fill(text('html', kind='text/html') + b'<p>' + GOOD, b'<p>A <b>word</b> and &eacute; more</p>\r\n'), LIMIT
    yield 'html-encoded', fill(text('html-encoded', 'Content-Transfer-Encoding: quoted-printable\r\n', 'text/html'), b'<p>=C3=A9'), LIMIT
    yield 'flowed', fill(text('flowed', kind='text/plain; format=flowed; delsp=yes') + GOOD, b'a soft line that goes on to the margin \r\n'), LIMIT
    yield 'flowed-one-word', fill(text('flowed-one', kind='text/plain; format=flowed') + GOOD, b'x'), LIMIT
    yield 'quoted-soft', fill(text('quoted-soft', 'Content-Transfer-Encoding: quoted-printable\r\n') + GOOD, b'=\r\n'), READ
    yield 'uuencode', fill(text('uuencode', 'Content-Transfer-Encoding: x-uuencode\r\n'), b'begin 644 x\r\n'), ('unreadable', ) + READ
    yield 'utf-7', fill(text('utf-7', kind='text/plain; charset=utf-7') + GOOD, b'+AOk- '), LIMIT
    yield 'iso-2022-jp', fill(text('jp', kind='text/plain; charset=iso-2022-jp') + GOOD, b'\x1b$B8=\x1b(B'), LIMIT
    yield 'nul', fill(text('nul') + GOOD, b'\0'), ('unreadable', ) + READ
    yield 'noise', text('noise') + random.Random(2).randbytes(SIZE - 200000), ('unreadable', ) + LIMIT
    yield 'carriage-returns', fill((HEAD % 'cr').replace('\r\n', '\r').encode() + b'\r' + GOOD.replace(b'\r\n', b'\r'), b'x\r'), LIMIT
    yield 'attachments', fill(mixed('attachments', 'Content-Transfer-Encoding: base64\r\n'),
                              b'\r\n--x\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n' + b'iVBORw0K' * 8000), (None,)
    yield 'body-of-boundaries', fill(mixed('boundaries', ''), b'--x\r\n'), LIMIT
    yield 'message-attached', fill(text('attached', kind='multipart/mixed; boundary=x') + b'--x\r\n\r\n' + GOOD + b'--x\r\nContent-Type: message/rfc822'
                                   b'\r\n\r\nSubject: in\r\n\r\n', b'A line of the mail that was attached to this one.\r\n'), LIMIT


def part_mails():
    yield 'nested-multipart-1000', nested_multipart(1000), LIMIT
    yield 'nested-message-1000', nested_message(1000), LIMIT
    yield 'nested-message-subjects', (HEAD % 'nested-message').encode() + b'Content-Type: message/rfc822\r\n\r\nSubject: in\r\n' * 1000 + \
        b'\r\n' + GOOD, LIMIT
    yield 'parts-200000', text('parts', kind='multipart/mixed; boundary=x') + b'--x\r\n\r\nCountry: Nepal\r\n' * 200000 + b'--x--\r\n', LIMIT
    yield 'headers-100000', (HEAD % 'headers').encode() + b'X-A: b\r\n' * 100000 + b'\r\n' + GOOD, LIMIT
    yield 'header-5m', (HEAD % 'header').encode() + b'X-Long: ' + b'x' * 5000000 + b'\r\n\r\n' + GOOD, LIMIT
    yield 'header-folded-5m', (HEAD % 'folded').encode() + b'X-Long: ' + b'x\r\n ' * 1250000 + b'\r\n\r\n' + GOOD, LIMIT
    yield 'header-words', (HEAD % 'words').encode() + b'X-Long:' + b' =?utf-8?q?=C3=A9?=\r\n' * 12000 + b'\r\n' + GOOD, READ


def html(name, body):
    return text(name, kind='text/html; charset=utf-8') + b'<p>Country: Nepal</p>' + body


def html_mails():
    yield 'html-5m', html('html-5m', b'<p>A <b>word</b> &amp; more of them</p>\r\n' * 130000), LIMIT
    yield 'html-2m', html('html-2m', b'<p>A <b>word</b> &amp; more of them</p>\r\n' * 50000), READ
    yield 'html-deep', html('html-deep', b'<div>' * 100000 + b'x' * 4500000), LIMIT
    yield 'html-attribute', html('html-attribute', b'<img src="data:image/png;base64,' + b'A' * 5000000 + b'">'), READ
    yield 'html-style', html('html-style', b'<p style="' + b'display:x;' * 500000 + b'">x'), READ
    yield 'html-entities', html('html-entities', b'&lt;&#x10FFFF;&nosuch;&amp;&#55555555555;' * 120000), LIMIT
    yield 'html-entities-2m', html('html-entities-2m', b'&lt;&eacute;&NotEqualTilde;&amp;' * 65000), READ
    yield 'html-declared', html('html-declared', b'<!DOCTYPE x [' + b''.join(
        b'<!ENTITY e%d "%s">' % (i, b'&e%d;' % (i - 1) * 10) for i in range(1, 1000)) + b']>&e999;'), READ
    yield 'html-cells', html('html-cells', b'<table>' + b'<tr><td>a<td>b' * 140000), READ
    yield 'html-labels', html('html-labels', b'<p>Country: Nepal</p>' * 95000), READ
    yield 'html-quotes', html('html-quotes', b'<blockquote>x' * 150000), READ


def line_mails():
    yield 'line-1m', text('line') + GOOD + b'x' * 1000000, READ
    yield 'line-1m-words', text('line-words') + GOOD + b'word, and: ' * 90000, READ
    yield 'line-1m-answer', text('line-answer') + b'Country: ' + b'Nepal ' * 170000 + b'\r\n', READ
    yield 'combining-1m', text('combining') + b'Lesson for policy: a' + '\u0301'.encode() * 500000 + b'\r\n', READ
    yield 'combining-mixed', text('combining-mixed') + b'Lesson for policy: a' + '\u0301\u0323'.encode() * 250000 + b'\r\n', READ
    yield 'marks-1m', text('marks') + GOOD + '\u200f'.encode() * 330000 + b'\r\n', READ
    yield 'marks-before-quotes', text('marks-quotes') + GOOD + ('\u200f' * 3 + '>').encode() * 100000 + b'\r\n', READ
    yield 'short-lines', text('short-lines') + GOOD + b'x\n' * 1000000, LIMIT
    yield 'blank-lines', text('blank-lines') + GOOD + b'\n' * 2000000, LIMIT
    yield 'labels-100000', text('labels') + b'Country: Nepal\r\n' * 100000, LIMIT
    yield 'attributions-100000', text('attributions') + b'On 9 Nov Mary wrote:\n' * 100000, LIMIT
    yield 'ladder', text('ladder') + b'\n'.join(b'>' * i + b' x' for i in range(1900)) + b'\n', READ
    for name, line in (('references', b'FP-7K3M9QXA2D '), ('colons', b':'), ('numbers', b'1. 2. 3) 4: '), ('brackets', b'Country (')):
        yield name, text(name) + line * (1900000 // len(line)), READ
    yield 'choices-list', text('choices-list') + b'Area of work: ' + b'oversight; strategy; ' * 90000 + b'\n', READ


def many_lines():
    """As many lines as are looked at."""
    for name, lines in (
            ('labels', 'Country: Nepal'), ('labels-many', ('Country: x', 'Programme: x', 'Evidence: x', 'What worked: x')),
            ('labels-numbered', ['%d. Country: Nepal' % i for i in range(20)]), ('labels-empty', 'Lesson for policy:'),
            ('labels-wrapped', ('Lesson for', 'policy: x')), ('labels-open', 'Country (a hint that goes'),
            ('labels-quoted', ('> Country: Nepal', 'x')), ('labels-arabic', 'البلد: نيبال'),
            ('attributions', 'On 9 Nov Mary wrote:'), ('attributions-cut', 'On Mon, 9 Nov 2026 at 10:59, Mary <m@x.org>'),
            ('attributions-long', 'On Mon, 9 Nov 2026 at 10:59, Mary Deng <mary@mission.example> wrote in a mail to all of them:'),
            ('attributions-near', 'On 1 2 3 4 5 6 7 8 9 <1 <2 <3, 4, 5, 6 <7 <8, 9 wrote on <1, 2, 3, 4, 5 wrote :'),
            ('header-blocks', ('From: a@b.org', 'Sent: today', 'To: c@d.org', 'Subject: x', '')), ('header-lines', 'To: c@d.org'),
            ('signatures', ('-- ', 'Mary')), ('closings', 'Best regards,'), ('separators', '-----Original Message-----'),
            ('disclaimers', 'This e-mail is confidential'), ('bars', '| x'), ('tabs', 'a\tb'), ('checkboxes', '[x] yes [ ] no'),
            ('bullets', ('Area of work:',) + ('- oversight',) * 100), ('words', 'Some words in a line of a mail, and many more'),
            ('spaces', ' ' * 90 + 'x'), ('colons-lines', 'a: ' * 30)):
        lines = (lines,) if isinstance(lines, str) else lines
        count = 19900 // len(lines)
        yield name, text(name) + ('\n'.join(lines) + '\n').encode() * count, READ
    yield 'flowed-soft', text('flowed-soft', kind='text/plain; format=flowed') + b'a soft line that goes on and on to the margin \n' * 19900, READ


def nasty_mails():
    for make, seconds in ((large_mails, SLOW), (part_mails, SOON), (html_mails, SOON), (line_mails, SOON), (many_lines, SOON)):
        for name, raw, reasons in make():
            yield name, raw, seconds, reasons
