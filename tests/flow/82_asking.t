#!/usr/bin/python3
"""A practitioner is asked, answers with one wrong and one missing answer, is told which and how, mends both by a reply of two lines, and is
left in peace; in French and in Arabic, through a real mailbox and a real SMTP server. A second full reply is a second feedback; who is
silent is reminded, twice at most; a reply by numbers is read with the form that was sent, whatever the form is by now."""
import email.policy
import email.message
import hashlib
import datetime
import json
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
from lab import Lab, TOP  # noqa: E402
from post import Post  # noqa: E402

NOW = datetime.datetime.now(datetime.timezone.utc)
# The form's labels, an answer to each that has one, and what its acknowledgements say of the two that are open.
LANGUAGES = {
    'fr': {
        'name': 'Fatou Ndiaye', 'address': 'fatou@mail.example.com', 'country': 'SN',
        'answers': {1: 'Sénégal', 2: 'Appui aux tribunaux', 3: '2026-11-03', 5: 'environ 350 ou 400', 6: 'temps, financement', 8: 'non'},
        'mended': ['4. Avancement (1-5): 3', '5. Personnes touchées: 350'],
        'title': "Point d'avancement", 'attribution': 'Le lun. 16 nov. 2026 à 09:12, Fieldpost <fieldpost@example.org> a écrit :',
        'wrong': 'Il faut un seul nombre sous Personnes touchées, par exemple 350 sans rien d\'autre.', 'missing': 'Il faut un nombre de 1 à 5 sous Avancement.',
        'told': 'Réponses comprises 5, encore ouvertes 2', 'assumed': "SUPPOSÉ Partage → sans nom (vous ne l'avez pas rempli)", 'echo': 'Pays → Sénégal', 'date': 'Date → 3 novembre 2026', 'then': 'Avancement → 3',
        'needed': 'Nous ne pouvons nous passer de « Pays », « Programme », « Avancement ».', 'own': 'Bonjour, voici mes réponses.', 'lines': ['4. Avancement (1-5): ', '5. Personnes touchées: ']},
    'ar': {
        'name': 'سارة حسن', 'address': 'sara@mail.example.com', 'country': 'SD',
        'answers': {1: 'السودان', 2: 'دعم المحاكم', 3: '2026-11-03', 5: 'حوالي 350 أو 400', 6: 'الوقت، التمويل', 8: 'لا'},
        'mended': ['4. التقدم (1-5): 3', '5. عدد المستفيدين: 350'],
        'title': 'متابعة التقدم', 'attribution': 'في الاثنين، 16 نوفمبر 2026 في 9:12 ص، كتب Fieldpost <fieldpost@example.org>:',
        'wrong': 'المطلوب رقم واحد في «عدد المستفيدين»، مثل 350 وحده.', 'missing': 'المطلوب رقم من 1 إلى 5 في «التقدم».',
        'told': 'المفهوم 5، الباقي 2', 'assumed': 'المفترض المشاركة ← بدون اسم (لم تملؤوه)', 'echo': 'البلد ← السودان', 'date': 'التاريخ ← 3 نوفمبر 2026', 'then': 'التقدم ← 3',
        'needed': 'ولا غنى لنا عن «البلد»، «البرنامج»، «التقدم».', 'own': 'مرحبا، هذه إجاباتي.', 'lines': ['4. التقدم (1-5): ', '5. عدد المستفيدين: ']},
}


def text_of(mail):
    return mail.get_body(('plain',)).get_content().replace('\r\n', '\n')


def flat(text):
    """Without the breaks of lines and the marks of direction."""
    return re.sub(r'\s+', ' ', re.sub('[\u2066-\u2069]', '', text)).strip()


def quoted(text):
    return '\n'.join('> ' + line for line in text.rstrip('\n').split('\n'))


class Story:
    def __init__(self, lab, post, dovecot):
        self.lab, self.post, self.dovecot, self.number, self.seen = lab, post, dovecot, 0, 0

    def person(self, name, address, language, country):
        quote = name.replace("'", "''")
        self.lab.sql("WITH c AS (INSERT INTO identity.contact (name, language, country) VALUES ('%s', '%s', '%s') RETURNING contact_id) "
                     "INSERT INTO identity.contact_address (address, contact_id) SELECT '%s', contact_id FROM c" % (quote, language, country, address))

    def ask(self, address, label, form='progress-check'):
        done = self.lab.run('request', 'send', '--form', form, '--to', 'address=' + address, '--label', label, '--json')
        self.lab.ok(done.returncode == 0 and json.loads(done.stdout)['asked'] == 1, '%s is asked' % address, done.stdout + done.stderr)
        return self.mail_to(address)

    def sent_to(self, address):
        return [m for m in self.post.mails() if address in m['To']]

    def mail_to(self, address, seconds=30):
        """The next mail that this person gets."""
        before = getattr(self, 'got', {})
        self.got = before
        count = before.get(address, 0)
        if not self.lab.wait('a mail to ' + address, lambda: len(self.sent_to(address)) > count, seconds):
            self.lab.bail('no mail to %s' % address)
        before[address] = count + 1
        return self.sent_to(address)[count]

    def reply(self, address, mail, body, references=True):
        """As a mail client answers; the border wrote whom it believes. Its Message-ID."""
        self.number += 1
        m = email.message.EmailMessage(policy=email.policy.SMTP)
        m['Authentication-Results'] = 'mx.example.org; dmarc=pass header.from=mail.example.com'
        m['From'], m['To'] = address, 'fieldpost@example.org'
        m['Subject'] = ('Re: ' + mail['Subject']) if not mail['Subject'].startswith('Re:') else mail['Subject']
        m['Date'] = NOW
        m['Message-ID'] = '<r%d@mail.example.com>' % self.number
        if references:
            m['In-Reply-To'] = mail['Message-ID']
            m['References'] = ((mail['References'] or '') + ' ' + mail['Message-ID']).strip()
        m.set_content(body, cte='8bit')
        self.dovecot.append('field', [bytes(m)])
        return m['Message-ID']

    def feedback(self, address):
        return self.lab.sql("SELECT f.form_id, f.form_version, f.revision, f.verification, q.state, r.answers FROM fieldpost.feedback f "
                            "JOIN fieldpost.feedback_revision r USING (feedback_id, revision) JOIN fieldpost.request q USING (request_id) "
                            "WHERE q.address = '%s' ORDER BY f.feedback_id" % address)


def filled(text, answers):
    """What was sent, quoted, with the answers behind the colons."""
    lines = []
    for line in text.rstrip('\n').split('\n'):
        m = re.match(r'(\d+)\. ', line)
        lines.append(line + answers.get(int(m.group(1)), '') if m else line)
    return quoted('\n'.join(lines))


def circle(lab, story, language):
    case = LANGUAGES[language]
    address = case['address']
    story.person(case['name'], address, language, case['country'])
    request = story.ask(address, 'first ' + language)
    text = text_of(request)
    reference = re.search(r'FP-[0-9A-Z]{10}', request['Subject']).group(0)
    lab.same(request['Subject'], '[%s] %s' % (reference, case['title']), '%s: the request, in their language' % language)
    lab.ok(len(text.encode()) < 3000 and max(len(l.encode()) for l in text.split('\n')) < 998 and text.count(reference) == 1,
           '%s: its text is small, its lines are short' % language, text)
    lab.ok(case['needed'] in flat(text), '%s: it names what is needed' % language, text)
    lab.ok(text.rstrip('\n').split('\n')[-1].startswith('9. '), '%s: nothing follows the last line' % language, text[-200:])
    lab.ok(request['Auto-Submitted'] == 'auto-generated' and reference in request['List-Unsubscribe'], '%s: its headers' % language, str(request.items()))
    answered = story.reply(address, request, '%s\n\n%s\n%s\n' % (case['own'], case['attribution'], filled(text, case['answers'])))
    told = story.mail_to(address)
    said = flat(text_of(told))
    lab.ok(told['Subject'] == 'Re: ' + request['Subject'] and told['In-Reply-To'] == answered and request['Message-ID'] in told['References']
           and told['Auto-Submitted'] == 'auto-replied', '%s: the acknowledgement stands in the thread' % language, str(told.items()))
    for key in ('told', 'echo', 'date', 'assumed', 'wrong', 'missing'):
        lab.ok(case[key] in said, '%s: it says %s' % (language, case[key]), said)
    lab.ok(case['answers'][5] in said, '%s: and repeats what was not understood' % language, said)
    lab.same(text_of(told).rstrip('\n').split('\n')[-2:], case['lines'], '%s: the two lines stand at the end' % language)
    mending = '%s\n\n%s\n%s\n' % ('\n'.join(case['mended']), case['attribution'], quoted(text_of(told)))
    story.reply(address, told, mending)
    again = story.mail_to(address)
    said = flat(text_of(again))
    found = story.feedback(address)
    lab.ok(len(found) == 1 and found[0][2:5] == ['2', 'verified', 'answered'], '%s: two lines make a revision; the request is answered' % language, found)
    answers = json.loads(found[0][5]) if found else {}
    lab.same([answers.get(k) for k in ('country', 'progress', 'people_reached', 'obstacles', 'urgent')],
             [case['country'], 3, 350, ['funding', 'time'], False], '%s: what was said first stayed' % language)
    lab.ok(case['then'] in said and case['echo'] not in said and not text_of(again).rstrip('\n').split('\n')[-1].startswith('5.'),
           '%s: told so, without what was said earlier' % language, said)


