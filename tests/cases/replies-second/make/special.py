"""What the second set holds besides the matrix: messages from channels, values that are not valid, remarks, forwards, threads, empty
replies, charsets and broken MIME. Each is written with the result that the contract asks for. A text is a message; bytes are a mail."""
import base64

from mailkit import DESK, FORMS, Request, field, header, html_part, multipart, part, quoted_text
from matrix import POOL

CASES = []
LESSON, ROAD, CHECK = 'field-lesson', 'policy-road-test', 'progress-check'
REQUIRED = {f: [x['name'] for x in FORMS[f]['fields'] if x.get('required')] for f in FORMS}
DATE = 'Wed, 04 Nov 2026 08:15:07 +0000'
REFERENCE = 'FP-3XJ7T0WQ5B'
ATTRIBUTION = 'On Tue, 3 Nov 2026 at 09:12, Field Feedback Desk <feedback+fp-3xj7t0wq5b@feedback.example.org> wrote:'


def result(form, language, values=None, errors=None, reference=REFERENCE, reason=None, **more):
    """What must come back; unless given otherwise each required field that has no value is an error, and sharing its default."""
    values, errors = dict(values or {}), dict(errors or {})
    if form:
        for name in REQUIRED[form]:
            if name not in values and name not in errors:
                errors[name] = 'missing-required'
        if 'sharing' not in errors:
            values.setdefault('sharing', 'no-name')
    if reason is None and errors:
        reason = 'invalid-value' if 'invalid-value' in errors.values() else 'missing-required'
    return dict({'outcome': 'review' if reason else 'filed', 'reason': reason, 'template': form, 'reference': reference, 'language': language,
                 'values': values, 'errors': errors}, **more)


def nothing(form, language, reference=REFERENCE):
    return result(form, language, reference=reference, reason='no-answers')


def unknown(reference=None):
    return {'outcome': 'review', 'reason': 'no-template', 'template': None, 'reference': reference, 'language': None, 'values': {}, 'errors': {}}


def ignored(reason, reference=REFERENCE):
    return {'outcome': 'ignored', 'reason': reason, 'template': None, 'reference': reference, 'language': None, 'values': {}, 'errors': {}}


def add(name, message, want, *tags):
    CASES.append((name, message, want, list(tags)))


def say(name, text, want, *tags):
    """A message from a channel."""
    add(name, text, want, 'client:message', *tags)


def person(language='en', i=0):
    return POOL[language]['people'][i]


def quote(form, language='en', mark='> ', edits=None, between=None, attribution=ATTRIBUTION, width=0, reference=REFERENCE):
    request = Request(form, language, reference)
    return '\n'.join([attribution, ''] + quoted_text({'mark': mark, 'quote_wrap': width}, request, edits or {}, between or {}))


def mail(text, form=LESSON, language='en', who=None, subject=None, charset='utf-8', how='8bit', extra='', reference=REFERENCE, to=None, kind='text/plain',
         label=None, date=DATE, head=''):
    who = who or person(language)
    if subject is None:
        subject = 'Re: ' + Request(form, language, reference).subject
    return header(who, subject, date, 700 + len(CASES), reference, head, to) + part(kind, text, charset, how, extra, label)


def typed(name, form, field_name, written, value, rest=None, language='en'):
    """One field written one way, beside good answers to what is required; value None: not valid."""
    base = {LESSON: {'country': ('Kenya', 'KE'), 'lesson': ('Start with the sergeants', 'Start with the sergeants')},
            ROAD: {'policy_ref': ('SSR-2024-017', 'SSR-2024-017'), 'endorsement': ('2', 'with-changes')},
            CHECK: {'country': ('Kenya', 'KE'), 'programme': ('Border posts', 'Border posts'), 'progress': ('3', 3)}}[form]
    base = dict(base)
    base[field_name] = (written, value)
    lines, values, errors = [FORMS[form]['title'][language]], {}, {}
    for f in FORMS[form]['fields']:
        if f['name'] in base:
            lines.append('%s: %s' % (f['label'][language], base[f['name']][0]))
            if base[f['name']][1] is None:
                errors[f['name']] = 'invalid-value'
            elif base[f['name']][1] != '':
                values[f['name']] = base[f['name']][1]
    say('value-' + name, '\n'.join(lines), result(form, language, values, errors, reference=None), 'kind:' + ('invalid' if value is None else 'good'),
        'form:' + form, 'lang:' + language, 'val:' + name)


