#!/usr/bin/env python3
"""Remakes the fonts of this folder from full ones.

    apt-get install fonts-noto-cjk fonts-inter fonts-jetbrains-mono python3-fonttools
    python3 make-subset.py

Only what the window can't do without is kept, so that the program stays small: Latin in Inter and JetBrains Mono, and in
Noto Sans CJK SC every character that GBK, GB 18030 (in two bytes) and Big5 have, punctuation, and the symbols that stand
for control codes. The rest of Unicode is left to the system's fonts.
"""

import pathlib

from fontTools import subset
from fontTools.ttLib import TTCollection, TTFont

HERE = pathlib.Path(__file__).resolve().parent
NOTO = "/usr/share/fonts/opentype/noto/NotoSansCJK-{}.ttc"
INTER = "/usr/share/fonts/opentype/inter/Inter-{}.otf"
MONO = "/usr/share/fonts/truetype/jetbrains-mono/JetBrainsMono-Regular.ttf"


# What the window offers, under Python's names. GBK is a part of GB 18030. What Big5 is taken for on the web has Hong
# Kong's supplement in it.
ENCODINGS = ["gb18030", "big5", "big5hkscs"]


# Of Hong Kong's supplement, what Python doesn't know and what stands in the Latin font.
SUPPLEMENT = "㓦㡵㫵㻬䂴䄱䆁䌊䓡䚮䤯䤰鿇鿈鿉鿊鿋𠪊𡵓𢒼𢓁𢓉𢓌𣇪𣉞𣖻𣚎𣚞𤅡𥣞𥶙𥶹𦀡𦺈𧭥𨤍𪷿"
PHONETIC = "ŋɐɔɛɪɵʃʊˆˍ"


def double_byte(encoding):
    """The characters that an encoding has in two bytes. Private ones have no shape that a font could know."""
    for lead in range(0x81, 0xFF):
        for trail in range(0x40, 0xFF):
            try:
                text = bytes([lead, trail]).decode(encoding)
            except UnicodeDecodeError:
                continue
            yield from (character for character in text if not "\ue000" <= character <= "\uf8ff")


def chinese():
    characters = {character for encoding in ENCODINGS for character in double_byte(encoding)}
    blocks = [
        (0x2010, 0x2040),  # punctuation
        (0x2190, 0x219A),  # arrows
        (0x2400, 0x2427),  # control pictures
        (0x2500, 0x2580),  # box drawing
        (0x25A0, 0x2600),  # geometric shapes
        (0x3000, 0x3040),  # CJK punctuation
        # What stands in GB 18030 since 2022 where Python still has private characters.
        (0x1E3F, 0x1E40),
        (0x9FB4, 0x9FBC),
        (0xFE10, 0xFE1A),
        (0xFF00, 0xFFF0),  # full-width forms
    ]
    for first, end in blocks:
        characters |= {chr(code) for code in range(first, end)}
    return characters | set(SUPPLEMENT) | {"\ufffd"}


def symbols():
    return {chr(code) for first, end in [(0x2400, 0x2427), (0x2500, 0x2580), (0x25A0, 0x25D0)] for code in range(first, end)}


def latin():
    blocks = [(0x20, 0x180), (0x2010, 0x2040), (0x20A0, 0x20C0), (0x2190, 0x219A)]
    characters = {chr(code) for first, end in blocks for code in range(first, end)}
    return characters | set(PHONETIC) | set("µ×÷≈≠≤≥−∞™…✓")


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
