"""What libraries open for themselves is no data: the exact list of files of a session that uses many."""

from __future__ import annotations

from pathlib import Path

import pytest

from provkg.records import FileMode
from tests.capture.conftest import Execute

LIBRARIES = (
    *("numpy", "scipy.stats", "pandas", "matplotlib.pyplot", "sklearn.ensemble", "sklearn.datasets"),
    *("polars", "pyarrow.parquet", "duckdb", "h5py", "PIL.Image", "requests", "sqlite3", "joblib", "xgboost"),
    *(
        "lightgbm",
        "statsmodels.api",
        "zoneinfo",
        "locale",
        "ssl",
        "mimetypes",
        "gettext",
        "importlib.metadata",
    ),
    *(
        "multiprocessing",
        "logging",
        "tempfile",
        "inspect",
        "webbrowser",
        "netrc",
        "getpass",
        "uuid",
        "platform",
    ),
)


def test_a_session_with_many_libraries_has_the_files_of_the_user_and_no_other(
    execute: Execute, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)  # the helper's bytecode is no data
    (tmp_path / "data.csv").write_text("a,b\n" + "".join(f"{i},{i * 7 % 5}\n" for i in range(120)))
    (tmp_path / "helper.py").write_text("from pathlib import Path\ndef twice(x):\n    return x * 2\n")
    (tmp_path / "matplotlibrc").write_text("lines.linewidth: 2\n")
    (tmp_path / ".env").write_text("KEY=1\n")
    home = tmp_path / "user"
    (home / ".config/matplotlib").mkdir(parents=True)
    (home / ".netrc").write_text("machine example.org login ann password pw\n")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("MPLCONFIGDIR", str(home / "fonts"))
    seen = execute(
        "\n".join(f"try:\n    import {name}\nexcept ImportError:\n    pass" for name in LIBRARIES),
        "import os, warnings, numpy as np, pandas as pd, matplotlib.pyplot as plt, joblib\n"
        "import helper\ndf = pd.read_csv('data.csv')",
        "plt.plot(df.a, helper.twice(df.b)); plt.title('é → 漢'); plt.savefig('figure.png'); plt.show()",
        "times = pd.date_range('2020', periods=9, tz='Europe/Berlin').tz_convert('Asia/Tokyo')\n"
        "zone = __import__('zoneinfo').ZoneInfo('America/Lima')\n"
        "__import__('locale').setlocale(__import__('locale').LC_ALL, '')\n"
        "__import__('mimetypes').guess_type('x.csv')\n"
        "__import__('importlib.metadata').metadata.version('pandas')\n"
        "__import__('platform').platform(); __import__('ssl').create_default_context()",
        "import inspect, helper, requests, tempfile\n"
        "inspect.getsource(helper.twice); warnings.warn('shown')\n"
        "requests.utils.get_netrc_auth('http://example.org')\n"
        "with tempfile.NamedTemporaryFile('w') as scratch: scratch.write('1')",
        "from sklearn.ensemble import RandomForestClassifier\n"
        "RandomForestClassifier(4, n_jobs=2, random_state=0).fit(df[['a']], df.b)\n"
        "sums = joblib.Parallel(n_jobs=2)(joblib.delayed(np.sum)(np.ones(200_000)) for _ in range(2))",
        "!cat data.csv > copy.csv\nlisted = !ls\nos.system('cp data.csv other.csv > /dev/null')",
        "%timeit -n1 -r1 sum(range(9))\nhelp(len)\ndf.describe()\nopen('/dev/null').close()\n"
        "open('/proc/meminfo').read()",
        "1 / 0",
        allow_errors=True,
    )
    assert seen.notices == []
    named = {(Path(file.path).name, file.mode) for file in seen.files.values()}
    assert named == {
        ("data.csv", FileMode.READ),
        ("helper.py", FileMode.IMPORTED),
        ("figure.png", FileMode.WRITTEN),
    }
    assert seen.came_from("df", evidence="observed") == {"data.csv"}


def test_what_the_notebook_itself_opens_is_data_wherever_it_is(
    execute: Execute, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "user"
    (home / ".cache/models").mkdir(parents=True)
    (home / ".cache/models/a.csv").write_text("a\n1\n")
    (home / ".hidden").write_text("2")
    (tmp_path / "script.py").write_text("x = 3\n")
    monkeypatch.setenv("HOME", str(home))
    seen = execute(
        "import os, pandas as pd\nfrom pathlib import Path\n"
        "df = pd.read_csv('~/.cache/models/a.csv'); text = (Path.home() / '.hidden').read_text()\n"
        "exec(open('script.py').read()); hosts = open('/etc/hosts').read()",
    )
    assert seen.notices == []
    assert {Path(file.path).name for file in seen.files.values()} == {
        "a.csv",
        ".hidden",
        "script.py",
        "hosts",
    }
    assert seen.came_from("df") == {"a.csv"}
