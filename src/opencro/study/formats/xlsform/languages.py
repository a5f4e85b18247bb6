"""The language of a column, `French (fr)` or `French`, as a tag.

Source: BCP 47 for tags; ISO 639-1 for the codes of languages by their English names.
"""

from __future__ import annotations

import re

from opencro.study.translate import is_language

_IN_PARENTHESES = re.compile(r"\(\s*([A-Za-z]{2,3}(?:[-_][A-Za-z0-9]+)*)\s*\)\s*$")
_NAMES = (
    "afrikaans=af albanian=sq amharic=am arabic=ar armenian=hy assamese=as azerbaijani=az basque=eu belarusian=be "
    "bengali=bn bosnian=bs bulgarian=bg burmese=my catalan=ca chichewa=ny chinese=zh croatian=hr czech=cs danish=da "
    "dari=prs dutch=nl english=en estonian=et ewe=ee farsi=fa filipino=fil finnish=fi french=fr fula=ff galician=gl "
    "georgian=ka german=de greek=el gujarati=gu haitian=ht hausa=ha hebrew=he hindi=hi hungarian=hu icelandic=is "
    "igbo=ig indonesian=id irish=ga italian=it japanese=ja kannada=kn kazakh=kk khmer=km kinyarwanda=rw kirundi=rn "
    "korean=ko kurdish=ku kyrgyz=ky lao=lo latvian=lv lingala=ln lithuanian=lt luganda=lg macedonian=mk malagasy=mg "
    "malay=ms malayalam=ml maltese=mt maori=mi marathi=mr mongolian=mn nepali=ne norwegian=no oriya=or oromo=om "
    "pashto=ps persian=fa polish=pl portuguese=pt punjabi=pa quechua=qu romanian=ro russian=ru samoan=sm serbian=sr "
    "sesotho=st shona=sn sindhi=sd sinhala=si slovak=sk slovenian=sl somali=so spanish=es swahili=sw swedish=sv "
    "tagalog=tl tajik=tg tamil=ta telugu=te tetum=tet thai=th tibetan=bo tigrinya=ti tongan=to tswana=tn turkish=tr "
    "turkmen=tk twi=tw ukrainian=uk urdu=ur uzbek=uz vietnamese=vi welsh=cy wolof=wo xhosa=xh yiddish=yi yoruba=yo "
    "zulu=zu "
)
_BY_NAME = dict(pair.split("=") for pair in _NAMES.split())


def language_tag(written: str) -> str:
    """The BCP 47 tag of a language as a column names it; empty where it cannot be told."""
    inside = _IN_PARENTHESES.search(written)
    tag = (inside[1] if inside else written).strip().replace("_", "-")
    by_name = _BY_NAME.get(tag.casefold(), "")
    if by_name:
        return by_name
    if not is_language(tag):
        return ""
    first, *rest = tag.split("-")
    return "-".join([first.lower(), *(part.upper() if len(part) == 2 else part for part in rest)])
