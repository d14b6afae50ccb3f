"""Hooks on libraries, one module each: what they replace, and after the import of which module.

The module of a library's hooks is itself imported when the library is, so that a session pays only for what
it uses. Its table ``AFTER_IMPORT`` has the library's modules, with the functions to run after their import.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from importlib import import_module
from types import ModuleType
from typing import TypeAlias

__all__ = ["HOOKS", "AfterImport", "after_imports"]

AfterImport: TypeAlias = Callable[[ModuleType], None]

HOOKS: dict[str, tuple[str, ...]] = {
    "arguments": ("argparse",),
    "catboost": ("catboost.core",),
    "keras": (
        "keras.src.backend.jax.trainer",
        "keras.src.backend.tensorflow.trainer",
        "keras.src.backend.torch.trainer",
        "keras.src.saving.saving_api",
    ),
    "lightning": (
        "lightning.fabric.utilities.seed",
        "lightning.pytorch.trainer.trainer",
        "lightning_fabric.utilities.seed",
        "pytorch_lightning.trainer.trainer",
    ),
    "lightgbm": ("lightgbm.basic", "lightgbm.engine", "lightgbm.sklearn"),
    "datasets": (
        "sklearn.datasets._california_housing",
        "sklearn.datasets._covtype",
        "sklearn.datasets._kddcup99",
        "sklearn.datasets._lfw",
        "sklearn.datasets._olivetti_faces",
        "sklearn.datasets._openml",
        "sklearn.datasets._rcv1",
        "sklearn.datasets._species_distributions",
        "sklearn.datasets._svmlight_format_io",
        "sklearn.datasets._twenty_newsgroups",
    ),
    "duckdb": ("duckdb",),
    "hdf5": ("h5py", "h5py._hl.dataset"),
    "network": ("http.client", "requests.models", "requests.sessions"),
    "displays": (
        "sklearn.calibration",
        "sklearn.inspection._plot.decision_boundary",
        "sklearn.inspection._plot.partial_dependence",
        "sklearn.metrics._plot.confusion_matrix",
        "sklearn.metrics._plot.det_curve",
        "sklearn.metrics._plot.precision_recall_curve",
        "sklearn.metrics._plot.regression",
        "sklearn.metrics._plot.roc_curve",
        "sklearn.model_selection._plot",
    ),
    "drawing": (
        "matplotlib._api",
        "matplotlib.axes._axes",
        "matplotlib.backend_bases",
        "mpl_toolkits.mplot3d.axes3d",
        "pandas",
        "seaborn",
        "sklearn.tree._export",
    ),
    "optuna": ("optuna.pruners._base", "optuna.samplers._base", "optuna.study.study"),
    "pandas": ("pandas",),
    "pillow": ("PIL.Image",),
    "polars": ("polars",),
    "pyarrow": (
        "pyarrow.csv",
        "pyarrow.dataset",
        "pyarrow.feather",
        "pyarrow.json",
        "pyarrow.orc",
        "pyarrow.pandas_compat",
        "pyarrow.parquet.core",
    ),
    "randomness": ("random", "numpy.random", "torch"),
    "sampling": ("pandas", "sklearn.utils._indexing"),
    "sklearn": (
        "sklearn.base",
        "sklearn.calibration",
        "sklearn.datasets._base",
        "sklearn.inspection._permutation_importance",
        "sklearn.metrics._classification",
        "sklearn.metrics._ranking",
        "sklearn.metrics._regression",
        "sklearn.metrics._scorer",
        "sklearn.metrics.cluster._bicluster",
        "sklearn.metrics.cluster._supervised",
        "sklearn.metrics.cluster._unsupervised",
        "sklearn.model_selection._split",
        "sklearn.model_selection._validation",
        "sklearn.utils._set_output",
    ),
    "texts": ("json", "tomllib", "yaml"),
    "xgboost": ("xgboost.callback", "xgboost.core", "xgboost.sklearn", "xgboost.training"),
    "statsmodels": (
        "patsy.highlevel",
        "statsmodels.base.model",
        "statsmodels.base.wrapper",
        "statsmodels.iolib.smpickle",
        "statsmodels.tools.tools",
        "statsmodels.tsa.vector_ar.var_model",
    ),
    "storage": ("joblib", "numpy", "pickle"),
    "torch": ("torch",),
    "torchmetrics": ("torchmetrics",),
}
"""The modules of hooks, each with the library modules that its ``AFTER_IMPORT`` is about."""


def after_imports(leave_out: Collection[str] = ()) -> Iterator[tuple[str, AfterImport]]:
    """Every library module that has hooks, with the function to run after its import.

    Parameters:
        leave_out: modules of hooks that shall not be used (``pandas``).
    """
    for name, modules in HOOKS.items():
        if name not in leave_out:
            for module in modules:
                yield module, _hooks_of(name, module)


def _hooks_of(name: str, library_module: str) -> AfterImport:
    def run(module: ModuleType) -> None:
        table: dict[str, tuple[AfterImport, ...]] = import_module(f"{__name__}.{name}").AFTER_IMPORT
        for hook in table[library_module]:
            hook(module)

    return run
