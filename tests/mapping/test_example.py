"""What a session's graph answers, where the answer is known."""

from __future__ import annotations

import msgspec
import pytest

from provkg.records import Environment, Evidence, Link, Package, Run, SplitRole
from tests.mapping.example import BASE, RUN, digest_of, example_run
from tests.mapping.graphs import Graph, ask, graph_of, rows

RUN_IRI = f"<{BASE}run/{RUN}>"


@pytest.fixture(scope="module")
def graph() -> Graph:
    return graph_of(example_run())


def thing(name: str) -> str:
    return f"<{BASE}run/{RUN}/{name}>"


# --- lineage ---


def test_one_path_leads_from_a_result_to_the_file_that_was_read(graph: Graph) -> None:
    path = rows(graph, f"SELECT ?from {{ {thing('result/r1')} prov:wasDerivedFrom+ ?from }}")
    assert path == [
        (name,)
        for name in (
            "file/f1",
            "value/1.1",
            "value/10.1",
            "value/2.1",
            "value/3.1",
            "value/4.1",
            "value/5.1",
            "value/6.1",
            "value/8.1",
            "value/8.2",
            "value/9.1",
        )
    ]


def test_observed_lineage_leaves_out_what_was_concluded(graph: Graph) -> None:
    assert not ask(graph, f"{thing('value/10.1')} provkg:observedDerivation ?any")
    assert ask(graph, f"{thing('value/10.1')} prov:wasDerivedFrom {thing('value/9.1')}")
    assert ask(graph, f"{thing('value/9.1')} provkg:observedDerivation+ {thing('file/f1')}")
    # The evaluation only declares that it used the prediction, but the result's model was observed.
    assert not ask(graph, f"{thing('result/r1')} provkg:observedDerivation {thing('value/9.1')}")
    assert ask(graph, f"{thing('result/r1')} provkg:observedDerivation {thing('value/8.2')}")


def test_the_parts_of_a_split_come_from_what_links_say_and_else_from_all_that_was_split(
    graph: Graph,
) -> None:
    splits = rows(graph, "SELECT ?split ?of { ?split provkg:splitOf ?of }")
    assert splits == [(f"value/{part}.1", "value/2.1") for part in (3, 4, 5, 6)]


def test_what_was_found_when_recording_began_was_made_by_no_execution() -> None:
    run = example_run()
    loading = run.executions[1]
    found = tuple(msgspec.structs.replace(value, found=True) for value in loading.values)
    changed = msgspec.structs.replace(loading, values=found, activities=(), links=())
    graph = graph_of(
        msgspec.structs.replace(run, executions=(run.executions[0], changed, *run.executions[2:]))
    )
    for value in found:
        assert ask(graph, f"{thing(f'value/{value.id}')} a provkg:Value")
        assert not ask(graph, f"{thing(f'value/{value.id}')} prov:wasGeneratedBy ?any")
        assert not ask(graph, f"{thing(f'value/{value.id}')} provkg:generatedIn ?any")


def test_a_model_comes_from_all_that_its_training_was_given_even_when_a_link_names_less() -> None:
    run = example_run()
    training = run.executions[2]
    less = Link(target="8.2", source="3.1", evidence=Evidence.OBSERVED, operation="fit")
    changed = msgspec.structs.replace(training, links=(*training.links, less))
    graph = graph_of(
        msgspec.structs.replace(run, executions=(*run.executions[:2], changed, *run.executions[3:]))
    )
    sources = rows(graph, f"SELECT ?source {{ {thing('value/8.2')} prov:wasDerivedFrom ?source }}")
    assert sources == [("value/3.1",), ("value/5.1",), ("value/8.1",)]


def test_a_model_comes_from_data_that_it_measured_itself_on_only_where_a_link_says_so(graph: Graph) -> None:
    query = f"SELECT ?source {{ {thing('value/8.2')} prov:wasDerivedFrom ?source }}"
    assert ("value/4.1",) not in rows(graph, query)
    run = example_run()
    training = run.executions[2]
    stopped = Link(target="8.2", source="4.1", evidence=Evidence.OBSERVED, operation="early stopping")
    changed = msgspec.structs.replace(training, links=(*training.links, stopped))
    executions = (*run.executions[:2], changed, *run.executions[3:])
    assert ("value/4.1",) in rows(graph_of(msgspec.structs.replace(run, executions=executions)), query)
    measured = f"SELECT ?by ?on {{ {thing('result/r4')} provkg:seriesBy ?by ; provkg:measuredOn ?on }}"
    assert rows(graph, measured) == [("round", "value/4.1")]


