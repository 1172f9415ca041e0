"""What flow tests in Python share: the program in a folder of its own, its config, Dovecot, waiting, TAP.

    with Lab('intake') as lab:
        dovecot = lab.dovecot(['field:pw'])
        lab.mailbox('field', dovecot, user='field')
        lab.serve()
        lab.wait('all stored', lambda: lab.totals()['stored'] == 3)
        lab.ok(..., 'what was to be shown')

As root everything of Fieldpost's runs as `nobody`; as anybody else as that user. All that was started ends with the lab, and
its folder goes, unless KEEP is set in the environment. Only Python's standard library.
"""
import concurrent.futures
import glob
import imaplib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

from ports import free_ports

TOP = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
SERVERS = os.path.join(TOP, 'tests', 'servers')


class Dovecot:
    def __init__(self, lab, accounts, certificate='good', extra=''):
        self.folder = os.path.join(lab.folder, 'dovecot-%s-%d' % (certificate, len(lab.servers)))
        os.mkdir(self.folder)
        os.chmod(self.folder, 0o755)
        if not os.path.isdir(lab.certs):
            subprocess.run([os.path.join(SERVERS, 'certs.sh'), lab.certs], check=True)
        shutil.copytree(lab.certs, os.path.join(self.folder, 'certs'))
        self.imap, self.imaps, self.lmtp = free_ports(3)
        self.accounts, self.certificate, self.extra = accounts, certificate, extra
        self.start()

    def start(self):
        subprocess.run([os.path.join(SERVERS, 'dovecot.sh'), 'start', self.folder, str(self.imap), str(self.imaps),
                        str(self.lmtp)] + self.accounts, check=True,
                       env=dict(os.environ, CERTIFICATE=self.certificate, EXTRA_CONFIG=self.extra))

    def stop(self):
        subprocess.run([os.path.join(SERVERS, 'dovecot.sh'), 'stop', self.folder], check=True)

    def login(self, user):
        connection = imaplib.IMAP4('127.0.0.1', self.imap)
        password = next(a.split(':')[1] for a in self.accounts if a.split(':')[0] == user)
        connection._encoding = 'utf-8'
        connection.login(user, password)
        return connection

    def append(self, user, mails, folder='INBOX', flags=None):
        """Puts mails (bytes) into a folder, made if it is not there."""
        connection = self.login(user)
        if folder != 'INBOX':
            connection.create(folder)
        for mail in mails:
            kind, answer = connection.append(folder, flags, None, mail.replace(b'\r\n', b'\n').replace(b'\n', b'\r\n'))
            assert kind == 'OK', answer
        connection.logout()

    def look(self, user, folder='INBOX'):
        """[(uid, flags, raw)] of a folder, [] when there is none."""
        connection = self.login(user)
        try:
            if connection.select(folder, readonly=True)[0] != 'OK':
                return []
            found = []
            uids = connection.uid('SEARCH', None, 'ALL')[1][0].split()
            for uid in uids:
                answer = connection.uid('FETCH', uid.decode(), '(FLAGS BODY.PEEK[])')[1]
                flags = imaplib.ParseFlags(b' '.join(a[0] if isinstance(a, tuple) else a for a in answer))
                found.append((int(uid), {f.decode() for f in flags}, answer[0][1]))
            return found
        finally:
            connection.logout()

    def doveadm(self, *words):
        subprocess.run(['doveadm', '-c', os.path.join(self.folder, 'dovecot.conf')] + list(words), check=True,
                       stdout=subprocess.DEVNULL)

    def log(self):
        with open(os.path.join(self.folder, 'dovecot.log'), errors='replace') as f:
            return f.read()


