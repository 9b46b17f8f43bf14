import { createExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { gzip } from "../../src/core/gzip";
import type { Env } from "../../src/env";
import worker from "../../src/index";
import { refusingDb } from "./d1-double";

const FAR = "2099-01-01T00:00:00.000Z";
const BEGAN = "2026-01-01T00:00:00.000Z";

interface Asked {
  readonly method?: string;
  readonly body?: unknown;
  readonly token?: "admin" | "read" | "ingest";
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask(path: string, asked: Asked = {}): Promise<Response> {
  const { body, token = "admin", method = body === undefined ? "GET" : "POST" } = asked;
  return await exports.default.fetch(`http://vedette.test${path}`, {
    method,
    headers: {
      authorization: `Bearer vdt_${token}_local`,
      "content-type": "application/json",
      ...asked.headers,
    },
    ...(body === undefined
      ? {}
      : {
          body:
            body instanceof Uint8Array || typeof body === "string" ? body : JSON.stringify(body),
        }),
  });
}

async function json<T>(path: string): Promise<T> {
  const r = await ask(path, { token: "read" });
  expect(r.status, path).toBe(200);
  return await r.json<T>();
}

interface Alert {
  readonly labels: Readonly<Record<string, string>>;
  readonly fingerprint: string;
  readonly receivers: readonly { readonly name: string }[];
  readonly status: {
    readonly state: string;
    readonly silencedBy: readonly string[];
    readonly inhibitedBy: readonly string[];
    readonly mutedBy: readonly string[];
  };
  readonly startsAt: string;
  readonly endsAt: string;
  readonly updatedAt: string;
}

interface Group {
  readonly labels: Readonly<Record<string, string>>;
  readonly routeLabels: Readonly<Record<string, string>>;
  readonly receiver: { readonly name: string };
  readonly alerts: readonly Alert[];
}

const names = (alerts: readonly Alert[]): string[] =>
  alerts.map((a) => a.labels["alertname"] ?? "").toSorted();

async function post(...alerts: readonly Readonly<Record<string, string>>[]): Promise<void> {
  const r = await ask("/api/v2/alerts", {
    body: alerts.map((labels) => ({ labels, startsAt: BEGAN, endsAt: FAR })),
    token: "ingest",
  });
  expect(r.status, await r.text()).toBe(200);
}

const CONFIG = `route:
  receiver: default
  group_by: [alertname]
  group_wait: 1h
  labels: { area: all }
  routes:
  - matchers: ['team="night"']
    receiver: night
    mute_time_intervals: [always]
    labels: { owner: nights }
time_intervals:
- name: always
  time_intervals: [{ times: [{ start_time: "00:00", end_time: "24:00" }] }]
receivers:
- name: default
- name: night
  labels: { owner: night-team }
- name: secrets
  webhook_configs: [{ url: "http://hook.test/token-in-path", signing_secret: hush }]
  slack_configs: [{ api_url: "https://hooks.slack.test/secret" }]
`;

beforeAll(async () => {
  const r = await ask("/config/v1/alertmanager", {
    method: "PUT",
    body: CONFIG,
    headers: { "content-type": "application/yaml" },
  });
  expect(r.status, await r.text()).toBe(200);
  await post(
    { alertname: "Day" },
    { alertname: "Night", team: "night" },
    { alertname: "Maintained", host: "m1" },
  );
});

describe("who may do what", () => {
  it.each([
    ["GET", "/api/v2/status", "ingest"],
    ["GET", "/api/v2/alerts", "ingest"],
    ["POST", "/api/v2/alerts", "read"],
    ["POST", "/api/v2/silences", "read"],
    ["POST", "/api/v2/silences", "ingest"],
    ["DELETE", "/api/v2/silence/00000000-0000-4000-8000-000000000000", "read"],
  ] as const)("%s %s is not for a token that may %s", async (method, path, token) => {
    const r = await ask(path, { method, token });
    expect(r.status).toBe(403);
    expect(await r.json()).toMatchObject({ code: 403, message: expect.stringContaining("scope") });
  });

  it("takes the token as Basic's password", async () => {
    const headers = { authorization: `Basic ${btoa("anybody:vdt_read_local")}` };
    expect((await ask("/api/v2/status", { headers })).status).toBe(200);
  });

  it("answers Grafana's health check, and nothing that a cache would keep", async () => {
    const r = await ask("/api/v2/status", { token: "read" });
    expect(r.headers.get("cache-control")).toBe("no-store");
    expect(await r.json()).toMatchObject({
      cluster: { status: "disabled", peers: [] },
      versionInfo: { version: expect.stringMatching(/^0\.34\./) },
      config: { original: expect.stringContaining("receiver: default") },
    });
  });
});

describe("the configuration in the status", () => {
  it("is missing while D1 is away, which is no reason to be taken for down", async () => {
    const request = new Request("http://vedette.test/api/v2/status", {
      headers: { authorization: "Bearer vdt_read_local" },
      // The handler's own Request type is workerd's incoming one.
    }) as Parameters<typeof worker.fetch>[0];
    const vars: Env = { ...env, DB: refusingDb(env.DB, () => new Error("D1_ERROR: overloaded")) };
    const r = await worker.fetch(request, vars, createExecutionContext());
    expect(r.status).toBe(200);
    const { config } = await r.json<{ config: { original: string } }>();
    expect(config.original).toMatch(/^# .* cannot be read/);
  });

  it("has no secret and nothing that Alertmanager does not know", async () => {
    const { config } = await json<{ config: { original: string } }>("/api/v2/status");
    expect(config.original).not.toMatch(/token-in-path|hooks\.slack|hush|signing_secret/);
    expect(config.original).toContain("<secret>");
  });
});

describe("alerts", () => {
  it("have every field", async () => {
    const [alert] = await json<Alert[]>("/api/v2/alerts?filter=alertname=Day");
    expect(alert).toEqual({
      annotations: {},
      endsAt: FAR,
      fingerprint: "03861e352585f404",
      receivers: [{ name: "default" }],
      startsAt: BEGAN,
      status: { inhibitedBy: [], mutedBy: [], silencedBy: [], state: "active" },
      updatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      labels: { alertname: "Day" },
    });
  });

  it("say when they were sent last", async () => {
    const [before] = await json<Alert[]>("/api/v2/alerts?filter=alertname=Day");
    await new Promise((r) => setTimeout(r, 20));
    await post({ alertname: "Day" });
    const [after] = await json<Alert[]>("/api/v2/alerts?filter=alertname=Day");
    expect(Date.parse(after?.updatedAt ?? "")).toBeGreaterThan(Date.parse(before?.updatedAt ?? ""));
    expect(after?.startsAt).toBe(before?.startsAt);
  });

  it("are gone once they have ended", async () => {
    const labels = { alertname: "Brief" };
    expect((await ask("/api/v2/alerts", { body: [{ labels }] })).status).toBe(200);
    expect(names(await json("/api/v2/alerts?filter=alertname=Brief"))).toEqual(["Brief"]);
    const endsAt = new Date().toISOString();
    expect(
      (await ask("/api/v2/alerts", { body: [{ labels, startsAt: BEGAN, endsAt }] })).status,
    ).toBe(200);
    expect(await json("/api/v2/alerts?filter=alertname=Brief")).toEqual([]);
    const groups = await json<Group[]>("/api/v2/alerts/groups");
    expect(groups.map((g) => g.labels["alertname"])).not.toContain("Brief");
  });

  it("come compressed as well", async () => {
    const body = await gzip(
      new TextEncoder().encode(JSON.stringify([{ labels: { alertname: "Gzip" } }])),
    );
    const r = await ask("/api/v2/alerts", { body, headers: { "content-encoding": "gzip" } });
    expect(r.status).toBe(200);
    expect(names(await json("/api/v2/alerts?filter=alertname=Gzip"))).toEqual(["Gzip"]);
  });

  it("are taken where others beside them are not", async () => {
    const r = await ask("/api/v2/alerts", {
      body: [{ labels: {} }, { labels: { alertname: "Beside" } }, { labels: { "": "x" } }],
    });
    expect(r.status).toBe(400);
    expect(await r.json()).toBe(
      'at least one label pair required; invalid label set: invalid name ""',
    );
    expect(names(await json("/api/v2/alerts?filter=alertname=Beside"))).toEqual(["Beside"]);
  });

  it("with names like those of objects stay what they are", async () => {
    const body = '[{"labels":{"__proto__":"p","constructor":"c","alertname":"Proto"}}]';
    expect((await ask("/api/v2/alerts", { body })).status).toBe(200);
    const r = await ask("/api/v2/alerts?filter=constructor=c&filter=__proto__=p");
    expect(await r.text()).toContain('"__proto__":"p"');
    expect(await json("/api/v2/alerts?filter=toString=~.%2B")).toEqual([]);
  });
});

describe("what holds alerts back", () => {
  it("a maintenance window suppresses, and says its id", async () => {
    const made = await ask("/api/v1/maintenance-windows", {
      body: {
        name: "upgrade",
        matchers: [{ name: "host", value: "m1" }],
        startsAt: new Date().toISOString(),
        endsAt: FAR,
      },
    });
    expect(made.status, await made.clone().text()).toBe(201);
    const { id } = await made.json<{ id: string }>();
    const [alert] = await json<Alert[]>("/api/v2/alerts?filter=alertname=Maintained");
    expect(alert?.status).toEqual({
      inhibitedBy: [],
      mutedBy: [id],
      silencedBy: [],
      state: "suppressed",
    });
    expect(names(await json("/api/v2/alerts?active=false"))).toContain("Maintained");
  });

  it("a time interval mutes the groups of its route alone", async () => {
    const all = await json<Group[]>("/api/v2/alerts/groups");
    const night = all.find((g) => g.receiver.name === "night");
    expect(night?.alerts[0]?.status).toMatchObject({ state: "suppressed", mutedBy: ["always"] });
    const loud = await json<Group[]>("/api/v2/alerts/groups?muted=false");
    expect(loud.map((g) => g.receiver.name)).not.toContain("night");
    expect(loud.length).toBe(all.length - 1);
    // An alert apart from its group is not muted: another group may tell of it.
    const [alert] = await json<Alert[]>("/api/v2/alerts?filter=alertname=Night");
    expect(alert?.status.state).toBe("active");
  });

  it("a recurring silence is shown with the stretch that holds", async () => {
    const made = await ask("/api/v1/silences", {
      body: {
        matchers: [{ name: "alertname", value: "Day" }],
        schedule: { intervals: [{ times: [{ start_time: "00:00", end_time: "24:00" }] }] },
        comment: "every day",
      },
    });
    const text = await made.text();
    expect(made.status, text).toBe(201);
    const { silenceID: id } = JSON.parse(text) as { silenceID: string };
    const [alert] = await json<Alert[]>("/api/v2/alerts?filter=alertname=Day");
    expect(alert?.status.silencedBy).toEqual([id]);
    const shown = await json<{ status: { state: string }; endsAt: string }>(
      `/api/v2/silence/${id}`,
    );
    expect(shown.status.state).toBe("active");
    expect((await ask(`/api/v2/silence/${id}`, { method: "DELETE" })).status).toBe(200);
    const [loud] = await json<Alert[]>("/api/v2/alerts?filter=alertname=Day");
    expect(loud?.status.state).toBe("active");
  });
});

describe("labels of 0.34", () => {
  it("receivers have theirs, their name among them", async () => {
    expect(await json("/api/v2/receivers")).toEqual([
      { name: "default", labels: { name: "default" } },
      { name: "night", labels: { name: "night", owner: "night-team" } },
      { name: "secrets", labels: { name: "secrets" } },
    ]);
    const path = "receiver_matchers=owner%3D~%22night.*%22";
    expect(await json(`/api/v2/receivers?${path}`)).toMatchObject([{ name: "night" }]);
    expect(names(await json(`/api/v2/alerts?${path}`))).toEqual(["Night"]);
    const groups = await json<Group[]>(`/api/v2/alerts/groups?${path}`);
    expect(groups.map((g) => g.receiver.name)).toEqual(["night"]);
    expect((await ask("/api/v2/receivers?receiver_matchers=owner")).status).toBe(400);
  });

  it("groups have those of their route", async () => {
    const groups = await json<Group[]>("/api/v2/alerts/groups");
    expect(groups.find((g) => g.receiver.name === "night")?.routeLabels).toEqual({
      area: "all",
      owner: "nights",
    });
    expect(groups.find((g) => g.receiver.name === "default")?.routeLabels).toEqual({ area: "all" });
  });
});

describe("silences", () => {
  const silence = {
    matchers: [{ name: "team", value: "x", isRegex: false }],
    startsAt: BEGAN,
    endsAt: FAR,
    createdBy: "ann",
    comment: "",
  };
  const make = async (body: unknown): Promise<string> => {
    const r = await ask("/api/v2/silences", { body });
    expect(r.status, await r.clone().text()).toBe(200);
    return (await r.json<{ silenceID: string }>()).silenceID;
  };

  it("keep their annotations", async () => {
    const id = await make({ ...silence, annotations: { ticket: "OPS-1" } });
    expect(await json(`/api/v2/silence/${id}`)).toMatchObject({ annotations: { ticket: "OPS-1" } });
    const wrong = await ask("/api/v2/silences", { body: { ...silence, annotations: { n: 1 } } });
    expect(wrong.status).toBe(400);
  });

  it("are listed by state where that is asked", async () => {
    const later = await make({ ...silence, startsAt: "2098-01-01T00:00:00Z" });
    const over = await make(silence);
    await ask(`/api/v2/silence/${over}`, { method: "DELETE" });
    const ids = async (query: string): Promise<string[]> =>
      (await json<{ id: string }[]>(`/api/v2/silences?${query}`)).map((s) => s.id);
    expect(await ids("active=false&expired=false")).toEqual([later]);
    expect(await ids("active=false&pending=false")).toContain(over);
    expect(await ids("pending=false")).not.toContain(later);
    // Those to come before those that ended.
    const all = await ids("");
    expect(all.indexOf(later)).toBeLessThan(all.indexOf(over));
  });
});
