"""Mails that programs write: reports that a mail did not arrive, and automatic replies, as the programs of the world write them. The
same number gives the same mail.

    bounce(kind, n, address, header_id, reference, status)  -> bytes      what came of a mail that we sent
    automatic(kind, n, sender, to)                          -> bytes      what answers a mail that we sent
    BOUNCES, AUTOMATIC                                      the kinds
    lie(mail)                                               the same without the headers that say what it is
"""
import random
import re
from email.utils import format_datetime
from datetime import datetime, timedelta, timezone

BEGIN = datetime(2026, 11, 2, 8, 0, tzinfo=timezone.utc)

# What servers say, by status: words for the diagnostic.
SAYS = {
    '5.1.1': ['550 5.1.1 <{0}>: Recipient address rejected: User unknown in virtual mailbox table',
              '550-5.1.1 The email account that you tried to reach does not exist. 550 5.1.1 https://support.google.com/mail/?p=NoSuchUser',
              "550 5.1.1 RESOLVER.ADR.RecipNotFound; not found"],
    '5.1.2': ['550 5.1.2 <{0}>: Bad destination system: Host unknown'],
    '5.1.10': ['550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient {0} not found by SMTP address lookup'],
    '5.2.1': ['550 5.2.1 The email account that you tried to reach is disabled.'],
    '5.2.2': ['552 5.2.2 <{0}>: Mailbox full', '552-5.2.2 The email account that you tried to reach is over quota. 552 5.2.2 over quota'],
    '5.3.4': ['552 5.3.4 Message size exceeds fixed maximum message size'],
    '5.4.7': ['550 5.4.7 Delivery expired (message too old)'],
    '5.7.1': ['550 5.7.1 Service unavailable; client host blocked using a list'],
    '5.7.26': ["550-5.7.26 Your email has been blocked because the sender is unauthenticated. 550 5.7.26 DMARC"],
    '5.7.515': ["550 5.7.515 Access denied, sending domain EXAMPLE.ORG doesn't meet the required authentication level."],
}
HARD = {'5.1.1', '5.1.2', '5.1.10', '5.2.1'}
OURS = {'5.7.1', '5.7.26', '5.7.515'}


def pick(n, *of):
    return random.Random(n).choice(of)


def says(n, status, address):
    return random.Random(n).choice(SAYS[status]).format(address)


def head(n, fields):
    when = format_datetime(BEGIN + timedelta(minutes=n))
    return ''.join('%s: %s\r\n' % f for f in fields + [('Date', when)])


def original(address, header_id, reference):
    return ('Return-Path: <feedback@fieldpost.example>\r\nFrom: Fieldpost <feedback@fieldpost.example>\r\nTo: %s\r\nSubject: A question\r\n'
            'Message-ID: %s\r\nAuto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n'
            % (address, header_id)), 'Reference: %s\r\n1. Country:\r\n2. What did you learn?\r\n' % reference


def report(n, fields, text, status_part, back, headers_only, text_type='text/plain; charset=utf-8'):
    """multipart/report with its three parts."""
    border = 'b%08x' % n
    top, body = back
    last = ('Content-Type: text/rfc822-headers\r\n\r\n' + top) if headers_only else ('Content-Type: message/rfc822\r\n\r\n' + top + '\r\n' + body)
    return (head(n, fields + [('MIME-Version', '1.0'),
                              ('Content-Type', 'multipart/report; report-type=delivery-status; boundary="%s"' % border)])
            + '\r\nThis is a MIME-encapsulated message.\r\n\r\n--%s\r\nContent-Type: %s\r\n\r\n%s\r\n' % (border, text_type, text)
            + '--%s\r\nContent-Type: message/delivery-status\r\n\r\n%s\r\n' % (border, status_part)
            + '--%s\r\n%s\r\n--%s--\r\n' % (border, last, border))


def blocks(mta, address, status, words, action='failed', **more):
    lines = ['Reporting-MTA: dns; ' + mta, 'Arrival-Date: Mon, 2 Nov 2026 08:00:00 +0000', '']
    if more.get('original'):
        lines.append('Original-Recipient: rfc822;' + more['original'])
    lines += ['Final-Recipient: rfc822; ' + address, 'Action: ' + action, 'Status: ' + status]
    if words:
        lines.append('Diagnostic-Code: smtp; ' + words)
    return '\r\n'.join(lines) + '\r\n'


def postfix(n, address, header_id, reference, status):
    words = says(n, status, address)
    return report(n, [('Return-Path', '<>'), ('From', 'MAILER-DAEMON@mx.example.net (Mail Delivery System)'),
                      ('To', 'feedback@fieldpost.example'), ('Subject', 'Undelivered Mail Returned to Sender'), ('Auto-Submitted', 'auto-replied'),
                      ('Message-ID', '<%d.postfix@mx.example.net>' % n)],
                  'This is the mail system at host mx.example.net.\r\n\r\nI\'m sorry to have to inform you that your message could not\r\n'
                  'be delivered to one or more recipients. It\'s attached below.\r\n\r\n                   The mail system\r\n\r\n<%s>: host '
                  'mx2.example.net[192.0.2.7] said:\r\n    %s (in reply to RCPT TO command)\r\n' % (address, words),
                  blocks('mx.example.net', address, status, words, original=address), original(address, header_id, reference), n % 3 == 0)


def exim(n, address, header_id, reference, status):
    words = says(n, status, address)
    return report(n, [('Return-path', '<>'), ('X-Failed-Recipients', address), ('Auto-Submitted', 'auto-replied'),
                      ('From', 'Mail Delivery System <Mailer-Daemon@exim.example.net>'), ('To', 'feedback@fieldpost.example'),
                      ('References', header_id), ('Subject', 'Mail delivery failed: returning message to sender'),
                      ('Message-ID', '<E%d-0001@exim.example.net>' % n)],
                  'This message was created automatically by mail delivery software.\r\n\r\nA message that you sent could not be delivered to one '
                  'or more of its\r\nrecipients. This is a permanent error. The following address(es) failed:\r\n\r\n  %s\r\n    host '
                  'mx.example.net [192.0.2.8]\r\n    SMTP error from remote mail server after RCPT TO:<%s>:\r\n    %s\r\n' % (address, address, words),
                  blocks('exim.example.net', address, '5.0.0', words), original(address, header_id, reference), n % 2 == 0)


def exim_old(n, address, header_id, reference, status):
    top, body = original(address, header_id, reference)
    return (head(n, [('Return-path', '<>'), ('X-Failed-Recipients', address), ('From', 'Mail Delivery System <Mailer-Daemon@old.example.net>'),
                     ('To', 'feedback@fieldpost.example'), ('Subject', 'Mail delivery failed: returning message to sender'),
                     ('Message-ID', '<O%d-0001@old.example.net>' % n)])
            + '\r\nThis message was created automatically by mail delivery software.\r\n\r\nA message that you sent could not be delivered to '
            'one or more of its\r\nrecipients. This is a permanent error. The following address(es) failed:\r\n\r\n  %s\r\n    SMTP error from '
            'remote mail server after RCPT TO:<%s>:\r\n    host mx.example.net [192.0.2.8]: %s\r\n\r\n------ This is a copy of the message, including '
            'all the headers. ------\r\n\r\n' % (address, address, says(n, status, address)) + top + '\r\n' + body)


def qmail(n, address, header_id, reference, status):
    top, body = original(address, header_id, reference)
    words = says(n, status, address)
    return (head(n, [('Return-Path', '<>'), ('From', 'MAILER-DAEMON@qmail.example.net'), ('To', 'feedback@fieldpost.example'),
                     ('Subject', 'failure notice'), ('Message-ID', '<2026%d.qmail@qmail.example.net>' % n)])
            + "\r\nHi. This is the qmail-send program at qmail.example.net.\r\nI'm afraid I wasn't able to deliver your message to the following "
            "addresses.\r\nThis is a permanent error; I've given up. Sorry it didn't work out.\r\n\r\n<%s>:\r\n192.0.2.9 does not like recipient.\r\n"
            'Remote host said: %s\r\nGiving up on 192.0.2.9.\r\n\r\n--- Below this line is a copy of the message.\r\n\r\n' % (address, words) + top + '\r\n' + body)


