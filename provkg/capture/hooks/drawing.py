"""Hooks on what draws: matplotlib's axes, pandas' plots, seaborn, and the plots of scikit-learn.

Only the outermost call is looked at: of ``df.plot()`` the table, not the columns that it hands to an axes.
"""

from __future__ import annotations

import inspect
import io
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from types import FrameType, ModuleType
from typing import Any

from provkg.capture.gate import gate, is_hidden
from provkg.capture.hooks import AfterImport
from provkg.capture.hooks.loading import named_path
from provkg.capture.hooks.replacing import replace
from provkg.capture.hooks.wrap import Follower, dress, follow, hide, is_replacement, listen, step
from provkg.capture.kinds import kind_of, type_name
from provkg.capture.session import Session
from provkg.capture.states import Node

__all__ = ["AFTER_IMPORT", "Drawing", "drew", "figures_in"]

# fmt: off
_AXES = frozenset((
    "acorr", "bar", "bar3d", "barbs", "barh", "boxplot", "broken_barh", "cohere", "contour",
    "contour3D", "contourf", "contourf3D", "csd", "ecdf", "errorbar", "eventplot", "fill",
    "fill_between", "fill_betweenx", "grouped_bar", "hexbin", "hist", "hist2d", "hlines", "imshow",
    "loglog", "magnitude_spectrum", "matshow", "pcolor", "pcolorfast", "pcolormesh", "phase_spectrum",
    "pie", "plot", "plot3D", "plot_surface", "plot_trisurf", "plot_wireframe", "psd", "quiver",
    "scatter", "scatter3D", "semilogx", "semilogy", "specgram", "spy", "stackplot", "stairs", "stem",
    "step", "streamplot", "tricontour", "tricontourf", "tripcolor", "triplot", "violinplot", "vlines",
    "xcorr",
))
# fmt: on
_PANDAS = (
    "andrews_curves",
    "autocorrelation_plot",
    "bootstrap_plot",
    "boxplot",
    "lag_plot",
    "parallel_coordinates",
    "radviz",
    "scatter_matrix",
)
_MAX_PARTS = 50


# --- what is drawn, and into which figure -----------------------------------------------------------


def figures_in(result: Any) -> Iterator[Any]:
    """The figures that a drawing function's result is in: axes, a grid, a display, or several of them."""
    if type(result).__name__ == "ndarray" or type(result) in (list, tuple):
        for part in list(getattr(result, "flat", result))[:_MAX_PARTS]:
            yield from figures_in(part)
        return
    if hasattr(result, "get_figure"):
        figure = result.get_figure()
    else:
        figure = getattr(result, "figure_", None) or getattr(result, "figure", None)
    while figure is not None and getattr(figure, "figure", figure) is not figure:
        figure = figure.figure  # a part of a figure knows the whole
    if figure is not None and hasattr(figure, "canvas"):
        yield figure


def _sources(session: Session, values: Iterable[Any]) -> Iterator[Node]:
    """The states of data and models among some values, also inside a list or a dictionary."""
    for value in values:
        parts = (value,)
        if type(value) in (list, tuple) and any(kind_of(part) is not None for part in value[:_MAX_PARTS]):
            parts = tuple(value[:_MAX_PARTS])
        elif type(value) is dict:
            parts = tuple(value.values())[:_MAX_PARTS]
        elif kind_of(value) is None and type(value) is not list:
            continue
        for part in parts:
            node = session.values.resolve(part)
            if node is not None:
                yield node


def drew(result: Any, values: Iterable[Any], operation: str) -> None:
    """Say that some data was drawn into the figures of a result."""
    session = gate.session
    figures = dict.fromkeys(figures_in(result))
    if session is None or not figures:
        return
    sources = list(_sources(session, values))
    for figure in figures if sources else ():
        session.figures.drew(figure, sources, operation)


class Drawing:
    """A call that draws, and does other things inside that are not the user's: predicts, transforms, fits."""

    def __init__(self, function: str, values: tuple[Any, ...]) -> None:
        self._function = function
        self._values = values

    @classmethod
    def of(cls, function: str) -> Callable[[tuple[Any, ...], dict[str, Any]], Drawing]:
        """A beginner for calls of a function."""
        return lambda args, kwargs: cls(function, (*args, *kwargs.values()))

    def succeeded(self, result: Any, seconds: float) -> None:
        """It is drawn."""
        drew(result, self._values, self._function)

    def failed(self, error: BaseException, seconds: float) -> None:
        """Nothing is claimed."""


