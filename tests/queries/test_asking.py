"""Asking questions: parameters, the words that stand for runs and things, and what is wrong with them."""

from __future__ import annotations

import subprocess
import sys
from datetime import date
from typing import TYPE_CHECKING

import pyoxigraph
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, NamedNode

from provkg.errors import NotFoundError, QuestionError, UnknownQuestionError
from provkg.queries import ask, find_run, question, resolve
from provkg.queries.binding import with_values
from provkg.queries.parameters import bind
from provkg.results import Solutions, collect
from provkg.store import open_store
from provkg.terms import PREFIXES
from tests.queries.manifest import BASE, make_home
from tests.queries.stories import FIRST, IRIS, SCORING, SECOND
from tests.queries.story import sha

if TYPE_CHECKING:
    from pathlib import Path

    from provkg.store.port import Store

XSD = PREFIXES["xsd"]


def run(identifier: str) -> str:
    return f"{BASE}run/{identifier}"


def count(store: Store) -> int:
    answer = collect(store.query("SELECT (COUNT(*) AS ?n) WHERE { GRAPH ?g { ?s ?p ?o } }"))
    assert isinstance(answer, Solutions)
    return int(str(next(iter(answer))["n"]))


class TestQuestions:
    def test_an_unknown_question_names_the_nearest(self) -> None:
        with pytest.raises(UnknownQuestionError) as error:
            question("which_data_trained_modell")
        assert "which_data_trained_model" in error.value.remedy

    def test_words_of_a_question_lead_to_it(self) -> None:
        with pytest.raises(UnknownQuestionError) as error:
            question("hyperparameters")
        assert "which_hyperparameters_has_model" in error.value.remedy

    def test_nonsense_leads_to_the_list(self) -> None:
        with pytest.raises(UnknownQuestionError) as error:
            question("zzzz")
        assert error.value.remedy == "`provkg questions` lists them."


class TestParameters:
    def test_a_missing_parameter_is_told_with_an_example(self, store: Store) -> None:
        with pytest.raises(QuestionError, match="which_data_trained_model needs model") as error:
            ask(store, "which_data_trained_model")
        assert "It takes model (model), for example -p model=forest" in error.value.remedy

    def test_an_unknown_parameter_is_told_with_the_nearest_and_the_list(self, store: Store) -> None:
        with pytest.raises(QuestionError, match="has no parameter 'modle'") as error:
            ask(store, "which_data_trained_model", {"modle": "forest"})
        assert error.value.remedy == "Did you mean model? It takes model (model)."

    def test_a_question_without_that_parameter_says_so(self, store: Store) -> None:
        with pytest.raises(QuestionError) as error:
            ask(store, "which_executions_failed", {"colour": "red"})
        assert error.value.remedy == "It takes run (run, optional)."

    @pytest.mark.parametrize(
        ("name", "params", "said"),
        [
            ("which_source_was_executed", {"order": "three"}, "order=three is not an integer."),
            (
                "which_runs_used_package_below",
                {"package": "pandas", "below": "new"},
                "below=new is not a version.",
            ),
        ],
    )
    def test_a_value_that_does_not_fit_its_type_is_told(
        self, store: Store, name: str, params: dict[str, str], said: str
    ) -> None:
        with pytest.raises(QuestionError) as error:
            ask(store, name, params)
        assert error.value.message == said
        assert "For example" in error.value.remedy

    def test_a_default_is_taken_when_a_parameter_is_left_out(self, store: Store) -> None:
        given_none = ask(store, "how_to_run_again").result
        assert given_none == ask(store, "how_to_run_again", {"run": "latest"}).result
        assert given_none == ask(store, "how_to_run_again", {"run": IRIS}).result

    def test_an_optional_parameter_that_is_left_out_matches_everything(self, store: Store) -> None:
        everything = ask(store, "which_kernel_ran").result
        one = ask(store, "which_kernel_ran", {"run": "2b7d"}).result
        assert isinstance(everything, Solutions)
        assert isinstance(one, Solutions)
        assert len(everything) == 6
        assert set(one.rows) < set(everything.rows)

    def test_numbers_and_terms_can_be_given_as_they_are(self, store: Store) -> None:
        node = NamedNode(run(SECOND))
        by_term = ask(store, "which_source_was_executed", {"run": node, "order": 4})
        assert by_term.result == ask(store, "which_source_was_executed", {"run": "2b7d", "order": "4"}).result
        assert by_term.terms == {"run": node, "order": Literal(4)}

    def test_what_was_given_is_left_out_of_what_is_shown(self, store: Store) -> None:
        answer = ask(store, "which_kernel_ran", {"run": "2b7d"})
        assert isinstance(answer.shown, Solutions)
        assert "run" not in answer.shown.variables
        assert "run" in answer.result.variables  # type: ignore[union-attr]

    @pytest.mark.parametrize(
        ("kind", "word", "term"),
        [
            ("string", 'say "é"', Literal('say "é"')),
            ("integer", " 12 ", Literal(12)),
            ("double", "1e-3", Literal(0.001)),
            ("date", "2026-03-02", Literal("2026-03-02", datatype=NamedNode(f"{XSD}date"))),
            ("date", date(2026, 3, 2), Literal("2026-03-02", datatype=NamedNode(f"{XSD}date"))),
        ],
    )
    def test_values_become_typed_terms(
        self, store: Store, kind: str, word: str | date, term: Literal
    ) -> None:
        import msgspec

        asked = question("which_score_did_estimator_reach")
        retyped = msgspec.structs.replace(asked.params["metric"], type=kind, default="", optional=True)
        asked = msgspec.structs.replace(asked, params={"metric": retyped})
        assert bind(store, asked, {"metric": word}) == {"metric": term}


