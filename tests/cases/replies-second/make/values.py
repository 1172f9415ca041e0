"""Ways to write an answer of each type, each with the value that the contract asks for."""
from mailkit import field, LANGUAGES

COUNTRIES = {
    'en': [('Burkina Faso', 'BF'), ('the Gambia', 'GM'), ('Ivory Coast', 'CI'), ('Swaziland', 'SZ'), ('Burma', 'MM'), ('East Timor', 'TL'),
           ('PNG', 'PG'), ('Kosovo', 'XK'), ('Myanmar (Rakhine State)', 'MM'), ('South Sudan.', 'SS'), ('Dem. Rep. of the Congo', 'CD'),
           ('Republic of Congo', 'CG'), ('lao pdr', 'LA'), ('Viet Nam', 'VN'), ('TÜRKİYE', 'TR'), ('Tonga', 'TO'), ('KEN', 'KE'), ('Cabo Verde', 'CV')],
    'fr': [('Birmanie', 'MM'), ('Timor oriental', 'TL'), ('Cap-Vert', 'CV'), ('République centrafricaine', 'CF'), ('Centrafrique', 'CF'), ('RD Congo', 'CD'),
           ('Guinée-Conakry', 'GN'), ('Tchad', 'TD'), ('Les Comores', 'KM'), ('Bénin', 'BJ'), ('Burkina', 'BF'), ('Côte d’Ivoire', 'CI'), ('Liban', 'LB'),
           ('Congo-Brazzaville', 'CG'), ('BURUNDI', 'BI'), ('Madagascar (Antsirabe)', 'MG'), ('haiti', 'HT'), ('GIN', 'GN')],
    'es': [('Haití', 'HT'), ('Guinea Ecuatorial', 'GQ'), ('República Dominicana', 'DO'), ('Costa de Marfil', 'CI'), ('Perú', 'PE'), ('El Salvador', 'SV'),
           ('Timor Oriental', 'TL'), ('Sudán del Sur', 'SS'), ('Bolivia', 'BO'), ('mexico', 'MX'), ('HONDURAS', 'HN'), ('República Centroafricana', 'CF'),
           ('Kirguistán', 'KG'), ('BOL', 'BO'), ('Colombia (Chocó)', 'CO')],
    'pt': [('Moçambique', 'MZ'), ('Guiné-Bissau', 'GW'), ('Cabo Verde', 'CV'), ('Timor Leste', 'TL'), ('São Tomé e Príncipe', 'ST'), ('angola', 'AO'),
           ('Quénia', 'KE'), ('Quênia', 'KE'), ('Costa do Marfim', 'CI'), ('Sudão do Sul', 'SS'), ('Iémen', 'YE'), ('Iêmen', 'YE'), ('RDC', 'CD'),
           ('República Democrática do Congo', 'CD'), ('Guiné Equatorial', 'GQ'), ('MOZ', 'MZ'), ('Timor-Leste.', 'TL')],
    'ar': [('اليمن', 'YE'), ('جنوب السودان', 'SS'), ('ليبيا', 'LY'), ('لبنان', 'LB'), ('العراق', 'IQ'), ('سورية', 'SY'), ('موريتانيا', 'MR'),
           ('الصومال', 'SO'), ('تشاد', 'TD'), ('فلسطين', 'PS'), ('الاردن', 'JO'), ('تونس', 'TN'), ('جزر القمر', 'KM'), ('YE', 'YE'), ('Yemen', 'YE')],
    'ne': [('नेपाल', 'NP'), ('श्रीलंका', 'LK'), ('बंगलादेश', 'BD'), ('म्यानमार', 'MM'), ('अफगानिस्तान', 'AF'), ('भारत', 'IN'), ('पाकिस्तान', 'PK'),
           ('भुटान', 'BT'), ('लाइबेरिया', 'LR'), ('सुडान', 'SD'), ('NP', 'NP'), ('Nepal', 'NP'), ('नेपाल (बाँके)', 'NP')],
}
SCALES = {
    'en': [('3', 3), ('4/5', 4), ('4 / 5', 4), ('2 out of 5', 2), ('5 of 5', 5), ('1 (the roads)', 1), ('3.', 3)],
    'fr': [('3', 3), ('4/5', 4), ('2 sur 5', 2), ('5 sur 5', 5), ('1 (les routes)', 1)],
    'es': [('3', 3), ('4/5', 4), ('2 de 5', 2), ('5/5', 5)], 'pt': [('3', 3), ('4/5', 4), ('2 de 5', 2), ('5 / 5', 5)],
    'ar': [('٣', 3), ('٤/٥', 4), ('2 من 5', 2), ('٢ من ٥', 2), ('5', 5)], 'ne': [('३', 3), ('४/५', 4), ('2', 2), ('५', 5)],
}
NUMBERS = {
    'en': [('1,240', 1240), ('1,05,000', 105000), ('350 people', 350), ('12 400', 12400), ('0', 0), ('64', 64), ('2,318 (1,104 women)', None)],
    'fr': [('1 240', 1240), ('12\u202f400', 12400), ('350 personnes', 350), ('2.318', 2318), ('64 agents', 64)],
    'es': [('1.240', 1240), ('12 400', 12400), ('350 personas', 350), ('2,318', 2318), ('64', 64)],
    'pt': [('1.240', 1240), ('12 400', 12400), ('350 pessoas', 350), ('2.318.000', 2318000), ('64', 64)],
    'ar': [('١٢٤٠', 1240), ('١٢٬٤٠٠', 12400), ('350 شخصاً', 350), ('٦٤', 64), ('2,318', 2318)],
    'ne': [('१२४०', 1240), ('१,०५,०००', 105000), ('350 जना', 350), ('६४', 64), ('२,३१८ जना', 2318)],
}
DATES = {
    'en': [('3 March 2026', '2026-03-03'), ('March 14, 2026', '2026-03-14'), ('2026-10-02', '2026-10-02'), ('7.9.2026', '2026-09-07'), ('21/06/2026', '2026-06-21'),
           ('1st Sept 2026', '2026-09-01'), ('12 Oct 2026', '2026-10-12'), ('05/08/2026', '2026-08-05')],
    'fr': [('1er mars 2026', '2026-03-01'), ('14 août 2026', '2026-08-14'), ('2 févr. 2026', '2026-02-02'), ('07/09/2026', '2026-09-07'), ('21.06.2026', '2026-06-21')],
    'es': [('3 de marzo de 2026', '2026-03-03'), ('14 agosto 2026', '2026-08-14'), ('7/9/2026', '2026-09-07'), ('2026-10-02', '2026-10-02')],
    'pt': [('3 de março de 2026', '2026-03-03'), ('14 de Agosto de 2026', '2026-08-14'), ('07/09/2026', '2026-09-07'), ('2 out 2026', '2026-10-02')],
    'ar': [('3 آذار 2026', '2026-03-03'), ('١٤ أغسطس ٢٠٢٦', '2026-08-14'), ('٧/٩/٢٠٢٦', '2026-09-07'), ('2 تشرين الأول 2026', '2026-10-02'), ('5 أوت 2026', '2026-08-05')],
    'ne': [('३ मार्च २०२६', '2026-03-03'), ('14 अगस्ट 2026', '2026-08-14'), ('२०२६-१०-०२', '2026-10-02'), ('७/९/२०२६', '2026-09-07')],
}
YES = {
    'en': [('yes', True), ('Yes, twice', True), ('no', False), ('N', False), ('y', True), ('No. Not even the annex', False)],
    'fr': [('oui', True), ('Oui, deux fois', True), ('non', False), ('NON', False)], 'es': [('sí', True), ('si', True), ('no', False), ('Sí, ayer', True)],
    'pt': [('sim', True), ('não', False), ('nao', False), ('Sim, ontem', True)], 'ar': [('نعم', True), ('لا', False), ('نعم، أمس', True)],
    'ne': [('हो', True), ('होइन', False), ('छ', True), ('छैन', False)],
}
PATTERNS = [('SSR-2024-017', 'SSR-2024-017'), ('pol-2025-101', 'POL-2025-101'), ('(GOV-2026-003)', 'GOV-2026-003'), ('DDR-2023-250', 'DDR-2023-250'),
            ('ROL-2026-044, section 3', 'ROL-2026-044')]
