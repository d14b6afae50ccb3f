"""Data sets that libraries bring along or fetch: named by their file and package, or by their address."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from threading import Thread

import pytest

from provkg.records import ActivityKind, FileMode
from tests.capture.conftest import Execute

IRIS = {
    "/api/v1/json/data/61": "api-v1-jd-61.json.gz",
    "/api/v1/json/data/features/61": "api-v1-jdf-61.json.gz",
    "/api/v1/json/data/qualities/61": "api-v1-jdq-61.json.gz",
    "/data/v1/download/61/iris.arff": "data-v1-dl-61.arff.gz",
}
"""What OpenML answers, from the tests that scikit-learn ships."""


class OpenML(BaseHTTPRequestHandler):
    """Stands in for a server that cannot be reached."""

    def log_message(self, *_: object) -> None: ...

    def do_GET(self) -> None:
        name = IRIS.get(self.path)
        if name is None:
            self.send_error(404)
            return
        packed = files("sklearn.datasets.tests.data.openml.id_61").joinpath(name).read_bytes()
        here = rb"http:\/\/" + self.headers["Host"].encode()
        body = gzip.decompress(packed).replace(rb"https:\/\/www.openml.org", here)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def openml() -> Iterator[str]:
    """The address of the stand-in."""
    with ThreadingHTTPServer(("127.0.0.1", 0), OpenML) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_bundled_data_sets_are_named_by_file_and_package(execute: Execute, tmp_path: Path) -> None:
    seen = execute(
        "from sklearn import datasets\nX, y = datasets.load_iris(return_X_y=True)\n"
        "frame = datasets.load_diabetes(as_frame=True).frame; digits = datasets.load_digits().data\n"
        "china = datasets.load_sample_image('china.jpg')",
        "datasets.dump_svmlight_file(X, y, 'x.svm'); back, labels = datasets.load_svmlight_file('x.svm')",
        "from importlib.resources import files\n"
        "text = files('sklearn.datasets.data').joinpath('wine_data.csv').read_text()",
    )
    assert seen.notices == []
    expected = {"X": "iris.csv", "y": "iris.csv", "digits": "digits.csv.gz", "china": "china.jpg"}
    assert {name: seen.came_from(name, evidence="observed") for name in expected} == {
        name: {file} for name, file in expected.items()
    }
    assert seen.came_from("frame", evidence="observed") == {
        *("diabetes_data_raw.csv.gz", "diabetes_target.csv.gz")
    }
    assert seen.came_from("back", evidence="observed") == {"x.svm", "iris.csv"}
    packages = {Path(file.path).name: file.package for file in seen.files.values()}
    assert packages.pop("x.svm") == ""
    assert packages.pop("wine_data.csv") == "scikit-learn"  # opened by the notebook itself
    assert set(packages.values()) == {"scikit-learn"}


def test_fetched_data_sets_lead_to_the_address_and_to_the_cache_next_time(
    execute: Execute, openml: str
) -> None:
    fetch = "iris = fetch_openml(data_id=61, as_frame=True, parser='liac-arff', data_home='cache').frame"
    seen = execute(
        "from sklearn.datasets import _openml, fetch_openml\n"
        "for name in ('_DATA_INFO', '_DATA_FEATURES', '_DATA_QUALITIES'):\n"
        f"    setattr(_openml, name, getattr(_openml, name).replace('https://www.openml.org', '{openml}'))",
        fetch,
        fetch.replace("iris", "again"),
        "import joblib, numpy as np\n"
        "from sklearn.datasets import fetch_california_housing\n"
        "joblib.dump(np.arange(90.).reshape(10, 9), 'cache/cal_housing_py3.pkz')\n"
        "houses = fetch_california_housing(data_home='cache', download_if_missing=False).data",
    )
    assert seen.notices == []
    urls = {file.url for file in seen.files.values() if file.url}
    assert f"{openml}/data/v1/download/61/iris.arff" in urls
    iris = [seen.files[source] for source in seen.sources(seen.held("iris").id, evidence="observed")]
    assert f"{openml}/data/v1/download/61/iris.arff" in {file.url for file in iris}
    again = [
        seen.files[s] for s in seen.sources(seen.held("again").id, evidence="observed") if s in seen.files
    ]
    cached = {Path(file.path).name for file in again if file.path}
    assert "iris.arff.gz" in cached
    assert all(file.mode is FileMode.WRITTEN for file in again if file.path)
    assert "cal_housing_py3.pkz" in seen.came_from("houses", evidence="observed")
    functions = [activity.function for activity in seen.of_kind(ActivityKind.LOADING)]
    assert functions == [
        *("sklearn.datasets.fetch_openml", "sklearn.datasets.fetch_openml"),
        "sklearn.datasets.fetch_california_housing",
    ]
