"""The second set's mail that no person wrote as a reply, what only looks so, forwards, threads and replies that say nothing."""
from mailkit import DESK, Request, esc, header, html_part, multipart, part, quoted_text
from special import (ATTRIBUTION, CHECK, CASES, DATE, LESSON, REFERENCE, ROAD, add, ignored, mail, nothing, person, plain_answers, quote, result, unknown)

AWAY = {
    'en': ('Automatic reply: ', 'I am on leave until 20 November with no access to e-mail. For urgent matters call the duty officer.'),
    'fr': ('Réponse automatique : ', "Je suis en congé jusqu'au 20 novembre. En cas d'urgence, joindre le bureau de Conakry."),
    'es': ('Respuesta automática: ', 'Estaré de comisión en el río hasta el 20 de noviembre, sin correo.'),
    'pt': ('Resposta automática: ', 'Estou de férias até 20 de novembro e responderei no regresso.'),
    'ar': ('رد تلقائي: ', 'أنا في إجازة حتى ٢٠ نوفمبر، وللأمور العاجلة يرجى الاتصال بالمكتب.'),
    'ne': ('स्वत: जवाफ: ', 'म ४ मंसिरसम्म बिदामा छु, फर्केर जवाफ दिनेछु।'),
    'de': ('Automatische Antwort: ', 'Ich bin bis zum 20. November nicht im Büro.'), 'nl': ('Automatisch antwoord: ', 'Ik ben tot 20 november afwezig.'),
    'it': ('Risposta automatica: ', 'Sono assente fino al 20 novembre.'), 'ru': ('Автоматический ответ: ', 'Меня не будет до 20 ноября.'),
}
HEADERS = ['Auto-Submitted: auto-replied', 'Auto-Submitted: auto-replied (vacation)', 'X-Autoreply: yes', 'X-Autorespond: Absence', 'Precedence: auto_reply',
           'Auto-Submitted: Auto-Replied; owner-email="desk@reform.example"', 'Auto-Submitted: auto-generated\r\nX-Auto-Response-Suppress: All',
           'auto-submitted:   (by the server) auto-replied', 'X-AutoReply: YES\r\nPrecedence: bulk', 'Auto-Submitted: auto-notified']


def away():
    for i, (language, (prefix, text)) in enumerate(AWAY.items()):
        who = person(language if language in ('en', 'fr', 'es', 'pt', 'ar', 'ne') else 'en')
        form = (LESSON, ROAD, CHECK)[i % 3]
        subject = prefix + Request(form, 'en', REFERENCE).subject
        body = text + ('\n\n' + quote(form) if i % 2 else '')
        add('away-' + language, mail(body, form, who=who, subject=subject, head=HEADERS[i]), ignored('auto-reply'), 'kind:auto', 'lang:' + language)
    said, want = plain_answers(LESSON, 'en')
    body = said + '\n\n' + quote(LESSON)
    add('away-with-answers', mail(body, head='Auto-Submitted: auto-replied'), ignored('auto-reply'), 'kind:auto')
    good = result(LESSON, 'en', want)
    for name, head in (('bulk', 'Precedence: bulk'), ('list', 'Precedence: list\r\nList-Id: <officers.lists.reform.example>'), ('junk', 'Precedence: junk'),
                       ('suppress', 'X-Auto-Response-Suppress: All'), ('submitted-no', 'Auto-Submitted: no'), ('receipt-asked', 'Disposition-Notification-To: <me@reform.example>')):
        add('person-' + name, mail(body, head=head), good, 'kind:good', 'feat:not-automatic')
    add('person-subject-away', mail(body, subject='Automatic reply: [%s] Lesson from the field' % REFERENCE), good, 'kind:good', 'feat:not-automatic')
    add('person-subject-undelivered', mail(body, subject='Undeliverable: [%s] Lesson from the field' % REFERENCE), good, 'kind:good', 'feat:not-automatic')
    add('person-subject-away-empty', mail('I am away until Monday.', subject='Out of office: [%s] Lesson from the field' % REFERENCE), nothing(LESSON, 'en'), 'kind:no-answers')


