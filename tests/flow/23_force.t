#!/usr/bin/python3
"""Which forms are in force: the service has a changed form proven beside its work; one that fails does not come into force, and the
version before it stays, with an alarm that says what to mend."""
import hashlib
import os
import shutil
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
from lab import Lab, mail  # noqa: E402

CLIENTS = ('answers.yaml', 'mutt.yaml', 'gmail-web.yaml')  # few, so that a proof takes a second or two
PATIENCE = 120
NEW_FORM = '''id: visit-note
title: {en: Visit note}
fields:
  - {name: district, type: line, required: true, label: {en: District}}
  - {name: finding, type: text, label: {en: Finding}}
'''


class Forms:
    def __init__(self, lab):
        self.lab, self.sent = lab, 0
        self.folder = lab.folder + '/forms'
        shutil.copytree(lab.home + '/config/forms', self.folder, ignore=shutil.ignore_patterns('proven'))
        for name in os.listdir(lab.home + '/config/clients'):
            if name.endswith('.yaml') and name not in CLIENTS:
                os.remove(lab.home + '/config/clients/' + name)
        lab.options['forms_dir'] = self.folder
        self.shipped = self.read('progress-check')

    def path(self, name):
        return '%s/%s.yaml' % (self.folder, name)

    def read(self, name):
        return open(self.path(name)).read()

    def write(self, name, text):
        with open(self.path(name) + '.new', 'w') as f:
            f.write(text)
        os.rename(self.path(name) + '.new', self.path(name))

    def change(self, version, *patches):
        text = self.shipped.replace('version: 1', 'version: %d' % version, 1)
        for old, new in patches:
            assert old in text, old
            text = text.replace(old, new, 1)
        self.write('progress-check', text)

    def place(self, name, text):
        line = next(n for n, l in enumerate(self.read(name).split('\n'), 1) if text in l)
        return '%s:%d:' % (self.path(name), line)

    def reload(self):
        self.lab.service.send_signal(signal.SIGHUP)

    def alarm(self, name='progress-check'):
        return next((a['text'] for a in self.lab.status()['alarms'] if a['kind'] == 'form' and a['object'] == name), None)

    def ask(self, body, subject='Progress check'):
        """Puts one mail in; its number."""
        self.sent += 1
        path = '%s/%d.eml' % (self.lab.folder, self.sent)
        with open(path, 'wb') as f:
            f.write(mail('force%d' % self.sent, subject='Re: ' + subject, body=body))
        self.lab.run('import', path)
        return self.lab.sql("SELECT max(message_id) FROM fieldpost.message")[0][0]

    def read_as(self, message, seconds=30):
        """(state, version of the form) once it was read."""
        query = "SELECT state, coalesce(form_id, ''), coalesce(form_version, 0) FROM fieldpost.message WHERE message_id = %s" % message
        self.lab.wait('message %s is read' % message, lambda: self.lab.sql(query)[0][0] != 'received', seconds)
        return self.lab.sql(query)[0]

    def proofs(self):
        return {(form, int(version)): passed for form, version, passed in
                self.lab.sql('SELECT form_id, version, passed FROM fieldpost.form_proof')}

    def proven(self, version, name='progress-check'):
        return self.lab.wait('%s %d has its proof' % (name, version), lambda: (name, version) in self.proofs(), PATIENCE)


ANSWERS = 'Country: Nepal\nProgramme: Courts\nDate: 2026-10-01\nProgress: 4\nUrgent: no\n'


def first_start(lab, forms):
    """The shipped forms are in the list of proven ones."""
    lab.serve('--only', 'parse')
    message = forms.ask(ANSWERS)
    lab.same(forms.read_as(message), ['filed', 'progress-check', '1'], 'at the first start the shipped forms are in force')
    lab.ok('proving=yes' not in lab.log() and not forms.proofs(), 'and need no proof', lab.log())
    lab.ok('3 in ' in lab.run('check').stdout and 'all of them proven' in lab.run('check').stdout, 'check says so', lab.run('check').stdout)


def failing(lab, forms):
    """Version 2: a label that reads as another one with a bullet before it."""
    forms.change(2, ('fr: Urgent', 'fr: "* Programme"'))
    forms.reload()
    lab.wait('the proof begins', lambda: 'form=progress-check version=2 proving=yes' in lab.log(), 30)
    during = forms.ask(ANSWERS)
    lab.same(forms.read_as(during), ['filed', 'progress-check', '1'], 'while it is being proven mails are read with the version before')
    forms.proven(2)
    lab.wait('the alarm', lambda: forms.alarm(), 30)
    text = forms.alarm() or ''
    lab.ok(text.startswith('progress-check version 2: ' + forms.place('progress-check', 'fr: "* Programme"')), 'an alarm: form, file, line', text)
    lab.ok('the field "urgent" (fr) from gmail-web, ' in text and ' instead of ' in text, 'field, language, client, what came', text)
    lab.ok(text.endswith('version 1 stays in force until it is mended'), 'and what is in force meanwhile', text)
    lab.same(forms.read_as(forms.ask(ANSWERS)), ['filed', 'progress-check', '1'], 'the version before stays in force')
    done = lab.run('check')
    lab.ok(done.returncode == 1 and 'NOT WELL form progress-check: progress-check version 2: ' in done.stdout, 'check tells it', done.stdout)
    lab.same(lab.run('status').returncode, 1, 'status is not well')
    proofs = lab.log().count('version=2 proving=yes')
    forms.reload()
    lab.wait('the reload', lambda: lab.log().count(' duty-started name=parse ') >= 3, 30)
    lab.same(forms.read_as(forms.ask(ANSWERS)), ['filed', 'progress-check', '1'], 'after another reload too')
    lab.same(lab.log().count('version=2 proving=yes'), proofs, 'what failed is not proven again while nothing has changed')


