#!/usr/bin/python3
"""The whole circle, by mail and over Telegram: feedback, a digest, a staff member's answer, the practitioner gets it and answers, the staff see it.
Neither side's address is in any message to the other, and nothing of what is restricted, or of who is not to be named, anywhere outside."""
import os
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
from answering import Answering  # noqa: E402
from lab import Lab  # noqa: E402
from providers import Telegram  # noqa: E402

TOKEN, TARA = '123456:bot-token-that-is-secret', 5000000007
REPORT = ('Lesson from the field\nCountry: Nepal\nArea of work: oversight\nWhat did not work: %s\nLesson for policy: Pay the crew before the season.\n'
          'Sharing: no name')


def there_and_back(lab, world):
    sent = len(world.post.raw())
    world.write('clara@example.org', '#1 Thank you. Which office sends the forms back?\n\n#2 used in SSR-2026-014\n', reply=world.digest)
    new = sorted(world.new_mails(sent, 2), key=lambda m: m['To'], reverse=True)
    lab.same([m['To'] for m in new], ['one@field.example', 'clara@example.org'], 'the answer goes to who wrote the line; who gave it is told')
    answer = new[0]
    lab.ok('Which office sends the forms back?' in world.text(new[:1]) and 'Justice' in world.text(new[:1]), 'with the words, from the team', world.text(new))
    lab.ok(b'clara' not in answer.as_bytes().lower() and b'meyer' not in answer.as_bytes().lower(), 'nothing in it tells who of the team', answer.as_string())
    lab.same(lab.sql('SELECT state, detail FROM fieldpost.status_change'), [['used', 'SSR-2026-014']], 'what becomes of the other line is noted')
    sent = len(world.post.raw())
    world.write('one@field.example', 'The one in the old harbour. Write to one@field.example, +232 76 123 456 or ask Odette Onefield.\n', reply=answer)
    heard = world.new_mails(sent, 1)
    lab.same([m['To'] for m in heard], ['clara@example.org'], 'what they answer goes to who asked')
    lab.ok('The one in the old harbour.' in world.text(heard) and '123 456' not in world.text(heard), 'without their number', world.text(heard))
    lab.same(heard[0]['In-Reply-To'], new[1]['In-Reply-To'], 'in the same thread')
    lab.same(lab.sql("SELECT count(*) FROM fieldpost.feedback"), [['3']], 'it is no other feedback')
    world.write('stranger@evil.example', 'I am the one, really, and say so.\n', reply=answer)
    lab.same(lab.sql("SELECT count(*) FROM fieldpost.response WHERE member_id IS NULL"), [['1']], 'from another address nothing comes into the conversation')
    sent = len(world.post.raw())
    world.write('clara@example.org', '#1 Thank you, we shall go and see.', reply=heard[0])
    again = [m for m in world.new_mails(sent, 2) if m['To'] == 'one@field.example']
    lab.ok(len(again) == 1 and again[0]['Subject'] == answer['Subject'] and 'go and see' in world.text(again), 'the answer to it goes the same way', world.text(again))
    world.file(4, 'open', 'The fourth report is about a bridge that was never built.')
    world.new_mails(0, 0)
    sent = len(world.post.raw())
    lab.run('digest', 'send', 'Justice')
    text = ' '.join(world.text(world.new_mails(sent, 1)).split())
    lab.ok('Which office sends the forms back?' in text and 'The one in the old harbour.' in text and 'go and see' in text, 'all of it stands in the next digest', text)
    lab.ok('SSR-2026-014' in text, 'and what became of the other line', text)


def over_a_channel(lab, world, telegram):
    def to_tara():
        return [m['text'] for m in telegram.sent if str(m['chat_id']) == str(TARA)]

    def heard(text, name):
        sent = len(world.post.raw())
        telegram.write(TARA, text)
        new = world.new_mails(sent, 1)
        lab.same([m['To'] for m in new], ['clara@example.org'], name)
        return world.text(new)

    telegram.write(TARA, REPORT % 'The ferry did not run for eleven days.')
    lab.wait('it is filed', lambda: lab.sql('SELECT count(*) FROM fieldpost.feedback') == [['5']], 20)
    world.new_mails(0, 0)
    sent = len(world.post.raw())
    lab.run('digest', 'send', 'Justice')
    digest = world.new_mails(sent, 1)[0]
    number = lab.sql("SELECT line_number FROM fieldpost.feedback ORDER BY feedback_id DESC LIMIT 1")[0][0]
    said, sent = len(to_tara()), len(world.post.raw())
    world.write('clara@example.org', '#%s Thank you. Which ferry was it?' % number, reply=digest)
    lab.wait('the message', lambda: len(to_tara()) > said, 20)
    lab.same([m['To'] for m in world.new_mails(sent, 1)], ['clara@example.org'], 'by Telegram: who gave the order is told')
    text = ''.join(to_tara()[said:])
    lab.ok('Which ferry was it?' in text and 'Justice' in text and 'lara' not in text and 'email' not in text, 'the words come over it, and not who wrote them', text)
    text = heard('The one to the islands. Call +232 76 999 888.', 'what they write then goes to who asked')
    lab.ok('The one to the islands.' in text and '999' not in text and str(TARA) not in text, 'without their number', text)
    lab.ok('At night, too.' in heard('At night, too.', 'and what they add'), 'as they wrote it')
    telegram.write(TARA, REPORT % 'The school has no roof.')
    lab.wait('it is filed', lambda: lab.sql('SELECT count(*) FROM fieldpost.feedback') == [['6']], 20)
    lab.same(lab.sql("SELECT count(*) FROM fieldpost.feedback f JOIN fieldpost.message m USING (message_id) WHERE m.channel = 'bot'"), [['2']],
             'another report is a report')
    telegram.write(TARA, 'stop')
    lab.wait('it is heard', lambda: lab.sql("SELECT count(*) FROM fieldpost.suppression WHERE channel = 'bot'") == [['1']], 20)
    world.new_mails(0, 0)
    said, sent = len(to_tara()), len(world.post.raw())
    world.write('clara@example.org', '#%s And when did it run again?' % number, reply=digest)
    lab.ok('nothing is sent to this person' in ' '.join(world.text(world.new_mails(sent, 1)).split()) and len(to_tara()) == said, 'who stopped gets no more')


