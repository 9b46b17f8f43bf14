import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import type { IncidentAlerts, IncidentRpc } from "../../src/core/objects";

const ask = (path: string, init: RequestInit & { token?: string } = {}): Promise<Response> =>
  exports.default.fetch(`http://vedette.test${path}`, {
    ...init,
    headers: { authorization: `Bearer ${init.token ?? "vdt_admin_local"}` },
  });

const objectOf = (id: string): DurableObjectStub => env.INCIDENT.getByName(`default/${id}`);
/** The class implements the interface (core/objects.ts); a namespace without a type argument does not say so. */
const rpc = (id: string): IncidentRpc => objectOf(id) as unknown as IncidentRpc;

const change = (id: string, status: "firing" | "resolved", ...names: string[]): IncidentAlerts => ({
  incidentId: id,
  projectId: "default",
  groupKey: `{}:{alertname="${id}"}`,
  receiver: "inbox",
  groupLabels: { alertname: id },
  commonLabels: { alertname: id, severity: "critical" },
  commonAnnotations: { summary: "it is broken" },
  alerts: names.map((n) => ({
    fingerprint: n,
    labels: { alertname: n, severity: "critical" },
    annotations: {},
    status,
    startsAtMs: Date.now(),
  })),
});

interface Shown {
  status: string;
  acknowledged_by: string | null;
  timeline: { kind: string; author: string; text: string }[];
  escalation: { due_at: string | null };
}
const show = async (id: string): Promise<Shown> => (await ask(`/api/v1/incidents/${id}`)).json();

/** Makes the escalation due, as if the time had passed, and lets the alarm run. */
async function passStep(id: string): Promise<void> {
  await runInDurableObject(objectOf(id), (_, state) => {
    const row = state.storage.sql.exec<{ body: string }>("SELECT body FROM incident").one();
    const incident = JSON.parse(row.body) as { escalation: { dueAtMs: number } };
    incident.escalation.dueAtMs = Date.now() - 1;
    state.storage.sql.exec("UPDATE incident SET body = ?", JSON.stringify(incident));
    state.storage.sql.exec("UPDATE timers SET at_ms = ? WHERE name = 'escalate'", Date.now() - 1);
  });
  await runDurableObjectAlarm(objectOf(id));
}

/** No timer is left, once the row in D1 has followed. */
const resting = (id: string): Promise<void> =>
  vi.waitFor(async () =>
    expect(await runInDurableObject(objectOf(id), (_, s) => s.storage.getAlarm())).toBeNull(),
  );

