"""Reading and writing files shows the same with capture and without."""

from __future__ import annotations

import pytest

from tests.capture.test_undisturbed import Both, both  # noqa: F401


def test_readers_and_writers_behave_as_without_capture(both: Both) -> None:  # noqa: F811
    for name in ("h5py", "PIL", "pyarrow", "requests"):
        pytest.importorskip(name)
    run = both(
        "import gc, inspect, io, json, os, pickle, sys, traceback, warnings, weakref\n"
        "import h5py, numpy as np, pandas as pd, pyarrow.parquet as pq, requests, http.client\n"
        "from PIL import Image\n"
        "for name in ('m.bin', 'h.h5'):\n    if os.path.exists(name): os.remove(name)",
        "shown = (json.load, np.memmap, pq.read_table, h5py.File.__init__)\n"
        "print(*map(inspect.signature, shown), *(inspect.signature(each) for each in (\n"
        "      Image.Image.resize, requests.Session.send, http.client.HTTPResponse.read)), sep='\\n')",
        "same = [pickle.loads(pickle.dumps(each)) is each for each in (json.load, np.memmap, Image.open)]\n"
        "same, np.memmap.__new__.__name__, h5py.Dataset.__getitem__.__name__, json.load.__module__",
        "m = np.memmap('m.bin', dtype='f4', mode='w+', shape=(3,)); m[:] = [1, 2, 3]; m.flush()\n"
        "type(m), np.memmap('m.bin', dtype='f4', mode='r').sum(), pickle.loads(pickle.dumps(m)).tolist()",
        "with h5py.File('h.h5', 'w') as f: f['x'] = np.arange(4.)\n"
        "with h5py.File('h.h5') as f: print(f['x'], f['x'][1:3], np.asarray(f['x']).dtype)",
        "try:\n    h5py.File('absent.h5')\nexcept OSError:\n    traceback.print_exc(file=sys.stdout)",
        "Image.open('absent.png')",
        "json.load(io.StringIO('{'))",
        "pq.read_table('absent.parquet')",
        "try:\n    json.loads('[1')\nexcept json.JSONDecodeError as error:\n    print(error, error.pos)",
        "image = Image.new('L', (4, 3)); kept = weakref.ref(image); turned = image.rotate(90); del image\n"
        "gc.collect(); kept() is None, turned.size, np.array(turned).shape",
        "rows = json.loads(json.dumps([{'a': i} for i in range(30)]))\n"
        "class Counted(dict):\n    seen = 0\n"
        "    def values(self):\n        Counted.seen += 1; return super().values()\n"
        "with open('p.pickle', 'wb') as f: pickle.dump([Counted(a=1)], f)\n"
        "with open('p.pickle', 'rb') as f: back = pickle.load(f)\nlen(rows), Counted.seen",
        "before = set(os.listdir('/proc/self/fd')); pd.DataFrame(rows).to_csv('r.csv')\n"
        "pd.read_csv('r.csv'); open('r.csv').close(); len(set(os.listdir('/proc/self/fd')) - before)",
        "with warnings.catch_warnings(record=True) as seen:\n    warnings.simplefilter('always')\n"
        "    pd.read_csv('r.csv', sep='::'); np.loadtxt(io.StringIO(''))\n"
        "print(*((w.category.__name__, w.filename.split('/')[-1], w.lineno) for w in seen), sep='\\n')",
    )
    assert [notice.message for execution in run.executions for notice in execution.notices] == []