def mended(lab, forms):
    forms.change(2, ('fr: Urgent', 'fr: "Cas urgent"'))
    forms.reload()
    lab.wait('it is in force', lambda: forms.alarm() is None and forms.proofs().get(('progress-check', 2)) == 't', PATIENCE)
    lab.same(forms.alarm(), None, 'mended: the alarm is over')
    message = forms.ask(ANSWERS.replace('Urgent', 'Cas urgent'))
    lab.same(forms.read_as(message), ['filed', 'progress-check', '2'], 'and version 2 is in force')
    lab.same(lab.run('status').returncode, 0, 'status is well')


def refused(lab, forms):
    """What was filed under a name must go on meaning the same."""
    forms.change(3, ('type: line', 'type: text'))
    forms.reload()
    lab.wait('the alarm', lambda: forms.alarm(), 60)
    text = forms.alarm() or ''
    lab.ok('field programme: it was of type line and cannot become text' in text, 'a field of another type: an alarm', text)
    lab.ok(text.endswith('version 2 stays in force until it is mended'), 'version 2 stays in force', text)
    lab.same(forms.read_as(forms.ask(ANSWERS)), ['filed', 'progress-check', '2'], 'and reads')


def brand_new(lab, forms):
    """A form without a version before it: its mails wait until it is proven; nobody else's are lost."""
    forms.change(3)
    forms.write('visit-note', NEW_FORM)
    forms.reload()
    lab.wait('its proof begins', lambda: 'form=visit-note version=1 proving=yes' in lab.log(), PATIENCE)
    message = forms.ask('District: Kono\nFinding: No radios.\n', 'Visit note')
    lab.same(forms.read_as(message, PATIENCE), ['filed', 'visit-note', '1'], 'a mail to a form that is being proven waits, and is filed')
    lab.same(forms.proofs().get(('visit-note', 1)), 't', 'for the proof was kept')
    lab.ok(forms.proven(3) and forms.alarm() is None, 'version 3 with its old types is proven, its alarm over', forms.alarm())


def back(lab, forms):
    """A file that was in force before needs no new proof."""
    began, starts = lab.log().count('proving=yes'), lab.log().count(' duty-started name=parse ')
    forms.change(2, ('fr: Urgent', 'fr: "Cas urgent"'))
    forms.reload()
    lab.wait('the reload', lambda: lab.log().count(' duty-started name=parse ') > starts, 30)
    lab.same(forms.read_as(forms.ask(ANSWERS)), ['filed', 'progress-check', '2'], 'back to version 2: at once in force')
    lab.same(lab.log().count('proving=yes'), began, 'without another proof')


def provers(lab):
    """Process ids of the service's provers: children of its duties."""
    def field(pid, name):
        with open('/proc/%s/status' % pid) as f:
            return next(line.split()[1] for line in f if line.startswith(name))
    found = []
    for pid in filter(str.isdigit, os.listdir('/proc')):
        try:
            with open('/proc/%s/cmdline' % pid, 'rb') as f:
                if b'\0--prover\0' in f.read() and field(field(pid, 'PPid:'), 'PPid:') == str(lab.service.pid):
                    found.append(int(pid))
        except (OSError, StopIteration):
            pass
    return found


def killed(lab, forms):
    """A prover that is killed says nothing of the form: it is proven anew. A hash behind a # is no proof."""
    forms.change(4, ('fr: Urgent', 'fr: "Cas tres urgent"'))
    with open(forms.folder + '/proven', 'w') as f:
        f.write('# %s progress-check 4\n' % hashlib.sha256(forms.read('progress-check').encode()).hexdigest())
    forms.reload()
    end = time.monotonic() + PATIENCE
    found = provers(lab)
    while not found and time.monotonic() < end:  # a proof may take less than a second
        time.sleep(0.01)
        found = provers(lab)
    for pid in found:
        os.kill(pid, signal.SIGKILL)
    told = lab.wait('it is told', lambda: 'warning parse form reach=retry error="the prover ' in lab.log(), 30)
    lab.ok(told, 'the prover is killed: the log says so', lab.log())
    lab.same(forms.read_as(forms.ask(ANSWERS))[:2], ['filed', 'progress-check'], 'mails are read on')
    lab.ok(forms.proven(4), 'the form is proven anew')
    lab.same(forms.proofs()[('progress-check', 4)], 't', 'and passes')
    lab.ok(lab.log().count('version=4 proving=yes') > 1, 'in a second try, with the hash in a comment of the list', lab.log())
    lab.wait('it is in force', lambda: forms.alarm() is None, 30)
    message = forms.ask(ANSWERS.replace('Urgent', 'Cas tres urgent'))
    lab.same(forms.read_as(message), ['filed', 'progress-check', '4'], 'and it is in force')


with Lab('force') as lab:
    forms = Forms(lab)
    first_start(lab, forms)
    failing(lab, forms)
    mended(lab, forms)
    refused(lab, forms)
    brand_new(lab, forms)
    back(lab, forms)
    killed(lab, forms)
