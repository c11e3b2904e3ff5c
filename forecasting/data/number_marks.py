"""The marks that separate thousands in numbers, in every way in which people write them."""

SPACES = " \u00a0\u202f"
VARIANTS = {" ": SPACES, "'": "'\u2019"}  # marks that are written in several ways
THOUSANDS = {
    way: mark for mark in ",.' _" for way in VARIANTS.get(mark, mark)
}  # way: ingest.thousands
GROUPING = "".join(THOUSANDS)
