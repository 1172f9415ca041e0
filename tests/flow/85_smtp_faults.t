#!/usr/bin/python3
"""A mail server that misbehaves, in each phase and for one recipient: what it took is not sent again, what it may not have taken is,
under the same Message-ID and with the same bytes, what it refuses for good is given up, and nothing of that, nor a row that
cannot be sent at all, holds the other mails. Two services at one database send each mail once."""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
from faults import FAULTS, Faults  # noqa: E402
from lab import Lab  # noqa: E402

PLAIN, BOTH, CONNECTIONS = 40, 300, 4
# Nobody can know whether these were taken: the line ended, or what came was no answer.
UNCERTAIN = sorted(name for name, (step, _, _, times, taken) in FAULTS.items() if taken and times == 1)
GIVEN_UP = sorted(name for name in FAULTS if name.startswith('never-'))
LONG = """convert_to('{"subject": "S", "text": "' || repeat('é', 50000) || ' ' || repeat('x', 50000) || '"}', 'UTF8')"""
POISON = {  # recipient, body
    'no JSON': ('a@poison.example', b'{"subject": "S", "text": '),
    'a list': ('b@poison.example', b'["S", "T"]'),
    'a NUL': ('c@poison.example', b'{"subject": "S", "text": "a\\u0000b"}'),
    'no UTF-8': ('d@poison.example', b'{"subject": "S", "text": "a\xff"}'),
    'no address': ('nobody', b'{"subject": "S", "text": "T"}'),
    'a long address': (400 * 'e' + '@poison.example', b'{"subject": "S", "text": "T"}'),
    'an address with a line': ('f\r\nRCPT TO:<x@poison.example>', b'{"subject": "S", "text": "T"}'),
}


def insert(name, recipient, body):
    return ("INSERT INTO fieldpost.outbox (kind, recipient, header_id, dedupe_key, body, created_at, next_at) VALUES ('request', "
            "convert_from(decode('%s', 'hex'), 'UTF8'), '<%s@example.org>', '%s', decode('%s', 'hex'), now(), now())" % (
                recipient.encode().hex(), name, name, body.hex()))


def words(text='Words.\n'):
    return json.dumps({'subject': 'S', 'text': text}).encode()


def put(lab):
    rows = [insert('fault-' + name, 'reader@%s.example' % name, words()) for name in FAULTS]
    rows += [insert('poison-%d' % n, recipient, body) for n, (recipient, body) in enumerate(POISON.values())]
    rows += [insert('plain-%d' % n, 'r%d@plain.example' % n, words()) for n in range(PLAIN)]
    lab.sql(insert('long', 'reader@long.example', b'?').replace("decode('3f', 'hex')", LONG))
    lab.sql('BEGIN; ' + '; '.join(rows) + "; NOTIFY fieldpost_outbox; COMMIT")


def left(lab, like=''):
    return int(lab.sql("SELECT count(*) FROM fieldpost.outbox WHERE state IN ('waiting', 'sending') AND header_id LIKE '<%s%%'" % like)[0][0])


def hasten(lab):
    """The next attempt is now; true when none is left."""
    lab.sql("UPDATE fieldpost.outbox SET next_at = now() WHERE state = 'waiting' AND next_at > now(); NOTIFY fieldpost_outbox")
    return left(lab) == 0


def faults(lab, server):
    put(lab)
    lab.ok(lab.wait('the plain ones', lambda: left(lab, 'plain') == 0, 30), 'the others go on')
    lab.ok(lab.wait('all are settled', lambda: hasten(lab), 60), 'all comes to an end', lab.sql(
        "SELECT header_id, state, attempts, last_error FROM fieldpost.outbox WHERE state NOT IN ('sent', 'failed')"))
    state = dict(lab.sql("SELECT substring(header_id FROM '^<(.*)@'), state FROM fieldpost.outbox"))
    for name in sorted(FAULTS):
        taken = server.taken['reader@%s.example' % name]
        wanted = ('failed', 0) if name in GIVEN_UP else ('sent', 2 if name in UNCERTAIN else 1)
        lab.same((state['fault-' + name], len(taken)), wanted, '%s: as often as it must' % name)
        lab.ok(len(set(taken)) <= 1, '%s: the same bytes' % name, taken)
    lab.same([len(server.taken['r%d@plain.example' % n]) for n in range(PLAIN)], PLAIN * [1], 'each of the others once')
    lab.same(sorted(state['poison-%d' % n] for n in range(len(POISON))), len(POISON) * ['failed'], 'what cannot be sent is given up')
    lab.ok(not any('poison' in r or r == 'nobody' for r in server.taken), 'and nobody gets it')
    raw = server.taken['reader@long.example']
    lab.ok(len(raw) == 1 and max(map(len, raw[0].split(b'\r\n'))) <= 76, 'a line of 100,000 letters goes out as short ones', [len(r) for r in raw])
    lab.same(sorted(lab.sql("SELECT object FROM fieldpost.alarm WHERE kind = 'mail-failed' AND cleared_at IS NULL AND object LIKE 'reader@%'")),
             [['reader@%s.example' % name] for name in GIVEN_UP], 'what the server refused for good is an alarm')
    lab.same(lab.sql("SELECT object FROM fieldpost.alarm WHERE kind = 'smtp' AND cleared_at IS NULL"), [], 'and the server is well again')