def you_said_we_did(lab, world):
    """A month later: one letter of what became of it to who wrote it, and no second one."""
    lab.sql("UPDATE fieldpost.status_change SET created_at = date_trunc('month', now()) - interval '1 day'")
    for again in (False, True):
        sent = len(world.post.raw())
        os.kill(lab.duty_pid('send'), signal.SIGKILL)  # it looks when it begins, then now and then
        if again:
            world.file(4, 'open', 'The fifth report is about the bridge as well.')
        new = world.new_mails(sent, 1)
        if again:
            lab.ok(len(new) == 1 and new[0]['To'] == 'four@field.example', 'once', [(m['To'], m['Subject']) for m in new])
            continue
        text = ' '.join(world.text(new).split())
        lab.ok([m['To'] for m in new] == ['two@field.example'] and new[0]['Subject'].endswith('] You said, we did'), 'a month later who wrote is told', new)
        lab.ok('used in SSR-2026-014' in text and world.words[2][:20] not in text and 'Clara' not in text, 'what became of it, and no more', text)


def everywhere(lab, world):
    """All that stands outside the tables of messages and people: {where: bytes}."""
    places = {'the log': lab.log().encode()}
    for name, query in (('alarms', 'SELECT a::text FROM fieldpost.alarm a'), ('the audit', 'SELECT a::text FROM fieldpost.audit a'),
                        ('errors', 'SELECT error FROM fieldpost.message WHERE error IS NOT NULL UNION ALL SELECT last_error FROM fieldpost.outbox WHERE last_error IS NOT NULL'),
                        ('digests', "SELECT convert_from(rendered, 'UTF8') FROM fieldpost.digest")):
        places[name] = '\n'.join(row[0] for row in lab.sql(query)).encode()
    for folder, _, names in os.walk(os.path.join(lab.folder, 'spool')):
        for name in names:
            places['the spool'] = places.get('the spool', b'') + open(os.path.join(folder, name), 'rb').read()
    places['status'] = (lab.run('status').stdout + lab.run('alarm', 'list').stdout).encode()
    return places


def nothing_leaks(lab, world):
    """In all that went to anybody else, and in all that is said of it."""
    lab.sql("INSERT INTO fieldpost.alarm (kind, object, text, since, last_at, count) VALUES ('probe', 'probe', 'zzprobe', now(), now(), 1)")
    places = everywhere(lab, world)
    lab.ok(len(places) == 6 and b'zzprobe' in places['alarms'] and b'zzprobe' in places['status'] and all(places[p] for p in ('the log', 'the audit', 'digests')),
           'the places that are searched hold something', [(p, len(places[p])) for p in places])
    for name, word, owner in (("the unnamed person's name", b'onefield', 'one@'), ("their address", b'one@field', 'one@'),
                              ('their number', b'76 123 456', 'one@'), ('the restricted words', b'quarantine ledger', 'three@'),
                              ('the restricted name', b'threefield', 'three@'), ('the restricted address', b'three@field', 'three@'),
                              ("the member's name", b'meyer', 'clara@'), ("the member's address", b'clara@', 'clara@')):
        others = [world.whole(raw).lower() for raw, mail in zip(world.post.raw(), world.post.mails()) if owner not in mail['To']]
        found = [mail for mail in others if word in mail]
        said = [place for place in places if word in places[place].lower() and (owner, place) != ('clara@', 'digests')]  # hers name her
        lab.ok(len(others) > 3 and not found and not said, name + ' is in no mail to anybody else, and in nothing that is said', (said, b''.join(found).decode()))


with Lab('circle') as lab:
    telegram = Telegram(TOKEN)
    lab.helpers.append(telegram)
    lab.channel('bot', 'telegram', mode='poll', token=TOKEN, api_url=telegram.url, form='field-lesson', language='en')
    lab.options['asking'] = {'working_days': False, 'hour_from': 0, 'hour_to': 24}
    world = Answering(lab)
    there_and_back(lab, world)
    over_a_channel(lab, world, telegram)
    you_said_we_did(lab, world)
    nothing_leaks(lab, world)
