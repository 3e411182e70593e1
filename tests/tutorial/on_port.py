"""Runs a program of the tutorial as it stands, on another port than its 9000: on_port.py PORT PROGRAM [FROM TO]...

Port 0 lets the system choose; whoever binds then says so on standard error, which tells the tests when to connect.

A pause of the program's, by which the file client keeps the name apart from the content, lasts until the other end has
read what was sent: on a busy machine its tenth of a second may be too short.
"""
import socket
import struct
import sys
import time

PORT = int(sys.argv[1])
PROGRAM = sys.argv[2]
WORDS = sys.argv[3:]


class Moved(socket.socket):
    def bind(self, address):
        super().bind((address[0], PORT))
        if self.type == socket.SOCK_DGRAM:
            self.announce()

    def listen(self, *backlog):
        super().listen(*backlog)
        self.announce()

    def connect(self, address):
        super().connect((address[0], PORT))
        if self.type == socket.SOCK_STREAM:
            connected.append(self)

    def sendto(self, data, address):
        # A server answers to where a datagram came from; only the port in the program's text is another one.
        return super().sendto(data, (address[0], PORT) if address[1] == 9000 else address)

    def announce(self):
        print("listening", self.getsockname()[1], file=sys.stderr, flush=True)


def is_on_its_way(sent_by):
    """Whether the other end, on this machine, has yet to read something: it is in this end's send queue until it is
    acknowledged, and from then on in the other's receive queue (proc_net_tcp(5)). The table is not written at one moment:
    the one is looked at before the other."""
    own, other = sent_by.getsockname(), sent_by.getpeername()
    return queue_len(own, other, 0) or queue_len(other, own, 1)


def queue_len(local, remote, queue):
    def as_listed(address):
        return "%08X:%04X" % (struct.unpack("=I", socket.inet_aton(address[0]))[0], address[1])

    ends = [as_listed(local), as_listed(remote)]
    with open("/proc/net/tcp") as table:
        lines = (line.split() for line in table)
        return max((int(line[4].split(":")[queue], 16) for line in lines if line[1:3] == ends), default=0)


def sleep(seconds):
    pause(seconds)
    while any(is_on_its_way(one) for one in connected if one.fileno() != -1):
        pause(0.001)


connected = []
pause, time.sleep = time.sleep, sleep
socket.socket = Moved
with open(PROGRAM, encoding="utf-8") as file:
    text = file.read()
for old, new in zip(WORDS[::2], WORDS[1::2]):
    assert old in text, old
    text = text.replace(old, new)
exec(compile(text, PROGRAM, "exec"), {"__name__": "__main__"})
