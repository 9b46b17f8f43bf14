import { env, exports } from "cloudflare:workers";
import { evictDurableObject } from "cloudflare:test";
import { expect, it, vi } from "vitest";
import type { ActiveAlert } from "../../src/alerting/model";

async function api(method: string, path: string, body?: unknown): Promise<Response> {
  const headers = new Headers({ authorization: "Bearer vdt_admin_local" });
  const init: RequestInit = { method, headers };
  if (body !== undefined) init.body = typeof body === "string" ? body : JSON.stringify(body);
  if (typeof body === "object") headers.set("content-type", "application/json");
  const answer = await exports.default.fetch(new Request(`http://vedette.test${path}`, init));
  expect([method, path, answer.status]).toEqual([method, path, expect.toSatisfy((s) => s < 300)]);
  return answer;
}

await api(
  "PUT",
  "/config/v1/alertmanager",
  `
route: {receiver: inbox, group_by: [alertname], group_wait: 0s, group_interval: 1s}
receivers:
  - name: inbox
    builtin_configs: [{}]
`,
);

interface Message {
  readonly data: {
    readonly status: string;
    readonly notification_reason: string;
    readonly commonAnnotations: Record<string, string>;
    readonly groupLabels: Record<string, string>;
    readonly alerts: readonly { readonly labels: Record<string, string> }[];
  };
}

/** What the inbox was told of an alert, the oldest first. */
async function told(alertname: string): Promise<Message["data"][]> {
  const answer = await api("GET", "/api/v1/receiver/inbox?limit=100");
  const { messages } = await answer.json<{ messages: Message[] }>();
  return messages
    .map((m) => m.data)
    .filter((d) => d.groupLabels["alertname"] === alertname)
    .reverse();
}

async function active(alertname: string): Promise<ActiveAlert | undefined> {
  const answer = await api("GET", "/api/v1/alerts/active");
  const { alerts } = await answer.json<{ alerts: ActiveAlert[] }>();
  return alerts.find((a) => a.labels["alertname"] === alertname);
}

/** Posts as a Prometheus does; an end in the past resolves. */
async function post(alertname: string, annotations: object, ended: boolean): Promise<void> {
  const now = Date.now();
  await api("POST", "/api/v2/alerts", [
    {
      labels: { alertname },
      annotations,
      startsAt: new Date(now - 10).toISOString(),
      ...(ended ? { endsAt: new Date(now - 1).toISOString() } : {}),
    },
  ]);
}

it("damps what is posted and flaps, as its annotation asks", async () => {
  const annotations = { vedette_flap: "3 in 10m, calm 3s" };
  await post("Posted", annotations, false);
  await post("Posted", annotations, true);
  await post("Posted", annotations, false);
  await post("Posted", annotations, true);
  expect(await active("Posted")).toMatchObject({
    status: "firing",
    flapping: { changes: 3, withinMs: 600_000, reported: "resolved" },
  });
  await vi.waitFor(async () => expect((await told("Posted")).length).toBe(2), { timeout: 4_000 });
  await evictDurableObject(env.ALERT_ROUTER.getByName("default/router"));
  await vi.waitFor(
    async () =>
      expect((await told("Posted")).map((d) => [d.status, d.notification_reason])).toEqual([
        ["firing", "first notification"],
        ["firing", "flapping"],
        ["resolved", "all alerts resolved"],
      ]),
    { timeout: 9_000, interval: 200 },
  );
  expect((await told("Posted"))[1]?.commonAnnotations["flapping"]).toMatch(
    /^changed its state 3 times within 10m/,
  );
}, 20_000);

it("keeps a rule's cooldown and flapping to each label set, and shows both", async () => {
  const sample = async (...lines: readonly string[]) =>
    api("POST", "/api/v1/import/prometheus", `${lines.join("\n")}\n`);
  const firing = async (alertname: string): Promise<string[]> => {
    const answer = await api("GET", "/api/v1/alerts/active");
    const { alerts } = await answer.json<{ alerts: ActiveAlert[] }>();
    return alerts
      .filter((a) => a.labels["alertname"] === alertname && a.status === "firing")
      .map((a) => `${a.labels["host"]}${a.heldBackUntilMs === undefined ? "" : " held"}`)
      .toSorted();
  };
  await sample('damped{host="a"} 1', 'damped{host="b"} 0');
  await api(
    "POST",
    "/config/v1/rules/damped",
    "name: g\ninterval: 1h\nrules:\n- alert: Cool\n  expr: damped > 0\n  cooldown: 1h\n  flap: {changes: 9, within: 10m}\n",
  );
  await vi.waitFor(async () => expect(await firing("Cool")).toEqual(["a"]), { timeout: 5_000 });
  await sample('damped{host="a"} 0');
  await vi.waitFor(async () => expect(await firing("Cool")).toEqual([]), { timeout: 5_000 });
  await vi.waitFor(async () => expect(await told("Cool")).toHaveLength(2), { timeout: 5_000 });
  await sample('damped{host="a"} 1', 'damped{host="b"} 1');
  await vi.waitFor(async () => expect(await firing("Cool")).toEqual(["a held", "b"]), {
    timeout: 5_000,
  });
  await vi.waitFor(async () => expect(await told("Cool")).toHaveLength(3), { timeout: 5_000 });
  expect((await told("Cool"))[2]?.alerts.map((a) => a.labels["host"])).toEqual(["b"]);
  const rules = await (await api("GET", "/api/v1/rules?rule_name[]=Cool")).json();
  expect(JSON.stringify(rules)).toContain('"flap":{"changes":9,"within":600,"calm":600}');
}, 30_000);
