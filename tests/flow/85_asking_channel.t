#!/usr/bin/python3
"""People who have no mail are asked by a channel: one answers in a conversation, in French; one with lines, in Arabic, of which one is wrong and
one missing, and mends them; neither is reminded, who is silent is; who writes STOP there is asked by no other way."""
import datetime
import json
import os
import re
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
from lab import Lab  # noqa: E402
from post import Post  # noqa: E402
from providers import Telegram  # noqa: E402

FATOU, SARA, KOFI, LENA = 5000000011, 5000000012, 5000000013, 5000000014
PEOPLE = '''key,name,language,country,mail,channel
fatou,Fatou Ndiaye,fr,SN,,talk:%d
sara,سارة حسن,ar,SD,,plain:%d
kofi,Kofi Mensah,en,GH,,talk:%d
lena,Lena Meyer,en,GH,lena@mail.example,talk:%d
''' % (FATOU, SARA, KOFI, LENA)


class Person:
    def __init__(self, lab, telegram, number, language):
        self.lab, self.telegram, self.number, self.language, self.seen = lab, telegram, number, language, 0

    def heard(self):
        return [re.sub('[\u2066-\u2069]', '', m['text']) for m in self.telegram.sent if str(m['chat_id']) == str(self.number)]

    def says(self, text):
        self.telegram.write(self.number, text, language=self.language)

    def hears(self, *parts):
        """The next message to them, which holds all of this."""
        self.lab.wait('a message', lambda: len(self.heard()) > self.seen, 30)
        text = self.heard()[self.seen] if len(self.heard()) > self.seen else ''
        self.seen += 1
        self.lab.ok(all(part in ' '.join(text.split()) for part in parts), '%s: hears %s' % (self.language, parts[0]), text)
        return text


def feedback(lab, key):
    return lab.sql("SELECT f.revision, f.verification, q.state, r.answers FROM fieldpost.feedback f JOIN fieldpost.feedback_revision r USING (feedback_id, revision) "
                   "JOIN identity.contact c ON c.contact_id = f.contact_id LEFT JOIN fieldpost.request q USING (request_id) WHERE c.key = '%s'" % key)


def answers_of(rows):
    return {k: json.loads(rows[0][3]).get(k) for k in ('country', 'programme', 'progress', 'people_reached')} if rows else {}


def talks(lab, fatou):
    fatou.hears("Vous voyez sur le terrain", '1. Pays:', '4. Avancement (1-5):')
    fatou.says('Bonjour')
    fatou.hears('Pays (1/9)')
    fatou.says('Pays: Sénégal\nProgramme: Appui aux tribunaux\nAvancement: 3')
    fatou.hears('Date (3/9)')
    lab.same(lab.sql("SELECT q.state FROM fieldpost.request q JOIN identity.contact USING (contact_id) WHERE key = 'fatou'"), [['sent']], 'in the middle nothing is answered')
    listed = {p['name']: p['state'] for p in json.loads(lab.run('request', 'list', 'chat', '--json').stdout)}
    lab.same((listed.get('Fatou Ndiaye'), listed.get('Kofi Mensah')), ('partial', 'silent'), 'who talks is not silent')
    for said, asked in (('passer', 'Personnes touchées (5/9)'), ('12', 'Obstacles (6/9)'), ('passer', 'Appui nécessaire (7/9)'), ('passer', 'Urgent (8/9)'),
                        ('non', 'Partage (9/9)')):
        fatou.says(said)
        fatou.hears(asked)
    fatou.says('2')
    fatou.hears('Pays → Sénégal', 'Avancement → 3')
    lab.wait('filed', lambda: feedback(lab, 'fatou'))
    found = feedback(lab, 'fatou')
    lab.same(found and found[0][:3], ['1', 'verified', 'answered'], 'fr: what was said in a conversation answers the request')
    lab.same(answers_of(found), {'country': 'SN', 'programme': 'Appui aux tribunaux', 'progress': 3, 'people_reached': 12}, 'fr: whole')


def writes(lab, sara):
    sara.hears('أنتم ترون في الميدان', '1. البلد:', '4. التقدم (1-5):')
    sara.says('البلد: السودان\nالبرنامج: دعم المحاكم\nعدد المستفيدين: حوالي 350 أو 400')
    sara.hears('المطلوب رقم واحد في «عدد المستفيدين»', 'المطلوب رقم من 1 إلى 5 في «التقدم»', 'حوالي 350 أو 400')
    lab.same(lab.sql("SELECT m.state, m.reference IS NOT NULL FROM fieldpost.message m WHERE m.channel = 'plain'"), [['review', 't']], 'ar: it is known what it answers')
    sara.says('التقدم: 3\nعدد المستفيدين: 350')
    said = sara.hears('شكر')
    lab.ok('المطلوب' not in said, 'ar: nothing more is needed', said)
    found = feedback(lab, 'sara')
    lab.same(found and found[0][:3], ['2', 'verified', 'answered'], 'ar: two lines make it whole; the request is answered')
    lab.same(answers_of(found), {'country': 'SD', 'programme': 'دعم المحاكم', 'progress': 3, 'people_reached': 350}, 'ar: what was said first stayed')
    sara.says('1. السودان\n2. برنامج آخر\n4. 5')
    sara.hears('شكر')
    lab.same(sorted(json.loads(r[3])['programme'] for r in feedback(lab, 'sara')), ['برنامج آخر', 'دعم المحاكم'],
             'ar: a second full reply, by the numbers that were sent, is a second feedback')
    lab.same([r[2] for r in feedback(lab, 'sara')], ['answered', 'answered'], 'ar: to the same request')


