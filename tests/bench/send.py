"""Sending: requests delivered a second to Postfix's smtp-sink, beside Postfix's smtp-source, in the same run.

The outbox holds real requests (each form in each language, text and HTML), due in the same moment. Fieldpost's time runs from the
start of its duty until all are recorded as sent, each before the next one on its connection. smtp-source sends as many bytes a mail
from memory: a connection a mail, and with -d over connections that stay.
"""
import json
import os
import statistics
import subprocess
import time

from place import PROGRAM, TREE, Place, wait_for
from sink import Sink

COUNT, SESSIONS, CONNECTIONS = 20000, 4, 16
RATIO_LEAST = 0.5
LANGUAGES = ('ar', 'en', 'es', 'fr', 'ne', 'pt')
PATIENCE = 300


def rendered(form, language, *words):
    done = subprocess.run([PROGRAM, 'forms', 'render', form, '--language', language, *words], capture_output=True, text=True, cwd=TREE)
    return done.stdout if done.returncode == 0 else None


def bodies():
    """What is put into the outbox for a request, in each of its languages."""
    found = []
    for name in sorted(os.listdir(os.path.join(TREE, 'config', 'forms'))):
        form, extension = os.path.splitext(name)
        for language in LANGUAGES if extension == '.yaml' else ():
            text, html = rendered(form, language), rendered(form, language, '--html')
            if text and html:
                found.append(json.dumps({
                    'subject': text.split('\n')[0].lstrip('# ')[:120], 'text': text, 'html': html, 'language': language,
                    'unsubscribe': 'unsubscribe', 'auto': 'auto-generated'}, ensure_ascii=False))
    if not found:
        raise RuntimeError('no form can be rendered')
    return found


def fill(place, count):
    """All rows that there were go; `count` new ones."""
    place.sql('TRUNCATE outbox CASCADE')
    place.sql("""INSERT INTO outbox (kind, recipient, header_id, dedupe_key, body, created_at, next_at)
        SELECT 'request', 'reader' || n || '@example.org', format('<bench-%%s.%%s@example.org>', n, md5(n::text)), 'bench:' || n, b.body, now(), now()
        FROM generate_series(1, %d) n JOIN body b ON b.number = n %% (SELECT count(*) FROM body)""" % count)
    place.sql('CHECKPOINT')
    os.sync()


def deliver(place, sink, count, connections=CONNECTIONS):
    """Seconds until all are recorded."""
    fill(place, count)
    config = place.write_config({'smtp': {'host': '127.0.0.1', 'port': sink.port, 'tls': 'none', 'from_address': 'field@example.org',
                                          'connections': connections}})
    service = place.serve('send', config)
    start = wait_for(lambda: duty_start(service.pid), 30, 'the duty')
    wait_for(lambda: all_sent(place, count), PATIENCE, 'the end of the run')
    took = time.clock_gettime(time.CLOCK_BOOTTIME) - start
    place.stop(service)
    return took


def all_sent(place, count):
    time.sleep(0.1)
    if place.count("SELECT count(*) FROM (SELECT FROM outbox WHERE state IN ('waiting', 'sending') AND channel = 'mail' LIMIT 1) o"):
        return False
    sent = place.count("SELECT count(*) FROM outbox WHERE state = 'sent'")
    if sent != count:
        raise RuntimeError('%d of %d were sent' % (sent, count))
    return True


def duty_start(supervisor):
    """When its first duty started, in seconds since the boot."""
    for name in os.listdir('/proc'):
        try:
            with open('/proc/%s/stat' % name) as f:
                fields = f.read().rsplit(')', 1)[1].split()
        except (OSError, IndexError):
            continue
        if name.isdigit() and int(fields[1]) == supervisor:
            return int(fields[19]) / os.sysconf('SC_CLK_TCK')
    return None


def body_length(place, count):
    """Bytes of a mail's body as it is sent, on average: each request once."""
    folder = place.path('dump')
    os.mkdir(folder)
    with Sink(folder) as sink:
        deliver(place, sink, count, 2)
    sizes = []
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), 'rb') as f:
            sizes.append(len(f.read().replace(b'\n', b'\r\n').split(b'\r\n\r\n', 2)[-1]))
    if len(sizes) != count:
        raise RuntimeError('%d of %d mails arrived' % (len(sizes), count))
    return int(statistics.mean(sizes))


def bench(runs, count=COUNT):
    with Place('send') as place:
        place.write_config({})
        place.serve('parse', wait=True)
        texts = bodies()
        place.sql('CREATE TABLE body (number bigint, body bytea)')
        for number, text in enumerate(texts):
            place.sql("INSERT INTO body VALUES (%d, decode('%s', 'hex'))" % (number, text.encode().hex()))
        length = body_length(place, len(texts))
        print('%d requests (%d different ones, bodies of %d bytes), smtp-source with %d sessions, fieldpost with %d connections' % (
            count, len(texts), length, SESSIONS, CONNECTIONS), flush=True)
        times = {'source': [], 'source -d': [], 'fieldpost': []}
        for number in range(runs):
            with Sink() as sink:
                times['source'].append(sink.source(count, SESSIONS, length))
                times['source -d'].append(sink.source(count, SESSIONS, length, keep=True))
                times['fieldpost'].append(deliver(place, sink, count))
            print('run %d ' % (number + 1) + ', '.join('%s %.2f s' % (name, took[-1]) for name, took in times.items()), flush=True)
        return judge(times, count)


def judge(times, count):
    speed = {name: count / statistics.median(took) for name, took in times.items()}
    for name, value in speed.items():
        print('%-9s median %6.0f mails/s  %s' % (name, value, '' if name == 'fieldpost' else 'fieldpost: %.2f of it' % (
            speed['fieldpost'] / value)))
    if speed['fieldpost'] < RATIO_LEAST * speed['source']:
        print('FAILED: less than %.1f of smtp-source' % RATIO_LEAST)
        return 1
    return 0
