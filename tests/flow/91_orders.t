#!/usr/bin/python3
"""Forged and careless answers to a digest: nothing leaks, nothing is sent, and it stands in the audit. What is meant is confirmed where the
server does not say who wrote. What is done is told to who gave the order, and to nobody else."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
from answering import Answering  # noqa: E402
from lab import Lab  # noqa: E402

ASK = '#1 thank you, which office was it?'
CLARA = 'clara@example.org'


def refused(lab, world, name, why, text=ASK, sender=CLARA, told=1, again=None, **options):
    """One mail of which nothing may come but an entry in the audit, and what its member, nobody else, is told."""
    sent, before, audits = len(world.post.raw()), world.did(), world.audits()
    if again is not None:
        world.again(*again)
    else:
        world.write(sender, text, **options)
    new = world.new_mails(sent, told)
    good = (world.audits() == audits + (why is not None) and (why in (None, '*') or world.audit() == why) and [m['To'] for m in new] == [CLARA] * told
            and world.did() == before)
    lab.ok(good, name, (world.audit(), [m['To'] for m in new], world.did(), before))
    return new


def done(lab, world, name, to, text=ASK, sender=CLARA, **options):
    """One mail that is done: who gets one; Clara is told. What went to anybody else."""
    sent = len(world.post.raw())
    world.write(sender, text, **options)
    new = world.new_mails(sent, 1 + len(to))
    lab.same(sorted(m['To'] for m in new), sorted(to + [CLARA]), name)
    return [m for m in new if m['To'] != CLARA] + [m for m in new if m['To'] == CLARA]


def careless(lab, world):
    digest = world.digest
    whole = digest.get_body(('plain',)).get_content()
    new = refused(lab, world, 'another line of the digest in the words', {'1': 'others-words'}, '#1 Compare: %s\n' % world.words[2], reply=digest)
    lab.ok('#1' in world.text(new), 'it says which line', world.text(new))
    refused(lab, world, "the whole digest below, Outlook's way without marks and without a head", '*', ASK + '\n\n' + whole, reply=digest)
    refused(lab, world, 'the same, its numbers spoilt', {'1': 'too-long'}, ASK + '\n\n' + whole.replace('#000', '# 000'), reply=digest)
    refused(lab, world, 'a part of it', {'1': 'others-words'}, ASK + '\n\n' + whole[whole.index('IN THEIR OWN WORDS'):][:900].replace('#', ''), reply=digest)
    refused(lab, world, "somebody else's line", {'3': 'not-yours'}, '#3 thank you, which office was it?', reply=digest)
    refused(lab, world, 'a line that is not there', {'900': 'not-yours'}, '#900 thank you, which office was it?', reply=digest)
    lab.same(world.text(refused(lab, world, 'to order about a line that is not theirs', {'3': 'not-yours'}, '#3 read', reply=digest)).replace('#3', '#900'),
             world.text(refused(lab, world, 'or is not there', {'900': 'not-yours'}, '#900 read', reply=digest)), 'is told in the same words')
    refused(lab, world, 'one good order and one bad', {'1': 'not-yours', '3': 'not-yours'}, ASK + '\n#3 read', reply=digest)
    refused(lab, world, 'the bad one first', {'900': 'not-yours', '2': 'not-yours'}, '#900 read\n#2 used in SSR-2026-014', reply=digest)
    refused(lab, world, 'more than 2,000 letters', {'1': 'too-long'}, '#1 ' + 'Which office? ' * 143, reply=digest)
    new = refused(lab, world, 'a signature with a number: to be confirmed', {'1': 'contact'}, ASK + '\nClara Meyer, office 41 22 700 88 99', reply=digest)
    lab.ok('YES' in world.text(new), 'it may be', world.text(new))
    refused(lab, world, 'their own words back: to be confirmed', {'1': 'own-words'}, '#1 You said: %s' % world.words[1], reply=digest)
    refused(lab, world, 'a command with words behind it', {'1': 'unclear'}, '#1 read this to the others', reply=digest)
    refused(lab, world, 'one word', {'1': 'unclear'}, '#1 reda', reply=digest)
    refused(lab, world, 'nothing behind the number', {'1': 'empty'}, '#1', reply=digest)
    refused(lab, world, 'no order at all', None, 'Thank you, all of you.', reply=digest)


def forged(lab, world):
    digest = world.digest
    refused(lab, world, 'the right token from a wrong sender', {'why': 'wrong-sender'}, sender='mallory@evil.example', told=0, reply=digest)
    refused(lab, world, 'the right token, and the server says that it is forged', {'why': 'not-authenticated'}, told=0, reply=digest, result='fail')
    new = refused(lab, world, 'the right sender without a token', {'why': 'no-token'})
    lab.ok('which office' not in world.text(new), 'who writes without a token is not repeated', world.text(new))
    refused(lab, world, 'the right sender with a token that was changed', {'why': 'no-token'}, told=0, reply=digest, spoil=True)
    for name, change, back in (
            ('a digest of 61 days ago', "UPDATE fieldpost.digest SET built_at = built_at - interval '61 days'",
             "UPDATE fieldpost.digest SET built_at = built_at + interval '61 days'"),
            ('a subscription that ended', 'UPDATE fieldpost.subscription SET active = false', 'UPDATE fieldpost.subscription SET active = true')):
        lab.sql(change)
        refused(lab, world, name, {'why': 'expired'}, reply=digest)
        lab.sql(back)
    lab.sql("UPDATE fieldpost.member SET clearance = 'open'")
    refused(lab, world, 'a member whose clearance was lowered since', {'1': 'not-yours'}, reply=digest)
    lab.sql("UPDATE fieldpost.member SET clearance = 'no-name'")
    lab.sql('UPDATE fieldpost.member SET active = false')
    refused(lab, world, 'a member who was taken away', {'why': 'wrong-sender'}, told=0, reply=digest)
    lab.sql('UPDATE fieldpost.member SET active = true')


def replayed(lab, world):
    new = done(lab, world, 'a good order', ['two@field.example'], '#2 thank you, was it the same in May?', reply=world.digest)
    text = ' '.join(world.text(new[1:]).split())
    lab.ok('without your name' in text and 'same in May' in text, 'what was done is told', text)
    refused(lab, world, 'the same bytes once more', None, told=0, again=())
    refused(lab, world, 'the same with another way of travelling', None, told=0, again=(b'Received: from x', b'Received: from elsewhere'))
    refused(lab, world, 'the same Message-ID with other words', {'why': 'replayed'}, told=0, again=(b'in May', b'in June'))


def unreachable(lab, world):
    lab.sql("UPDATE fieldpost.order_told SET made_at = made_at - interval '2 days'")  # twenty of a kind are told a day
    lab.sql("INSERT INTO identity.contact (contact_id, name, country, language, neutral) OVERRIDING SYSTEM VALUE VALUES (77, 'Tom Twofield', 'NP', 'fr', true);"
            "INSERT INTO identity.contact_address (channel, address, contact_id, ordinal) VALUES ('mail', 'two@field.example', 77, 1);"
            "UPDATE fieldpost.feedback SET contact_id = 77 WHERE line_number = 2")
    ask = '#2 thank you, was it the same in April?'
    new = done(lab, world, 'somebody whose mails are to tell nothing outside', ['two@field.example'], ask, reply=world.digest)
    lab.ok(new[0]['Subject'][:4] == '[FP-' and new[0]['Subject'][-1] == ']' and 'a lu ce que vous avez' in world.text(new[:1]),
           'the subject is the reference alone, the mail in their language', new[0].as_string())
    lab.sql('UPDATE identity.contact SET no_content = true')
    refused(lab, world, 'who is to be repeated nothing', {'2': 'others-words'}, '#2 You said: ' + world.words[2], reply=world.digest)
    lab.sql('UPDATE identity.contact SET paused = true')
    refused(lab, world, 'who is paused', {'2': 'unreachable'}, ask, reply=world.digest)
    lab.sql("UPDATE identity.contact SET paused = false; INSERT INTO fieldpost.suppression (address, reason, since) VALUES ('two@field.example', 'asked', now())")
    refused(lab, world, 'who wants no more', {'2': 'unreachable'}, ask, reply=world.digest)
    refused(lab, world, 'nor are they asked again', {'2': 'unreachable'}, '#2 ask again', reply=world.digest)
    lab.sql('DELETE FROM fieldpost.suppression')
    done(lab, world, 'ask again', [], '#2 ask again', reply=world.digest)
    sent = len(world.post.raw())
    lab.sql('UPDATE fieldpost.request SET due_at = now()')  # it waits for their working day
    lab.wait('the request', lambda: len(world.post.raw()) > sent, 20)
    new = world.new_mails(sent, 1)
    lab.ok([m['To'] for m in new] == ['two@field.example'] and new[0]['Message-ID'].startswith('<fp-'), 'the form goes out once more', new[0].as_string())


def languages(lab, world):
    """The words of each language, each in its own mail."""
    for n, (read, used, why, who) in enumerate((
            ('read', 'used in', 'not used because', 'assign'), ('lu', 'Utilisé dans', 'non utilisé car', 'attribuer à'),
            ('leído', 'usado en', 'no usado porque', 'asignar a'), ('lido', 'usado em', 'não usado porque', 'atribuir a'),
            ('مقروء', 'استخدم في', 'لم يستخدم لأن', 'أسند إلى'), ('पढियो', 'प्रयोग भयो', 'प्रयोग भएन किनभने', 'जिम्मा'))):
        lab.sql("DELETE FROM fieldpost.status_change; UPDATE fieldpost.feedback SET state = 'new'")
        numbers = ('१', '२') if n == 5 else ('١', '٢') if n == 4 else ('1', '2')
        done(lab, world, 'orders with the words "%s"' % used, [], '#%s %s\n#%s %s SSR-%d.\n#%s: %s it came too late, nothing else\n#%s %s Clara\n' % (
            numbers[0], read, numbers[1], used, n, numbers[0], why, numbers[1], who), reply=world.digest)
        lab.same(lab.sql('SELECT f.line_number, c.state, c.detail FROM fieldpost.status_change c JOIN fieldpost.feedback f USING (feedback_id) '
                         'ORDER BY c.status_change_id'),
                 [['1', 'read', ''], ['2', 'used', 'SSR-%d.' % n], ['1', 'not-used', 'it came too late, nothing else'], ['2', 'assigned', 'Clara Meyer']],
                 'and they are done')


def confirmed(lab, world):
    sent, before = len(world.post.raw()), world.did()
    world.write(CLARA, ASK, reply=world.digest, result=None)
    asked = world.new_mails(sent, 1)
    lab.ok([m['To'] for m in asked] == [CLARA] and world.did() == before, 'unauthenticated: the member is asked, and nothing is sent')
    refused(lab, world, '"yes" from elsewhere', {'why': 'wrong-sender'}, 'yes', sender='mallory@evil.example', told=0, reply=asked[0], result=None)
    refused(lab, world, '"yes" from there, and forged', {'why': 'not-authenticated'}, 'yes', told=0, reply=asked[0], result='fail')
    refused(lab, world, '"yes" with another token', None, 'yes', told=0, reply=asked[0], result=None, spoil=True)
    refused(lab, world, '"yes" to the digest', None, 'yes', reply=world.digest, result=None)
    refused(lab, world, 'neither yes nor no', {'why': 'unclear'}, 'Who asks?', reply=asked[0], result=None)
    new = done(lab, world, 'when it is confirmed it goes to who wrote the line', ['one@field.example'], 'yes\n', reply=asked[0], result=None)
    lab.ok('which office was it?' in world.text(new[:1]), 'with the words', world.text(new))
    refused(lab, world, 'and once', {'why': 'settled'}, 'yes\n', reply=asked[0], result=None)
    sent = len(world.post.raw())
    world.write(CLARA, ASK, reply=world.digest, result=None)
    asked = world.new_mails(sent, 1)
    refused(lab, world, '"no": nothing', {'why': 'no'}, 'no', told=0, reply=asked[0], result=None)
    refused(lab, world, 'and no "yes" after it', {'why': 'settled'}, 'yes', reply=asked[0], result=None)
    sent = len(world.post.raw())
    world.write(CLARA, ASK, reply=world.digest, result=None)
    asked = world.new_mails(sent, 1)
    refused(lab, world, '"stop": a no', {'why': 'no'}, 'stop', told=0, reply=asked[0], result=None)
    lab.same(lab.sql('SELECT count(*) FROM fieldpost.suppression'), [['0']], 'that stops nothing else')


def whole_digest_quoted(lab, world):
    """As Outlook quotes, with its head and without marks: just the words above it go out."""
    whole = world.digest.get_body(('plain',)).get_content()
    new = done(lab, world, 'top-posted above the whole digest: it goes to who wrote the line', ['two@field.example'],
               '#2 thank you, was it the same in March?\n\nKind regards\nClara Meyer\n+41 22 700 88 99\n\n'
               '________________________________\nFrom: Fieldpost <fieldpost@example.org>\nSent: Monday, 16 November 2026 08:00\n'
               'To: Clara Meyer <clara@example.org>\nSubject: %s\n\n%s' % (world.digest['Subject'], whole), reply=world.digest,
               attachment=('annex-clara.txt', 'The annex of the guidance.'))
    answer = world.whole(new[0].as_bytes()).decode()
    lab.ok('was it the same in March?' in answer and not any(w in answer for w in ('700 88', 'Clara', 'clara', 'annex', world.words[1], world.words[2])),
           'the words alone, nothing of the digest, of the signature and of what was attached', answer)


with Lab('orders') as lab:
    world = Answering(lab)
    careless(lab, world)
    forged(lab, world)
    replayed(lab, world)
    confirmed(lab, world)
    whole_digest_quoted(lab, world)
    unreachable(lab, world)
    languages(lab, world)
