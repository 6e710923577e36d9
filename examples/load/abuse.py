#!/usr/bin/env python3
"""abuse.py HOST PORT SECONDS: a client that nobody wants.

Sends bodies that are wrong, headers that are huge, and bodies and headers of a byte a second; asks for
long lists and reads them as slowly. Prints how often which status came, and fails if one was 500 or
above.
"""
import asyncio
import collections
import contextlib
import sys

host, port, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
seen = collections.Counter()

START = b"POST /durable/orchestrators/process_order HTTP/1.1\r\nhost: localhost\r\n"
LIST = b"GET /durable/instances?top=1000 HTTP/1.1\r\nhost: localhost\r\n"
BODIES = [
    b"{",
    b"[" * 100_000,
    b'"\xff\xfe"',
    b'{"order_id":' + b"9" * 300_000 + b"}",
    b"x" * 1_100_000,  # above the limit
]
HEADERS = [
    b"x-huge: " + b"h" * 1_000_000 + b"\r\n",
    b"".join(b"x-%d: h\r\n" % n for n in range(5_000)),
]


@contextlib.asynccontextmanager
async def connection():
    """A connection; the server may end it at any time, which is fine."""
    with contextlib.suppress(ConnectionError):
        reader, writer = await asyncio.open_connection(host, port, limit=1024)
        with contextlib.closing(writer):
            yield reader, writer


async def note(reader):
    line = await reader.readline()
    seen[line.split(b" ")[1].decode() if line else "closed"] += 1


async def send(request):
    async with connection() as (reader, writer):
        writer.write(request)
        await writer.drain()
        await note(reader)


async def bad_bodies():
    for body in BODIES:
        await send(START + b"connection: close\r\ncontent-length: %d\r\n\r\n" % len(body) + body)


async def huge_headers():
    for headers in HEADERS:
        await send(START + headers + b"\r\n")


async def drip(head):
    """Sends on and on, until the server has had enough."""
    async with connection() as (reader, writer):
        writer.write(head)
        answer = asyncio.ensure_future(note(reader))
        while not (await asyncio.wait([answer], timeout=1))[0]:
            writer.write(b"1")


async def slow_body():
    await drip(START + b"content-length: 1000\r\n\r\n")


async def slow_headers():
    await drip(START + b"x-slow: ")


async def slow_reader():
    async with connection() as (reader, writer):
        writer.write(LIST + b"\r\n")
        await note(reader)
        while await reader.read(1):
            await asyncio.sleep(1)


async def over_and_over(abuse, pause):
    while True:
        await abuse()
        await asyncio.sleep(pause)


async def main():
    kinds = [(bad_bodies, 4, 0.02), (huge_headers, 4, 0.02)]
    kinds += [(slow_body, 100, 1), (slow_headers, 100, 1), (slow_reader, 50, 1)]
    tasks = [over_and_over(abuse, pause) for abuse, count, pause in kinds for _ in range(count)]
    # Ends early only if something goes wrong here, which is raised.
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(asyncio.gather(*tasks), seconds)
    print("abuse:", ", ".join(f"{status} {times} times" for status, times in sorted(seen.items())))
    sys.exit(any(status.startswith("5") for status in seen))


asyncio.run(main())