def report(kind, blocks, boundary='rpt'):
    out = 'Content-Type: multipart/report; report-type=%s;\r\n boundary="%s"\r\n\r\n' % (kind, boundary)
    for content_type, text in blocks:
        out += '--%s\r\nContent-Type: %s\r\n\r\n%s\r\n' % (boundary, content_type, text.replace('\n', '\r\n'))
    return (out + '--%s--\r\n' % boundary).encode()


def from_daemon(address, name, subject, body, to=None, head=''):
    made = header({'name': name, 'address': address}, subject, DATE, 800 + len(CASES), REFERENCE, head, to).replace(
        ('Return-Path: <%s>' % address).encode(), b'Return-Path: <>')
    return made + body


def returned():
    request = Request(LESSON, 'en', REFERENCE)
    return 'From: Field Feedback Desk <feedback+fp-3xj7t0wq5b@feedback.example.org>\nTo: w@barazatrust.example\nSubject: %s\nMessage-ID: <req.7@feedback.example.org>\n\n%s' % (
        request.subject, '\n'.join(quoted_text({'mark': ''}, request, {}, {})))


def bounces():
    status = ('Reporting-MTA: dns; mx1.barazatrust.example\nArrival-Date: Wed, 4 Nov 2026 08:10:00 +0000\n\nFinal-Recipient: rfc822; w@barazatrust.example\n'
              'Action: %s\nStatus: %s\nDiagnostic-Code: smtp; %s\n')
    for name, address, sender, subject, text, action, code, diagnostic in (
            ('postfix', 'MAILER-DAEMON@mx1.barazatrust.example', 'Mail Delivery System', 'Undelivered Mail Returned to Sender',
             'This is the mail system at host mx1.barazatrust.example.\n\nI\'m sorry to have to inform you that your message could not be delivered.', 'failed', '5.1.1', '550 5.1.1 User unknown'),
            ('exchange-fr', 'postmaster@mission.example', 'Microsoft Outlook', 'Non remis : [%s] Lesson from the field' % REFERENCE,
             "Échec de la remise à ces destinataires : w@barazatrust.example\nL'adresse de messagerie que vous avez entrée est introuvable.", 'failed', '5.1.10', '550 5.1.10 RESOLVER.ADR.RecipNotFound'),
            ('exchange-es', 'postmaster@mission.example', 'Microsoft Outlook', 'No se puede entregar: [%s] Lesson from the field' % REFERENCE,
             'No se pudo entregar el mensaje a w@barazatrust.example.', 'failed', '5.2.2', '552 5.2.2 Mailbox full'),
            ('sendmail-delay', 'MAILER-DAEMON@relay.example', 'Mail Delivery Subsystem', 'Warning: could not send message for past 4 hours',
             '    **********************************************\n    **      THIS IS A WARNING MESSAGE ONLY      **', 'delayed', '4.4.1', '451 connection timed out'),
            ('gmail', 'mailer-daemon@googlemail.com', 'Mail Delivery Subsystem', 'Delivery Status Notification (Failure)',
             '** Address not found **\n\nYour message wasn\'t delivered to w@barazatrust.example.', 'failed', '5.1.1', '550-5.1.1 The email account does not exist'),
            ('relayed', 'postmaster@old.example', 'Mail Delivery', 'Relayed mail', 'Your message was relayed to a system that reports nothing.', 'relayed', '2.0.0', '250 ok'),
            ('courier', 'postmaster@courier.example', 'Courier mail server', 'NOTICE: mail delivery status.', 'UNDELIVERABLE MAIL', 'failed', '5.0.0', '550 no such user')):
        body = report('delivery-status', [('text/plain; charset=utf-8', text), ('message/delivery-status', status % (action, code, diagnostic)), ('message/rfc822', returned())])
        add('bounce-' + name, from_daemon(address, sender, subject, body), ignored('bounce'), 'kind:bounce')
    said, _ = plain_answers(LESSON, 'en')
    plain = lambda text: part('text/plain', text, 'utf-8', '8bit')
    add('bounce-qmail', from_daemon('MAILER-DAEMON@mail.terai.example', 'MAILER-DAEMON', 'failure notice', plain(
        'Hi. This is the qmail-send program at mail.terai.example.\nI\'m afraid I wasn\'t able to deliver your message to the following addresses.\n'
        'This is a permanent error; I\'ve given up. Sorry it didn\'t work out.\n\n<hk@terai.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n'
        '--- Below this line is a copy of the message.\n\nReturn-Path: <feedback@feedback.example.org>\n' + returned())), ignored('bounce'), 'kind:bounce', 'feat:qmail')
    add('bounce-qmail-filled', from_daemon('MAILER-DAEMON@mail.terai.example', 'MAILER-DAEMON', 'failure notice', plain(
        'Hi. This is the qmail-send program at mail.terai.example.\nI tried to deliver a bounce message to this address, but the bounce bounced!\n\n'
        '<hk@terai.example>:\nThis address no longer accepts mail.\n\n--- Below this line is the original bounce.\n\nReturn-Path: <>\nFrom: hk@terai.example\n'
        'To: feedback+fp-3xj7t0wq5b@feedback.example.org\nSubject: Re: [%s] Lesson from the field\n\n%s' % (REFERENCE, said))), ignored('bounce'), 'kind:bounce', 'feat:qmail')
    add('bounce-exim-old', from_daemon('Mailer-Daemon@exim.example', 'Mail Delivery System', 'Mail delivery failed: returning message to sender', plain(
        'This message was created automatically by mail delivery software.\n\nA message that you sent could not be delivered to one or more of its\n'
        'recipients. This is a permanent error. The following address(es) failed:\n\n  w@barazatrust.example\n    Unrouteable address\n\n'
        '------ This is a copy of the message, including all the headers. ------\n\n' + returned()), head='X-Failed-Recipients: w@barazatrust.example'), ignored('bounce'), 'kind:bounce')
    add('bounce-exim-warning', from_daemon('Mailer-Daemon@exim.example', 'Mail Delivery System', 'Warning: message 1kZ9aB-0001 delayed 24 hours', plain(
        'This message was created automatically by mail delivery software.\nA message that you sent has not yet been delivered to one or more of its\n'
        'recipients after more than 24 hours on the queue on exim.example.\n\nThe message identifier is:     1kZ9aB-0001\nThe subject of the message is: [%s] Lesson from the field\n' % REFERENCE)),
        ignored('bounce'), 'kind:bounce')
    add('bounce-yahoo-old', from_daemon('MAILER-DAEMON@yahoo.example', 'Mail Delivery Service', 'Failure Notice', plain(
        'Sorry, we were unable to deliver your message to the following address.\n\n<w@barazatrust.example>:\n554: delivery error: dd This user doesn\'t have an account\n\n'
        '--- Below this line is a copy of the message.\n\n' + returned())), ignored('bounce'), 'kind:bounce')
    add('bounce-postfix-plain', from_daemon('MAILER-DAEMON@mx.reform.example', 'Mail Delivery System', 'Undelivered Mail Returned to Sender', plain(
        'This is the mail system at host mx.reform.example.\n\nI\'m sorry to have to inform you that your message could not\nbe delivered to one or more recipients.\n\n'
        '                   The mail system\n\n<f@reform.example>: host mx.reform.example said: 550 5.1.1 unknown\n')), ignored('bounce', REFERENCE), 'kind:bounce')


