import { env, exports } from "cloudflare:workers";
import { evictDurableObject } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import type { ActiveAlert } from "../../src/alerting/model";
import type { AlertInstance } from "../../src/core/alerts";
import type { AlertRouterRpc } from "../../src/core/objects";

const stub = env.ALERT_ROUTER.getByName("default/router");
// The stub answers any method by RPC; the interface says which the class has.
const router = stub as unknown as AlertRouterRpc;

async function api<T>(method: string, path: string, body?: unknown, status = 200): Promise<T> {
  const init: RequestInit = { method, headers: { authorization: "Bearer vdt_admin_local" } };
  if (body !== undefined) init.body = typeof body === "string" ? body : JSON.stringify(body);
  if (typeof body === "object")
    init.headers = { ...init.headers, "content-type": "application/json" };
  const answer = await exports.default.fetch(new Request(`http://vedette.test${path}`, init));
  const text = await answer.text();
  expect([answer.status, text]).toEqual([status, expect.any(String)]);
  return (text === "" ? undefined : JSON.parse(text)) as T;
}

const CONFIG = `
route:
  receiver: inbox
  group_by: [alertname]
  group_wait: 0s
  group_interval: 1s
  routes:
    - {receiver: oncall, matchers: ['severity="critical"'], continue: true}
    - receiver: inbox
receivers:
  - name: inbox
    builtin_configs: [{}]
  - name: oncall
    incident_configs: [{}]
`;
await api("PUT", "/config/v1/alertmanager", CONFIG);

let generation = 0;
const firing = new Map<string, AlertInstance>();

async function fire(alertname: string, labels: Record<string, string> = {}): Promise<void> {
  firing.set(alertname, {
    labels: { alertname, ...labels },
    annotations: {},
    startsAtMs: Date.now(),
    endsAtMs: Date.now() + 600_000,
    status: "firing",
    generatorUrl: "",
    value: 1,
  });
  await send();
}

async function send(): Promise<void> {
  await router.receive({
    source: "ns/group",
    generation: ++generation,
    evaluatedAtMs: Date.now(),
    alerts: [...firing.values()],
  });
}

const inSeconds = (s: number): string => new Date(Date.now() + s * 1_000).toISOString();

interface Inbox {
  readonly messages: readonly { readonly data: InboxData }[];
}
interface InboxData {
  readonly notification_reason: string;
  readonly status: string;
  readonly alerts: readonly { readonly labels: Record<string, string> }[];
}

/** What the inbox was told, the oldest first. */
async function told(): Promise<string[]> {
  const { messages } = await api<Inbox>("GET", "/api/v1/receiver/inbox?limit=50");
  return messages
    .map(({ data }) => {
      const names = data.alerts.map((a) => a.labels["window"] ?? a.labels["alertname"]);
      return `${names.join("+")} ${data.status}: ${data.notification_reason}`;
    })
    .reverse();
}

async function active(alertname: string): Promise<ActiveAlert> {
  const { alerts } = await api<{ alerts: ActiveAlert[] }>("GET", "/api/v1/alerts/active");
  const found = alerts.find((a) => a.labels["alertname"] === alertname);
  if (found === undefined) throw new Error(`${alertname} is not active`);
  return found;
}

interface Window {
  readonly id: string;
  readonly state: string;
  readonly events: readonly { readonly kind: string; readonly by: string }[];
}

const window = (name: string, alertname: string) => ({
  name,
  matchers: [{ name: "alertname", value: alertname }],
});

