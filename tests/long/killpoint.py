"""The state file of killpoint.c, and the building of it."""
import mmap
import os
import struct
import subprocess

KINDS = ('send', 'write', 'sync', 'receive')
LAYOUT = struct.Struct('32sii4i')  # struct killpoint
LONG = os.path.dirname(os.path.abspath(__file__))
LIBRARY = os.path.join(os.path.dirname(os.path.dirname(LONG)), 'build', 'killpoint.so')


def build():
    source = os.path.join(LONG, 'killpoint.c')
    if not os.path.exists(LIBRARY) or os.path.getmtime(LIBRARY) < os.path.getmtime(source):
        os.makedirs(os.path.dirname(LIBRARY), exist_ok=True)
        subprocess.run(['cc', '-O1', '-shared', '-fPIC', '-o', LIBRARY + '.new', source, '-ldl'], check=True)
        os.rename(LIBRARY + '.new', LIBRARY)


class Killpoint:
    def __init__(self, path, duty):
        self.path, self.duty = path, duty.encode()
        with open(path, 'w+b') as f:
            f.truncate(LAYOUT.size)
            self.memory = mmap.mmap(f.fileno(), LAYOUT.size)

    def arm(self, left):
        """Kills before this many calls from the duty's start; 0: only counts."""
        self.memory[:] = LAYOUT.pack(self.duty, left, 0, 0, 0, 0, 0)

    def environment(self):
        return {'KILLPOINT_FILE': self.path, 'LD_PRELOAD': LIBRARY}

    def fired(self):
        """The kind of the call that was not made; None: nothing was killed."""
        kind = LAYOUT.unpack(self.memory[:])[2]
        return KINDS[kind - 1] if kind else None

    def calls(self):
        return sum(LAYOUT.unpack(self.memory[:])[3:])
