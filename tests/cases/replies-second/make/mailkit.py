"""Builds the request, the reply round it and the mail: what the second set of replies is written with."""
import base64
import html
import os
import quopri
import textwrap
import yaml

HERE = os.path.dirname(os.path.abspath(__file__))
CONFIG = os.path.join(HERE, '../../../../config/forms')
LANGUAGES = ('en', 'fr', 'es', 'pt', 'ar', 'ne')

# What stands round the form in a request, and the few words its hints need.
WORDS = {
    'en': ('Dear colleague,', 'We are collecting short accounts of what practitioners have learned, so that policy can be corrected by experience.',
           'Please reply to this email and write your answers after the colons. Leave out what you do not know.', 'Reference', 'one or more of', 'yes', 'no'),
    'fr': ('Chère collègue, cher collègue,', "Nous recueillons de courts récits de ce que les praticiens ont appris, afin que la politique profite de l'expérience.",
           'Répondez simplement à ce message en écrivant vos réponses après les deux-points. Laissez de côté ce que vous ne savez pas.', 'Référence', 'un ou plusieurs parmi', 'oui', 'non'),
    'es': ('Estimada colega, estimado colega:', 'Estamos reuniendo relatos breves de lo que se ha aprendido en la práctica, para que la política se corrija con la experiencia.',
           'Responda a este correo y escriba sus respuestas después de los dos puntos. Omita lo que no sepa.', 'Referencia', 'uno o más de', 'sí', 'no'),
    'pt': ('Cara colega, caro colega,', 'Estamos a reunir relatos breves do que se aprendeu na prática, para que a política seja corrigida pela experiência.',
           'Responda a este email e escreva as suas respostas depois dos dois pontos. Deixe em branco o que não souber.', 'Referência', 'um ou mais de', 'sim', 'não'),
    'ar': ('الزميلة العزيزة، الزميل العزيز،', 'نجمع روايات قصيرة عما تعلمه العاملون في الميدان كي تستفيد السياسة من التجربة.',
           'يرجى الرد على هذه الرسالة وكتابة إجاباتكم بعد النقطتين، واتركوا ما لا تعرفونه.', 'المرجع', 'واحد أو أكثر من', 'نعم', 'لا'),
    'ne': ('आदरणीय साथी,', 'नीति अनुभवबाट सच्चिओस् भनेर हामी कार्यक्षेत्रमा सिकिएका कुराको छोटो विवरण सङ्कलन गर्दैछौं।',
           'कृपया यसै इमेलको जवाफमा कोलनपछि आफ्नो उत्तर लेख्नुहोस्। थाहा नभएको कुरा छोड्नुहोस्।', 'सन्दर्भ', 'एक वा बढी', 'हो', 'होइन'),
}
# The longer words of the mail that is sent nowadays.
PROSE = {
    'en': ['You see in the field what becomes of policies. What have you learned that their authors should know? Your words reach them as they are.',
           'Simply reply to this message and write in the boxes below, or after the colons. Leave out what you do not know.',
           'To get no more of these requests, reply with the one word STOP.'],
    'fr': ["Vous voyez sur le terrain ce que les politiques deviennent. Qu'avez-vous appris que leurs auteurs devraient savoir ? Vos mots leur sont transmis tels quels.",
           'Répondez simplement à ce message en écrivant dans les cases ci-dessous, ou après les deux-points. Laissez de côté ce que vous ne savez pas.',
           'Pour ne plus recevoir ces demandes, répondez par le seul mot STOP.'],
}
DESK = ('Field Feedback Desk', 'feedback+%s@feedback.example.org')


def load_forms():
    forms = {}
    for name in ('field-lesson', 'policy-road-test', 'progress-check'):
        with open(os.path.join(CONFIG, name + '.yaml'), encoding='utf-8') as f:
            forms[name] = yaml.safe_load(f)
    return forms


FORMS = load_forms()


def fields(form):
    return [f['name'] for f in FORMS[form]['fields']]


def field(form, name):
    return next(f for f in FORMS[form]['fields'] if f['name'] == name)


def label(form, name, language):
    return field(form, name)['label'][language]


