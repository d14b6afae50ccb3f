"""The store: the journal as named graphs that answer queries.

`open_store` is the only way to it.
"""

from provkg.store.opening import open_store, rebuild
from provkg.store.port import EngineAnswer, Report, Store, Substitutions

__all__ = ["EngineAnswer", "Report", "Store", "Substitutions", "open_store", "rebuild"]
