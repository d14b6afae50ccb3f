"""Hooks on `http.client`, which urllib, requests and what stands on them use, and on what requests gives out.

They listen also inside hooked calls: `pandas.read_csv` fetches what it reads by urllib.
"""

from __future__ import annotations

from functools import partial
from types import ModuleType
from typing import Any

from provkg.capture.gate import gate
from provkg.capture.hooks import AfterImport
from provkg.capture.hooks.loading import argument
from provkg.capture.hooks.replacing import replace
from provkg.capture.hooks.wrap import follow, listen

__all__ = ["AFTER_IMPORT"]

_PORTS = {"http": 80, "https": 443}


def _patch_client(module: ModuleType) -> None:
    connection: Any = module.HTTPConnection
    answer: Any = module.HTTPResponse
    replace(connection, "putrequest", partial(listen, hear=_requested))
    replace(connection, "getresponse", partial(listen, hear=_answered))
    for name in ("read", "read1"):
        replace(answer, name, partial(listen, hear=_read))
    replace(answer, "readline", partial(listen, hear=_read_line))
    replace(answer, "readinto", partial(listen, hear=_read_into))


def _requested(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    connection, method = args[0], argument(args, kwargs, 1, ("method",))
    target = argument(args, kwargs, 2, ("url",))
    if gate.session is not None and type(target) is str:
        gate.session.files.network.requested(connection, method, _absolute(connection, target))


def _absolute(connection: Any, target: str) -> str:
    """The address that a request is for: through a proxy it is named whole, through a tunnel by its host."""
    if target.startswith(("http://", "https://")):
        return target
    scheme = "https" if connection.default_port == _PORTS["https"] else "http"
    tunnel = getattr(connection, "_tunnel_host", None)
    host = tunnel or connection.host
    port = connection._tunnel_port if tunnel else connection.port
    shown = f"[{host}]" if ":" in host else host
    return f"{scheme}://{shown}{'' if port in (None, _PORTS[scheme]) else f':{port}'}{target}"


def _answered(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    if gate.session is not None:
        gate.session.files.network.answered(args[0], result)


def _read(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    if gate.session is not None:
        gate.session.files.network.read(args[0], result)


def _read_line(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    # Of an answer that comes in chunks, lines are read by ``read``, which was heard.
    if not args[0].chunked:
        _read(args, kwargs, result)


def _read_into(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    _read(args, kwargs, memoryview(argument(args, kwargs, 1, ("b",))).cast("B")[:result])


def _patch_requests(module: ModuleType) -> None:
    replace(module.Session, "send", partial(listen, hear=_given_out))


def _given_out(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    """Requests decodes what was sent compressed: its content is what the user gets."""
    session = gate.session
    if session is None:
        return
    network = session.files.network
    received = network.received_by(getattr(result.raw, "_original_response", None))
    if received is not None:
        session.files.holders.hold(result, [received.state])
        content = result.__dict__.get("_content")
        if type(content) is bytes:
            network.decoded(received.state, content)


def _patch_models(module: ModuleType) -> None:
    replace(module.Response, "json", partial(follow, observe=_parsed))


def _parsed(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    if gate.session is not None:
        files = gate.session.files
        files.plain.put(result, files.holders.held(args[0]))


AFTER_IMPORT: dict[str, tuple[AfterImport, ...]] = {
    "http.client": (_patch_client,),
    "requests.models": (_patch_models,),
    "requests.sessions": (_patch_requests,),
}
