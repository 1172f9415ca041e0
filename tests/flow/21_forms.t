#!/usr/bin/python3
"""The commands on forms: `forms check` proves the shipped ones by simulated mail clients, and sees what is wrong with patched ones (TAP).

Each patch is one that a person could make: a label that becomes like another, a client that loses, swaps or joins answers. A proof that
does not see it is none.
"""
import glob
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

os.chdir(os.path.dirname(os.path.abspath(__file__)) + '/../..')
PROGRAM = os.path.abspath(os.environ.get('FIELDPOST', './fieldpost'))
FORMS = ('field-lesson', 'policy-road-test', 'progress-check')
SECONDS_MAX = 20  # of one core, for all three forms
count = failed = 0
folder = tempfile.mkdtemp(prefix='fieldpost-forms.')


def check(good, what, found=''):
    global count, failed
    count += 1
    failed += not good
    print('%s %d - %s' % ('ok' if good else 'not ok', count, what))
    if not good:
        for line in str(found).splitlines()[:12]:
            print('#  ' + line[:400])
    sys.stdout.flush()


def run(*arguments):
    done = subprocess.run([PROGRAM, 'forms'] + list(arguments), capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout, done.stderr


def share(name):
    """A copy of what ships, to be patched: a config that names it, and its folder."""
    path = os.path.join(folder, name)
    shutil.copytree('config', path, ignore=shutil.ignore_patterns('demo', 'mail'))
    config = os.path.join(folder, name + '.yaml')
    with open(config, 'w') as f:
        f.write('share_dir: %s\nforms_dir: %s/forms\n' % (path, path))
    return config, path


def patch(path, old, new):
    text = open(path).read()
    assert old in text, (path, old)
    with open(path, 'w') as f:
        f.write(text.replace(old, new, 1))


def keep_clients(path, *names):
    for file in os.listdir(path + '/clients'):
        if file.endswith('.yaml') and file[:-5] not in names + ('answers',):
            os.remove(path + '/clients/' + file)


def place(path, text):
    """LINE:COLUMN of a text in a file, as an editor has it."""
    for number, line in enumerate(open(path), 1):
        if text in line:
            return '%s:%d:' % (path, number)
    raise ValueError(text)


def all_forms():
    before = os.times()
    record = os.path.join(folder, 'proven')
    code, out, err = run('check', '--json', '--record', record)
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    proof = json.loads(out) if code in (0, 1) and out else {'forms': [], 'clients': 0}
    proven = [form['form'] for form in proof['forms'] if form['proven'] and not form['unproven']]
    check(code == 0 and sorted(proven) == sorted(FORMS), 'the three forms are proven', out[-3000:] + err)
    check(proof['clients'] >= 20, 'by twenty simulated clients or more (%d)' % proof['clients'])
    replies = min([form['replies'] for form in proof['forms']] or [0])
    check(replies > 96 * 3 * 6 + 20 * 3 * 6, 'each in six languages, several styles, at every width (%d replies at least)' % replies)
    check(os.path.exists(record) and open(record).read() == open('config/forms/proven').read(), 'the list of proven forms is theirs',
          'make it anew: ./fieldpost forms check --record config/forms/proven')
    check(spent < SECONDS_MAX, 'within %d s of a core (%.1f s)' % (SECONDS_MAX, spent))


def fault(name, words, style, expect, form='progress-check', client='mutt'):
    """A client that is broken: the proof fails, names it, the field and the line."""
    config, path = share(name)
    keep_clients(path, client)
    patch(path + '/clients/%s.yaml' % client, 'client: ' + client, 'client: %s\nfault: {%s}' % (client, words))
    text = open(path + '/clients/%s.yaml' % client).read()
    with open(path + '/clients/%s.yaml' % client, 'w') as f:
        f.write(re.sub(r'styles: .*', 'styles: [%s]' % style, text))
    code, out, err = run('check', '--config', config, '--form', form)
    check(code == 1, '%s that does %s: refused' % (client, words), out + err)
    lines = [line for line in out.splitlines() if ' from %s, %s' % (client, style) in line]
    for field, label, has_line in expect:
        at = place('%s/forms/%s.yaml' % (path, form), label)
        found = [line for line in lines if line.startswith(at) and 'field "%s"' % field in line]
        found = [line for line in found if bool(re.search(r', line \d+: ', line)) == has_line]
        check(found, 'with the form\'s line, the client%s of "%s"' % (' and the line' if has_line else ', no line', field), out)


OURS = 'config/clients/quoted/progress-check.acknowledgement.en'


def acknowledgement():
    """What was understood of a reply, quoted: as text at every width, as HTML in the frame of every client that has HTML."""
    html = [path for path in glob.glob('config/clients/*.yaml') if re.search(r'(?m)^parts: (html|both)', open(path).read())]
    check(len(html) >= 15, 'clients with HTML: %d' % len(html), html)
    for kind in ('txt', 'html'):
        config, path = share('acknowledgement-' + kind)
        keep_clients(path, 'mutt', 'gmail-web', 'outlook-web')
        text = '%s/clients/quoted/progress-check.acknowledgement.en.%s' % (path, kind)
        code, out, err = run('check', '--config', config, '--form', 'progress-check')
        check(code == 0, 'a quoted acknowledgement in %s: no answer' % kind, out + err)
        patch(text, 'Country →', 'Country:')
        code, out, err = run('check', '--config', config, '--form', 'progress-check')
        want = {'txt': ['from %s, quoted, wrapped at 40' % text], 'html': ['from gmail-web, %s' % text, 'from outlook-web, %s' % text]}
        check(code == 1 and all(line in out for line in want[kind]), 'with a colon for an arrow: refused, and where', out + err)
        check(place(path + '/forms/progress-check.yaml', 'en: Country') in out, 'with the line of the label that it looks like', out)
        code, out, err = run('check', '--config', config, '--form', 'policy-road-test')
        check(code == 0, 'it is not asked of another form', out + err)
    bad = os.path.join(folder, 'bad.txt')
    with open(bad, 'w') as f:
        f.write(open(OURS + '.txt').read().replace('Country →', 'Country:'))
    code, out, err = run('check', '--config', config, '--form', 'progress-check', '--quoted', bad)
    check(code == 1 and 'from %s, quoted' % bad in out, '--quoted: another text of ours', out + err)


def prose():
    """The words around the form must not read as its labels, however they are wrapped."""
    config, path = share('prose')
    keep_clients(path, 'mutt')
    patch(path + '/languages/fr.yaml', 'Laissez de côté ce que vous ne savez pas.', 'Urgent : seulement si cela presse.')
    code, out, err = run('check', '--config', config, '--form', 'progress-check')
    found = re.findall(r'field "urgent" \(fr\) from the request, [a-z ]+, wrapped at (\d+) columns', out)
    check(code == 1 and found, 'prose with a label in it: refused, at the widths where it begins a line (%s)' % ' '.join(found[:5]), out + err)


def labels():
    config, path = share('alike')
    form = path + '/forms/field-lesson.yaml'
    patch(form, 'en: What did not work', 'en: "WHAT worked"')
    code, out, err = run('check', '--config', config)
    check(code == 1 and err.startswith(place(form, 'WHAT worked')) and 'what_worked' in err,
          'a label that is another one but for its case: refused, with its line', err)
    config, path = share('near')
    form = path + '/forms/field-lesson.yaml'
    patch(form, 'fr: Preuves', 'fr: "* Pays"')
    keep_clients(path, 'mutt', 'gmail-web')
    code, out, err = run('check', '--config', config, '--form', 'field-lesson')
    check(code == 1 and re.search(r'field "evidence" \(fr\) from gmail-web, copy-above, line \d+', out),
          'a label that reads as another one with a bullet: the proof sees it, and where', out + err)
    config, path = share('other-language')
    patch(path + '/forms/field-lesson.yaml', 'pt: Lição para a política', 'pt: Lecciones aprendidas')
    keep_clients(path, 'mutt', 'gmail-web')
    code, out, err = run('check', '--config', config, '--form', 'field-lesson')
    check(code == 0, 'another label that is like none: proven', out + err)


SWAHILI_WORDS = {'Country': 'Nchi', 'Programme': 'Mradi', 'Date': 'Tarehe', 'Progress': 'Maendeleo', 'People reached': 'Watu waliofikiwa',
                 'Obstacles': 'Vikwazo', 'Support needed': 'Msaada unaohitajika', 'Urgent': 'Haraka', 'Sharing': 'Kushiriki',
                 'Progress check': 'Ukaguzi wa maendeleo', 'time': 'muda', 'funding': 'fedha', 'coordination': 'uratibu',
                 'political will': 'utashi wa kisiasa', 'security': 'usalama', 'open': 'wazi', 'no name': 'bila jina',
                 'restricted': 'kwa wachache'}
SWAHILI = '''language: sw
words:
  greeting: "Mwenzetu mpendwa,"
  purpose: "Tunakusanya maelezo mafupi ya mliyojifunza kazini, ili sera zisahihishwe kwa uzoefu."
  instruction: "Tafadhali jibu barua pepe hii na uandike majibu yako baada ya nukta mbili. Acha usiyoyajua."
  reference: "Kumbukumbu"
  one_or_more_of: "moja au zaidi kati ya"
  'yes': "ndiyo"
  'no': "hapana"
"yes": [ndiyo, ndio]
"no": [hapana, la]
and: [na]
months: [[Januari], [Februari], [Machi], [Aprili], [Mei], [Juni], [Julai], [Agosti], [Septemba], [Oktoba], [Novemba], [Desemba]]
countries: {TZ: Tanzania, CD: Jamhuri ya Kidemokrasia ya Kongo, SS: Sudan Kusini}
mail:
  attributions: ['Mnamo {date}, {name} aliandika:']
'''


def swahili():
    config, path = share('swahili')
    form = path + '/forms/progress-check.yaml'
    text = open(form).read()

    def add(match):
        return match.group(0) + ', sw: ' + SWAHILI_WORDS[match.group(1)]

    text = re.sub(r'\{en: ([^,}]+)', add, text)
    text = text.replace('  en: Progress check\n', '  en: Progress check\n  sw: %s\n' % SWAHILI_WORDS['Progress check'])
    for name in FORMS:
        if name != 'progress-check':
            os.remove('%s/forms/%s.yaml' % (path, name))
    with open(form, 'w') as f:
        f.write(text)
    with open(path + '/languages/sw.yaml', 'w') as f:
        f.write(SWAHILI)
    keep_clients(path, 'mutt', 'gmail-web', 'outlook-desktop', 'thunderbird', 'messenger')
    code, out, err = run('render', 'progress-check', '--config', config, '--language', 'sw')
    check(code == 0 and '1. Nchi: \n' in out and '8. Haraka (ndiyo / hapana): \n' in out and out.startswith('Mwenzetu'),
          'a seventh language: the request in Swahili', out + err)
    code, out, err = run('check', '--config', config)
    check(code == 0, 'and it is proven', out + err)


def versions():
    config, path = share('versions')
    old = open(path + '/forms/progress-check.yaml').read()
    with open(path + '/forms/progress-check-2.yaml', 'w') as f:
        f.write(old.replace('version: 1', 'version: 2').replace('type: line', 'type: text', 1))
    code, out, err = run('check', '--config', config)
    at = place(path + '/forms/progress-check-2.yaml', 'en: Programme')
    check(code == 1 and err.startswith(at) and '"programme"' in err, 'a field of another type than in the version before: refused', out + err)


def both_versions():
    """A reply is read with the version that was sent: numbers and labels mean that version's, also when a newer one is there."""
    config, path = share('both')
    keep_clients(path, 'mutt')
    old = open(path + '/forms/progress-check.yaml').read()
    fields = re.findall(r'(?ms)^  - name: .*?(?=^  - name: |\Z)', old)
    head = old[:old.index(fields[0])].replace('version: 1', 'version: 2')
    swapped = [fields[0], fields[3], fields[2], fields[1]] + fields[4:]
    with open(path + '/forms/progress-check-2.yaml', 'w') as f:
        f.write(head + ''.join(swapped).replace('en: Progress,', 'en: Step,').replace('en: Programme,', 'en: Progress,'))
    code, out, err = run('check', '--config', config, '--form', 'progress-check')
    check(code == 0 and out.count('proven   progress-check, version ') == 2,
          'a version whose numbers and labels mean other fields now: both are proven, each read as what was sent', out + err)


def unmade():
    """A pattern of which no example can be made: said, and the other fields are proven all the same."""
    config, path = share('unmade')
    keep_clients(path, 'mutt')
    patch(path + '/forms/policy-road-test.yaml', "'[A-Z]{2,5}", "'(?=[A-Z])[A-Z]{2,5}")
    code, out, err = run('check', '--config', config, '--form', 'policy-road-test')
    check(code == 0 and 'no answer can be made for the field "policy_ref"' in out, 'a pattern that looks ahead: said to be unproven', out + err)


OWN = 'tests/cases/own-form'


def own_form():
    """A form of one's own in a folder of its own: proven, tried before it is in force, and told what it lacks."""
    code, out, err = run('check', OWN)
    check(code == 0 and 'proven   court-visit' in out and 'warning' not in out, 'a form with a field of every type and a hint that is an example', out + err)
    mail = os.path.join(folder, 'own.txt')
    with open(mail, 'w') as f:
        f.write('Court visit\n1. Country: Kenya\n2. Name of the court: Garissa\n4. Case reference (like KIN-2024/15):\n12. Sharing (restricted):\n')
    done = subprocess.run([PROGRAM, 'parse', '--forms', OWN, '--json', '--text', mail], capture_output=True, text=True)
    got = json.loads(done.stdout) if done.returncode == 0 else {}
    check(got.get('errors') == {'sharing': 'invalid-value'} and 'case_ref' not in got['values'],
          'parse --forms: the form\'s own example is no answer, a hint cut down to an option may be one', done.stdout + done.stderr)
    path = os.path.join(folder, 'own')
    shutil.copytree(OWN, path)
    patch(path + '/court-visit.yaml', 'fr: audience', 'xx: audience')
    code, out, err = run('check', path)
    words = 'warning  ' + place(path + '/court-visit.yaml', 'xx: audience')
    check(code == 0 and words in out and 'option\'s label has no "fr"' in out and 'and 1 more' in out, 'an option without a language of the title: a warning', out + err)
    code, out, err = run('render', 'court-visit', '--forms', OWN, '--language', 'ne')
    check(code == 64 and not out and 'is not sent in "ne"; its languages are en fr' in err, 'a language that the form does not have: said', out + err)
    patch(path + '/court-visit.yaml', 'en: Judges present', "en: 5. Judges present")
    code, out, err = run('check', path)
    lines = [line for line in out.splitlines() if line.startswith(path)]
    check(code == 1 and len(lines) == len(set(lines)), 'the same failure is printed once', out)


def looking():
    code, out, err = run('list', '--json')
    forms = {form['form']: form for form in json.loads(out)} if code == 0 else {}
    check(sorted(forms) == sorted(FORMS) and all(form['languages'] == 'en fr es pt ar ne' for form in forms.values()),
          'forms list: the forms with their languages', out + err)
    code, out, err = run('show', 'progress-check', '--language', 'fr', '--json')
    fields = json.loads(out) if code == 0 else []
    check([f['label'] for f in fields][:2] == ['Pays', 'Programme'] and fields[3]['answers'] == 'from 1 to 5',
          'forms show: the fields', out + err)
    code, out, err = run('render', 'progress-check', '--language', 'es', '--reference', 'FP-0123456789')
    check(code == 0 and 'Referencia: FP-0123456789\n' in out and out.endswith('9. Difusión (abierto / sin nombre / restringido): \n'),
          'forms render: the text that is sent, nothing behind its last line', out[-400:] + err)
    code, out, err = run('render', 'progress-check', '--language', 'ar', '--html')
    cells = out.count('><br></td></tr>')
    check(code == 0 and 'dir="rtl"' in out and cells == 9 and not re.search(r'src=|url\(|<link|<form|&nbsp;', out),
          'forms render --html: one empty cell a field, right to left', out[:400] + err)
    check(out.rstrip().endswith('<br></td></tr>\n</table>\n</body>\n</html>'), 'nothing follows the last cell', out[-200:])
    code, out, err = run('show', 'no-such-form')
    check(code == 66 and 'no-such-form' in err, 'a form that is not there', out + err)


try:
    looking()
    all_forms()
    acknowledgement()
    labels()
    fault('drops', 'drop: 4', 'labels-above', [('progress', 'en: Progress, fr', False)])
    fault('reorders', 'swap: [1, 2]', 'numbers-above', [('country', 'en: Country', True), ('programme', 'en: Programme', True)])
    fault('merges', 'merge: 4', 'in-place', [('progress', 'en: Progress, fr', True), ('people_reached', 'en: People reached', False)])
    fault('drops-cell', 'drop: 4', 'cells', [('progress', 'en: Progress, fr', False)], client='gmail-web')
    fault('reorders-thread', 'swap: [1, 2]', 'in-place', [('country', 'en: Country', True)], client='thunderbird-thread')
    fault('merges-points', 'merge: 6', 'labels-above', [('obstacles', 'en: Obstacles', True)], client='gmail-lists')
    prose()
    swahili()
    versions()
    both_versions()
    unmade()
    own_form()
finally:
    shutil.rmtree(folder)
print('1..%d' % count)
sys.exit(failed > 0)