describe("a maintenance window", () => {
  it("starts and ends on its own timers, through the loss of the object's memory", async () => {
    const made = await api<Window>(
      "POST",
      "/api/v1/maintenance-windows",
      {
        ...window("deploy", "Held"),
        startsAt: inSeconds(1),
        endsAt: inSeconds(4),
        notify: "inbox",
      },
      201,
    );
    expect(made.state).toBe("pending");
    await vi.waitFor(
      async () => expect(await told()).toEqual(["deploy firing: maintenance window started"]),
      { timeout: 4_000 },
    );
    await fire("Held");
    expect(await active("Held")).toMatchObject({ status: "suppressed", maintenanceBy: [made.id] });
    await evictDurableObject(stub);
    await vi.waitFor(
      async () =>
        expect((await told()).slice(1).toSorted()).toEqual([
          "Held firing: maintenance window ended",
          "deploy resolved: maintenance window ended",
        ]),
      { timeout: 8_000, interval: 200 },
    );
    const { windows } = await api<{ windows: Window[] }>("GET", "/api/v1/maintenance-windows");
    expect(windows.find((w) => w.id === made.id)).toMatchObject({ state: "ended" });
    expect(windows.find((w) => w.id === made.id)?.events.map((e) => e.kind)).toEqual([
      "window_created",
      "window_started",
      "window_ended",
    ]);
    // The history keeps the events beside the notifications.
    await vi.waitFor(async () => {
      const { notifications } = await api<{ notifications: { reason: string }[] }>(
        "GET",
        "/api/v1/notifications?q=deploy&limit=50",
      );
      const kinds = new Set(notifications.map((n) => n.reason));
      expect(kinds).toEqual(new Set(["window_created", "window_started", "window_ended"]));
    });
    expect(await active("Held")).toMatchObject({ status: "firing", maintenanceBy: [] });
  }, 20_000);

  it("holds the escalation of incidents, and lets it go on when it is cancelled", async () => {
    await fire("Grave", { severity: "critical" });
    interface Incident {
      readonly escalation: { readonly due_at: string | null; readonly held_by: readonly string[] };
      readonly timeline: readonly { readonly kind: string }[];
    }
    const incident = async (): Promise<Incident> => {
      const { incidentId } = await active("Grave");
      return api<Incident>("GET", `/api/v1/incidents/${incidentId ?? "none"}`);
    };
    await vi.waitFor(async () => expect((await incident()).escalation.due_at).not.toBeNull());
    const dueMs = Date.parse((await incident()).escalation.due_at ?? "");
    const { id } = await api<Window>(
      "POST",
      "/api/v1/maintenance-windows",
      { ...window("night", "Grave"), startsAt: inSeconds(0), endsAt: inSeconds(600) },
      201,
    );
    await vi.waitFor(async () =>
      expect((await incident()).escalation).toMatchObject({ due_at: null, held_by: ["night"] }),
    );
    await new Promise((r) => setTimeout(r, 1_100));
    await api("DELETE", `/api/v1/maintenance-windows/${id}`, undefined, 204);
    await vi.waitFor(async () => expect((await incident()).escalation.held_by).toEqual([]));
    const { escalation, timeline } = await incident();
    expect(Date.parse(escalation.due_at ?? "") - dueMs).toBeGreaterThanOrEqual(1_000);
    expect(timeline.map((e) => e.kind)).toEqual([
      "opened",
      "escalation_held",
      "escalation_resumed",
    ]);
    await api("DELETE", `/api/v1/maintenance-windows/${id}`, undefined, 404);
  }, 20_000);

  it("is changed by its id, and refused by name", async () => {
    const recurring = {
      ...window("sundays", "X"),
      schedule: { intervals: [{ weekdays: ["sunday"], location: "Europe/Berlin" }] },
    };
    const made = await api<Window & { next: unknown; schedule: unknown }>(
      "POST",
      "/api/v1/maintenance-windows",
      recurring,
      201,
    );
    expect(made.schedule).toEqual(recurring.schedule);
    const path = `/api/v1/maintenance-windows/${made.id}`;
    const changed = await api<Window & { name: string }>("PUT", path, {
      ...recurring,
      name: "weekends",
    });
    expect(changed).toMatchObject({ id: made.id, name: "weekends" });
    const refused = async (body: object, status: number): Promise<string> =>
      (await api<{ code: string }>("PUT", path, body, status)).code;
    expect(await refused({ ...recurring, notify: "nobody" }, 400)).toBe("receiver_unknown");
    expect(await refused(window("n", "X"), 400)).toBe("times_missing");
    const never = { ...window("n", "X"), schedule: { intervals: [{ years: ["1999"] }] } };
    expect(await refused(never, 400)).toBe("schedule_invalid");
    await api("DELETE", path, undefined, 204);
    expect(await refused(recurring, 409)).toBe("window_over");
  });
});

