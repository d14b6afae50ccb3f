"""Train a classifier of penguins, and say how good it is.

    python examples/train.py --model forest --max-depth 4
    provkg run examples/train.py --model forest --max-depth 4
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import joblib
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

HERE = Path(__file__).parent
MEASUREMENTS = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"]


def read(path: Path) -> pd.DataFrame:
    """The penguins that were measured completely."""
    penguins = pd.read_csv(path)
    return penguins.dropna(subset=MEASUREMENTS)


def made(options: argparse.Namespace):
    """The model that the options ask for, untrained."""
    if options.model == "forest":
        return RandomForestClassifier(
            n_estimators=options.trees, max_depth=options.max_depth, random_state=options.seed
        )
    return make_pipeline(StandardScaler(), LogisticRegression(C=options.C, max_iter=1000))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=HERE / "data" / "penguins.csv")
    parser.add_argument("--model", choices=["logistic", "forest"], default="logistic")
    parser.add_argument("--C", type=float, default=1.0, help="inverse strength of regularisation")
    parser.add_argument("--trees", type=int, default=100)
    parser.add_argument("--max-depth", type=int)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--output", type=Path, default=HERE / "output")
    options = parser.parse_args()

    penguins = read(options.data)
    train, test = train_test_split(
        penguins, test_size=0.3, stratify=penguins["species"], random_state=options.seed
    )
    model = made(options)
    scores = cross_val_score(model, train[MEASUREMENTS], train["species"], cv=5)
    model.fit(train[MEASUREMENTS], train["species"])
    predicted = model.predict(test[MEASUREMENTS])
    metrics = {
        "accuracy": accuracy_score(test["species"], predicted),
        "f1_macro": f1_score(test["species"], predicted, average="macro"),
    }
    print(f"{options.model}: cross-validated {scores.mean():.3f}, on test data {metrics['accuracy']:.3f}")

    options.output.mkdir(exist_ok=True)
    joblib.dump(model, options.output / f"{options.model}.joblib")
    (options.output / "metrics.json").write_text(json.dumps(metrics, indent=2))


if __name__ == "__main__":
    main()
