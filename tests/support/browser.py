"""Debian's chromium, without a window, as a person's browser."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

SECONDS = 60  # until something that a page must show counts as missing


class Browser:
    """Opens pages and waits for what they show."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def open(self, url: str, *words: str) -> str:
        """Open a page; wait until all of these words stand on it; return its text."""
        self.driver.get(url)
        return self.shows(*words)

    def shows(self, *words: str) -> str:
        """Wait until all of these words stand on the page; return its text."""

        def all_there(_: object) -> bool:
            text = self.text()
            return all(word in text for word in words)

        WebDriverWait(self.driver, SECONDS, ignored_exceptions=[Exception]).until(
            all_there, f"{self.driver.current_url} does not show {words}"
        )
        return self.text()

    def text(self) -> str:
        """Return what the page shows now."""
        return str(self.driver.find_element(By.TAG_NAME, "body").text)

    def find(self, css: str) -> WebElement:
        """Wait for an element that can be seen."""
        return WebDriverWait(self.driver, SECONDS).until(
            lambda driver: next(
                (e for e in driver.find_elements(By.CSS_SELECTOR, css) if e.is_displayed()), None
            ),
            f"{self.driver.current_url} has no {css}",
        )

    def button(self, label: str) -> WebElement:
        """Wait for the button with this label."""
        path = f"//button[normalize-space()='{label}']"
        return WebDriverWait(self.driver, SECONDS).until(
            lambda driver: next(
                (e for e in driver.find_elements(By.XPATH, path) if e.is_displayed()), None
            ),
            f"{self.driver.current_url} has no button {label}",
        )

    def field(self, label: str) -> WebElement:
        """Wait for the input with this label."""
        path = f"//label[starts-with(normalize-space(), '{label}')]"
        found = WebDriverWait(self.driver, SECONDS).until(
            lambda driver: next(iter(driver.find_elements(By.XPATH, path)), None),
            f"{self.driver.current_url} has no field {label}",
        )
        return self.driver.find_element(By.ID, str(found.get_attribute("for")))

    def picture(self, path: Path, *, height: int = 900) -> None:
        """Save what the page looks like."""
        self.driver.set_window_size(1280, height)
        time.sleep(3)  # for what is drawn after it is there: a canvas, an animation
        self.driver.save_screenshot(str(path))


def why_none() -> str | None:
    """Say why there is no browser, if there is none."""
    missing = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    return (
        f"{' and '.join(missing)} not installed (apt-get install chromium chromium-driver)"
        if missing
        else None
    )


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser until the block ends; without one the test is skipped."""
    if reason := why_none():
        pytest.skip(reason)
    options = ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--window-size=1280,900",
        "--hide-scrollbars",
    ):
        options.add_argument(argument)
    driver = Chrome(options=options, service=Service(shutil.which("chromedriver")))
    try:
        yield Browser(driver)
    finally:
        driver.quit()
