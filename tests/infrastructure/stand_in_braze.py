"""A Braze that takes every send and remembers it."""

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

CAMPAIGN_SEND = "/campaigns/trigger/send"


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    path: str
    authorization: str
    body: dict[str, Any]
    at: float = field(default_factory=time.time)

    @property
    def recipient(self) -> dict[str, Any]:
        """The one recipient of a send."""
        (recipient,) = self.body["recipients"]
        return recipient


class StandInBraze:
    """Listens on a free port of the loopback address while it is entered."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self._refusals: list[dict[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> "StandInBraze":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def refuse_once(self, seconds: int) -> None:
        """Answers the next send 429, to be tried again after so many seconds."""
        self._refusals.append({"X-RateLimit-Reset": str(int(time.time()) + seconds), "X-RateLimit-Remaining": "0"})

    def sends(self) -> list[Request]:
        """Every send that was taken."""
        return [one for one in self.requests if one.path == CAMPAIGN_SEND]

    def sends_to(self, user: str) -> list[Request]:
        """Every send to a user that was taken."""
        return [send for send in self.sends() if send.recipient.get("external_user_id") == user]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        braze = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers.get("Content-Length", 0))
                body = json.loads(self.rfile.read(length) or b"{}")
                if self.path == CAMPAIGN_SEND and braze._refusals:
                    self.answer(429, {"message": "Rate limit exceeded"}, braze._refusals.pop())
                    return
                braze.requests.append(Request(self.path, self.headers.get("Authorization", ""), body))
                self.answer(201, {"message": "success", "dispatch_id": f"dispatch-{len(braze.requests)}"}, {})

            def answer(self, status: int, body: dict[str, Any], headers: dict[str, str]) -> None:
                payload = json.dumps(body).encode()
                self.send_response(status)
                for name, value in {
                    "Content-Type": "application/json",
                    "Content-Length": str(len(payload)),
                    **headers,
                }.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, *_: object) -> None:
                """Nothing: the requests are kept instead."""

        return Handler
