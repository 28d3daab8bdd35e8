"""Make the application that a server of a measurement serves: the variables `BENCHMARK_CONTESTANT` and `BENCHMARK_APP` name it."""

from __future__ import annotations

import os

from benchmarks.contestants import CONTESTANTS

app = CONTESTANTS[os.environ["BENCHMARK_CONTESTANT"]]()[os.environ["BENCHMARK_APP"]]
