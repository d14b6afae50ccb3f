"""MLflow's side of `benchmarks.search_runs`, for an interpreter that has MLflow and not provkg.

Fills a database with runs through MLflow's own models, then answers questions, a line each: how many
milliseconds it took, and what to compare.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

GROUP = "tags.`mlflow.source.name`"


def fill(database: str, runs: Path) -> None:
    """Write the runs of a file of JSON lines, if the database has none."""
    from mlflow.entities import ViewType  # type: ignore[import-not-found]
    from mlflow.store.tracking.dbmodels import models  # type: ignore[import-not-found]
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore  # type: ignore[import-not-found]

    store = SqlAlchemyStore(database, "file:///nowhere")
    if store.search_runs(["0"], "", ViewType.ALL, 1):
        return
    with store.ManagedSessionMaker() as session:
        for line in runs.read_text().splitlines():
            run = json.loads(line)
            of, at = {"run_uuid": run["run"]}, run["started"]
            session.add(
                models.SqlRun(
                    **of,
                    name=run["run"][:8],
                    source_type="NOTEBOOK",
                    source_name=run["code"],
                    user_id=run["user"],
                    status="FINISHED",
                    start_time=at,
                    end_time=at + 9000,
                    lifecycle_stage="active",
                    artifact_uri="file:///nowhere",
                    experiment_id=0,
                )
            )
            session.flush()
            tags = {
                "mlflow.source.name": run["code"],
                "mlflow.user": run["user"],
                "mlflow.runName": run["run"][:8],
            }
            session.bulk_insert_mappings(
                models.SqlTag, [{**of, "key": k, "value": v} for k, v in tags.items()]
            )
            session.bulk_insert_mappings(
                models.SqlParam, [{**of, "key": k, "value": v} for k, v in run["settings"].items()]
            )
            rows = [
                {**of, "key": k, "value": v, "timestamp": at, "step": step, "is_nan": False}
                for k, values in run["metrics"].items()
                for step, v in enumerate(values)
            ]
            session.bulk_insert_mappings(models.SqlMetric, rows)
            latest = {row["key"]: row for row in rows}
            session.bulk_insert_mappings(models.SqlLatestMetric, list(latest.values()))


def answer(asked: dict[str, Any]) -> Any:
    """One question; what comes back is compared with provkg's answer."""
    import mlflow  # type: ignore[import-not-found]

    match asked["kind"]:
        case "search":
            frame = mlflow.search_runs(
                ["0"], asked["where"], order_by=asked["sort"], max_results=asked["limit"] or 50_000
            )
            return frame["run_id"].tolist()
        case "groups":
            # One question for each group is quicker than to take all runs and to group them.
            best = (
                mlflow.search_runs(["0"], f"{GROUP} = '{one}'", order_by=asked["sort"], max_results=1)
                for one in asked["groups"]
            )
            return sorted(frame["run_id"][0] for frame in best if len(frame))
        case "run":
            run = mlflow.get_run(asked["run"])
            return sorted(run.data.metrics.values())
        case _:
            history = mlflow.MlflowClient().get_metric_history(asked["run"], asked["metric"])
            return [point.value for point in history]


def main() -> None:
    """Serve questions from standard input."""
    import mlflow

    database, runs = sys.argv[1:]
    fill(database, Path(runs))
    mlflow.set_tracking_uri(database)
    print(json.dumps(mlflow.__version__), flush=True)
    for line in sys.stdin:
        begun = time.perf_counter()
        found = answer(json.loads(line))
        took = 1e3 * (time.perf_counter() - begun)
        print(json.dumps([took, found]), flush=True)


if __name__ == "__main__":
    main()