def second_reply(lab, story):
    case = LANGUAGES['fr']
    request = story.sent_to(case['address'])[0]
    answers = {**case['answers'], 2: 'Un autre programme', 4: '5', 5: '12'}
    story.reply(case['address'], request, '%s\n\n%s\n%s\n' % (case['own'], case['attribution'], filled(text_of(request), answers)))
    story.mail_to(case['address'])
    found = [json.loads(row[5]) for row in story.feedback(case['address'])]
    lab.same([(f['programme'], f['progress']) for f in found], [('Appui aux tribunaux', 3), ('Un autre programme', 5)],
             'a second full reply to the same request is a second feedback')


def told_of_files(lab, story):
    """A file that came torn, and a mail above the limit: said in their language, by what came of the mail."""
    case = LANGUAGES['fr']
    request = story.sent_to(case['address'])[0]
    head = ('Authentication-Results: mx.example.org; dmarc=pass header.from=mail.example.com\nFrom: %s\nTo: fieldpost@example.org\nSubject: Re: %s\n'
            'Date: Sat, 21 Nov 2026 10:00:00 +0000\nMIME-Version: 1.0\nMessage-ID: <%%s@mail.example.com>\nIn-Reply-To: %s\n'
            'Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain; charset=utf-8\n\n%%s\n--b\nContent-Type: image/jpeg\n'
            'Content-Disposition: attachment; filename=photo.jpg\nContent-Transfer-Encoding: base64\n\n%%s' % (case['address'], request['Subject'], request['Message-ID']))
    words = 'Pays: Sénégal\nProgramme: Appui aux écoles\nAvancement (1-5): 4\nPersonnes touchées: 12\n'
    dovecot = story.dovecot
    dovecot.append('field', [(head % ('torn', words, '/9j/4AAQSkZJRgABAQ\n')).encode()])
    told = flat(text_of(story.mail_to(case['address'])))
    lab.ok('Une partie des pièces jointes ne nous est pas parvenue.' in told and 'Appui aux écoles' in told, 'who sent a torn file is told, with what was understood', told)
    dovecot.append('field', [(head % ('large', words, 'AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n' * 6000 + '--b--\n')).encode()])
    told = story.mail_to(case['address'])
    lab.ok('trop volumineux' in flat(text_of(told)) and told['In-Reply-To'] == '<large@mail.example.com>', 'and who sent too much', text_of(told))
    lab.same(lab.sql("SELECT state, reason, oversize FROM fieldpost.message WHERE header_id = '<large@mail.example.com>'"), [['review', 'over-size', 't']],
             'of which only the headers came')


def forms_with(lab, version):
    """The shipped forms; of one another version, with a field in the second place."""
    folder = os.path.join(lab.folder, 'forms')
    os.makedirs(folder, exist_ok=True)
    listed = ''
    for name in ('progress-check', 'field-lesson'):
        with open(os.path.join(TOP, 'config', 'forms', name + '.yaml'), encoding='utf-8') as f:
            source = f.read()
        if name == 'progress-check' and version > 1:
            source = source.replace('version: 1', 'version: %d' % version)
            source = source.replace('  - name: programme', '  - name: district\n    type: line\n    label: {en: District, fr: District}\n  - name: programme', 1)
        with open(os.path.join(folder, name + '.yaml'), 'w', encoding='utf-8') as f:
            f.write(source)
        listed += hashlib.sha256(source.encode()).hexdigest() + ' %s 1\n' % name
    with open(os.path.join(folder, 'proven'), 'w') as f:
        f.write(listed)
    return folder


