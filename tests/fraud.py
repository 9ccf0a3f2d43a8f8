"""A made table of card payments, as people have them: every kind of column, gaps, few frauds."""

import numpy as np
import pandas as pd

PLANS = ("basic", "family", "gold", "student", "business")
SHOPS = tuple(f"shop {i}" for i in range(30))


def fraud_table(n: int, seed: int = 0, *, share: float = 0.015, unseen: bool = False):
    """Return a data frame of n payments, of which a share are fraud.

    Frauds have large amounts, often by night, abroad and without an age. With `unseen`, some
    rows have a plan that no other table has, and empty cells in columns that have none otherwise.
    """
    rng = np.random.default_rng(seed)
    fraud = np.zeros(n, bool)
    fraud[rng.permutation(n)[: max(round(share * n), 1)]] = True
    amount = rng.lognormal(3 + 2 * fraud, 1).round(2)
    amount[rng.random(n) < 0.03] = np.nan
    age = rng.integers(18, 90, n).astype(float)
    age[rng.random(n) < np.where(fraud, 0.5, 0.1)] = np.nan
    plan = rng.choice(PLANS, n, p=(0.4, 0.3, 0.15, 0.1, 0.05)).astype(object)
    plan[rng.random(n) < 0.04] = None
    hour = np.where(rng.random(n) < 0.6 * fraud, rng.integers(0, 5, n), rng.integers(6, 24, n))
    when = pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 300, n) * 24 + hour, "h")
    abroad = rng.random(n) < np.where(fraud, 0.6, 0.1)
    shop = np.array(SHOPS)[np.minimum(rng.geometric(0.15, n), len(SHOPS)) - 1].astype(object)
    if unseen:
        plan[::10], shop[::15] = "platinum", None
    return pd.DataFrame(
        {
            "payment_id": [f"P{i:07d}" for i in rng.permutation(10 * n)[:n]],
            "amount": amount,
            "age": age,
            "plan": plan,
            "shop": shop,
            "abroad": abroad,
            "when": when.strftime("%Y-%m-%d %H:%M"),
            "balance": [f"{v:,.2f} €" for v in rng.normal(3000, 1500, n)],
            "note": [f"payment {i} of the customer at the till in town" for i in range(n)],
            "label": np.where(fraud, "fraud", "fine"),
        }
    )
