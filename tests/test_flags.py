"""All programs share one parser: help that reads at 80 columns, and answers to unknown flags."""

import argparse
import importlib
import re
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from demo.command_line import read_command_line
from pix2pix.config import parse_flags
from pix2pix.flags import NO_FLAG, RENAMED, Parser, about_unknown

ROOT = Path(__file__).parents[1]
SOURCES = [ROOT / "train.py", ROOT / "app.py", *(ROOT / "pix2pix").rglob("*.py"), *(ROOT / "demo").rglob("*.py")]
NAMED = {"-m demo.static": "-m pix2pix.static"}
"""Programs that present themselves by another command, which runs them too."""
COMMANDS = {
    "pix2pix.data": ("facades", "cityscapes", "check", "palette"),
    "pix2pix.publish": ("push", "pack"),
    "pix2pix.hub": ("pull",),
}


def programs() -> dict[str, Callable[[list[str]], object]]:
    """What parses the command line of each program, by the command that starts it."""
    found: dict[str, Callable[[list[str]], object]] = {"app.py": read_command_line, "train.py": parse_flags}
    for path in sorted([*(ROOT / "pix2pix").rglob("*.py"), *(ROOT / "demo").rglob("*.py")]):
        source = path.read_text(encoding="utf-8")
        if "= Parser(" in source and 'if __name__ == "__main__":' in source:
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts)
            command = f"-m {'.'.join(part for part in parts if part != '__main__')}"
            found[command] = partial(call_main, name)
    return found


def call_main(name: str, arguments: list[str]) -> object:
    return importlib.import_module(name).main(arguments)


WRITERS = {
    "train.py": ["--run-dir"],
    "-m pix2pix.export": ["RELEASE", "--output"],
    "-m pix2pix.import_pth": ["FILE", "--dataset", "facades", "--output"],
    "-m pix2pix.painter": ["--weights", "RELEASE", "--input", "DIR", "--output"],
    "-m pix2pix.publish": ["pack", "FOLDER", "owner/name"],
    "-m pix2pix.report": ["RUN", "--output"],
    "-m demo.static": ["--output"],
}
"""Arguments of the programs that write a folder, which is the next argument."""
HELP = [[command, *rest] for command in programs() for rest in [(), *((c,) for c in COMMANDS.get(command[3:], ()))]]


def test_the_programs_are_found():
    assert {"app.py", "train.py", "-m pix2pix.painter", "-m pix2pix.data", "-m demo.pin"} <= programs().keys()


def test_no_program_has_a_parser_of_its_own():
    found = [path.name for path in SOURCES if "ArgumentParser(" in path.read_text(encoding="utf-8")]
    assert found == []  # that of pix2pix.flags is `class Parser(argparse.ArgumentParser)`


@pytest.mark.parametrize("command", WRITERS)
def test_a_file_in_the_place_of_a_folder_to_write_is_refused_before_any_work(command, tmp_path, capsys):
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(SystemExit, match="2"):
        programs()[command]([*WRITERS[command], str(file)])
    assert f"{file} is a file; name a folder" in capsys.readouterr().err


@pytest.mark.parametrize("command", HELP, ids=" ".join)
def test_help_reads_at_80_columns_and_explains_every_argument(command, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "80")
    parsers = []
    monkeypatch.setattr(Parser, "print_help", lambda self, *_: parsers.append(self))
    for _ in range(2):  # once for the parser, once for the text
        with pytest.raises(SystemExit, match="0"):
            programs()[command[0]]([*command[1:], "--help"])
        monkeypatch.undo()
        monkeypatch.setenv("COLUMNS", "80")
    said = capsys.readouterr().out
    assert said.startswith(f"usage: python {' '.join([NAMED.get(command[0], command[0]), *command[1:]])} ")
    assert max(map(len, said.splitlines())) < 80
    assert [line for line in said.splitlines() if line.endswith("-")] == [], "a word is broken at its hyphen"
    for action in parsers[0]._actions:
        if isinstance(action, argparse._SubParsersAction):
            continue
        what = action.option_strings or action.metavar or action.dest
        assert action.help, f"{what} is not explained"
        takes_value = action.nargs != 0
        if takes_value and not action.choices:
            assert re.fullmatch(r"\[?[A-Z]+\b.*", action.metavar or ""), f"{what}: the placeholder is not in capitals"
        if takes_value and action.option_strings and not action.required and "repeatable" not in action.help:
            assert "default" in action.help or action.default is None, f"{what}: the default is not named"


