"""MQTT 3.1.1 by hand, for what no proper client would do."""

import socket
import ssl
import struct


def text(value):
    data = value.encode() if isinstance(value, str) else value
    return struct.pack(">H", len(data)) + data


def packet(first, body):
    length, size = b"", len(body)
    while True:
        size, low = divmod(size, 128)
        length += bytes([low | (128 if size else 0)])
        if not size:
            return bytes([first]) + length + body


def connect_packet(client_id, user, password, clean=True, keep_alive=60, level=4):
    flags = 0xC0 | (2 if clean else 0)
    return packet(0x10, text("MQTT") + bytes([level, flags]) + struct.pack(">H", keep_alive) + text(client_id) +
                  text(user) + text(password))


def publish_packet(topic, payload, packet_id=None, dup=False):
    first = 0x30 | (2 if packet_id else 0) | (8 if dup else 0)
    return packet(first, text(topic) + (struct.pack(">H", packet_id) if packet_id else b"") + payload)


def subscribe_packet(topic, packet_id=1, qos=1):
    return packet(0x82, struct.pack(">H", packet_id) + text(topic) + bytes([qos]))


class Wire:
    """A TLS connection to the hub's MQTT port; `source` is the address it comes from."""

    def __init__(self, hub, source="127.0.0.1", timeout=20):
        self.hub = hub
        raw = socket.create_connection(("127.0.0.1", hub.mqtt_port), timeout, (source, 0))
        context = ssl.create_default_context(cafile=hub.ca)
        self.stream = context.wrap_socket(raw, server_hostname=hub.host)
        self._input = b""

    def send(self, data):
        self.stream.sendall(data)

    def receive(self):
        """The next packet as (first byte, body); None once the hub has closed."""
        while True:
            taken = self._take()
            if taken:
                return taken
            try:
                data = self.stream.recv(65536)
            except (ConnectionError, ssl.SSLError):
                return None
            if not data:
                return None
            self._input += data

    def _take(self):
        size, shift = 0, 0
        for at, byte in enumerate(self._input[1:5], 1):
            size |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                if len(self._input) < at + 1 + size:
                    return None
                first, body = self._input[0], self._input[at + 1:at + 1 + size]
                self._input = self._input[at + 1 + size:]
                return first, body
        return None

    def connect(self, device, password, **options):
        """Sends CONNECT and gives the return code of the CONNACK."""
        self.send(connect_packet(device, f"{self.hub.host}/{device}/?api-version=2021-04-12", password, **options))
        first, body = self.receive()
        assert first == 0x20
        return body[1]

    def publish(self, topic, payload, packet_id, dup=False):
        """Sends with QoS 1 and gives the id of the PUBACK; None if the hub closed instead."""
        self.send(publish_packet(topic, payload, packet_id, dup))
        while True:
            answer = self.receive()
            if answer is None or answer[0] == 0x40:
                return answer and struct.unpack(">H", answer[1])[0]

    def closed_by_hub(self):
        while True:
            if self.receive() is None:
                return True

    def close(self):
        self.stream.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
