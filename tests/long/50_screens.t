#!/usr/bin/python3
"""How a digest looks: laid out by Chromium at 600, 360 and 320 CSS pixels, light and dark, in every language, with long words and
without its style blocks: no sideways scroll, nothing loaded from anywhere, texts that can be read. SCREENS=DIR keeps the pictures."""
import html.parser
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

TOP = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
sys.path.insert(0, os.path.join(TOP, 'tests', 'screens'))
from browser import Browser  # noqa: E402

LANGUAGES = ('en', 'fr', 'es', 'pt', 'ar', 'ne')
VOID = {'meta', 'br', 'link', 'img', 'hr', 'input'}
count = failed = 0


def ok(good, name, why=''):
    global count, failed
    count += 1
    failed += not good
    print('%sok %d - %s' % ('' if good else 'not ', count, name), flush=True)
    if not good:
        print('\n'.join('# ' + line for line in str(why).split('\n')))


class Tags(html.parser.HTMLParser):
    """Are all tags closed in their order? Headings go down one level at a time."""

    def __init__(self):
        super().__init__()
        self.open, self.wrong, self.levels = [], [], [0]

    def handle_starttag(self, tag, attrs):
        if tag not in VOID:
            self.open.append(tag)
        if re.fullmatch('h[1-6]', tag):
            if int(tag[1]) > self.levels[-1] + 1:
                self.wrong.append('%s after h%d' % (tag, self.levels[-1]))
            self.levels.append(int(tag[1]))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append('</%s> at %s' % (tag, self.getpos()))


def hostile(data):
    """The longest words that a week could bring, in every place where they could stand."""
    word = 'Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft' * 3
    data['team'] = 'Team ' + word
    for line in data['lines']:
        line['name'], line['sharing'] = word, 'open'
        for key, value in line['answers'].items():
            if isinstance(value, str) and ' ' in value:
                line['answers'][key] = word + ' ' + value + ' https://example.org/' + 'x' * 300
    for form in data['forms']:
        form['title'] = word
        for field in form['fields']:
            field['label'] = word
    return data


def render(folder, name, data):
    source, page = os.path.join(folder, name + '.json'), os.path.join(folder, name + '.html')
    with open(source, 'w', encoding='utf-8') as f:
        json.dump(data, f)
    program = next(p for p in ('build/release/unit/test_render', 'build/asan/unit/test_render') if os.path.exists(os.path.join(TOP, p)))
    done = subprocess.run([os.path.join(TOP, program), '--write', source, page, os.path.join(folder, name + '.txt')], cwd=TOP,
                          capture_output=True, text=True)
    if done.returncode:
        print('Bail out! ' + done.stdout + done.stderr)
        sys.exit(1)
    return page


def pages(folder):
    with open(os.path.join(TOP, 'tests', 'cases', 'digest', 'week.json'), encoding='utf-8') as f:
        week = json.load(f)
    found = {language: render(folder, language, dict(week, language=language)) for language in LANGUAGES}
    for language in ('en', 'ar'):
        found[language + '-long-words'] = render(folder, language + '-long-words', hostile(json.loads(json.dumps(dict(week, language=language)))))
    with open(found['en'], encoding='utf-8') as f:
        text = f.read()
    for name, changed in (
            ('en-without-styles', re.sub(r'<style>.*?</style>', '', text, flags=re.S)),
            ('en-without-any-css', re.sub(r' style="[^"]*"', '', re.sub(r'<style>.*?</style>', '', text, flags=re.S))),
            ('en-as-word', re.sub(r'<!--\[if mso\]>|<!\[endif\]-->', '', text)),
            ('en-outlook-dark', text.replace('<div role="article"', '<div data-ogsc="" data-ogsb=""><div role="article"').replace('</body>', '</div></body>'))):
        found[name] = os.path.join(folder, name + '.html')
        with open(found[name], 'w', encoding='utf-8') as f:
            f.write(changed)
    return found


def look(browser, name, page, contrast, keep):
    # Word's tables have a fixed width; without any CSS nothing breaks a long word.
    for width in (600,) if name in ('en-as-word', 'en-without-any-css') else (600, 360, 320):
        for scheme in ('light', 'dark'):
            remote = browser.open(page, width, scheme)
            wide, high = browser.size()
            ok(wide == width and not remote, '%s, %d pixels, %s: no sideways scroll, nothing remote' % (name, width, scheme), (wide, remote))
            if keep and width != 320 and 'long' not in name:
                browser.shot(os.path.join(keep, '%s-%d-%s.png' % (name, width, scheme)))
            if width == 600 and 'without' not in name and (name, scheme) not in (('en-outlook-dark', 'dark'), ('en-as-word', 'dark')):
                found = browser.evaluate(contrast)
                ok(found['texts'] > 100 and found['lowest'] >= 4.5 and found['marks'] > 20 and found['lowestMark'] >= 3,
                   '%s, %s: contrast of texts %.1f, of bars %.1f' % (name, scheme, found['lowest'], found['lowestMark']), found)


def main():
    keep = os.environ.get('SCREENS')
    if not shutil.which('chromium'):
        print('1..0 # SKIP no chromium: make deps-test installs it')
        return
    with open(os.path.join(TOP, 'tests', 'screens', 'contrast.js'), encoding='utf-8') as f:
        contrast = f.read()
    with tempfile.TemporaryDirectory(prefix='fieldpost-screens.') as folder, Browser() as browser:
        for name, page in pages(folder).items():
            tags = Tags()
            with open(page, encoding='utf-8') as f:
                text = f.read()
            tags.feed(text)
            ok(not tags.wrong and not tags.open, name + ': every tag is closed, headings without gaps', (tags.wrong, tags.open))
            ok(len(text.encode()) < 95000, '%s: %d bytes' % (name, len(text.encode())))
            look(browser, name, page, contrast, keep)
    print('1..%d' % count)
    sys.exit(failed > 0)


main()
