import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { expect, it, vi } from "vitest";
import type { Incident } from "../../src/incidents/model";
import type { IncidentAlerts, IncidentRpc } from "../../src/core/objects";
import type { Env } from "../../src/env";
import { refusingDb } from "./d1-double";

const objectOf = (id: string): DurableObjectStub => env.INCIDENT.getByName(`default/${id}`);
/** The class implements the interface (core/objects.ts); a namespace without a type argument does not say so. */
const rpc = (id: string): IncidentRpc => objectOf(id) as unknown as IncidentRpc;

const change = (id: string, status: "firing" | "resolved"): IncidentAlerts => ({
  incidentId: id,
  projectId: "default",
  groupKey: `{}:{alertname="${id}"}`,
  receiver: "inbox",
  groupLabels: { alertname: id },
  commonLabels: { alertname: id, severity: "critical" },
  commonAnnotations: {},
  alerts: [
    {
      fingerprint: "a",
      labels: { alertname: id, severity: "critical" },
      annotations: {},
      status,
      startsAtMs: Date.now(),
    },
  ],
});

let down = false;

/** Lets the object see a D1 that refuses while `down`. */
async function withOutage(id: string): Promise<void> {
  await runInDurableObject(objectOf(id), (instance) => {
    // The field is protected in its class alone.
    const open = instance as unknown as { env: Env };
    const failure = (): Error | undefined => (down ? new Error("D1_ERROR: overloaded") : undefined);
    open.env = { ...open.env, DB: refusingDb(env.DB, failure) };
  });
}

const stateOf = async (id: string): Promise<Incident | null> =>
  JSON.parse((await rpc(id).get()) ?? "null") as Incident | null;

/** Makes every timer due, as if the time had passed, and lets the alarm run. */
async function passTime(id: string, dueToo = false): Promise<void> {
  await runInDurableObject(objectOf(id), (_, state) => {
    const row = state.storage.sql.exec<{ body: string }>("SELECT body FROM incident").one();
    const incident = JSON.parse(row.body) as { escalation: { dueAtMs?: number } };
    if (dueToo) incident.escalation.dueAtMs = Date.now() - 1;
    state.storage.sql.exec("UPDATE incident SET body = ?", JSON.stringify(incident));
    state.storage.sql.exec(
      dueToo
        ? "UPDATE timers SET at_ms = ?"
        : "UPDATE timers SET at_ms = ? WHERE name <> 'escalate'",
      Date.now() - 1,
    );
  });
  await runDurableObjectAlarm(objectOf(id));
}

const inbox = async (): Promise<string> =>
  (
    await exports.default.fetch("http://vedette.test/api/v1/receiver/inbox", {
      headers: { authorization: "Bearer vdt_admin_local" },
    })
  ).text();

const putPolicy = async (policy: string): Promise<void> => {
  const r = await exports.default.fetch("http://vedette.test/config/v1/escalation", {
    method: "PUT",
    headers: { authorization: "Bearer vdt_admin_local" },
    body: policy,
  });
  expect(r.status).toBe(200);
};

it("opens while D1 is down, and follows the configured policy once that can be read", async () => {
  await putPolicy(
    "policies:\n  critical:\n    name: configured\n    steps:\n      - {after: 0s, receiver: inbox}\n      - {after: 10m, receiver: inbox}\n",
  );
  await withOutage("o-open");
  down = true;
  await rpc("o-open").alertsChanged(change("o-open", "firing"));
  const open = await stateOf("o-open");
  expect(open?.status).toBe("open");
  // Somebody is paged whatever else fails.
  expect(open?.escalation.policy.steps[0]?.receivers).toEqual(["inbox"]);
  down = false;
  await passTime("o-open");
  const later = await stateOf("o-open");
  expect(later?.escalation.policy.name).toBe("configured");
  expect(later?.timeline.map((e) => e.kind)).toEqual(["opened", "escalated"]);
  expect(await inbox()).toContain("o-open");
});

it("pages while D1 is down", async () => {
  down = false;
  await withOutage("o-page");
  await putPolicy(
    "policies:\n  critical:\n    steps:\n      - {after: 5m, receiver: inbox}\n      - {after: 10m, receiver: inbox}\n",
  );
  await rpc("o-page").alertsChanged(change("o-page", "firing"));
  down = true;
  await passTime("o-page", true);
  down = false;
  expect((await stateOf("o-page"))?.timeline.map((e) => e.kind)).toEqual(["opened", "escalated"]);
  expect(await inbox()).toContain("o-page");
});

it("repeats a step until its receiver has taken it, also over the loss of its memory", async () => {
  await rpc("o-retry").alertsChanged(change("o-retry", "firing"));
  await runInDurableObject(objectOf("o-retry"), (instance) => {
    const open = instance as unknown as { env: Env };
    const broken = {
      getByName: () => ({ enqueue: () => Promise.reject(new Error("Network connection lost.")) }),
    };
    open.env = { ...open.env, RECEIVER: broken as unknown as Env["RECEIVER"] };
  });
  await passTime("o-retry", true);
  expect(await inbox()).not.toContain("o-retry");
  expect((await stateOf("o-retry"))?.timeline.at(-1)).toMatchObject({ kind: "escalation_failed" });
  await evictDurableObject(objectOf("o-retry"));
  await passTime("o-retry");
  expect(await inbox()).toContain("o-retry");
});

it("writes its row in D1 later where the object died before it could", async () => {
  down = false;
  await withOutage("o-sync");
  await rpc("o-sync").alertsChanged(change("o-sync", "firing"));
  // The write comes to nothing, as when the object dies before it is made.
  let release: () => void = () => undefined;
  const never = new Promise((_, reject) => {
    release = () => reject(new Error("gone"));
  });
  const useDb = (db: D1Database): Promise<void> =>
    runInDurableObject(objectOf("o-sync"), (instance) => {
      const open = instance as unknown as { env: Env };
      open.env = { ...open.env, DB: db };
    });
  const hang = { prepare: () => ({ bind: () => ({ run: () => never }) }) };
  await useDb(hang as unknown as D1Database);
  await rpc("o-sync").command(JSON.stringify({ do: "resolve" }), "ann");
  await useDb(env.DB);
  await passTime("o-sync");
  await vi.waitFor(async () => {
    const row = await env.DB.prepare("SELECT status FROM incidents WHERE id = 'o-sync'").first();
    expect(row).toEqual({ status: "resolved" });
  });
  release();
});

it("does not open for alerts that have all resolved", async () => {
  await rpc("o-late").alertsChanged(change("o-late", "resolved"));
  expect(await stateOf("o-late")).toBeNull();
});
