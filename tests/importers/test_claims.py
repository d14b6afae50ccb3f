"""What the text of notebooks is easily taken for and is not: a wrong claim is worse than a missing one."""

from __future__ import annotations

from provkg.records import ActivityKind, Role, SplitRole, ValueKind
from tests.importers.conftest import Told, code, result
from tests.importers.test_flow import FIT, IMPORTS, LOAD, PREDICT, SPLIT, activities, named, results, values


def test_models_and_tokenizers_of_a_hub_are_no_data_sets(told: Told) -> None:
    run = told(
        code("from transformers import AutoModel, AutoTokenizer, pipeline", 1),
        code("tokenizer = AutoTokenizer.from_pretrained('bert')\nnet = AutoModel.from_pretrained('bert')", 2),
        code("ask = pipeline('question-answering')", 3),
    )
    assert named(run, "net").kind is named(run, "ask").kind is ValueKind.MODEL
    assert named(run, "tokenizer").kind is ValueKind.TRANSFORMER


def test_making_a_search_is_no_tuning(told: Told) -> None:
    run = told(
        code(IMPORTS + "\nfrom sklearn.model_selection import GridSearchCV", 1),
        code(f"{LOAD}\nown = Own()\nsearch = GridSearchCV(own, {{'depth': [1, 2]}}, cv=3)", 2),
        code("search.fit(X, y)", 3),
    )
    (tuning,) = activities(run, ActivityKind.TUNING)
    assert tuning.function == "sklearn.model_selection.GridSearchCV.fit"
    assert "own" not in {name for value in values(run).values() for name in value.names}


def test_an_object_made_with_the_size_of_data_is_no_data_and_does_not_come_of_it(told: Told) -> None:
    run = told(
        code(f"{IMPORTS}\nimport torch\n{LOAD}", 1),
        code("size = X.shape[1]\nnet = Net(size, len(X), X.shape[1])\nother = Net(X)", 2),
        code("torch.save(net, 'net.pt')\ntorch.save(other, 'other.pt')\ntorch.save(X, 'X.pt')", 3),
    )
    saved = [values(run)[saving.used[0].entity] for saving in activities(run, ActivityKind.SAVING)]
    assert [value.kind for value in saved] == [ValueKind.OTHER, ValueKind.OTHER, ValueKind.DATASET]
    sources = {link.source for execution in run.executions for link in execution.links}
    assert {link.target for link in run.executions[1].links} == {saved[1].id}
    assert saved[0].names == ("net",)
    assert saved[0].id not in sources


def test_a_transformer_that_no_variable_holds_has_no_name(told: Told) -> None:
    run = told(code(f"{IMPORTS}\n{LOAD}\nscaled = StandardScaler().fit_transform(X)", 1))
    (fitting,) = activities(run, ActivityKind.PREPROCESSING)
    scaler, scaled = (values(run)[made] for made in fitting.generated)
    assert (scaler.kind, scaler.names) == (ValueKind.TRANSFORMER, ())
    assert (scaled.kind, scaled.names) == (ValueKind.DATASET, ("scaled",))


def test_what_transforms_what_it_is_fitted_to_is_no_training(told: Told) -> None:
    run = told(code(f"{IMPORTS}\n{LOAD}\nown = Own()\nX2 = own.fit_transform(X)", 1))
    assert not activities(run, ActivityKind.TRAINING)
    assert named(run, "own").kind is ValueKind.TRANSFORMER
    assert len(activities(run, ActivityKind.PREPROCESSING)) == 1


def test_predictions_in_the_place_of_the_truth_are_predictions(told: Told) -> None:
    scored = "accuracy_score(predicted, y_test)"
    run = told(code(f"{IMPORTS}\n{LOAD}\n{SPLIT}\n{FIT}\n{PREDICT}", 1), code(scored, 2, result("0.9", 2)))
    (number,) = results(run)
    assert "forest" in values(run)[number.model].names
    assert "X_test" in values(run)[number.data[0]].names
    (step,) = activities(run, ActivityKind.EVALUATION)
    roles = {use.role: values(run)[use.entity].names[0] for use in step.used}
    assert roles == {Role.PREDICTION: "predicted", Role.TRUTH: "y_test"}


def test_a_part_that_is_called_validation_is_for_validation(told: Told) -> None:
    run = told(code(f"{IMPORTS}\n{LOAD}\n{SPLIT.replace('_test,', '_valid,').replace('y_test', 'y_val')}", 1))
    assert named(run, "X_valid").role is named(run, "y_val").role is SplitRole.VALIDATION
    assert named(run, "X_train").role is SplitRole.TRAINING


def test_a_downloaded_file_is_no_data_set_and_what_is_read_from_it_comes_of_its_address(told: Told) -> None:
    address = "https://example.org/iris.csv"
    fetched = f"import keras\nimport pandas as pd\npath = keras.utils.get_file('iris.csv', '{address}')"
    run = told(code(f"{fetched}\ndf = pd.read_csv(path)", 1))
    assert [value.names for value in values(run).values()] == [("df",)]
    (file,) = run.executions[0].files
    assert file.url == address
    assert [link.source for link in run.executions[0].links] == [file.id]


def test_what_only_transforms_was_not_trained(told: Told) -> None:
    run = told(
        code(f"{IMPORTS}\n{LOAD}\nown, net = Own(), Net()", 1),
        code("own.fit(X)\nX2 = own.transform(X)\nnet.fit(X2, y)\nnet.predict(X2)", 2),
    )
    assert named(run, "own").kind is ValueKind.TRANSFORMER
    (training,) = activities(run, ActivityKind.TRAINING)
    assert values(run)[training.generated[0]].names == ("net",)


def test_what_holds_a_model_is_no_model(told: Told) -> None:
    run = told(
        code(f"{IMPORTS}\n{LOAD}", 1),
        code("held.net.fit(X, y)\np = held.net.predict(X)\nmany[0].fit(X, y)", 2),
    )
    names = {name for value in values(run).values() for name in value.names}
    assert not names & {"held", "many"}
    assert len(activities(run, ActivityKind.TRAINING)) == 2


def test_a_library_that_no_cell_imported_before_is_no_model(told: Told) -> None:
    run = told(code("booster = xgboost.train({}, data)\nxgboost.fit(data)", 1))
    assert "xgboost" not in {name for value in values(run).values() for name in value.names}