def sendmail(n, address, header_id, reference, status):
    words = says(n, status, address)
    return report(n, [('Return-Path', '<MAILER-DAEMON@sm.example.net>'), ('From', 'Mail Delivery Subsystem <MAILER-DAEMON@sm.example.net>'),
                      ('To', 'feedback@fieldpost.example'), ('Subject', 'Returned mail: see transcript for details'),
                      ('Auto-Submitted', 'auto-generated (failure)'), ('Message-ID', '<%d.sm@sm.example.net>' % n)],
                  'The original message was received at Mon, 2 Nov 2026 08:00:00 GMT\r\n\r\n   ----- The following addresses had permanent fatal errors '
                  '-----\r\n<%s>\r\n    (reason: %s)\r\n\r\n   ----- Transcript of session follows -----\r\n... while talking to mx.example.net.:\r\n>>> '
                  'RCPT To:<%s>\r\n<<< %s\r\n' % (address, words, address, words),
                  blocks('sm.example.net', address, status, words), original(address, header_id, reference), False)


EXCHANGE = [
    ('Undeliverable: A question', 'Delivery has failed to these recipients or groups:', 'Diagnostic information for administrators:', 'Generating server'),
    ('Non remis : A question', 'Échec de la remise à ces destinataires ou groupes :', 'Informations de diagnostic pour les administrateurs :', 'Serveur de génération'),
    ('No se puede entregar: A question', 'No se pudo entregar el mensaje a estos destinatarios o grupos:', 'Información de diagnóstico para los administradores:', 'Generando servidor'),
    ('Não_entregue: A question', 'A entrega falhou para estes destinatários ou grupos:', 'Informações de diagnóstico para administradores:', 'Gerando servidor'),
    ('Non recapitabile: A question', 'Impossibile recapitare il messaggio ai destinatari seguenti:', 'Informazioni di diagnostica per gli amministratori:', 'Server di generazione'),
    ('Onbestelbaar: A question', 'Uw bericht is niet bezorgd bij de volgende personen of groepen:', 'Diagnostische gegevens voor beheerders:', 'Server genereren'),
    ('Unzustellbar: A question', 'Fehler bei der Nachrichtenzustellung an folgende Empfänger:', 'Diagnoseinformationen für Administratoren:', 'Generierender Server'),
    ('تعذر التسليم: A question', 'فشل التسليم إلى هؤلاء المستلمين أو المجموعات:', 'معلومات التشخيص للمسؤولين:', 'خادم الإنشاء'),
]


def encoded(text):
    import base64
    return text if text.isascii() else '=?utf-8?B?%s?=' % base64.b64encode(text.encode()).decode()


def exchange(n, address, header_id, reference, status):
    subject, failed, diagnostic, server = pick(n, *EXCHANGE)
    words = says(n, status, address)
    return report(n, [('From', '<postmaster@exchange.example.net>'), ('To', '<feedback@fieldpost.example>'), ('X-MS-Exchange-Message-Is-Ndr', ''),
                      ('Subject', encoded(subject)), ('In-Reply-To', header_id), ('References', header_id), ('Content-Language', 'en'),
                      ('Message-ID', '<%d@EXCH01.exchange.example.net>' % n), ('Auto-Submitted', 'auto-replied')],
                  '%s\r\n\r\n%s<mailto:%s>\r\n\r\n%s\r\n\r\n%s: EXCH01.exchange.example.net\r\n\r\n%s\r\nRemote Server returned \'%s\'\r\n'
                  % (failed, address, address, diagnostic, server, address, words),
                  blocks('EXCH01.exchange.example.net', address, status, words), original(address, header_id, reference), n % 2 == 0)


def exchange_old(n, address, header_id, reference, status):
    """Without a part for machines: the words alone."""
    subject, failed, diagnostic, server = pick(n, *EXCHANGE)
    return (head(n, [('From', '<postmaster@old-exchange.example.net>'), ('To', '<feedback@fieldpost.example>'), ('X-MS-Exchange-Message-Is-Ndr', ''),
                     ('Subject', encoded(subject)), ('In-Reply-To', header_id), ('MIME-Version', '1.0'), ('Content-Type', 'text/plain; charset=utf-8'),
                     ('Content-Transfer-Encoding', '8bit'), ('Message-ID', '<%d@OLD.exchange.example.net>' % n)])
            + '\r\n%s\r\n\r\n%s\r\n\r\n%s\r\n\r\n%s: OLD\r\n\r\n%s\r\n#%s ##\r\n\r\nOriginal message headers:\r\n\r\n' % (
                failed, address, diagnostic, server, address, says(n, status, address)) + original(address, header_id, reference)[0])


