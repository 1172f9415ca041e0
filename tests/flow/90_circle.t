#!/usr/bin/python3
"""The whole circle: feedback, a digest, a staff member's answer, the practitioner gets it and answers, the staff see it. Neither side's address
is in any mail to the other, and nothing of what is restricted, or of who is not to be named, anywhere outside."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
from answering import Answering  # noqa: E402
from lab import Lab  # noqa: E402


def there_and_back(lab, world):
    sent = len(world.post.raw())
    world.write('clara@example.org', '#1 Thank you. Which office sends the forms back?\n\n#2 used in SSR-2026-014\n', reply=world.digest)
    new = world.new_mails(sent, 1)
    lab.same([m['To'] for m in new], ['one@field.example'], 'the answer goes to who wrote the line')
    answer = new[0]
    lab.ok('Which office sends the forms back?' in world.text(new) and 'Justice' in world.text(new), 'with the words, from the team', world.text(new))
    lab.ok(b'clara' not in answer.as_bytes().lower() and b'meyer' not in answer.as_bytes().lower(), 'nothing in it tells who of the team', answer.as_string())
    lab.same(lab.sql('SELECT state, detail FROM fieldpost.status_change'), [['used', 'SSR-2026-014']], 'what becomes of the other line is noted')
    world.write('one@field.example', 'The one in the old harbour. Write to one@field.example or ask Odette Onefield.\n', reply=answer)
    lab.wait('it is heard', lambda: lab.sql("SELECT count(*) FROM fieldpost.response WHERE member_id IS NULL") == [['1']], 20)
    lab.same(lab.sql("SELECT count(*) FROM fieldpost.feedback"), [['3']], 'what the practitioner answers is no other feedback')
    world.write('stranger@evil.example', 'I am the one, really, and say so.\n', reply=answer)
    lab.same(lab.sql("SELECT count(*) FROM fieldpost.response WHERE member_id IS NULL"), [['1']], 'from another address nothing comes into the conversation')
    world.file(4, 'open', 'The fourth report is about a bridge that was never built.')
    world.new_mails(0, 0)
    sent = len(world.post.raw())
    lab.run('digest', 'send', 'Justice')
    new = world.new_mails(sent, 1)
    text = ' '.join(world.text(new).split())
    lab.ok('Which office sends the forms back?' in text and 'The one in the old harbour.' in text, 'both stand in the next digest', text)
    lab.ok('SSR-2026-014' in text, 'and what became of the other line', text)


def nothing_leaks(lab, world):
    """In all that went to anybody else, and in the log."""
    log = lab.log().encode().lower()
    for name, word, owner in (("the unnamed person's name", b'onefield', 'one@'), ("their address", b'one@field.example', 'one@'),
                              ('the restricted words', b'quarantine ledger', 'three@'), ('the restricted name', b'threefield', 'three@'),
                              ('the restricted address', b'three@field.example', 'three@')):
        others = [raw for raw, mail in zip(world.post.raw(), world.post.mails()) if owner not in mail['To']]
        found = [mail for mail in others if word in world.whole(mail).lower()]
        lab.ok(len(others) > 3 and not found and word not in log, name + ' is in no mail to anybody else, and not in the log', b''.join(found).decode())


with Lab('circle') as lab:
    world = Answering(lab)
    there_and_back(lab, world)
    nothing_leaks(lab, world)
