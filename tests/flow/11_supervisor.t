#!/usr/bin/python3
"""The supervisor with the real program and its own PostgreSQL: what dies comes back, what ends leaves nothing behind."""
import glob
import json
import os
import pwd
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

TOP = os.path.abspath(os.path.dirname(os.path.abspath(__file__)) + '/../..')
PROGRAM = os.environ.get('FIELDPOST', TOP + '/fieldpost')
PATIENCE = 60
count = 0
failed = False


def ok(good, name, *why):
    global count, failed
    count += 1
    failed = failed or not good
    print('%s %d - %s' % ('ok' if good else 'not ok', count, name))
    for line in why if not good else ():
        print('# ' + str(line).replace('\n', '\n# '))
    sys.stdout.flush()


def until(condition, seconds=PATIENCE):
    """Waits for it; its value, or None when the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    return None


def processes(marker):
    """{pid: (parent, state, command line)} of every process with the marker in its command line."""
    found = {}
    for path in glob.glob('/proc/[0-9]*/cmdline'):
        try:
            line = open(path, 'rb').read().replace(b'\0', b' ').decode(errors='replace')
            stat = open(path.replace('cmdline', 'stat')).read().rsplit(')', 1)[1].split()
        except OSError:
            continue
        if marker in line:
            found[int(path.split('/')[2])] = (int(stat[1]), stat[0], line)
    return found


def children(pid):
    """{pid: state} of the children of a process, dead ones too."""
    found = {}
    for path in glob.glob('/proc/[0-9]*/stat'):
        try:
            stat = open(path).read().rsplit(')', 1)[1].split()
        except OSError:
            continue
        if int(stat[1]) == pid:
            found[int(path.split('/')[2])] = stat[0]
    return found


class Service:
    def __init__(self, folder, name='log', environment=None):
        self.log = '%s/%s' % (folder, name)
        self.config = folder + '/my.yaml'
        self.process = subprocess.Popen([PROGRAM, 'serve', '--only', 'parse', '--config', self.config], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=open(self.log, 'w'),
                                        env=dict(os.environ, **(environment or {})))
        self.pid = self.process.pid

    def lines(self, event):
        """The fields of each log line of an event."""
        return [dict(re.findall(r'(\w+)=("[^"]*"|\S+)', line)) for line in open(self.log) if ' main %s ' % event in line]

    def wait(self, event, number=1):
        lines = until(lambda: (self.lines(event)[number - 1:] or [None])[0] if self.process.poll() is None else False)
        if not lines:
            print('# no line "%s" %d in the log:\n# %s' % (event, number, open(self.log).read()[-3000:].replace('\n', '\n# ')))
        return lines or {}

    def duties(self):
        """{index: pid} of the duties that run."""
        found = {}
        for pid, (parent, _, line) in processes('--config ' + self.config).items():
            index = re.search(r'--duty parse --index (\d+)', line)
            if parent == self.pid and index:
                found[int(index.group(1))] = pid
        return found

    def signal(self, number):
        os.kill(self.pid, number)

    def end(self, number):
        self.signal(number)
        try:
            return self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return 'too late'


def write(folder, text):
    with open(folder + '/my.yaml', 'w') as file:
        file.write('state_dir: state\nlimits: {message_ms: 4000}\n' + text)


def postgres(folder):
    return processes(folder + '/state/postgresql/data')


def comes_back(folder):
    """A duty that dies is started again, later each time; the others do not notice."""
    service = Service(folder)
    ok(service.wait('ready').get('duties') == '2', 'the service starts with its database and two duties')
    before = service.duties()
    ok(sorted(before) == [0, 1], 'each duty is a process of its own', before)
    waits = []
    for number in (1, 2, 3):
        os.kill(service.duties()[0], signal.SIGKILL)
        died = service.wait('duty-died', number)
        waits.append(int(died.get('again_in_ms', 0)))
        ok(died.get('signal') == 'KILL' and died.get('index') == '0' and died.get('failures') == str(number),
           'death %d is told with its cause' % number, died)
        ok(until(lambda: len(service.duties()) == 2), 'it comes back')
    ok(400 <= waits[0] <= 600 and 800 <= waits[1] <= 1200 and 1600 <= waits[2] <= 2400, 'each time later', waits)
    ok(service.duties()[1] == before[1], 'the other duty went on')
    ok('Z' not in children(service.pid).values(), 'no dead process is left unburied', children(service.pid))
    return service


def reloads(folder, service):
    before = service.duties()
    write(folder, 'parse: {workers: 2}\nlog: {levle: debug}\n')
    service.signal(signal.SIGHUP)
    refused = service.wait('reload-refused')
    ok(refused and 'my.yaml:4:7: there is no option' in open(service.log).read(), 'a bad config is refused with its place', refused)
    ok(service.duties() == before, 'and the duties go on')
    write(folder, 'parse: {workers: 2}\nforms_dir: nowhere\n')
    service.signal(signal.SIGHUP)
    service.wait('reload-refused', 2)
    ok(service.duties() == before, 'so does one whose forms are not there')
    write(folder, 'parse: {workers: 2}\ndatabase: {url: "host=127.0.0.1"}\n')
    service.signal(signal.SIGHUP)
    service.wait('reload-refused', 3)
    ok(service.duties() == before, 'and one that needs a restart')
    write(folder, 'parse: {workers: 3}\n')
    service.signal(signal.SIGHUP)
    service.wait('reloaded')
    after = until(lambda: sorted(service.duties()) == [0, 1, 2] and not set(service.duties().values()) & set(before.values())
                  and service.duties())
    ok(after, 'a good config replaces the duties', before, service.duties())
    ended = service.lines('duty-ended')
    ok(len(ended) == 2 and all(line.get('status') == '0' for line in ended), 'the old ones ended gently', ended)


def database_comes_back(folder, service):
    duties = service.duties()
    server = [pid for pid, (_, _, line) in postgres(folder).items() if 'bin/postgres' in line]
    ok(len(server) == 1, 'one PostgreSQL runs', postgres(folder))
    os.kill(server[0], signal.SIGKILL)
    ok(service.wait('database-died') and service.wait('database-ready', 2), 'PostgreSQL killed: it is started again')
    # The command holds the server like any other: it needs no service, but must not hurt it either.
    status = subprocess.run([PROGRAM, 'status', '--json', '--config', folder + '/my.yaml'], capture_output=True, text=True)
    states = json.loads(status.stdout or '{}').get('states', [])
    ok(len(states) == 6, '`fieldpost status` works while the service runs', status.stdout, status.stderr)
    ok(service.duties() == duties, 'the duties outlived it', duties, service.duties())


def leaves_nothing(folder, service, how, number):
    code = service.end(number)
    gone = until(lambda: not processes(service.config) and not postgres(folder), 30)
    ok(gone, '%s: no duty and no PostgreSQL stays behind' % how, processes(service.config), postgres(folder))
    return code


class Systemd:
    """What systemd's end of $NOTIFY_SOCKET hears."""

    def __init__(self, folder):
        self.path = folder + '/notify'
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        os.chmod(self.path, 0o666)
        self.heard = []

    def listen(self, word):
        def hear():
            while select.select([self.socket], [], [], 0)[0]:
                self.heard += self.socket.recv(4096).decode().split('\n')
            return any(line.startswith(word) for line in self.heard)
        return until(hear, 30)


