"""Play one scenario and print what it saw: `python [-m typeway.compat] -m tests.plugins.play NAME`."""

import importlib
import json
import sys

if __name__ == "__main__":
    seen = importlib.import_module(f"tests.plugins.scenarios.{sys.argv[1]}").play()
    framework = sys.modules["fastapi"].APIRouter.__module__.partition(".")[0]
    sys.stdout.write("\n" + json.dumps({"framework": framework, "seen": seen}, default=str) + "\n")
