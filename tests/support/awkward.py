"""Texts that a reader or writer of YAML may take for something else, or spoil."""

AWKWARD = (
    "%d.%m.%Y %H:%M", "|", "@timestamp", ",", "yes", "no", "2024-01-01", "1e3", " leading space",
    "trailing ", "~", "null", "Grüße", "😀", "a: b", "a #b", "- a", "{a", "*a", "&a", "!a", "`a", "0x1f",
    "017", "1_000", "12:30:45", "true", ".nan", "=", "<<", "?", "\x85", "\u2028", "\ufeff", "\x7f", "\n",
    "a\nb", "it's", 'say "a"', "\\", "\\n", "-", "---", "...", "\ud800", "data/raw/a b.csv",
)  # fmt: skip
