"""Kawasaki's My Number rate, asked where it will land on the day after each edition: docs/OUTLOOK.md's table and docs/outlook.svg.

    python3 tests/bench/landing/mynumber.py target/debug/shihyo

Each question is `shihyo report --on DAY --format json` with the shipped configuration: only what was published by that day. Because the product is silent once
the target is met, the interval after that is asked with a target of 100 %, which changes nothing else.
"""
import csv, datetime, json, pathlib, re, shutil, subprocess, sys, tempfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
BINARY = pathlib.Path(sys.argv[1]).resolve()
TARGET, END, KPI = 20.0, datetime.date(2022, 4, 1), "mynumber-rate"


def city(folder, target):
    shutil.copytree(ROOT / "config", folder / "config")
    plan = folder / "config/plans/kawasaki.toml"
    text = plan.read_text()
    start = text.index(f'id = "{KPI}"')
    plan.write_text(text[:start] + re.sub(r"at_least = 20\b", f"at_least = {target}", text[start:], count=1))
    subprocess.run([BINARY, "--config", folder / "config", "run", "--once"], cwd=folder, check=True, capture_output=True)
    return folder


def landing(folder, day):
    words = [BINARY, "--config", folder / "config", "report", "--plan", "kawasaki", "--on", str(day), "--format", "json"]
    out = subprocess.run(words, cwd=folder, check=True, capture_output=True).stdout
    return next(k for k in json.loads(out)["plans"][0]["kpis"] if k["id"] == KPI)


def figures():
    with open(ROOT / "config/kawasaki/mynumber-kawasaki.csv") as rows:
        for row in csv.DictReader(rows):
            day = datetime.date.fromisoformat(row["asof"])
            if day <= END:
                yield day, 100 * int(row["cards_issued"]) / int(row["population"])


def picture(points, answers, outcome):
    width, height, left, right, top, bottom = 760, 380, 44, 700, 16, 340
    first = points[0][0]
    x = lambda day: left + (right - left) * (day - first).days / (END - first).days
    y = lambda rate: bottom - (bottom - top) * rate / 100
    at = lambda day, rate: f"{x(day):.1f} {y(rate):.1f}"
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" font-family="sans-serif" font-size="12" fill="#222">',
           f"<title>My Number rate of Kawasaki, and where it was expected to land on 31 March 2022; it landed at {outcome:.2f} %</title>",
           f'<rect width="{width}" height="{height}" fill="#fff"/>']
    for rate in range(0, 101, 20):
        out.append(f'<path d="M{left} {y(rate):.1f}H{right}" stroke="#ddd"/><text x="{left - 6}" y="{y(rate) + 4:.1f}" text-anchor="end">{rate}</text>')
    for year in range(first.year + 1, END.year + 1):
        out.append(f'<text x="{x(datetime.date(year, 1, 1)):.1f}" y="{bottom + 18}" text-anchor="middle">{year}</text>')
    # Each day's answer stands at the day it was given: the interval of the plan's end, not of that day.
    for day, one in answers:
        for low, high, colour, wide in ((one["low95"], one["high95"], "#cfe0ee", 7), (one["low80"], one["high80"], "#8fb8d8", 7)):
            out.append(f'<path d="M{at(day, low)}L{at(day, high)}" stroke="{colour}" stroke-width="{wide}"/>')
        out.append(f'<circle cx="{x(day):.1f}" cy="{y(one["expected"]):.1f}" r="2.5" fill="#fff" stroke="#1f5f8b"/>')
    out.append(f'<path d="M{left} {y(TARGET):.1f}H{right}" stroke="#222" stroke-dasharray="6 4"/><text x="{right + 4}" y="{y(TARGET) + 4:.1f}">target</text>')
    out.append(f'<path d="M{left} {y(outcome):.1f}H{right}" stroke="#b3541e" stroke-dasharray="2 3"/><text x="{right + 4}" y="{y(outcome) + 4:.1f}" fill="#b3541e">came</text>')
    out.append('<path fill="none" stroke="#222" stroke-width="1.5" d="M' + "L".join(at(*point) for point in points) + '"/>')
    out += [f'<circle cx="{x(day):.1f}" cy="{y(rate):.1f}" r="2" fill="#222"/>' for day, rate in points]
    return "\n".join(out + ["</svg>", ""])


with tempfile.TemporaryDirectory() as temporary:
    temporary = pathlib.Path(temporary)
    shipped, open_end = (city(temporary / str(target), target) for target in (20, 100))
    points, rows, answers = list(figures()), [], []
    outcome = points[-1][1]
    for day, rate in points[:-1]:
        asked = day + datetime.timedelta(days=1)
        said, wide = landing(shipped, asked), landing(open_end, asked)["landing"]
        own, end = said["landing"], wide["target"]
        chance = f'{100 * own["target"]["probability"]:.0f} %' if own["target"] else own["silence"]
        if end:
            holds = ["yes" if end[f"low{n}"] <= outcome <= end[f"high{n}"] else "no" for n in (80, 95)]
            answers.append((asked, end))
            rows.append(f'| {asked} | {rate:.2f} | {chance} | {wide["figures"]} ({wide["grain"]}) | {end["expected"]:.1f} | {end["low80"]:.1f} to {end["high80"]:.1f} | {holds[0]} | {end["low95"]:.1f} to {end["high95"]:.1f} | {holds[1]} |')
        else:
            rows.append(f"| {asked} | {rate:.2f} | {chance} | | | | | | |")
    head = ["| asked on | rate | chance of 20 %, or why nothing is said | figures | expected | 80 % interval | held | 95 % interval | held |", "|---|---|---|---|---|---|---|---|---|"]
    document = ROOT / "docs/OUTLOOK.md"
    text = document.read_text() if document.exists() else "<!-- table -->\n<!-- end -->\n"
    before, rest = text.split("<!-- table -->")
    document.write_text(before + "<!-- table -->\n" + "\n".join(head + rows) + "\n<!-- end -->" + rest.split("<!-- end -->")[1])
    (ROOT / "docs/outlook.svg").write_text(picture(points, answers, outcome))