def values():
    for name, form, field_name, written, value, language in (
            ('congo', LESSON, 'country', 'Congo', None, 'en'), ('congo-fr', LESSON, 'country', 'le Congo', None, 'fr'),
            ('congo-ar', LESSON, 'country', 'الكونغو', None, 'ar'), ('congo-ne', CHECK, 'country', 'कङ्गो', None, 'ne'),
            ('congo-es', CHECK, 'country', 'Congo.', None, 'es'), ('congo-kinshasa', CHECK, 'country', 'Congo-Kinshasa', 'CD', 'pt'),
            ('two-countries', LESSON, 'country', 'Nepal and India', None, 'en'), ('two-countries-slash', CHECK, 'country', 'Mali / Níger', None, 'es'),
            ('country-typo', LESSON, 'country', 'Keneya', None, 'en'), ('country-region', LESSON, 'country', 'West Africa', None, 'en'),
            ('country-city', CHECK, 'country', 'Nairobi', None, 'en'), ('country-lower-code', CHECK, 'country', 'tls', 'TL', 'en'),
            ('country-sentence', LESSON, 'country', 'I work in Kenya', None, 'en'),
            ('about', CHECK, 'people_reached', 'about 350', None, 'en'), ('environ', CHECK, 'people_reached', 'environ 350', None, 'fr'),
            ('hacia', CHECK, 'people_reached', 'unas 350', None, 'es'), ('range', CHECK, 'people_reached', '350-400', None, 'en'),
            ('or', CHECK, 'people_reached', '350 or 400', None, 'en'), ('decimals', CHECK, 'people_reached', '3.5', None, 'en'),
            ('million', CHECK, 'people_reached', '3 million', None, 'en'), ('mille', CHECK, 'people_reached', '2 mille', None, 'fr'),
            ('alf', CHECK, 'people_reached', '٣ آلاف', None, 'ar'), ('hajar', CHECK, 'people_reached', '५ हजार', None, 'ne'),
            ('below-zero', CHECK, 'people_reached', '-5', None, 'en'), ('two-numbers', CHECK, 'people_reached', '1200 people in 3 districts', None, 'en'),
            ('nobody', CHECK, 'people_reached', 'nobody', None, 'en'), ('plus', CHECK, 'people_reached', '350+', None, 'en'),
            ('wrong-groups', CHECK, 'people_reached', '12,34', None, 'en'), ('arabic-thousands', CHECK, 'people_reached', '١٬٢٠٠ شخص', 1200, 'ar'),
            ('scale-six', CHECK, 'progress', '6', None, 'en'), ('scale-zero', ROAD, 'usefulness', '0', None, 'en'), ('scale-word', CHECK, 'progress', 'four', None, 'en'),
            ('scale-half', CHECK, 'progress', '3,5', None, 'fr'), ('scale-between', ROAD, 'usefulness', '3-4', None, 'en'),
            ('scale-ten', CHECK, 'progress', '4/10', None, 'en'),
            ('scale-madhye', CHECK, 'progress', '५ मध्ये ४', 4, 'ne'), ('scale-min', ROAD, 'usefulness', '٤ من ٥', 4, 'ar'),
            ('date-none', CHECK, 'date', '31/02/2026', None, 'en'), ('date-month-first', CHECK, 'date', '12/25/2026', None, 'en'),
            ('date-bs', CHECK, 'date', '२०८३-०७-१२', None, 'ne'), ('date-bs-name', CHECK, 'date', '१२ कात्तिक २०८३', None, 'ne'),
            ('date-month-only', CHECK, 'date', 'March 2026', None, 'en'), ('date-word', CHECK, 'date', 'yesterday', None, 'en'),
            ('date-two', CHECK, 'date', '3 March 2026 to 5 March 2026', None, 'en'), ('date-far', CHECK, 'date', '2062-05-01', None, 'en'),
            ('date-day-first', CHECK, 'date', '03/04/2026', '2026-04-03', 'en'), ('date-levant', CHECK, 'date', '٧ نيسان ٢٠٢٦', '2026-04-07', 'ar'),
            ('date-premier', CHECK, 'date', '1er août 2026', '2026-08-01', 'fr'), ('date-comma', CHECK, 'date', 'March 3, 2026', '2026-03-03', 'en'),
            ('maybe', CHECK, 'urgent', 'maybe', None, 'en'), ('both', ROAD, 'read', 'yes and no', None, 'en'), ('oui-non', ROAD, 'received', 'oui et non', None, 'fr'),
            ('yes-words', ROAD, 'received', 'Yes. By post, in March', True, 'en'), ('chhaina', ROAD, 'read', 'छैन', False, 'ne'),
            ('choice-short', LESSON, 'phase', 'dur', None, 'en'), ('choice-prefix', LESSON, 'phase', 'durin', 'during', 'en'),
            ('choice-typo', LESSON, 'phase', 'duirng', None, 'en'), ('choice-beyond', LESSON, 'phase', '4', None, 'en'),
            ('choice-two', LESSON, 'phase', 'before / after', None, 'en'), ('choice-digit', LESSON, 'phase', '२', 'during', 'ne'),
            ('choice-other', LESSON, 'phase', 'أثناء', 'during', 'fr'), ('choice-secret', LESSON, 'sharing', 'secret', None, 'en'),
            ('choice-default', LESSON, 'sharing', '-', '', 'en'),
            ('choices-unknown', LESSON, 'activity', 'strategy, dancing', None, 'en'), ('choices-beyond', LESSON, 'activity', '1, 9', None, 'en'),
            ('choices-all', CHECK, 'obstacles', 'all', None, 'en'), ('choices-whole', LESSON, 'activity', 'gender and child protection and oversight',
                                                                     ['cross-cutting', 'oversight'], 'en'),
            ('choices-waw', LESSON, 'activity', 'رقابة واستراتيجية', ['oversight', 'strategy'], 'ar'),
            ('choices-waw-label', LESSON, 'activity', 'ما بعد النزاع والنوع الاجتماعي وحماية الطفل', ['cross-cutting', 'post-conflict'], 'ar'),
            ('choices-ra', LESSON, 'activity', 'सुरक्षा र न्याय संस्था र निगरानी', ['institutions', 'oversight'], 'ne'),
            ('choices-twice', CHECK, 'obstacles', 'time; tiempo; 1', ['time'], 'en'), ('choices-et', LESSON, 'activity',
                                                                                      "institutions de sécurité et de justice et contrôle", ['institutions', 'oversight'], 'fr'),
            ('pattern-none', ROAD, 'policy_ref', 'the blue one', None, 'en'), ('pattern-short', ROAD, 'policy_ref', 'SSR-24-17', None, 'en'),
            ('pattern-lower', ROAD, 'policy_ref', 'ssr-2024-017.', 'SSR-2024-017', 'en'), ('na', LESSON, 'programme', 'N/A', '', 'en'),
            ('question-mark', CHECK, 'date', '?', '', 'en'), ('dash-required', CHECK, 'progress', '—', '', 'en')):
        typed(name, form, field_name, written, value, language=language)


