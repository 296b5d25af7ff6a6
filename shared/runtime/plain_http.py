"""HTTP/1.1 and nothing else: an offer to change the protocol is not taken, and its request is answered as any other (RFC 9110, 7.8).

Java's HttpClient makes that offer (h2c) with every request over plain HTTP; the parser would take the body behind it for another protocol's.
"""

from __future__ import annotations

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class PlainHttp(HttpToolsProtocol):
    """Uvicorn's own protocol, but for a request with an offer: it is read once more, without the offer."""

    def on_headers_complete(self) -> None:
        """Begin to answer, unless this is to be read once more."""
        if not self._offered():
            super().on_headers_complete()

    def on_message_complete(self) -> None:
        """The request is whole."""
        if not self._offered():
            super().on_message_complete()

    def data_received(self, data: bytes) -> None:
        """Read on; the parser stops behind the head of a request with an offer."""
        self._unset_keepalive_if_required()
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as offer:
            if self._tunnel():
                self.send_400_response("Invalid HTTP request received.")
            else:
                self._read_again(self._head() + data[offer.args[0] :])
        except httptools.HttpParserError:
            self.logger.warning("Invalid HTTP request received.")
            self.send_400_response("Invalid HTTP request received.")

    def _read_again(self, data: bytes) -> None:
        """By another parser: this one has heard that the connection closes, where the request says so, and would hear no more."""
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn sets it
        self.data_received(data)

    def _offered(self) -> bool:
        return bool(self.parser.should_upgrade())

    def _tunnel(self) -> bool:
        """CONNECT asks for another protocol without a header that could be left out."""
        return bool(self.parser.get_method() == b"CONNECT")

    def _head(self) -> bytes:
        """The head of this request without the offer."""
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())]
        lines += [b"%s: %s" % (name, value) for name, value in self.headers if name != b"upgrade"]
        return b"\r\n".join([*lines, b"", b""])
