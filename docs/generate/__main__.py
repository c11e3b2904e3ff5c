"""Write every generated page: `make docs`."""

from docs.generate.pages import PAGES, ROOT


def main() -> None:
    """Write the pages that are not current, and name them."""
    for name, render in PAGES.items():
        page, content = ROOT / name, render()
        if not page.is_file() or page.read_text("utf-8") != content:
            page.write_text(content, "utf-8")
            print(f"wrote {name}")


if __name__ == "__main__":
    main()