AND = {'en': ' and ', 'fr': ' et ', 'es': ' y ', 'pt': ' e ', 'ar': ' و', 'ne': ' र '}


def choice(f, language, rng):
    i = rng.randrange(len(f['options']))
    option = f['options'][i]
    text = option['label'][language]
    other = rng.choice([x for x in LANGUAGES if x != language])
    ways = [text, text, text.capitalize(), text.upper(), option['value'], str(i + 1), option['label'][other]]
    texts = [o['label'][x].lower() for o in f['options'] for x in LANGUAGES] + [o['value'] for o in f['options']]
    prefix = text[:4].lower()
    if len(text) > 5 and prefix.isascii() and prefix.isalpha() and len({o['value'] for o in f['options'] for x in LANGUAGES if o['label'][x].lower().startswith(prefix)
                                                  or o['value'].startswith(prefix)}) == 1 and prefix not in texts:
        ways.append(text[:4])
    return rng.choice(ways), option['value']


def choices(f, language, rng):
    picked = rng.sample(range(len(f['options'])), rng.choice([1, 2, 2, 3]))
    options = [f['options'][i] for i in picked]
    words = [o['label'][language] for o in options]
    value = sorted(o['value'] for o in options)
    ways = [', '.join(words), '; '.join(words), ' / '.join(words), ', '.join(str(i + 1) for i in picked), ', '.join(o['value'] for o in options)]
    if len(words) == 2:
        ways += [AND[language].join(words)] * 2
    if len(words) > 2:
        ways.append(', '.join(words[:-1]) + AND[language] + words[-1])
    if len(words) > 1:
        ways.append('\n'.join('- ' + w for w in words))
    return rng.choice(ways), value


def value(form, name, language, rng, pool):
    """(as written, value); text comes from the pool."""
    f = field(form, name)
    kind = f['type']
    if kind == 'country':
        return rng.choice(COUNTRIES[language])
    if kind == 'line':
        text = rng.choice(pool['programmes'])
        return text, text
    if kind == 'text':
        text = pool['answers'][name]
        return text, text
    if kind == 'choice':
        return choice(f, language, rng)
    if kind == 'choices':
        return choices(f, language, rng)
    if kind == 'scale':
        return rng.choice(SCALES[language])
    if kind == 'number':
        return rng.choice([x for x in NUMBERS[language] if x[1] is not None])
    if kind == 'date':
        return rng.choice(DATES[language])
    if kind == 'yes_no':
        return rng.choice(YES[language])
    return rng.choice(PATTERNS)
