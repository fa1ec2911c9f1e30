"""Where this checkout lies, for tests that read its pages and files."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
