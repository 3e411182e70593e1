#!/usr/bin/env python3
"""Remakes the fonts of this folder from full ones.

    apt-get install fonts-noto-cjk fonts-inter fonts-jetbrains-mono python3-fonttools
    python3 make-subset.py

Only what the window can't do without is kept, so that the program stays small: Latin in Inter and JetBrains Mono, and in
Noto Sans CJK SC every character of GB 2312, the frequently used ones of Big5, punctuation, and the symbols that stand
for control codes.
"""

import pathlib

from fontTools import subset
from fontTools.ttLib import TTCollection, TTFont

HERE = pathlib.Path(__file__).resolve().parent
NOTO = "/usr/share/fonts/opentype/noto/NotoSansCJK-{}.ttc"
INTER = "/usr/share/fonts/opentype/inter/Inter-{}.otf"
MONO = "/usr/share/fonts/truetype/jetbrains-mono/JetBrainsMono-Regular.ttf"


def double_byte(encoding, leads, trails):
    """The characters that a double-byte encoding has in these rows."""
    for lead in leads:
        for trail in trails:
            try:
                yield from bytes([lead, trail]).decode(encoding)
            except UnicodeDecodeError:
                continue


def chinese():
    characters = set(double_byte("gb2312", range(0xA1, 0xF8), range(0xA1, 0xFF)))
    # Rows A4 to C6 of Big5 are its level 1, the frequently used characters.
    characters |= set(double_byte("big5", range(0xA1, 0xC7), range(0x40, 0xFF)))
    blocks = [
        (0x2010, 0x2040),  # punctuation
        (0x2190, 0x219A),  # arrows
        (0x2400, 0x2427),  # control pictures
        (0x2500, 0x2580),  # box drawing
        (0x25A0, 0x2600),  # geometric shapes
        (0x3000, 0x3040),  # CJK punctuation
        (0xFF00, 0xFFF0),  # full-width forms
    ]
    for first, end in blocks:
        characters |= {chr(code) for code in range(first, end)}
    return characters | {"\ufffd"}


def symbols():
    return {chr(code) for first, end in [(0x2400, 0x2427), (0x2500, 0x2580), (0x25A0, 0x25D0)] for code in range(first, end)}


def latin():
    blocks = [(0x20, 0x180), (0x2010, 0x2040), (0x20A0, 0x20C0), (0x2190, 0x219A)]
    characters = {chr(code) for first, end in blocks for code in range(first, end)}
    return characters | set("µ×÷≈≠≤≥−∞™…✓")


def write(font, characters, features, name):
    options = subset.Options()
    options.layout_features = features
    # Hints of TrueType make small type crisp; those of CFF are not used when it is drawn.
    options.hinting = font.sfntVersion != "OTTO"
    options.desubroutinize = False
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.notdef_outline = True
    subsetter = subset.Subsetter(options)
    subsetter.populate(text="".join(sorted(characters)))
    subsetter.subset(font)
    font.save(HERE / name)
    print(f"{name}: {(HERE / name).stat().st_size:,} bytes, {len(font.getBestCmap()):,} characters")


def noto(weight):
    fonts = TTCollection(NOTO.format(weight)).fonts
    return next(font for font in fonts if font["name"].getDebugName(1) == "Noto Sans CJK SC")


def main():
    write(noto("Regular"), chinese(), [], "NotoSansCJKsc-Regular-Subset.otf")
    # Headings say only what the window says.
    words = (HERE.parent / "locales" / "app.yml").read_text(encoding="utf-8")
    write(noto("Bold"), {c for c in words if ord(c) > 0x2FFF}, [], "NotoSansCJKsc-Bold-Subset.otf")
    for weight in ("Regular", "SemiBold"):
        write(TTFont(INTER.format(weight)), latin(), ["kern"], f"Inter-{weight}-Subset.otf")
    # Without ligatures: every byte has to look like itself.
    write(TTFont(MONO), latin() | symbols(), [], "JetBrainsMono-Regular-Subset.ttf")


if __name__ == "__main__":
    main()
