"""What is taken out of the record, and what must stay in it."""

from __future__ import annotations

import pytest

from provkg.confidential import holds_credentials, without_credentials
from provkg.config import Home
from provkg.journal import put_object

GITHUB = "ghp_" + "a1B2" * 9
JWT = f"eyJ{'hbGciOiJ'}IUzI1NiJ9.eyJ{'zdWIiOiIxMjM0'}NTY3.SflKxwRJSMeKKF2QT4"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("https://ann:pw@example.org/a.csv", "https://example.org/a.csv"),
        ("postgresql://ann:p%40w@db:5432/x", "postgresql://db:5432/x"),
        ("https://x-access-token-0123456789@example.org/r.git", "https://example.org/r.git"),
        ("ssh://git@example.org/r.git", "ssh://git@example.org/r.git"),
        ("https://example.org/@ann/a.csv?author=ann", "https://example.org/@ann/a.csv?author=ann"),
        (
            "s3 https://b.example.org/k?X-Amz-Expires=9&X-Amz-Signature=0f&X-Amz-Credential=AK",
            "s3 https://b.example.org/k?X-Amz-Expires=9&X-Amz-Signature=***&X-Amz-Credential=***",
        ),
        ("get('https://example.org/a?sig=x&design=1')", "get('https://example.org/a?sig=***&design=1')"),
        (f"key = '{GITHUB}'", "key = '***'"),
        (f"Bearer {JWT}.", "Bearer ***."),
        ("-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----\nrest", "***\nrest"),
        ("sklearn.linear_model.LogisticRegression(C=1.0)", "sklearn.linear_model.LogisticRegression(C=1.0)"),
        ("a://b", "a://b"),
        ("", ""),
    ],
)
def test_credentials_go_and_the_rest_stays(text: str, kept: str) -> None:
    assert without_credentials(text) == kept
    assert without_credentials(kept) == kept
    assert holds_credentials(text.encode()) is (text != kept)


@pytest.mark.parametrize(
    "token",
    [
        *(f"gh{kind}_{'a1' * 18}" for kind in "pousr"),
        *(f"github_pat_{'a_1' * 14}", f"glpat-{'a-1' * 7}", f"hf_{'a1' * 15}", f"sk-proj_{'a1' * 16}"),
        *(f"xoxb-{'a1' * 5}", f"AIza{'a-b' * 11}cd", f"AKIA{'A1' * 8}", f"ASIA{'A1' * 8}", JWT),
    ],
)
def test_tokens_of_all_forms_are_found_in_texts_and_among_bytes(token: str) -> None:
    assert without_credentials(f"a {token}") == "a ***"
    for before in (b"", b"a ", b"\xff\xfe("):
        assert holds_credentials(before + token.encode())
    assert not holds_credentials(b"a" + token.split(".", maxsplit=1)[0].encode())


def test_values_of_secret_variables_are_found_when_they_change(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("first-s3cret", "other-s3cret"):
        monkeypatch.setenv("WAREHOUSE_PASSWORD", value)
        assert without_credentials("first-s3cret, other-s3cret").count("***") == 1
    monkeypatch.delenv("WAREHOUSE_PASSWORD")
    assert not holds_credentials(b"first-s3cret, other-s3cret")


def test_of_images_the_ends_are_looked_at() -> None:
    pixels = b"\xff\x00" * 10_000
    assert holds_credentials(b"\x89PNG\r\n\x1a\ntEXtComment\x00" + GITHUB.encode() + b"\xff" + pixels)
    assert holds_credentials(b"\xff\xd8\xff" + pixels + b" " + GITHUB.encode())
    assert not holds_credentials(b"\x89PNG\r\n\x1a\ntEXt https://matplotlib.org/" + pixels)


def test_long_texts_take_linear_time() -> None:
    for text in ("://" * 200_000, "a://" + "?" * 400_000, "eyJ" * 200_000, "https://" + ":" * 500_000):
        without_credentials(text)


def test_values_of_secret_variables_of_the_environment_go(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_PASSWORD", "s3cret-of-ann")
    monkeypatch.setenv("AUTH_MODE", "interactive")
    assert without_credentials("connect('s3cret-of-ann', 'interactive')") == "connect('***', 'interactive')"


def test_what_holds_credentials_is_no_object(home: Home) -> None:
    digest, kept = put_object(home, b"curl https://ann:pw@example.org/")
    assert (len(digest), kept) == (64, False)
    assert put_object(home, b"curl https://example.org/")[1]
