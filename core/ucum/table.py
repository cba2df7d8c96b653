"""The vetted units of vital signs, laboratory results, doses and durations, as UCUM codes.

One family a paragraph: `family: code factor, code factor …`, the factor being how many of the
family's first unit one of the code is; a temperature also has the kelvins at its zero after `@`.
Only units of one family are ever converted into each other, and a family is narrower than a
dimension where UCUM counts things that are not one thing by the same dimension:

- an amount of substance is no mass, and equivalents, osmoles and enzyme units are no moles;
- international and arbitrary units are counts of nothing but themselves;
- logarithmic units (pH, decibel) are each a family of one: never converted;
- a ratio of masses, of amounts, and a percentage are three things, although UCUM calls each 1
  (HbA1c in mmol/mol is not a tenth of its percentage);
- months and years, which UCUM takes at their mean, are never turned into days.

Source: UCUM 2.2 (https://ucum.org/ucum); every factor and every boundary between families is
checked against a full UCUM implementation and against UCUM's own definitions in the tests.
"""

from __future__ import annotations

from typing import Final

FAMILIES: Final = """
mass: g 1, kg 1000, mg 1e-3, ug 1e-6, ng 1e-9, pg 1e-12, [lb_av] 453.59237, [oz_av] 28.349523125,
  [stone_av] 6350.29318, [gr] 0.06479891, t 1e6

length: m 1, km 1000, dm 1e-1, cm 1e-2, mm 1e-3, um 1e-6, nm 1e-9, [in_i] 0.0254, [ft_i] 0.3048,
  [yd_i] 0.9144, [mi_i] 1609.344

area: m2 1, cm2 1e-4, mm2 1e-6, [sin_i] 0.00064516

volume: L 1, dL 1e-1, cL 1e-2, mL 1e-3, uL 1e-6, nL 1e-9, pL 1e-12, fL 1e-15, m3 1000, dm3 1,
  cm3 1e-3, mm3 1e-6, um3 1e-15, [foz_us] 0.0295735295625, [tsp_us] 0.00492892159375,
  [tbs_us] 0.01478676478125, [cup_us] 0.2365882365, [pt_us] 0.473176473, [qt_us] 0.946352946,
  [gal_us] 3.785411784

time: s 1, ms 1e-3, us 1e-6, min 60, h 3600, d 86400, wk 604800

mean time: mo 1, a 12

temperature: K 1 @ 0, Cel 1 @ 273.15, [degF] 5/9 @ 45967/180

frequency: /s 1, Hz 1, kHz 1000, MHz 1e6, /min 1/60, {beats}/min 1/60, {breaths}/min 1/60,
  /h 1/3600, /d 1/86400, /wk 1/604800

radioactivity: Bq 1, kBq 1000, MBq 1e6, GBq 1e9, Ci 37e9, mCi 37e6, uCi 37000

pressure: Pa 1, hPa 100, kPa 1000, bar 1e5, mbar 100, atm 101325, mm[Hg] 133.322, cm[Hg] 1333.22,
  cm[H2O] 98.0665, mm[H2O] 9.80665

mass concentration: g/L 1, kg/L 1000, kg/m3 1, g/mL 1000, g/cm3 1000, g/dL 10, mg/mL 1,
  mg/dL 1e-2, mg/L 1e-3, ug/mL 1e-3, ug/dL 1e-5, ug/L 1e-6, ng/mL 1e-6, ng/dL 1e-8, ng/L 1e-9,
  pg/mL 1e-9, pg/dL 1e-11, pg/L 1e-12, mg/m3 1e-6

amount: mol 1, mmol 1e-3, umol 1e-6, nmol 1e-9, pmol 1e-12

amount concentration: mol/L 1, mol/m3 1e-3, mmol/L 1e-3, mmol/dL 1e-2, mol/mL 1000, mmol/mL 1,
  umol/L 1e-6, umol/dL 1e-5, umol/mL 1e-3, nmol/L 1e-9, nmol/dL 1e-8, nmol/mL 1e-6, pmol/L 1e-12,
  pmol/dL 1e-11, pmol/mL 1e-9

amount per mass: mol/kg 1, mmol/kg 1e-3, mmol/g 1, umol/kg 1e-6, umol/g 1e-3, nmol/g 1e-6,
  umol/mg 1, nmol/mg 1e-3, pmol/mg 1e-6

mass per amount: g/mol 1, kg/mol 1000, mg/mmol 1, g/mmol 1000, ug/mmol 1e-3, mg/mol 1e-3,
  ug/umol 1

amount rate: mol/d 1, mmol/d 1e-3, mmol/(24.h) 1e-3, umol/d 1e-6, umol/(24.h) 1e-6, nmol/d 1e-9,
  nmol/(24.h) 1e-9, mmol/h 24e-3, umol/h 24e-6, mmol/min 1440e-3

equivalents: eq 1, meq 1e-3, ueq 1e-6

equivalents concentration: eq/L 1, meq/L 1e-3, meq/dL 1e-2, meq/mL 1, ueq/L 1e-6

equivalents per mass: meq/kg 1, meq/g 1000, ueq/g 1, ueq/kg 1e-3

equivalents rate: meq/d 1, meq/(24.h) 1, meq/h 24

osmoles: osm 1, mosm 1e-3

osmolarity: osm/L 1, mosm/L 1e-3

osmolality: osm/kg 1, mosm/kg 1e-3

catalytic activity: kat 1, mkat 1e-3, ukat 1e-6, nkat 1e-9, U 1/60000000, kU 1/60000,
  mU 1/60000000000

catalytic concentration: kat/L 1, mkat/L 1e-3, ukat/L 1e-6, nkat/L 1e-9, U/L 1/60000000,
  kU/L 1/60000, mU/L 1/60000000000, U/mL 1/60000, mU/mL 1/60000000, U/dL 1/6000000

number concentration: /L 1, /dL 10, /mL 1000, /uL 1e6, {cells}/uL 1e6, /mm3 1e6, 10*3/L 1000,
  10*6/L 1e6, 10*9/L 1e9, 10*12/L 1e12, 10*3/mL 1e6, 10*6/mL 1e9, 10*3/uL 1e9, 10*6/uL 1e12,
  10*3/mm3 1e9, 10*6/mm3 1e12, /fL 1e15

fraction: 1 1, % 1e-2, [ppth] 1e-3, [ppm] 1e-6, [ppb] 1e-9, L/L 1, mL/dL 1e-2, mL/L 1e-3, mL/mL 1

mass ratio: g/g 1, mg/mg 1, mg/g 1e-3, g/kg 1e-3, g/(100.g) 1e-2, ug/mg 1e-3, mg/kg 1e-6,
  ug/g 1e-6, ug/kg 1e-9, ng/mg 1e-6, ng/g 1e-9, ng/kg 1e-12

amount ratio: mol/mol 1, mmol/mol 1e-3, umol/mol 1e-6, nmol/mol 1e-9, mmol/mmol 1, umol/mmol 1e-3,
  nmol/mmol 1e-6

international units: [IU] 1, [iU] 1, k[IU] 1000, m[IU] 1e-3, u[IU] 1e-6

international units concentration: [IU]/L 1, [iU]/L 1, k[IU]/L 1000, m[IU]/L 1e-3, u[IU]/L 1e-6,
  [IU]/dL 10, [IU]/mL 1000, k[IU]/mL 1e6, m[IU]/mL 1, u[IU]/mL 1e-3

international units per mass: [IU]/kg 1, [IU]/g 1000, k[IU]/kg 1000

international units rate: [IU]/h 1, [IU]/min 60, [IU]/d 1/24

international units per mass rate: [IU]/kg/h 1, [IU]/kg/min 60, [IU]/kg/d 1/24

arbitrary units: [arb'U] 1

arbitrary units concentration: [arb'U]/mL 1

acidity: [pH] 1

level: dB 1

sound level: B[SPL] 1

volume rate: L/min 1, L/s 60, L/h 1/60, L/d 1/1440, L/(24.h) 1/1440, dL/min 1e-1, mL/s 60e-3,
  mL/min 1e-3, mL/h 1/60000, mL/d 1/1440000, mL/(24.h) 1/1440000, uL/min 1e-6, uL/h 1/60000000

volume per mass: L/kg 1, mL/kg 1e-3, mL/g 1, dL/g 100

volume per mass rate: mL/kg/h 1, mL/kg/min 60, mL/kg/d 1/24, L/kg/h 1000

volume per area: L/m2 1, mL/m2 1e-3

flow per area: L/min/m2 1, mL/min/m2 1e-3

mass rate: g/d 1, g/(24.h) 1, mg/d 1e-3, mg/(24.h) 1e-3, ug/d 1e-6, ug/(24.h) 1e-6, g/h 24,
  mg/h 24e-3, ug/h 24e-6, g/min 1440, mg/min 1440e-3, ug/min 1440e-6, ng/min 1440e-9

mass per mass rate: mg/kg/d 1, mg/kg/h 24, mg/kg/min 1440, ug/kg/d 1e-3, ug/kg/h 24e-3,
  ug/kg/min 1440e-3, ng/kg/min 1440e-6, g/kg/d 1000

mass per area: kg/m2 1, g/m2 1e-3, mg/m2 1e-6, ug/m2 1e-9, g/cm2 10, mg/cm2 1e-2

speed: m/s 1, cm/s 1e-2, mm/s 1e-3, km/h 5/18, [mi_i]/h 0.44704, mm/h 1/3600000, cm/h 1/360000

voltage: V 1, mV 1e-3, uV 1e-6

power: W 1, mW 1e-3, kW 1000, kJ/d 5/432, kJ/(24.h) 5/432, kJ/h 5/18, kcal/d 523/10800,
  kcal/(24.h) 523/10800, kcal/h 523/450

energy: J 1, kJ 1000, MJ 1e6, cal 4.184, kcal 4184, [Cal] 4184

absorbed dose: Gy 1, cGy 1e-2, mGy 1e-3, uGy 1e-6

equivalent dose: Sv 1, mSv 1e-3, uSv 1e-6
"""
