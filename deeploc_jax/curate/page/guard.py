"""Requests that do not come from the page of an annotator are refused.

The server listens on the loopback interface, which every program and every web page in
a browser of the machine can reach. What each check is for:

- the token in the address: other users of the machine, and pages that guess ports;
- Host: names that a foreign server makes point here (DNS rebinding);
- Origin, Sec-Fetch-Site and the secret in a header: forms and scripts of other pages.
"""

from __future__ import annotations

import dataclasses
import json
import secrets
from typing import Any

SECRET_HEADER = b'x-curate-secret'
LARGEST = 64 * 1024  # bytes of a request's body
HEADERS = {
    'content-security-policy': "default-src 'none'; script-src 'self'; style-src "
    "'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action "
    "'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'same-origin',
    'cross-origin-resource-policy': 'same-origin',
    'cross-origin-opener-policy': 'same-origin',
    'cache-control': 'no-store',
}
"""Headers of every answer."""


@dataclasses.dataclass(frozen=True)
class Door:
    """The address of one annotator.

    Attributes:
        annotator: Name of the annotator.
        token: Random part of the address.
        secret: What the page sends along with every change.
    """

    annotator: str
    token: str = dataclasses.field(default_factory=lambda: secrets.token_urlsafe(24))
    secret: str = dataclasses.field(default_factory=lambda: secrets.token_urlsafe(24))


class Refused(Exception):
    """A request is refused.

    Args:
        status: Status of the answer.
        reason: Why, in a sentence.
    """

    def __init__(self, status: int, reason: str):
        super().__init__(reason)
        self.status = status


class Guard:
    """Lets requests of annotators through to an ASGI app.

    The app finds the `Door` of the request in `scope['state']['door']`.

    Args:
        app: The app.
        doors: The addresses.
        port: Port that the server listens on.
    """

    def __init__(self, app: Any, doors: tuple[Door, ...], port: int):
        self.app, self.doors = app, doors
        self.hosts = {f'{name}:{port}'.encode() for name in ('127.0.0.1', 'localhost')}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answers a request, as ASGI wants it."""
        if scope['type'] != 'http':
            return  # no websockets, and nothing to do at the start
        try:
            door = self._check(scope)
        except Refused as refused:
            await _answer(send, refused)
            return
        scope = scope | dict(state=dict(door=door))

        async def send_with_headers(message: Any) -> None:
            if message['type'] == 'http.response.start':
                message['headers'] = [*message['headers'], *_headers()]
            await send(message)

        await self.app(scope, receive, send_with_headers)

    def _check(self, scope: Any) -> Door:
        """The door that a request comes through, or raises `Refused`."""
        headers: dict[bytes, list[bytes]] = {}
        for name, value in scope['headers']:
            headers.setdefault(name.lower(), []).append(value)
        if headers.get(b'host', []) not in [[host] for host in self.hosts]:
            raise Refused(421, 'This server has another name.')
        door = self._door(scope['path'])
        changes = scope['method'] not in ('GET', 'HEAD')
        origins = [[b'http://' + host] for host in self.hosts]
        if headers.get(b'origin', [] if changes else origins[0]) not in origins:
            raise Refused(403, 'The request comes from another page.')
        site = headers.get(b'sec-fetch-site', [b'none'])
        visit = headers.get(b'sec-fetch-mode') == [b'navigate'] and not changes
        if site not in ([b'same-origin'], [b'none']) and not visit:
            raise Refused(403, 'The request comes from another page.')
        if changes:
            _check_change(headers, door)
        return door

    def _door(self, path: str) -> Door:
        token = path.removeprefix('/').partition('/')[0].encode()
        found = [
            door
            for door in self.doors
            if secrets.compare_digest(door.token.encode(), token)
        ]
        if not found:
            raise Refused(
                404, 'There is no such page. Open the address that was printed.'
            )
        return found[0]


def _check_change(headers: dict[bytes, list[bytes]], door: Door) -> None:
    (secret,) = headers.get(SECRET_HEADER, [b''])[:1]
    if not secrets.compare_digest(secret, door.secret.encode()):
        raise Refused(403, 'The page is of an earlier run: load it again.')
    if headers.get(b'content-type') != [b'application/json']:
        raise Refused(415, 'Changes are sent as JSON.')
    (length,) = headers.get(b'content-length', [b''])[:1]
    if not length.isdigit():
        raise Refused(411, 'The length is missing.')
    if len(length) > 9 or int(length) > LARGEST:
        raise Refused(413, 'The request is too large.')


def _headers() -> list[tuple[bytes, bytes]]:
    return [(name.encode(), value.encode()) for name, value in HEADERS.items()]


async def _answer(send: Any, refused: Refused) -> None:
    body = json.dumps(dict(error=str(refused))).encode()
    headers = [(b'content-type', b'application/json'), *_headers()]
    headers.append((b'content-length', str(len(body)).encode()))
    await send(dict(type='http.response.start', status=refused.status, headers=headers))
    await send(dict(type='http.response.body', body=body))
