#!/usr/bin/python3
"""What becomes of channels' messages: a form asked as a conversation over Telegram, in Nepali and in French, with answers that do not fit and
duties killed in the middle; several messages and the parts of an SMS read as one reply; an edit as a revision; opting out; a flood."""
import json
import os
import signal
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
from lab import Lab, free_ports  # noqa: E402
from providers import Telegram  # noqa: E402
from webhook import Sender, sign_standard, standard_body, STANDARD_SECRET  # noqa: E402

TOKEN = '123456:bot-token-that-is-secret'
ASHA, LUC = 5000000001, 5000000002


class Person:
    """Somebody who writes to the bot and waits for its answer."""

    def __init__(self, lab, telegram, person, language):
        self.lab, self.telegram, self.person, self.language = lab, telegram, person, language
        self.seen = 0

    def heard(self):
        return [m['text'] for m in self.telegram.sent if str(m['chat_id']) == str(self.person)]

    def says(self, text):
        return self.telegram.write(self.person, text, language=self.language)

    def hears(self, part, name, seconds=20):
        """The next message to them."""
        self.lab.wait(name, lambda: len(self.heard()) > self.seen, seconds)
        heard = self.heard()
        text = heard[self.seen] if len(heard) > self.seen else ''
        self.seen += 1
        return self.lab.ok(part in text, '%s: %s' % (self.language, name), 'heard %r' % text)

    def asks(self, text, part, name):
        update = self.says(text)
        self.hears(part, name)
        return update


def feedback(lab, where):
    return lab.sql("SELECT f.form_id, f.language, f.sharing, r.answers::text FROM fieldpost.feedback f JOIN fieldpost.feedback_revision r USING "
                   "(feedback_id, revision) JOIN fieldpost.channel_message c ON c.message_id = f.message_id WHERE %s" % where)


def states(lab, where):
    return dict(lab.sql("SELECT m.state || coalesce(' ' || m.reason, ''), count(*) FROM fieldpost.message m JOIN fieldpost.channel_message c "
                        "USING (message_id) WHERE %s GROUP BY 1" % where))


def kill(lab, duty):
    os.kill(lab.duty_pid(duty), signal.SIGKILL)


def nepali(lab, telegram):
    asha = Person(lab, telegram, ASHA, 'ne')
    asha.asks('नमस्ते', 'देश (1/9)\nयो उत्तर आवश्यक छ।', 'a greeting is answered by the first question, in the person\'s language')
    asha.asks('काठमाडौं', 'यो यहाँ मिलेन।', 'a wrong answer is asked once more')
    country = asha.asks('नेपाल', 'कार्यक्रम (2/9)', 'the right one leads on')
    asha.asks('सामुदायिक प्रहरी', '1 – अघि\n2 – दौरान\n3 – पछि', 'options are numbered')
    asha.asks('५', 'यो यहाँ मिलेन।', 'a number that is none of them is asked once more')
    asha.asks('२', 'कामको क्षेत्र (4/9)', 'digits of the language are numbers')
    asha.asks('1, 3', 'के काम गर्‍यो (5/9)', 'several options')
    asha.asks('फिर्ता', 'कामको क्षेत्र (4/9)', 'back')
    kill(lab, 'parse')
    asha.asks('रणनीति र निगरानी', 'के काम गर्‍यो (5/9)', 'options by their words, the parse duty killed before')
    asha.asks('गाउँमा संयुक्त गस्ती।\nमानिसहरू बोल्न थाले।', 'के काम गरेन (6/9)', 'a text of two lines')
    asha.asks('छोड्नुहोस्', 'नीतिका लागि पाठ (7/9)', 'skip')
    asha.asks('छोड्नुहोस्', 'तैपनि खाली राख्न', 'what is needed is not skipped by one word')
    asha.asks('चालकलाई समयमै तलब दिनुहोस्', 'प्रमाण (8/9)', 'and can still be answered')
    asha.asks('-', 'साझेदारी (9/9)', 'a dash is no answer')
    asha.asks('खुला', 'देश → नेपाल\n', 'the end is an echo of what was understood')
    echo = asha.heard()[-1]
    lab.ok('परियोजना चरण → दौरान' in echo and 'खाली राखिएको → के काम गरेन · प्रमाण' in echo and 'कामको क्षेत्र → निगरानी · रणनीति' in echo,
           'ne: with what was left open, by name', echo)
    rows = feedback(lab, "c.sender = '%d'" % ASHA)
    lab.same([r[:3] for r in rows], [['field-lesson', 'ne', 'open']], 'ne: the feedback is filed, once')
    lab.same(json.loads(rows[0][3]) if rows else {}, {
        'country': 'NP', 'programme': 'सामुदायिक प्रहरी', 'phase': 'during', 'activity': ['oversight', 'strategy'],
        'what_worked': 'गाउँमा संयुक्त गस्ती।\nमानिसहरू बोल्न थाले।', 'lesson': 'चालकलाई समयमै तलब दिनुहोस्', 'sharing': 'open'},
        'ne: with typed answers')
    said = lab.sql("SELECT convert_from(w.raw, 'UTF8') FROM fieldpost.feedback_revision r JOIN fieldpost.feedback USING (feedback_id) JOIN "
                   "fieldpost.message_raw w ON w.message_id = (r.provenance -> 'country' ->> 'message')::bigint WHERE form_id = 'field-lesson'")
    lab.same(said, [['नेपाल']], 'ne: each answer names the message that gave it')
    lab.same(states(lab, "c.sender = '%d'" % ASHA), {'filed': '15'}, 'ne: all its messages are settled alike')
    explained = lab.run('explain', lab.sql("SELECT feedback_id FROM fieldpost.feedback WHERE language = 'ne'")[0][0]).stdout
    lab.ok('read with' in explained and 'नेपाल' in explained, 'ne: explain shows them', explained)
    # An answer is edited after the end.
    telegram.push({'edited_message': dict(country['message'], edit_date=int(time.time()), text='भारत')})
    asha.hears('देश → भारत', 'an answer that is edited afterwards is noted')
    lab.wait('revision', lambda: '"IN"' in feedback(lab, "c.sender = '%d'" % ASHA)[0][3])
    lab.same(lab.sql("SELECT f.country, f.revision, (SELECT count(*) FROM fieldpost.feedback_revision r WHERE r.feedback_id = f.feedback_id) "
                     "FROM fieldpost.feedback f WHERE language = 'ne'"), [['IN', '2', '2']], 'ne: as a revision of the same feedback')