def far_dates():
    for name, written, value in (('within', '3 November 2027', '2027-11-03'), ('beyond', '6 November 2027', None), ('next-century', '04/11/2126', None)):
        text = 'Country: Kenya\nProgramme: Border posts\nDate: %s\nProgress: 4\n\n%s' % (written, quote(CHECK))
        good = {'country': 'KE', 'programme': 'Border posts', 'progress': 4}
        add('date-' + name, mail(text, CHECK), result(CHECK, 'en', dict(good, date=value) if value else good, {} if value else {'date': 'invalid-value'}),
            'kind:good' if value else 'kind:invalid', 'val:date-far')


def channels():
    say('numbers-space', 'Progress check\nFP-3XJ7T0WQ5B\n1 Tonga\n2 Police partnership\n4 4\n5 1,240\n8 no', result(CHECK, 'en', {
        'country': 'TO', 'programme': 'Police partnership', 'progress': 4, 'people_reached': 1240, 'urgent': False}), 'kind:good')
    say('labels-lower', 'country: nepal\nlesson for policy: ask the sergeants first', result(LESSON, 'en', {
        'country': 'NP', 'lesson': 'ask the sergeants first'}, reference=None), 'kind:good')
    say('labels-fr', 'pays : Tchad\nprogramme : Appui aux greffes\navancement : 4 sur 5\nurgent : oui', result(CHECK, 'fr', {
        'country': 'TD', 'programme': 'Appui aux greffes', 'progress': 4, 'urgent': True}, reference=None), 'kind:good')
    say('labels-ar', 'البلد: اليمن\nدرس للسياسة: ابدأوا برقيب واحد مقتنع', result(LESSON, 'ar', {
        'country': 'YE', 'lesson': 'ابدأوا برقيب واحد مقتنع'}, reference=None), 'kind:good')
    say('labels-dash', 'policy reference - pol-2025-101\nread - yes\nendorsement - with changes', result(ROAD, 'en', {
        'policy_ref': 'POL-2025-101', 'read': True, 'endorsement': 'with-changes'}, reference=None), 'kind:good')
    say('devanagari-numbers', 'प्रगति जाँच\n१. नेपाल\n२. साना हतियार व्यवस्थापन\n४. ३\n७. मिस्त्री चाहियो', result(CHECK, 'ne', {
        'country': 'NP', 'programme': 'साना हतियार व्यवस्थापन', 'progress': 3, 'support': 'मिस्त्री चाहियो'}, reference=None), 'kind:good')
    say('arabic-numbers', 'متابعة التقدم\n١- ليبيا\n٢- إدارة مخازن السلاح\n٤- ٢\n٨- لا', result(CHECK, 'ar', {
        'country': 'LY', 'programme': 'إدارة مخازن السلاح', 'progress': 2, 'urgent': False}, reference=None), 'kind:good')
    say('whatsapp-bold', '*Lesson from the field*\n*Country:* Timor-Leste\n*Lesson for policy:* half of the budget for upkeep 🙏', result(LESSON, 'en', {
        'country': 'TL', 'lesson': 'half of the budget for upkeep 🙏'}, reference=None), 'kind:good')
    say('tie', 'Country: Kenya\nProgramme: Border posts', unknown(), 'kind:no-template')
    say('tie-fr', 'FP-3XJ7T0WQ5B\nPays : Bénin\nPartage : ouvert', unknown(REFERENCE), 'kind:no-template')
    say('tie-two-forms', 'Progress: 4\nUrgent: yes\nRead: yes\nUsefulness: 4', unknown(), 'kind:no-template')
    say('tie-sharing', 'sharing: open', unknown(), 'kind:no-template')
    say('tie-broken', 'Country: Kenya\nProgramme: Border posts\nProgress: 4', result(CHECK, 'en', {
        'country': 'KE', 'programme': 'Border posts', 'progress': 4}, reference=None), 'kind:good')
    for language, text in (('en', 'ok will answer tomorrow'), ('fr', 'bien reçu, merci'), ('es', 'gracias, luego les cuento'), ('pt', 'obrigada, respondo segunda'),
                           ('ar', 'وصلت، شكرا'), ('ne', 'पाएँ, भोलि लेख्छु')):
        say('thanks-' + language, text, unknown(), 'kind:no-template', 'lang:' + language)
    say('one-digit', '4', unknown(), 'kind:no-template')
    say('thumb', '👍', unknown(), 'kind:no-template')
    say('reference-only', 'fp-3xj7t0wq5b', unknown(REFERENCE), 'kind:no-template')
    say('reference-o', 'FP-3XJ7TOWQ5B\ncountry: kenya\nlesson for policy: ask first', result(LESSON, 'en', {'country': 'KE', 'lesson': 'ask first'}), 'kind:good')
    say('reference-short', 'FP-3XJ7T0\ncountry: kenya\nlesson for policy: ask first', result(LESSON, 'en', {'country': 'KE', 'lesson': 'ask first'}, reference=None), 'kind:good')
    say('title-only', 'Progress check', nothing(CHECK, 'en', None), 'kind:no-answers')
    say('title-thanks', 'متابعة التقدم\nشكرا جزيلا', nothing(CHECK, 'ar', None), 'kind:no-answers')
    say('semicolons', 'Progress check\nCountry: Kenya; Programme: Border posts; Progress: 4', result(CHECK, 'en', {}, {'country': 'invalid-value'}, reference=None),
        'kind:invalid')
    say('missing-required', 'Lesson from the field\nWhat worked: walking patrols', result(LESSON, 'en', {'what_worked': 'walking patrols'}, reference=None), 'kind:missing')
    say('twice', 'Country: Kenya\nLesson for policy: ask first\nCountry: Uganda', result(LESSON, 'en', {'country': 'KE', 'lesson': 'ask first'}, reference=None), 'kind:good')
    say('mixed-languages', 'Pays: Kenya\nProgramme: Border posts\nالتقدم: ٤\nObstacles: tiempo, funding\nUrgente: não', result(CHECK, 'fr', {
        'country': 'KE', 'programme': 'Border posts', 'progress': 4, 'obstacles': ['funding', 'time'], 'urgent': False}, reference=None), 'kind:good')
    say('label-words-inside', 'Lesson for policy: the country: not the donor decides\nCountry: Mali', result(LESSON, 'en', {
        'country': 'ML', 'lesson': 'the country: not the donor decides'}, reference=None), 'kind:good')
    say('worked-well', 'Country: Mali\nWhat worked well: the ledger\nLesson for policy: keep it', result(LESSON, 'en', {
        'country': 'ML', 'lesson': 'keep it'}, reference=None), 'kind:good')
    say('tibetan-flag', 'Country: 🇰🇪\nLesson for policy: ask first', result(LESSON, 'en', {'lesson': 'ask first'}, {'country': 'invalid-value'}, reference=None), 'kind:invalid')


