#!/usr/bin/python3
"""The demo: Dovecot and an SMTP server on loopback, the sample replies in a mailbox, Fieldpost between them, a digest delivered.

Started by config/demo/run. Everything lies under $STATE; nothing is left running. A second start on the same state takes in nothing
twice and sends nothing twice.
"""
import datetime
import email
import email.policy
import fcntl
import imaplib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
STATE = os.path.abspath(os.environ.get('STATE') or os.path.join(TREE, 'state'))
SAMPLES = os.path.join(TREE, 'tests', 'cases', 'replies')
PROGRAM = os.path.join(TREE, 'fieldpost')
SERVERS = os.path.join(TREE, 'tests', 'servers')
sys.path.insert(0, SERVERS)
from ports import free_ports  # noqa: E402
TEAM, MEMBER = 'Justice and Policing', 'policy@example.org'
PASSWORDS = {'feedback': 'feedback-demo', 'policy': 'policy-demo'}
STATES = ('filed', 'review', 'held', 'ignored', 'failed')
GIVE_UP = 180  # seconds for the whole intake

running = []      # processes to end, last started first
ports = {}


def say(text=''):
    print(text, flush=True)


def path(*names):
    return os.path.join(STATE, *names)


def fail(text):
    say('demo: ' + text)
    log = path('fieldpost.log')
    if os.path.exists(log):
        say('demo: the end of %s:' % log)
        with open(log, encoding='utf-8', errors='replace') as f:
            say(''.join(f.readlines()[-15:]))
    sys.exit(1)


