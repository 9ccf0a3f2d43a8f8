"""The stored rows of a comparison."""

import json


def results(folder):
    rows = [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]
    for row in rows:
        for name in ("seconds", "pretrained_seconds"):
            row.pop(name, None)
    return rows
