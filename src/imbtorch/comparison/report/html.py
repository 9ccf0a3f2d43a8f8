"""Write the report: one self-contained HTML file, and its figures as separate files."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from imbtorch.comparison.kept import pooled_outputs, stored_outputs
from imbtorch.comparison.report.answer import answer, chosen
from imbtorch.comparison.report.canvas import Arrays, Rows, by_recipe, mean_over_seeds
from imbtorch.comparison.report.classes import classes_csv
from imbtorch.comparison.report.confusion_plots import summed_confusion
from imbtorch.comparison.report.decided import decided, decision_sentences
from imbtorch.comparison.report.failures import Failure, all_failed, failure_lines
from imbtorch.comparison.report.figures import write_figures
from imbtorch.comparison.report.made import made_rows
from imbtorch.comparison.report.mistakes import OF_A_PAIR, confident_mistakes
from imbtorch.comparison.report.page_data import Outputs, page_data
from imbtorch.comparison.report.results import lead_spans, leading, ranked, table_columns
from imbtorch.comparison.report.summary import (
    CALIBRATION,
    Summary,
    best_recipe,
    embedding_line,
    format_value,
    summarize,
)
from imbtorch.comparison.report.words import fewer_line, runs_words, untested_line
from imbtorch.comparison.verdict.judge import judge
from imbtorch.data.profiles.class_groups import SHOTS
from imbtorch.data.profiles.profile import Profile
from imbtorch.data.rows import Rows as StoredRows
from imbtorch.extras import extra
from imbtorch.files import write_atomically
from imbtorch.printable import printable

with extra("cli"):
    import jinja2
    from markupsafe import Markup

DRAWN = 10
"""Number of recipes in the figures at most: as many as there are colors."""


def write_report(
    folder: Path,
    rows: Rows,
    embeddings: Arrays,
    examples: Arrays,
    *,
    shots: tuple[int, int] = SHOTS,
    failures: Sequence[Failure] = (),
    shown: StoredRows | None = None,
    columns: Sequence[str] = (),
    costs: Sequence[Sequence[float]] | None = None,
    made: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
) -> Path:
    """Write ``report.html``, ``classes.csv`` and ``figures/*.png`` into a folder.

    Parameters
    ----------
    folder : Path
        Where to write; existing files are replaced atomically, one by one. The outputs of the
        first seed that `keep_outputs` stored there are shown, too.
    rows : sequence of mapping
        Result rows as stored; at least one, all of the same task.
    embeddings : mapping
        Recipe -> ``features`` (n, D) and ``labels`` (n,) of held-out samples.
    examples : mapping
        Recipe -> ``examples`` of its `FitResult`; may be empty.
    shots : tuple of int, default=(20, 100)
        Bounds of few-shot and many-shot classes, see `shot_groups`.
    failures : sequence of (str, int, str)
        Recipe name, seed and reason of each run that failed.
    shown : Rows, optional
        The held-out samples as they are stored: the most confident mistakes are shown.
    columns : sequence of str
        Names of their columns, if they are rows of numbers.
    costs : sequence of sequence of float, optional
        Cost of each true class (rows) decided as each class.
    made : mapping, optional
        Recipe -> the quality of what it made, a row a class, as `judged` returns it.

    Returns
    -------
    Path
        Path of ``report.html``, which needs no other file and no network connection.
    """
    verdicts = judge(rows, folder=folder)
    summaries = summarize(rows, shots=shots, verdicts=verdicts)
    groups, data, folds = by_recipe(rows), rows[0]["data"], rows[0].get("folds")
    best = chosen(summaries, verdicts.baseline)
    outputs = _outputs(folder, list(groups), folds)
    recall = mean_over_seeds(groups[best.recipe], "metrics", "recall")
    assert recall is not None
    said, *weak = answer(
        summaries,
        verdicts.baseline,
        data["classes"],
        data["counts"],
        recall,
        summed_confusion(groups[best.recipe]),
        shots[0],
    )
    first = [best.recipe, *_beside(summaries, best, verdicts.baseline)]
    drawn = _drawn(summaries, first)
    write_atomically(folder / "classes.csv", classes_csv(rows).encode())
    page = page_data(rows, outputs, first, shots, costs)
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("imbtorch.comparison", "report"),
        autoescape=True,
        finalize=lambda value: value if isinstance(value, Markup) else printable(value),
    )
    environment.policies["json.dumps_kwargs"] = {"separators": (",", ":")}
    names, short = table_columns(summaries)
    spans, zero = lead_spans(summaries)
    html = environment.get_template("report.html.j2").render(
        row=rows[0],
        profile=Profile.from_json(data["profile"]),
        shots=shots,
        runs=runs_words(rows, "training seed"),
        once="first repetition of all folds" if folds else "first seed",
        answer=[said, *decision_sentences(groups, best.recipe), *weak],
        baseline=verdicts.baseline,
        measure=verdicts.measure,
        verdicts=verdicts.sentences,
        decisions=decided(groups),
        chosen=best.recipe,
        columns=names,
        short=short,
        best={name: best_recipe(summaries, name) for name in names if name not in CALIBRATION},
        ranked=ranked(summaries),
        first=leading(summaries, best),
        spans=spans,
        zero=zero,
        format_value=format_value,
        percent=lambda share: f"{100 * share:.0f} %",
        mistakes=confident_mistakes(outputs.get(best.recipe, {}), data["classes"], shown, columns),
        of_a_pair=OF_A_PAIR,
        made=made_rows(made or {}, data["classes"]),
        has_curves=any(page["reliability"]),
        page=page,
        images=write_figures(
            folder,
            [r for r in rows if r["recipe"]["name"] in drawn],
            summaries,
            {n: a for n, a in embeddings.items() if n in drawn},
            examples,
        ),
        drawn=len(drawn) < len(groups) and f"{len(drawn)} of {len(groups)} recipes, the best",
        embedding=embedding_line(rows),
        untested=" ".join(
            filter(None, [untested_line(summaries[0].untested), fewer_line(summaries)])
        ),
        all_failed=all_failed(failures, [summary.recipe for summary in summaries]),
        failure_lines=failure_lines(failures),
    )
    path = folder / "report.html"
    write_atomically(path, html.encode())
    return path


def _outputs(folder: Path, recipes: Sequence[str], folds: int | None) -> Outputs:
    """Return what is stored of the first run of each recipe, or of the first run of all folds."""
    found = {
        name: pooled_outputs(folder, name, folds) if folds else stored_outputs(folder, name, 0)
        for name in recipes
    }
    return {name: arrays for name, arrays in found.items() if arrays}


def _beside(summaries: Sequence[Summary], best: Summary, baseline: str) -> list[str]:
    """Return the recipe that the best one is shown beside: the baseline, else the next best."""
    others = [s for s in ranked(summaries) if s is not best]
    return [s.recipe for s in (*(s for s in others if s.recipe == baseline), *others)][:1]


def _drawn(summaries: Sequence[Summary], first: Sequence[str]) -> list[str]:
    """Return the recipes that the figures show, in the order of the results."""
    order = dict.fromkeys([*first, *(s.recipe for s in ranked(summaries))])
    kept = list(order)[:DRAWN]
    return [s.recipe for s in summaries if s.recipe in kept]