def wait_for_port(port, what):
    for _ in range(200):
        try:
            socket.create_connection(('127.0.0.1', port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    fail('%s does not answer on port %d' % (what, port))


def put_samples():
    """Into the feedback mailbox, once: as a mail server would have delivered them."""
    new = path('mail', 'mail', 'feedback', 'Maildir', 'new')
    samples = sorted(n for n in os.listdir(SAMPLES) if n.endswith('.eml'))
    if os.path.exists(path('samples')):
        return len(samples)
    for folder in ('tmp', 'new', 'cur'):
        os.makedirs(os.path.join(os.path.dirname(new), folder), exist_ok=True)
    for number, name in enumerate(samples):
        shutil.copyfile(os.path.join(SAMPLES, name), os.path.join(new, '%d.M%dP1.demo' % (int(time.time()), number)))
    open(path('samples'), 'w').close()
    return len(samples)


def start_dovecot():
    certificate_age = time.time() - os.path.getmtime(path('mail', 'certs', 'good.crt')) if os.path.exists(
        path('mail', 'certs', 'good.crt')) else 0
    if certificate_age > 20 * 86400:  # the demo's certificates live a month
        shutil.rmtree(path('mail', 'certs'))
    os.makedirs(path('mail'), exist_ok=True)
    os.chmod(path('mail'), 0o755)
    subprocess.run([os.path.join(SERVERS, 'dovecot.sh'), 'start', path('mail'), str(ports['imap']), str(ports['imaps']),
                    str(ports['lmtp'])] + ['%s:%s' % u for u in PASSWORDS.items()], check=True)


def stop_dovecot():
    subprocess.run([os.path.join(SERVERS, 'dovecot.sh'), 'stop', path('mail')], check=False)


def start_smtp():
    with open(path('smtp.log'), 'ab') as log:
        running.append(subprocess.Popen(
            ['/usr/bin/python3', os.path.join(SERVERS, 'smtp.py'), '--port', str(ports['smtp']), '--tls', 'starttls',
             '--cert', path('mail', 'certs', 'good.crt'), '--key', path('mail', 'certs', 'good.key'),
             '--user', 'fieldpost', '--password', 'smtp-demo', '--deliver-lmtp', '127.0.0.1:%d' % ports['lmtp']],
            stdout=log, stderr=log, start_new_session=True))
    wait_for_port(ports['smtp'], 'the SMTP server')


def write_secret(name, text):
    os.makedirs(path('secrets'), mode=0o700, exist_ok=True)
    with open(os.open(path('secrets', name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as f:
        f.write(text + '\n')
    return path('secrets', name)


def write_config():
    with open(os.path.join(TREE, 'config', 'demo', 'fieldpost.yaml'), encoding='utf-8') as f:
        text = f.read()
    values = {'STATE': path('fieldpost'), 'CA': path('mail', 'certs', 'ca.crt'), 'IMAPS_PORT': ports['imaps'],
              'SMTP_PORT': ports['smtp'], 'IMAP_PASSWORD': write_secret('imap', PASSWORDS['feedback']),
              'SMTP_PASSWORD': write_secret('smtp', 'smtp-demo')}
    for name, value in values.items():
        text = text.replace('@%s@' % name, str(value))
    with open(path('fieldpost.yaml'), 'w', encoding='utf-8') as f:
        f.write(text)


def fieldpost(*words, check=True):
    done = subprocess.run([PROGRAM, *words, '--config', path('fieldpost.yaml')], capture_output=True, text=True)
    if check and done.returncode != 0:
        fail('fieldpost %s: %s' % (' '.join(words), (done.stderr or done.stdout).strip()))
    return done.stdout


def start_service():
    """On a terminal the log goes to a file and a progress line is shown; else the log lines are shown as well."""
    log = open(path('fieldpost.log'), 'ab')
    if sys.stdout.isatty():
        running.append(subprocess.Popen([PROGRAM, 'serve', '--config', path('fieldpost.yaml')], stdout=log, stderr=log,
                                        start_new_session=True))
        return
    service = subprocess.Popen([PROGRAM, 'serve', '--config', path('fieldpost.yaml')], stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, start_new_session=True)
    running.append(service)
    running.append(subprocess.Popen(['tee', '-a', path('fieldpost.log')], stdin=service.stdout, start_new_session=True))
    service.stdout.close()


def counts():
    """What `fieldpost status` says of the messages, or None while the service is not up yet."""
    done = subprocess.run([PROGRAM, 'status', '--json', '--config', path('fieldpost.yaml')], capture_output=True, text=True)
    try:
        return json.loads(done.stdout)
    except ValueError:
        return None


def visited(status, began):
    """Was the mailbox looked through since the service began?"""
    contact = status['sources'][0]['last_contact'] if status['sources'] else None
    return bool(contact) and datetime.datetime.fromisoformat(contact.replace('Z', '+00:00')).timestamp() >= began - 1


def wait_until_read(total):
    """Until every sample was stored and dealt with; shows how far it is."""
    deadline, shown, began = time.time() + GIVE_UP, '', time.time()
    service = running[-1] if sys.stdout.isatty() else running[-2]
    while time.time() < deadline:
        if service.poll() is not None:
            fail('the service ended with status %s' % service.returncode)
        status = counts()
        if status:
            states = {row['state']: row['messages'] for row in status['states']}
            done = sum(states.get(s, 0) for s in STATES)
            stored = done + states.get('received', 0)
            line = 'Taken in %3d of %d, read %3d' % (stored, total, done)
            if sys.stdout.isatty() and line != shown:
                print('\r' + line, end='', flush=True)
                shown = line
            if stored >= total and done == stored and visited(status, began):
                if sys.stdout.isatty():
                    print()
                return states, status['totals']
        time.sleep(0.3)
    fail('the samples were not taken in within %d seconds' % GIVE_UP)


def make_team():
    if any(row['team'] == TEAM for row in json.loads(fieldpost('team', 'list', '--json'))):
        return
    fieldpost('team', 'add', TEAM, '--member', MEMBER, '--member-name', 'Policy desk')
    fieldpost('subscribe', TEAM, '--weekday', 'monday', '--hour', '8', '--zone', 'Europe/Zurich', '--empty', 'skip')


def team_mails():
    with imaplib.IMAP4('127.0.0.1', ports['imap']) as imap:
        imap.login('policy', PASSWORDS['policy'])
        imap.select('INBOX', readonly=True)
        numbers = imap.search(None, 'ALL')[1][0].split()
        return [imap.fetch(n, '(BODY.PEEK[])')[1][0][1] for n in numbers]


def wait_for_digest(before):
    for _ in range(300):
        mails = team_mails()
        if len(mails) > before:
            return mails
        time.sleep(0.2)
    fail('no digest arrived in the mailbox of %s' % MEMBER)


def keep_digest(mails):
    """The newest digest as files that a browser and a mail client open."""
    if not mails:
        return None
    with open(path('digest.eml'), 'wb') as f:
        f.write(mails[-1])
    message = email.message_from_bytes(mails[-1], policy=email.policy.default)
    for kind, name in (('html', 'digest.html'), ('plain', 'digest.txt')):
        body = message.get_body((kind,))
        if body:
            with open(path(name), 'w', encoding='utf-8') as f:
                f.write(body.get_content())
    return message['Subject']


def take_state():
    """One demo at a time on a state: a second one would end the first one's servers. The lock goes with this process."""
    os.makedirs(STATE, exist_ok=True)
    lock = open(path('lock'), 'w')
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say('demo: another one runs on %s; end it first (Ctrl-C), or say STATE=FOLDER for one of its own' % STATE)
        sys.exit(1)
    if os.environ.get('FRESH') == '1':
        for name in os.listdir(STATE):
            if name != 'lock':
                shutil.rmtree(path(name)) if os.path.isdir(path(name)) else os.unlink(path(name))
    return lock


def stop_all(*_):
    for process in reversed(running):
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
    for process in reversed(running):
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
    stop_dovecot()


def report(states, totals, mails, subject):
    say()
    say('stored   %4d' % sum(states.values()))
    for state in STATES:
        say('  %-7s%4d' % (state, states.get(state, 0)))
    say('sightings %d' % totals['sightings'])
    say('digests in the mailbox of %s: %d' % (MEMBER, len(mails)))
    if subject:
        say('  %s' % subject)
    say()
    say('the digest   %s  (and digest.eml, digest.txt beside it)' % path('digest.html'))
    say('the config   %s' % path('fieldpost.yaml'))
    say('the log      %s' % path('fieldpost.log'))
    say('all state    %s  (FRESH=1 begins anew)' % STATE)
    say('look around  %s status|review list|digest list --config %s' % (PROGRAM, path('fieldpost.yaml')))


def main():
    once = '--once' in sys.argv[1:]
    lock = take_state()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    ports.update(zip(('imap', 'imaps', 'lmtp', 'smtp'), free_ports(4)))
    try:
        total = put_samples()
        start_dovecot()
        start_smtp()
        write_config()
        say('Fieldpost polls a mailbox with %d sample replies; a policy team waits for its digest' % total)
        start_service()
        states, totals = wait_until_read(total)
        make_team()
        before = len(team_mails())
        said = fieldpost('digest', 'send', TEAM)
        if sys.stdout.isatty():
            say(said.strip())
        mails = wait_for_digest(before) if 'on its way' in said else team_mails()
        report(states, totals, mails, keep_digest(mails))
        if not once:
            say('Serving until Ctrl-C')
            while running[1].poll() is None:
                time.sleep(0.5)
    except KeyboardInterrupt:
        say()
    finally:
        stop_all()
        say('Stopped; nothing is left running')
        lock.close()


if __name__ == '__main__':
    main()