def hint(form, name, language):
    f = field(form, name)
    words = WORDS[language]
    if f['type'] in ('choice', 'choices'):
        options = ' / '.join(o['label'][language] for o in f['options'])
        return options if f['type'] == 'choice' else '%s: %s' % (words[4], options)
    return {'scale': '%s-%s' % (f.get('min'), f.get('max')), 'date': 'YYYY-MM-DD', 'yes_no': '%s / %s' % words[5:7]}.get(f['type'], '')


def full_label(form, name, language, number=True):
    text = label(form, name, language)
    if hint(form, name, language):
        text += ' (%s)' % hint(form, name, language)
    return ('%d. ' % (fields(form).index(name) + 1) if number else '') + text + ':'


class Request:
    """A request as sent: rows of ('text', line) and ('field', name)."""

    def __init__(self, form, language, reference, long=False):
        self.form, self.language, self.reference = form, language, reference
        self.title = FORMS[form]['title'][language]
        self.subject = '[%s] %s' % (reference, self.title)
        greeting, purpose, instruction, word = WORDS[language][:4]
        prose = PROSE[language] if long and language in PROSE else [purpose, instruction]
        self.rows = [('text', t) for line in [greeting] + prose for t in (line, '')]
        self.rows += [('text', '%s: %s' % (word, reference)), ('text', '')] + [('field', n) for n in fields(form)]

    def label(self, name):
        return full_label(self.form, name, self.language)


def esc(text):
    return html.escape(text, quote=False)


def wrap(line, width):
    if not width or len(line) <= width or not line.strip():
        return [line]
    return textwrap.wrap(line, width, break_long_words=False, break_on_hyphens=False, drop_whitespace=True) or ['']


def flow(line, width, delsp):
    """One paragraph as format=flowed."""
    parts = wrap(line, width or 72)
    made = [(' ' + x if x.startswith((' ', '>', 'From ')) else x) for x in parts]
    return [x + (' ' + (' ' if delsp else '') if i + 1 < len(made) else '') for i, x in enumerate(made)]


def quoted_text(client, request, edits, between):
    """The quoted request as lines of text; edits go behind their labels with the mark, `between` below them without."""
    mark, width = client.get('mark', '> '), client.get('quote_wrap', 0)
    lines = []

    def add(text):
        for part in wrap(text, width):
            lines.append((mark + part).rstrip() if part.strip() == '' else mark + part)
    for kind, what in request.rows:
        if kind == 'text':
            add(what)
            continue
        text = request.label(what)
        if what in edits:
            first, *rest = edits[what].split('\n')
            add(text + ' ' + first)
            for line in rest:
                add(line)
        else:
            add(text + ' ')
        if what in between:
            lines += [''] + [x for line in between[what].split('\n') for x in wrap(line, client.get('wrap', 0))] + ['']
    return lines


def html_answer(text):
    return '<br>'.join(esc(x) for x in text.split('\n'))


def quoted_html(client, request, edits, between, table):
    one = client.get('line', '<div>{}</div>')
    out = [one.format(esc(what) or '<br>') for kind, what in request.rows if kind == 'text']
    rows = []
    direction = ' dir="rtl"' if request.language == 'ar' else ''
    for name in fields(request.form):
        text, answer = esc(request.label(name)), html_answer(edits.get(name, ''))
        if table == 'flat':
            rows.append('<tr><td style="padding:16px 0 5px"><b>%s</b></td></tr>\n<tr><td height="26" valign="top" style="border:1px '
                        'solid #7A8793">%s</td></tr>' % (text, answer or '<br>'))
        elif table == 'pairs':
            rows.append('<tr><td valign="top">%s</td><td>%s</td></tr>' % (text, answer or '&nbsp;'))
        else:
            rows.append(one.format(text + ' ' + answer))
            if name in between:
                rows += [one.format('<span style="color:#1F497D">%s</span>' % (esc(x) or '&nbsp;')) for x in between[name].split('\n')]
    if table in ('flat', 'pairs'):
        return '\n'.join(out) + '\n<table role="presentation"%s cellpadding="0" style="border-collapse:collapse"><tbody>\n%s\n</tbody></table>' % (
            direction, '\n'.join(rows))
    return '\n'.join(out + rows)


def attribution(client, request, person, own_language):
    forms = client['attr']
    text = forms.get(own_language) or forms.get('en') or next(iter(forms.values()))
    reference = request.reference.lower()
    return text.format(n=DESK[0], a=DESK[1] % reference, t=person['name'], ta=person['address'], s=request.subject).split('\n')


