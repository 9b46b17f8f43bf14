import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NO_CHROMIUM, chromiumPath, launchChromium } from "./chromium";
import { type Vedette, eventually, startVedette } from "./vedette";

if (chromiumPath === undefined)
  console.warn(`test/e2e/alert-pages.browser.test.ts is skipped: ${NO_CHROMIUM}`);

const HOSTILE = '<img src=x onerror="document.title=1">';
const SHOTS = process.env["VEDETTE_SHOTS"];

describe.skipIf(chromiumPath === undefined)("the pages of alerting", () => {
  let vedette: Vedette;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    vedette = await startVedette();
    browser = await launchChromium();
    page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
    const name = JSON.stringify(HOSTILE);
    const sent = await vedette.fetch("/api/v1/import/prometheus", {
      method: "POST",
      token: "vdt_ingest_local",
      body: `queue_depth{queue="mail",owner=${name}} 40\nqueue_depth{queue="orders",owner="shop"} 50\n`,
    });
    expect(sent.status, await sent.text()).toBe(204);
    const put = await vedette.fetch("/config/v1/rules/pages", {
      method: "PUT",
      token: "vdt_admin_local",
      headers: { "content-type": "application/yaml" },
      body: "groups: [{name: g, interval: 5s, rules: [{alert: QueueDeep, expr: queue_depth > 10, labels: {severity: warning}}]}]",
    });
    expect(put.status, await put.text()).toBe(202);
    await eventually("both fire", async () => (await active()).length === 2);
    await page.goto(`${vedette.url}/monitoring#token=vdt_admin_local`);
    await page.getByText("Request rate").first().waitFor();
  });
  afterAll(async () => {
    await browser?.close();
    await vedette?.stop();
  });

  async function active(): Promise<readonly { readonly status: string }[]> {
    const r = await vedette.fetch("/api/v1/alerts/active", { token: "vdt_read_local" });
    return ((await r.json()) as { alerts: { status: string }[] }).alerts;
  }

  async function look(name: string): Promise<void> {
    if (SHOTS !== undefined)
      await page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true });
  }

  /** Sends as an administrator, who is answered with JSON. */
  async function send<T>(method: string, path: string, body?: object): Promise<T> {
    const r = await vedette.fetch(path, {
      method,
      token: "vdt_admin_local",
      headers: { "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await r.text();
    expect(r.status, text).toBeLessThan(300);
    return JSON.parse(text) as T;
  }

  const inMinutes = (m: number): string => new Date(Date.now() + m * 60_000).toISOString();

  it("silence alerts by the labels that are chosen, and say beforehand which", async () => {
    await page.goto(`${vedette.url}/alerts`);
    const row = page.getByTestId("alert-row").filter({ hasText: "mail" });
    await row.getByRole("button", { name: "Silence" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("It would hold 1 active alert").waitFor();
    await look("silence");
    for (const label of ["owner", "queue"])
      await dialog.getByRole("checkbox", { name: new RegExp(`^${label}=`) }).uncheck();
    await dialog.getByText("It would hold 2 active alerts").waitFor();
    await dialog.getByRole("button", { name: "Silence" }).click();
    await eventually("both are suppressed", async () =>
      (await active()).every((a) => a.status === "suppressed"),
    );
    await row.getByText("silenced").waitFor();
    expect(await page.title()).toBe("Alerts · Vedette");
  }, 60_000);

  it("plan a silence that recurs, and end it", async () => {
    await page.goto(`${vedette.url}/alerts`);
    await page.getByRole("button", { name: "New silence" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Alerts with").fill('service="night-batch"');
    await dialog.getByText("Each week", { exact: true }).click();
    await dialog.getByLabel("Why").fill("runs hot");
    await look("new-silence");
    await dialog.getByRole("button", { name: "Silence" }).click();
    const planned = page.getByRole("row").filter({ hasText: "night-batch" });
    await planned.getByText(/^runs hot, recurs, (next|now) /).waitFor();
    await planned.getByRole("button", { name: "End now" }).click();
    await planned.waitFor({ state: "detached" });
  }, 60_000);

  interface Shown {
    readonly id: string;
    readonly status: { readonly state: string };
    readonly matchers: readonly { readonly name: string; readonly value: string }[];
    readonly startsAt: string;
    readonly endsAt: string;
    readonly createdBy: string;
    readonly comment: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly schedule?: unknown;
  }

  async function silencesOf(service: string): Promise<readonly Shown[]> {
    const { silences } = await send<{ silences: Shown[] }>("GET", "/api/v1/silences");
    return silences.filter((s) => s.matchers.some((m) => m.value === service));
  }

  it("edit a silence, which gives way where its matchers change, and recreate one that is over", async () => {
    const service = `edited ${HOSTILE}`;
    const { silenceID } = await send<{ silenceID: string }>("POST", "/api/v2/silences", {
      matchers: [{ name: "service", value: service, isRegex: false, isEqual: true }],
      startsAt: inMinutes(-3),
      endsAt: inMinutes(90),
      createdBy: "amtool",
      comment: "deploys",
      annotations: { ticket: "OPS-1" },
    });
    const [made] = await silencesOf(service);
    await page.goto(`${vedette.url}/alerts`);
    const row = page.getByRole("row").filter({ hasText: "edited" });
    await row.getByRole("button", { name: "Edit" }).click();
    const dialog = page.getByRole("dialog");
    const matchers = dialog.getByLabel("Alerts with");
    expect(await matchers.inputValue()).toBe(`service=${JSON.stringify(service)}`);
    expect(await dialog.getByLabel("Why").inputValue()).toBe("deploys");
    expect(await dialog.getByLabel("By").inputValue()).toBe("amtool");
    await look("silence-edit");
    await dialog.getByLabel("Why").fill("deploys longer");
    const until = dialog.getByLabel("Until");
    await until.fill(`${(await until.inputValue()).slice(0, 4)}-12-31T23:59`);
    await dialog.getByRole("button", { name: "Save" }).click();
    await row.getByText(/^deploys longer, .* by amtool$/).waitFor();
    const [edited, ...others] = await silencesOf(service);
    expect(others).toEqual([]);
    expect(edited).toMatchObject({ id: silenceID, startsAt: made?.startsAt, createdBy: "amtool" });
    expect(edited?.annotations).toEqual({ ticket: "OPS-1" });
    expect(new Date(edited?.endsAt ?? 0).getMonth()).toBe(11);

    await row.getByRole("button", { name: "Edit" }).click();
    await matchers.fill(`${await matchers.inputValue()}\nteam!="db"`);
    await dialog.getByRole("button", { name: "Save" }).click();
    await row.getByText('team!="db"').waitFor();
    const states = async (): Promise<readonly string[]> =>
      (await silencesOf(service)).map((s) => `${s.matchers.length} ${s.status.state}`).toSorted();
    expect(await states()).toEqual(["1 expired", "2 active"]);

    await row.getByRole("button", { name: "End now" }).click();
    await row.waitFor({ state: "detached" });
    await page.getByRole("button", { name: / expired$/ }).click();
    await row.filter({ hasText: "team" }).getByRole("button", { name: "Recreate" }).click();
    await look("silence-recreate");
    await dialog.getByRole("button", { name: "Silence" }).click();
    await row.getByRole("button", { name: "End now" }).waitFor();
    expect(await states()).toEqual(["1 expired", "2 active", "2 expired"]);
    expect(await page.title()).toBe("Alerts · Vedette");
  }, 60_000);

  it("edit what recurs: each week in its own time zone, and more than the fields can say as it is", async () => {
    const times = [{ start_time: "22:00", end_time: "04:00" }];
    const weekly = { weekdays: ["friday"], times, location: "Asia/Tokyo" };
    const monthly = { intervals: [{ days_of_month: ["1"] }, { days_of_month: ["-1"] }] };
    for (const [value, schedule] of [
      ["each-week", { intervals: [weekly], last: "2099-12-31" }],
      ["each-month", monthly],
    ])
      await send("POST", "/api/v1/silences", { matchers: [{ name: "job", value }], schedule });
    const idOf = async (job: string): Promise<string | undefined> => (await silencesOf(job))[0]?.id;
    const ids = [await idOf("each-week"), await idOf("each-month")];
    await page.goto(`${vedette.url}/alerts`);
    const edit = async (job: string): Promise<void> => {
      const row = page.getByRole("row").filter({ hasText: job });
      await row.getByRole("button", { name: "Edit" }).click();
    };
    const dialog = page.getByRole("dialog");
    await edit("each-week");
    await dialog.getByText("Asia/Tokyo").waitFor();
    await dialog.getByText("sat", { exact: true }).click();
    await look("silence-weekly");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "detached" });
    await edit("each-month");
    await dialog.getByText("days_of_month").waitFor();
    await look("silence-planned");
    await dialog.getByLabel("Why").fill("accounts");
    await dialog.getByRole("button", { name: "Save" }).click();
    await dialog.waitFor({ state: "detached" });
    const [[week], [month]] = [await silencesOf("each-week"), await silencesOf("each-month")];
    expect(week?.schedule).toEqual({
      intervals: [{ ...weekly, weekdays: ["friday", "saturday"] }],
      last: "2099-12-31",
    });
    expect(month).toMatchObject({ schedule: monthly, comment: "accounts" });
    expect([week?.id, month?.id]).toEqual(ids);
  }, 60_000);

  it("show the receivers, and send one a test message", async () => {
    await page.goto(`${vedette.url}/settings/receivers`);
    const receiver = page.getByTestId("receiver").first();
    await receiver.getByRole("button", { name: "Send a test message" }).click();
    await page.getByText("On its way").waitFor();
    await look("receivers");
    await page.goto(`${vedette.url}/receiver`);
    await page.getByText("A test message of Vedette.", { exact: false }).first().waitFor();
  }, 60_000);

  it("plan a weekly window and cancel it", async () => {
    await page.goto(`${vedette.url}/alerts`);
    await page.getByRole("button", { name: "New window" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("Database upgrade");
    await dialog.getByLabel("Alerts with").fill('queue=~"mail|orders"\nseverity="warning"');
    await dialog.getByText("Each week", { exact: true }).click();
    await look("window");
    await dialog.getByRole("button", { name: "Plan it" }).click();
    const planned = page.getByRole("row").filter({ hasText: "Database upgrade" });
    await planned.getByText(/recurs/).waitFor();
    await look("alerts");
    await planned.getByRole("button", { name: "Cancel" }).click();
    await page.getByText("No maintenance is planned").waitFor();
  }, 60_000);

  it("edit a window while it runs: it goes on, with its start", async () => {
    interface Window {
      readonly id: string;
      readonly startsAt: string;
      readonly endsAt: string;
      readonly events: readonly { readonly kind: string }[];
    }
    const made = await send<Window>("POST", "/api/v1/maintenance-windows", {
      name: "Move the racks",
      matchers: [{ name: "rack", value: "7" }],
      startsAt: inMinutes(0),
      endsAt: inMinutes(30),
      comment: "cables",
    });
    await page.goto(`${vedette.url}/alerts`);
    const row = page.getByRole("row").filter({ hasText: "Move the racks" });
    await row.getByText("active").waitFor();
    await row.getByRole("button", { name: "Edit" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("It holds now.", { exact: false }).waitFor();
    expect(await dialog.getByLabel("Name").inputValue()).toBe("Move the racks");
    expect(await dialog.getByLabel("Why").inputValue()).toBe("cables");
    await dialog.getByLabel("Name").fill("Move the racks of hall 2");
    await dialog.getByLabel("Alerts with").fill('rack=~"7|8"');
    const until = dialog.getByLabel("Until");
    await until.fill(`${(await until.inputValue()).slice(0, 4)}-12-31T23:59`);
    await look("window-edit");
    await dialog.getByRole("button", { name: "Save" }).click();
    await row.getByText('rack=~"7|8"').waitFor();
    const { windows } = await send<{ windows: Window[] }>("GET", "/api/v1/maintenance-windows");
    const edited = windows.find((w) => w.id === made.id);
    expect(edited).toMatchObject({
      name: "Move the racks of hall 2",
      startsAt: made.startsAt,
      comment: "cables",
      state: "active",
    });
    expect(new Date(edited?.endsAt ?? 0).getMonth()).toBe(11);
    expect(edited?.events.map((e) => e.kind)).toEqual([
      "window_created",
      "window_started",
      "window_changed",
    ]);
    await look("alerts-edited");
  }, 60_000);

  it("search the history, and show the messages about one alert", async () => {
    await page.goto(`${vedette.url}/alerts/history`);
    const rows = page.getByTestId("past-alert");
    await rows.nth(1).waitFor();
    await page.getByLabel("Search").fill("orders");
    await rows.nth(1).waitFor({ state: "detached" });
    expect(await rows.count()).toBe(1);
    await rows
      .first()
      .getByRole("button", { name: /^Messages/ })
      .click();
    await page.getByTestId("notification").first().waitFor();
    await look("history");
    const text = await page.locator("body").innerText();
    expect(text).toContain("first_notification");
    expect(await page.title()).toBe("Alert history · Vedette");
  }, 60_000);

  it("tell what a rule would have done, and save it", async () => {
    await page.goto(`${vedette.url}/rules`);
    await page.getByRole("link", { name: "Back-test", exact: true }).first().click();
    const rules = page.getByLabel("Rules as YAML");
    expect(await rules.inputValue()).toContain("queue_depth > 10");
    await page.getByRole("button", { name: "Run" }).click();
    const told = page.getByTestId("backtest-rule");
    await told.getByText("fired 2×", { exact: false }).waitFor();
    // The group that is stored is found again by its place, so that it is the history that is told.
    await told.getByText("this is what happened", { exact: false }).waitFor();
    await page.getByText("messages", { exact: false }).first().waitFor();
    await look("backtest");
    await rules.fill(
      "name: drafted\nrules: [{alert: Drafted, expr: queue_depth > 45, labels: {severity: info}}]\n",
    );
    await page.getByRole("button", { name: "Run" }).click();
    await told.getByText("fired 1×", { exact: false }).waitFor();
    await page.getByRole("button", { name: "Save the group" }).click();
    await page.getByText("in namespace pages").waitFor();
    await page.goto(`${vedette.url}/rules`);
    await page.getByText("Drafted").first().waitFor();
    expect(await page.title()).toBe("Rules · Vedette");
  }, 60_000);

  it("make a heartbeat, show its address and its pings", async () => {
    await page.goto(`${vedette.url}/heartbeats`);
    await page.getByRole("button", { name: "New heartbeat" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Name").fill("nightly-backup");
    await dialog.getByLabel("Pings every").fill("soon");
    await dialog.getByRole("button", { name: "Make" }).click();
    await dialog.getByText(/duration/).waitFor();
    await dialog.getByLabel("Pings every").fill("30s");
    await dialog.getByRole("button", { name: "Make" }).click();
    const row = page.getByTestId("heartbeat");
    const told = await row.locator("code").innerText();
    const address = told.replace("curl -fsS ", "");
    expect((await fetch(address)).status).toBe(200);
    expect((await fetch(`${address}/3`, { method: "POST", body: HOSTILE })).status).toBe(200);
    await row.getByRole("img", { name: "2 last pings" }).waitFor();
    await row.getByText("missing").first().waitFor();
    await look("heartbeats");
    expect(await page.title()).toBe("Heartbeats · Vedette");
  }, 60_000);

  it("edit a heartbeat, which keeps its address until its key is replaced", async () => {
    await send("POST", "/api/v1/heartbeats", {
      name: "accounts",
      cron: "0 3 * * *",
      time_zone: "Asia/Tokyo",
      max_run: "2h",
      severity: "page",
      labels: { team: "money" },
    });
    interface Beat {
      readonly ping_url: string;
    }
    const beat = (): Promise<Beat> => send("GET", "/api/v1/heartbeats/accounts");
    const former = (await beat()).ping_url;
    await page.goto(`${vedette.url}/heartbeats`);
    const row = page.getByTestId("heartbeat").filter({ hasText: "accounts" });
    await row.getByRole("button", { name: "Edit" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("May be late by").fill("45m");
    await dialog.getByLabel("Labels of its alert").fill('team="money"\ntier');
    expect(await dialog.getByRole("button", { name: "Save" }).isDisabled()).toBe(true);
    await dialog.getByLabel("Labels of its alert").fill('team="money"\ntier="1"');
    await look("heartbeat-edit");
    await dialog.getByRole("button", { name: "Save" }).click();
    await row.getByText("45m late at most", { exact: false }).waitFor();
    expect(await beat()).toMatchObject({
      cron: "0 3 * * *",
      time_zone: "Asia/Tokyo",
      grace: "45m",
      max_run: "2h",
      severity: "page",
      labels: { team: "money", tier: "1" },
      paused: false,
      ping_url: former,
    });

    await row.getByRole("button", { name: "New key" }).click();
    await dialog.getByText("stops working at once", { exact: false }).waitFor();
    expect((await fetch(former)).status).toBe(200);
    await dialog.getByRole("button", { name: "Replace the key" }).click();
    const told = await dialog.locator("pre").innerText();
    await look("heartbeat-key");
    const address = told.replace("curl -fsS ", "");
    expect([(await fetch(former)).status, (await fetch(address)).status]).toEqual([404, 200]);
    await dialog.getByRole("button", { name: "Done" }).click();
    await row.getByText(address).waitFor();
  }, 60_000);

  it("send a test alert, and show each stage and the message that left", async () => {
    await page.goto(`${vedette.url}/alerts`);
    await page.getByRole("button", { name: "Send a test alert" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Labels").fill('severity="info"\nservice="checkout"');
    await dialog.getByRole("button", { name: "Send" }).click();
    await dialog.getByText("silence ✓").first().waitFor();
    await dialog.getByTestId("notification").getByText("delivered").first().waitFor();
    await look("test-alert");
  }, 60_000);

  it("fit a phone: nothing lies beyond its edge, and an alert can be taken in hand", async () => {
    await page.setViewportSize({ width: 400, height: 900 });
    for (const path of ["/monitoring", "/alerts", "/alerts/history", "/heartbeats", "/rules"]) {
      await page.goto(vedette.url + path);
      await page.locator("tbody tr").first().waitFor();
      // As text, since it runs where there is a document.
      const over = await page.evaluate(
        `[...document.querySelectorAll("html, .vd-stack")].filter((e) => e.scrollWidth > e.clientWidth).length`,
      );
      expect(over, path).toBe(0);
    }
    await page.goto(`${vedette.url}/alerts`);
    const take = page.getByRole("button", { name: "Acknowledge" }).first();
    await take.waitFor();
    const box = await take.boundingBox();
    expect((box?.x ?? 999) + (box?.width ?? 0)).toBeLessThanOrEqual(400);
    await look("phone");
  }, 60_000);
});