describe("a silence", () => {
  it("recurs, and is an ordinary one in Alertmanager's API while it holds", async () => {
    const { silenceID } = await api<{ silenceID: string }>(
      "POST",
      "/api/v1/silences",
      {
        matchers: [{ name: "alertname", value: "Nightly" }],
        schedule: { intervals: [{ times: [{ start_time: "00:00", end_time: "24:00" }] }] },
        comment: "every day",
      },
      201,
    );
    await fire("Nightly");
    expect(await active("Nightly")).toMatchObject({
      status: "suppressed",
      silencedBy: [silenceID],
    });
    interface Shown {
      readonly id: string;
      readonly status: { readonly state: string };
      readonly occurrence: { readonly endsAt: string };
    }
    const { silences } = await api<{ silences: Shown[] }>("GET", "/api/v1/silences");
    expect(silences.find((s) => s.id === silenceID)).toMatchObject({
      status: { state: "active" },
      occurrence: { endsAt: expect.any(String) as string },
    });
    const v2 = await api<(Shown & { endsAt: string })[]>("GET", "/api/v2/silences");
    expect(v2.find((s) => s.id === silenceID)).toMatchObject({ status: { state: "active" } });
    expect(v2.find((s) => s.id === silenceID)).not.toHaveProperty("schedule");
    await api("DELETE", `/api/v1/silences/${silenceID}`, undefined, 204);
    expect(await active("Nightly")).toMatchObject({ status: "firing", silencedBy: [] });
  });

  it("is changed with everything that the list says of it, whichever API made it", async () => {
    interface Shown {
      readonly id: string;
      readonly status: { readonly state: string };
      readonly updatedAt: string;
    }
    const made = await api<{ silenceID: string }>("POST", "/api/v2/silences", {
      matchers: [{ name: "alertname", value: "Full", isRegex: false }],
      startsAt: inSeconds(0),
      endsAt: inSeconds(600),
      createdBy: "amtool",
      comment: "disk",
      annotations: { ticket: "OPS-1" },
    });
    const shown = async (id: string): Promise<Shown | undefined> =>
      (await api<{ silences: Shown[] }>("GET", "/api/v1/silences")).silences.find(
        (s) => s.id === id,
      );
    const put = async (silence: object): Promise<string> =>
      (await api<{ silenceID: string }>("POST", "/api/v1/silences", silence, 201)).silenceID;
    const { status: _, updatedAt: __, ...first } = (await shown(made.silenceID)) as Shown;
    expect(await put({ ...first, endsAt: inSeconds(900), comment: "disks" })).toBe(first.id);
    expect(await shown(first.id)).toMatchObject({
      comment: "disks",
      createdBy: "amtool",
      annotations: { ticket: "OPS-1" },
    });
    const other = await put({ ...first, matchers: [{ name: "alertname", value: "Empty" }] });
    expect(other).not.toBe(first.id);
    expect((await shown(first.id))?.status.state).toBe("expired");
    expect(await shown(other)).toMatchObject({
      status: { state: "active" },
      annotations: { ticket: "OPS-1" },
    });
  });

  it("is made from one alert by the labels that are named, after a look at what it would hold", async () => {
    await fire("Disk", { instance: "i-1", mount: "/" });
    await fire("Cpu", { instance: "i-1" });
    await fire("Mem", { instance: "i-2" });
    const { fingerprint } = await active("Disk");
    const path = `/api/v1/alerts/${fingerprint}/silence`;
    interface Preview {
      readonly silenceID?: string;
      readonly matchers: readonly { readonly name: string; readonly value: string }[];
      readonly alerts: readonly { readonly labels: Record<string, string> }[];
    }
    const names = (p: Preview): (string | undefined)[] =>
      p.alerts.map((a) => a.labels["alertname"]).toSorted();
    const whole = await api<Preview>("POST", `${path}?preview=1`, { duration: "2h" });
    expect(whole.matchers.map((m) => m.name)).toEqual(["alertname", "instance", "mount"]);
    expect(names(whole)).toEqual(["Disk"]);
    const body = { duration: "2h", labels: ["instance"] };
    expect(names(await api<Preview>("POST", `${path}?preview=1`, body))).toEqual(["Cpu", "Disk"]);
    expect(await active("Cpu")).toMatchObject({ silencedBy: [] });
    const { silenceID } = await api<Preview>("POST", path, body, 201);
    expect(await active("Cpu")).toMatchObject({ status: "suppressed", silencedBy: [silenceID] });
    expect(await active("Mem")).toMatchObject({ status: "firing" });
    const wrong = { duration: "2h", labels: ["pod"] };
    expect((await api<{ code: string }>("POST", path, wrong, 400)).code).toBe("json_invalid");
    await api("POST", "/api/v1/alerts/0000000000000000/silence", body, 404);
  });
});
