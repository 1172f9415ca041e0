#!/usr/bin/python3
"""Mail servers whose certificate is wrong, on implicit TLS and STARTTLS, and lines injected before TLS: all refused before a
login, in words that the status shows; beside them good ones, by name and by address."""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
from lab import SERVERS, Lab, free_ports, mail  # noqa: E402

WORDS = {
    'wronghost': 'for another host name (mail.wrong.example)',
    'expired': 'has expired (',
    'unknownca': 'unknown authority (Fieldpost test otherca)',
    'selfsigned': 'is self-signed',
    'inject': 'injected',
    'refuse': 'does not do STARTTLS',
    'preauth': 'PREAUTH',
}
ODD_PASSWORD = 'q"u\\o {3} t\u00e9 %s'
ONLY_STARTTLS = ('inject', 'refuse', 'preauth')


def main():
    with Lab('tls') as lab:
        odd = os.path.join(lab.folder, 'odd-password')
        with open(odd, 'w') as f:
            f.write(ODD_PASSWORD)
        os.chmod(odd, 0o644)
        dovecot = lab.dovecot(['good:pw', 'star:pw', 'number:pw', 'plain:pw', 'odd:' + ODD_PASSWORD])
        for user in ('good', 'star', 'number', 'plain', 'odd'):
            dovecot.append(user, [mail(user)])
        transcripts = os.path.join(lab.folder, 'transcripts')
        os.mkdir(transcripts)
        ports = dict(zip(WORDS, zip(*[iter(free_ports(2 * len(WORDS)))] * 2)))
        helper = subprocess.Popen([sys.executable, os.path.join(SERVERS, 'tlsimap.py'), lab.certs, transcripts] +
                                  ['%s=%d:%d' % (name, *pair) for name, pair in ports.items()], stdout=subprocess.PIPE)
        lab.helpers.append(helper)
        helper.stdout.readline()

        wanted = {}
        for name, (implicit, starttls) in ports.items():
            for tls, port in (('implicit', implicit), ('starttls', starttls)):
                if tls == 'implicit' and name in ONLY_STARTTLS:
                    continue
                lab.mailbox('%s-%s' % (name, tls), host='localhost', port=port, tls=tls, user='secretuser')
                wanted['%s-%s' % (name, tls)] = WORDS[name]
        lab.mailbox('good', dovecot, user='good')
        lab.mailbox('star', dovecot, user='star', tls='starttls')
        lab.mailbox('number', dovecot, user='number', host='127.0.0.1')
        lab.mailbox('plain', dovecot, user='plain', tls='none')
        lab.mailbox('odd', dovecot, user='odd', password={'file': odd})
        lab.mailbox('wrongport', host='localhost', port=dovecot.imap, tls='implicit', user='good')
        wanted['wrongport'] = 'speaks no TLS on this port'
        lab.serve('--only', 'intake')

        lab.wait('all have failed', lambda: all('failing' in lab.source(name) for name in wanted), 20)
        status = {s['source']: s['status'] or '' for s in lab.status()['sources']}
        for name, words in wanted.items():
            lab.ok(words in status.get(name, ''), '%s: "%s" stands in the status' % (name, words), status.get(name))
        lab.wait('the good ones are read', lambda: lab.totals()['stored'] == 5, 20)
        status = {s['source']: s['status'] or '' for s in lab.status()['sources']}
        lab.same(status.get('odd'), 'well', 'a password with quotes, braces and letters beyond ASCII')
        for name, way in (('good', 'implicit TLS'), ('star', 'STARTTLS'), ('number', 'an IP address'), ('plain', 'loopback')):
            lab.same(status.get(name), 'well', 'a good certificate works: ' + way)

        # A plain mailbox elsewhere than on loopback is refused by the config already.
        for name in WORDS:
            path = os.path.join(transcripts, name + '.transcript')
            text = open(path, errors='replace').read() if os.path.exists(path) else ''
            lab.ok(text != '' and not re.search(r'LOGIN|AUTHENTICATE|secretuser|\bpw\b', text, re.I),
                   '%s: was reached, and no login was sent' % name, text)

        # The same words from `fieldpost check`, which tries every mailbox as well.
        checked = lab.run('check')
        lab.ok(WORDS['expired'] in checked.stdout + checked.stderr, '`fieldpost check` says it, too',
               checked.stdout + checked.stderr)


main()
