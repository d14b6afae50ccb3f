"""Figures: which data an output or a file shows."""

from __future__ import annotations

from provkg.records import Evidence, FileMode
from tests.capture.conftest import Execute, Recorded

START = """import numpy as np, pandas as pd, matplotlib.pyplot as plt
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import ConfusionMatrixDisplay, confusion_matrix
rng = np.random.default_rng(0)
df = pd.DataFrame(rng.normal(size=(100, 3)), columns=list('abc')); df['k'] = ['u', 'v'] * 50
other = pd.DataFrame({'z': rng.normal(size=50)}); y = rng.integers(0, 2, 100); losses = [3.0, 2.0]
model = LogisticRegression().fit(df[['a']], y)"""


def shown(seen: Recorded, order: int) -> list[set[str]]:
    """Of each figure that an execution shows, the variables that the data in it came from directly."""
    images = [o.id for o in seen.run.executions[order - 1].outputs if len(o.contents) > 1]
    names = {v.id: v.names[0] if v.names else v.type.rpartition(".")[2] for v in seen.values.values()}
    return [{names[link.source] for link in seen.links if link.target == image} for image in images]


def test_a_figure_leads_to_the_data_that_was_drawn_into_it(execute: Execute) -> None:
    seen = execute(
        START,
        "plt.scatter(df.a, df['b'], c=y); plt.xlabel('x'); plt.show()\nplt.plot(losses); plt.show()",
        "first, axes = plt.subplots(1, 2)\naxes[0].hist(df.c); axes[1].bar(['p', 'q'], [1, 2])\n"
        "second = plt.figure(); plt.imshow(other.to_numpy()[:4]); plt.show()",
        "later, ax = plt.subplots(); ax.plot(model.predict(df[['a']])); plt.close(later)",
        "later",
        "df.plot.scatter('a', 'b'); plt.savefig('s.png'); later.savefig('later.svg'); plt.close()",
        "df.groupby('k').a.mean().plot(kind='bar'); plt.show()\ndf.hist(); df.boxplot(column='a', by='k')",
        "matrix = confusion_matrix(y, model.predict(df[['a']])); d = ConfusionMatrixDisplay(matrix).plot()",
        "import io\nbuffer = io.BytesIO(); fig = plt.figure(); plt.plot(other.z); fig.savefig(buffer)\n"
        "plt.close()\n"
        "from IPython.display import Image, display\n"
        "display(Image(data=buffer.getvalue()))\ndisplay(df.head(2))",
    )
    assert seen.notices == []
    assert shown(seen, 2) == [{"df", "y"}, set()]
    assert shown(seen, 3) == [{"df"}, {"other"}]
    assert shown(seen, 4) == []
    assert shown(seen, 5) == [{"ndarray"}]
    [output] = seen.run.executions[4].outputs
    assert seen.held("model").id in seen.sources(output.id)
    for name, sources in {"s.png": {seen.held("df", 1).id}, "later.svg": {seen.held("model").id}}.items():
        assert sources <= seen.sources(seen.file(name, FileMode.WRITTEN).id, evidence="observed")
    assert shown(seen, 7) == [{"df"}] * 3
    assert shown(seen, 8) == [{"matrix"}]
    assert shown(seen, 9) == [{"other"}, set()]
    drawn = [link for link in seen.links if link.target.startswith("o")]
    assert ("matplotlib.axes.Axes.scatter", Evidence.OBSERVED) in {(d.operation, d.evidence) for d in drawn}


def test_plots_of_seaborn_and_of_trees_lead_to_data_and_models(execute: Execute) -> None:
    seen = execute(
        START + "\nimport seaborn as sns\nfrom sklearn.tree import DecisionTreeClassifier, plot_tree",
        "sns.scatterplot(data=df, x='a', y='b', hue='k')",
        "grid = sns.pairplot(df, hue='k', height=1)",
        "sns.heatmap(df[['a', 'b', 'c']].corr())",
        "sns.histplot(df.a); sns.kdeplot(x=other.z)",
        "sns.relplot(data=df, x='a', y='c')",
        "tree = DecisionTreeClassifier(max_depth=2).fit(df[['a']], y)\nartists = plot_tree(tree)",
    )
    assert seen.notices == []
    assert [shown(seen, order) for order in range(2, 8)] == [
        [{"df"}],
        [{"df"}],
        [{"df"}],
        [{"df", "other"}],
        [{"df"}],
        [{"tree"}],
    ]


def test_warnings_of_plots_name_the_line_of_the_user(execute: Execute) -> None:
    seen = execute(
        START,
        "import warnings\nwith warnings.catch_warnings(record=True) as seen:\n"
        "    warnings.simplefilter('always')\n"
        "    plt.plot([1, 2], label='_x')\n    plt.legend()\n"
        "    fig = plt.figure(); fig.text(0, 0, chr(20000)); fig.savefig('x.png'); plt.close('all')\n"
        "[(w.lineno, w.filename.startswith('/tmp') or 'ipykernel' in w.filename) for w in seen]",
    )
    [result] = [o for o in seen.run.executions[1].outputs if o.kind == "result"]
    assert result.text == "[(5, True), (6, True)]"


def test_figures_and_their_data_are_not_kept_alive(execute: Execute) -> None:
    seen = execute(
        START,
        "import gc, weakref\nfig, ax = plt.subplots(); ax.plot(other.z)\n"
        "refs = [weakref.ref(fig), weakref.ref(other)]",
        "plt.close('all'); del fig, ax, other\ngc.collect()\n[ref() is None for ref in refs]",
    )
    assert seen.run.executions[-1].outputs[0].text == "[True, True]"