def sender(lab, server):
    """What the server has against the sender, it has against every mail: none is given up for it."""
    def open_alarms():
        return [row[0] for row in lab.sql("SELECT text FROM fieldpost.alarm WHERE kind = 'smtp' AND cleared_at IS NULL")]

    server.refuses = b'550 5.4.5 daily sending quota exceeded\r\n'
    lab.sql('BEGIN; ' + '; '.join(insert('sender-%d' % n, 's%d@sender.example' % n, words()) for n in range(5)) + '; NOTIFY fieldpost_outbox; COMMIT')
    lab.wait('the refusal', lambda: open_alarms() or left(lab, 'sender') < 5, 30)
    lab.ok(any('quota' in text for text in open_alarms()), 'a server that takes nothing from the sender: an alarm', open_alarms())
    lab.same(left(lab, 'sender'), 5, 'and the mails wait')
    server.refuses = None
    lab.ok(lab.wait('all are sent', lambda: hasten(lab), 60), 'they go when it takes them')
    lab.same([len(server.taken['s%d@sender.example' % n]) for n in range(5)], 5 * [1], 'each once')


def both(lab, server):
    """A second service, with a state folder of its own, at the same database."""
    with open(lab.config_path) as f:
        config = json.load(f)
    config['state_dir'] = os.path.join(lab.folder, 'state2')
    os.mkdir(config['state_dir'], 0o700)
    path, log = os.path.join(lab.folder, 'second.yaml'), os.path.join(lab.folder, 'second.log')
    with open(path, 'w') as f:
        json.dump(config, f)
    with open(log, 'w') as out:
        second = subprocess.Popen([os.path.join(lab.home, 'fieldpost'), 'serve', '--only', 'send', '--config', path], stdout=out, stderr=out,
                                  stdin=subprocess.DEVNULL)
    lab.helpers.append(second)

    def sent():
        with open(log) as f:
            return f.read()

    lab.wait('the second service', lambda: ' info main ready ' in sent() or second.poll() is not None, 30)
    first = lab.log().count(' send sent outbox=')
    lab.sql("INSERT INTO fieldpost.outbox (kind, recipient, header_id, dedupe_key, body, created_at, next_at) SELECT 'request', 'b' || n || '@both.example', "
            "format('<both-%%s@example.org>', n), 'both ' || n, decode('%s', 'hex'), now(), now() FROM generate_series(1, %d) n; "
            "NOTIFY fieldpost_outbox" % (words().hex(), BOTH))
    lab.wait('all are sent', lambda: left(lab, 'both') == 0, 60)
    lab.same([len(server.taken['b%d@both.example' % n]) for n in range(1, BOTH + 1)], BOTH * [1], 'two services: each mail once')
    shares = [lab.log().count(' send sent outbox=') - first, sent().count(' send sent outbox=')]
    lab.ok(min(shares) > 0 and sum(shares) == BOTH, 'both of them sent', shares)
    second.terminate()
    lab.same(second.wait(30), 0, 'and the second one ends well')


def main():
    with Lab('faults') as lab, Faults() as server:
        lab.postgres()
        lab.options['smtp'] = {'host': 'localhost', 'port': server.port, 'tls': 'none', 'from_address': 'field@example.org', 'connections': CONNECTIONS}
        lab.options['limits'] = {'command_seconds': 2, 'connect_seconds': 5}
        lab.serve('--only', 'send')
        faults(lab, server)
        sender(lab, server)
        both(lab, server)


if __name__ == '__main__':
    main()