class Postgres:
    """A PostgreSQL of the test's own, in database.url; the test stops and starts it."""

    def __init__(self, lab):
        self.lab, self.folder = lab, os.path.join(lab.folder, 'postgres')
        self.programs = sorted(glob.glob('/usr/lib/postgresql/*/bin'))[-1]
        os.mkdir(self.folder)
        if lab.root:
            shutil.chown(self.folder, 'nobody', 'nogroup')
        self._run('initdb', '-D', os.path.join(self.folder, 'data'), '-A', 'trust', '-U', 'postgres', '--encoding=UTF8',
                  '--locale=C.UTF-8', '--no-sync')
        self.start()
        self.sql('CREATE DATABASE fieldpost', 'postgres')
        lab.options['database'] = {'url': 'host=%s dbname=fieldpost user=postgres' % self.folder}

    def _run(self, program, *words):
        subprocess.run(self.lab._as_user() + [os.path.join(self.programs, program), *words], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def start(self):
        self._run('pg_ctl', '-D', os.path.join(self.folder, 'data'), '-w', '-l', os.path.join(self.folder, 'log'), '-o',
                  '-c listen_addresses= -c unix_socket_directories=%s' % self.folder, 'start')

    def stop(self, mode='immediate'):
        self._run('pg_ctl', '-D', os.path.join(self.folder, 'data'), '-w', '-m', mode, 'stop')

    def pids(self):
        """Of the server and all its processes."""
        with open(os.path.join(self.folder, 'data', 'postmaster.pid')) as f:
            server = int(f.readline())
        found = subprocess.run(['ps', '-o', 'pid=', '--ppid', str(server)], capture_output=True, text=True).stdout.split()
        return [server] + [int(p) for p in found]

    def sql(self, query, database='fieldpost'):
        done = subprocess.run(self.lab._as_user() + ['psql', '-X', '-q', '-A', '-t', '-F', '\t', '-h', self.folder, '-U', 'postgres',
                                                     '-d', database, '-c', query], capture_output=True, text=True)
        if done.returncode:
            print('# ' + done.stderr.strip())
        return [line.split('\t') for line in done.stdout.strip().split('\n') if line]


class Lab:
    def __init__(self, name):
        self.name = name
        self.folder = tempfile.mkdtemp(prefix='fieldpost-%s.' % name, dir='/tmp')
        os.chmod(self.folder, 0o755)
        self.certs = os.path.join(self.folder, 'certs')
        self.servers, self.helpers, self.service = [], [], None
        self.mailboxes, self.channels, self.options = [], [], {}
        self.count = self.failed = 0
        self.saying = threading.Lock()
        self.database = None
        self.root = os.getuid() == 0
        self.home = os.path.join(self.folder, 'fieldpost')
        self.state = os.path.join(self.folder, 'state')
        self.config_path = os.path.join(self.folder, 'fieldpost.yaml')
        self.log_path = os.path.join(self.folder, 'service.log')
        self._install()

    def _install(self):
        """The program where its user can reach it, as it lies in a checkout."""
        os.mkdir(self.home)
        shutil.copy(os.environ.get('FIELDPOST', os.path.join(TOP, 'fieldpost')), os.path.join(self.home, 'fieldpost'))
        for part in ('config', 'sql'):
            shutil.copytree(os.path.join(TOP, part), os.path.join(self.home, part))
        os.mkdir(self.state, 0o700)
        self.secret = os.path.join(self.folder, 'password')
        with open(self.secret, 'w') as f:
            f.write('pw\n')
        if self.root:
            shutil.chown(self.state, 'nobody', 'nogroup')

    def secret_file(self, name, text):
        """A secret for the config: {'file': ...}."""
        path = os.path.join(self.folder, name)
        with open(path, 'w') as f:
            f.write(text + '\n')
        return {'file': path}

    # ---- servers and config ----

    def dovecot(self, accounts, **options):
        server = Dovecot(self, accounts, **options)
        self.servers.append(server)
        return server

    def postgres(self):
        """Instead of the private server: the schema is made, the options name it, sql() asks it."""
        self.database = Postgres(self)
        self.write_config()
        made = self.run('db', 'upgrade')
        if made.returncode:
            self.bail('no schema: ' + made.stderr)
        return self.database

    def mailbox(self, name, server=None, **options):
        """A mailbox of the config; `server` a Dovecot, reached over implicit TLS unless `tls` says something else."""
        entry = {'name': name, 'host': 'localhost', 'password': {'file': self.secret}}
        if server:
            entry['tls'] = options.get('tls', 'implicit')
            entry['port'] = server.imaps if entry['tls'] == 'implicit' else server.imap
        entry.update(options)
        self.mailboxes.append(entry)

    def keep_secret(self, name, value):
        """A file with a secret, as the config takes it."""
        path = os.path.join(self.folder, name)
        with open(path, 'w') as f:
            f.write(value + '\n')
        return {'file': path}

    def channel(self, name, kind, **options):
        """A channel of the config; options that are secrets are written as they are. Returns the path of its webhook."""
        entry = {'name': name, 'kind': kind, 'join_seconds': 0}
        if options.get('mode') != 'poll':
            options.setdefault('path_key', 'key-of-%s-0123456789' % name)
        for key, value in options.items():
            secret = key in ('path_key', 'token', 'secret', 'secret_previous', 'verify_token')
            entry[key] = self.keep_secret('%s.%s' % (name, key), value) if secret else value
        self.channels.append(entry)
        return '/hook/%s/%s' % (name, options.get('path_key'))

    def write_config(self):
        config = {'state_dir': self.state, 'tls': {'ca_file': os.path.join(self.certs, 'ca.crt')},
                  'mailboxes': self.mailboxes, 'channels': self.channels}
        config.update(self.options)
        with open(self.config_path, 'w') as f:
            json.dump(config, f, indent=1)

    # ---- the program ----

    def _as_user(self):
        return ['setpriv', '--reuid', 'nobody', '--regid', 'nogroup', '--clear-groups'] if self.root else []

    def run(self, *words, **options):
        """A command of the program: the finished process, its output as text."""
        return subprocess.run(self._as_user() + [os.path.join(self.home, 'fieldpost'), *words, '--config', self.config_path],
                              capture_output=True, text=True, **options)

    def serve(self, *words):
        self.begin(*words)
        self.wait('the service is ready', lambda: ' info main ready ' in self.log() or self.service.poll() is not None, 60)
        if self.service.poll() is not None:
            self.bail('the service ended')

    def begin(self, *words):
        """Starts the service and does not wait for it."""
        self.write_config()
        log = open(self.log_path, 'a')
        self.service = subprocess.Popen(self._as_user() + [os.path.join(self.home, 'fieldpost'), 'serve', *words, '--config',
                                        self.config_path], stderr=log, stdout=log, stdin=subprocess.DEVNULL)
        log.close()

    def stop(self):
        if self.service and self.service.poll() is None:
            self.service.terminate()
            try:
                self.service.wait(30)
            except subprocess.TimeoutExpired:
                self.service.kill()
                self.service.wait()
        self.service = None

    def log(self):
        try:
            with open(self.log_path, errors='replace') as f:
                return f.read()
        except FileNotFoundError:
            return ''

    def duty_pid(self, duty):
        """Of the duty's newest process."""
        lines = [l for l in self.log().split('\n') if ' duty-started name=%s ' % duty in l]
        return int(lines[-1].split('pid=')[1].split()[0]) if lines else None

    def cpu_seconds(self, pid):
        with open('/proc/%d/stat' % pid) as f:
            words = f.read().rsplit(')', 1)[1].split()
        return (int(words[11]) + int(words[12])) / os.sysconf('SC_CLK_TCK')

    def cpu_share(self, pid, seconds):
        """What part of one core it takes, looking for so long."""
        began, before = time.monotonic(), self.cpu_seconds(pid)
        time.sleep(seconds)
        return (self.cpu_seconds(pid) - before) / (time.monotonic() - began)

    # ---- what it knows ----

    def status(self):
        done = self.run('status', '--json')
        try:
            return json.loads(done.stdout)
        except ValueError:
            return {'sources': [], 'totals': {}, 'states': [], 'alarms': []}

    def totals(self):
        return dict({'stored': 0, 'sightings': 0}, **self.status()['totals'])

    def source(self, name):
        """The status of a mailbox in words; '' while it is not known."""
        return next((s['status'] or '' for s in self.status()['sources'] if s['source'] == name), '')

    def sql(self, query):
        """Rows of the database, as lists of texts."""
        if self.database:
            return self.database.sql(query)
        done = subprocess.run(self._as_user() + ['psql', '-X', '-q', '-A', '-t', '-F', '\t', '-h', os.path.join(
            self.state, 'postgresql', 'socket'), '-U', 'postgres', '-d', 'fieldpost', '-c', query],
            capture_output=True, text=True)
        if done.returncode:
            print('# ' + done.stderr.strip())
        return [line.split('\t') for line in done.stdout.strip().split('\n') if line]

    # ---- saying what holds ----

    def ok(self, good, name, why=''):
        with self.saying:
            self.count += 1
            if not good:
                self.failed += 1
            print('%sok %d - %s' % ('' if good else 'not ', self.count, name), flush=True)
            if not good:
                for line in str(why).split('\n'):
                    print('# ' + line)
        return good

    def together(self, *stories):
        """Functions that mostly wait, each in a thread; what one of them throws is thrown here."""
        with concurrent.futures.ThreadPoolExecutor(len(stories)) as pool:
            for future in [pool.submit(story) for story in stories]:
                future.result()

    def same(self, got, wanted, name):
        return self.ok(got == wanted, name, 'got %r, expected %r' % (got, wanted))

    def wait(self, name, condition, seconds=20):
        """Waits until it holds; False when it never did."""
        end = time.monotonic() + seconds
        pause = 0.05
        while not condition():
            if time.monotonic() > end:
                print('# waited %d s in vain: %s' % (seconds, name), flush=True)
                return False
            time.sleep(pause)
            pause = min(pause * 1.5, 0.5)
        return True

    def bail(self, why):
        print('Bail out! ' + why, flush=True)
        sys.stdout.write(''.join('# %s\n' % l for l in self.log().split('\n')[-30:]))
        self.close()
        os._exit(1)

    # ---- the end ----

    def __enter__(self):
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        return self

    def close(self):
        self.stop()
        for helper in self.helpers:
            helper.kill()
            helper.wait()
        for server in self.servers:
            server.stop()
        if self.database:
            try:
                for pid in self.database.pids():
                    os.kill(pid, signal.SIGCONT)
                self.database.stop()
            except (OSError, subprocess.CalledProcessError):
                pass  # it is stopped
        if os.environ.get('KEEP'):
            print('# kept: ' + self.folder)
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __exit__(self, kind, value, trace):
        if value is None and self.failed:
            sys.stdout.write(''.join('# %s\n' % l for l in self.log().split('\n')[-40:]))
        self.close()
        if kind in (None, SystemExit):
            print('1..%d' % self.count)
            sys.stdout.flush()
            os._exit(1 if self.failed or kind else 0)


def mail(number, sender='a@example.org', subject=None, body='hello\n', message_id=True):
    """A small mail of its own."""
    return (('Message-ID: <%s@example.org>\n' % number if message_id else '') +
            'From: %s\nTo: feedback@example.org\nDate: Sat, 21 Nov 2026 10:00:00 +0000\nSubject: %s\n\n%s' %
            (sender, subject or 'mail %s' % number, body)).encode()


def samples(pattern='*.eml'):
    """The sample replies that ship as cases."""
    return sorted(glob.glob(os.path.join(TOP, 'tests', 'cases', 'replies', pattern)))
