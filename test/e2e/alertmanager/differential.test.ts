import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Vedette, startVedette } from "../vedette";
import { KNOWN } from "./known-differences";
import { STEPS, type Step, configuration } from "./requests";
import { type AlertmanagerServer, installed, startAlertmanager } from "./server";

/** One of the two, with what it called the silences that the steps made. */
interface Party {
  readonly send: (path: string, init: RequestInit) => Promise<Response>;
  readonly silences: Map<string, { readonly id: string; readonly startsAt: string }>;
}

interface Answer {
  readonly status: number;
  readonly type: string | null;
  readonly body: unknown;
}

// Alertmanager is Debian's; where it is not installed there is nothing to compare with.
describe.skipIf(!installed("prometheus-alertmanager"))(
  "the same requests as a real Alertmanager",
  () => {
    const sink = createServer((_, res) => res.end());
    let vedette: Vedette;
    let alertmanager: AlertmanagerServer;
    let ours: Party;
    let theirs: Party;

    beforeAll(async () => {
      await new Promise<void>((resolve) => sink.listen(0, "127.0.0.1", resolve));
      const config = configuration(`http://127.0.0.1:${(sink.address() as AddressInfo).port}`);
      [vedette, alertmanager] = await Promise.all([startVedette(), startAlertmanager(config)]);
      const put = await vedette.fetch("/config/v1/alertmanager", {
        method: "PUT",
        body: config,
        headers: { "content-type": "application/yaml" },
        token: "vdt_admin_local",
      });
      expect(put.status, await put.text()).toBe(200);
      ours = {
        send: (path, init) => vedette.fetch(path, { ...init, token: "vdt_admin_local" }),
        silences: new Map(),
      };
      theirs = { send: (path, init) => fetch(alertmanager.url + path, init), silences: new Map() };
    }, 90_000);
    afterAll(async () => {
      await Promise.all([vedette?.stop(), alertmanager?.stop()]);
      sink.close();
    });

    it("has a title for each step, and every known difference has its step", () => {
      const titles = STEPS.map((s) => s.title);
      expect(titles.filter((t, i) => titles.indexOf(t) !== i)).toEqual([]);
      expect([...KNOWN.keys()].filter((t) => !titles.includes(t))).toEqual([]);
      expect(STEPS.length).toBeGreaterThanOrEqual(80);
    });

    // In order: what a step finds was left there by those before it.
    it.each(STEPS.map((s) => [s.title, s] as const))("%s", async (title, step) => {
      const [a, b] = await Promise.all([answerOf(ours, step), answerOf(theirs, step)]);
      const known = KNOWN.get(title);
      if (known === undefined) return expect(a).toEqual(b);
      // What is listed as different must be so, or the list is out of date.
      expect(a, known.why).not.toEqual(b);
      expect(a, known.why).toMatchObject(known.ours);
    });
  },
);

async function answerOf(party: Party, step: Step): Promise<Answer> {
  const filled = (text: string): string =>
    text.replace(/\{([a-z0-9-]+)(\.startsAt)?\}/g, (_, name: string, start?: string) => {
      const made = party.silences.get(name);
      if (made === undefined) throw new Error(`no step made ${name}`);
      return start === undefined ? made.id : made.startsAt;
    });
  const r = await party.send(`/api/v2${filled(step.path)}`, {
    method: step.method,
    ...(step.body === undefined
      ? {}
      : {
          body: filled(step.body),
          headers: { "content-type": step.type ?? "application/json" },
        }),
  });
  const text = await r.text();
  if (step.makes !== undefined && r.ok) await remember(party, step.makes, text);
  const names = new Map([...party.silences].map(([name, { id }]) => [id, name]));
  return {
    status: r.status,
    type: r.headers.get("content-type"),
    body: text === "" ? undefined : normalised(JSON.parse(text), names),
  };
}

async function remember(party: Party, name: string, text: string): Promise<void> {
  const { silenceID: id } = JSON.parse(text) as { silenceID: string };
  const r = await party.send(`/api/v2/silence/${id}`, {});
  const { startsAt } = (await r.json()) as { startsAt: string };
  party.silences.set(name, { id, startsAt });
}

/** Fields that came after 0.25. */
const NEW_FIELDS: ReadonlyMap<string, string> = new Map([
  ["mutedBy", "0.28: time intervals that mute a group"],
  ["routeLabels", "0.34: labels of routes"],
  ["annotations", "0.34, of silences alone: annotations of a silence"],
  ["labels", "0.32, of receivers in the list of receivers alone: labels of receivers"],
]);

/** Without what came after 0.25, with names for ids and times that are the same for both. */
function normalised(value: unknown, names: ReadonlyMap<string, string>): unknown {
  if (Array.isArray(value)) return value.map((v) => normalised(v, names));
  if (typeof value === "string") return named(value, names);
  if (typeof value !== "object" || value === null) return value;
  const isNew = (field: string): boolean => {
    if (!NEW_FIELDS.has(field)) return false;
    if (field === "annotations") return "createdBy" in value;
    return field !== "labels" || ("name" in value && !("receiver" in value));
  };
  return Object.fromEntries(
    Object.entries(value)
      .filter(([field]) => !isNew(field))
      .map(([field, v]) => [
        field,
        field === "updatedAt" ? "<updated>" : inOrder(field, normalised(v, names)),
      ]),
  );
}

/** Ids have no order but their own, which is another on each side. */
function inOrder(field: string, value: unknown): unknown {
  return field === "silencedBy" && Array.isArray(value) ? value.toSorted() : value;
}

function named(text: string, names: ReadonlyMap<string, string>): string {
  const name = names.get(text);
  if (name !== undefined) return `<${name}>`;
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}(?:Z|[+-]\d{2}:\d{2})$/.test(text)) return text;
  const ago = (Date.now() - Date.parse(text)) / 1_000;
  if (Math.abs(ago) < 60) return "<now>";
  if (Math.abs(ago + 300) < 60) return "<in 5 minutes>";
  // Alertmanager keeps the zone that was sent; the moment is the same.
  return new Date(text).toISOString();
}
