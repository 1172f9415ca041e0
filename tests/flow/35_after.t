#!/usr/bin/python3
"""After-actions on bad servers. A folder that is made anew between a look at its status and opening it: what was due with its old UIDs is
not done to the mails that have these numbers now. A server that stalls before a mail is removed is given up in time."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
from lab import SERVERS, Lab, free_ports  # noqa: E402


def commands_in_junk(folder):
    """What was said after each opening of Junk."""
    junk, said = 0, []
    with open(os.path.join(folder, 'transcript'), encoding='latin1') as f:
        for line in f:
            word = line.partition(' ')[2].strip()
            if word.startswith('SELECT'):
                junk = 'Junk' in word
            elif junk:
                said.append(word)
    return said


def main():
    with Lab('after') as lab:
        subprocess.run([os.path.join(SERVERS, 'certs.sh'), lab.certs], check=True)
        port, = free_ports(1)
        bad = os.path.join(lab.folder, 'bad')
        os.mkdir(bad)
        lab.helpers.append(subprocess.Popen([sys.executable, os.path.join(SERVERS, 'badimap.py'), str(port), bad],
                                            stdout=subprocess.DEVNULL))
        lab.mailbox('anew', host='127.0.0.1', port=port, tls='none', user='anew', poll_seconds=5, folders=['INBOX', 'Junk'],
                    after_review='delete')
        lab.mailbox('stall', host='127.0.0.1', port=port, tls='none', user='searchstall', poll_seconds=5, after_review='delete')
        lab.options = {'limits': {'command_seconds': 3}}
        lab.serve('--only', 'intake')
        lab.wait('all folders are read', lambda: lab.totals()['sightings'] == 3)
        lab.sql("UPDATE fieldpost.message SET state = 'review', reason = 'no-answers', settled_at = now()")
        lab.ok(lab.wait('the new Junk is read', lambda: lab.totals()['sightings'] == 4, 30), 'the folder is read anew', lab.log())
        words = 'did not finish its answer within'
        lab.ok(lab.wait('the server is given up', lambda: words in lab.source('stall'), 20), 'a server that stalls is given up in time',
               lab.source('stall'))
        lab.same(lab.sql("SELECT f.name, s.after_state FROM fieldpost.sighting s JOIN fieldpost.folder f USING (folder_id) "
                         "JOIN fieldpost.account a USING (account_id) WHERE a.name = 'anew' ORDER BY f.folder_id"),
                 [['INBOX', 'done'], ['Junk', 'waiting'], ['Junk', 'waiting']], 'what was due in the old one stays undone')
        lab.same([c for c in commands_in_junk(bad) if 'STORE' in c or 'EXPUNGE' in c], [], 'nothing is deleted in the new one')


main()