def remarks():
    say('remark-above', 'The bridge is out, so this comes by phone.\n\nLesson from the field\nCountry: Kenya\nLesson for policy: ask first', result(LESSON, 'en', {
        'country': 'KE', 'lesson': 'ask first'}, reference=None, remarks='The bridge is out, so this comes by phone.'), 'kind:remarks')
    say('remark-below-scale', 'Country: Kenya\nProgramme: Border posts\nProgress: 2\nThe second post was burnt in August.', result(CHECK, 'en', {
        'country': 'KE', 'programme': 'Border posts', 'progress': 2}, reference=None, remarks='The second post was burnt in August.'), 'kind:remarks')
    say('remark-below-line', 'Pays : Bénin\nProgramme : Appui aux greffes\n\nLe greffier en chef est décédé en juin.\nAvancement : 3', result(CHECK, 'fr', {
        'country': 'BJ', 'programme': 'Appui aux greffes', 'progress': 3}, reference=None, remarks='Le greffier en chef est décédé en juin.'), 'kind:remarks')
    add('remark-ar', mail('كتبت هذه السطور من المخيم والشبكة ضعيفة.\n\nالبلد: تشاد\nدرس للسياسة: اسألوا الناس أولاً.\n\n' + quote(LESSON, 'ar'), LESSON, 'ar', person('ar', 1)),
        result(LESSON, 'ar', {'country': 'TD', 'lesson': 'اسألوا الناس أولاً.'}, remarks='كتبت هذه السطور من المخيم والشبكة ضعيفة.'), 'kind:remarks')
    add('remark-ne', mail('म अहिले जिल्लामा छु, इन्टरनेट कहिलेकाहीँ मात्र आउँछ।\n\n' + quote(CHECK, 'ne', edits={
        'country': 'नेपाल', 'programme': 'सामुदायिक प्रहरी सहयोग', 'progress': '४'}), CHECK, 'ne'),
        result(CHECK, 'ne', {'country': 'NP', 'programme': 'सामुदायिक प्रहरी सहयोग', 'progress': 4}, remarks='म अहिले जिल्लामा छु, इन्टरनेट कहिलेकाहीँ मात्र आउँछ।'), 'kind:remarks')
    add('remark-between', mail(quote(ROAD, 'en', between={'policy_ref': 'SSR-2024-017', 'endorsement': 'no\n\nNobody here was asked before it was printed.'}), ROAD),
        result(ROAD, 'en', {'policy_ref': 'SSR-2024-017', 'endorsement': 'no'}, remarks='Nobody here was asked before it was printed.'), 'kind:remarks')
    add('remark-near-miss', mail('Country: Kenya\nLessson for policy: ask first\n\n' + quote(LESSON), LESSON),
        result(LESSON, 'en', {'country': 'KE'}, remarks='Lessson for policy: ask first'), 'kind:remarks', 'feat:near-miss')
    add('remark-near-miss-fr', mail('Réfrence de la politique : SSR-2024-017\nApprobation : oui\n\n' + quote(ROAD, 'fr'), ROAD, 'fr'),
        result(ROAD, 'fr', {'endorsement': 'yes'}, remarks='Réfrence de la politique : SSR-2024-017'), 'kind:remarks', 'feat:near-miss')
    add('remark-only', mail('The office was looted on Friday and the files are gone. I cannot answer now.\n\n' + quote(LESSON), LESSON),
        dict(nothing(LESSON, 'en'), remarks='The office was looted on Friday and the files are gone. I cannot answer now.'), 'kind:no-answers')


