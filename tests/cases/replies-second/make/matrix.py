"""Each client in several layouts, languages and forms: good replies, most of the second set."""
import random
import unicodedata
import yaml

from clients import CLIENTS
from mailkit import (HERE, FORMS, Request, attribution, esc, field, fields, full_label, header, hint, html_part, label, multipart, part, text_part)
from values import value

with open(HERE + '/answers.yaml', encoding='utf-8') as _f:
    POOL = yaml.safe_load(_f)

CLOSINGS = {'en': ['Kind regards,', 'Warm greetings from the field,', 'Best,', 'Thank you,'], 'fr': ['Bien à vous,', 'Cordialement,', 'Salutations fraternelles,'],
            'es': ['Un cordial saludo,', 'Saludos,', 'Atentamente,'], 'pt': ['Com os melhores cumprimentos,', 'Abraço,', 'Atenciosamente,'],
            'ar': ['مع خالص التحية،', 'تحياتي،', 'وتفضلوا بقبول فائق الاحترام،'], 'ne': ['धन्यवाद,', 'भवदीय,', 'सादर,']}
PHONES = {'en': ['Sent from my Tecno Spark', 'Sent from my iPad'], 'fr': ['Envoyé de mon Itel', 'Envoyé depuis mon mobile Orange'],
          'es': ['Enviado desde mi Motorola', 'Enviado desde mi teléfono Huawei'], 'pt': ['Enviado do meu Xiaomi', 'Enviado do meu telemóvel'],
          'ar': ['مرسل من هاتفي', 'أُرسلت من هاتف Huawei'], 'ne': ['मेरो मोबाइलबाट पठाइएको', 'Sent from my Redmi']}
DISCLAIMERS = {
    'en': 'This e-mail and any files transmitted with it are confidential and intended solely for the use of the individual or entity to whom they are addressed. If you have received it in error please notify the system manager. Country and programme names are used without prejudice to questions of sovereignty.',
    'fr': "Ce message et toutes les pièces jointes sont établis à l'intention exclusive de leurs destinataires et sont confidentiels. Toute utilisation non conforme à sa destination, toute diffusion ou publication, totale ou partielle, est interdite sauf autorisation expresse.",
    'es': 'Este mensaje y sus archivos adjuntos van dirigidos exclusivamente a su destinatario, pudiendo contener información confidencial sometida a secreto profesional. No está permitida su reproducción o distribución sin autorización expresa.',
    'pt': 'Esta mensagem e quaisquer ficheiros anexos são confidenciais e destinam-se exclusivamente ao uso da pessoa a quem são dirigidos. Se recebeu esta mensagem por engano, avise o remetente e elimine-a.',
    'ar': 'هذه الرسالة وأي مرفقات معها سرية ومخصصة لاستخدام الشخص أو الجهة الموجهة إليها فقط. إذا وصلتك بالخطأ فيرجى إبلاغ المرسل وحذفها من جهازك.',
    'ne': 'यो इमेल र यसका संलग्न फाइलहरू गोप्य छन् र तोकिएको व्यक्तिका लागि मात्र हुन्। भुलवश प्राप्त गर्नुभएको भए कृपया पठाउनेलाई जानकारी गराई मेटाइदिनुहोस्।',
}
FOOTER = ['-- ', 'You received this message because you are subscribed to the Google Groups "Field Officers" group.',
          'To unsubscribe from this group and stop receiving emails from it, send an email to field-officers+unsubscribe@groups.example.']
MAILMAN = ['_______________________________________________', 'Officers mailing list', 'Officers@lists.reform.example',
           'https://lists.reform.example/mailman/listinfo/officers']
GREETINGS = {'en': ['Dear team,', 'Hello,', 'Good morning from the field,'], 'fr': ['Bonjour,', 'Chers collègues,', 'Bonjour à tous,'], 'es': ['Buenos días:', 'Estimados colegas:'],
             'pt': ['Bom dia,', 'Caros colegas,'], 'ar': ['السلام عليكم ورحمة الله،', 'تحية طيبة وبعد،'], 'ne': ['नमस्ते,', 'आदरणीय महोदय,']}