def test_lineage_goes_on_through_a_file_that_another_run_wrote() -> None:
    first = example_run()
    later = msgspec.structs.replace(
        first,
        started=msgspec.structs.replace(first.started, run="later"),
        executions=tuple(
            msgspec.structs.replace(
                execution,
                files=tuple(
                    msgspec.structs.replace(file, sha256=digest_of("model")) for file in execution.files
                ),
            )
            for execution in first.executions[1:2]
        ),
    )
    graph = graph_of(first, later)
    path = "(prov:wasDerivedFrom|provkg:hasContent/^provkg:hasContent)+"
    assert ask(graph, f"<{BASE}run/later/value/2.1> {path} {thing('value/8.2')}")
    assert not ask(graph, f"<{BASE}run/later/value/2.1> prov:wasDerivedFrom+ {thing('value/8.2')}")


def test_a_derivation_tells_its_operation_activity_and_evidence(graph: Graph) -> None:
    query = """SELECT ?target ?operation ?evidence ?activity {
        ?target prov:qualifiedDerivation ?node . ?node prov:entity ?source ; provkg:evidence ?evidence .
        OPTIONAL { ?node provkg:operation ?operation } OPTIONAL { ?node prov:hadActivity ?activity }
        FILTER (?target IN (%s, %s)) }"""
    assert rows(graph, query % (thing("value/1.1"), thing("value/10.1"))) == [
        ("value/1.1", "read_csv", "provkg:Observed", "activity/a1"),
        ("value/10.1", "expression", "provkg:InferredFromSource", ""),
    ]


# --- machine learning ---


def test_a_model_is_linked_to_its_training_data_settings_and_implementation(graph: Graph) -> None:
    model = thing("value/8.2")
    assert rows(graph, f"SELECT ?data {{ {model} provkg:trainedOn ?data }}") == [("value/3.1",)]
    assert rows(graph, f"SELECT ?data {{ {model} provkg:evaluatedOn ?data }}") == [
        ("value/3.1",),
        ("value/4.1",),
    ]
    assert rows(
        graph,
        f"SELECT ?class ?package {{ {model} provkg:hasImplementation ?i . "
        "?i rdfs:label ?class ; provkg:providedBy ?package }",
    ) == [("RandomForestClassifier", "pkg:pypi/scikit-learn@1.9.1")]


def test_settings_keep_what_was_chosen_apart_from_defaults(graph: Graph) -> None:
    query = """SELECT ?name ?text ?value ?how {{ {training} provkg:usedSetting ?s .
        ?s provkg:settingName ?name ; provkg:settingText ?text ; a provkg:HyperParameterSetting .
        OPTIONAL {{ ?s provkg:settingValue ?value }}
        OPTIONAL {{ {training} ?how ?s . FILTER (?how != provkg:usedSetting) }} }}"""
    assert rows(graph, query.format(training=thing("activity/a4"))) == [
        ("criterion", "gini", "gini", ""),
        ("max_depth", "None", "", "provkg:usedDefaultSetting"),
        ("n_estimators", "10", "10", "provkg:usedChosenSetting"),
    ]


def test_a_fitted_transformer_is_trained_by_its_preprocessing(graph: Graph) -> None:
    assert rows(graph, f"SELECT ?by {{ {thing('value/7.1')} provkg:trainedBy ?by }}") == [("activity/a3",)]
    assert rows(graph, f"SELECT ?on {{ {thing('value/7.1')} provkg:trainedOn ?on }}") == [("value/3.1",)]


def test_a_number_measured_on_training_data_does_not_pass_for_another(graph: Graph) -> None:
    assert rows(graph, f"SELECT ?value {{ {RUN_IRI} metric:accuracy ?value }}") == [("0.93",)]
    assert rows(graph, f"SELECT ?value {{ {RUN_IRI} metric:training_accuracy ?value }}") == [("1",)]


