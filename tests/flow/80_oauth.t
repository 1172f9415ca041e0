#!/usr/bin/python3
"""Logins by OAuth 2.0, against Dovecot with its OAuth2 driver and a provider that rotates refresh tokens, ends access tokens, answers
500, invalid_grant, garbage and nothing at all: the intake goes on, or the status says exactly why. The login in a browser and by a code,
SMTP with XOAUTH2, a request killed at every call, several at once, a dump of the database in which no token is found."""
import base64
import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'servers'))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'long'))
import killpoint  # noqa: E402
from lab import SERVERS, Lab, free_ports, mail  # noqa: E402

POINTS = int(os.environ.get('OAUTH_POINTS', '0'))  # 0: every call
SEALING_KEY = base64.b64encode(bytes(range(32))).decode()
DOVECOT = """
auth_mechanisms = plain login xoauth2 oauthbearer
auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = %s
}
"""


class Provider:
    def __init__(self, lab):
        self.web, self.smtp = free_ports(2)
        self.url = 'http://127.0.0.1:%d' % self.web
        helper = subprocess.Popen([sys.executable, os.path.join(SERVERS, 'provider.py'), str(self.web), str(self.smtp)],
                                  stdout=subprocess.PIPE)
        lab.helpers.append(helper)
        helper.stdout.readline()

    def set(self, **fields):
        urllib.request.urlopen(self.url + '/control', json.dumps(fields).encode()).close()

    def state(self):
        with urllib.request.urlopen(self.url + '/state') as answer:
            return json.load(answer)

    def refreshes(self):
        return sum(r.get('grant_type') == 'refresh_token' for r in self.state()['requests'])


def set_up(lab):
    provider = Provider(lab)
    args = os.path.join(lab.folder, 'oauth2.conf.ext')
    with open(args, 'w') as f:
        f.write('introspection_mode = auth\nintrospection_url = %s/introspect\nusername_attribute = username\n'
                'active_attribute = active\nactive_value = true\n' % provider.url)
    dovecot = lab.dovecot(['field:unused'], extra=DOVECOT % args)
    lab.options['oauth'] = [
        {'name': 'office', 'provider': 'custom', 'client_id': 'client-1', 'scope': 'mail offline_access',
         'client_secret': lab.keep_secret('client.secret', 'secret-of-the-application'), 'auth_url': provider.url + '/authorize',
         'token_url': provider.url + '/token', 'device_url': provider.url + '/device', 'key': lab.keep_secret('oauth.key', SEALING_KEY)},
        {'name': 'machine', 'provider': 'custom', 'grant': 'client_credentials', 'client_id': 'client-1',
         'client_secret': lab.keep_secret('machine.secret', 'secret-of-the-application'), 'token_url': provider.url + '/token',
         'key': lab.keep_secret('machine.key', SEALING_KEY), 'secret_expires': time.strftime('%Y-%m-%d', time.gmtime(time.time() + 86400 * 12))}]
    key = subprocess.run(['openssl', 'genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'], capture_output=True, text=True).stdout
    robot = json.dumps({'client_email': 'robot@project.example', 'private_key': key, 'private_key_id': 'k1'})
    lab.options['oauth'].append(
        {'name': 'robot', 'provider': 'custom', 'grant': 'service_account', 'service_account': lab.keep_secret('robot.json', robot),
         'subject': 'field@example.org', 'token_url': provider.url + '/token', 'key': lab.keep_secret('robot.key', SEALING_KEY)})
    lab.options['smtp'] = {'host': '127.0.0.1', 'port': provider.smtp, 'tls': 'none', 'user': 'field', 'oauth': 'office',
                           'from_address': 'field@example.org'}
    lab.mailbox('field', dovecot, user='field', oauth='office', poll_seconds=1)
    del lab.mailboxes[0]['password']
    lab.postgres()
    return provider, dovecot


def alarms(lab, kind='oauth'):
    return [a['text'] for a in lab.status()['alarms'] if a['kind'] == kind]


def login_status(lab, name='office'):
    return next((l['status'] for l in lab.status()['logins'] if l['login'] == name), '')


def next_now(lab):
    """What waits for its next try does not have to."""
    lab.sql("UPDATE fieldpost.oauth_token SET next_at = now(), failures = 0 WHERE next_at > now()")


