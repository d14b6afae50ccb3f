"""Opens the store of a home: current, alone, and mended where it is damaged."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import msgspec

from provkg.errors import StoreError
from provkg.records import Notice
from provkg.store.embedded import DamagedError, EmbeddedStore
from provkg.store.lock import Lock
from provkg.store.materialize import bring_up_to_date, fits

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from provkg.config import Home
    from provkg.store.port import Report

__all__ = ["open_store", "rebuild"]

_DRAFT, _OLD = "store.new", "store.old"


def open_store(
    home: Home, *, timeout: float = 5.0, begin: Callable[[int], None] | None = None
) -> EmbeddedStore:
    """Opens the store of a home and brings it up to date with the journal; close it after use.

    A damaged store, or one that another mapping or base IRI made, is made anew. Where the home cannot be
    written, the store is made in memory, for this time only. ``store.report`` tells what was done, with
    notices of what could not be.

    Parameters:
        home: the home.
        timeout: how long to wait for another process that has the store open, in seconds.
        begin: told, before it takes its time, how many runs are new to the store.

    Raises:
        StoreBusyError: it still has it open.
        StoreError: the store cannot be made (a full disk).
        JournalError: the journal cannot be read.
    """
    try:
        lock = Lock(home.path / "store.lock", timeout)
    except OSError as error:
        return _in_memory(home, error, begin)
    try:
        store = _current(home, begin)
    except BaseException:
        lock.release()
        raise
    store.lock = lock
    return store


def rebuild(home: Home, *, timeout: float = 5.0) -> Report:
    """Makes the store of a home anew from the journal.

    The new store takes the old one's place when it is whole: until then the old one stays.

    Parameters:
        home: the home.
        timeout: how long to wait for another process that has the store open, in seconds.

    Raises:
        StoreBusyError: it still has it open.
        StoreError: the store cannot be made (a full disk, a home that cannot be written).
        JournalError: the journal cannot be read.
    """
    try:
        lock = Lock(home.path / "store.lock", timeout)
    except OSError as error:
        raise StoreError(
            f"Cannot write to the home {home.path}: {error.strerror}.", "Check the folder's permissions."
        ) from error
    try:
        return _rebuild(home)
    finally:
        lock.release()


def _in_memory(home: Home, reason: OSError, begin: Callable[[int], None] | None) -> EmbeddedStore:
    store = EmbeddedStore(None, home.base)
    report = bring_up_to_date(store, home, begin=begin)
    message = f"cannot be written ({reason.strerror}): the store was made in memory, for this time only"
    notice = Notice(where=f"home {home.path}", message=message)
    store.report = msgspec.structs.replace(report, notices=(notice, *report.notices))
    return store


def _current(home: Home, begin: Callable[[int], None] | None) -> EmbeddedStore:
    _tidy(home)
    damage: tuple[Notice, ...] = ()
    try:
        store = EmbeddedStore(home.store_folder, home.base)
        if fits(store):
            store.report = bring_up_to_date(store, home, begin=begin)
            return store
        store.close()
    except DamagedError as error:
        damage = (Notice(where="store", message=f"was damaged and has been made anew ({error.message})"),)
    # Only here, where no traceback holds on to the old engine any more, are its files closed for sure.
    report = _rebuild(home, begin)
    store = EmbeddedStore(home.store_folder, home.base)
    store.report = msgspec.structs.replace(report, notices=(*damage, *report.notices))
    return store


def _rebuild(home: Home, begin: Callable[[int], None] | None = None) -> Report:
    draft, old = home.path / _DRAFT, home.path / _OLD
    try:
        _remove(draft)
        _remove(old)
        with EmbeddedStore(draft, home.base) as store:
            report = bring_up_to_date(store, home, begin=begin)
        if home.store_folder.exists():
            home.store_folder.rename(old)
        draft.rename(home.store_folder)
        _remove(old)
    except OSError as error:
        raise StoreError(
            f"Cannot replace the store in {home.path}: {error.strerror}.", "Check the folder's permissions."
        ) from error
    return msgspec.structs.replace(report, rebuilt=True)


def _tidy(home: Home) -> None:
    """Finishes or undoes what a killed rebuild left."""
    draft = home.path / _DRAFT
    if draft.exists() and not home.store_folder.exists():
        draft.rename(home.store_folder)
    _remove(draft)
    _remove(home.path / _OLD)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