def receipts():
    note = 'Reporting-UA: mail.example; %s\nFinal-Recipient: rfc822;w@barazatrust.example\nOriginal-Message-ID: <req.7@feedback.example.org>\nDisposition: %s\n'
    for name, agent, subject, text, disposition in (
            ('outlook', 'Microsoft Outlook', 'Read: ', 'Your message\n\n   To: Wanjiru Ndegwa\n   Subject: [%s] Progress check\n   Sent: Tuesday, November 3, 2026 9:12 AM\n\nwas read on Wednesday, November 4, 2026.' % REFERENCE,
             'manual-action/MDN-sent-manually; displayed'),
            ('outlook-fr', 'Microsoft Outlook', 'Lu : ', "Votre message\n\n  À : Aïssatou\n  Objet : [%s] Progress check\n  Date : 03/11/2026\n\na été lu le 04/11/2026." % REFERENCE, 'automatic-action/MDN-sent-automatically; displayed'),
            ('thunderbird', 'Thunderbird', 'Return Receipt (displayed) - ', 'This is a Return Receipt for the mail that you sent.', 'manual-action/MDN-sent-automatically; displayed'),
            ('deleted', 'Exchange', 'Not read: ', 'Your message was deleted without being read on Wednesday.', 'automatic-action/MDN-sent-automatically; deleted')):
        body = report('disposition-notification', [('text/plain; charset=utf-8', text), ('message/disposition-notification', note % (agent, disposition))])
        add('receipt-' + name, mail_raw(subject + Request(CHECK, 'en', REFERENCE).subject, body), ignored('auto-reply'), 'kind:auto', 'feat:mdn')
    add('receipt-text', mail('Your message\n\n   To:      Wanjiru Ndegwa\n   Subject: [%s] Progress check\n   Date:    Tuesday, November 3, 2026 9:12 AM\n\nwas read on Wednesday, November 4, 2026 8:15 AM.' % REFERENCE, CHECK,
                             subject='Read: [%s] Progress check' % REFERENCE), nothing(CHECK, 'en'), 'kind:no-answers', 'feat:mdn')
    add('abuse', mail_raw('Abuse report', report('feedback-report', [
        ('text/plain', 'This is an email abuse report for an email message received from IP 198.51.100.7.'),
        ('message/feedback-report', 'Feedback-Type: abuse\nUser-Agent: SomeGenerator/1.0\nVersion: 1\n'), ('message/rfc822', returned())])), ignored('auto-reply'), 'kind:auto')


