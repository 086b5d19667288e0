// The pictures of a KPI in a real browser: no label covers another, none is cut, one size is shown, and its letters can be read.
//   node charts.mjs BASE CHROMIUM [FOLDER]      screenshots go to FOLDER
import { chromium } from "playwright-core";
import { mkdirSync } from "node:fs";

const [base, executablePath, folder] = process.argv.slice(2);
const pages = [
  ["level", "/plans/mihon/kpis/shared-platform-systems?on=2020-11-30"],
  ["overdue", "/plans/mihon/kpis/wifi-access-points?on=2020-11-30"],
  ["cumulative", "/plans/mihon/kpis/video-meetings?on=2020-11-30"],
  ["gap", "/plans/mihon/kpis/app-downloads?on=2020-11-30"],
  ["ratio", "/plans/mihon/kpis/mynumber-rate?on=2020-11-30"],
  ["flow", "/plans/mihon/kpis/eapply-applications?on=2020-11-30"],
  ["flow-closed", "/plans/mihon/kpis/opendata-downloads?on=FY2021"],
  ["mean", "/plans/mihon/kpis/app-accesses?on=2020-11-30"],
  ["ceiling", "/plans/mihon/kpis/it-cost?on=FY2020"],
  ["maintain", "/plans/mihon/kpis/web-accessibility?on=2020-11-30"],
  ["later", "/plans/kawasaki/kpis/mynumber-rate?on=2023-12-31"],
  ["hostile", "/plans/hostile/kpis/kpi?on=FY2019"],
];
const faults = [];
let pictures = 0;

// Runs in the page. Heights are those of letters, not of the line box, which a Japanese font makes half as high again.
function measure() {
  const found = [];
  const shown = [...document.querySelectorAll("svg.chart")].filter((svg) => svg.getBoundingClientRect().width > 0);
  for (const svg of shown) {
    const title = svg.querySelector("title").textContent;
    const { width, height } = svg.viewBox.baseVal;
    const scale = svg.getBoundingClientRect().width / width;
    const boxes = [...svg.querySelectorAll("text")].map((text) => {
      const { x, width } = text.getBBox();
      const size = parseFloat(getComputedStyle(text).fontSize);
      const y = Number(text.getAttribute("y"));
      return { text: text.textContent, left: x, right: x + width, top: y - 0.85 * size, bottom: y + 0.2 * size, px: size * scale };
    });
    for (const [n, one] of boxes.entries()) {
      if (one.left < -0.5 || one.right > width + 0.5 || one.top < -0.5 || one.bottom > height + 0.5) found.push(`${title} ${one.text}: cut`);
      if (one.px < 10.4 || one.px > 20) found.push(`${title} ${one.text}: letters of ${one.px.toFixed(1)} px`);
      for (const other of boxes.slice(0, n)) {
        if (one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom) {
          found.push(`${title}: ${one.text} covers ${other.text}`);
        }
      }
    }
  }
  const sections = document.querySelectorAll("section.charts").length;
  return { found, sections, shown: shown.length };
}

const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
const context = await browser.newContext();
for (const lang of ["ja", "en"]) {
  for (const [name, path] of pages) {
    const page = await context.newPage();
    await page.goto(`${base}${path}&lang=${lang}`);
    for (const width of [320, 700, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      const { found, sections, shown } = await page.evaluate(measure);
      const where = `${name} ${lang} ${width}`;
      faults.push(...found.map((fault) => `${where}: ${fault}`));
      if (sections === 0 || shown < sections) faults.push(`${where}: ${shown} pictures in ${sections} sections`);
      pictures += shown;
      for (const colorScheme of folder ? ["light", "dark"] : []) {
        mkdirSync(folder, { recursive: true });
        await page.emulateMedia({ colorScheme });
        await page.screenshot({ path: `${folder}/chart-${name}-${lang}-${colorScheme}-${width}.png`, fullPage: true });
      }
    }
    await page.close();
  }
}
await browser.close();
if (faults.length > 0) {
  console.error([...new Set(faults)].join("\n"));
  process.exit(1);
}
console.log(`${pictures} pictures, no fault`);