def french(lab, telegram):
    luc = Person(lab, telegram, LUC, 'fr')
    luc.asks('Bonjour', 'Pays (1/9)', 'the first question')
    luc.asks('Zembla', 'Cela ne convient pas ici.', 'a wrong answer is asked once more')
    luc.asks('RDC', 'Programme (2/9)', 'the right one leads on')
    luc.asks('Programme: Justice mobile\nDomaine d\'activité: stratégie, contrôle', 'Phase du projet (3/9)', 'several answers at once are taken')
    luc.asks('jamais', 'Cela ne convient pas ici.', 'a second wrong answer')
    kill(lab, 'send')
    luc.asks('toujours', 'Ce qui a fonctionné (5/9)', 'the field stays open; the send duty killed before')
    lab.stop()
    lab.serve()
    luc.asks('bonjour', 'Nous reprenons là où nous en étions.', 'after a pause and a restart it goes on where it was')
    luc.asks('Les juges sont venus', "Ce qui n'a pas fonctionné (6/9)", 'answer')
    luc.asks('passer', 'Leçon pour la politique (7/9)', 'skip')
    luc.asks('Payer les chauffeurs', 'Preuves (8/9)', 'answer')
    luc.asks('passer', 'Partage (9/9)', 'skip')
    luc.asks('3', 'Pas compris · Phase du projet → toujours', 'the echo tells what was not understood')
    rows = feedback(lab, "c.sender = '%d'" % LUC)
    lab.same([r[:3] for r in rows], [['field-lesson', 'fr', 'restricted']], 'fr: the feedback is filed, once')
    lab.same(json.loads(rows[0][3]) if rows else {}, {
        'country': 'CD', 'programme': 'Justice mobile', 'activity': ['oversight', 'strategy'], 'what_worked': 'Les juges sont venus',
        'lesson': 'Payer les chauffeurs', 'sharing': 'restricted'}, 'fr: with typed answers')
    lab.same(len(luc.heard()), luc.seen, 'fr: each was answered once')
    # Opting out in the middle of another one.
    luc.asks('salut', 'Pays (1/9)', 'another one begins')
    luc.asks('STOP', 'Vous ne recevrez plus de messages', 'stop is confirmed')
    luc.says('stop')
    lab.wait('both are read', lambda: states(lab, "c.sender = '%d'" % LUC).get('ignored stopped') == '3')
    lab.sql("INSERT INTO fieldpost.outbox (kind, channel, recipient, header_id, dedupe_key, body, created_at, next_at) VALUES ('reminder', 'bot', "
            "'%d', 'x', 'x', convert_to('{\"text\": \"Rappel\"}', 'UTF8'), now(), now()); SELECT pg_notify('fieldpost_outbox', '')" % LUC)
    time.sleep(1.5)
    lab.same(luc.heard()[luc.seen:], [], 'fr: once; nothing more is sent')
    luc.asks('Bonjour', 'Pays (1/9)', 'until they write again')


