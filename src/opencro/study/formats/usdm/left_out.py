"""Which values of a document have no place in our protocol: one note per kind, with the first place and the number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opencro.kernel.finding import Finding, Severity
from opencro.study.formats.usdm.classes import ROOT, ClassTable, read_classes
from opencro.study.formats.usdm.document import Node, UsdmDocument
from opencro.study.formats.usdm.extension import is_ours
from opencro.study.formats.usdm.json_lines import Key

_CARRIED: Mapping[str, frozenset[str]] = {
    name: frozenset(attributes.split())
    for name, attributes in {
        "Wrapper": "study usdmVersion systemName systemVersion",
        "Study": "name label description versions",
        "StudyVersion": "versionIdentifier titles studyIdentifiers studyDesigns eligibilityCriterionItems dictionaries"
        " studyInterventions organizations roles",
        "InterventionalStudyDesign": "name label description arms epochs elements studyCells encounters activities"
        " scheduleTimelines eligibilityCriteria objectives estimands analysisPopulations studyInterventionIds model"
        " studyType studyPhase rationale population",
        "StudyArm": "name label description type dataOriginType dataOriginDescription",
        "StudyEpoch": "name label description type previousId nextId",
        "StudyElement": "name label transitionStartRule transitionEndRule",
        "StudyCell": "armId epochId elementIds",
        "Encounter": "name label type contactModes scheduledAtId previousId nextId transitionStartRule"
        " transitionEndRule environmentalSettings",
        "Activity": "name label previousId nextId notes childIds timelineId",
        "ScheduleTimeline": "name label mainTimeline entryCondition entryId instances timings exits",
        "ScheduleTimelineExit": "",
        "ScheduledActivityInstance": "name label activityIds encounterId epochId timelineId timelineExitId"
        " defaultConditionId",
        "ScheduledDecisionInstance": "name label conditionAssignments epochId defaultConditionId",
        "Timing": "name label type value valueLabel relativeToFrom relativeFromScheduledInstanceId"
        " relativeToScheduledInstanceId windowLower windowUpper windowLabel",
        "EligibilityCriterion": "name label identifier category criterionItemId previousId nextId",
        "EligibilityCriterionItem": "name label text dictionaryId",
        "Objective": "name label text level endpoints dictionaryId",
        "Endpoint": "name label text level purpose dictionaryId",
        "Estimand": "name label populationSummary analysisPopulationId interventionIds variableOfInterestId"
        " intercurrentEvents",
        "IntercurrentEvent": "name label text strategy dictionaryId",
        "AnalysisPopulation": "name label text",
        "TransitionRule": "name text",
        "StudyIntervention": "name label",
        "StudyTitle": "text type",
        "StudyIdentifier": "text scopeId",
        "SyntaxTemplateDictionary": "name label description parameterMaps",
        "CommentAnnotation": "text",
        "StudyDesignPopulation": "name",
        "Organization": "name",
        "StudyRole": "name code appliesToIds organizationIds",
    }.items()
}
_CARRIED_ALWAYS = frozenset({"id", "instanceType"})
_LEAVES = frozenset({"Code", "AliasCode", "ParameterMap"})
"""Classes that are read, or not, with the attribute that holds them."""


def check_left_out(document: UsdmDocument) -> list[Finding]:
    """Note USDM-070 for each class and attribute that holds something which our protocol does not."""
    found: dict[str, tuple[Key, int]] = {}
    _gather(found, read_classes(document.version), ROOT, (), document.value)
    findings = []
    for name, (key, count) in found.items():
        times = "1 value" if count == 1 else f"{count} values"
        remedy = "Keep the document: these stay there."
        got = f"{name}: {times} without a place in the protocol"
        findings.append(document.finding("USDM-070", key, got, "", remedy, Severity.NOTE))
    return findings


def _gather(found: dict[str, tuple[Key, int]], classes: ClassTable, name: str, key: Key, node: Node) -> None:
    carried = _CARRIED.get(name, frozenset()) | _CARRIED_ALWAYS
    for word, value in node.items():
        if _is_empty(value) or (word == "extensionAttributes" and is_ours(value)):
            continue
        attribute = classes[name].get(word)
        if word not in carried or attribute is None:
            first, count = found.get(f"{name}.{word}", ((*key, word), 0))
            found[f"{name}.{word}"] = (first, count + 1)
        elif attribute.holds_objects:
            children = enumerate(value) if isinstance(value, list) else [("", value)]
            for i, child in children:
                owner = child.get("instanceType")
                at = (*key, word) if i == "" else (*key, word, i)
                if owner in classes and owner not in _LEAVES:
                    _gather(found, classes, owner, at, child)


def _is_empty(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == {}
