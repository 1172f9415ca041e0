"""Webhooks: how many a second, each committed before it is answered; beside pgbench calling the same function.

    web      tests/bench/load_web, 64 keep-alive connections, each sending again as soon as it was answered
    pgbench  -n -M prepared -c 64 -j 2: api.channel_store() with one such request and its message a call, as the same login over
             the same socket, each call a transaction

In turn, on one database (the private server, synchronous commits). Then, open loop, half of what was reached: latency from the time
at which each request was due. Then on to many requests: the memory of the duty (PSS) early and late.
"""
import os
import shutil
import statistics
import subprocess
import sys
import urllib.request

from place import Place, free_ports, wait_for

RATIO_LEAST, P99_MOST_MS, GROWTH_MOST = 0.5, 50.0, 0.05
SCRIPT = r"""
\set n random(1, 9000000000000000)
SELECT * FROM api.channel_store(now(), ARRAY[{account}::bigint], ARRAY[now()],
 ARRAY[convert_to('{{"id":"p' || :n || '","from":"+243990123456","text":"1. Country: Nepal\n2. The water point works again since Monday, 40 families use it.\n3. Please send chlorine before the rains.\n4. 50"}}', 'UTF8')],
 ARRAY['{{}}'], ('[{{"d":1,"id":"p' || :n || '","sender":"+243990123456","reply_to":"+243990123456","text":"1. Country: Nepal\u000a2. The water point works again since Monday, 40 families use it.\u000a3. Please send chlorine before the rains.\u000a4. 50"}}]')::jsonb);
"""


class Web:
    def __init__(self, place, load):
        self.place, self.load, self.sent = place, load, 0
        self.port = free_ports(1)[0]
        secrets = {name: {'file': place.write_secret(name, value)} for name, value in
                   (('secret', 'bench-secret'), ('path_key', 'bench-path-0123456789'))}
        place.write_config({'web': {'listen': '127.0.0.1:%d' % self.port}, 'channels': [dict(
            {'name': 'bench', 'kind': 'json', 'secret_header': 'X-Secret', 'map_id': '/id', 'map_text': '/text', 'map_sender': '/from'},
            **secrets)]})
        self.service = place.serve('web', wait=True)
        wait_for(self.is_up, 20, 'the listener')
        self.script = place.path('pgbench.sql')
        with open(self.script, 'w') as f:
            f.write(SCRIPT.format(account=place.count("SELECT account_id FROM account WHERE name = 'bench'")))
        self.pgbench = shutil.which('pgbench') or '/usr/lib/postgresql/15/bin/pgbench'

    def is_up(self):
        try:
            return urllib.request.urlopen('http://127.0.0.1:%d/readyz' % self.port, timeout=5).status == 200
        except OSError:
            return False

    def send(self, rate, seconds, count=0):
        """requests, seconds, failures, p50, p99, worst"""
        out = subprocess.run([self.load, str(self.port), '/hook/bench/bench-path-0123456789', 'bench-secret', str(rate), str(seconds),
                              str(count), str(self.sent)], check=True, capture_output=True, text=True).stdout
        values = [float(v) for v in out.split()]
        self.sent += int(values[0]) + 1000
        if values[2]:
            raise RuntimeError('%d requests failed' % values[2])
        return values

    def peer(self, seconds):
        """Calls a second."""
        done = subprocess.run([self.pgbench, '-n', '-M', 'prepared', '-c', '64', '-j', '2', '-T', str(seconds), '-f', self.script,
                               '-h', self.place.path('state', 'postgresql', 'socket'), '-U', 'fieldpost_web', 'fieldpost'],
                              capture_output=True, text=True)
        rates = [line.split()[2] for line in done.stdout.split('\n') if line.startswith('tps = ')]
        if done.returncode or not rates:
            raise RuntimeError('pgbench: ' + done.stderr[-500:])
        return float(rates[-1])

    def pss(self):
        """KiB of the web duty's process."""
        with open(self.place.path('fieldpost.log')) as f:
            pid = [line for line in f if ' duty-started name=web ' in line][-1].split('pid=')[1].split()[0]
        with open('/proc/%s/smaps_rollup' % pid) as f:
            return next(int(line.split()[1]) for line in f if line.startswith('Pss:'))


def bench(tree, runs, seconds=6, many=1000000):
    load = os.path.join(tree, 'build', 'release', 'bench', 'load_web')
    subprocess.run(['make', '-s', '-C', tree, 'build/release/bench/load_web'], check=True)
    status = 0
    with Place('bench-web') as place:
        web = Web(place, load)
        web.send(0, 2)
        web.peer(2)
        rates, peers = [], []
        for number in range(runs):
            values = web.send(0, seconds)
            rates.append(values[0] / values[1])
            peers.append(web.peer(seconds))
            print('run %d web %.0f/s (p50 %.1f ms, p99 %.1f ms), pgbench %.0f/s' % (number + 1, rates[-1], values[3], values[4], peers[-1]),
                  flush=True)
        rate, peer = statistics.median(rates), statistics.median(peers)
        print('web      median %6.0f requests/s (%.0f to %.0f)   %.2f x pgbench' % (rate, min(rates), max(rates), rate / peer))
        print('pgbench  median %6.0f calls/s (%.0f to %.0f)' % (peer, min(peers), max(peers)))
        if rate < RATIO_LEAST * peer:
            print('FAILED: fewer than %.1f of pgbench' % RATIO_LEAST)
            status = 1
        p99s = []
        for number in range(runs):
            values = web.send(rate / 2, seconds)
            p99s.append(values[4])
            print('run %d at %.0f requests/s: p50 %.1f ms, p99 %.1f ms, worst %.1f ms' % (number + 1, values[0] / values[1], *values[3:6]),
                  flush=True)
        print('p99      median %.1f ms (%.1f to %.1f) at half that load, from the time each was due' % (
            statistics.median(p99s), min(p99s), max(p99s)))
        if statistics.median(p99s) > P99_MOST_MS:
            print('FAILED: more than %.0f ms' % P99_MOST_MS)
            status = 1
        if many:
            status = max(status, growth(web, many))
        place.close_sql()
    return status


def growth(web, many):
    """The most of three looks from a tenth of the requests on, and of the last three: what is kept for the next request comes and goes."""
    looks, step = [], many // 20
    for number in range(1, 21):
        web.send(0, 0, max(1, number * step - web.sent))
        looks.append((web.sent, web.pss()))
    early, late = max(kib for _, kib in looks[1:4]), max(kib for _, kib in looks[-3:])
    print('memory   %.1f MiB after %d requests, %.1f MiB after %d (%+.1f %%)' % (
        early / 1024, looks[1][0], late / 1024, looks[-1][0], 100 * (late / early - 1)))
    if late > early * (1 + GROWTH_MOST):
        print('FAILED: it grew by more than %.0f %%' % (100 * GROWTH_MOST))
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(bench(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), 3))
