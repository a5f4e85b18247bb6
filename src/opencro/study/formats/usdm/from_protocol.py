"""Our protocol as a USDM document.

Source: CDISC USDM v4.0. What USDM has no attribute for goes into extension attributes under `urn:opencro:usdm:`, so
that reading the document again gives an equal protocol.
"""

from __future__ import annotations

from dataclasses import replace

from opencro.kernel.finding import Findings
from opencro.study.formats.usdm import codes
from opencro.study.formats.usdm.codes import code_of
from opencro.study.formats.usdm.document import UsdmDocument
from opencro.study.formats.usdm.from_schedule import make_schedule
from opencro.study.formats.usdm.making import Made, Making, chain
from opencro.study.formats.usdm.narrative import write_narrative
from opencro.study.formats.usdm.read import check_document
from opencro.study.model.protocol import Criterion, Design, Estimand, Objective, Objectives, Protocol
from opencro.study.model.whole import StudyFile

SYSTEM = "openCRO"


def usdm_from_protocol(file: StudyFile, protocol: Protocol) -> UsdmDocument:
    """A USDM 4.0 document of one study version with one interventional design.

    Its `findings` say what USDM requires and the protocol does not hold (USDM-023 for a protocol without arms, say) and
    which names lead nowhere (USDM-065).
    """
    making = Making(file.standards.get("ddf-ct") or codes.CODE_SYSTEM_VERSION)
    version = _version(making, file, protocol)
    study = making.node("Study", name=file.id, label=file.title, versions=[version])
    study["id"] = None  # USDM asks for a UUID here, which a study has only when a system gave it one
    value = {"study": study, "usdmVersion": "4.0.0", "systemName": SYSTEM, "systemVersion": None}
    document = UsdmDocument("4.0", value)
    return replace(document, findings=Findings((*making.findings, *check_document(document))))


def _version(making: Making, file: StudyFile, protocol: Protocol) -> Made:
    sponsor = making.node(
        "Organization",
        name=file.sponsor or "Not stated",
        identifier=file.sponsor or "Not stated",
        identifierScheme="name",
        type=making.code(codes.COMPANY),
    )
    treatments = {e.treatment: _treatment(making, e.treatment) for e in protocol.objectives.estimands}
    items = [_criterion_item(making, c) for c in protocol.eligibility.criteria]
    design = _design(making, file, protocol, treatments)
    title = making.node("StudyTitle", text=file.title, type=making.code(codes.OFFICIAL_TITLE))
    identifier = making.node("StudyIdentifier", text=file.protocol or file.id, scopeId=sponsor["id"])
    role = making.node(
        "StudyRole", name="SPONSOR", code=making.code(codes.SPONSOR_ROLE), organizationIds=[sponsor["id"]]
    )
    version = making.node(
        "StudyVersion",
        versionIdentifier=file.version,
        rationale="",
        titles=[title],
        studyIdentifiers=[identifier],
        organizations=[sponsor],
        roles=[role],
        eligibilityCriterionItems=items,
        studyInterventions=list(treatments.values()),
        studyDesigns=[design],
    )
    role["appliesToIds"] = [version["id"]]
    return version


def _treatment(making: Making, words: str) -> Made:
    number = making.count["StudyIntervention"] + 1
    return making.node(
        "StudyIntervention",
        name=f"TREATMENT_{number}",
        label=words,
        role=making.code(codes.EXPERIMENTAL_ROLE),
        type=making.code(codes.DRUG),
    )


def _criterion_item(making: Making, criterion: Criterion) -> Made:
    return making.named(
        "criterion item",
        criterion.id,
        "EligibilityCriterionItem",
        text=write_narrative(criterion.text),
    )


def _design(making: Making, file: StudyFile, protocol: Protocol, treatments: dict[str, Made]) -> Made:
    parts = _design_parts(making, protocol.design)
    schedule = make_schedule(making, protocol.schedule)
    criteria = chain([_criterion(making, c, n) for n, c in enumerate(protocol.eligibility.criteria, 1)])
    purposes = _objective_parts(making, protocol.objectives, treatments)
    healthy = next((p.values for p in protocol.summary.parameters if p.code == "HLTSUBJI"), ())
    population = making.node(
        "StudyDesignPopulation",
        name="POPULATION",
        includesHealthySubjects=healthy == ("Y",),
        criterionIds=[c["id"] for c in criteria],
    )
    phase = codes.PHASES.get(file.phase.casefold().removeprefix("phase").strip().replace("iii", "3").replace("ii", "2"))
    model = codes.SINGLE_GROUP if len(protocol.design.arms) == 1 else codes.PARALLEL
    return making.node(
        "InterventionalStudyDesign",
        name=file.id,
        label=file.title,
        rationale="",
        studyType=making.code(codes.INTERVENTIONAL),
        studyPhase=making.alias(phase) if phase else None,
        model=making.code(model),
        population=population,
        studyInterventionIds=[t["id"] for t in treatments.values()],
        eligibilityCriteria=criteria,
        ext=_parameters(making, protocol),
        **parts,
        **schedule,
        **purposes,
    )


