"""A USDM document as our protocol: arms, epochs, elements, cells, criteria, objectives, estimands.

Source: CDISC USDM v4.0 class model. What our protocol cannot say is a finding, never a silence (USDM-050..059).
"""

from __future__ import annotations

from typing import Any

from opencro.kernel.finding import Findings, Refused, Severity
from opencro.study.formats.usdm import codes
from opencro.study.formats.usdm.document import Node, UsdmDocument
from opencro.study.formats.usdm.extension import check_extensions, read_extensions, read_text, read_texts, read_whole
from opencro.study.formats.usdm.into_schedule import read_schedule
from opencro.study.formats.usdm.left_out import check_left_out
from opencro.study.formats.usdm.reading import Reading, in_order, words
from opencro.study.model.protocol import (
    Arm,
    Cell,
    Criterion,
    Design,
    Element,
    Eligibility,
    Endpoint,
    Epoch,
    Estimand,
    IntercurrentEvent,
    Objective,
    Objectives,
    Parameter,
    Population,
    Protocol,
    Summary,
)

_BEARABLE = {"USDM-020", "USDM-023", "USDM-040", "USDM-041", "USDM-042", "USDM-043", "USDM-044"}
"""Errors that leave every object and reference in its place, so that the rest can be read."""


def protocol_from_usdm(document: UsdmDocument) -> tuple[Protocol, Findings]:
    """The first study design of the last study version as a protocol, and findings about what it could not say.

    Raises `Refused` with USDM-051 when the document holds no study design, or has errors of structure.
    """
    if document.version != "4.0":
        remedy = "Convert the document to USDM 4.0 first."
        raise Refused([document.finding("USDM-051", ("usdmVersion",), "USDM " + document.version, "USDM 4.0", remedy)])
    broken = [f for f in document.findings.errors if f.code not in _BEARABLE] + check_extensions(document)
    if broken:
        raise Refused(broken)
    versions: list[Any] = document.value["study"].get("versions") or []
    designs: list[Any] = versions[-1]["studyDesigns"] if versions else []
    if not designs:
        got = "the document holds no study design"
        raise Refused([document.finding("USDM-051", ("study",), got, "a study design", "Give a whole study.")])
    reading = Reading(document, designs[0], versions[-1])
    _say_more_designs(reading, len(versions), len(designs))
    protocol = Protocol(
        design=_read_design(reading),
        schedule=read_schedule(reading),
        eligibility=Eligibility(criteria=tuple(_criteria(reading))),
        objectives=_read_objectives(reading),
        summary=Summary(parameters=tuple(_parameters(reading.design))),
    )
    return protocol, Findings((*reading.findings, *check_left_out(document)))


def _say_more_designs(reading: Reading, versions: int, designs: int) -> None:
    for name, count in (("study versions", versions), ("study designs", designs)):
        if count > 1:
            remedy = "Convert the others one by one."
            reading.note("USDM-052", ("study",), f"{count} {name}", "one: a protocol is one design", remedy)


def _read_design(reading: Reading) -> Design:
    design = reading.design
    arms = tuple(_arm(reading, n) for n in design["arms"])
    epochs = tuple(_epoch(reading, n) for n in in_order(design["epochs"]))
    elements = tuple(_element(reading, n) for n in design.get("elements") or [])
    cells = tuple(
        Cell(
            arm=reading.names[n["armId"]],
            epoch=reading.names[n["epochId"]],
            elements=reading.refs(n["elementIds"]),
            branch=read_text(n, "branch"),
            transition=read_text(n, "transition"),
        )
        for n in design["studyCells"]
        if reading.refs([n["armId"]]) and reading.refs([n["epochId"]]) and reading.refs(n["elementIds"])
    )
    return Design(arms=arms, epochs=epochs, elements=elements, cells=cells)


def _term(reading: Reading, node: Node, name: str, known: dict[str, str], near: dict[str, str], default: str) -> Any:
    """Our word for the code of an attribute; a code that we have no word for takes the nearest and is a finding."""
    code = node[name]["code"]
    if code in known:
        return known[code]
    chosen = near.get(code, default)
    got = f'{node["instanceType"]}.{name} is {code} "{node[name]["decode"]}"'
    reading.say("USDM-053", node, name, got, " or ".join(known.values()), f'Read as "{chosen}"; correct it if not so.')
    return chosen


def _arm(reading: Reading, node: Node) -> Arm:
    ratio = read_whole(node, "ratio")
    return Arm(
        id=reading.name(node, "arm"),
        name=words(node),
        type=_term(reading, node, "type", codes.ARM_TYPES, codes.NEAR_ARM_TYPES, "experimental"),
        description=node.get("description") or "",
        ratio=1 if ratio is None else ratio,
    )