def hurt(lab, telegram):
    """Duties are killed at any moment: each question comes at least once, what is answered is filed once."""
    ana = 5000000003
    said = [('olá', 'País'), ('Angola', 'Programa'), ('Justiça', 'Fase do projeto'), ('2', 'Área de trabalho'), ('1', 'O que funcionou'),
            ('patrulhas', 'O que não funcionou'), ('nada', 'Lição para a política'), ('pagar', 'Evidência'), ('relatório', 'Partilha')]
    heard = []
    for i, (text, asked) in enumerate(said):
        telegram.write(ana, text, language='pt')
        if i % 2:
            time.sleep(0.01 * i)
            kill(lab, ('parse', 'send')[i // 2 % 2])
        heard.append(lab.wait(asked, lambda: any(m['text'].split(' (')[0].rsplit('\n', 1)[-1] == asked for m in telegram.sent if
                                                 str(m['chat_id']) == str(ana)), 30))
    telegram.write(ana, '2', language='pt')
    lab.ok(all(heard), 'pt: every question comes though duties are killed', heard)
    lab.ok(lab.wait('filed', lambda: len(feedback(lab, "c.sender = '%d'" % ana)) == 1), 'pt: and what was answered is filed once')
    rows = feedback(lab, "c.sender = '%d'" % ana)
    lab.same(json.loads(rows[0][3]) if rows else {}, {
        'country': 'AO', 'programme': 'Justiça', 'phase': 'during', 'activity': ['strategy'], 'what_worked': 'patrulhas', 'what_did_not': 'nada',
        'lesson': 'pagar', 'evidence': 'relatório', 'sharing': 'no-name'}, 'pt: whole')


def joined(lab, sender, path):
    def post(identity, text, **more):
        body = standard_body(text, **more)
        lab.same(sender.post(path, body, sign_standard(identity, body)), 200, 'taken: ' + identity)
    post('m1', 'Country: Kenya\nLesson from the field')
    post('m2', 'Lesson for policy: pay the drivers')
    lab.ok(lab.wait('filed', lambda: states(lab, "m.channel = 'partner'") == {'filed': '2'}, 30), 'two messages within the window are one reply',
           states(lab, "m.channel = 'partner'"))
    lab.same(feedback(lab, "m_channel(c.message_id) = 'partner'")[0][3:], ['{"lesson": "pay the drivers", "country": "KE", "sharing": "no-name"}'],
             'read as one, filed once')


def flood(lab, telegram):
    for i in range(75):
        telegram.write(5000000077, 'spam %d' % i)
    lab.ok(lab.wait('all are settled', lambda: sum(int(n) for n in states(lab, "c.sender = '5000000077' AND m.state <> 'received'").values()) == 75, 40),
           'a flood: all is stored and settled', states(lab, "c.sender = '5000000077'"))
    lab.same(states(lab, "c.sender = '5000000077'").get('ignored flood'), '15', 'what is more than a person writes is not read')
    lab.ok(any(a['kind'] == 'flood' for a in lab.status()['alarms']), 'and there is an alarm', lab.status()['alarms'])
    answers = len([m for m in telegram.sent if str(m['chat_id']) == '5000000077'])
    lab.ok(0 < answers <= 60, 'nobody is answered more often than they are read', answers)


with Lab('talk') as lab:
    telegram = Telegram(TOKEN)
    lab.helpers.append(telegram)
    port = free_ports(1)[0]
    lab.options['web'] = {'listen': '127.0.0.1:%d' % port}
    lab.channel('bot', 'telegram', mode='poll', token=TOKEN, api_url=telegram.url, form='field-lesson', language='en')
    path = lab.channel('partner', 'standard', secret=STANDARD_SECRET, join_seconds=3)
    lab.serve()
    lab.sql("CREATE FUNCTION public.m_channel(bigint) RETURNS text LANGUAGE sql AS 'SELECT channel FROM fieldpost.message WHERE message_id = $1'")
    sender = Sender(port)
    lab.wait('the listener', lambda: sender.ask('GET', '/readyz')[0] == 200)
    nepali(lab, telegram)
    french(lab, telegram)
    hurt(lab, telegram)
    joined(lab, sender, path)
    flood(lab, telegram)
