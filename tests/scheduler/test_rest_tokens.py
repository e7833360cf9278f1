"""Tokens: short, renewed in time, and never to be read anywhere."""

from __future__ import annotations

import base64
import gc
import hashlib
import hmac
import json
import logging
import os
import shlex
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from portal.scheduler import Unavailable
from portal.scheduler.rest import Client, CommandSigner, KeySigner, Tokens
from portal.scheduler.rest.client import NoReply
from portal.scheduler.rest.faults import NoToken, TokenRefused
from portal.scheduler.rest.tokens import PAUSE_S

CANARY = "eyJhbGciOiJIUzI1NiJ9.eyJzdW4iOiJjYW5hcnkifQ.canary-signature"


@pytest.fixture
def key(tmp_path: Path) -> Path:
    file = tmp_path / "jwt.key"
    file.write_bytes(b"k" * 32)
    return file


def test_a_token_is_what_its_definition_says(key: Path) -> None:
    """RFC 7515, appendix A.1.1: base64url of header and claims, and an HMAC of both."""
    header, claims, signature = KeySigner(key).sign("kesuan", 600, 1000.5).split(".")

    def plain(part: str) -> bytes:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))

    assert json.loads(plain(header)) == {"alg": "HS256", "typ": "JWT"}
    assert json.loads(plain(claims)) == {"iat": 1000, "exp": 1600, "sun": "kesuan"}
    wanted = hmac.digest(b"k" * 32, f"{header}.{claims}".encode(), hashlib.sha256)
    assert plain(signature) == wanted


class Clock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


def test_a_token_is_renewed_at_half_of_its_life(key: Path) -> None:
    clock = Clock()
    tokens = Tokens(KeySigner(key), "kesuan", 600, clock)
    first = tokens.current()
    clock.now += 299
    assert tokens.current() == first
    clock.now += 2
    second = tokens.current()
    assert second != first
    clock.now -= 3600  # a clock that was set back
    assert tokens.current() not in (first, second)


def test_a_command_may_mint_shorter_tokens_than_it_was_asked_for(key: Path) -> None:
    clock = Clock()

    class Short:
        signed = 0

        def sign(self, user: str, life_s: int, now: float) -> str:
            self.signed += 1
            return KeySigner(key).sign(user, 20, now)

    signer = Short()
    tokens = Tokens(signer, "kesuan", 600, clock)
    tokens.current()
    clock.now += 11
    tokens.current()
    assert signer.signed == 2


def test_only_the_token_that_was_refused_is_dropped(key: Path) -> None:
    clock = Clock()
    tokens = Tokens(KeySigner(key), "kesuan", 600, clock)
    first = tokens.current()
    tokens.drop("another")
    assert tokens.current() == first
    tokens.drop(first)
    clock.now += 1
    assert tokens.current() != first


class Signer:
    """Signs, unless it is out of order."""

    def __init__(self, key: Path) -> None:
        self.key, self.asked, self.works = KeySigner(key), 0, True

    def sign(self, user: str, life_s: int, now: float) -> str:
        self.asked += 1
        if not self.works:
            raise NoToken("ssh: exit code 255, no token")
        return self.key.sign(user, life_s, now)


def test_while_the_signer_is_out_of_order_the_old_token_is_used(key: Path) -> None:
    clock, signer = Clock(), Signer(key)
    tokens = Tokens(signer, "kesuan", 600, clock)
    first = tokens.current()
    signer.works = False
    clock.now += 301
    assert [tokens.current(), tokens.current()] == [first, first]
    assert signer.asked == 2
    clock.now += 150
    with pytest.raises(NoToken, match="255"):
        tokens.current()
    signer.works = True
    clock.now += PAUSE_S
    assert tokens.current() != first


def test_a_signer_that_is_out_of_order_is_asked_now_and_then(key: Path) -> None:
    clock, signer = Clock(), Signer(key)
    signer.works = False
    tokens = Tokens(signer, "kesuan", 600, clock)
    for _ in range(50):
        with pytest.raises(NoToken, match="255"):
            tokens.current()
        clock.now += PAUSE_S / 10
    assert signer.asked == 5


def test_tokens_that_are_refused_one_after_the_other_are_not_signed_on_and_on(key: Path) -> None:
    clock, signer = Clock(), Signer(key)
    tokens = Tokens(signer, "kesuan", 600, clock)
    tokens.drop(tokens.current())
    tokens.drop(tokens.current())
    with pytest.raises(TokenRefused):
        tokens.current()
    assert signer.asked == 2
    clock.now += PAUSE_S
    tokens.drop(tokens.current())
    with pytest.raises(TokenRefused):
        tokens.current()
    assert signer.asked == 3


