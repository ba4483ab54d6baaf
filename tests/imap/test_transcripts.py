"""Every conversation in tests/transcripts/imap."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.imap.transcripts import Mismatch, Transcript

FOLDER = Path(__file__).resolve().parent.parent / "transcripts" / "imap"
FILES = sorted(FOLDER.glob("*.txt"))


def test_there_are_some() -> None:
    assert FILES


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_conversation(path: Path) -> None:
    Transcript(path).play()


def test_a_mismatch_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "wrong.txt"
    path.write_text("1\nS: * OK ...\nC: a NOOP\nS: a OK something else\n")
    with pytest.raises(Mismatch, match=r"wrong\.txt:4: said 'a OK Nothing done'"):
        Transcript(path).play()
