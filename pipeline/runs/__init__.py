"""One run: what is asked, how it is carried out, what is kept of it."""
