#!/usr/bin/python3
"""Stopping one digest and no other: by one click, by the page, by the mail that a client makes instead, by replying with one word."""
import http.client
import os
import re
import socket
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
from lab import Lab, free_ports, samples  # noqa: E402
from post import Post  # noqa: E402

MEMBERS = ('clara', 'paul', 'eve', 'daniel')


def knock(lab, method, path, body=None, host='127.0.0.1'):
    connection = http.client.HTTPConnection(host, lab.web_port, timeout=20)
    try:
        connection.request(method, path, body, {'Content-Type': 'application/x-www-form-urlencoded'} if body else {})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer.getheaders()
    finally:
        connection.close()


def post_bytes(lab, path):
    """The status of a POST to a path of any bytes."""
    with socket.create_connection(('127.0.0.1', lab.web_port), 20) as connection:
        connection.sendall(b'POST ' + path + b' HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n')
        return int(connection.makefile('rb').readline().split()[1])


def stopped(lab):
    """Who stopped what, and how."""
    return sorted(map(tuple, lab.sql('SELECT m.address, s.name, u.how FROM fieldpost.unsubscribed u JOIN fieldpost.member m USING (member_id) '
                                     'JOIN fieldpost.subscription s USING (subscription_id)')))


def to(post, member):
    """The digests that went to somebody."""
    return [mail for mail in post.mails() if mail['To'] == member + '@example.org']


def headers(lab, mail):
    found = re.fullmatch(r'<(https://fieldpost\.example\.org)(/u/[0-9a-f]{32})>,\s*<mailto:fieldpost@example\.org\?subject=unsubscribe%20([0-9a-f]{32})>',
                         mail['List-Unsubscribe'].strip())
    lab.ok(found and found.group(2)[3:] == found.group(3), 'List-Unsubscribe: the page and a mail, with one token', mail['List-Unsubscribe'])
    lab.same(mail['List-Unsubscribe-Post'], 'List-Unsubscribe=One-Click', 'and that one click is enough')
    path = found.group(2)
    html, text = (mail.get_body((kind,)).get_content() for kind in ('html', 'plain'))
    lab.ok('<a href="https://fieldpost.example.org' + path + '"' in html and 'https://fieldpost.example.org' + path in text, 'both parts name the page')
    lab.ok('{{' not in html + text, 'no place of a token is left')
    return path


def by_the_page(lab, path):
    status, page, _ = knock(lab, 'GET', path)
    lab.ok(status == 200 and '<form method="post">' in page and 'إيقاف هذا الملخص' in page, 'the page has a button', (status, page))
    knock(lab, 'HEAD', path)
    lab.same(stopped(lab), [], 'to look at it changes nothing')
    status, page, _ = knock(lab, 'POST', path, 'List-Unsubscribe=One-Click')
    lab.ok(status == 200 and 'This digest will not be sent' in page, 'one click', (status, page))
    lab.same(stopped(lab), [('clara@example.org', 'weekly', 'page')], 'stops that digest for that member')
    lab.same(knock(lab, 'POST', path, 'List-Unsubscribe=One-Click')[0], 200, 'again: the same')
    lab.same(knock(lab, 'POST', '/u/' + '0' * 32, 'List-Unsubscribe=One-Click')[0], 404, 'a token that is none')
    lab.same(knock(lab, 'POST', path[:-1], 'List-Unsubscribe=One-Click')[0], 404, 'a part of one')
    lab.same([post_bytes(lab, b'/u/' + word * 32) for word in (b'\xff', b"'")], [404, 404], 'bytes that are no token')
    lab.same(len(stopped(lab)), 1, 'stop nothing')


def write(lab, number, sender, subject, text, answers=None):
    """A mail that comes to us."""
    path = os.path.join(lab.folder, 'stop-%d.eml' % number)
    with open(path, 'w') as f:
        f.write('From: %s@example.org\nTo: fieldpost@example.org\nSubject: %s\nDate: Mon, 16 Nov 2026 12:00:%02d +0000\nMessage-ID: <stop-%d@example.org>\n%s'
                'Content-Type: text/plain; charset=utf-8\n\n%s\n' % (sender, subject, number, number, 'In-Reply-To: %s\n' % answers if answers else '', text))
    return path


