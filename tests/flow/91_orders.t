#!/usr/bin/python3
"""Forged and careless answers to a digest: nothing leaks, nothing is sent, and it stands in the audit. What is meant is confirmed where the
server does not say who wrote."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
from answering import Answering  # noqa: E402
from lab import Lab  # noqa: E402


def refused(lab, world, name, why, text, sender='clara@example.org', told=1, **options):
    """One mail of which nothing may come but an entry in the audit, and what its member, nobody else, is told."""
    sent = len(world.post.raw())
    world.write(sender, text, **options)
    lab.same(world.audit(), why, name + ': refused, and in the audit')
    new = world.new_mails(sent, told)
    lab.same([m['To'] for m in new], ['clara@example.org'] * told, name + ': nobody else is told')
    lab.same(world.did(), world.before, name + ': nothing is sent, nothing changes')
    return new


def careless(lab, world):
    digest = world.digest
    whole = digest.get_body(('plain',)).get_content()
    new = refused(lab, world, 'another line of the digest in the words', {'1': 'others-words'}, '#1 Compare: %s\n' % world.words[2], reply=digest)
    lab.ok('#1' in world.text(new), 'it says which line', world.text(new))
    refused(lab, world, 'the whole digest below, Outlook\'s way without marks and without a head', {'1': 'too-long'},
            '#1 thank you, which office was it?\n\n' + whole.replace('#000', '# 000'), reply=digest)
    refused(lab, world, "somebody else's line", {'3': 'not-yours'}, '#3 thank you, which office was it?', reply=digest)
    refused(lab, world, 'a line that is not there', {'900': 'not-yours'}, '#900 thank you, which office was it?', reply=digest)
    refused(lab, world, 'one of two', {'1': 'not-yours', '3': 'not-yours'}, '#1 thank you, which office was it?\n#3 read', reply=digest)
    new = refused(lab, world, 'a signature with a number', {'1': 'contact'},
                  '#1 thank you, which office was it?\nClara Meyer, office 41 22 700 88 99', reply=digest, held=True)
    lab.ok('YES' in world.text(new), 'it may be confirmed', world.text(new))
    new = refused(lab, world, 'a command with words behind it', {'1': 'unclear'}, '#1 read this to the others', reply=digest)


def forged(lab, world):
    digest = world.digest
    refused(lab, world, 'the right token from a wrong sender', {'why': 'wrong-sender'}, '#1 thank you, who are you?', sender='mallory@evil.example',
            told=0, reply=digest)
    refused(lab, world, 'the right token, and the server says that it is forged', {'why': 'not-authenticated'}, '#1 thank you, who are you?',
            told=0, reply=digest, result='fail')
    new = refused(lab, world, 'the right sender without a token', {'why': 'no-token'}, '#1 thank you, which office was it?')
    lab.ok('which office' not in world.text(new), 'who writes without a token is not repeated', world.text(new))
    refused(lab, world, 'the right sender with a token that was changed', {'why': 'no-token'}, '#1 thank you, who are you?', told=0, reply=digest,
            spoil=True)


def confirmed(lab, world):
    sent = len(world.post.raw())
    world.write('clara@example.org', '#1 thank you, which office was it?\n', reply=world.digest, result=None)
    asked = world.new_mails(sent, 1)
    lab.same([m['To'] for m in asked], ['clara@example.org'], 'unauthenticated: the member is asked')
    lab.same(world.did(), world.before, 'and nothing is sent')
    world.write('clara@example.org', 'yes\n', reply=asked[0], result=None)
    sent += 1
    new = world.new_mails(sent, 1)
    lab.same([m['To'] for m in new], ['one@field.example'], 'when it is confirmed it goes to who wrote the line')
    lab.ok('which office was it?' in world.text(new), 'with the words', world.text(new))


def whole_digest_quoted(lab, world):
    """As Outlook quotes, with its head and without marks: just the words above it go out."""
    sent, whole = len(world.post.raw()), world.digest.get_body(('plain',)).get_content()
    world.write('clara@example.org', '#2 thank you, was it the same in May?\n\nKind regards\nClara Meyer\n+41 22 700 88 99\n\n'
                '________________________________\nFrom: Fieldpost <fieldpost@example.org>\nSent: Monday, 16 November 2026 08:00\n'
                'To: Clara Meyer <clara@example.org>\nSubject: %s\n\n%s' % (world.digest['Subject'], whole), reply=world.digest)
    new = world.new_mails(sent, 1)
    lab.same([m['To'] for m in new], ['two@field.example'], 'top-posted above the whole digest: it goes to who wrote the line')
    text = world.text(new)
    lab.ok('was it the same in May?' in text and not any(w in text for w in ('700 88', 'Clara', 'clara', world.words[1], world.words[2])),
           'the words alone, nothing of the digest and of the signature', text)


with Lab('orders') as lab:
    world = Answering(lab)
    careless(lab, world)
    forged(lab, world)
    confirmed(lab, world)
    whole_digest_quoted(lab, world)