def mail_raw(subject, body):
    return header(person(), subject, DATE, 800 + len(CASES), REFERENCE) + body


FORWARDS = {
    'gmail': '---------- Forwarded message ---------\nFrom: {n} <{a}>\nDate: Wed, 4 Nov 2026 at 07:00\nSubject: {s}\nTo: {t}\n\n',
    'outlook': '________________________________\nFrom: {n} <{a}>\nSent: Wednesday, November 4, 2026 7:00 AM\nTo: {t}\nSubject: {s}\n\n',
    'apple': 'Begin forwarded message:\n\nFrom: {n} <{a}>\nSubject: {s}\nDate: 4 November 2026 at 07:00:00 GMT+3\nTo: {t}\n\n',
    'apple-fr': 'Début du message réexpédié :\n\nDe: {n} <{a}>\nObjet: {s}\nDate: 4 novembre 2026 à 07:00:00 UTC+1\nÀ: {t}\n\n',
    'thunderbird-es': '-------- Mensaje reenviado --------\nAsunto: \t{s}\nFecha: \tWed, 4 Nov 2026 07:00:00 +0000\nDe: \t{n} <{a}>\nPara: \t{t}\n\n',
    'outlook-pt': 'De: {n} <{a}>\nEnviada: quarta-feira, 4 de novembro de 2026 07:00\nPara: {t}\nAssunto: {s}\n\n',
    'arabic': '---------- رسالة مُعاد توجيهها ---------\nمن: {n} <{a}>\nالتاريخ: الأربعاء، 4 نوفمبر 2026\nالموضوع: {s}\nإلى: {t}\n\n',
    'yandex': '-------- Пересылаемое сообщение --------\n04.11.2026, 07:00, "{n}" <{a}>:\n\n',
}