class Login:
    """`fieldpost oauth login` with its input and output in our hands."""

    def __init__(self, lab, *words):
        self.process = subprocess.Popen(lab._as_user() + [os.path.join(lab.home, 'fieldpost'), 'oauth', 'login', 'office', *words,
                                        '--config', lab.config_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)
        self.said = ''

    def until(self, pattern):
        while not re.search(pattern, self.said, re.M):
            line = self.process.stdout.readline()
            if not line:
                break
            self.said += line
        return re.search(pattern, self.said, re.M)

    def end(self):
        rest, _ = self.process.communicate(timeout=30)
        self.said += rest
        return self.process.returncode


def first_login(lab, provider):
    lab.serve('--only', 'intake')
    lab.wait('the alarm', lambda: alarms(lab))
    lab.ok(any('nobody has logged in yet; log in with `fieldpost oauth login office`' in a for a in alarms(lab)),
           'before anybody logged in, the alarm says how', alarms(lab))
    lab.ok('fieldpost oauth login office' in lab.source('field'), 'so does the mailbox', lab.source('field'))
    login = Login(lab)
    url = login.until(r'^(http://\S+/authorize\?\S+)$').group(1)
    query = dict(p.split('=', 1) for p in url.partition('?')[2].split('&'))
    lab.ok(query.get('code_challenge_method') == 'S256' and len(query.get('code_challenge', '')) == 43 and len(query.get('state', '')) == 43,
           'PKCE and state in the address', url)
    port = re.search(r'127\.0\.0\.1%3A(\d+)%2F', url).group(1)
    try:
        urllib.request.urlopen('http://127.0.0.1:%s/?code=abc&state=wrong' % port)
        lab.ok(False, 'a state that is not ours is refused')
    except urllib.error.HTTPError as refused:
        lab.same((refused.code, 'another login' in refused.read().decode()), (400, True), 'a state that is not ours is refused')
    lab.ok('can be closed' in urllib.request.urlopen(url).read().decode(), 'the browser is told that it is done')
    code = login.end()
    lab.ok(code == 0 and 'logged in\n' in login.said and 'well     mailbox field: INBOX' in login.said and 'well     smtp' in login.said,
           'logged in by the loopback address; mailbox and SMTP were tried', login.said)
    lab.ok(lab.wait('stored', lambda: lab.totals()['stored'] == 1, 10), 'the service heard of it and reads at once')
    lab.same(lab.sql("SELECT action, object FROM fieldpost.audit WHERE actor LIKE 'cli:%'"), [['oauth-login', 'office']], 'it is in the audit')
    lab.same((alarms(lab), login_status(lab)), ([], 'well'), 'no alarm is left')
    return login.said


def kick(dovecot):
    subprocess.run(['doveadm', '-c', os.path.join(dovecot.folder, 'dovecot.conf'), 'kick', 'field'], stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def arrives(lab, dovecot, number, name, seconds=25):
    """A mail that comes in now is stored."""
    dovecot.append('field', [mail('later-%d' % number)])
    before = number
    lab.ok(lab.wait('stored', lambda: int(lab.sql('SELECT count(*) FROM fieldpost.message')[0][0]) > before, seconds), name,
           lab.source('field') + ' ' + login_status(lab))


def goes_on(lab, provider, dovecot):
    before = provider.refreshes()
    provider.set(revoke=True)
    kick(dovecot)
    arrives(lab, dovecot, 1, 'a token that the server refuses is replaced, and the intake goes on')
    lab.same(provider.refreshes() - before, 1, 'by one request')
    provider.set(lifetime=2)
    provider.set(revoke=True)
    kick(dovecot)
    arrives(lab, dovecot, 2, 'tokens that live for two seconds do as well')
    time.sleep(1.2)
    before = provider.refreshes()
    kick(dovecot)
    arrives(lab, dovecot, 3, 'one that has ended is replaced before it is shown')
    lab.ok(provider.refreshes() > before, 'by a request of its own')
    provider.set(lifetime=3600)


def fails_in_words(lab, provider, dovecot, stored):
    for mode, words in (('500', 'HTTP 500'), ('503', 'HTTP 503'), ('garbage', 'is not understood: it is no JSON object'),
                        ('html', 'is not understood'), ('huge', 'larger than 262144 bytes'),
                        ('invalid_client', 'invalid_client, HTTP 401')):
        provider.set(mode=mode)
        done = lab.run('oauth', 'refresh', 'office')
        lab.ok(done.returncode != 0 and words in done.stderr, '%s: said in words' % mode, done.stderr)
        lab.ok(any(words in a for a in alarms(lab)), '%s: there is an alarm' % mode, alarms(lab))
        if mode == '503':
            waits = float(lab.sql("SELECT extract(epoch FROM next_at - now()) FROM fieldpost.oauth_token WHERE name = 'office'")[0][0])
            lab.ok(15 < waits <= 20, 'its Retry-After is kept', waits)
    lab.ok('correlation="c0-rre1a710n"' in done.stderr, "the provider's number for its support is in the log", done.stderr)
    lab.stop()
    provider.set(mode='500', revoke=True)
    next_now(lab)
    lab.serve('--only', 'intake')
    lab.wait('the mailbox fails', lambda: 'HTTP 500' in lab.source('field'), 15)
    lab.ok('HTTP 500' in lab.source('field') and 'log in' not in lab.source('field'), 'while the provider answers 500 the mailbox says so',
           lab.source('field'))
    provider.set(mode='ok')
    next_now(lab)
    arrives(lab, dovecot, stored, 'and when it is well again the intake goes on')
    lab.same(alarms(lab), [], 'the alarm is gone')


def person_needed(lab, provider, dovecot, stored):
    provider.set(mode='invalid_grant', revoke=True)
    kick(dovecot)
    lab.wait('the mailbox fails', lambda: 'invalid_grant' in lab.source('field'), 15)
    lab.ok('invalid_grant, HTTP 400: AADSTS70008: expired; log in again with `fieldpost oauth login office`' in lab.source('field'),
           'a login that ended: the mailbox says who must do what', lab.source('field'))
    before = provider.refreshes()
    lab.ok(any('log in again' in a for a in alarms(lab)), 'so does an alarm', alarms(lab))
    provider.set(mode='ok', approved=True)
    login = Login(lab, '--device')
    code = login.end()
    lab.ok(code == 0 and 'WDJB-MJHT' in login.said and 'logged in\n' in login.said, 'logged in by a code on another device', login.said)
    arrives(lab, dovecot, stored, 'the service goes on by itself')
    lab.same(provider.refreshes(), before, 'nobody showed the dead token meanwhile')
    return login.said


def pasted(lab, provider):
    login = Login(lab, '--browser')
    url = login.until(r'^(http://\S+/authorize\?\S+)$').group(1)

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *words):
            return None
    try:
        urllib.request.build_opener(Stay).open(url)
        target = ''
    except urllib.error.HTTPError as moved:
        target = moved.headers['Location']
    login.process.stdin.write('http://127.0.0.1:1/?code=stolen&state=other\n')
    login.process.stdin.flush()
    login.until('another login')
    login.process.stdin.write(target + '\n')
    login.process.stdin.flush()
    code = login.end()
    lab.ok(code == 0 and 'logged in\n' in login.said, 'logged in by the pasted address; one of another login is refused', login.said)
    return login.said


def lost_answer(lab, provider):
    provider.set(mode='lose')
    done = lab.run('oauth', 'refresh', 'office')
    lab.ok(done.returncode != 0, 'the provider rotates and hangs up', done.stderr)
    provider.set(mode='ok')
    done = lab.run('oauth', 'refresh', 'office')
    lab.same(done.returncode, 0, 'the old token is shown again, and the provider takes it')
    provider.set(mode='lose', strict=True)
    lab.run('oauth', 'refresh', 'office')
    provider.set(mode='ok')
    done = lab.run('oauth', 'refresh', 'office')
    lab.ok('no answer to the request of 20' in done.stderr and 'log in again with `fieldpost oauth login office`' in done.stderr,
           'a strict provider does not: the alarm says what happened and what to do', done.stderr)
    lab.same(done.stderr.strip().split('\n')[-1], 'fieldpost oauth: ' + alarms(lab)[0], 'in the same words')
    provider.set(strict=False)


def send_mail(lab, number):
    lab.sql("INSERT INTO fieldpost.outbox (kind, dedupe_key, recipient, header_id, body, created_at, next_at) VALUES "
            "('digest', 'oauth-%d', 'team@example.org', '<oauth-%d@example.org>', '{\"subject\": \"hello %d\", \"text\": \"hello\"}', now(), now())"
            % (number, number, number))


def smtp(lab, provider):
    lab.stop()
    provider.set(auth=[], mails=[], lifetime=3600)
    lab.serve('--only', 'intake,send')

    def sent(count):
        return lab.wait('sent', lambda: len(provider.state()['mails']) == count, 15)
    send_mail(lab, 1)
    lab.ok(sent(1), 'a mail goes out by XOAUTH2')
    mechanism, raw = provider.state()['auth'][0]
    lab.ok(mechanism == 'XOAUTH2' and re.fullmatch(r'user=field\x01auth=Bearer access\.[\w-]{400}\x01\x01', raw), 'the bytes of XOAUTH2', raw)
    for number, mode in ((2, 'ok'), (3, 'bare')):
        time.sleep(5.5 if number == 2 else 0)  # an idle connection is closed after five seconds
        provider.set(smtp_mode=mode, revoke=True)
        lab.stop()
        lab.serve('--only', 'intake,send')
        send_mail(lab, number)
        lab.ok(sent(number), 'a refused token (%s) is replaced and the mail goes out' % ('334 and JSON' if mode == 'ok' else '535'))
    before = provider.refreshes()
    provider.set(smtp_mode='busy')
    lab.stop()
    lab.serve('--only', 'intake,send')
    send_mail(lab, 4)
    lab.wait('the alarm', lambda: alarms(lab, 'smtp'), 15)
    lab.ok('454' in ' '.join(alarms(lab, 'smtp')) and provider.refreshes() == before, '454 passes: no new token is asked for', alarms(lab, 'smtp'))
    provider.set(smtp_mode='echo', revoke=True)
    done = lab.run('check')
    lab.ok('words that hold the token' in done.stdout, 'a server that repeats the token is not repeated', done.stdout)
    provider.set(smtp_mode='ok')
    lab.ok(sent(4), 'what waited is sent')
    lab.ok(lab.wait('expiry', lambda: alarms(lab, 'oauth-expiry'), 10) and 'client secret ends in 1' in alarms(lab, 'oauth-expiry')[0],
           'an alarm tells of a client secret that ends in twelve days', alarms(lab, 'oauth-expiry'))
    return done.stdout


def quiet_end(lab, dovecot, since, stored):
    """Where tokens end, sessions do: that is no failure."""
    time.sleep(max(0.0, since + 16 - time.monotonic()))
    before = lab.log().count('mailbox_failed')
    kick(dovecot)
    arrives(lab, dovecot, stored, 'a session that the server ends is begun anew')
    lab.ok('mailbox_over' in lab.log() and lab.log().count('mailbox_failed') == before and lab.source('field') == 'well',
           'which is no failure', lab.source('field'))


def at_once(lab, provider):
    provider.set(mode='slow', slow_seconds=0.2, most_at_once=0)
    command = lab._as_user() + [os.path.join(lab.home, 'fieldpost'), 'oauth', 'refresh', 'office', '--config', lab.config_path]
    running = [subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) for _ in range(6)]
    ends = [(p.wait(), p.stderr.read()) for p in running]
    lab.ok(all(code == 0 for code, _ in ends) and provider.state()['most_at_once'] == 1, 'six at once ask one after the other, and all get one',
           (ends, provider.state()['most_at_once']))
    provider.set(mode='ok')


