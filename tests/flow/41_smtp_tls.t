#!/usr/bin/python3
"""SMTP servers whose certificate is wrong, on implicit TLS and STARTTLS, lines injected before TLS, no TLS at all: refused before
a login, in words that the status shows. A good one takes the mail that waited."""
import os
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
from lab import SERVERS, TOP, Lab  # noqa: E402
from post import Post  # noqa: E402

NOT_TRUSTED = "signed by itself or by an authority that is not trusted"
CASES = [  # name, certificate, way, more words for the server, what stands in the status
    ('wrong host', 'wronghost', 'implicit', (), "does not match target host name 'localhost'"),
    ('wrong host', 'wronghost', 'starttls', (), "does not match target host name 'localhost'"),
    ('expired', 'expired', 'implicit', (), 'certificate has expired'),
    ('expired', 'expired', 'starttls', (), 'certificate has expired'),
    ('unknown authority', 'unknownca', 'implicit', (), NOT_TRUSTED),
    ('unknown authority', 'unknownca', 'starttls', (), NOT_TRUSTED),
    ('self-signed', 'selfsigned', 'implicit', (), NOT_TRUSTED),
    ('self-signed', 'selfsigned', 'starttls', (), NOT_TRUSTED),
    ('injected text', 'good', 'starttls', ('--inject',), 'what does not belong there before TLS'),
    ('no STARTTLS', 'good', None, (), 'does not do STARTTLS, which is required'),
    ('plain text', 'good', None, (), 'no TLS on this port'),
]


def alarm(lab):
    return ' '.join(a['text'] for a in lab.status()['alarms'] if a['kind'] == 'smtp')


def reload(lab):
    lab.write_config()
    before = lab.log().count(' duty-started name=send ')
    lab.service.send_signal(signal.SIGHUP)
    lab.wait('the duty is replaced', lambda: lab.log().count(' duty-started name=send ') > before)


def refused(lab, number, case):
    name, certificate, way, words, expected = case
    post = Post(lab, 'case%d' % number, tls=way, certificate=certificate, words=words)
    options = dict(post.options(), user='secretuser', password={'file': lab.secret})
    options['tls'] = way or ('implicit' if name == 'plain text' else 'starttls')
    lab.options['smtp'] = options
    reload(lab)
    place = 'localhost:%d:' % post.port
    lab.wait('the alarm', lambda: place in alarm(lab))
    text = next((t for t in alarm(lab).split('smtp ') if place in t), '')
    lab.ok(expected in 'smtp ' + text, '%s, %s: in words in the status' % (name, way or 'no TLS'), alarm(lab))
    said = post.transcript()
    lab.ok((said != '' or name == 'plain text' or way == 'implicit') and not re.search(r'AUTH|MAIL|secretuser|pw\b|c2VjcmV0dXNlcg', said, re.I) and not post.raw(),
           '%s, %s: no login, no mail' % (name, way or 'no TLS'), said)
    post.stop()


def good(lab, number, way, host):
    post = Post(lab, 'good%d' % number, tls=way, login=True)
    lab.options['smtp'] = dict(post.options(), host=host)
    reload(lab)
    lab.wait('it arrived', lambda: len(post.raw()) == 1)
    said = post.transcript()
    lab.ok(len(post.raw()) == 1 and re.search(r' tls AUTH ', said), 'good, %s, %s: logged in and delivered' % (way, host), said)
    lab.ok(not re.search(r' plain (AUTH|MAIL)', said), 'nothing of it before TLS', said)
    return post


def wrong_password(lab):
    post = Post(lab, 'login', tls='starttls', login=True)
    lab.options['smtp'] = dict(post.options(), user='otheruser')
    reload(lab)
    lab.wait('the alarm', lambda: 'refuses the login' in alarm(lab))
    lab.ok('refuses the login (the server said: 535' in alarm(lab), 'a login that is refused: in words in the status', alarm(lab))
    lab.ok('pw' not in re.sub(r'pid=\d+', '', lab.log()).split() and 'otheruser' not in lab.log(), 'nothing of it in the log')
    lab.same(post.raw(), [], 'the mail waits')
    post.stop()


def main():
    with Lab('smtptls') as lab:
        subprocess.run([os.path.join(SERVERS, 'certs.sh'), lab.certs], check=True)
        lab.options['smtp'] = {'host': 'localhost', 'port': 1, 'from_address': 'fieldpost@example.org'}
        lab.serve('--only', 'parse,send')
        lab.run('import', os.path.join(TOP, 'tests', 'cases', 'replies', '0003.eml'))
        lab.wait('it is read', lambda: lab.totals().get('stored') == 1 and 'info parse read' in lab.log())
        lab.run('team', 'add', 'Justice', '--member', 'clara@example.org')
        lab.run('subscribe', 'Justice')
        sent = lab.run('digest', 'send', 'Justice')
        lab.ok('is on its way' in sent.stdout, 'a mail waits', sent.stdout + sent.stderr)
        for number, case in enumerate(CASES):
            refused(lab, number, case)
        wrong_password(lab)
        post = good(lab, 1, 'starttls', 'localhost')
        lab.wait('no alarm', lambda: alarm(lab) == '')
        lab.same(alarm(lab), '', 'and the alarm is gone')
        post.stop()
        lab.run('digest', 'send', 'Justice', '--again')
        good(lab, 2, 'implicit', '127.0.0.1')
        checked = lab.run('check')
        lab.ok('connected and logged in' in checked.stdout, '`fieldpost check` says so, too', checked.stdout + checked.stderr)


main()