def plain_answers(form, language):
    """Good short answers above a quote: (text, values)."""
    told = {LESSON: {'country': 0, 'lesson': 1}, ROAD: {'policy_ref': 2, 'endorsement': 3}, CHECK: {'country': 0, 'programme': 4, 'progress': 5}}[form]
    words = {'en': ('Kenya', 'Ask the sergeants first.'), 'fr': ('Bénin', 'Écouter d’abord les sergents.'), 'es': ('Bolivia', 'Preguntar primero a los sargentos.'),
             'pt': ('Angola', 'Perguntar primeiro aos sargentos.'), 'ar': ('تونس', 'اسألوا الرقباء أولاً.'), 'ne': ('नेपाल', 'पहिला हवल्दारलाई सोध्नुहोस्।')}[language]
    codes = {'en': 'KE', 'fr': 'BJ', 'es': 'BO', 'pt': 'AO', 'ar': 'TN', 'ne': 'NP'}
    said = [(words[0], codes[language]), (words[1], words[1]), ('SSR-2024-017', 'SSR-2024-017'), ('2', 'with-changes'), ('P-12', 'P-12'), ('4', 4)]
    lines = ['%s: %s' % (field(form, n)['label'][language], said[i][0]) for n, i in told.items()]
    return '\n'.join(lines), {n: said[i][1] for n, i in told.items()}


