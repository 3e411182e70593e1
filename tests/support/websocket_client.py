"""A WebSocket client on nothing but a socket: python3 websocket_client.py PORT. Says what it got, line by line."""
import base64
import hashlib
import os
import socket
import struct
import sys


def exactly(count):
    data = b""
    while len(data) < count:
        piece = peer.recv(count - len(data))
        if not piece:
            sys.exit("the server ended early")
        data += piece
    return data


def send(first, payload):
    mask = os.urandom(4)
    length = len(payload)
    if length < 126:
        head = struct.pack("!BB", first, 0x80 | length)
    elif length < 65536:
        head = struct.pack("!BBH", first, 0x80 | 126, length)
    else:
        head = struct.pack("!BBQ", first, 0x80 | 127, length)
    peer.sendall(head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload)))


def receive():
    first, length = exactly(2)
    if length == 126:
        length = struct.unpack("!H", exactly(2))[0]
    elif length == 127:
        length = struct.unpack("!Q", exactly(8))[0]
    return first, exactly(length)


port = int(sys.argv[1])
peer = socket.create_connection(("127.0.0.1", port), timeout=20)
key = base64.b64encode(os.urandom(16)).decode()
peer.sendall(
    f"GET /ws HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode()
)
head = b""
while not head.endswith(b"\r\n\r\n"):
    head += exactly(1)
digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
fields = dict(line.split(": ", 1) for line in head.decode().strip().split("\r\n")[1:])
assert fields["Sec-WebSocket-Accept"] == base64.b64encode(digest).decode(), head
print(head.decode().split("\r\n")[0])

send(0x81, "你好".encode())
first, payload = receive()
print(hex(first), payload.decode())
send(0x01, b"one ")
send(0x89, b"ping")
send(0x80, b"message")
for _ in range(2):
    first, payload = receive()
    print(hex(first), payload.decode())
for size in (125, 126, 65535, 65536, 1 << 20):
    message = os.urandom(size)
    send(0x82, message)
    assert receive() == (0x82, message), size
print("sizes")
send(0x81, b"\xff\xfe")
first, payload = receive()
print(hex(first), struct.unpack("!H", payload[:2])[0])
assert peer.recv(1) == b""
