"""A stand-in for the hub that answers as a test tells it, for faults that a real one does not have on demand:
lost connections, damaged bytes, hostile names. It checks tokens as a hub does."""

import base64
import hashlib
import hmac
import json
import ssl
import subprocess
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = base64.b64encode(b"the key of the owner, 32 bytes..").decode()
DROP = object()  # an answer: the connection is closed instead


class ScriptedHub:
    """`answers` maps "METHOD /path" to a list of answers, each used once and the last one for ever. An answer is
    JSON, bytes, (status, JSON), DROP, or a function of the request that gives one of them."""

    def __init__(self, folder):
        self.ca = folder / "ca.pem"
        key = folder / "key.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-keyout", key, "-out", self.ca, "-days", "1", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
        self.answers = {}
        self.requests = []
        self.lock = threading.Lock()
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                hub.answer(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = answer

            def log_message(self, *arguments):
                pass

        self.server = ThreadingHTTPServer(("localhost", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.ca, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.address = f"localhost:{self.server.server_address[1]}"
        self.connection_string = f"HostName={self.address};SharedAccessKeyName=owner;SharedAccessKey={KEY}"
        self.environment = {"OUNCE_CONNECTION_STRING": self.connection_string, "OUNCE_CA": str(self.ca)}
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def calls(self, route):
        """What was asked of "METHOD /path": dicts with "query", "headers" and "body"."""
        with self.lock:
            return [request for request in self.requests if request["route"] == route]

    def answer(self, handler):
        path, _, query = handler.path.partition("?")
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        request = {"route": f"{handler.command} {path}", "headers": handler.headers, "body": body,
                   "query": dict(urllib.parse.parse_qsl(query))}
        with self.lock:
            self.requests.append(request)
            script = self.answers.get(request["route"], [(404, {"Message": "ErrorCode:NotFound;no such route"})])
            answer = script.pop(0) if len(script) > 1 else script[0]
        if not token_is_right(handler.headers.get("Authorization", "")):
            answer = (401, {"Message": "ErrorCode:IotHubUnauthorized;the token is not signed by this key"})
        elif callable(answer):
            answer = answer(request)
        if answer is DROP:
            handler.close_connection = True
            return
        status, content = answer if isinstance(answer, tuple) else (200, answer)
        content = content if isinstance(content, bytes) else json.dumps(content).encode()
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json; charset=utf-8")
        handler.send_header("Content-Length", str(len(content)))
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(content)


def token_is_right(text: str) -> bool:
    scheme, _, fields = text.partition(" ")
    token = dict(field.split("=", 1) for field in fields.split("&") if "=" in field)
    if scheme != "SharedAccessSignature" or token.get("skn") != "owner" or int(token.get("se", 0)) < time.time():
        return False
    signed = f"{token['sr']}\n{token['se']}".encode()
    signature = base64.b64encode(hmac.new(base64.b64decode(KEY), signed, hashlib.sha256).digest()).decode()
    return token["sr"] == "localhost" and urllib.parse.unquote(token["sig"]) == signature