def aged(lab):
    """It is time for a new token."""
    lab.sql("UPDATE fieldpost.oauth_token SET renew_at = '2000-01-01', access_until = '2000-01-01' WHERE name = 'office'")


def killed(lab, provider, *words):
    """Each call that the command makes is one at which it is killed; then another one must get a token, with what is kept."""
    killpoint.build()
    library = os.path.join(lab.folder, 'killpoint.so')
    with open(killpoint.LIBRARY, 'rb') as f, open(library, 'wb') as copy:
        copy.write(f.read())
    point = killpoint.Killpoint(os.path.join(lab.folder, 'killpoint'), '*')
    os.chmod(point.path, 0o666)
    environment = dict(os.environ, **dict(point.environment(), LD_PRELOAD=library))

    def kill_at(number):
        aged(lab)
        point.arm(number)
        return lab.run(*words, env=environment)
    done = kill_at(0)
    calls = point.calls()
    lab.ok(done.returncode == 0 and calls > 20, '`%s` makes %d calls that send, write or receive' % (' '.join(words), calls),
           done.stdout + done.stderr)
    kills, lost, rotated, used = 0, [], 0, 0
    for number in range(1, calls + 1, max(1, calls // POINTS) if POINTS else 1):
        before = len(provider.state()['issued'])
        kill_at(number)
        state = provider.state()
        kills += point.fired() is not None
        rotated += len(state['issued']) > before
        used += len(state['issued']) > before and state['previous'] is None
        done = lab.run('oauth', 'refresh', 'office')
        if done.returncode:
            lost.append((number, done.stderr))
            break
    lab.ok(not lost, 'killed at %d of them, %d times when the provider had rotated, %d when the new token was used: the next refresh finds one '
           'that counts' % (kills, rotated, used), lost)
    enough = kills > 10 and rotated > 2 and (used > 2 or words[0] == 'oauth')
    lab.ok(enough or POINTS, 'the kills came before, between and after', (kills, rotated, used))


def searched(lab, provider, said):
    dump = subprocess.run(lab._as_user() + [os.path.join(lab.database.programs, 'pg_dump'), '-h', lab.database.folder, '-U', 'postgres', 'fieldpost'],
                          capture_output=True).stdout
    issued = provider.state()['issued'] + ['secret-of-the-application', SEALING_KEY]
    issued += [r['assertion'] for r in provider.state()['requests'] if 'assertion' in r]
    lab.ok(len(issued) > 40 and b'oauth_token' in dump, '%d tokens, codes and secrets are looked for' % len(issued), len(dump))

    def held_in(data):
        found = []
        for token in issued:
            raw = token.encode()
            pieces = [raw[-24:], raw[len(raw) // 2:][:24], raw[-24:].hex().encode()]
            pieces += [base64.b64encode(raw[-30 - i:])[4:28] for i in range(3)]
            found += [token for piece in pieces if piece in data]
        return found
    planted = issued[0].encode().hex().encode()
    lab.ok(held_in(b'x' + planted) and not held_in(b'x'), 'a token that is there would be found')
    lab.same(held_in(dump), [], 'none of them is in a dump of the database')
    lab.same(held_in(lab.log().encode()), [], 'nor in the log')
    status = lab.run('status', '--json').stdout + lab.run('oauth', 'list').stdout + said
    lab.same(held_in(status.encode()), [], 'nor in what the status, the logins and `check` printed')
    limits = [open('/proc/%d/limits' % lab.duty_pid(duty)).read() for duty in ('intake', 'send')]
    lab.ok(all(re.search(r'Max core file size +0 +0 ', l) for l in limits), 'nor in a core: those who log in leave none', limits)
    lab.sql("UPDATE fieldpost.oauth_token SET refresh = access WHERE name = 'office'")
    done = lab.run('oauth', 'refresh', 'office')
    lab.ok('sealed with another key or for another login' in done.stderr and 'log in again' in done.stderr, 'a sealed token that was moved is refused', done.stderr)


def main():
    with Lab('oauth') as lab:
        provider, dovecot = set_up(lab)
        if os.environ.get('OAUTH_SWEEP'):
            lab.write_config()
            provider.set(approved=True)
            lab.same(Login(lab, '--device').end(), 0, 'logged in')
            killed(lab, provider, os.environ['OAUTH_SWEEP'])
            return
        dovecot.append('field', [mail('first')])
        said = first_login(lab, provider)
        goes_on(lab, provider, dovecot)
        fails_in_words(lab, provider, dovecot, 4)
        said += person_needed(lab, provider, dovecot, 5)
        lost_answer(lab, provider)
        said += pasted(lab, provider)
        done = lab.run('oauth', 'refresh', 'machine')
        lab.same(done.returncode, 0, 'client credentials need no login')
        done = lab.run('oauth', 'refresh', 'robot')
        lab.same(done.returncode, 0, 'nor does a service account')
        assertion = next((r['assertion'] for r in provider.state()['requests'] if 'assertion' in r), '')
        claims = json.loads(base64.urlsafe_b64decode(assertion.split('.')[1] + '==')) if assertion else {}
        lab.ok(claims.get('sub') == 'field@example.org' and claims.get('aud') == provider.url + '/token' and
               -60 < claims['iat'] - time.time() <= 0, 'its assertion says who, for whom and when', claims)
        said += smtp(lab, provider)
        since = time.monotonic()
        at_once(lab, provider)
        killed(lab, provider, 'oauth', 'refresh', 'office')
        quiet_end(lab, dovecot, since, 6)
        searched(lab, provider, said)


main()
