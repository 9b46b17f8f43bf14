import { afterEach, beforeEach, expect, it } from "vitest";
import { firing, post, sendUntilFiring } from "./pack-rules";
import { type Vedette, eventually, startVedette } from "../vedette";

let vedette: Vedette;

beforeEach(async () => {
  vedette = await startVedette();
});
afterEach(async () => {
  await vedette?.stop();
});

const LIMIT_MS = 150_000;

it(
  "tells of too few events and of a series that stays away, and nothing before the first",
  async () => {
    const rules = `interval: 2s
alerts:
  - { name: few_signups, event: sign_up, condition: fewer than 3 in 10s, severity: warning }
  - { name: probe_silent, metric: probe.last_run, absent_for: 8s, by: [host] }
`;
    const r = await vedette.fetch("/config/v1/rules/own", {
      method: "PUT",
      token: "vdt_admin_local",
      headers: { "content-type": "application/yaml" },
      body: rules,
    });
    expect(r.status, await r.text()).toBe(202);
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect(await firing(vedette)).toEqual([]);
    const signUp = (n: number): Promise<void> =>
      post(
        vedette,
        "/api/v1/ingest/events",
        Array.from({ length: n }, (_, i) => ({ name: "sign_up", user_id: `u${i}` })),
      );
    const probe = (): Promise<void> =>
      post(vedette, "/api/v1/import/prometheus", 'probe_last_run{host="a"} 1\n');
    await Promise.all([signUp(5), probe()]);
    await sendUntilFiring(vedette, () => Promise.resolve(), ["few_signups", "probe_silent"]);
    await sendUntilFiring(vedette, async () => void (await Promise.all([signUp(1), probe()])), []);
    const shown = await vedette.fetch("/config/v1/rules/own/alerts?form=source", {
      token: "vdt_read_local",
    });
    expect(await shown.text()).toBe(rules);
    const compiled = await vedette.fetch("/config/v1/rules/own/alerts", {
      token: "vdt_read_local",
    });
    expect(await compiled.text()).toContain(
      "alert: few_signups\n    expr: |-\n      (\n        sum(",
    );
    await eventually("both told", async () => {
      const inbox = await vedette.fetch("/api/v1/receiver/inbox", { token: "vdt_read_local" });
      const text = await inbox.text();
      return text.includes("few_signups") && text.includes("probe_silent");
    });
  },
  LIMIT_MS,
);

it(
  "holds back within its cooldown, as code writes it, what fires anew",
  async () => {
    const r = await vedette.fetch("/config/v1/rules/own", {
      method: "PUT",
      token: "vdt_admin_local",
      headers: { "content-type": "application/yaml" },
      body: "interval: 2s\nrules:\n  oven_hot: { metric: oven.temperature, threshold: 200, severity: high, cooldown: 15 }\n",
    });
    expect(r.status, await r.text()).toBe(202);
    const told = async (status: string): Promise<number> => {
      const inbox = await vedette.fetch("/api/v1/receiver/inbox", { token: "vdt_read_local" });
      const { messages } = (await inbox.json()) as { messages: { status: string }[] };
      return messages.filter((m) => m.status === status && JSON.stringify(m).includes("oven_hot"))
        .length;
    };
    const oven = (degrees: number): Promise<void> =>
      post(vedette, "/api/v1/import/prometheus", `oven_temperature ${degrees}\n`);
    await sendUntilFiring(vedette, () => oven(230), ["oven_hot"]);
    await eventually("the first message", async () => (await told("firing")) === 1);
    await sendUntilFiring(vedette, () => oven(100), []);
    await eventually("its resolution", async () => (await told("resolved")) === 1);
    await sendUntilFiring(vedette, () => oven(240), ["oven_hot"]);
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    expect(await told("firing")).toBe(1);
  },
  LIMIT_MS,
);