def gmail(n, address, header_id, reference, status):
    words = says(n, status, address)
    return report(n, [('Return-Path', '<>'), ('From', 'Mail Delivery Subsystem <mailer-daemon@googlemail.com>'), ('To', 'feedback@fieldpost.example'),
                      ('Auto-Submitted', 'auto-replied'), ('Subject', 'Delivery Status Notification (Failure)'), ('References', header_id),
                      ('In-Reply-To', header_id), ('X-Failed-Recipients', address), ('Message-ID', '<%d.gm@mx.google.com>' % n)],
                  '** Address not found **\r\n\r\nYour message wasn\'t delivered to %s because the address couldn\'t be found, or is unable to receive '
                  'mail.\r\n\r\nThe response from the remote server was:\r\n%s\r\n' % (address, words),
                  blocks('googlemail.com', address, status, words), original(address, header_id, reference), True)


def gmail_old(n, address, header_id, reference, status):
    top, body = original(address, header_id, reference)
    return (head(n, [('Return-Path', '<>'), ('From', 'Mail Delivery Subsystem <mailer-daemon@googlemail.com>'), ('To', 'feedback@fieldpost.example'),
                     ('Subject', 'Delivery Status Notification (Failure)'), ('X-Failed-Recipients', address), ('Auto-Submitted', 'auto-replied'),
                     ('Message-ID', '<%d.gmold@mx.google.com>' % n)])
            + '\r\nDelivery to the following recipient failed permanently:\r\n\r\n     %s\r\n\r\nTechnical details of permanent failure:\r\nGoogle tried to '
            'deliver your message, but it was rejected by the server for the recipient domain example.net by mx.example.net. [192.0.2.10].\r\n\r\nThe error '
            'that the other server returned was:\r\n%s\r\n\r\n----- Original message -----\r\n\r\n' % (address, says(n, status, address)) + top + '\r\n' + body)


def delayed(n, address, header_id, reference, status):
    """No failure yet."""
    return report(n, [('Return-Path', '<>'), ('From', 'MAILER-DAEMON@mx.example.net (Mail Delivery System)'), ('To', 'feedback@fieldpost.example'),
                      ('Subject', 'Delayed Mail (still being retried)'), ('Auto-Submitted', 'auto-replied'), ('Message-ID', '<%d.delay@mx.example.net>' % n)],
                  'This is the mail system at host mx.example.net.\r\n\r\n#### THIS IS A WARNING ONLY.  YOU DO NOT NEED TO RESEND YOUR MESSAGE. ####\r\n',
                  blocks('mx.example.net', address, '4.4.1', 'connect to mx: Connection timed out', 'delayed'), original(address, header_id, reference), True)


def delayed_exim(n, address, header_id, reference, status):
    return (head(n, [('Return-path', '<>'), ('From', 'Mail Delivery System <Mailer-Daemon@exim.example.net>'), ('To', 'feedback@fieldpost.example'),
                     ('Auto-Submitted', 'auto-replied'), ('Subject', 'Warning: message 1abc-0001 delayed 24 hours'), ('References', header_id),
                     ('Message-ID', '<D%d-0001@exim.example.net>' % n)])
            + '\r\nThis message was created automatically by mail delivery software.\r\nA message that you sent has not yet been delivered to one or more of '
            'its\r\nrecipients after more than 24 hours on the queue on exim.example.net.\r\n\r\nThe address to which the message has not yet been delivered '
            'is:\r\n\r\n  %s\r\n    host mx.example.net: 451 4.3.0 try later\r\n\r\nNo action is required on your part. Delivery attempts will continue for\r\n'
            'some time.\r\n' % address)


DELAYS = {'delayed', 'delayed_exim'}
BOUNCES = {f.__name__: f for f in (postfix, exim, exim_old, qmail, sendmail, exchange, exchange_old, gmail, gmail_old, delayed, delayed_exim)}


def bounce(kind, n, address, header_id, reference, status):
    return BOUNCES[kind](n, address, header_id, reference, status).encode()


# ---- automatic replies ----

def reply(n, sender, to, subject, fields, text):
    return (head(n, [('From', 'Aminata Kamara <%s>' % sender), ('To', to), ('Subject', encoded(subject)), ('Message-ID', '<auto%d@%s>' % (n, sender.split('@')[1])),
                     ('MIME-Version', '1.0'), ('Content-Type', 'text/plain; charset=utf-8'), ('Content-Transfer-Encoding', '8bit')] + fields)
            + '\r\n' + text + '\r\n')