def test_a_number_that_is_not_finite_has_its_text_alone(graph: Graph) -> None:
    result = thing("result/r3")
    assert rows(graph, f"SELECT ?text {{ {result} provkg:resultText ?text }}") == [("nan",)]
    assert not ask(graph, f"{result} provkg:resultValue ?value")
    assert not ask(graph, f"{RUN_IRI} metric:log_loss ?value")


def test_direct_settings_come_from_parameters_and_activities_that_are_not_nested(graph: Graph) -> None:
    query = f"""SELECT ?name ?value {{ ?p rdfs:subPropertyOf provkg:runSetting ; rdfs:label ?name .
        {RUN_IRI} ?p ?value }}"""
    assert rows(graph, query) == [
        ("criterion", "gini"),
        ("n_estimators", "10"),
        ("test_size", "0.3"),
        ("threshold", "0.5"),
        ("with_mean", "true"),
    ]


def test_uses_have_a_direct_property_for_each_role_and_a_qualified_node(graph: Graph) -> None:
    query = f"""SELECT ?how ?used ?role {{ {thing("activity/a4")} ?how ?used ; prov:qualifiedUsage ?usage .
        ?usage prov:entity ?used ; prov:hadRole ?role . FILTER STRSTARTS(STR(?how), STR(provkg:)) }}"""
    assert rows(graph, query) == [
        ("provkg:observedUse", "value/3.1", "provkg:DataRole"),
        ("provkg:observedUse", "value/4.1", "provkg:ValidationRole"),
        ("provkg:observedUse", "value/5.1", "provkg:TargetRole"),
        ("provkg:observedUse", "value/8.1", "provkg:ModelRole"),
        ("provkg:usedModel", "value/8.1", "provkg:ModelRole"),
        ("provkg:usedTrainingData", "value/3.1", "provkg:DataRole"),
        ("provkg:usedTrainingTarget", "value/5.1", "provkg:TargetRole"),
        ("provkg:usedValidationData", "value/4.1", "provkg:ValidationRole"),
    ]


def test_a_stored_model_names_its_file(graph: Graph) -> None:
    query = "SELECT ?value ?path { ?value provkg:storedIn ?file . ?file provkg:path ?path }"
    assert rows(graph, query) == [("value/8.2", "/home/ada/model.joblib")]


# --- notebook ---


def test_a_cell_that_was_edited_has_a_version_that_revises_the_one_before(graph: Graph) -> None:
    query = """SELECT ?order ?version ?text ?before { ?x provkg:executionOrder ?order ;
        provkg:executedCell ?version . ?version provkg:versionOf ?cell ; provkg:hasContent ?content .
        ?cell provkg:cellId "c4" . ?content provkg:sourceText ?text .
        OPTIONAL { ?version prov:wasRevisionOf ?before } }"""
    assert rows(graph, query) == [
        ("4", "cell/c4/1", "c4 first", ""),
        ("5", "cell/c4/2", "c4 second", "cell/c4/1"),
    ]


def test_editing_a_cell_back_makes_a_further_version() -> None:
    run = example_run()
    first, second = run.executions[3], run.executions[4]
    again = msgspec.structs.replace(first, order=7, files=(), activities=(), written_files=(), reads=())
    graph = graph_of(msgspec.structs.replace(run, executions=(first, second, again)))
    assert ask(graph, f"{thing('cell/c4/3')} prov:wasRevisionOf+ {thing('cell/c4/1')}")
    assert not ask(graph, "?version prov:wasRevisionOf+ ?version")
    assert ask(
        graph,
        f"{thing('cell/c4/1')} provkg:hasContent ?same . {thing('cell/c4/3')} provkg:hasContent ?same",
    )


def test_a_cell_that_is_no_longer_in_the_document_is_found(graph: Graph) -> None:
    query = """SELECT DISTINCT ?id { ?x provkg:executedCell/provkg:versionOf ?cell . ?cell provkg:cellId ?id .
        FILTER NOT EXISTS { ?run provkg:lastDocument/provkg:hasCell/provkg:versionOf ?cell } }"""
    assert rows(graph, query) == [("c5",)]


