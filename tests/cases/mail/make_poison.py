#!/usr/bin/python3
"""Writes mails made to hurt a parser, one file each, and what must come of them: make_poison.py FOLDER

FOLDER/expected.txt has a line for each: name, reason ("none" if it is to be read; "over-limit", ... if it is to be set aside), and a text
that must have been read ("" if none). Each must take well under a second.
"""
import base64
import os
import sys

HEAD = (b'From: Mary Deng <mary@mission.example>\r\nTo: feedback@feedback.example.org\r\nSubject: poison\r\n'
        b'Date: Mon, 09 Nov 2026 10:59:07 +0000\r\nMessage-ID: <%s@mission.example>\r\nMIME-Version: 1.0\r\n')
GOOD = b'1. Country: Nepal\r\n'
mails = {}


def add(name, body, reason='none', text='Country: Nepal', head=HEAD):
    mails[name] = ((head % name.encode() if b'%s' in head else head) + body, reason, text)


def plain(body, kind=b'text/plain; charset=utf-8', more=b''):
    return b'Content-Type: ' + kind + b'\r\n' + more + b'\r\n' + body


def html(name, body, reason='none', text='Country: Nepal'):
    add('html-' + name, plain(body, b'text/html; charset=utf-8'), reason, text)


def multipart(depth):
    opening = b''.join(b'Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n' % (i, i) for i in range(depth))
    return opening + b'\r\n' + GOOD + b''.join(b'--b%d--\r\n' % i for i in reversed(range(depth)))


# structure
for n in (50, 2000, 5000, 10000, 100000):
    add('multipart-deep-%d' % n, multipart(n), 'none' if n <= 50 else 'over-limit', 'Country: Nepal' if n <= 50 else '')
for n in (50, 32000, 100000):
    add('message-deep-%d' % n, b'Content-Type: message/rfc822\r\n\r\n' * n + b'Subject: in\r\n\r\n' + GOOD,
        'none' if n <= 50 else 'over-limit', 'Country: Nepal' if n <= 50 else '')
for n in (900, 1100, 100000):
    add('parts-%d' % n, plain(b''.join(b'--x\r\n\r\nCountry: Nepal\r\n' for _ in range(n)) + b'--x--\r\n',
                              b'multipart/mixed; boundary=x'),
        'none' if n < 1000 else 'over-limit', 'Country: Nepal' if n < 100000 else '')
add('boundary-never', plain(GOOD, b'multipart/mixed; boundary=nowhere'))
add('boundary-missing', plain(GOOD, b'multipart/mixed'))
add('boundary-quote', plain(GOOD, b'multipart/mixed; boundary="\\""'))
add('boundary-empty', plain(b'--\r\n\r\n' + GOOD + b'----\r\n', b'multipart/mixed; boundary=""'))
add('boundary-unfinished', plain(b'--x\r\n\r\n' + GOOD + b'--x\r\nContent-Type: application/pdf\r\n'
                                 b'Content-Transfer-Encoding: base64\r\n\r\nJVBERi0xLjQKJeL', b'multipart/mixed; boundary=x'))
add('message-no-mail', plain(b'--x\r\n\r\n' + GOOD + b'--x\r\nContent-Type: message/rfc822\r\n\r\nnot a mail at all\r\n'
                             b'--x--\r\n', b'multipart/mixed; boundary=x'))
add('dashes', plain(GOOD + b'--\r\n' * 300000), 'over-limit')
add('dashes-90000', plain(GOOD + b'--\r\n' * 90000))
add('dashes-in-parts', plain(b'--x\r\n\r\n' + GOOD + b'--y\r\n' * 300000, b'multipart/mixed; boundary=x'), 'over-limit', '')
add('boundaries-declared', plain(GOOD + b'Content-Type: x; boundary=y\r\n' * 60000))
add('boundaries-in-parts', plain(b'--x\r\n\r\n' + b'Content-Type: x; boundary=y\r\n' * 60000, b'multipart/mixed; boundary=x'),
    'over-limit', '')

