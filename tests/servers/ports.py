"""Ports of loopback for servers that are started a little later."""
import random
import socket

# Below those that the kernel gives to connections going out (ip_local_port_range, from 32768 on): one of these is taken by such a connection
# now and then, between the moment it was found free and the one its server starts.
RANGE = (10000, 32767)


def free_ports(count):
    """Ports that are free now; all are held until the last was found, so that they differ."""
    held = []
    while len(held) < count:
        s = socket.socket()
        try:
            s.bind(('127.0.0.1', random.randint(*RANGE)))
            held.append(s)
        except OSError:
            s.close()
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports
