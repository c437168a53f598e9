"""Links in the documents lead somewhere, and the flags that the questions name exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
SOURCES = "".join(
    path.read_text(encoding="utf-8") for name in ("pix2pix", "demo") for path in (ROOT / name).rglob("*.py")
)


def anchors_of(path: Path) -> set[str]:
    """The anchors that GitHub gives to headings."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_to_a_file_or_heading_of_the_project_leads_there(document):
    links = re.findall(r"\]\(([^)\s]+)\)", document.read_text(encoding="utf-8"))
    for link in (link for link in links if not re.match(r"https?:", link)):
        name, _, anchor = link.partition("#")
        target = document.parent / name if name else document
        assert target.exists(), link
        assert not anchor or anchor in anchors_of(target), link


def test_the_answers_name_only_flags_that_exist():
    answers = (ROOT / "docs" / "faq.md").read_text(encoding="utf-8")
    flags = set(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", answers))
    fields = {f"--{name.replace('_', '-')}" for name in re.findall(r"^    (\w+): ", SOURCES, re.MULTILINE)}
    assert len(flags) > 10 and {flag for flag in flags if f'"{flag}"' not in SOURCES} - fields == set()