def _design_parts(making: Making, design: Design) -> dict[str, list[Made]]:
    arms = [
        making.named(
            "arm",
            a.id,
            "StudyArm",
            label=a.name,
            description=a.description or None,
            type=making.code(code_of(a.type, codes.ARM_TYPES)),
            dataOriginType=making.code(codes.WITHIN_STUDY),
            dataOriginDescription="Data collected in this study",
            ext=[] if a.ratio == 1 else [making.whole("ratio", a.ratio)],
        )
        for a in design.arms
    ]
    epochs = [
        making.named(
            "epoch",
            e.id,
            "StudyEpoch",
            label=e.name,
            description=e.description or None,
            type=making.code(code_of(e.type, codes.EPOCH_TYPES)),
        )
        for e in design.epochs
    ]
    elements = [
        making.named(
            "element",
            e.id,
            "StudyElement",
            label=e.name,
            transitionStartRule=making.rule(write_narrative(e.start_rule)),
            transitionEndRule=making.rule(write_narrative(e.end_rule)),
            ext=making.text("duration", e.duration),
        )
        for e in design.elements
    ]
    return {"arms": arms, "epochs": chain(epochs), "elements": elements, "studyCells": _cells(making, design)}


def _cells(making: Making, design: Design) -> list[Made]:
    cells = []
    for c in design.cells:
        where = f"cell {c.arm}/{c.epoch}"
        arm, epoch = making.ref("arm", c.arm, where), making.ref("epoch", c.epoch, where)
        elements = [i for i in (making.ref("element", e, where) for e in c.elements) if i]
        if arm and epoch and elements:
            extensions = making.text("branch", c.branch) + making.text("transition", c.transition)
            cells.append(making.node("StudyCell", armId=arm, epochId=epoch, elementIds=elements, ext=extensions))
    return cells


def _criterion(making: Making, criterion: Criterion, number: int) -> Made:
    category = codes.INCLUSION if criterion.type == "inclusion" else codes.EXCLUSION
    return making.named(
        "criterion",
        criterion.id,
        "EligibilityCriterion",
        identifier=f"{number:02d}",
        category=making.code(category),
        criterionItemId=making.ids["criterion item", criterion.id],
        ext=making.text("version", criterion.version, "1") + making.text("rule", criterion.rule),
    )


def _objective_parts(making: Making, objectives: Objectives, treatments: dict[str, Made]) -> dict[str, list[Made]]:
    made = [_objective(making, o) for o in objectives.objectives]
    populations = [
        making.named(
            "population",
            p.id,
            "AnalysisPopulation",
            label=p.name,
            text=write_narrative(p.text),
            ext=making.text("rule", p.rule),
        )
        for p in objectives.populations
    ]
    estimands = [_estimand(making, e, treatments[e.treatment]) for e in objectives.estimands]
    found = [e for e in estimands if e is not None]
    return {"objectives": made, "analysisPopulations": populations, "estimands": found}


def _objective(making: Making, objective: Objective) -> Made:
    endpoints = [
        making.named(
            "endpoint",
            e.id,
            "Endpoint",
            text=write_narrative(e.text),
            purpose=e.purpose,
            level=making.code(code_of(e.level, codes.ENDPOINT_LEVELS)),
        )
        for e in objective.endpoints
    ]
    return making.named(
        "objective",
        objective.id,
        "Objective",
        text=write_narrative(objective.text),
        level=making.code(code_of(objective.level, codes.OBJECTIVE_LEVELS)),
        endpoints=endpoints,
    )


def _estimand(making: Making, estimand: Estimand, treatment: Made) -> Made | None:
    where = f"estimand {estimand.id}"
    population = making.ref("population", estimand.population, where)
    endpoint = making.ref("endpoint", estimand.endpoint, where)
    if population is None or endpoint is None:
        return None
    events = [
        making.node("IntercurrentEvent", name=e.name, strategy=e.strategy, text=write_narrative(e.text))
        for e in estimand.events
    ]
    return making.named(
        "estimand",
        estimand.id,
        "Estimand",
        populationSummary=estimand.summary,
        analysisPopulationId=population,
        variableOfInterestId=endpoint,
        interventionIds=[treatment["id"]],
        intercurrentEvents=events,
    )


def _parameters(making: Making, protocol: Protocol) -> list[Made]:
    """Trial summary parameters: most follow from other parts in USDM, but none holds them as they are submitted."""
    made = []
    for p in protocol.summary.parameters:
        parts = making.text("code", p.code) + making.text("name", p.name)
        for value in p.values:
            parts += making.text("value", value, default="\0")
        parts += making.text("nullFlavor", p.null_flavor)
        holder = making.node("ExtensionClass", url="urn:opencro:usdm:Parameter", ext=parts)
        made.append(making.node("ExtensionAttribute", url="urn:opencro:usdm:parameter", valueExtensionClass=holder))
    return made