def parser_of(command: list[str]) -> Parser:
    """The parser whose help a command prints."""
    parsers = []
    with pytest.MonkeyPatch.context() as patch, pytest.raises(SystemExit):
        patch.setattr(Parser, "print_help", lambda self, *_: parsers.append(self))
        programs()[command[0]]([*command[1:], "--help"])
    return parsers[0]


@pytest.mark.parametrize("command", HELP, ids=" ".join)
def test_every_argument_is_read(command):
    source = "".join(path.read_text(encoding="utf-8") for path in SOURCES)
    for action in parser_of(command)._actions:
        read = rf"\b(flags|config|self)\.{action.dest}\b|\bpop\(\"{action.dest}\""
        assert action.dest == "help" or re.search(read, source), f"{action.option_strings} changes nothing"


@pytest.fixture
def training_flags() -> set[str]:
    return {flag for action in parser_of(["train.py"])._actions for flag in action.option_strings}


@pytest.mark.parametrize(
    "given, meant",
    [
        ("--learnig-rate", "--learning-rate"),
        ("--batch_size=4", "--batch-size"),
        ("--batchSize", "--batch-size"),
        ("--lambda_L1", "--lambda-l1"),
        ("--epoch", "--epochs"),
        ("--sample", "--sample-every"),
        ("--dataroot", "--data"),
        ("--crop_size", "--size"),
        ("--n_epochs", "--epochs"),
        ("--n_epochs_decay", "--decay-epochs"),
        ("--lr", "--learning-rate"),
    ],
)
def test_a_near_flag_and_one_of_another_program_are_answered_with_ours(training_flags, given, meant):
    said = about_unknown(given, training_flags, "HELP")
    assert said == f"{given.partition('=')[0]} is not a flag; did you mean {meant}?"


@pytest.mark.parametrize("given", ["--gpu_ids", "--netG", "--continue_train", "--gan_mode", "--eval"])
def test_a_flag_that_has_no_counterpart_suggests_none(training_flags, given):
    assert "did you mean" not in about_unknown(given, training_flags, "HELP")


@pytest.mark.parametrize("given", ["--zzz", "--fast", "--style"])
def test_a_flag_that_is_near_to_none_is_answered_with_help(training_flags, given):
    assert about_unknown(given, training_flags, "HELP") == f"{given} is not a flag; HELP lists them"


def test_every_name_of_another_program_leads_to_a_flag_or_a_reason(training_flags):
    painting = {"--weights", "--input", "--output", "--no-dropout"}
    for name, ours in RENAMED.items():
        assert name == name.lower() and "_" not in name and set(ours) <= training_flags | painting
    assert not RENAMED.keys() & NO_FLAG.keys()
    assert not {f"--{name}" for name in RENAMED} & training_flags


@pytest.mark.parametrize("command", ["-m pix2pix.painter", "-m pix2pix.fid", "-m pix2pix.publish", "app.py"])
def test_every_program_answers_an_unknown_flag(command, capsys):
    needed = {
        "-m pix2pix.painter": ["--weights", "x", "--input", "x", "--output", "x"],
        "-m pix2pix.fid": ["x"],
        "-m pix2pix.publish": ["push", "x", "x/y"],
    }
    for flag, hint in {"--fore": "--help lists them", "--gpu": "CUDA_VISIBLE_DEVICES"}.items():
        with pytest.raises(SystemExit, match="2"):
            programs()[command]([*needed.get(command, []), flag])
        said = capsys.readouterr().err.splitlines()[-1]
        name = " ".join([command, *COMMANDS.get(command[3:], ())[:1]])
        assert said.startswith(f"python {name}: error: {flag} is not a flag; ")
        assert hint in said or (command, flag) == ("-m pix2pix.painter", "--fore") and "did you mean --force?" in said


def test_a_flag_of_another_command_is_not_suggested(capsys):
    with pytest.raises(SystemExit, match="2"):
        programs()["-m pix2pix.publish"](["pack", "x", "x/y", "x", "--private"])
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.endswith("--private is not a flag; python -m pix2pix.publish pack --help lists them")


def test_an_argument_too_many_is_named(capsys):
    with pytest.raises(SystemExit, match="2"):
        parse_flags(["facades"])
    assert "'facades' is one argument too many; python train.py --help lists them" in capsys.readouterr().err
