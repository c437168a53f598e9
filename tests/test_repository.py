"""What GitHub reads: how to cite the project, and what checks it."""

import os
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[1]
CFF_KEYS = {
    *("abstract", "authors", "cff-version", "commit", "contact", "date-released", "doi", "identifiers", "keywords"),
    *("license", "license-url", "message", "preferred-citation", "references", "repository", "repository-artifact"),
    *("repository-code", "title", "type", "url", "version"),
}
"""All keys at the top level in the schema of the Citation File Format 1.2.0."""


def read(name: str) -> dict:
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


def test_the_citation_has_what_the_format_requires_and_agrees_with_the_package():
    citation = read("CITATION.cff")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert citation.keys() <= CFF_KEYS and citation["cff-version"] == "1.2.0"
    assert citation["message"] and citation["title"] and citation["type"] == "software"
    assert (str(citation["version"]), citation["license"]) == (project["version"], project["license"])
    [paper] = citation["references"]
    for work in (citation, paper):
        assert work["authors"] and all("name" in author or "family-names" in author for author in work["authors"])
    assert [author["family-names"] for author in paper["authors"]] == ["Isola", "Zhu", "Zhou", "Efros"]
    assert paper["type"] == "conference-paper" and paper["title"]


def test_the_workflow_runs_the_whole_check():
    workflow = read(".github/workflows/ci.yml")
    assert {"push", "pull_request"} == workflow[True].keys()  # YAML 1.1 reads "on" as true
    steps = [step for job in workflow["jobs"].values() for step in job["steps"]]
    [command] = [step["run"] for step in steps if "run" in step]
    assert os.access(ROOT / command, os.X_OK) and command == ".ci/run"