def test_the_document_is_described_once_for_each_state_it_was_seen_in(graph: Graph) -> None:
    assert rows(graph, "SELECT ?state { ?state a provkg:DocumentState }") == [
        ("document/1",),
        ("document/2",),
    ]
    assert ask(graph, f"{RUN_IRI} provkg:lastDocument {thing('document/2')}")
    shared = "SELECT ?cell { ?one provkg:hasCell ?cell . ?two provkg:hasCell ?cell . FILTER (?one != ?two) }"
    assert sorted(set(rows(graph, shared))) == [(f"document/1/{index}",) for index in range(4)]
    edited = """SELECT ?at ?text { ?run provkg:lastDocument/provkg:hasCell ?at .
        ?at provkg:versionOf/provkg:cellId 'c4' ; provkg:hasContent/provkg:sourceText ?text }"""
    assert rows(graph, edited) == [("document/2/4", "c4 second")]


def test_executions_depend_on_those_that_set_what_they_name_or_made_what_they_used(graph: Graph) -> None:
    query = "SELECT ?x ?on { ?x provkg:dependsOnExecution ?on ; prov:wasInformedBy ?on }"
    assert rows(graph, query) == [
        ("execution/2", "execution/1"),
        ("execution/3", "execution/2"),
        ("execution/4", "execution/3"),
        ("execution/5", "execution/3"),
        ("execution/5", "execution/4"),
    ]
    seen = rows(graph, "SELECT ?x ?on { ?x provkg:observedDependency ?on }")
    assert seen == [
        ("execution/3", "execution/2"),
        ("execution/4", "execution/3"),
        ("execution/5", "execution/3"),
        ("execution/5", "execution/4"),
    ]


def test_imports_tell_how_often_their_name_was_used(graph: Graph) -> None:
    query = """SELECT ?module ?name ?count ?package { ?i provkg:importedModule ?module .
        OPTIONAL { ?i provkg:boundName ?name ; provkg:useCount ?count }
        OPTIONAL { ?i provkg:providedBy/provkg:packageName ?package } }"""
    assert rows(graph, query) == [
        ("os.path", "os", "0", ""),
        ("pandas", "pd", "2", "pandas"),
        ("sklearn.ensemble", "", "", "scikit-learn"),
    ]


def test_a_deleted_variable_is_invalidated_by_the_execution_that_deleted_it(graph: Graph) -> None:
    assert rows(graph, "SELECT ?state ?by { ?state prov:wasInvalidatedBy ?by }") == [
        ("variable/old/2", "execution/3")
    ]


def test_a_variable_that_was_not_seen_to_be_set_says_so_in_its_generation(graph: Graph) -> None:
    query = "SELECT ?state ?evidence { ?state prov:qualifiedGeneration/provkg:evidence ?evidence }"
    assert rows(graph, query) == [("variable/n/2", "provkg:InferredFromSource")]


def test_an_error_is_described_at_the_output_that_shows_it(graph: Graph) -> None:
    query = """SELECT ?error ?name ?execution { ?error a provkg:ErrorOutput ; provkg:errorName ?name ;
        prov:wasGeneratedBy ?execution . ?run provkg:failedExecution ?execution }"""
    assert rows(graph, query) == [("output/o3", "ZeroDivisionError", "execution/6")]


# --- circumstances ---


def test_a_partial_digest_is_no_content(graph: Graph) -> None:
    assert not ask(graph, f"{thing('file/f2')} provkg:hasContent ?content")
    assert not ask(graph, f"{thing('value/2.1')} provkg:fingerprint ?whole")
    assert rows(graph, "SELECT ?earlier { ?file provkg:hasEarlierDigest ?earlier }") == [("true",)]
    assert rows(graph, f"SELECT ?part {{ {thing('value/2.1')} provkg:partialFingerprint ?part }}") == [
        ("xxh3-frame:cd",)
    ]


def test_of_an_array_the_graph_tells_the_type_of_its_elements(graph: Graph) -> None:
    query = "SELECT ?value ?type ?shape { ?value provkg:elementType ?type ; provkg:shape ?shape }"
    assert rows(graph, query) == [("value/6.1", "float64", "102")]


