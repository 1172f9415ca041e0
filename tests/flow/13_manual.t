#!/usr/bin/python3
"""The channels of the manual: every example in docs/channels.md and docs/providers.md, as it stands there, is a config that `fieldpost check`
takes, and the address to be told to the provider is printed."""
import base64
import os
import re
import subprocess
import sys
import tempfile

TOP = os.path.realpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..'))
PROGRAM = os.environ.get('FIELDPOST', os.path.join(TOP, 'fieldpost'))
POINT = 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g=='
SECRETS = {'partner.secret': 'whsec_' + base64.b64encode(b'k' * 32).decode(), 'sendgrid.public': POINT}
KINDS = ['africastalking', 'json', 'mailgun', 'matrix', 'postmark', 'sendgrid', 'signal', 'standard', 'telegram', 'twilio', 'vonage', 'whatsapp']
POLLED = ('telegram', 'signal', 'matrix')  # as their examples have it


def examples():
    """The lines of each channel, without their indentation."""
    found, lines, depth = [], None, 0
    for page in ('channels.md', 'providers.md'):
        with open(os.path.join(TOP, 'docs', page), encoding='utf-8') as f:
            for line in f.read().split('\n') + ['']:
                begin = re.match('^( +)- name: ', line)
                if begin:
                    depth, lines = len(begin.group(1)), [line[len(begin.group(1)):]]
                    found.append(lines)
                elif lines and line.startswith(' ' * (depth + 2)):
                    lines.append(line[depth:])
                else:
                    lines = None
    return found


def check(folder, lines):
    """What `fieldpost check` says of a config with this one channel."""
    text = '\n'.join('  ' + line for line in lines).replace('/etc/fieldpost/', folder + '/')
    for name in set(re.findall(re.escape(folder) + r'/([\w.]+)', text)):
        with open(os.path.join(folder, name), 'w') as f:
            f.write(SECRETS.get(name, 'k' * 24) + '\n')
    path = os.path.join(folder, 'fieldpost.yaml')
    with open(path, 'w') as f:
        f.write('state_dir: %s/state\npublic_url: https://field.example.org\nweb: {listen: "127.0.0.1:8025"}\nchannels:\n%s\n' % (folder, text))
    done = subprocess.run([PROGRAM, 'check', '--config', path], capture_output=True, text=True)
    return [line for line in done.stdout.split('\n') if ' channel ' in line], done.stdout + done.stderr


failed, kinds = 0, []
print('1..%d' % (len(examples()) + 1))
for number, lines in enumerate(examples(), 1):
    kind = re.search(r'kind: (\w+)', '\n'.join(lines)).group(1)
    name = lines[0].split(': ')[1].strip()
    kinds.append(kind)
    with tempfile.TemporaryDirectory(prefix='fieldpost-manual.', dir='/tmp') as folder:
        os.chmod(folder, 0o755)
        said, everything = check(folder, lines)
    asked = kind in POLLED
    good = len(said) == 1 and said[0].startswith('well') and (
        'asked by us' in said[0] if asked else 'https://field.example.org/hook/%s/kkkk' % name in said[0])
    failed += not good
    print('%sok %d - %s: its example is a whole config' % ('' if good else 'not ', number, kind))
    if not good:
        print('# ' + everything.replace('\n', '\n# '))
good = sorted(set(kinds)) == KINDS
print('%sok %d - there is an example of every kind' % ('' if good else 'not ', len(kinds) + 1))
sys.exit(bool(failed) or not good)