def forwards():
    languages = {'apple-fr': 'fr', 'thunderbird-es': 'es', 'outlook-pt': 'pt', 'arabic': 'ar'}
    for name, block in FORWARDS.items():
        language = languages.get(name, 'en')
        said, _ = plain_answers(LESSON, language)
        other, me = person(language, 1), person(language, 0)
        subject = Request(LESSON, language, REFERENCE).subject
        head = block.format(n=other['name'], a=other['address'], s='Re: ' + subject, t='Field Feedback Desk <feedback@feedback.example.org>')
        want = dict(result(LESSON, language, {}), reason='forwarded')
        add('forward-reply-' + name, mail(head + said, LESSON, language, me, subject='Fwd: ' + subject), want, 'kind:forwarded', 'lang:' + language)
        if name in ('apple', 'yandex'):
            continue
        said, values = plain_answers(CHECK, language)
        subject = Request(CHECK, language, REFERENCE).subject
        head = block.format(n=DESK[0], a='feedback+fp-3xj7t0wq5b@feedback.example.org', s=subject, t=me['address'])
        request = Request(CHECK, language, REFERENCE)
        edits = {n: line.split(': ', 1)[1] for n, line in zip(values, said.split('\n'))}
        body = head + '\n'.join(quoted_text({'mark': ''}, request, edits, {}))
        add('forward-request-' + name, mail(body, CHECK, language, me, subject='Fwd: ' + subject), result(CHECK, language, values), 'kind:good', 'feat:forwarded-request', 'lang:' + language)
        if name in ('gmail', 'outlook', 'apple-fr'):
            body = said + '\n\n' + head + '\n'.join(quoted_text({'mark': ''}, request, {}, {}))
            add('forward-request-above-' + name, mail(body, CHECK, language, me, subject='Fw: ' + subject), result(CHECK, language, values), 'kind:good', 'feat:forwarded-request')
    said, _ = plain_answers(LESSON, 'en')
    inner = header(person('en', 1), 'Re: [%s] Lesson from the field' % REFERENCE, DATE, 5, REFERENCE) + part('text/plain', said, 'utf-8', '8bit')
    body = multipart([part('text/plain', 'See the attached answers of a colleague.', 'utf-8', '8bit'), b'Content-Type: message/rfc822\r\nContent-Disposition: attachment\r\n\r\n' + inner], 'mixed')
    add('forward-attached', mail_raw('Lesson from the field: [%s]' % REFERENCE, body), dict(nothing(LESSON, 'en'), reason='forwarded'), 'kind:forwarded', 'feat:attachment')


def threads():
    said, want = plain_answers(LESSON, 'en')
    older = '\n'.join('> ' + x for x in ('On Mon, 2 Nov 2026 at 10:00, Wanjiru Ndegwa <wanjiru.ndegwa@barazatrust.example> wrote:\n\n> Country: Uganda\n> Lesson for policy: an older answer that must not count\n> Evidence: old').split('\n'))
    request = quote(LESSON)
    add('thread-own-older-below', mail(said + '\n\n' + request + '\n' + older), result(LESSON, 'en', want), 'kind:thread')
    add('thread-own-older-first', mail('Please add one thing.\n\nEvidence: the ledger of May\n\nOn Wed, 4 Nov 2026 at 07:00, Wanjiru Ndegwa <wanjiru.ndegwa@barazatrust.example> wrote:\n'
                                       '> Country: Uganda\n> Lesson for policy: what I wrote before\n'), result(LESSON, 'en', {'evidence': 'the ledger of May'}), 'kind:thread')
    filled = quote(LESSON, edits={'country': 'Uganda', 'lesson': 'old answer', 'programme': 'Old'}, mark='> > ')
    add('thread-level-two', mail(said + '\n\nOn Wed, 4 Nov 2026 at 07:30, Field Feedback Desk <feedback@feedback.example.org> wrote:\n> Thank you. One thing is still open.\n>\n> ' + filled),
        result(LESSON, 'en', want), 'kind:thread')
    block = 'From: {0} <{1}>\nSent: {3}\nTo: {2}\nSubject: Re: [%s] Lesson from the field\n\n' % REFERENCE
    flat = (said + '\n\n' + block.format('Field Feedback Desk', 'feedback@feedback.example.org', 'Wanjiru', 'Wednesday, November 4, 2026 7:30 AM') + 'Thank you. Could you also say what the evidence is?\n\n'
            + block.format('Wanjiru Ndegwa', 'wanjiru.ndegwa@barazatrust.example', 'Field Feedback Desk', 'Tuesday, November 3, 2026 8:00 PM')
            + 'Country: Uganda\nLesson for policy: an older answer\nEvidence: old\nSharing: open\n')
    add('thread-two-blocks', mail(flat), result(LESSON, 'en', want), 'kind:thread')
    add('thread-two-references', mail(said + '\n\n' + quote(LESSON, reference='FP-3XJ7T0WQ5B') + '\n> > Reference: FP-ZZZZZZZZZZ\n> > 1. Country: Uganda'), result(LESSON, 'en', want), 'kind:thread', 'feat:two-references')
    add('reference-body-only', mail(said + '\n\n' + quote(LESSON, attribution='On 3 Nov 2026, Field Feedback Desk wrote:'), subject='my answers', to='feedback@feedback.example.org'), result(LESSON, 'en', want), 'kind:good', 'feat:reference')
    add('reference-address-only', mail(said, subject='Lesson from the field'), result(LESSON, 'en', want), 'kind:good', 'feat:reference')
    add('reference-subject-only', mail(said, to='feedback@feedback.example.org'), result(LESSON, 'en', want), 'kind:good', 'feat:reference')
    add('reference-none', mail(said, subject='Lesson from the field', to='feedback@feedback.example.org'), result(LESSON, 'en', want, reference=None), 'kind:good', 'feat:reference')
    add('reference-wrong', mail(said, subject='Re: [FP-12345] Lesson from the field', to='feedback@feedback.example.org'), result(LESSON, 'en', want, reference=None), 'kind:good', 'feat:reference')


