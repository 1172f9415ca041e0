#!/usr/bin/python3
"""Two senders record the last two mails of one digest in the same moment: the digest is sent."""
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
from place import Place, Sql, as_user  # noqa: E402


def digest_with_two_mails(sql):
    team = sql("SELECT team_id FROM api.team_add('Justice', true)")[0][0]
    sql("SELECT api.subscription_add('Justice', '', '{}', 'weekly', 1, 8, 'UTC', 'en', 'skip', now())")
    digest = sql("INSERT INTO digest (subscription_id, period_start, period_end, state, opened_at) SELECT subscription_id, "
                 "now() - interval '7 days', now(), 'ready', now() FROM subscription WHERE team_id = %s RETURNING digest_id" % team)
    return [row[0] for row in sql(
        "INSERT INTO outbox (kind, recipient, header_id, dedupe_key, body, digest_id, state, created_at, next_at) "
        "SELECT 'digest', n || '@example.org', n || '@id', n, '{}', %s, 'sending', now(), now() "
        "FROM unnest('{a,b}'::text[]) n RETURNING outbox_id" % digest[0][0])]


def main():
    as_user()
    print('1..1', flush=True)
    with Place('once') as place:
        place.write_config({})
        place.serve('parse', wait=True)
        one, other = [Sql(os.path.join(place.state, 'postgresql', 'socket')) for _ in range(2)]
        first, second = digest_with_two_mails(place.sql)
        one('BEGIN')
        one('SELECT api.outbox_sent(ARRAY[%s], now())' % first)
        recording = threading.Thread(target=lambda: other('SELECT api.outbox_sent(ARRAY[%s], now())' % second))
        recording.start()
        recording.join(0.5)  # it ends, or waits for the other
        one('COMMIT')
        recording.join()
        state = place.sql('SELECT state FROM digest')[0][0]
        one.close()
        other.close()
    print('%sok 1 - both were recorded, and the digest with them' % ('' if state == 'sent' else 'not '))
    if state != 'sent':
        print('# its state is %s' % state)
    sys.exit(state != 'sent')


if __name__ == '__main__':
    main()