# --- matplotlib -------------------------------------------------------------------------------------


def _patch_warnings(api: ModuleType) -> None:
    """Matplotlib names the user's line in warnings by counting frames: let it pass over ours between.

    From Python 3.12 on it has `warnings` do that, which passes over them by itself.
    """
    original = api.warn_external
    if sys.version_info >= (3, 12) or is_replacement(original):
        return

    def warn_external(message: Any, category: Any = None) -> None:
        frame: FrameType | None = sys._getframe(1)
        level = 2
        while frame is not None and (
            is_hidden(frame.f_code)
            or str(frame.f_globals.get("__name__", "")).partition(".")[0] in ("matplotlib", "mpl_toolkits")
        ):
            frame = frame.f_back
            level += 1
        warnings.warn(message, category, level)

    api.warn_external = dress(warn_external, original)  # type: ignore[attr-defined]


hide(_patch_warnings)


def _patch_axes(module: ModuleType) -> None:
    for owner in (getattr(module, "Axes", None), getattr(module, "Axes3D", None)):
        for name in _AXES:
            found = owner.__dict__.get(name) if owner is not None else None
            if inspect.isfunction(found) and not is_replacement(found):
                label = f"{type_name(owner)}.{name}" if owner is not None else name
                setattr(owner, name, follow(found, _drawn_into(label)))


def _drawn_into(operation: str) -> Follower:
    def observe(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        drew(args[0], (*args[1:], *kwargs.values()), operation)

    return observe


def _patch_canvas(module: ModuleType) -> None:
    owner = module.FigureCanvasBase
    if not is_replacement(owner.print_figure):
        owner.print_figure = listen(owner.print_figure, _printed)


def _printed(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    session, figure = gate.session, getattr(args[0], "figure", None)
    target = args[1] if len(args) > 1 else kwargs.get("filename")
    if session is None or figure is None:
        return
    if type(target) is io.BytesIO:
        session.figures.rendered(figure, target.getvalue())
        return
    path = named_path(target)
    if path and session.files.enabled:
        file = session.files.written(path)
        if file is not None:
            session.figures.saved(figure, file)


# --- others -----------------------------------------------------------------------------------------


def _patch_pandas(pandas: ModuleType) -> None:
    plotting = pandas.plotting
    accessor = plotting.PlotAccessor
    if not is_replacement(accessor.__call__):
        accessor.__call__ = follow(accessor.__call__, _plotted)
    for owner in (pandas.DataFrame, pandas.Series):
        for name in ("hist", "boxplot"):
            found = owner.__dict__.get(name)
            if inspect.isfunction(found) and not is_replacement(found):
                setattr(owner, name, follow(found, _drawn_by(f"pandas.{owner.__name__}.{name}")))
    for name in _PANDAS:
        replace(
            plotting,
            name,
            lambda original: step(original, Drawing.of(f"pandas.plotting.{original.__name__}")),
        )


def _plotted(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
    table = getattr(args[0], "_parent", None)
    drew(result, (table, *kwargs.values()), f"pandas.{type(table).__name__}.plot")


def _drawn_by(operation: str) -> Follower:
    def observe(args: tuple[Any, ...], kwargs: dict[str, Any], result: Any) -> None:
        drew(result, (*args, *kwargs.values()), operation)

    return observe


def _patch_seaborn(seaborn: ModuleType) -> None:
    for name, function in list(vars(seaborn).items()):
        module = getattr(function, "__module__", "") or ""
        if not inspect.isfunction(function) or not module.startswith("seaborn."):
            continue
        parameters = inspect.signature(function).parameters
        if not {"data", "x", "a"}.isdisjoint(parameters):
            replace(
                seaborn, name, lambda original: step(original, Drawing.of(f"seaborn.{original.__name__}"))
            )


def _patch_trees(module: ModuleType) -> None:
    replace(module, "plot_tree", lambda original: step(original, Drawing.of("sklearn.tree.plot_tree")))


AFTER_IMPORT: dict[str, tuple[AfterImport, ...]] = {
    "matplotlib._api": (_patch_warnings,),
    "matplotlib.axes._axes": (_patch_axes,),
    "matplotlib.backend_bases": (_patch_canvas,),
    "mpl_toolkits.mplot3d.axes3d": (_patch_axes,),
    "pandas": (_patch_pandas,),
    "seaborn": (_patch_seaborn,),
    "sklearn.tree._export": (_patch_trees,),
}