def test_the_environment_is_the_same_whatever_was_imported_from_its_packages() -> None:
    def environment(*packages: Package) -> tuple[str, ...]:
        run = msgspec.structs.replace(
            example_run(), environment=Environment(python="3.11.7", packages=packages)
        )
        [found] = rows(graph_of(run), "SELECT ?environment { ?run provkg:inEnvironment ?environment }")
        return found

    whole = Package(name="scipy", version="1.17", modules=("scipy",))
    other = Package(name="numpy", version="2.4")
    assert environment(whole, other) == environment(other, Package(name="scipy", version="1.17"))
    assert environment(whole) != environment(Package(name="scipy", version="1.18"))


def test_people_and_programs_are_told_apart(graph: Graph) -> None:
    query = f"""SELECT ?who ?for {{ {RUN_IRI} prov:wasAssociatedWith ?who .
        OPTIONAL {{ ?who prov:actedOnBehalfOf ?for }} }}"""
    person = "https://orcid.org/0000-0002-1825-0097"
    assert rows(graph, query) == [(person, ""), ("interpreter", person)]
    plans = rows(graph, f"SELECT ?plan {{ {RUN_IRI} prov:qualifiedAssociation/prov:hadPlan ?plan }}")
    assert plans == [(f"sha256/{digest_of('notebook')}",)]


def test_what_a_run_does_not_know_is_absent() -> None:
    run = Run(started=msgspec.structs.replace(example_run().started, code=None, agent=None, commit=None))
    graph = graph_of(run)
    for unknown in (
        "prov:endedAtTime",
        "provkg:hasStatus",
        "provkg:runOf",
        "provkg:executedCode",
        "provkg:atCommit",
        "provkg:isDirty",
        "provkg:inEnvironment",
        "provkg:lastDocument",
        "prov:qualifiedAssociation",
        "prov:actedOnBehalfOf",
    ):
        assert not ask(graph, f"?thing {unknown} ?any"), unknown


def test_the_graph_says_which_run_it_describes_and_who_recorded_it(graph: Graph) -> None:
    query = """SELECT ?graph ?run ?recorder { GRAPH ?graph { ?graph a provkg:RunGraph ;
        provkg:describesRun ?run ; prov:wasAttributedTo/rdfs:label ?recorder } }"""
    assert rows(graph, query) == [(f"graph/run/{RUN}", f"run/{RUN}", "provkg 0.1.0")]


def test_the_role_of_a_split_stands_on_the_value_and_the_result(graph: Graph) -> None:
    query = "SELECT ?thing { ?thing provkg:splitRole provkg:TestSplit }"
    assert rows(graph, query) == [("result/r1",), ("value/4.1",), ("value/6.1",), ("value/9.1",)]
    assert SplitRole.TEST.value == "test"


def test_a_duration_that_makes_no_sense_gives_no_end() -> None:
    run = example_run()
    [loading] = run.executions[1].activities
    odd = msgspec.structs.replace(loading, duration=float("inf"))
    execution = msgspec.structs.replace(run.executions[1], activities=(odd,))
    graph = graph_of(msgspec.structs.replace(run, executions=(execution,)))
    assert ask(graph, f"{thing('activity/a1')} prov:startedAtTime ?start")
    assert not ask(graph, f"{thing('activity/a1')} prov:endedAtTime ?end")


def test_a_search_is_linked_to_the_candidate_it_chose_and_unseen_times_are_left_out(graph: Graph) -> None:
    chosen = f"{thing('activity/a10')} provkg:choseCandidate {thing('activity/a11')}"
    assert ask(graph, f"{chosen} . {thing('activity/a11')} provkg:partOfActivity {thing('activity/a10')}")
    assert not ask(graph, f"{thing('activity/a11')} prov:startedAtTime|prov:endedAtTime ?time")


def test_a_role_that_only_a_name_tells_is_kept_apart_from_one_that_was_seen(graph: Graph) -> None:
    assert ask(graph, f"{thing('value/10.1')} provkg:likelySplitRole provkg:ValidationSplit")
    assert not ask(graph, f"{thing('value/10.1')} provkg:splitRole ?role")
    assert not ask(graph, f"{thing('value/10.1')} a provkg:DatasetSplit")


def test_a_result_about_one_class_is_no_result_of_the_run(graph: Graph) -> None:
    assert ask(graph, f"{thing('result/r5')} provkg:classLabel 'Adelie' ; provkg:resultValue 0.5e0")
    assert not ask(graph, f"{RUN_IRI} <{BASE}metric/recall> ?value")
