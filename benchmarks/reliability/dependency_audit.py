"""Known vulnerabilities of the locked dependencies: ``make audit``.

pip-audit ends with code 0 when it could look nothing up, so its report is counted here: what could not be looked up
is a failure that is said, not a clean bill.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_PIP_AUDIT = "pip-audit==2.10.1"
_LOCK = Path(__file__).resolve().parents[2] / "requirements.lock"


def judge(dependencies: Sequence[Mapping[str, Any]]) -> tuple[int, list[str]]:
    """Judge a report of pip-audit: 0 clean, 1 vulnerable, 2 not (wholly) audited; with lines to print.

    Examples
    --------
    >>> judge([{"name": "a", "version": "1", "vulns": []}])
    (0, ['1 dependencies audited: no known vulnerability.'])
    >>> judge([{"name": "a", "skip_reason": "not found"}])[0]
    2
    """
    skipped = [each["name"] for each in dependencies if "skip_reason" in each]
    bad = [each for each in dependencies if each.get("vulns")]
    lines = [
        f"{each['name']} {each['version']}: {vulnerability['id']}, fixed in "
        f"{', '.join(vulnerability.get('fix_versions') or ['no version yet'])}"
        for each in bad
        for vulnerability in each["vulns"]
    ]
    if not dependencies or skipped:
        lines.append(
            f"NOT AUDITED: {len(skipped)} of {len(dependencies)} dependencies could not be looked up "
            f"({', '.join(skipped[:3])}, …); expected the vulnerability database of PyPI to be reachable from here. "
            "Run it where it is."
        )
    elif not bad:
        lines.append(f"{len(dependencies)} dependencies audited: no known vulnerability.")
    return (1 if bad else 2 if not dependencies or skipped else 0), lines


def main() -> None:
    """Run pip-audit over requirements.lock and say what it found."""
    uv = Path(sys.executable).with_name("uv")
    words = [str(uv), "tool", "run", "--from", _PIP_AUDIT, "pip-audit", "--require-hashes", "--disable-pip"]
    words += ["--progress-spinner", "off", "--format", "json", "--requirement", str(_LOCK)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)  # noqa: S603  fixed words
    try:
        dependencies = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        dependencies = []
        sys.stderr.write(done.stderr[-2000:])
    code, lines = judge(dependencies)
    sys.stdout.write("\n".join(lines) + "\n")
    sys.exit(code)


if __name__ == "__main__":
    main()
