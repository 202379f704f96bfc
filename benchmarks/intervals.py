"""Ten thousand exact intervals at once, beside one call each and beside Wilson's: medians and ratios.

python benchmarks/intervals.py [HOW_MANY] [RUNS]
"""

import sys
import time
from collections.abc import Callable
from statistics import median

import numpy as np

from cxzy_lib.measure.intervals import hypergeometric_interval, wilson


def seconds(call: Callable[[], object]) -> float:
    """Return how long a call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def main(many: int = 10_000, runs: int = 5) -> None:
    """Measure the three ways in turn, so that a slow moment of the machine meets all of them."""
    draw = np.random.default_rng(1)
    size = draw.integers(10, 500, many)
    valid = draw.integers(1, size + 1)
    count = draw.integers(0, valid + 1)
    few = slice(0, max(many // 100, 1))
    ways: dict[str, Callable[[], object]] = {
        "exact, all at once": lambda: hypergeometric_interval(count, valid, size, 0.95),
        "Wilson, all at once": lambda: wilson(count, valid, 0.95),
        "exact, one call each (a hundredth of them, times 100)": lambda: [
            hypergeometric_interval(*case, 0.95)
            for case in zip(count[few], valid[few], size[few], strict=True)
        ],
    }
    for call in ways.values():
        call()  # imports and caches
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, call in ways.items():
            times[name].append(seconds(call) * (100 if "each" in name else 1))
    base = median(times["exact, all at once"])
    print(f"{many:,} intervals, {runs} runs, medians")
    for name, each in times.items():
        print(f"{name:56} {median(each):8.3f} s   {median(each) / base:8.2f} x")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