def text_part(client, own, request, attr, edits, between, bottom):
    width = client.get('wrap', 0)
    if client.get('flowed'):
        top = [x for line in own for x in flow(line, width, client.get('delsp'))]
    else:
        top = [x for line in own for x in wrap(line, width)]
    quote = quoted_text(client, request, edits, between) if request else []
    if not request:
        return '\n'.join(top)
    return '\n'.join(attr + [''] + quote + [''] + top if bottom else top + [''] + attr + [''] + quote)


def html_part(client, own, request, attr, edits, between, bottom, table):
    one = client.get('line', '<div>{}</div>')
    rtl = request is not None and request.language == 'ar'
    top = '\n'.join(x if x.startswith('<') else one.format(esc(x) or '<br>') for x in own)
    if rtl:
        top = '<div dir="rtl">%s</div>' % top
    if not request:
        return '<html><body>%s</body></html>' % top
    above = '<br>'.join(esc(x) for x in attr)
    quote = quoted_html(client, request, edits, between, table)
    frame = client.get('html') or '<html><body>{own}<br>{attr}<br><blockquote>{quote}</blockquote></body></html>'
    if bottom:
        return frame.format(own='', attr=above, quote=quote).replace('</body></html>', '') + top
    return frame.format(own=top, attr=above, quote=quote)


def transfer(data, how):
    """(name, bytes) of one body in a transfer encoding."""
    if how == 'base64':
        return how, base64.encodebytes(data).replace(b'\n', b'\r\n')
    if how == 'quoted-printable':
        return how, quopri.encodestring(data.replace(b'\r\n', b'\n')).replace(b'\n', b'\r\n')
    return ('7bit' if max(data, default=0) < 0x80 else '8bit'), data


ENCODED = {'cp1252': 'windows-1252', 'cp1256': 'windows-1256'}


def part(kind, text, charset, how, extra='', label=None):
    """A MIME part as bytes: its header and its body."""
    text = text.replace('\r\n', '\n').replace('\n', '\r\n')
    try:
        data = text.encode(charset)
    except UnicodeEncodeError:
        charset = 'utf-8' if label is None else charset
        data = text.encode(charset, 'replace' if label else 'strict')
    if charset.startswith('utf-16') and how not in ('base64', 'quoted-printable'):
        how = 'base64'
    how, data = transfer(data, how)
    head = 'Content-Type: %s; charset="%s"%s\r\nContent-Transfer-Encoding: %s\r\n\r\n' % (kind, label or charset, extra, how)
    return head.encode() + data + (b'' if data.endswith(b'\r\n') else b'\r\n')


def word(text):
    """RFC 2047 when it must be."""
    if text.isascii():
        return text
    out, now = [], ''
    for c in text:
        if len((now + c).encode()) > 42:
            out.append(now)
            now = ''
        now += c
    out.append(now)
    return '\r\n '.join('=?utf-8?B?%s?=' % base64.b64encode(x.encode()).decode() for x in out)


def header(person, subject, date, number, reference, extra='', to=None):
    name = person['name'] if person['name'].isascii() else word(person['name'])
    local = DESK[1] % (reference.lower() if reference else '')
    local = to or local.replace('+@', '@')
    lines = ['Return-Path: <%s>' % person['address'],
             'Received: from mail.%s (mail.%s [198.51.100.%d])' % ((person['address'].split('@')[1],) * 2 + (number % 250 + 1,)),
             '\tby in.feedback.example.org with ESMTPS id s%05d; %s' % (number, date),
             'From: %s <%s>' % (name, person['address']), 'To: %s <%s>' % (DESK[0], local), 'Subject: ' + word(subject),
             'Date: ' + date, 'Message-ID: <second.%d@%s>' % (number, person['address'].split('@')[1]),
             'In-Reply-To: <req.%d@feedback.example.org>' % number, 'MIME-Version: 1.0']
    return ('\r\n'.join(lines + ([extra] if extra else [])) + '\r\n').encode()


def multipart(parts, kind='alternative', boundary='=_second', close=True, extra=''):
    out = ('Content-Type: multipart/%s%s;\r\n boundary="%s"\r\n\r\n' % (kind, extra, boundary)).encode()
    for piece in parts:
        out += b'--' + boundary.encode() + b'\r\n' + piece
    return out + (b'--' + boundary.encode() + b'--\r\n' if close else b'')