NASTY = [
    '" } DROP ALL #',
    "' } ; DROP ALL #",
    "<x> } ; INSERT DATA { <a:b> <c:d> <e:f> } #",
    "\\",
    '\\" . ?s ?p ?o } #',
    "line\nbreak\r\ttab",
    "?run",
    "{{}}",
    "http://example.org/a b",
    "run:a b",
    "<http://example.org/x> <y>",
    "\x00",
    "\udcff",
]


class TestInjection:
    @pytest.mark.parametrize("text", NASTY)
    def test_text_stays_text(self, store: Store, text: str) -> None:
        before = count(store)
        result = ask(store, "which_score_did_estimator_reach", {"estimator": text}).result
        assert isinstance(result, Solutions)
        assert len(result) == 0
        assert count(store) == before

    @pytest.mark.parametrize(
        "kind", ["model", "file", "run", "metric", "notebook", "variable", "package", "output"]
    )
    @pytest.mark.parametrize("text", NASTY)
    def test_a_name_that_is_none_is_not_found(self, store: Store, kind: str, text: str) -> None:
        before = count(store)
        with pytest.raises(NotFoundError):
            _ = find_run(store, text) if kind == "run" else resolve(store, kind, text)
        assert count(store) == before

    @given(st.text(st.characters(codec="utf-8")))
    def test_any_text_comes_back_as_it_went_in(self, text: str) -> None:
        query = with_values("SELECT ?a ?b WHERE { BIND(?a AS ?b) }", {"a": Literal(text)})
        answer = collect(pyoxigraph.Store().query(query))
        assert isinstance(answer, Solutions)
        assert answer.rows == ((Literal(text), Literal(text)),)


