"""The SMTP server of the tests (smtp.py) as flow tests use it: started, told how to behave, its mails looked at."""
import email
import email.policy
import os
import subprocess
import sys

SERVERS = os.path.dirname(os.path.abspath(__file__))


class Post:
    """An SMTP server beside a lab; `options()` is what the config needs."""

    def __init__(self, lab, name='post', port=0, tls=None, certificate='good', login=False, words=()):
        self.lab, self.name, self.tls, self.certificate, self.login = lab, name, tls, certificate, login
        self.maildir = os.path.join(lab.folder, name + '.maildir')
        self.mode_file = os.path.join(lab.folder, name + '.mode')
        self.transcript_path = os.path.join(lab.folder, name + '.transcript')
        self.words = list(words)
        self.port = port
        self.mode('accept')
        self.start()

    def start(self):
        command = [sys.executable, os.path.join(SERVERS, 'smtp.py'), '--port', str(self.port), '--maildir', self.maildir,
                   '--mode-file', self.mode_file, '--transcript', self.transcript_path] + self.words
        if self.tls:
            command += ['--tls', self.tls, '--cert', os.path.join(self.lab.certs, self.certificate + '.crt'), '--key',
                        os.path.join(self.lab.certs, self.certificate + '.key')]
        if self.login:
            command += ['--user', 'secretuser', '--password', 'pw']
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.lab.helpers.append(self.process)
        self.port = int(self.process.stdout.readline().split()[1])

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def mode(self, mode):
        with open(self.mode_file, 'w') as f:
            f.write(mode)

    def options(self):
        options = {'host': 'localhost', 'port': self.port, 'tls': self.tls or 'none', 'from_address': 'fieldpost@example.org',
                   'connections': 1}
        if self.login:
            options.update(user='secretuser', password={'file': self.lab.secret})
        return options

    def raw(self):
        """The mails as they arrived, oldest first."""
        found = []
        for folder in ('new', 'cur'):
            path = os.path.join(self.maildir, folder)
            for name in os.listdir(path) if os.path.isdir(path) else ():
                full = os.path.join(path, name)
                found.append((os.stat(full).st_mtime_ns, name, open(full, 'rb').read()))
        return [mail for _, _, mail in sorted(found)]

    def mails(self):
        return [email.message_from_bytes(mail, policy=email.policy.default) for mail in self.raw()]

    def ids(self):
        return [mail['Message-ID'] for mail in self.mails()]

    def transcript(self):
        if not os.path.exists(self.transcript_path):
            return ''
        with open(self.transcript_path, errors='replace') as f:
            return f.read()
