"""The benchmarks run and make what they time; how long it takes is nobody's to assert."""

import re
import subprocess
import sys

from conftest import ROOT


def test_a_nights_reports_are_made_in_our_way_and_on_the_floor(sample_edition):
    command = [sys.executable, ROOT / "benchmarks" / "night.py", sample_edition["processed"]]
    done = subprocess.run(
        [*command, "--reports", "2", "--ways", "forked,floor"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    rows = re.findall(r"^(\w+) +[\d.]+ s +[\d.]+ s a report +[\d.]+ x ours$", done.stdout, re.M)
    assert rows == ["forked", "floor"]
