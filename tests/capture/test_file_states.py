"""Each content that was read or written at a path is one state of a file, also where files change quickly."""

from __future__ import annotations

from pathlib import Path

from provkg.config import Home
from provkg.records import ActivityKind, Digest, FileMode
from tests.capture.conftest import Execute, Recorded
from tests.capture.test_limits import configure, recorded

START = (
    "import os, json, pandas as pd, numpy as np\n"
    "a = pd.DataFrame({'x': range(50), 'y': [i * 7 % 11 for i in range(50)]}); b = a + 1"
)


def written_from(seen: Recorded, name: str) -> list[set[str]]:
    """The variables that each written state of a file holds, in the order of writing."""
    states = [f for f in seen.files.values() if Path(f.path).name == name and f.mode is FileMode.WRITTEN]
    names = {value.id: value.names for value in seen.values.values()}
    return [{n for s in seen.sources(state.id) for n in names.get(s, ())} for state in states]


def test_the_record_keeps_what_was_in_files_that_changed_or_went_at_once(execute: Execute) -> None:
    seen = execute(
        START,
        "a.to_csv('over.csv'); b.to_csv('over.csv')",
        "a.to_csv('between.csv'); first = pd.read_csv('between.csv')\n"
        "b.to_csv('between.csv'); second = pd.read_csv('between.csv')",
        "a.to_csv('added.csv'); b.to_csv('added.csv', mode='a')",
        "b.to_csv('added.csv', mode='a')",
        "a.to_csv('draft.csv'); os.replace('draft.csv', 'final.csv')",
        "b.to_csv('removed.csv'); os.remove('removed.csv')",
        "a.to_csv('run.csv'); os.system('echo 1 >> run.csv; cp run.csv copy.csv')\n"
        "copy = pd.read_csv('copy.csv')",
        "gone = pd.read_csv('over.csv'); os.remove('over.csv')\n"
        "text = open('run.csv').read(); os.remove('run.csv')",
    )
    assert seen.notices == []
    assert written_from(seen, "over.csv") == [{"a"}, {"a", "b"}]  # b was made from a
    overwritten, last = (f for f in seen.files.values() if Path(f.path).name == "over.csv")
    assert overwritten.sha256 != last.sha256
    links = {(link.source, link.target) for link in seen.links}
    assert (overwritten.id, seen.held("gone").id) not in links
    assert (last.id, seen.held("gone").id) in links
    first, second = (f for f in seen.files.values() if Path(f.path).name == "between.csv")
    assert (first.id, seen.held("first").id) in links
    assert (second.id, seen.held("second").id) in links
    once, twice = (f for f in seen.files.values() if Path(f.path).name == "added.csv")
    assert (once.id, twice.id) in links
    assert once.sha256 != twice.sha256
    assert {Path(f.path).name for f in seen.files.values() if f.sha256 == overwritten.sha256} == {
        *("over.csv", "between.csv", "final.csv", "run.csv")
    }
    assert seen.file("removed.csv").sha256 == last.sha256
    unchanged = seen.file("run.csv", FileMode.WRITTEN)
    assert unchanged.sha256 == overwritten.sha256  # what another program added is not claimed
    assert seen.came_from("copy") == {"copy.csv"}
    changed = seen.file("run.csv", FileMode.READ)
    assert changed.size == (seen.file("copy.csv").size)
    assert changed.id in seen.run.executions[-1].read_files


def test_opening_for_writing_is_not_yet_writing(execute: Execute) -> None:
    seen = execute(
        "import os\nopen('kept.txt', 'w').write('1'); open('log.txt', 'w').close()\n"
        "held = open('later.txt', 'w')",
        "f = open('kept.txt', 'r+'); f.read(); f.close(); open('log.txt', 'a').close()\n"
        "os.mkdir('folder')\n"
        "try:\n    open('folder', 'w')\nexcept IsADirectoryError:\n    pass\n"
        "try:\n    open('absent/x.txt', 'w')\nexcept FileNotFoundError:\n    pass",
        "held.write('2'); held.flush()",
        "held.write('3'); held.close()",
        "open('later.txt').read()",
    )
    assert seen.notices == []
    written = [e.written_files for e in seen.run.executions]
    assert [len(files) for files in written] == [3, 0, 1, 1, 0]
    assert seen.run.executions[1].read_files == (seen.file("kept.txt").id,)
    sizes = [f.size for f in seen.files.values() if Path(f.path).name == "later.txt"]
    assert sizes == [0, 1, 2]
    assert seen.run.executions[4].read_files == written[3]


