"""The look that all pictures share."""

INK, MUTED, FAINT, PAPER = "#24292f", "#6e7781", "#d8dee4", "#ffffff"
BLUE, RED, GREEN, AMBER, GREY = "#1f6feb", "#cf222e", "#1a7f37", "#b4690e", "#8a94a6"
SERIES = (BLUE, AMBER, GREEN, RED, "#8250df", GREY, "#0a7ea4", "#bf3989")
INCH = 100  # pixels

NARROW, WIDE = frozenset("iljtfr.,:;|'()[] 1"), frozenset("mwMW@%—→ABCDGHNOQRUVXYZ")


def text_width(text, size):
    """About how many pixels a line of sans-serif text of a size takes."""
    units = sum(0.36 if c in NARROW else 0.8 if c in WIDE else 0.57 for c in text)
    return units * size


def color_of(number):
    """The colour of a series by its number; they come again after the last."""
    return SERIES[number % len(SERIES)]