# fields
add('header-line-10m', b'X-Long: ' + b'x' * 10000000 + b'\r\n' + plain(GOOD), 'over-limit', '')
add('header-folded-10m', b'X-Long: ' + b'x\r\n ' * 2500000 + b'\r\n' + plain(GOOD), 'over-limit', '')
add('headers-200000', b'X-A: b\r\n' * 200000 + plain(GOOD), 'over-limit', '')
add('headers-20000', b'X-A: b\r\n' * 20000 + plain(GOOD))
add('brackets-200000', b'To: ' + b'(' * 200000 + b'\r\n' + plain(GOOD))
add('angles-200000', b'Cc: ' + b'<a@' * 60000 + b'\r\n' + plain(GOOD))
add('from-angles', plain(GOOD), head=b'From: ' + b'<' * 200000 + b'\r\nSubject: poison\r\n')
add('from-brackets', plain(GOOD), head=b'From: ' + b'(' * 200000 + b'\r\nSubject: poison\r\n')
add('from-commas', plain(GOOD), head=b'From: ' + b'a,' * 100000 + b'\r\nSubject: poison\r\n')
add('words-open', plain(GOOD), head=b'From: a@b.example\r\nSubject: ' + b'=?a?q?' * 40000 + b'\r\n')
add('words-many', plain(GOOD), head=b'From: a@b.example\r\nSubject: ' + b'=?utf-8?q?=41?= ' * 15000 + b'\r\n')
add('words-charsets', plain(GOOD), head=b'From: a@b.example\r\nSubject: ' + b''.join(
    b'=?x-%d?b?4KQ=?= ' % i for i in range(12000)) + b'\r\n')
add('parameters', plain(GOOD, b'text/plain; ' + b'; '.join(b'name*%d*=x' % i for i in range(15000))))
add('parameter-quotes', plain(GOOD, b'text/plain; ' + b'a="' * 80000))
add('header-nul', b'X-A: a\0b\r\n' + plain(GOOD))
add('body-nul', plain(GOOD + b'\0' * 100000))
add('header-junk', b'this line is no field\r\n' + plain(b'=31. Country: Nepal',
                                                       more=b'Content-Transfer-Encoding: quoted-printable\r\n'))
add('no-header', GOOD + b'2. Programme: roads\r\n', head=b'')
add('first-line-blank', GOOD, head=b'\r\n')
add('first-line-indented', GOOD, head=b'   indented\r\n')
add('cr-only', (HEAD % b'cr' + plain(GOOD)).replace(b'\r\n', b'\r'), head=b'')
add('lf-only', (HEAD % b'lf' + plain(GOOD)).replace(b'\r\n', b'\n'), head=b'')
add('empty', b'', text='', head=b'')
add('one-byte', b'x', text='x', head=b'')
add('noise', bytes((i * 7919 + (i >> 3)) & 255 for i in range(200000)), 'unreadable', '', head=b'')

# bodies
add('base64-lie', plain(GOOD + b'caf\xc3\xa9, said to be base64\r\n', more=b'Content-Transfer-Encoding: base64\r\n'))
add('base64-stray', plain(b'\r\n'.join(b'!' + base64.b64encode(GOOD)[i:i + 4] + b'*' for i in range(0, 28, 4)),
                          more=b'Content-Transfer-Encoding: base64\r\n'))
add('quoted-bare', plain(b'<p>1. Country: Nepal, 100% = x, charset=utf-8 ="c"</p>', b'text/html; charset=utf-8',
                         b'Content-Transfer-Encoding: quoted-printable\r\n'), text='charset=utf-8')
add('text-24m', plain(GOOD + b'a line of text without end\r\n' * 850000), 'over-limit')
add('text-one-line', plain(GOOD + b'x' * 10000000), 'over-limit')
add('quotes-deep', plain(GOOD + b'>' * 1000000 + b' a\r\n' + b'> ' * 100000 + b'b\r\n'))
add('flowed', plain(GOOD + b'a soft line that goes on and on and on to the right margin \r\n' * 30000,
                    b'text/plain; format=flowed'))
