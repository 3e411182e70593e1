"""Runs a program of the tutorial as it stands, on another port than its 9000: on_port.py PORT PROGRAM [FROM TO]...

Port 0 lets the system choose; whoever binds then says so on standard error, which tells the tests when to connect.
"""
import socket
import sys

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

    def sendto(self, data, address):
        # A server answers to where a datagram came from; only the port in the program's text is another one.
        return super().sendto(data, (address[0], PORT) if address[1] == 9000 else address)

    def announce(self):
        print("listening", self.getsockname()[1], file=sys.stderr, flush=True)


socket.socket = Moved
with open(PROGRAM, encoding="utf-8") as file:
    text = file.read()
for old, new in zip(WORDS[::2], WORDS[1::2]):
    assert old in text, old
    text = text.replace(old, new)
exec(compile(text, PROGRAM, "exec"), {"__name__": "__main__"})