def test_odd_files_are_named_truly(execute: Execute, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a,b\n" + "1,2\n" * 30)
    seen = execute(
        "import os, io, gzip, zipfile, tarfile, threading, warnings, pandas as pd\n"
        "with zipfile.ZipFile('z.zip', 'w') as z: z.write('a.csv')\n"
        "with tarfile.open('t.tar', 'w') as t: t.add('a.csv')\n"
        "with gzip.open('g.csv.gz', 'wb') as g: g.write(b'a\\n7\\n')\n"
        "os.symlink('a.csv', 'link.csv'); os.mkdir('sub'); name = os.fsdecode(b'caf\\xe9.csv')\n"
        "with open(name, 'w') as f: f.write('a\\n8\\n')",
        "os.chdir('sub'); moved = pd.read_csv('../a.csv'); handle = open('../link.csv'); os.chdir('..')\n"
        "linked = pd.read_csv(handle); strange = pd.read_csv(name)",
        "with zipfile.ZipFile('z.zip') as z, z.open('a.csv') as member: zipped = pd.read_csv(member)\n"
        "with tarfile.open('t.tar') as t: tarred = pd.read_csv(t.extractfile('a.csv'))\n"
        "gzipped = pd.read_csv(gzip.open('g.csv.gz'))",
        "text = pd.read_csv(io.StringIO(open('a.csv').read()))\n"
        "other = pd.read_csv(io.StringIO('a\\n1\\n'))\n"
        "held = pd.read_csv(io.BytesIO(open('a.csv', 'rb').read()))",
        "os.mkfifo('pipe')\n"
        "thread = threading.Thread(target=lambda: open('pipe', 'w').write('a\\n9\\n'))\n"
        "thread.start(); piped = pd.read_csv('pipe'); thread.join()\n"
        "open('/dev/null').read(); open('/proc/self/stat').read()",
        "os.unlink('link.csv'); handle = open('a.csv'); os.remove('a.csv'); gone = pd.read_csv(handle)",
    )
    assert seen.notices == []
    sources = {
        "moved": {"a.csv"},
        "linked": {"a.csv"},
        "strange": {"caf\\xe9.csv"},
        "zipped": {"z.zip"},
        "tarred": {"t.tar"},
        "gzipped": {"g.csv.gz"},
        "text": {"a.csv"},
        "other": set(),
        "held": {"a.csv"},
        "piped": {"pipe"},
        "gone": {"a.csv"},
    }
    assert {name: seen.came_from(name) for name in sources} == sources
    guessed = {"text", "held"}  # by their content alone
    observed = {name: set() if name in guessed else files for name, files in sources.items()}
    assert {name: seen.came_from(name, evidence="observed") for name in sources} == observed
    pipe = seen.file("pipe")
    assert (pipe.sha256, pipe.covers, "pipe" in pipe.reason) == ("", Digest.NONE, True)
    assert {Path(f.path).name for f in seen.files.values()} == {
        *("a.csv", "link.csv", "z.zip", "t.tar", "g.csv.gz", "caf\\xe9.csv", "pipe")
    }


def test_a_file_that_changes_while_it_is_read_has_no_digest(execute: Execute, tmp_path: Path) -> None:
    (tmp_path / "growing.csv").write_text("a\n" + "1\n" * 60)
    (tmp_path / "large.csv").write_text("a\n" + "1\n" * 60)
    seen = execute(
        "import pandas as pd\n"
        "def convert(text):\n    open('growing.csv', 'a').write('2\\n'); return int(text)\n"
        "df = pd.read_csv('growing.csv', converters={'a': convert})",
    )
    reasons = {f.reason for f in seen.files.values() if f.mode is FileMode.READ and not f.sha256}
    assert reasons == {"changed while it was being read"}
    [loading] = seen.of_kind(ActivityKind.LOADING)
    assert "" in {seen.files[use.entity].sha256 for use in loading.used}


def test_large_and_many_files_are_recorded_as_far_as_the_limits_say(home: Home) -> None:
    seen = recorded(
        configure(home, digest_bytes=1000, digest_part_bytes=100, file_count=4),
        "import pandas as pd\n"
        "for name, end in (('one.txt', 'x'), ('two.txt', 'y')): open(name, 'w').write('1\\n' * 600 + end)",
        "one, two = pd.read_csv('one.txt'), pd.read_csv('two.txt')",
        "for i in range(9): open(f'{i}.txt', 'w').write(str(i))",
    )
    one, two = (seen.file(name) for name in ("one.txt", "two.txt"))
    assert one.sha256 == two.sha256 != ""
    assert (one.covers, one.size) == (Digest.PARTIAL, 1201)
    assert one.reason == "larger than the limit of 1000 bytes: the first 100 bytes"
    assert seen.came_from("one") == {"one.txt"}
    assert seen.came_from("two") == {"two.txt"}
    assert len(seen.run.executions[2].files) == 4
    assert seen.notices == ["files: those of a cell beyond the first 4 are not recorded"]


def test_paths_that_are_left_out_are_neither_named_nor_digested(home: Home, tmp_path: Path) -> None:
    for name in ("private/a.csv", "open.csv", "data/secret_2.csv", "keys/deep/k.csv"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("a\n1\n")
    (tmp_path / "way.csv").symlink_to("private/a.csv")
    seen = recorded(
        configure(home, leave_out_paths=["*/private/*", "secret_*.csv", str(tmp_path / "keys"), "out.csv"]),
        "import pandas as pd",
        "hidden, shown = pd.read_csv('private/a.csv'), pd.read_csv('open.csv')\n"
        "other, third = pd.read_csv('data/secret_2.csv'), pd.read_csv('keys/deep/k.csv')\n"
        "way = pd.read_csv('way.csv'); open('private/a.csv').read(); open('private/b.csv', 'w').write('x')",
        "hidden.to_csv('out.csv'); again = pd.read_csv('out.csv')",
        "import os\nshown.to_csv('draft.csv'); os.replace('draft.csv', 'private/moved.csv')",
    )
    assert seen.notices == []
    assert {Path(f.path).name for f in seen.files.values() if f.path} == {"open.csv"}
    left_out = [f for f in seen.files.values() if not f.path]
    assert {(f.sha256, f.size, f.media_type, f.reason) for f in left_out} == {
        ("", None, "", "left out by a setting")
    }
    assert len(left_out) == 6
    loadings = seen.of_kind(ActivityKind.LOADING)
    assert all(activity.used for activity in loadings)
    saving, moved = seen.of_kind(ActivityKind.SAVING)
    assert seen.files[moved.generated[0]] in left_out
    assert saving.generated[0] in seen.sources(seen.held("again").id)
    journal = b"".join(path.read_bytes() for path in (tmp_path / ".provkg/journal").iterdir())
    assert b"a.csv" not in journal.replace(b"private/a.csv')", b"").replace(b"private/a.csv').", b"")


def test_a_walk_through_folders_opens_no_file_of_the_same_name(execute: Execute) -> None:
    seen = execute(
        "import os, shutil\nos.makedirs('tree/sub'); open('tree/sub/x.txt', 'w').write('1')\n"
        "open('sub', 'w').write('2')",
        "list(os.fwalk('tree')); shutil.rmtree('tree')",
        "open('sub').read()",
    )
    assert [len(execution.read_files) for execution in seen.run.executions] == [0, 0, 1]
    assert seen.run.executions[2].read_files == (seen.file("sub").id,)


def test_what_other_threads_open_is_the_cells_and_no_loaders(execute: Execute, tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("a\n" + "1\n" * 5000)
    (tmp_path / "b.csv").write_text("b\n2\n")
    seen = execute(
        "import threading, pandas as pd\nstop = threading.Event()\n"
        "def look():\n    while not stop.is_set(): open('b.csv').read()\n"
        "thread = threading.Thread(target=look); thread.start()\n"
        "df = pd.concat([pd.read_csv('a.csv') for _ in range(20)]); stop.set(); thread.join()",
    )
    assert seen.came_from("df") == {"a.csv"}
    assert {seen.files[file].path for file in seen.run.executions[0].read_files} == {
        *(str(tmp_path / name) for name in ("a.csv", "b.csv"))
    }
