"""A server that answers GETs of the resources it was given, each after 20 ms.

Reads JSON, path to resource, from standard input; prints its origin once it listens.
"""

from __future__ import annotations

import asyncio
import json
import sys

DELAY_S = 0.02


class _Server:
    def __init__(self, bodies: dict[str, bytes]) -> None:
        self._bodies = bodies

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer request after request on one connection."""
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ", 2)[1].decode("ascii")
                await asyncio.sleep(DELAY_S)
                body = self._bodies[path]
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: application/fhir+json\r\n"
                    b"Content-Length: %d\r\n\r\n" % len(body) + body
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


async def main() -> None:
    """Serve until killed."""
    given = json.load(sys.stdin)
    bodies = {path: json.dumps(found).encode() for path, found in given.items()}
    server = await asyncio.start_server(_Server(bodies).connected, "127.0.0.1", 0)
    sys.stdout.write(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