@pytest.mark.parametrize("content", [b"", b"short", None])
def test_a_key_that_is_none_is_said(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "key"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(Unavailable, match="key"):
        Tokens(KeySigner(file), "kesuan").current()


@pytest.mark.parametrize("printed", [CANARY, f"SLURM_JWT={CANARY}\n", f"  {CANARY}  "])
def test_what_a_command_prints_is_the_token(printed: str) -> None:
    assert CommandSigner(["printf", "%s", printed]).sign("kesuan", 60, 0) == CANARY


def test_the_words_of_the_command_are_filled_in(tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    script = f'echo "$@" > {shlex.quote(str(heard))}; echo {CANARY}'
    command = ["sh", "-c", script, "sh", "username={user}", "lifespan={seconds}"]
    CommandSigner(command).sign("kesuan", 90, 0)
    assert heard.read_text() == "username=kesuan lifespan=90\n"


@pytest.mark.parametrize(
    "script",
    [
        f"echo {CANARY}; exit 1",
        f"echo {CANARY} >&2; exit 1",
        f"echo 'token: {CANARY} .'",
        f"echo {CANARY} {CANARY}",
        "true",
    ],
)
def test_a_command_that_fails_gives_no_token_away(script: str) -> None:
    with pytest.raises(Unavailable) as failure:
        CommandSigner(["sh", "-c", script]).sign("kesuan", 60, 0)
    assert "canary" not in str(failure.value)


def test_a_command_that_is_not_there_is_said() -> None:
    with pytest.raises(Unavailable, match="no-such-command"):
        CommandSigner(["no-such-command"]).sign("kesuan", 60, 0)


# The way there.

Behaviour = Callable[[socket.socket], None]


def read_request(near: socket.socket) -> str:
    heard = b""
    while b"\r\n\r\n" not in heard:
        part = near.recv(65536)
        if not part:
            break
        heard += part
    return heard.decode()


@contextmanager
def server(behave: Behaviour, context: ssl.SSLContext | None = None) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    near, _ = listener.accept()
                except OSError:
                    return
                try:
                    with context.wrap_socket(near, server_side=True) if context else near as way:
                        behave(way)
                except OSError:
                    continue  # the client hung up, as it may

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def answering(text: str) -> Behaviour:
    def behave(near: socket.socket) -> None:
        read_request(near)
        near.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {len(text)}\r\n\r\n{text}".encode())

    return behave


class Canary:
    def sign(self, user: str, life_s: int, now: float) -> str:
        return CANARY


def client(url: str, timeout_s: float = 5.0, authority: Path | None = None) -> Client:
    return Client(url, Tokens(Canary(), "kesuan"), timeout_s, authority)


def test_the_token_goes_in_slurms_headers_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    heard: list[str] = []

    def behave(near: socket.socket) -> None:
        heard.append(read_request(near))
        near.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    caplog.set_level(logging.DEBUG)
    with server(behave) as port:
        way = client(f"http://127.0.0.1:{port}")
        reply = way.send("POST", "/slurm/x", body={"a": 1})
    assert reply.body == {}
    assert f"X-SLURM-USER-TOKEN: {CANARY}".lower() in heard[0].lower()
    assert "x-slurm-user-name: kesuan" in heard[0].lower()
    assert caplog.records
    shown = [repr(reply), repr(way), repr(vars(way)), caplog.text]
    shown += [str(record.args) + str(record.msg) for record in caplog.records]
    assert "canary" not in "".join(shown)


def stall(near: socket.socket) -> None:
    read_request(near)
    time.sleep(1.0)


def hang_up(near: socket.socket) -> None:
    read_request(near)


def half(near: socket.socket) -> None:
    read_request(near)
    near.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{")


def nonsense(near: socket.socket) -> None:
    read_request(near)
    near.sendall(b"\0\1\2 no http\r\n\r\n")


@pytest.mark.parametrize("behave", [stall, hang_up, half, nonsense])
def test_what_was_sent_and_not_answered_may_have_arrived(behave: Behaviour) -> None:
    with server(behave) as port, pytest.raises(NoReply) as silence:
        client(f"http://127.0.0.1:{port}", 0.4).send("POST", "/slurm/x", body={})
    assert silence.value.sent
    assert "canary" not in str(silence.value)


# httpcore leaves a socket that could not connect to the garbage collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "unix:/nowhere/socket"])
def test_what_could_not_be_sent_has_not_arrived(url: str) -> None:
    with pytest.raises(NoReply) as silence:
        client(url).send("POST", "/slurm/x", body={})
    assert not silence.value.sent
    del silence
    gc.collect()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_proxy_of_the_callers_does_not_count(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with server(answering("{}")) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy}")
        monkeypatch.setenv("ALL_PROXY", f"http://127.0.0.1:{proxy}")
        with pytest.raises(NoReply):
            client("http://127.0.0.1:9").send("GET", "/")
        with socket.socket(socket.AF_UNIX) as nobody:
            nobody.bind(str(tmp_path / "socket"))  # and does not listen
            with pytest.raises(NoReply) as silence:
                client(f"unix:{tmp_path}/socket").send("GET", "/")
            del silence
            gc.collect()


@pytest.mark.parametrize("text", ["", "no json", "[" * 100_000, '{"a": 1e999}'])
def test_an_answer_of_any_text_is_an_answer(text: str) -> None:
    with server(answering(text)) as port:
        assert client(f"http://127.0.0.1:{port}").send("GET", "/").status == 200


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    made, key = folder / "certificate.pem", folder / "key.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-keyout", str(key), "-out", str(made), "-days", "2"]
    command += ["-subj", "/CN=slurmrestd", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(command, check=True, capture_output=True, env={"PATH": os.environ["PATH"]})
    return made, key


def test_tls_reaches_a_server_that_is_trusted_and_no_other(
    certificate: tuple[Path, Path],
) -> None:
    made, key = certificate
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(made, key)
    with server(answering("{}"), context) as port:
        url = f"https://127.0.0.1:{port}"
        assert client(url, authority=made).send("GET", "/").status == 200
        with pytest.raises(NoReply, match="certificate") as silence:
            client(url).send("POST", "/", body={})
        assert not silence.value.sent
