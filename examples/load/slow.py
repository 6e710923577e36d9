#!/usr/bin/env python3
"""slow.py HOST PORT SECONDS [SOCKETS]: clients that hold connections and hardly send anything.

A third of them sends nothing, a third a head that never ends, a third a body of a byte a second; each
that is closed connects again. Prints how many were open at most and how often one was closed.
"""
import asyncio
import collections
import contextlib
import resource
import sys

host, port, seconds = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
sockets = int(sys.argv[4]) if len(sys.argv) > 4 else 2_000
resource.setrlimit(resource.RLIMIT_NOFILE, (sockets + 100, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
seen = collections.Counter()

HEAD = b"POST /orders HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
KINDS = {"idle": b"", "head": HEAD + b"x-slow: ", "body": HEAD + b"content-length: 1000\r\n\r\n"}


async def hold(kind):
    with contextlib.suppress(ConnectionError):
        reader, writer = await asyncio.open_connection(host, port)
        seen["open"] += 1
        seen["most"] = max(seen["most"], seen["open"])
        try:
            writer.write(KINDS[kind])
            end = asyncio.ensure_future(reader.read())
            while not (await asyncio.wait([end], timeout=1))[0]:
                if kind != "idle":
                    writer.write(b"1")
            # A reset is a close too.
            end.exception()
            seen[f"{kind} closed"] += 1
        finally:
            seen["open"] -= 1
            writer.close()


async def over_and_over(kind):
    while True:
        await hold(kind)
        await asyncio.sleep(1)


async def main():
    kinds = list(KINDS)
    tasks = [over_and_over(kinds[number % len(kinds)]) for number in range(sockets)]
    # Ends early only if something goes wrong here, which is raised.
    with contextlib.suppress(asyncio.TimeoutError):
        await asyncio.wait_for(asyncio.gather(*tasks), seconds)
    del seen["open"]
    print("slow:", ", ".join(f"{what} {count}" for what, count in sorted(seen.items())))


asyncio.run(main())