class TestBinding:
    @pytest.mark.parametrize(
        ("query", "bound"),
        [
            ("SELECT ?x { ?x ?p ?o }", "SELECT ?x { VALUES ?x { <a:b> } ?x ?p ?o }"),
            ("SELECT ?y { ?y ?p ?o }", "SELECT ?y { ?y ?p ?o }"),
            (
                "SELECT ?x { { SELECT ?x { ?x ?p ?o } } }",
                "SELECT ?x { { SELECT ?x { VALUES ?x { <a:b> } ?x ?p ?o } } }",
            ),
            (
                "SELECT * { GRAPH ?g { ?x ?p ?o } OPTIONAL { ?x ?q ?r } }",
                (
                    "SELECT * { GRAPH ?g { VALUES ?x { <a:b> } ?x ?p ?o }"
                    " OPTIONAL { VALUES ?x { <a:b> } ?x ?q ?r } }"
                ),
            ),
            (
                "SELECT * { VALUES ?x { 1 } VALUES (?x ?y) { (1 2) } }",
                "SELECT * { VALUES ?x { <a:b> } VALUES ?x { 1 } VALUES (?x ?y) { (1 2) } }",
            ),
            (
                "SELECT * { ?x ?p ?o FILTER NOT EXISTS { ?x ?q ?r } }",
                "SELECT * { VALUES ?x { <a:b> } ?x ?p ?o FILTER NOT EXISTS { ?x ?q ?r } }",
            ),
            (
                "SELECT * { ?s ?p ?o FILTER EXISTS { ?x ?q ?r } }",
                "SELECT * { ?s ?p ?o FILTER EXISTS { VALUES ?x { <a:b> } ?x ?q ?r } }",
            ),
            (
                "CONSTRUCT { ?x ?p ?o } WHERE { ?x ?p ?o }",
                "CONSTRUCT { ?x ?p ?o } WHERE { VALUES ?x { <a:b> } ?x ?p ?o }",
            ),
            ("SELECT * { ?s ?p '?x { ?x }' } # ?x {", "SELECT * { ?s ?p '?x { ?x }' } # ?x {"),
        ],
    )
    def test_values_begin_the_groups_in_which_the_variable_stands(self, query: str, bound: str) -> None:
        assert with_values(query, {"x": NamedNode("a:b")}) == bound
        pyoxigraph.Store().query(bound)