AWAY = ['I am out of the office until Monday and will answer then.', 'Je suis absente jusqu\'au lundi et vous répondrai à mon retour.',
        'Estaré fuera de la oficina hasta el lunes.', 'Estarei ausente até segunda-feira.', 'أنا خارج المكتب حتى يوم الاثنين.',
        'म सोमबारसम्म कार्यालयबाहिर छु।', 'Ich bin bis Montag nicht im Büro.', 'Ik ben tot maandag afwezig.']
SUBJECTS = ['Automatic reply: A question', 'Réponse automatique : A question', 'Respuesta automática: A question', 'Resposta automática: A question',
            'رد تلقائي: A question', 'Automatische Antwort: A question']

MARKS = {
    'exchange': [('Auto-Submitted', 'auto-generated'), ('X-Auto-Response-Suppress', 'All'), ('X-MS-Exchange-Inbox-Rules-Loop', 'a@example.net')],
    'outlook': [('Auto-Submitted', 'auto-replied'), ('X-Auto-Response-Suppress', 'OOF, AutoReply')],
    'gmail': [('Auto-Submitted', 'auto-replied'), ('Precedence', 'bulk'), ('X-Autoreply', 'yes')],
    'sieve': [('Auto-Submitted', 'auto-replied (vacation)')],
    'cpanel': [('X-Autorespond', 'yes'), ('X-Autoreply', 'yes'), ('Precedence', 'auto_reply')],
    'plesk': [('Precedence', 'auto_reply')],
    'vacation': [('Precedence', 'junk')],
    'tickets': [('Auto-Submitted', 'auto-generated'), ('X-Auto-Response-Suppress', 'All'), ('X-Ticket', '4711')],
    'notified': [('Auto-Submitted', 'auto-notified; owner-email="a@example.net"')],
    'null-path': [('Return-Path', '<>')],
    'list': [('List-Id', 'Field <field.example.net>'), ('List-Unsubscribe', '<mailto:x@example.net>'), ('Precedence', 'list')],
    'ours': [('X-Fieldpost-Kind', 'acknowledgement')],
}


def receipt(n, sender, to):
    border = 'r%08x' % n
    return (head(n, [('From', sender), ('To', to), ('Subject', 'Read: A question'), ('Message-ID', '<mdn%d@%s>' % (n, sender.split('@')[1])), ('MIME-Version', '1.0'),
                     ('Content-Type', 'multipart/report; report-type=disposition-notification; boundary="%s"' % border)])
            + '\r\n--%s\r\nContent-Type: text/plain\r\n\r\nYour message was read.\r\n--%s\r\nContent-Type: message/disposition-notification\r\n\r\nReporting-UA: x; y\r\n'
            'Final-Recipient: rfc822;%s\r\nOriginal-Message-ID: <q%d@fieldpost.example>\r\nDisposition: manual-action/MDN-sent-manually; displayed\r\n\r\n--%s--\r\n'
            % (border, border, sender, n, border))


def role(n, sender, to):
    return reply(n, pick(n, 'no-reply@', 'noreply@', 'postmaster@', 'mailer-daemon@', 'owner-field@', 'field-request@', 'field-bounces@') + sender.split('@')[1], to,
                 'Thank you', [], 'We have received your message.')


AUTOMATIC = sorted(MARKS) + ['receipt', 'role']


def automatic(kind, n, sender, to):
    if kind == 'receipt':
        return receipt(n, sender, to).encode()
    if kind == 'role':
        return role(n, sender, to).encode()
    return reply(n, sender, to, pick(n, *SUBJECTS), MARKS[kind], pick(n + 1, *AWAY)).encode()


def lie(mail):
    """The same mail without what says that a program wrote it; a bounce as a person's own."""
    names = '|'.join(['Auto-Submitted', 'X-Auto[^:]*', 'Precedence', 'X-MS-[^:]*', 'List-[^:]*', 'Return-Path', 'X-Failed-Recipients', 'X-Fieldpost-[^:]*', 'X-Ticket'])
    top, _, rest = mail.partition(b'\r\n\r\n')
    top = re.sub(rb'(?im)^(%s):[^\r\n]*\r?\n' % names.encode(), b'', top + b'\r\n')[:-2]
    return top + b'\r\n\r\n' + rest
