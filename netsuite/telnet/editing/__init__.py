"""The editing of a line as it is typed, and the row of the terminal on which that is seen."""

from netsuite.telnet.editing.line import (
    END_OF_FILE,
    ERASE_CHARACTER,
    ERASE_LINE,
    INTERRUPT,
    LINE_CHARACTERS,
    OUTPUT_CHARACTERS,
    Complete,
    Ended,
    EndOfFile,
    Interrupt,
    Line,
    LineEditor,
)

__all__ = [
    "END_OF_FILE",
    "ERASE_CHARACTER",
    "ERASE_LINE",
    "INTERRUPT",
    "LINE_CHARACTERS",
    "OUTPUT_CHARACTERS",
    "Complete",
    "EndOfFile",
    "Ended",
    "Interrupt",
    "Line",
    "LineEditor",
]