def later(lab, post, people, days):
    """The counts of what each has heard, so many days on."""
    lab.stop()
    os.environ['FIELDPOST_NOW'] = (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days)).strftime('%Y-%m-%dT%H:%M:%SZ')
    lab.serve('--only', 'send')
    del os.environ['FIELDPOST_NOW']
    kofi = people['kofi']
    lab.wait('the reminder', lambda: len(kofi.heard()) > kofi.seen, 20)
    lab.wait('the reminder by mail', lambda: len(post.mails()) > 1, 20)
    time.sleep(2)
    return {key: len(p.heard()) - p.seen for key, p in people.items()}


def main():
    with Lab('channel') as lab:
        talk, plain, post = Telegram('1:talk'), Telegram('2:plain'), Post(lab)
        lab.helpers += [talk, plain]
        lab.options = {'smtp': post.options(), 'asking': {'hour_from': 0, 'hour_to': 24, 'working_days': False}}
        lab.channel('talk', 'telegram', mode='poll', token='1:talk', api_url=talk.url, form='progress-check', language='en')
        lab.channel('plain', 'telegram', mode='poll', token='2:plain', api_url=plain.url)
        lab.serve()
        lab.wait('forms are in force', lambda: lab.sql('SELECT count(*) >= 3 FROM fieldpost.form_version') == [['t']])
        path = os.path.join(lab.folder, 'people.csv')
        with open(path, 'w', encoding='utf-8') as f:
            f.write(PEOPLE)
        done = lab.run('people', 'import', path)
        lab.ok('4 new' in done.stdout, 'people with channels', done.stdout + done.stderr)
        done = lab.run('request', 'send', '--form', 'progress-check', '--to', 'all', '--label', 'chat', '--json')
        lab.ok('"asked": 4' in done.stdout, 'are asked', done.stdout + done.stderr)
        people = {key: Person(lab, server, number, language) for key, server, number, language in (
            ('fatou', talk, FATOU, 'fr'), ('sara', plain, SARA, 'ar'), ('kofi', talk, KOFI, 'en'))}
        lab.together(lambda: talks(lab, people['fatou']), lambda: writes(lab, people['sara']))
        people['kofi'].hears('You see in the field', '1. Country:')
        lab.same([m['To'] for m in post.mails()], ['Lena Meyer <lena@mail.example>'], 'who has both is asked by mail')
        lab.same(later(lab, post, people, 8), {'fatou': 0, 'sara': 0, 'kofi': 1}, 'who has answered by a channel is not reminded; who is silent is')
        people['kofi'].hears('no answer has reached us yet')
        stops(lab, talk)


def stops(lab, talk):
    lab.stop()
    lab.serve()
    lena = Person(lab, talk, LENA, 'en')
    lena.says('STOP')
    lena.hears('no more messages')
    lab.same(lab.sql("SELECT q.state, q.note, c.stopped_at IS NOT NULL FROM fieldpost.request q JOIN identity.contact c USING (contact_id) WHERE key = 'lena'"),
             [['closed', 'they want no more', 't']], 'who writes STOP by one way has asked for it by all')
    done = lab.run('request', 'send', '--form', 'progress-check', '--to', 'address=lena@mail.example', '--label', 'next', '--dry-run', '--json')
    lab.ok('"paused": 1' in done.stdout, 'and is asked no more', done.stdout + done.stderr)
    done = lab.run('people', 'resume', 'lena@mail.example')
    lab.ok(done.returncode != 0 and '--reason' in done.stderr, 'a stop is not taken back without a reason', done.stdout + done.stderr)
    done = lab.run('people', 'resume', 'lena@mail.example', '--reason', 'she rang')
    lab.ok('stopped' in done.stdout, 'with one it is', done.stdout + done.stderr)
    done = lab.run('request', 'send', '--form', 'progress-check', '--to', 'address=lena@mail.example', '--label', 'next', '--dry-run', '--json')
    lab.ok('"asked": 1' in done.stdout, 'then they may be asked', done.stdout + done.stderr)


main()
