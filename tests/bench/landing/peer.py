"""AutoETS of statsforecast on one cell: `line ahead expected low80 high80 low95 high95`, one row a period of the hold-out."""
import sys
import time
import warnings

warnings.filterwarnings("ignore")

import numpy as np
import pandas as pd
from statsforecast import StatsForecast
from statsforecast.models import AutoETS

source, competition, frequency, target = sys.argv[1:]
lines = [line.split() for line in open(source)]
cell = [(place, words) for place, words in enumerate(lines) if words[:2] == [competition, frequency]]
period, horizon = (int(word) for word in cell[0][1][2:4])


def frame(place, words):
    known = np.array(words[5 : 5 + int(words[4])], float)
    return pd.DataFrame({"unique_id": place, "ds": np.arange(len(known)), "y": known})


start = time.process_time()
models = StatsForecast(models=[AutoETS(season_length=period)], freq=1, n_jobs=1)
answers = models.forecast(df=pd.concat([frame(*item) for item in cell]), h=horizon, level=[80, 95])
print(f"{competition} {frequency}: {len(cell)} series, {time.process_time() - start:.0f} CPU s", file=sys.stderr)
columns = ["AutoETS", "AutoETS-lo-80", "AutoETS-hi-80", "AutoETS-lo-95", "AutoETS-hi-95"]
by_line = dict(tuple(answers.sort_values(["unique_id", "ds"]).groupby("unique_id")))
with open(target, "w") as file:
    for place, words in cell:
        held_out = len(words) - 5 - int(words[4])
        for ahead, row in enumerate(by_line[place][columns].to_numpy()[:held_out], 1):
            print(place, ahead, *(repr(float(value)) for value in row), file=file)
