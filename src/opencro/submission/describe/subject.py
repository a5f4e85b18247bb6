"""What a define.xml is written about: the study, its declarations, its datasets, and the standards that are pinned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from opencro.study import Study
from opencro.tabulation import Domain, Outline, Variable
from opencro.terms import Catalogue, CodeList, DomainSpec, Pack, TermsStore, VariableSpec


@dataclass(frozen=True)
class Subject:
    """Everything that the parts of a define.xml look at."""

    study: Study
    domains: Mapping[str, Domain]
    datasets: Mapping[str, Outline]
    store: TermsStore

    @cached_property
    def catalogue(self) -> Catalogue:
        """The pinned implementation guide."""
        return self.store.catalogue("sdtmig", self.study.file.standards["sdtmig"])

    @cached_property
    def terminology(self) -> Pack | None:
        """The pinned controlled terminology, when one is pinned."""
        version = self.study.file.standards.get("sdtm-ct")
        return self.store.pack("sdtm-ct", version) if version else None

    def spec(self, dataset: str) -> DomainSpec:
        """What the guide says of a dataset."""
        return self.catalogue.domain(dataset)

    def variable_spec(self, dataset: str, name: str) -> VariableSpec | None:
        """What the guide says of a variable, if anything."""
        return self.spec(dataset).find_variable(name)

    def declared(self, dataset: str, name: str) -> Variable | None:
        """The declaration of a variable; None for datasets that come from the protocol or another dataset."""
        domain = self.domains.get(dataset)
        return domain.all_variables().get(name) if domain else None

    def published_list(self, dataset: str, name: str) -> CodeList | None:
        """The published code list of a variable in the pinned terminology."""
        spec = self.variable_spec(dataset, name)
        declared = self.declared(dataset, name)
        wanted = (declared.codes if declared and declared.codes else "") or (spec.codelist if spec else "")
        return self.terminology.find_codelist(wanted) if wanted and self.terminology else None