def charsets():
    rows = (('utf-16', 'fr', LESSON, 'utf-16', 'base64'), ('utf-16le', 'ar', CHECK, 'utf-16le', 'base64'), ('iso-8859-6', 'ar', LESSON, 'iso-8859-6', '8bit'),
            ('iso-8859-15', 'fr', ROAD, 'iso-8859-15', 'quoted-printable'), ('windows-1250', 'en', LESSON, 'windows-1250', '8bit'), ('koi8-r', 'en', CHECK, 'koi8-r', 'base64'),
            ('windows-1256', 'ar', ROAD, 'windows-1256', 'quoted-printable'), ('gb18030', 'ne', CHECK, 'gb18030', 'base64'), ('big5', 'en', ROAD, 'big5', '8bit'),
            ('iso-2022-jp', 'en', LESSON, 'iso-2022-jp', '7bit'), ('utf-7', 'pt', LESSON, 'utf-7', '7bit'), ('macintosh', 'fr', CHECK, 'mac_roman', 'quoted-printable'),
            ('ibm850', 'es', LESSON, 'cp850', '8bit'), ('hz-gb-2312', 'en', CHECK, 'hz', '7bit'))
    above = {'koi8-r': 'Во вторник, 3 ноября 2026, Field Feedback Desk <f@feedback.example.org> написал:', 'iso-2022-jp': '2026年11月3日(火) 18:12 Field Feedback Desk <f@feedback.example.org>:',
             'big5': '於 2026年11月3日 下午5:12，Field Feedback Desk <f@feedback.example.org> 寫道：', 'gb18030': '在 2026-11-03 17:12:07，"Field Feedback Desk" <f@feedback.example.org> 写道：',
             'hz': '在 2026-11-03 17:12:07，"Field Feedback Desk" <f@feedback.example.org> 写道：', 'windows-1250': 'Dne 3. 11. 2026 v 9:12 Field Feedback Desk napsal(a):'}
    for name, language, form, codec, how in rows:
        said, want = plain_answers(form, language)
        if codec in ('windows-1256', 'iso-8859-6', 'mac_roman', 'cp850', 'iso-8859-15'):
            said = said.replace('’', "'")
            want = {k: v.replace('’', "'") if isinstance(v, str) else v for k, v in want.items()}
        text = said + '\n\n' + quote(form, language, attribution=above.get(codec, ATTRIBUTION))
        text.encode(codec)
        add('charset-' + name, mail(text, form, language, charset=codec, how=how, label=name), result(form, language, want), 'kind:charset', 'feat:charset-' + name)
    for name, language, form, codec, label in (('utf8-as-latin1', 'fr', LESSON, 'utf-8', 'iso-8859-1'), ('utf8-as-1256', 'ar', CHECK, 'utf-8', 'windows-1256'),
                                               ('utf8-as-ascii', 'ne', LESSON, 'utf-8', 'us-ascii'), ('1252-as-latin1', 'fr', ROAD, 'windows-1252', 'iso-8859-1'),
                                               ('1252-unlabelled', 'es', LESSON, 'windows-1252', None)):
        said, want = plain_answers(form, language)
        data = mail(said + '\n\n' + quote(form, language), form, language, charset=codec, label=label)
        if label is None:
            data = data.replace(b'Content-Type: text/plain; charset="windows-1252"\r\n', b'')
        add('charset-' + name, data, result(form, language, want), 'kind:charset', 'feat:mislabelled')