def last_month(lab, story):
    """Asked with version 1; by the time of the answer there is version 2."""
    address = 'old@mail.example.com'
    story.person('Old Form', address, 'en', 'NP')
    request = story.ask(address, 'old')
    lab.stop()
    forms_with(lab, 2)
    lab.serve()
    lab.wait('version 2 is in force', lambda: lab.sql("SELECT max(version) FROM fieldpost.form_version WHERE form_id = 'progress-check'") == [['2']])
    story.reply(address, request, '1. Nepal\n2. Courts\n4. 4\n5. 17\n', references=True)
    told = story.mail_to(address)
    found = story.feedback(address)
    answers = json.loads(found[0][5]) if found else {}
    lab.same([found and found[0][1], answers.get('programme'), answers.get('progress'), answers.get('people_reached')], ['1', 'Courts', 4, 17],
             "a reply by numbers to last month's form is read with its numbers")
    lab.ok('Programme → “Courts”' in flat(text_of(told)) and 'District' not in text_of(told), 'and acknowledged with its labels', text_of(told))


def reminders(lab, story):
    """Days later: who is silent is reminded, twice and no more; who has answered is not."""
    silent = 'silent@mail.example.com'
    story.person('Silent One', silent, 'en', 'KE')
    request = story.ask(silent, 'silent')
    counts = {c['address']: len(story.sent_to(c['address'])) for c in LANGUAGES.values()}
    got = []
    for days, wanted in ((6, 1), (8, 2), (16, 3), (40, 3)):
        lab.stop()
        os.environ['FIELDPOST_NOW'] = (NOW + datetime.timedelta(days=days)).strftime('%Y-%m-%dT%H:%M:%SZ')
        lab.serve('--only', 'send')
        lab.wait('reminder', lambda: len(story.sent_to(silent)) >= wanted, 15)
        if wanted == len(story.sent_to(silent)) and days in (6, 40):
            time.sleep(3)  # nothing more comes
        got.append(len(story.sent_to(silent)))
    lab.same(got, [1, 2, 3, 3], 'who is silent is reminded after a week, once more, and never again')
    mails = story.sent_to(silent)
    lab.ok(all(m['In-Reply-To'] == request['Message-ID'] and m['Subject'] == 'Re: ' + request['Subject'] for m in mails[1:])
           and 'This is the last reminder.' in text_of(mails[2]) and 'last reminder' not in text_of(mails[1]), 'in the thread; the last one says so')
    lab.same({a: len(story.sent_to(a)) for a in counts}, counts, 'who has answered is not reminded')
    listed = {c['label']: c for c in json.loads(lab.run('request', 'list', '--json').stdout)}
    lab.same([listed['silent'][k] for k in ('asked', 'answered', 'silent', 'reminders')] + [listed['first fr'][k] for k in ('asked', 'answered', 'reminders')],
             [1, 0, 1, 2, 1, 1, 0], 'and the list says so')


def refused(lab):
    """What would ask the wrong thing is told in words, and asks nobody."""
    for more, words in ((['--form', 'field-lesson', '--label', 'silent'], 'the label "silent" was used for the form "progress-check"'),
                        (['--form', 'progress-check', '--language', 'fre'], 'the form progress-check is not sent in "fre"; its languages are ar en')):
        done = lab.run('request', 'send', '--to', 'all', *more)
        lab.ok(done.returncode == 65 and words in done.stderr, ' '.join(more), done.stdout + done.stderr)


def main():
    with Lab('asking') as lab:
        post, dovecot = Post(lab), lab.dovecot(['field:pw'])
        lab.options = {'smtp': post.options(), 'mail': {'authserv_id': ['mx.example.org']}, 'forms_dir': forms_with(lab, 1),
                       'asking': {'hour_from': 0, 'hour_to': 24, 'working_days': False}, 'limits': {'message_bytes': 200000}}
        lab.mailbox('field', dovecot, user='field')
        lab.serve()
        lab.wait('forms are in force', lambda: lab.sql('SELECT count(*) FROM fieldpost.form_version') == [['2']])
        story = Story(lab, post, dovecot)
        for language in LANGUAGES:
            circle(lab, story, language)
        second_reply(lab, story)
        told_of_files(lab, story)
        last_month(lab, story)
        reminders(lab, story)
        refused(lab)


if __name__ == '__main__':
    main()
