"""Fills the generated blocks of the reference pages from the code they describe: `python docs/generate.py`.

A block stands between `<!-- generated: NAME -->` and `<!-- end -->`. A test compares the committed pages with what this makes.
"""  # noqa: INP001 - a script beside the pages

import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from typer.core import TyperGroup, TyperOption

HERE = Path(__file__).parent
_BLOCK = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> None:
    """Rewrite the pages whose blocks are out of date, and say which."""
    for page, wanted in pages():
        if page.read_text(encoding="utf-8") != wanted:
            page.write_text(wanted, encoding="utf-8")
            print(page.relative_to(HERE))
    from simulators.scenario import schema

    if schema.FILE.read_text(encoding="utf-8") != schema.text():
        schema.FILE.write_text(schema.text(), encoding="utf-8")
        print(schema.FILE.relative_to(HERE.parent))


def pages() -> Iterator[tuple[Path, str]]:
    """Each page that has generated blocks, with the text it should have."""
    for page in sorted(HERE.rglob("*.md")):
        text = page.read_text(encoding="utf-8")
        if _BLOCK.search(text):
            yield page, _BLOCK.sub(lambda found: f"{found[1]}{BLOCKS[found[2]]()}\n{found[3]}", text)


def life_diagram() -> str:
    """`alerts.rules.NEXT` as a state diagram: one arrow for each pair of states, its acts on it."""
    from alerts.rules import NEXT, State

    arrows: dict[tuple[str, str], list[str]] = {}
    for (state, act), after in NEXT.items():
        arrows.setdefault((state, after), []).append(str(act))
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {State.RAISED}"]
    lines += [f"    {a} --> {b}: {', '.join(acts)}" for (a, b), acts in arrows.items()]
    return "\n".join([*lines, f"    {State.CLOSED} --> [*]", "```"])


def life_table() -> str:
    """The same table as rows by act and columns by state; an empty cell is a refusal."""
    from alerts.rules import NEXT, Act, State

    states = [s for s in State if s is not State.CLOSED]
    rows = [[f"`{act}`", *(f"`{NEXT[s, act]}`" if (s, act) in NEXT else "" for s in states)] for act in Act]
    return _table(["act", *(f"from `{s}`" for s in states)], rows)


def kinds() -> str:
    """The event kinds of `core.kinds`."""
    from core.kinds import KINDS

    rows = [
        [
            f"`{kind.name}`",
            kind.klass,
            kind.effect,
            str(kind.priority) if kind.rings else "",
            f"{kind.ack_s} s" if kind.rings else "",
            kind.ends if kind.rings else "",
            ", ".join(f"`{c}*`" if c.endswith(".") else f"`{c}`" for c in kind.clears) + ("life" if kind.life else ""),
        ]
        for kind in KINDS.values()
    ]
    return _table(["kind", "class", "effect", "priority", "ack target", "ended by", "clears / notes"], rows)


def routes() -> str:
    """The routes of the committed OpenAPI description."""
    described = json.loads((HERE.parent / "web/shared/api/openapi.json").read_text(encoding="utf-8"))
    rows = [
        [f"`{verb.upper()}`", f"`{path}`", _first_line(does.get("description") or does.get("summary") or "")]
        for path, verbs in described["paths"].items()
        for verb, does in verbs.items()
    ]
    return _table(["", "path", "what it does"], rows)


def scenario_verbs() -> str:
    """The forms of the lines of `when`."""
    from simulators.scenario.lines import VERBS

    rows = [[f"`{_cell(v.form)}`", _cell(v.about), f"`22:04 {_cell(v.example)}`"] for v in VERBS]
    return _table(["line (behind its time)", "what is done", "for example"], rows)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


def settings() -> str:
    """The fields of `app.settings.Settings`, as environment variables."""
    from app.settings import Settings

    rows = [
        [f"`WATCHROOM_{name.upper()}`", _default(field), _first_line(field.description or "")]
        for name, field in Settings.model_fields.items()
    ]
    return _table(["variable", "default", "meaning"], rows)


def commands() -> str:
    """Every command of `watchroom`, with its options."""
    import typer

    from app.__main__ import whole

    return "\n".join(_command(typer.main.get_command(whole()), "watchroom"))


def broken_scenario() -> str:
    """The scenario that is broken on purpose."""
    return _fenced("yaml", (HERE / "howto/broken-on-purpose.yaml").read_text(encoding="utf-8"))


def broken_report() -> str:
    """What playing it prints."""
    from app.scenario_runs import How, judged
    from simulators.scenario.load import read_text

    file = HERE / "howto/broken-on-purpose.yaml"
    return _fenced("text", judged(read_text(file.read_text(encoding="utf-8"), Path(file.name)), How()).report)


def misspelt_report() -> str:
    """What a file that cannot be read is refused for."""
    from simulators.scenario.errors import ScenarioRefused
    from simulators.scenario.load import read_text

    file = HERE / "howto/misspelt-on-purpose.yaml"
    try:
        read_text(file.read_text(encoding="utf-8"), Path(file.name))
    except ScenarioRefused as refused:
        return _fenced("text", "\n".join(str(fault) for fault in refused.errors))
    raise AssertionError(f"{file.name} can be read")


def _fenced(language: str, text: str) -> str:
    return f"```{language}\n{text.rstrip()}\n```"


def _command(command: Any, path: str) -> Iterator[str]:
    if isinstance(command, TyperGroup):
        for name, below in command.commands.items():
            if not below.hidden:
                yield from _command(below, f"{path} {name}")
        return
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    named = [f"{p.name.upper()}{'…' if p.nargs < 0 else ''}" for p in arguments]
    yield f"### `{' '.join([path, *(n if p.required else f'[{n}]' for n, p in zip(named, arguments, strict=True))])}`\n"
    yield _first_paragraph(command.help or "") + "\n"
    rows = [[f"`{name}`", _first_line(p.help or "")] for name, p in zip(named, arguments, strict=True)]
    rows += [
        [f"`{'`, `'.join([*o.opts, *o.secondary_opts])}`", _first_line(o.help or "")]
        for o in command.params
        if isinstance(o, TyperOption) and not o.hidden
    ]
    if rows:
        yield _table(["argument or option", "meaning"], rows) + "\n"


def _default(field: Any) -> str:
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=False)
    return "" if value in {None, ""} else f"`{value}`"


def _first_line(text: str) -> str:
    return _first_paragraph(text).split("\n")[0].replace("|", "\\|")


def _first_paragraph(text: str) -> str:
    return " ".join(text.strip().split("\n\n")[0].split())


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


BLOCKS: dict[str, Callable[[], str]] = {
    "life-diagram": life_diagram,
    "life-table": life_table,
    "kinds": kinds,
    "routes": routes,
    "scenario-verbs": scenario_verbs,
    "settings": settings,
    "commands": commands,
    "broken-scenario": broken_scenario,
    "broken-report": broken_report,
    "misspelt-report": misspelt_report,
}

if __name__ == "__main__":
    sys.path.insert(0, str(HERE.parent))
    main()