def broken_mime():
    said, want = plain_answers(LESSON, 'en')
    text = said + '\n\n' + quote(LESSON)
    good = result(LESSON, 'en', want)
    head = header(person(), 'Re: ' + Request(LESSON, 'en', REFERENCE).subject, DATE, 900, REFERENCE)
    page = '<html><body>%s</body></html>' % text.replace('<', '&lt;').replace('\n', '<br>')
    both = [part('text/plain', text, 'utf-8', 'quoted-printable'), part('text/html', page, 'utf-8', 'base64')]
    photo = b'Content-Type: image/jpeg; name="p.jpg"\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="p.jpg"\r\n\r\n/9j/4AAQSkZJRgABAQEASABIAAD/2Q==\r\n'
    notes = part('text/plain', 'Country: Uganda\r\nLesson for policy: this is the attached draft of somebody else\r\n', 'utf-8', '8bit').replace(
        b'\r\nContent-Transfer', b'\r\nContent-Disposition: attachment; filename="draft.txt"\r\nContent-Transfer', 1)
    add('mime-no-end', head + multipart(both, close=False), good, 'kind:mime')
    add('mime-mixed-related', head + multipart([multipart([multipart(both, boundary='a1'), photo], 'related', 'b2'), photo], 'mixed', 'c3'), good, 'kind:mime')
    add('mime-attached-text', head + multipart([both[0], notes], 'mixed'), good, 'kind:mime')
    add('mime-bad-cte', head + both[0].replace(b'quoted-printable', b'8-bit').replace(b'=\r\n', b'').replace(b'=20', b' '), good, 'kind:mime')
    add('mime-no-version', (head + both[0]).replace(b'MIME-Version: 1.0\r\n', b''), good, 'kind:mime')
    add('mime-type-text', head + b'Content-Type: text\r\n\r\n' + text.replace('\n', '\r\n').encode(), good, 'kind:mime')
    add('mime-boundary-spaces', head + multipart(both).replace(b'--=_second\r\n', b'--=_second  \r\n'), good, 'kind:mime')
    add('mime-bare-lf', (head + multipart(both)).replace(b'\r\n', b'\n'), good, 'kind:mime')
    add('mime-html-as-mixed', head + multipart([part('text/html', page, 'utf-8', 'base64'), photo], 'mixed'), good, 'kind:mime')
    add('mime-preamble', head + multipart(both).replace(b'\r\n\r\n--', b'\r\n\r\nThis is a multi-part message in MIME format.\r\n\r\n--', 1), good, 'kind:mime')
    add('mime-base64-junk', head + part('text/plain', text, 'utf-8', 'base64').replace(b'\r\n\r\n', b'\r\n\r\n\r\n', 1) + b'\r\n--\r\nlist footer that some gateway added\r\n', good, 'kind:mime')
    add('mime-photo-only', head + photo, dict(nothing(LESSON, 'en'), reason='unreadable'), 'kind:unreadable')
    add('mime-encrypted', head + b'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="e1"\r\n\r\n--e1\r\nContent-Type: application/'
        b'pgp-encrypted\r\n\r\nVersion: 1\r\n--e1\r\nContent-Type: application/octet-stream; name="encrypted.asc"\r\n\r\n-----BEGIN PGP MESSAGE-----\r\n\r\n'
        b'hQEMA0x7\r\n-----END PGP MESSAGE-----\r\n--e1--\r\n', dict(nothing(LESSON, 'en'), reason='unreadable'), 'kind:unreadable')
    add('mime-empty', head + b'Content-Type: text/plain; charset=utf-8\r\n\r\n\r\n', nothing(LESSON, 'en'), 'kind:no-answers')
    add('mime-text-says-nothing', head + multipart([part('text/plain', 'Your mail program does not show HTML.', 'utf-8', '8bit'), part('text/html', page, 'utf-8', 'base64')]),
        good, 'kind:mime')