THANKS = {'en': 'Many thanks for this. I will answer after the workshop.', 'fr': 'Merci pour ce message, je vous réponds la semaine prochaine.',
          'es': 'Gracias por escribir; se lo paso a la coordinadora.', 'pt': 'Obrigado, vou responder quando voltar do terreno.',
          'ar': 'شكراً لكم، سأجيب بعد عودتي من الميدان.', 'ne': 'धन्यवाद, जिल्लाबाट फर्केपछि जवाफ दिनेछु।'}


def silence():
    for i, (language, text) in enumerate(THANKS.items()):
        form = (LESSON, ROAD, CHECK)[i % 3]
        add('thanks-' + language, mail(text + '\n\n' + quote(form, language, width=(0, 60, 40)[i % 3]), form, language), nothing(form, language), 'kind:no-answers', 'lang:' + language)
        add('untouched-' + language, mail('\n' + quote(form, language, mark=('> ', '>', '| ')[i % 3], width=(72, 35, 0)[i % 3]), form, language), nothing(form, language),
            'kind:no-answers', 'layout:untouched', 'lang:' + language)
    request = Request(CHECK, 'fr', REFERENCE)
    page = html_part({'html': '<div>{own}</div><hr><div>{attr}</div>{quote}', 'line': '<p>{}</p>'}, ['Bien reçu.'], request, ['De : Field Feedback Desk', 'Date : 3 novembre 2026', 'À : moi', 'Objet : ' + request.subject], {}, {}, False, 'flat')
    add('untouched-html-hr', mail(page, CHECK, 'fr', kind='text/html'), nothing(CHECK, 'fr'), 'kind:no-answers', 'layout:untouched')
    add('stop', mail('STOP\n\n' + quote(LESSON)), nothing(LESSON, 'en'), 'kind:no-answers')
    add('free-mail', mail('Dear all, the workshop is moved to Thursday.\n\nRegards\nWanjiru', subject='Workshop', to='feedback@feedback.example.org', reference=''), unknown(), 'kind:no-template')
    add('free-mail-ar', mail('السلام عليكم، تأجل الاجتماع إلى الخميس.', subject='الاجتماع', to='feedback@feedback.example.org', reference='', language='ar'), unknown(), 'kind:no-template')
    add('tie-mail', mail('Country: Kenya\nProgramme: Border posts\n', subject='Re: your mail', to='feedback@feedback.example.org', reference=''), unknown(), 'kind:no-template')
    add('acknowledgement', mail('Thanks!\n\nOn Wed, 4 Nov 2026 at 09:00, Field Feedback Desk <feedback@feedback.example.org> wrote:\n> Thank you. Understood 3, still open 1\n>\n> UNDERSTOOD\n>\n>   Country → Kenya\n'
                                '>   Programme → Border posts\n>\n> MISSING\n>\n>   A number from 1 to 5 is needed under Progress.\n>\n> Reference: %s\n>\n> 4. Progress (1-5): \n' % REFERENCE, CHECK), nothing(CHECK, 'en'), 'kind:no-answers')
    add('acknowledgement-answered', mail('4. Progress: 3\n\nOn Wed, 4 Nov 2026 at 09:00, Field Feedback Desk <feedback@feedback.example.org> wrote:\n> Thank you. Understood 2, still open 1\n>\n> Reference: %s\n>\n> 4. Progress (1-5): \n' % REFERENCE, CHECK),
        result(CHECK, 'en', {'progress': 3}), 'kind:missing')