REPLY = {'en': 'Re: ', 'fr': 'RE : ', 'es': 'RV: ', 'pt': 'RES: ', 'ar': 'رد: ', 'ne': 'Re: '}
LAYOUTS = ['copy', 'labels', 'numbers', 'below', 'below-blank', 'bold', 'caps', 'bullets', 'inplace', 'between', 'cells', 'pairs', 'bottom-labels',
           'bottom-numbers', 'own-and-edit', 'shuffled', 'other-language', 'no-quote', 'ul', 'table', 'no-accents', 'flat-between']
HTML_LAYOUTS = ('cells', 'pairs', 'ul', 'table')
SEPARATORS = [': ', ' : ', '\u00a0: ', '： ', ' = ', ' - ', ':\t', ':']


def flat(text):
    return ''.join(c for c in unicodedata.normalize('NFD', text) if not unicodedata.combining(c))


def answered(form, language, rng, layout):
    """field -> (written, value) of a reply: all that is required and most of the rest."""
    variants = POOL[language][form]
    pool = {'programmes': POOL[language]['programmes'], 'answers': rng.choice(variants)}
    picked = {}
    for f in FORMS[form]['fields']:
        name = f['name']
        if f['type'] == 'text' and name not in pool['answers']:
            continue
        if f.get('required') or rng.random() < (0.8 if f['type'] == 'text' else 0.7):
            picked[name] = value(form, name, language, rng, pool)
    return picked


def own_lines(form, language, answers, layout, rng, names):
    """What is written above or below the quote."""
    lines = []
    separator = rng.choice(SEPARATORS)
    style = rng.choice(['%d) ', '%d. ', '%d - ', '%d: '] + (['%d.- '] * 3 if language == 'es' else []))
    for name in names:
        text = answers[name][0] if name in answers else ''
        short = label(form, name, language)
        if layout in ('copy', 'no-quote'):
            lines += ('%s %s' % (full_label(form, name, language), text)).rstrip().split('\n')
        elif not text:
            continue
        elif layout in ('numbers', 'bottom-numbers'):
            lines += (style % (fields(form).index(name) + 1) + text).split('\n')
        elif layout in ('below', 'below-blank'):
            lines += [short + ':'] + ([''] if layout == 'below-blank' else []) + text.split('\n') + ['']
        elif layout == 'bold':
            lines += ('*%s:* %s' % (short, text)).split('\n')
        elif layout == 'caps':
            lines += ('%s: %s' % (short.upper(), text)).split('\n')
        elif layout == 'bullets':
            lines += ('• %s: %s' % (short, text)).split('\n')
        elif layout == 'no-accents':
            lines += ('%s: %s' % (flat(short) if language in ('fr', 'es', 'pt') else short, text)).split('\n')
        else:
            lines += (short + separator + text).split('\n')
    return lines


def own_html(form, language, answers, layout):
    rows = []
    for name in fields(form):
        if name not in answers:
            continue
        text = esc(answers[name][0]).replace('\n', '<br>')
        if layout == 'ul':
            rows.append('<li><b>%s:</b> %s</li>' % (esc(label(form, name, language)), text))
        else:
            rows.append('<tr style="height:15.0pt"><td width="180" style="border:solid windowtext 1.0pt">%s</td><td style="border:solid '
                        'windowtext 1.0pt">%s</td></tr>' % (esc(label(form, name, language)), text))
    return ['<ul>%s</ul>' % ''.join(rows) if layout == 'ul' else '<table class="MsoNormalTable" border="0" cellspacing="0">%s</table>' % ''.join(rows)]


