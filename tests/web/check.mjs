// The pages in a real browser, in each language: no axe violation, nothing refused by the policy, nothing wider than the window,
// names that want to run or to turn the page inert, and every link and field reached by the keyboard.
//   node check.mjs BASE CHROMIUM [FOLDER]      screenshots go to FOLDER
import { chromium } from "playwright-core";
import axe from "axe-core";
import { mkdirSync } from "node:fs";

const [base, executablePath, folder] = process.argv.slice(2);
const pages = [
  ["overview", "/"],
  ["overview-ja", "/?lang=ja"],
  ["search-ja", "/?q=%3Cscript%3E&lang=ja"],
  ["search", "/?q=%E5%B8%82&status=off_track&on=2020-11-30"],
  ["plan", "/plans/mihon?on=2020-11-30"],
  ["plan-en", "/plans/mihon?on=2020-11-30&lang=en"],
  ["closed", "/plans/kawasaki?on=FY2021"],
  ["kpi", "/plans/kawasaki/kpis/mynumber-rate?on=2020-05-02"],
  ["breaks-ja", "/plans/kawasaki/kpis/mynumber-rate?on=2023-12-31&lang=ja"],
  ["flow", "/plans/mihon/kpis/eapply-applications?on=FY2021"],
  ["ceiling-ja", "/plans/mihon/kpis/it-cost?on=FY2020&lang=ja"],
  ["known", "/plans/mihon/kpis/eapply-applications?on=FY2020&known_at=2020-01-01T00:00&lang=en"],
  ["empty", "/plans/kawasaki/kpis/wifi-access-points"],
  ["hostile-plan", "/plans/hostile?on=FY2019"],
  ["hostile-kpi", "/plans/hostile/kpis/kpi?on=FY2019"],
  ["nothing", "/plans/%3Cscript%3E", 404],
  ["refused-ja", "/?on=%22%3E%3Cscript%3Ealert(1)%3C%2Fscript%3E&lang=ja", 400],
];
const faults = [];
let checked = 0;
const browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] });
for (const colorScheme of ["light", "dark"]) {
  for (const width of [320, 1280]) {
    // axe is put into the page by the test, which the page's own policy would forbid.
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 900 }, bypassCSP: true });
    for (const [name, path, status = 200] of pages) {
      const where = `${name} ${colorScheme} ${width}`;
      const page = await context.newPage();
      const expected = (text) => status !== 200 && text.includes(`status of ${status} `);
      page.on("console", (message) => message.type() === "error" && !expected(message.text()) && faults.push(`${where}: ${message.text()}`));
      page.on("dialog", (dialog) => { faults.push(`${where}: a dialog: ${dialog.message()}`); dialog.dismiss(); });
      page.on("requestfailed", (request) => faults.push(`${where}: ${request.url()} failed`));
      page.on("request", (request) => request.url().startsWith(base) || faults.push(`${where}: asks ${request.url()}`));
      const answer = await page.goto(base + path);
      if (answer.status() !== status) faults.push(`${where}: ${answer.status()}`);
      const odd = await page.evaluate(() => document.querySelectorAll("script, iframe, img, form[action^='http'], a[href^='http'], main style").length);
      if (odd > 0) faults.push(`${where}: ${odd} elements that no page of ours has`);
      const turned = await page.evaluate(() => /[\u202a-\u202e\u2066-\u2069]/.test(document.documentElement.textContent));
      if (turned) faults.push(`${where}: a name turns the text around it`);
      await page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = true)));
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
      for (const { id, nodes } of violations) faults.push(`${where}: ${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 120)).join(" | ")}`);
      const over = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      if (over > 0) faults.push(`${where}: ${over} px wider than the window`);
      checked += 1;
      if (folder) {
        mkdirSync(folder, { recursive: true });
        await page.evaluate(() => document.querySelectorAll("details").forEach((one) => (one.open = false)));
        await page.screenshot({ path: `${folder}/${name}-${colorScheme}-${width}.png`, fullPage: true });
      }
      await page.close();
    }
    await context.close();
  }
}
// Under the page's own policy and with scripts off, as readers have it, and with the keyboard alone.
const context = await browser.newContext({ javaScriptEnabled: false, viewport: { width: 1280, height: 900 } });
const page = await context.newPage();
const refused = /status of (400|404) /;
page.on("console", (message) => message.type() === "error" && !refused.test(message.text()) && faults.push(`policy: ${message.text()}`));
for (const [name, path] of pages) {
  await page.goto(base + path);
  const wanted = await page.locator("a[href], button, input, summary").filter({ visible: true }).count();
  const seen = new Set();
  for (let n = 0; n < 2 * wanted + 20; n += 1) {
    await page.keyboard.press("Tab");
    const focused = page.locator(":focus");
    if ((await focused.count()) === 0) continue;
    seen.add(await focused.evaluate((one) => [...document.querySelectorAll("*")].indexOf(one)));
    const outline = await focused.evaluate((one) => getComputedStyle(one).outlineStyle).catch(() => "none");
    if (outline === "none") faults.push(`${name}: no focus to be seen on ${await focused.evaluate((one) => one.outerHTML.slice(0, 80))}`);
  }
  if (seen.size < wanted) faults.push(`${name}: the keyboard reaches ${seen.size} of ${wanted}`);
}
// In Japanese, as an officer's browser asks for it, and in English by the switch.
await page.goto(`${base}/plans/kawasaki?lang=en`);
await page.locator("header a", { hasText: "日本語" }).focus();
await page.keyboard.press("Enter");
await page.waitForURL(/lang=ja/);
if ((await page.locator("html").getAttribute("lang")) !== "ja") faults.push("the switch does not lead to Japanese");
if ((await page.locator("a", { hasText: "2019年度末" }).count()) !== 1) faults.push("there is no link to 2019年度末");
await page.goto(`${base}/plans/kawasaki`);
await page.locator("a", { hasText: "マイナンバーカードの交付率" }).first().focus();
await page.keyboard.press("Enter");
await page.waitForURL(/kpis\/mynumber-rate/);
await page.locator("#on").fill("2020-05-02");
await page.keyboard.press("Enter");
await page.waitForURL(/on=2020-05-02/);
const text = await page.locator("main").innerText();
if (!text.includes("20.28 %") || !text.includes("達成")) faults.push("2020-05-02 of Kawasaki is not 20.28 %, achieved");
await browser.close();
if (faults.length > 0) {
  console.error([...new Set(faults)].join("\n"));
  process.exit(1);
}
console.log(`${checked} pages, no fault`);
