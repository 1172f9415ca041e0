"""A place of its own for a test or a benchmark: Dovecot, the service and its private PostgreSQL in one temporary folder.

    with Place('crash') as place:
        place.start_dovecot({'field': 'secret'})
        place.write_config({...})
        service = place.serve('intake')
        place.sql('SELECT count(*) FROM message')

What was started is ended, and the folder removed, when the place is left; KEEP=1 in the environment keeps the folder.
"""
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

from ports import free_ports

SERVERS = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(SERVERS))
PROGRAM = os.environ.get('FIELDPOST', os.path.join(TREE, 'fieldpost'))
MARK = 'FIELDPOST_TEST_PLACE'  # in the environment of all that the service starts


def as_user():
    """As root: the same again as the user `fieldpost`, on a copy of the tree (PostgreSQL refuses root)."""
    if os.geteuid() == 0:
        script = os.path.relpath(os.path.abspath(sys.argv[0]), TREE)
        os.execv(os.path.join(TREE, 'tests', 'as-user'),
                 ['as-user', 'sh', '-c', 'make -s -j2 all && exec "$@"', 'sh', script] + sys.argv[1:])


def wait_for(condition, seconds, what):
    """Polls until the condition holds; its value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError('%s: not within %d s' % (what, seconds))
        time.sleep(0.01)


class Sql:
    """One psql that stays, as the private server's superuser."""

    def __init__(self, socket_folder):
        binary = '/usr/lib/postgresql/15/bin/psql'
        self.process = subprocess.Popen(
            [binary if os.path.exists(binary) else 'psql', '-XqAt', '-h', socket_folder, '-U', 'postgres', '-d', 'fieldpost',
             '-v', 'VERBOSITY=terse'], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self('SET search_path = fieldpost, api, pg_catalog')

    def __call__(self, query):
        """The rows, each a list of texts."""
        self.process.stdin.write(query.strip().rstrip(';') + ';\n\\echo end-of-answer\n')
        self.process.stdin.flush()
        rows, broken = [], None
        for line in self.process.stdout:
            line = line.rstrip('\n')
            if line == 'end-of-answer':
                break
            if line.startswith(('ERROR:', 'FATAL:', 'psql:')):
                broken = line
            rows.append(line.split('|'))
        else:
            broken = 'psql ended: %s' % rows
        if broken:
            raise RuntimeError('%s in %s' % (broken, query))
        return rows

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Place:
    def __init__(self, name):
        self.folder = tempfile.mkdtemp(prefix='fp-%s.' % name)
        os.chmod(self.folder, 0o755)
        self.state = self.path('state')
        self.config = self.path('fieldpost.yaml')
        self.services = []
        self.helpers = []
        self.dovecot = False
        self._sql = None

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close_sql()
        for service in reversed(self.services):
            self.stop(service)
        for helper in self.helpers:
            helper.terminate()
            helper.wait()
        if self.dovecot:
            subprocess.run([os.path.join(SERVERS, 'dovecot.sh'), 'stop', self.path('mail')], check=False)
        for pid in self.processes():
            os.kill(pid, signal.SIGKILL)
        if not os.environ.get('KEEP'):
            shutil.rmtree(self.folder, ignore_errors=True)

    # ---- mail ----

    def start_dovecot(self, users, extra=''):
        self.imap, self.imaps, self.lmtp = free_ports(3)
        os.makedirs(self.path('mail'), exist_ok=True)
        os.chmod(self.path('mail'), 0o755)
        self.dovecot = True
        subprocess.run([os.path.join(SERVERS, 'dovecot.sh'), 'start', self.path('mail'), str(self.imap), str(self.imaps),
                        str(self.lmtp)] + ['%s:%s' % user for user in users.items()],
                       check=True, env=dict(os.environ, EXTRA_CONFIG=extra), stdout=subprocess.DEVNULL)

    def maildir(self, user, folder='INBOX'):
        """The Maildir folder, made if it is not there."""
        maildir = self.path('mail', 'mail', user, 'Maildir')
        if folder != 'INBOX':
            maildir = os.path.join(maildir, '.' + folder)
        for name in ('tmp', 'new', 'cur'):
            os.makedirs(os.path.join(maildir, name), exist_ok=True)
        return maildir

    def start_helper(self, *words):
        """A server from this folder that says "ready" when it listens."""
        with open(self.path(words[0] + '.log'), 'ab') as log:
            helper = subprocess.Popen(['/usr/bin/python3', os.path.join(SERVERS, words[0]), *words[1:]], stdout=subprocess.PIPE,
                                      stderr=log, stdin=subprocess.DEVNULL, start_new_session=True, text=True)
        self.helpers.append(helper)
        if not helper.stdout.readline().startswith('ready'):
            raise RuntimeError('%s did not start' % words[0])

    # ---- the service ----

    def write_secret(self, name, text):
        with open(os.open(self.path(name), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as f:
            f.write(text + '\n')
        return self.path(name)

    def write_config(self, config, name='fieldpost.yaml'):
        """Writes it (JSON is YAML) with this place's state folder; its path."""
        with open(self.path(name), 'w', encoding='utf-8') as f:
            json.dump(dict(config, state_dir=self.state), f, indent=1)
        return self.path(name)

    def serve(self, only=None, config=None, environment=None, log='fieldpost.log', wait=False):
        """Starts it; with `wait` returns when the database is there and the duties began."""
        words = [PROGRAM, 'serve', '--config', config or self.config] + (['--only', only] if only else [])
        with open(self.path(log), 'ab') as out:
            begin = out.tell()
            service = subprocess.Popen(words, stdout=out, stderr=out, stdin=subprocess.DEVNULL, start_new_session=True,
                                       env=dict(os.environ, **{MARK: self.folder}, **(environment or {})))
        self.services.append(service)
        if wait:
            wait_for(lambda: b' ready duties=' in self.log_from(log, begin) or service.poll() is not None, 60, 'the service')
        return service

    def log_from(self, log, begin):
        with open(self.path(log), 'rb') as f:
            f.seek(begin)
            return f.read()

    def stop(self, service, seconds=25):
        if service in self.services:
            self.services.remove(service)
        if service.poll() is None:
            service.send_signal(signal.SIGTERM)
        try:
            return service.wait(seconds)
        except subprocess.TimeoutExpired:
            service.kill()
            service.wait()
            return None

    def command(self, *words, config=None):
        done = subprocess.run([PROGRAM, *words, '--config', config or self.config], capture_output=True, text=True,
                              env=dict(os.environ, **{MARK: self.folder}))
        if done.returncode != 0:
            raise RuntimeError('fieldpost %s: %s' % (' '.join(words), (done.stderr or done.stdout).strip()))
        return done.stdout

    def owns(self, pid):
        """Did the service start it? By what it inherited or where it works."""
        try:
            with open('/proc/%d/environ' % pid, 'rb') as f:
                inherited = ('%s=%s' % (MARK, self.folder)).encode() in f.read().split(b'\0')
            return inherited or os.readlink('/proc/%d/cwd' % pid).startswith(self.state)
        except OSError:
            return False

    def processes(self):
        """All that the service started."""
        pids = [int(name) for name in os.listdir('/proc') if name.isdigit()]
        return [pid for pid in pids if pid != os.getpid() and self.owns(pid)]

    # ---- the database ----

    def sql(self, query):
        if not self._sql:
            self._sql = Sql(os.path.join(self.state, 'postgresql', 'socket'))
        return self._sql(query)

    def count(self, query):
        return int(self.sql(query)[0][0])

    def close_sql(self):
        if self._sql:
            self._sql.close()
        self._sql = None
