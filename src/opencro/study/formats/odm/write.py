"""ODM metadata out.

Source: CDISC ODM v1.3.2 and v2.0. `docs/odm.md` lists what each version can't say.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from opencro.kernel.finding import Refused
from opencro.study.formats.odm.making import OdmMaking, render_odm
from opencro.study.formats.odm.write_odm_1 import make_study_1
from opencro.study.formats.odm.write_odm_2 import make_study_2
from opencro.study.model.whole import Study

OdmVersion = Literal["1.3.2", "2.0"]


def write_odm(study: Study, version: OdmVersion = "1.3.2", *, created: datetime) -> bytes:
    """A study's metadata as an ODM snapshot; `created` is the time that the file names, so that bytes can be repeated.

    Raises `Refused` with ODM-040 when a text holds a character that XML has no way to write.
    """
    making = OdmMaking(version, study.file.language, study.translations)
    made = make_study_1(making, study) if version == "1.3.2" else make_study_2(making, study)
    root = making.root(f"{study.id}.{study.file.version}", created, made, granularity="Metadata")
    if making.findings:
        raise Refused(making.findings)
    return render_odm(root)
