"""A service with three persons' replies filed (no-name, open, restricted), a team that is not cleared, its digest, and mails in answer to it."""
import base64
import email
import email.policy
import io
import json
import re
import zipfile

from post import Post

PEOPLE = {1: ('Odette Onefield', 'one@field.example'), 2: ('Tom Twofield', 'two@field.example'), 3: ('Thea Threefield', 'three@field.example'),
          4: ('Fay Fourfield', 'four@field.example')}


class Answering:
    words = {1: 'Nobody who has been beaten knows the number of an officer on duty.',
             2: 'The convoy waited nine days at the crossing because of one missing stamp.',
             3: 'The quarantine ledger was altered twice by the harbour office in June.'}

    def __init__(self, lab):
        self.lab, self.count = lab, 0
        self.dovecot = lab.dovecot(['feedback:pw'])
        self.post = Post(lab)
        lab.mailbox('feedback', self.dovecot, user='feedback', poll_seconds=1)
        lab.options.update(smtp=self.post.options(), mail={'authserv_id': ['mx.example.org']})
        lab.serve()
        for n, level in ((1, 'no-name'), (2, 'open'), (3, 'restricted')):
            self.file(n, level, self.words[n])
        lab.run('team', 'add', 'Justice', '--member', 'clara@example.org', '--member-name', 'Clara Meyer')
        made = lab.run('subscribe', 'Justice', '--weekday', 'monday', '--hour', '8', '--zone', 'UTC', '--language', 'en')
        self.new_mails(0, 0)
        sent = len(self.post.raw())
        done = lab.run('digest', 'send', 'Justice')
        mails = self.new_mails(sent, 1)
        if not mails:
            lab.bail('no digest: ' + made.stderr + done.stderr)
        self.digest = mails[0]

    # ---- what is written to us ----

    def append(self, raw):
        """One more mail of that kind in the mailbox: seen, and if it is another message, read."""
        seen = int(self.lab.sql('SELECT count(*) FROM fieldpost.sighting')[0][0])
        self.dovecot.append('feedback', [raw])
        self.lab.wait('it is read', lambda: self.lab.sql("SELECT (SELECT count(*) FROM fieldpost.sighting) > %d AND NOT EXISTS ("
                                                         "SELECT FROM fieldpost.message WHERE state = 'received')" % seen) == [['t']], 20)
        self.last = raw

    def file(self, n, level, words):
        """A reply of one of the people; whoever is told of it has been told."""
        name, address = PEOPLE[n]
        self.append(self.mail(address, 'Field lesson', 'Lesson from the field\n\nCountry: Nepal\nArea of work: oversight\nWhat did not work: %s\n'
                              'Lesson for policy: %s\nSharing: %s\n' % (words, words, level.replace('-', ' ')), name=name))

    def mail(self, sender, subject, text, name='', more='', result='pass', attachment=None):
        self.count += 1
        head = 'Return-Path: <%s>\n' % sender
        if result:
            head += 'Authentication-Results: mx.example.org; dmarc=%s header.from=%s\n' % (result, sender.split('@')[1])
        head += ('Received: from x by mx.example.org; Tue, 17 Nov 2026 10:00:00 +0000\nMessage-ID: <m%d@there.example>\nFrom: %s <%s>\n'
                 'To: fieldpost@example.org\nSubject: %s\nDate: Tue, 17 Nov 2026 10:00:00 +0000\n%sMIME-Version: 1.0\n'
                 % (self.count, name, sender, subject, more))
        words = 'Content-Type: text/plain; charset=utf-8\n\n%s\n' % text
        if attachment:
            words = ('Content-Type: multipart/mixed; boundary=b\n\n--b\n%s--b\nContent-Type: text/plain; name="%s"\n'
                     'Content-Disposition: attachment; filename="%s"\n\n%s\n--b--\n' % (words, attachment[0], attachment[0], attachment[1]))
        return (head + words).encode()

    def write(self, sender, text, reply=None, result='pass', spoil=False, attachment=None):
        """A mail of somebody; in answer to one of ours as clients answer: its Message-ID and References."""
        more = ''
        if reply:
            references = '%s %s' % (reply['References'] or '', reply['Message-ID'])
            if spoil:
                references = re.sub(r'(ft[dc]\d+m\d+x)([0-9a-f])', lambda m: m.group(1) + '%x' % (15 - int(m.group(2), 16)), references)
            more = 'In-Reply-To: %s\nReferences: %s\n' % (reply['Message-ID'], ' '.join(references.split()))
        self.append(self.mail(sender, 'Re: your digest', text, name='Clara Meyer', more=more, result=result, attachment=attachment))

    def again(self, old=b'', new=b''):
        """The same mail once more: its bytes, or others in one place, the Message-ID always the same."""
        self.append(self.last.replace(old, new))

    # ---- what came of it ----

    @staticmethod
    def whole(raw):
        """A mail with all its parts decoded, and what is in its table."""
        mail = email.message_from_bytes(raw, policy=email.policy.default)
        parts = [raw] + [str(v).encode() for v in mail.values()]
        for part in mail.walk():
            content = part.get_payload(decode=True) or b''
            parts += [content, (part.get_filename() or '').encode()]
            if content[:2] == b'PK':
                table = zipfile.ZipFile(io.BytesIO(content))
                parts += [table.read(name) for name in table.namelist()]
        return b'\n'.join(parts)

    def new_mails(self, since, count):
        """Those that went out since there were so many; waits for them, and that nothing waits any more."""
        lab = self.lab
        lab.wait('%d mails' % count, lambda: len(self.post.raw()) >= since + count, 20)
        lab.wait('nothing waits', lambda: lab.sql("SELECT (SELECT count(*) FROM fieldpost.outbox WHERE state IN ('waiting', 'sending')) + "
                 "(SELECT count(*) FROM fieldpost.order_told WHERE outbox_id IS NULL) + (SELECT count(*) FROM fieldpost.response WHERE waits)") == [['0']], 20)
        return self.post.mails()[since:]

    def did(self):
        """What would show that an order was done."""
        return self.lab.sql("SELECT (SELECT count(*) FROM fieldpost.response), (SELECT count(*) FROM fieldpost.status_change), "
                            "(SELECT count(*) FROM fieldpost.outbox WHERE kind IN ('answer', 'request')), (SELECT count(*) FROM fieldpost.request), "
                            "(SELECT count(*) FROM fieldpost.feedback), (SELECT string_agg(state::text, ' ' ORDER BY feedback_id) FROM fieldpost.feedback)")

    def audits(self):
        return int(self.lab.sql("SELECT count(*) FROM fieldpost.audit WHERE action LIKE 'order%'")[0][0])

    def audit(self):
        rows = self.lab.sql("SELECT detail FROM fieldpost.audit WHERE action LIKE 'order%' ORDER BY audit_id DESC LIMIT 1")
        detail = json.loads(rows[0][0]) if rows else {}
        detail.pop('token', None)
        return detail

    @staticmethod
    def text(mails):
        return '\n'.join(m.get_body(('plain',)).get_content() for m in mails)
