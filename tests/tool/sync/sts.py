"""Stands for AWS's token service: usage sts.py CERTIFICATE KEY.

A client comes to it as to a proxy. It says its port, and then what it is asked, a request in a line.
"""

import contextlib
import socket
import ssl
import sys

ANSWER = b"""<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>ASIAEXAMPLE</AccessKeyId>
<SecretAccessKey>role-secret</SecretAccessKey><SessionToken>role-token</SessionToken>
<Expiration>2126-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>"""

context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(*sys.argv[1:])


def head_of(stream):
    head = []
    while (line := stream.readline()) != b"\r\n":
        if not line:
            raise ConnectionError
        head.append(line.decode().strip())
    return head


def serve(plain):
    connect = head_of(plain.makefile("rb", 0))[0]
    plain.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    with context.wrap_socket(plain, server_side=True) as stream:
        asked = stream.makefile("rb")
        head = head_of(asked)
        length = next(line.split(":")[1] for line in head if line.lower().startswith("content-length:"))
        print(connect, head[0], asked.read(int(length)).decode(), flush=True)
        stream.sendall(b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: %d\r\n\r\n%s" % (len(ANSWER), ANSWER))


listener = socket.create_server(("127.0.0.1", 0))
print(listener.getsockname()[1], flush=True)
while True:
    # A client that has waited for too long has gone, and another one comes.
    with contextlib.suppress(OSError), listener.accept()[0] as plain:
        serve(plain)