describe("an incident", () => {
  it("opens, is joined, is listed, and resolves with its group", async () => {
    await rpc("i-life").alertsChanged(change("i-life", "firing", "Api"));
    await rpc("i-life").alertsChanged(change("i-life", "firing", "Api", "Db"));
    const open = await show("i-life");
    expect(open).toMatchObject({ status: "open" });
    expect(open.timeline.map((e) => e.kind)).toEqual(["opened", "alert_joined"]);
    const list = await (
      await ask("/api/v1/incidents?status=open", { token: "vdt_read_local" })
    ).json<{ incidents: { id: string; alerts: number }[] }>();
    expect(list.incidents.find((i) => i.id === "i-life")).toMatchObject({ alerts: 2 });
    await rpc("i-life").alertsChanged(change("i-life", "resolved", "Api", "Db"));
    expect(await show("i-life")).toMatchObject({
      status: "resolved",
      escalation: { due_at: null },
    });
    await resting("i-life");
  });

  it("escalates through the receivers, step after step, until somebody acknowledges", async () => {
    const policy =
      "policies:\n  critical:\n    steps:\n      - {after: 10m, receiver: inbox}\n      - {after: 20m, receiver: inbox}\n      - {after: 30m, receiver: inbox}\n";
    const put = await ask("/config/v1/escalation", { method: "PUT", body: policy });
    expect(await put.text()).toContain("critical");
    await rpc("i-esc").alertsChanged(change("i-esc", "firing", "Api"));
    await passStep("i-esc");
    await passStep("i-esc");
    expect((await show("i-esc")).timeline.map((e) => `${e.kind} ${e.text}`)).toEqual([
      expect.stringContaining("opened"),
      "escalated step 1 of 3: inbox",
      "escalated step 2 of 3: inbox",
    ]);
    const inbox = await (
      await ask("/api/v1/receiver/inbox")
    ).json<{ messages: { reason?: string }[] }>();
    expect(JSON.stringify(inbox)).toContain("escalation");
    const ack = await ask("/api/v1/incidents/i-esc/acknowledge", { method: "POST" });
    expect(await ack.json()).toMatchObject({
      status: "acknowledged",
      acknowledged_by: "local admin",
    });
    await resting("i-esc");
  });

  it("says in its timeline where a step reached nobody", async () => {
    await rpc("i-nobody").alertsChanged({
      ...change("i-nobody", "firing", "Api"),
      commonLabels: { severity: "critical" },
    });
    await runInDurableObject(objectOf("i-nobody"), (_, state) => {
      const row = state.storage.sql.exec<{ body: string }>("SELECT body FROM incident").one();
      state.storage.sql.exec(
        "UPDATE incident SET body = ?",
        row.body.replaceAll('"receivers":["inbox"]', '"receivers":["gone"]'),
      );
    });
    await passStep("i-nobody");
    expect((await show("i-nobody")).timeline.at(-1)).toMatchObject({
      kind: "escalation_failed",
      text: "gone: receiver_unknown",
    });
  });

  it("takes notes and an assignee, with the author", async () => {
    await rpc("i-notes").alertsChanged(change("i-notes", "firing", "Api"));
    await ask("/api/v1/incidents/i-notes/assign", {
      method: "POST",
      body: JSON.stringify({ assignee: "ann" }),
    });
    await ask("/api/v1/incidents/i-notes/notes", {
      method: "POST",
      body: JSON.stringify({ text: "<b>looking</b>" }),
    });
    const done = await ask("/api/v1/incidents/i-notes/resolve", {
      method: "POST",
      body: JSON.stringify({ note: "restarted" }),
    });
    const shown = await done.json<Shown>();
    expect(shown.timeline.slice(1)).toEqual([
      expect.objectContaining({ kind: "assigned", author: "local admin", text: "to ann" }),
      expect.objectContaining({ kind: "note", text: "<b>looking</b>" }),
      expect.objectContaining({ kind: "resolved", text: "restarted" }),
    ]);
    const again = await ask("/api/v1/incidents/i-notes/resolve", { method: "POST" });
    expect(again.status).toBe(409);
    expect(await again.json()).toMatchObject({ code: "incident_resolved" });
  });

  it("is out of reach for who may only read or send", async () => {
    await rpc("i-scope").alertsChanged(change("i-scope", "firing", "Api"));
    for (const token of ["vdt_read_local", "vdt_ingest_local"]) {
      expect(
        (await ask("/api/v1/incidents/i-scope/acknowledge", { method: "POST", token })).status,
      ).toBe(403);
    }
    expect((await ask("/api/v1/incidents/none-such")).status).toBe(404);
    expect((await ask("/api/v1/incidents?limit=0")).status).toBe(400);
  });
});

describe("the escalation file", () => {
  it.each([
    [
      "policies:\n  critical:\n    steps:\n      - {after: 5m, receiver: nobody}",
      "escalation_receiver_unknown",
      "4:",
    ],
    ["policies: [", "escalation_yaml_malformed", "1:"],
  ])("is refused with its place: %s", async (body, code, where) => {
    const r = await ask("/config/v1/escalation", { method: "PUT", body });
    expect(r.status).toBe(400);
    const p = await r.json<{ code: string; where: string }>();
    expect(p.code).toBe(code);
    expect(p.where.startsWith(where)).toBe(true);
  });
});
