"""The words that people and products write for a unit, and what each of them says.

A Quantity's `unit` is what a person reads; its `code` is what it means. These names tell whether
the words agree with the code. A word that two units go by (an ounce of mass or of fluid, a unit of
an enzyme or of insulin) agrees with either; from words that are not here nothing is concluded.
Source: UCUM 2.2's own names and print symbols; ISMP and Joint Commission lists for `mcg`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from itertools import product
from typing import Final

from core.ucum.conversion import Unit, is_synonym, unit

# Letters as they stand: mg and Mg, mm and Mm are not one unit.
_SYMBOLS: Final = """
ug=mcg; L=l Lt; [lb_av]=lb lbs lb_av #; [oz_av]=oz; [foz_us]=oz fl_oz; U=U units unit Units;
[IU]=U units unit Units; [in_i]=in in_i "; [ft_i]=ft ft_i; kg=kgs Kg KG; min=mins; h=hr hrs;
s=sec secs; wk=wks; mo=mos; a=yr yrs y; Cel=°C ℃ degC deg_C C; [degF]=°F ℉ degF deg_F F; K=°K;
mm[Hg]=mmHg mm_Hg MMHG mmhg mmHG mm_hg; cm[H2O]=cmH2O cm_H2O; %=pct percent; {beats}/min=bpm BPM;
/min=min-1; [IU]=IU iU; m[IU]=mIU; u[IU]=uIU; k[IU]=kIU; meq=mEq; eq=Eq; ueq=uEq; osm=Osm;
mosm=mOsm mOsmol; [Cal]=Cal; mL=cc; cm3=cu_cm; [pH]=pH; kg/m2=kg/m^2;
10*3/uL=K/uL k/uL K/ul x10*3/uL 10^3/uL x10^3/uL x10(3)/uL x10E3/uL 10E3/uL;
10*3/uL=10*3/mm3 K/mm3 thou/uL Thousand/uL;
10*6/uL=M/uL x10*6/uL 10^6/uL x10^6/uL x10(6)/uL x10E6/uL 10E6/uL Mill/uL Million/uL;
10*9/L=x10*9/L 10^9/L x10^9/L x10(9)/L x10E9/L 10E9/L;
10*12/L=x10*12/L 10^12/L x10^12/L x10(12)/L x10E12/L 10E12/L; [gal_us]=gal; [tsp_us]=tsp;
[tbs_us]=tbsp; g/(24.h)=g/24h g/24hr g/24_h; mg/(24.h)=mg/24h mg/24hr mg/24_h;
mmol/(24.h)=mmol/24h mmol/24hr mmol/24_h; mL/(24.h)=mL/24h mL/24hr
"""
# Words, in whatever case.
_WORDS: Final = """
kg=kilogram kilograms kilogramme kilo kilos; g=gram grams gm gms gramme; mg=milligram milligrams;
ug=microgram micrograms; ng=nanogram nanograms; pg=picogram picograms; [lb_av]=pound pounds;
[oz_av]=ounce ounces; [foz_us]=ounce ounces fluid_ounce fluid_ounces; L=liter liters litre litres;
dL=deciliter deciliters decilitre decilitres; mL=milliliter milliliters millilitre millilitres;
uL=microliter microliters microlitre microlitres; m=meter meters metre metres;
cm=centimeter centimeters centimetre centimetres;
mm=millimeter millimeters millimetre millimetres; [in_i]=inch inches; [ft_i]=foot feet;
s=second seconds; min=minute minutes; h=hour hours; d=day days; wk=week weeks; mo=month months;
a=year years; Cel=celsius degree_celsius degrees_celsius degrees_c degree_c deg_c;
[degF]=fahrenheit degree_fahrenheit degrees_fahrenheit degrees_f degree_f deg_f; K=kelvin;
mm[Hg]=millimeters_of_mercury millimeter_of_mercury millimetres_of_mercury;
kPa=kilopascal kilopascals; %=percent percentage;
{beats}/min=beats/minute beats/min beats_per_minute beats_per_min;
{breaths}/min=breaths/minute breaths/min breaths_per_minute breaths_per_min resp/min;
/min=per_minute per_min; mol=mole moles; mmol=millimole millimoles; umol=micromole micromoles;
[IU]=international_unit international_units; meq=milliequivalent milliequivalents;
kcal=kilocalorie kilocalories; {cells}/uL=cells/ul cells/microliter; mmol/mol=mmol/mol_hb
"""


def _table(text: str) -> dict[str, frozenset[str]]:
    found: defaultdict[str, set[str]] = defaultdict(set)
    for entry in text.replace("\n", " ").split(";"):
        code, _, names = entry.strip().partition("=")
        for name in names.split():
            found[name.replace("_", " ")].add(code)
    return {name: frozenset(codes) for name, codes in found.items()}


_BY_SYMBOL: Final = _table(_SYMBOLS)
_BY_WORD: Final = _table(_WORDS)
_NOTHING: Final[frozenset[str]] = frozenset()
_LIKE: Final = str.maketrans({"µ": "u", "μ": "u", "²": "2", "³": "3", "⁹": "^9"})
_MAX_PARTS: Final = 4


@lru_cache(maxsize=4096)
def named(text: str) -> frozenset[Unit]:
    """Return every unit that a wording may name; none where it names none that is known."""
    plain = re.sub(r"\s+", " ", text.translate(_LIKE)).strip(" .")
    parts = re.split(r" ?/ ?| per ", plain)
    codes = set(_codes(plain))
    if 1 < len(parts) <= _MAX_PARTS:
        codes |= {"/".join(each) for each in product(*map(_codes, parts))}
    return frozenset(found for code in codes if (found := unit(code)) is not None)


def says(text: str, code: Unit) -> bool | None:
    """Tell whether a wording may name that unit; None where nothing is known of the wording."""
    found = named(text)
    return any(is_synonym(one, code) for one in found) if found else None


def says_only(text: str, code: Unit) -> bool:
    """Tell whether a wording names that unit and could name no other."""
    found = named(text)
    return bool(found) and all(is_synonym(one, code) for one in found)


def _codes(text: str) -> frozenset[str]:
    known = frozenset() if unit(text) is None else frozenset({text})
    return known | _BY_SYMBOL.get(text, _NOTHING) | _BY_WORD.get(text.casefold(), _NOTHING)
