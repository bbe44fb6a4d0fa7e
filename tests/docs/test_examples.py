"""The Python blocks of README.md, docs/clients.md and docs/testing.md run as they are printed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)

BLOCKS = [
    pytest.param(block, id=f"{name}-{number}")
    for name in ("README.md", "docs/clients.md", "docs/testing.md")
    for number, block in enumerate(BLOCK.findall((ROOT / name).read_text("utf-8")))
]


@pytest.mark.parametrize("block", BLOCKS)
def test_block_passes(block: str, tmp_path: Path) -> None:
    (tmp_path / "test_block.py").write_text(block, "utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_block.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(r"\b[1-9]\d* passed", run.stdout)
