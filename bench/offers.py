"""Offers to simulated customers: how much each way to learn from what they do gives away (regret)."""

from __future__ import annotations

import numpy as np

from bench.report import Goal, heading, table
from kefu.recommendations.feedback import Counts, rate_drawn, rate_expected

#: Customers of each round, offers that fit them, and how often a round is played.
_CUSTOMERS, _OFFERS, _ROUNDS = 1500, 6, 30
_SEED = 20261123


def regrets() -> list[Goal]:
    """Prints the regret of each rule; the one in use must be no worse than the others."""
    rules = {
        "drawn (Thompson), in use": lambda counts, chance: rate_drawn(counts, chance),
        "expected (greedy)": lambda counts, chance: rate_expected(counts),
        "never learns": lambda counts, chance: 0.1,
    }
    found = {name: [_regret(rule, seed) for seed in range(_ROUNDS)] for name, rule in rules.items()}
    heading(f"Offers: takers lost among {_CUSTOMERS} customers, mean and worst of {_ROUNDS} simulated rounds")
    table(["rule", "mean", "worst"], [[name, np.mean(lost), np.max(lost)] for name, lost in found.items()])
    means = {name: float(np.mean(lost)) for name, lost in found.items()}
    ours = means.pop("drawn (Thompson), in use")
    return [
        Goal.at_most("takers lost by the rule in use, of the best other rule's", ours, min(means.values()))
    ]


def _regret(rule, seed: int) -> float:
    """How many customers fewer took an offer than if the best had always been shown."""
    chance = np.random.default_rng([_SEED, seed])
    rates = chance.beta(1.2, 9, _OFFERS)
    seen = [Counts() for _ in rates]
    lost = 0.0
    for _ in range(_CUSTOMERS):
        shown = int(np.argmax([rule(counts, chance) + 1e-9 * chance.random() for counts in seen]))
        lost += float(rates.max() - rates[shown])
        seen[shown] = seen[shown].after(accepted=bool(chance.random() < rates[shown]))
    return lost