def tells_systemd(folder):
    systemd = Systemd(folder)
    service = Service(folder, 'log.systemd', {'NOTIFY_SOCKET': systemd.path, 'WATCHDOG_USEC': '1000000'})
    ok(systemd.listen('READY=1'), 'systemd hears READY', systemd.heard)
    systemd.heard = []
    ok(systemd.listen('WATCHDOG=1'), 'its watchdog is fed')
    systemd.heard = []
    service.signal(signal.SIGHUP)
    ok(systemd.listen('RELOADING=1') and systemd.listen('MONOTONIC_USEC=') and systemd.listen('READY=1'),
       'a reload is told, and its end', systemd.heard)
    service.signal(signal.SIGTERM)
    ok(systemd.listen('STOPPING=1'), 'the end is told', systemd.heard)
    ok(service.process.wait(PATIENCE) == 0, 'it ends with exit status 0')


def main():
    folder = tempfile.mkdtemp(prefix='fieldpost-supervisor.', dir='/var/tmp')
    os.chmod(folder, 0o755)
    if os.geteuid() == 0:
        try:
            owner = pwd.getpwnam('fieldpost')
        except KeyError:
            write(folder, '')
            refused = subprocess.run([PROGRAM, 'serve', '--config', folder + '/my.yaml'], capture_output=True, text=True)
            ok(refused.returncode == 78 and 'do not run as root' in refused.stderr, 'root without the user is refused',
               refused.stderr)
            return
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    write(folder, 'parse: {workers: 2}\n')
    service = None
    try:
        service = comes_back(folder)
        reloads(folder, service)
        database_comes_back(folder, service)
        ok(leaves_nothing(folder, service, 'SIGTERM', signal.SIGTERM) == 0, 'and the exit status is 0')
        ok('stopped' in open(service.log).read(), 'it says so')
        service = Service(folder, 'log.2')
        ok(service.wait('ready'), 'it starts again')
        leaves_nothing(folder, service, 'killed', signal.SIGKILL)
        service = Service(folder, 'log.3')
        ok(service.wait('ready'), 'it starts after that, too')
        ok(leaves_nothing(folder, service, 'SIGINT', signal.SIGINT) == 0, 'and the exit status is 0')
        tells_systemd(folder)
    finally:
        if service and service.process.poll() is None:
            service.process.kill()
        until(lambda: not postgres(folder), 30)
        shutil.rmtree(folder, ignore_errors=True)


main()
print('1..%d' % count)
sys.exit(failed)
