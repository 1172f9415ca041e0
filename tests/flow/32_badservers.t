#!/usr/bin/python3
"""Mail servers that misbehave in every way we know of, each a mailbox of one service, beside one that is well.

None ends the duty, none costs more than a little processor time, each says in words what is wrong, and when the servers
behave again every mail is stored, once.
"""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
from lab import SERVERS, Lab, free_ports, mail  # noqa: E402

# mode -> words of the error while it misbehaves; None: its mail is taken in spite of it; '': that depends on the moment
MODES = {
    'midclose': 'closed the connection',
    'midclosebig': 'more bytes than were asked for',
    'midstall': 'did not finish its answer within',
    'drip': 'did not finish its answer within',
    'giga': 'more bytes than were asked for',
    'gigafull': 'more bytes than were asked for',
    'over32': 'more bytes than were asked for',
    'max32': 'more bytes than were asked for',
    'neg': 'cannot be read as IMAP',
    'nul': None,
    'nulline': 'cannot be read as IMAP',
    'garbage': '',
    'garbage2': None,
    'longline': 'that were expected at most',
    'longflags': 'that were expected at most',
    'deepbs': 'parentheses nested more than',
    'nilbody': 'cannot be fetched',
    'quoted': None,
    'nobody': 'cannot be fetched',
    'bye': 'ended the session: shutting down',
    'byefetch': None,
    'badtag': None,
    'modseq': None,
    'emailid': '',
    'utf8flag': '',
    'literal8': 'cannot be read as IMAP',
    'uidafter': None,
    'expunge': None,
    'lfonly': None,
    'newcode': None,
    'wronguid': 'cannot be fetched',
    'twice': None,
    'flagsonly': None,
    'bye@sizes': 'ended the session: shutting down',
    'midclose@sizes': 'closed the connection',
    'deepbs@sizes': 'parentheses nested more than',
    'longline@sizes': 'that were expected at most',
    'garbage2@sizes': 'cannot be read as IMAP',
    'status': None,
    'idlebye': '',
    'idleclose': '',
    'idleno': '',
    'idleearly': None,
    'idleflood': None,
    'selectno': 'no such folder',
    'novalidity': 'UIDVALIDITY',
    'loginbusy': 'cannot log anybody in',
    'searchhuge': 'that were expected at most',
    'searchzero': None,
}


def main():
    with Lab('badservers') as lab:
        dovecot = lab.dovecot(['good:pw'])
        port, = free_ports(1)
        bad = os.path.join(lab.folder, 'bad')
        os.mkdir(bad)
        lab.helpers.append(subprocess.Popen([sys.executable, os.path.join(SERVERS, 'badimap.py'), str(port), bad],
                                            stdout=subprocess.DEVNULL))
        dovecot.append('good', [mail(i) for i in range(3)])
        lab.mailbox('good', dovecot, user='good')
        for mode in MODES:
            lab.mailbox(mode.replace('@', '.'), host='127.0.0.1', port=port, tls='none', user=mode, poll_seconds=5,
                        **({'folders': ['INBOX', 'Junk']} if mode == 'status' else {}))
        lab.options = {'limits': {'command_seconds': 3, 'connect_seconds': 3}}
        lab.serve('--only', 'intake')
        pid = lab.duty_pid('intake')

        began = time.monotonic()
        time.sleep(5)
        share = lab.cpu_share(pid, 10)
        # Each alone has to stay below 2 %; all of them at once stay not far above what one may take.
        lab.ok(share < 0.05, 'the outage of %d servers at once costs less than 5 %% of a core' % len(MODES),
               'it was %.1f %%' % (share * 100))
        status = lab.status()
        sources = {s['source']: s['status'] or '' for s in status['sources']}
        alarms = {a['object'].split('/')[0]: a['text'] for a in status['alarms']}
        lab.same(next((s['messages'] for s in status['sources'] if s['source'] == 'good'), None), 3,
                 'the mailbox that is well was read meanwhile')
        for mode, words in MODES.items():
            if words:
                said = alarms.get(mode, '') + sources.get(mode.replace('@', '.'), '')
                lab.ok(words in said, '%s: "%s" stands in the status' % (mode, words), said)
            elif words is None:
                lab.ok(sources.get(mode, '').startswith('well'), '%s: is read all the same' % mode, sources.get(mode, ''))

        open(os.path.join(bad, 'well'), 'w').close()
        wanted = 3 + len(MODES) + 1  # one mailbox has a second folder with the same mail
        lab.wait('every mail is stored', lambda: lab.totals()['sightings'] >= wanted, 45)
        seen = {row[0]: int(row[1]) for row in lab.sql(
            'SELECT a.name, count(s.uid) FROM fieldpost.account a LEFT JOIN fieldpost.folder f USING (account_id) '
            'LEFT JOIN fieldpost.sighting s USING (folder_id) GROUP BY 1')}
        for mode in MODES:
            lab.same(seen.get(mode.replace('@', '.')), 2 if mode == 'status' else 1, '%s: its mail is stored, once' % mode)
        lab.same(lab.duty_pid('intake'), pid, 'it is still the same process')
        print('# %.0f s' % (time.monotonic() - began))


main()