class TestRuns:
    @pytest.mark.parametrize(
        ("word", "identifier"),
        [
            (FIRST, FIRST),
            (run(FIRST), FIRST),
            (f"run:{FIRST}", FIRST),
            ("1f0c", FIRST),
            ("2", SECOND),
            ("latest", IRIS),
            ("latest~0", IRIS),
            ("latest~3", FIRST),
            ("/home/ada/project/penguins.ipynb", SECOND),
            ("penguins.ipynb", SECOND),
            ("scoring.ipynb", SCORING),
        ],
    )
    def test_a_word_stands_for_a_run(self, store: Store, word: str, identifier: str) -> None:
        assert find_run(store, word) == run(identifier)

    def test_a_path_is_taken_from_where_one_is(self, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir("/")
        assert find_run(store, "home/ada/project/iris.ipynb") == run(IRIS)

    @pytest.mark.parametrize(
        ("word", "said", "remedy"),
        [
            ("latest~7", "no run 7 before the latest: 7 are recorded", "provkg runs"),
            ("penguin.ipynb", "There is no run 'penguin.ipynb'", "2b7d41c0 (penguins.ipynb)"),
            ("1f0d", "There is no run '1f0d'", "1f0c9a3e"),
            ("", "There is no run ''", "Nearest"),
        ],
    )
    def test_what_is_no_run_names_the_nearest(self, store: Store, word: str, said: str, remedy: str) -> None:
        with pytest.raises(NotFoundError) as error:
            find_run(store, word)
        assert said in error.value.message
        assert remedy in error.value.remedy

    def test_an_ambiguous_beginning_is_told_with_longer_ones(self, tmp_path: Path) -> None:
        from tests.queries.stories import FIXTURES

        lines = (FIXTURES / "iris.jsonl").read_text()
        for twin in ("4d90b1f2-aaaa-4b8e-b5d1-7f8091a2b344", "4d90b1f2-bbbb-4b8e-b5d1-7f8091a2b344"):
            (tmp_path / f"{twin}.jsonl").write_text(lines.replace(IRIS, twin))
        home = make_home(tmp_path, tuple(tmp_path.glob("*.jsonl")))
        with open_store(home) as two:
            with pytest.raises(NotFoundError, match="2 runs begin with '4d90b1f2-': 4d90b1f2-") as error:
                find_run(two, "4d90b1f2-")
            assert error.value.remedy == "Give more of the id."

    def test_an_empty_store_says_how_to_begin(self, tmp_path: Path) -> None:
        with open_store(make_home(tmp_path, ())) as empty:
            for word in ("latest", "abc", "x.ipynb", ""):
                with pytest.raises(NotFoundError, match="No run is recorded here") as error:
                    find_run(empty, word)
                assert "provkg run" in error.value.remedy


class TestThings:
    @pytest.mark.parametrize(
        ("kind", "word", "iri"),
        [
            ("model", "forest", f"{run(SECOND)}/value/11.2"),
            ("model", "1f0c/forest", f"{run(FIRST)}/value/14.2"),
            ("model", "1f0c/14.2", f"{run(FIRST)}/value/14.2"),
            ("model", "1f0c/14.1", f"{run(FIRST)}/value/14.1"),
            ("model", f"{run(FIRST)}/value/14.2", f"{run(FIRST)}/value/14.2"),
            ("model", f"<{run(FIRST)}/value/14.2>", f"{run(FIRST)}/value/14.2"),
            ("model", f"run:{FIRST}/value/14.2", f"{run(FIRST)}/value/14.2"),
            ("model", "RandomForestClassifier", f"{run(SECOND)}/value/11.2"),
            ("model", "1f0c/LogisticRegression", f"{run(FIRST)}/value/12.2"),
            ("data", "latest~3/X_train", f"{run(FIRST)}/value/5.1"),
            ("data", "guessed", f"{run(SECOND)}/value/12.1"),
            ("data", "2b7d/df", f"{run(SECOND)}/value/1.2"),
            ("value", "scaler", f"{run(SECOND)}/value/5.2"),
            ("file", "iris.csv", f"{BASE}sha256/{sha('iris')}"),
            ("file", "/home/ada/project/iris.csv", f"{BASE}sha256/{sha('iris')}"),
            ("file", sha("iris")[:10], f"{BASE}sha256/{sha('iris')}"),
            ("file", sha("iris").upper(), f"{BASE}sha256/{sha('iris')}"),
            ("file", f"data:{sha('iris')}", f"{BASE}sha256/{sha('iris')}"),
            ("file", "penguins.csv", f"{BASE}sha256/{sha('penguins, second version')}"),
            ("file", "1f0c/penguins.csv", f"{BASE}sha256/{sha('penguins, first version')}"),
            ("file", "huge.log", f"{run(IRIS)}/file/f2"),
            ("output", "1f0c/o2", f"{BASE}sha256/{sha('heat map of the first run')}"),
            (
                "output",
                sha("heat map of the first run")[:12],
                f"{BASE}sha256/{sha('heat map of the first run')}",
            ),
            ("thing", "1f0c/r1", f"{run(FIRST)}/result/r1"),
            ("thing", "r2", f"{run(SECOND)}/result/r2"),
            ("model", "14.2", f"{run(FIRST)}/value/14.2"),
            ("thing", "1f0c/execution/3", f"{run(FIRST)}/execution/3"),
            ("thing", "answer", f"{run(SCORING)}/value/3.1"),
            ("metric", "f1", f"{BASE}metric/f1"),
            ("metric", "metric:accuracy", f"{BASE}metric/accuracy"),
            ("metric", "training_accuracy", f"{BASE}metric/training_accuracy"),
        ],
    )
    def test_a_word_stands_for_a_thing(self, store: Store, kind: str, word: str, iri: str) -> None:
        assert resolve(store, kind, word) == NamedNode(iri)

    def test_a_name_is_looked_for_in_the_run_it_is_asked_for(self, store: Store) -> None:
        assert resolve(store, "model", "forest", run(FIRST)) == NamedNode(f"{run(FIRST)}/value/14.2")
        with pytest.raises(NotFoundError, match="No model 'forest' in run 3c55e8aa"):
            resolve(store, "model", "forest", run(SCORING))

    def test_a_file_on_disk_stands_for_its_content(self, store: Store, tmp_path: Path) -> None:
        figure = tmp_path / "saved.png"
        figure.write_text("heat map of the first run")
        expected = NamedNode(f"{BASE}sha256/{sha('heat map of the first run')}")
        assert resolve(store, "output", str(figure)) == expected

    def test_a_notebook_is_found_by_path_or_name(self, store: Store) -> None:
        by_name = resolve(store, "notebook", "iris.ipynb")
        assert by_name == resolve(store, "notebook", "/home/ada/project/iris.ipynb")
        assert by_name.value.startswith(f"{BASE}notebook/")

    def test_words_stay_words(self, store: Store) -> None:
        assert resolve(store, "variable", "X_train") == Literal("X_train")
        assert resolve(store, "package", "Scikit_Learn") == Literal("scikit-learn")

    def test_an_ambiguous_name_lists_what_it_can_stand_for(self, store: Store) -> None:
        with pytest.raises(NotFoundError) as error:
            resolve(store, "thing", "1f0c/guessed")
        assert "can stand for 2 things of run 1f0c9a3e" in error.value.message
        assert "1f0c9a3e/13.1  ndarray of shape 83,3, execution 6" in error.value.message
        assert "1f0c9a3e/15.1  ndarray of shape 83,3, execution 7" in error.value.message

    @pytest.mark.parametrize(
        ("kind", "word", "said", "remedy"),
        [
            ("model", "forst", "No model 'forst' in any run.", ""),
            ("model", "2b7d/forst", "No model '2b7d/forst' in run 2b7d41c0.", "forest"),
            ("model", "1f0c/f1", "No model '1f0c/f1' in run 1f0c9a3e.", "Nearest"),
            ("model", f"{run(FIRST)}/file/f1", "is not a model", "provkg show"),
            ("model", f"{run(FIRST)}/value/99.1", "There is no", "Give a name"),
            ("file", "iris.cvs", "No file 'iris.cvs' in any run.", "iris.csv"),
            ("metric", "acuracy", "No run has a metric 'acuracy'.", "Did you mean accuracy?"),
            ("metric", "zzz", "No run has a metric 'zzz'.", "Recorded metrics: accuracy, f1"),
            ("variable", "X_trian", "No run has a variable 'X_trian'", "X_train"),
            ("package", "panda", "No run has a package 'panda'", "Did you mean pandas?"),
            ("notebook", "iris.ipyn", "No run is of a notebook 'iris.ipyn'", "iris.ipynb"),
        ],
    )
    def test_what_is_nothing_names_the_nearest(
        self, store: Store, kind: str, word: str, said: str, remedy: str
    ) -> None:
        with pytest.raises(NotFoundError) as error:
            resolve(store, kind, word)
        assert said in error.value.message
        assert remedy in error.value.remedy

    def test_a_variable_that_the_run_does_not_have_is_told(self, store: Store) -> None:
        with pytest.raises(NotFoundError, match="Run 4d90b1f2 has no variable 'X_train'"):
            ask(store, "which_cells_depend_on_variable", {"variable": "X_train"})


def test_asking_takes_no_heavy_library() -> None:
    code = (
        "import sys, provkg.queries, provkg.results\n"
        "heavy = {'pandas', 'rdflib', 'numpy', 'IPython', 'nbformat', 'rich'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