def tail(client, language, person, rng, html_only):
    """Signature, phone line, disclaimer and footer, as the client and the person have them."""
    kind = rng.choice(['none', 'closing', 'closing-job', 'dashes', 'phone', 'disclaimer', 'name', 'none', 'groups', 'mailman'])
    first = person['name'].split()[0]
    closing = rng.choice(CLOSINGS[language])
    if kind == 'none':
        out = ['', client['phone']] if client.get('phone') else []
    elif kind == 'closing':
        out = ['', closing, first]
    elif kind == 'closing-job':
        out = ['', closing, '', person['name'], person['job'], person['place'], person['phone']]
    elif kind == 'dashes':
        out = ['', '-- ', person['name'], person['job'], person['place']]
    elif kind == 'phone':
        out = ['', client.get('phone') or rng.choice(PHONES[language])]
    elif kind == 'disclaimer':
        out = ['', closing, person['name'], '', DISCLAIMERS[language]]
    elif kind == 'name':
        out = ['', person['name']]
    else:
        out = ['', closing, first, ''] + (FOOTER if kind == 'groups' else MAILMAN)
    return out, kind


def split_edits(picked, layout, rng, form, language, pool_answers):
    """(own, edits in the quote, answers between its lines)."""
    if layout in ('inplace', 'cells', 'pairs'):
        return {}, picked, {}
    if layout in ('between', 'flat-between'):
        return {}, {}, picked
    if layout == 'own-and-edit':
        names = list(picked)
        cut = max(1, len(names) // 2)
        return {n: picked[n] for n in names[:cut]}, {n: picked[n] for n in names[cut:]}, {}
    return picked, {}, {}


def normal(name, form, pair, layout):
    """The value as it must come back: an answer's lines are kept; nothing else is."""
    return pair[1]


def build(number, client_name, layout, form, language, seed, long=False):
    rng = random.Random(seed)
    client = CLIENTS[client_name]
    person = rng.choice(POOL[language]['people'])
    reference = 'FP-' + ''.join(rng.choice('0123456789ABCDEFGHJKMNPQRSTVWXYZ') for _ in range(10))
    request_language = rng.choice([x for x in ('en', 'fr', 'es', 'pt') if x != language]) if layout == 'other-language' else language
    request = Request(form, request_language, reference, long)
    picked = answered(form, language, rng, layout)
    own, edits, between = split_edits(picked, layout, rng, form, language, None)
    names = [n for n in fields(form) if n in own or (layout in ('copy', 'no-quote'))]
    if layout == 'shuffled':
        rng.shuffle(names)
    lines = own_html(form, language, own, layout) if layout in ('ul', 'table') else own_lines(form, language, own, layout, rng, names)
    if own and rng.random() < 0.3 and not layout.startswith('bottom'):
        lines = [rng.choice(GREETINGS[language]), ''] + lines
    last, sig = tail(client, language, person, rng, False)
    if layout in ('inplace', 'between', 'cells', 'pairs', 'flat-between'):
        last, sig = [], 'none'
    lines = lines + last
    html_only = layout in ('ul', 'table', 'pairs')
    parts = client['parts']
    if layout in HTML_LAYOUTS and parts == 'text':
        parts = 'html'
    if html_only:
        parts = 'html'
    bottom = layout.startswith('bottom')
    quoted = None if layout == 'no-quote' else request
    attr = attribution(client, request, person, language)
    e, b = {k: v[0] for k, v in edits.items()}, {k: v[0] for k, v in between.items()}
    table = {'cells': 'flat', 'pairs': 'pairs'}.get(layout) or ('' if b or rng.random() < 0.5 else 'flat')
    charset, how = client.get('charset', 'utf-8'), client.get('cte') or rng.choice(['quoted-printable', 'base64', '8bit'])
    text = text_part(client, lines, quoted, attr, e, b, bottom)
    page = html_part(client, lines, quoted, attr, e, b, bottom, table)
    extra = '; format=flowed' + ('; delsp=yes' if client.get('delsp') else '') if client.get('flowed') else ''
    made = {'text': lambda: part('text/plain', text, charset, how, extra), 'html': lambda: part('text/html', page, charset, how),
            'alt': lambda: multipart([part('text/plain', text, charset, how, extra), part('text/html', page, charset, how)])}[parts]()
    dates = ['Wed, 04 Nov 2026 08:15:07 +0000', 'Sat, 07 Nov 2026 19:40:11 +0545', 'Thu, 12 Nov 2026 06:02:55 -0400']
    message = header(person, REPLY[language] + request.subject, rng.choice(dates), number, reference, client.get('header', '')) + made
    values = {n: p[1] for n, p in picked.items()}
    values.setdefault('sharing', 'no-name')
    written_labels = layout in ('copy', 'no-quote', 'labels', 'below', 'below-blank', 'bold', 'caps', 'bullets', 'shuffled', 'other-language', 'bottom-labels',
                                'own-and-edit', 'ul', 'table', 'no-accents')
    want = {'outcome': 'filed', 'reason': None, 'template': form, 'reference': reference,
            'language': language if written_labels else request_language, 'values': values, 'errors': {}}
    tags = ['client:' + client_name, 'layout:' + layout, 'form:' + form, 'lang:' + language, 'kind:good', 'parts:' + parts, 'sig:' + sig]
    return message, want, tags


# Mails of many thousand more that were read wrongly: (client, layout, form, language, seed, long).
FOUND = [
    ('gmail-tr', 'bullets', 'policy-road-test', 'en', 100003, True), ('opera', 'between', 'policy-road-test', 'fr', 100599, True),
    ('superhuman', 'labels', 'progress-check', 'en', 100730, False), ('gnus', 'shuffled', 'policy-road-test', 'fr', 100871, False),
    ('sfr', 'labels', 'policy-road-test', 'es', 100923, True), ('gnus', 'below', 'field-lesson', 'pt', 101213, True),
    ('afterlogic', 'bottom-labels', 'field-lesson', 'ar', 101347, False), ('blackberry-10', 'below-blank', 'field-lesson', 'es', 101419, False),
    ('hinet', 'bullets', 'progress-check', 'en', 101430, False), ('gmail-tr', 'own-and-edit', 'field-lesson', 'en', 101484, True),
    ('mailspring', 'shuffled', 'policy-road-test', 'es', 101491, False), ('mail-ru-app', 'labels', 'policy-road-test', 'ne', 200292, False),
    ('mail-ru-app', 'bullets', 'policy-road-test', 'en', 200485, False), ('qq', 'caps', 'field-lesson', 'en', 201141, False),
    ('superhuman', 'below', 'field-lesson', 'en', 201355, False),
]


def plan():
    """(client, layout, form, language): every client three times, so that layouts, forms and languages go round evenly."""
    rng = random.Random(20261103)
    rows, forms = [], list(FORMS)
    turn = 0
    for i, name in enumerate(CLIENTS):
        client = CLIENTS[name]
        own = [x for x in client['attr']] if client['attr'] else []
        more = [x for x in ('en', 'fr', 'es', 'pt', 'ar', 'ne') if client.get('charset', 'utf-8') == 'utf-8' or x == 'en']
        for j in range(3):
            layout = LAYOUTS[turn % len(LAYOUTS)]
            turn += 1
            if layout.startswith('bottom') and client.get('mark', '> ') == '':
                layout = 'labels'
            if layout == 'flat-between' and client.get('mark', '> ') != '':
                layout = 'between'
            if layout == 'between' and client.get('mark', '> ') == '':
                layout = 'flat-between'
            language = own[j % len(own)] if j < 2 or client.get('charset', 'utf-8') != 'utf-8' else more[(i + j) % len(more)]
            rows.append((name, layout, forms[(i + j) % 3], language))
    return rows