add('attachment-24m', plain(b'--x\r\n\r\n' + GOOD + b'--x\r\nContent-Type: application/zip\r\n'
                            b'Content-Transfer-Encoding: base64\r\n\r\n' +
                            b'UEsDBBQAAAAIAAAAIQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n' * 310000 +
                            b'--x--\r\n', b'multipart/mixed; boundary=x'))
add('too-big', plain(GOOD + b'x' * (25 * 1024 * 1024)), 'over-size', '')
add('uuencode', plain(b'begin 644 a.txt\r\n2,2X@0V]U;G1R>3H@3F5P86P*\r\n`\r\nend\r\n',
                      more=b'Content-Transfer-Encoding: x-uuencode\r\n'))

# HTML
ROW = b'<p>1. Country: Nepal</p>'
for tag in (b'div', b'blockquote', b'span', b'table', b'ul'):
    html('deep-%s' % tag.decode(), ROW + b'<%s>' % tag * 100000 + b'x')
html('deep-font', ROW + b'<font>' * 50000 + b'x')
html('deep-inline', ROW + b'<a><b><i>' * 20000 + b'x')
html('deep-table-b', ROW + b'<table>x<b>' * 20000)
html('tables-framed', ROW + b'<table><tr><td>' * 5000 + b'x')
html('tables-nested', ROW + b'<table><tr><td>x' * 5000)
html('deep-closed', ROW + b'<div>' * 100000 + b'x' + b'</div>' * 100000, 'over-limit')
html('deep-crossed', ROW + b'<div>' * 100000 + b'</b>' * 100000, 'over-limit')
html('paragraphs-crossed', ROW + b'<p><div>' * 50000 + b'</p>' * 100000, 'over-limit')
for n in (5000, 50000):
    html('attributes-%d' % n, ROW + b'<p ' + b' '.join(b'a%d=b' % i for i in range(n)) + b'>x')
html('attribute-5m', ROW + b'<img src="data:image/png;base64,' + b'A' * 5000000 + b'"><p>after</p>', text='after')
html('brackets-5m', ROW + b'<' * 5000000, 'over-limit')
html('tags-open', ROW + b'<a ="' * 400000, 'over-limit')
html('tags-unquoted', ROW + b"<a href='" * 200000 + b'>')
html('comments-open', ROW + b'<!--' * 400000, 'over-limit')
html('declarations-open', ROW + b'<!x' * 400000, 'over-limit')
html('styles-open', ROW + b'<style>' * 200000)
html('references', ROW + b'&#1;&#x10FFFF;&#55555555555555;&nosuch;&' * 40000)
html('breaks', ROW + b'<br>' * 400000, 'over-limit')
html('breaks-90000', ROW + b'<br>' * 90000)
html('cells', ROW + b'<table>' + b'<tr><td><td>' * 100000, 'over-limit')
html('cells-80000', ROW + b'<table>' + b'<tr><td><td>' * 40000)
html('items', ROW + b'<ol>' + b'<li>' * 200000)
add('marks', plain(GOOD + 'a\u0301\u0323'.encode() + '\u0323\u0301'.encode() * 250000))
html('style-1m', ROW + b'<p style="' + b'display:x;' * 6000 + b'">x')
html('word-2m', ROW + b'x' * 3000000, 'over-limit')
html('conditional', b'<![if !mso]><p>1. Country: Nepal</p><![endif]><!--[if mso]><p>2. wrong</p><![endif]-->')
html('charset-lie', b'<html><head><meta charset=iso-8859-1></head><p>caf\xc3\xa9', text='caf\u00e9')
html('second-html', b'<html><body>a</body></html><html><body>1. Country: Nepal</body></html>')
html('after-html', b'<html><body>a</body></html>1. Country: Nepal')

if __name__ == '__main__':
    folder = sys.argv[1]
    with open(os.path.join(folder, 'expected.txt'), 'w', encoding='utf-8') as expected:
        for name, (raw, reason, text) in mails.items():
            with open(os.path.join(folder, name + '.eml'), 'wb') as out:
                out.write(raw)
            expected.write('%s\t%s\t%s\n' % (name, reason, text))
