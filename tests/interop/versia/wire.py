"""HTTP as it is on the wire: paths are sent and seen as they are written, nothing is followed, nothing is decoded.

One rule: no meaning in here. `Listener` is a server on a port of its own, `send` one request.
"""

import http.client
import http.server
import json
import threading
import urllib.parse

# How long one answer may take, in seconds.
PATIENCE = 20


class Answer:
    """What came back."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"{self.status} {self.body[:400].decode(errors='replace')}"


class Request:
    """What came in. `target` is the path with its query."""

    def __init__(self, method, target, headers, body):
        self.method = method
        self.target = target
        self.headers = headers
        self.body = body

    @property
    def path(self):
        return self.target.split("?")[0]


def send(method, url, headers=None, body=None):
    """To an absolute URL, whose path goes out as it stands there; its fragment, if it has one, stays here."""
    url = url.split("#")[0]
    split = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(split.hostname, split.port or 80, timeout=PATIENCE)
    try:
        connection.putrequest(method, url.split(split.netloc, 1)[1] or "/", skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        try:
            connection.endheaders(body)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it has answered before it read everything
        answer = connection.getresponse()
        return Answer(answer.status, answer.headers, answer.read())
    finally:
        connection.close()


class Listener:
    """Answers each request with what `serve(request)` returns: status, headers, body; `None` hangs up without a word."""

    def __init__(self, serve):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                length = int(self.headers.get("Content-Length") or 0)
                request = Request(self.command, self.path, self.headers, self.rfile.read(length))
                answer = serve(request)
                if answer is None:
                    self.close_connection = True
                    return
                status, headers, body = answer
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_HEAD = answer

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