def _epoch(reading: Reading, node: Node) -> Epoch:
    return Epoch(
        id=reading.name(node, "epoch"),
        name=words(node),
        type=_term(reading, node, "type", codes.EPOCH_TYPES, codes.NEAR_EPOCH_TYPES, "treatment"),
        description=node.get("description") or "",
    )


def _element(reading: Reading, node: Node) -> Element:
    start = reading.text(node["transitionStartRule"]) if node.get("transitionStartRule") else ""
    if not start:
        got = f'element "{words(node)}" has no start rule'
        reading.say("USDM-054", node, "transitionStartRule", got, "a rule", "Say what begins the element.")
    return Element(
        id=reading.name(node, "element"),
        name=words(node),
        start_rule=start or "Not stated",
        end_rule=reading.text(node["transitionEndRule"]) if node.get("transitionEndRule") else "",
        duration=read_text(node, "duration"),
    )


def _criteria(reading: Reading) -> list[Criterion]:
    found = []
    for node in in_order(reading.design["eligibilityCriteria"]):
        item = reading.document.nodes[node["criterionItemId"]][1]
        kind = _term(
            reading, node, "category", {codes.INCLUSION: "inclusion", codes.EXCLUSION: "exclusion"}, {}, "inclusion"
        )
        found.append(
            Criterion(
                id=reading.name(node, "criterion"),
                type=kind,
                text=reading.text(item) or words(item),
                version=read_text(node, "version", "1"),
                rule=read_text(node, "rule"),
            )
        )
    return found


def _read_objectives(reading: Reading) -> Objectives:
    design = reading.design
    objectives = tuple(_objective(reading, n) for n in design.get("objectives") or [])
    populations = tuple(
        Population(
            id=reading.name(n, "population"),
            name=words(n),
            text=reading.text(n) or words(n),
            rule=read_text(n, "rule"),
        )
        for n in design.get("analysisPopulations") or []
    )
    estimands = tuple(_estimand(reading, n) for n in design.get("estimands") or [])
    return Objectives(objectives=objectives, estimands=estimands, populations=populations)


def _objective(reading: Reading, node: Node) -> Objective:
    endpoints = tuple(
        Endpoint(
            id=reading.name(n, "endpoint"),
            text=reading.text(n) or words(n),
            level=_term(reading, n, "level", codes.ENDPOINT_LEVELS, {}, "exploratory"),
            purpose=n.get("purpose") or "",
        )
        for n in node.get("endpoints") or []
    )
    return Objective(
        id=reading.name(node, "objective"),
        level=_term(reading, node, "level", codes.OBJECTIVE_LEVELS, {}, "exploratory"),
        text=reading.text(node) or words(node),
        endpoints=endpoints,
    )


def _estimand(reading: Reading, node: Node) -> Estimand:
    treatments = [words(reading.document.nodes[i][1]) for i in node["interventionIds"]]
    events = [_event(reading, n) for n in node["intercurrentEvents"]]
    return Estimand(
        id=reading.name(node, "estimand"),
        treatment=read_text(node, "treatment") or " + ".join(treatments) or words(node),
        population=reading.names[node["analysisPopulationId"]],
        endpoint=reading.names[node["variableOfInterestId"]],
        summary=(node.get("populationSummary") or "").strip() or words(node),
        events=tuple(e for e in events if e is not None),
    )


def _event(reading: Reading, node: Node) -> IntercurrentEvent | None:
    written = " ".join(node["strategy"].casefold().replace("-", " ").split())
    strategy = next((s for s in codes.STRATEGIES if written.startswith(s)), None)
    if strategy is None:
        got = f'strategy "{node["strategy"]}"'
        remedy = "Name one of the five strategies first; the event was left out."
        reading.say("USDM-055", node, "strategy", got, ", ".join(codes.STRATEGIES), remedy, Severity.ERROR)
        return None
    if written != strategy:
        got = f'strategy "{node["strategy"]}"'
        remedy = f'Read as "{strategy}"; the rest of the words has no place.'
        reading.say("USDM-056", node, "strategy", got, "the name of a strategy", remedy, Severity.NOTE)
    return IntercurrentEvent(name=node["name"].strip() or "-", strategy=strategy, text=reading.text(node))  # type: ignore[arg-type]


def _parameters(design: Node) -> list[Parameter]:
    found = []
    for extension in read_extensions(design, "parameter"):
        node = extension.get("valueExtensionClass") or {}
        found.append(
            Parameter(
                code=read_text(node, "code"),
                name=read_text(node, "name"),
                values=read_texts(node, "value"),
                null_flavor=read_text(node, "nullFlavor"),
            )
        )
    return found