def by_mail(lab, post):
    paul, eve, daniel = (to(post, name)[0] for name in ('paul', 'eve', 'daniel'))
    subject = 'unsubscribe ' + re.search(r'%20([0-9a-f]{32})>', paul['List-Unsubscribe']).group(1)
    lab.run('import', write(lab, 1, 'paul.private', subject, ''), write(lab, 2, 'eve', 'Re: ' + eve['Subject'], 'Désinscription\n', eve['Message-ID']),
            write(lab, 3, 'mallory', 'Re: x', 'unsubscribe', daniel['Message-ID']),
            write(lab, 4, 'daniel', 'Re: x', 'Thank you. I will not unsubscribe.', daniel['Message-ID']))
    lab.wait('all are read', lambda: lab.sql("SELECT count(*) FROM fieldpost.message WHERE header_id LIKE '<stop-%' AND state <> 'received'") == [['4']], 30)
    lab.same(stopped(lab), [('clara@example.org', 'weekly', 'page'), ('eve@example.org', 'weekly', 'reply'), ('paul@example.org', 'weekly', 'mail')],
             "the client's mail and a reply stop it; somebody else's reply, and one that says more, do not")
    lab.same(lab.sql("SELECT state, reason FROM fieldpost.message WHERE header_id IN ('<stop-1@example.org>', '<stop-2@example.org>')"),
             [['ignored', 'stopped']] * 2, 'and need nobody to look at them')


def the_next(lab, post):
    """Of what is still wanted: the weekly one goes to Daniel alone, the other to all four."""
    before = len(post.raw())
    lab.run('import', *samples_filed()[8:12])
    lab.wait('they are filed', lambda: lab.totals().get('feedback') == 12, 30)
    lab.run('digest', 'send', 'Justice')
    lab.wait('all went out', lambda: len(post.raw()) == before + 5, 30)
    lab.same([len(to(post, name)) for name in MEMBERS], [3, 3, 3, 4], 'who stopped one gets the other, nobody else misses any')
    lab.run('digest', 'send', 'Justice', '--again')
    lab.wait('all went out', lambda: len(post.raw()) == before + 10, 30)
    lab.same([len(to(post, name)) for name in MEMBERS], [4, 4, 4, 6], 'once more: to the same')
    last, again = to(post, 'daniel')[-3], to(post, 'daniel')[-1]
    lab.ok(any(a.get_body(('html',)).get_content() == b.get_body(('html',)).get_content() for a in to(post, 'daniel')[2:4] for b in to(post, 'daniel')[4:]),
           'the bytes that were kept', (last['Subject'], again['Subject']))


def samples_filed():
    import json
    return [path for path in samples() for expected in [json.load(open(path[:-4] + '.json', encoding='utf-8'))]
            if expected['outcome'] == 'filed' and expected['values'].get('sharing') != 'restricted']


with Lab('unsubscribe') as lab:
    post = Post(lab)
    lab.web_port = free_ports(1)[0]
    lab.options = {'smtp': post.options(), 'tls': {}, 'public_url': 'https://fieldpost.example.org', 'web': {'listen': '127.0.0.1:%d' % lab.web_port}}
    lab.serve('--only', 'parse,send,web')
    lab.run('team', 'add', 'Justice', *[word for name in MEMBERS for word in ('--member', name + '@example.org')])
    for name, frequency in (('weekly', 'weekly'), ('monthly', 'monthly')):
        done = lab.run('subscribe', 'Justice', '--name', name, '--frequency', frequency)
        lab.ok(done.returncode == 0, 'a %s digest' % name, done.stderr)
    lab.run('import', *samples_filed()[:8])
    lab.wait('they are filed', lambda: lab.totals().get('feedback') == 8, 30)
    lab.run('digest', 'send', 'Justice')
    lab.wait('all went out', lambda: len(post.raw()) == 8, 30)
    weekly = lab.sql("SELECT token FROM fieldpost.unsubscribe_token u JOIN fieldpost.subscription s USING (subscription_id) JOIN fieldpost.member m USING (member_id) "
                     "WHERE s.name = 'weekly' AND m.address = 'clara@example.org'")[0][0]
    mail = next(mail for mail in to(post, 'clara') if weekly in mail['List-Unsubscribe'])
    by_the_page(lab, headers(lab, mail))
    # The others stop the weekly one as well: of their two mails it is the one whose token says so.
    tokens = {row[0] for row in lab.sql("SELECT token FROM fieldpost.unsubscribe_token u JOIN fieldpost.subscription s USING (subscription_id) WHERE s.name = 'weekly'")}
    found = to
    to = lambda post, name: sorted(found(post, name), key=lambda m: m['List-Unsubscribe'].strip()[32:64] not in tokens) if len(found(post, name)) == 2 else found(post, name)  # noqa: E731
    by_mail(lab, post)
    to = found
    the_next(lab, post)
