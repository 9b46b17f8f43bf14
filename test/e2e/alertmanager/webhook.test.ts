import { type IncomingMessage, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Vedette, eventually, startVedette } from "../vedette";
import { type AlertmanagerServer, installed, startAlertmanager } from "./server";
import { type Posted, SCENARIOS, configuration } from "./webhook-scenarios";

/** Both are reached there, as far as their messages say. */
const EXTERNAL = "http://alerts.test";

interface Message {
  readonly method: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Readonly<Record<string, unknown>>;
}

/** Takes webhooks and keeps them by scenario. */
class Hook {
  readonly messages = new Map<number, Message[]>();
  readonly server = createServer((req, res) => {
    let text = "";
    req.on("data", (chunk) => (text += String(chunk)));
    req.on("end", () => {
      const n = Number((req.url ?? "").slice(1));
      const body = JSON.parse(text) as Message["body"];
      const list = this.messages.get(n) ?? [];
      list.push({ method: req.method ?? "", headers: req.headers, body });
      this.messages.set(n, list);
      res.end();
    });
  });

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  of(n: number): readonly Message[] {
    return this.messages.get(n) ?? [];
  }
}

// Alertmanager is Debian's; where it is not installed there is nothing to compare with.
describe.skipIf(!installed("prometheus-alertmanager"))(
  "webhooks of the same alerts as from a real Alertmanager",
  () => {
    const [ours, theirs] = [new Hook(), new Hook()];
    let vedette: Vedette;
    let alertmanager: AlertmanagerServer;

    beforeAll(async () => {
      const [a, b] = await Promise.all([ours.listen(), theirs.listen()]);
      [vedette, alertmanager] = await Promise.all([
        startVedette({ vars: { EXTERNAL_URL: EXTERNAL } }),
        startAlertmanager(configuration(b), EXTERNAL),
      ]);
      const put = await vedette.fetch("/config/v1/alertmanager", {
        method: "PUT",
        body: configuration(a),
        headers: { "content-type": "application/yaml" },
        token: "vdt_admin_local",
      });
      expect(put.status, await put.text()).toBe(200);
      await play();
    }, 120_000);
    afterAll(async () => {
      await Promise.all([vedette?.stop(), alertmanager?.stop()]);
      for (const hook of [ours, theirs]) hook.server.close();
    });

    async function both(path: string, body: unknown): Promise<void> {
      const init = {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      };
      const answers = await Promise.all([
        vedette.fetch(path, { ...init, token: "vdt_admin_local" }),
        fetch(alertmanager.url + path, init),
      ]);
      for (const r of answers) expect(r.status, await r.text()).toBe(200);
    }

    /** All scenarios at once, since they mostly wait. */
    async function play(): Promise<void> {
      for (const s of SCENARIOS) {
        if (s.silence === undefined) continue;
        await both("/api/v2/silences", {
          matchers: Object.entries(s.silence).map(([name, value]) => ({
            name,
            value,
            isRegex: false,
          })),
          startsAt: new Date().toISOString(),
          endsAt: "2099-01-01T00:00:00Z",
          createdBy: "ann",
          comment: "",
        });
      }
      const steps = SCENARIOS.flatMap((s) => s.alerts.map((a) => ({ scenario: s.name, a })));
      const begin = Date.now();
      for (const at of [...new Set(steps.map(({ a }) => a.at))].sort((x, y) => x - y)) {
        await new Promise((r) => setTimeout(r, begin + at * 1_000 - Date.now()));
        const now = new Date().toISOString();
        const posted = steps.filter(({ a }) => a.at === at);
        await both(
          "/api/v2/alerts",
          posted.map(({ scenario, a }) => postable(scenario, a, now)),
        );
      }
      await eventually(
        "all messages of both",
        async () =>
          SCENARIOS.every(
            (s, n) => ours.of(n).length >= s.messages && theirs.of(n).length >= s.messages,
          ),
        40_000,
      ).catch(() => undefined); // which are missing is told by their scenarios
      // What should not come would have come by then.
      await new Promise((r) => setTimeout(r, 1_500));
    }

    it("covers at least 12 scenarios", () => {
      expect(SCENARIOS.length).toBeGreaterThanOrEqual(12);
    });

    it.each(SCENARIOS.map((s, n) => [s.name, s, n] as const))("%s", (_, scenario, n) => {
      const repeats = scenario.name === "the repeat";
      const [a, b] = [ours.of(n), theirs.of(n)].map((list) =>
        repeats ? list.slice(0, scenario.messages) : list,
      ) as [readonly Message[], readonly Message[]];
      expect(b.length).toBe(scenario.messages);
      expect(a.map(({ body }) => withoutReason(body))).toEqual(b.map(({ body }) => body));
      for (const [i, { method, headers }] of a.entries()) {
        expect(method).toBe(b[i]?.method);
        expect(headers["content-type"]).toBe(b[i]?.headers["content-type"]);
      }
    });

    it("has the fields in Alertmanager's order, and says why it is sent", () => {
      const [first] = ours.of(0);
      const [other] = theirs.of(0);
      const names = Object.keys(other?.body ?? {});
      // 0.34 has it before the alerts.
      names.splice(names.indexOf("alerts"), 0, "notification_reason");
      expect(Object.keys(first?.body ?? {}).toSorted()).toEqual(names.toSorted());
      expect(first?.body["notification_reason"]).toBe("first notification");
      expect(first?.headers["user-agent"]).toMatch(/^Vedette/);
      expect(other?.headers["user-agent"]).toMatch(/^Alertmanager/);
    });
  },
);

function postable(scenario: string, a: Posted, now: string): object {
  return {
    labels: { ...a.labels, scenario },
    ...(a.annotations === undefined ? {} : { annotations: a.annotations }),
    ...(a.generatorURL === undefined ? {} : { generatorURL: a.generatorURL }),
    ...(a.startsAt === undefined ? {} : { startsAt: a.startsAt === "now" ? now : a.startsAt }),
    ...(a.ends === undefined ? {} : { endsAt: now }),
  };
}

/** 0.34 has one field more than Debian's 0.25. */
function withoutReason(body: Message["body"]): unknown {
  const { notification_reason: reason, ...rest } = body;
  expect(reason).toMatch(/\S/);
  return rest;
}
