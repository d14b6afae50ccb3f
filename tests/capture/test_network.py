"""What is read from the network is named by its address without credentials, with the digest of what came."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from provkg.config import Home
from provkg.records import Digest, FileMode
from tests.capture.conftest import Execute, Recorded
from tests.capture.test_limits import configure, recorded

TABLE = b"a,b\n" + b"".join(b"%d,%d\n" % (i, i * 7 % 13) for i in range(50))
SHA = hashlib.sha256(TABLE).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """Gives a table under several addresses."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/moved.csv":
            self.answer(302, b"", Location="/data.csv?signature=f00")
        elif path == "/closed.csv" and not self.headers.get("Authorization"):
            self.answer(401, b"")
        elif path == "/absent.csv":
            self.answer(404, b"")
        elif path == "/packed.csv":
            self.answer(200, gzip.compress(TABLE), **{"Content-Encoding": "gzip"})
        elif path == "/chunks.csv":
            parts = (TABLE[i : i + 50] for i in range(0, len(TABLE), 50))
            body = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
            self.answer(200, body, **{"Transfer-Encoding": "chunked"})
        else:
            self.answer(200, TABLE)

    def answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/csv; charset=utf-8")
        for name, value in headers.items():
            self.send_header(name, value)
        if "Transfer-Encoding" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def site() -> Iterator[str]:
    """The address of a server on this machine."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def addresses(seen: Recorded, name: str, evidence: str | None = "observed") -> set[tuple[str, bool]]:
    """The addresses that what a variable holds came from, and whether their digest is that of the table."""
    files = (seen.files[source] for source in seen.sources(seen.held(name).id, evidence=evidence))
    return {(file.url, file.sha256 == SHA) for file in files if file.url}


def test_tables_come_from_addresses_with_the_digest_of_what_came(execute: Execute, site: str) -> None:
    pytest.importorskip("requests")
    seen = execute(
        f"import io, urllib.request, requests, pandas as pd\nsite = 'http://{site}'",
        "plain = pd.read_csv(site + '/data.csv?part=2&token=s3cr3t')\n"
        "moved = pd.read_csv(site + '/moved.csv')\n"
        "chunks = pd.read_csv(site + '/chunks.csv'); packed = pd.read_csv(site + '/packed.csv')",
        "answer = urllib.request.urlopen(site + '/one.csv'); handle = pd.read_csv(answer)\n"
        "held = pd.read_csv(io.BytesIO(urllib.request.urlopen(site + '/two.csv').read()))",
        "closed = site.replace('//', '//ann:hunter2@') + '/closed.csv?X-Amz-Signature=f00&part=2'\n"
        "answer = requests.get(closed)\n"
        "text = pd.read_csv(io.StringIO(answer.text))\n"
        "decoded = pd.read_csv(io.BytesIO(requests.get(site + '/packed.csv').content))",
    )
    assert seen.notices == []
    at = f"http://{site}"
    assert addresses(seen, "plain") == {(f"{at}/data.csv?part=2", True)}
    assert addresses(seen, "moved") == {(f"{at}/moved.csv", True)}
    assert addresses(seen, "chunks") == {(f"{at}/chunks.csv", True)}
    assert addresses(seen, "packed") == {(f"{at}/packed.csv", False)}  # what came was packed
    assert addresses(seen, "handle") == {(f"{at}/one.csv", True)}
    assert addresses(seen, "held", None) == {(f"{at}/two.csv", True)}
    assert addresses(seen, "text", None) == {(f"{at}/closed.csv", True)}
    assert addresses(seen, "decoded", None) == {(f"{at}/packed.csv", True)}
    assert {file.media_type for file in seen.files.values()} == {"text/csv"}
    secrets = ("s3cr3t", "hunter2", "f00")
    assert not any(secret in str(file) for file in seen.files.values() for secret in secrets)


def test_what_was_fetched_into_a_file_is_linked_to_its_address(execute: Execute, site: str) -> None:
    pytest.importorskip("requests")
    seen = execute(
        f"import urllib.request, requests, pandas as pd\nsite = 'http://{site}'",
        "urllib.request.urlretrieve(site + '/data.csv', 'one.csv'); one = pd.read_csv('one.csv')",
        "with requests.get(site + '/data.csv', stream=True) as answer, open('two.csv', 'wb') as file:\n"
        "    for part in answer.iter_content(100): file.write(part)",
        "two = pd.read_csv('two.csv')",
        "part = urllib.request.urlopen(site + '/part.csv').read(10)\n"
        "unread = urllib.request.urlopen(site + '/unread.csv')\n"
        "try:\n    urllib.request.urlopen(site + '/absent.csv')\nexcept OSError:\n    pass",
    )
    assert seen.notices == []
    for name in ("one", "two"):
        assert addresses(seen, name, None) == {(f"http://{site}/data.csv", True)}
    last = {file.url.rpartition("/")[2]: file for file in seen.run.executions[-1].files}
    assert {name: file.covers for name, file in last.items()} == {
        "part.csv": Digest.PARTIAL,
        "unread.csv": Digest.NONE,
    }
    assert last["part.csv"].sha256 == hashlib.sha256(TABLE[:10]).hexdigest()


def test_other_schemes_are_named_and_addresses_can_be_left_out(home: Home, site: str, tmp_path: Path) -> None:
    pytest.importorskip("fsspec")
    seen = recorded(
        configure(home, leave_out_paths=["*://*/secret/*"]),
        "import fsspec, pandas as pd\n"
        "with fsspec.open('memory://bucket/x.csv', 'w') as file: file.write('a\\n1\\n')",
        "there = pd.read_csv('memory://bucket/x.csv'); there.to_csv('memory://bucket/y.csv')\n"
        f"hidden = pd.read_csv('http://{site}/secret/x.csv'); there.to_csv('memory://bucket/secret/z.csv')",
    )
    assert seen.notices == []
    named = {(file.url, file.mode) for file in seen.files.values() if file.url}
    assert named == {("memory://bucket/x.csv", FileMode.READ), ("memory://bucket/y.csv", FileMode.WRITTEN)}
    assert {file.sha256 for file in seen.files.values()} == {""}
    reasons = {file.reason for file in seen.files.values() if not file.url}
    assert reasons == {"left out by a setting"}
    assert {seen.files[source].reason for source in seen.sources(seen.held("hidden").id)} == reasons
