import { isDeepStrictEqual } from "node:util";
import { Alertmanager } from "./alertmanager";
import { type Case, type CaseEvent, RUN_MS } from "./case";
import { configurationOf } from "./configuration";
import { alignedStart, generateCase, inputsOf, parseConfiguration, postedOf } from "./generate";
import { AS_ALERTMANAGER_025, type Deviations, type Message, runOurs } from "./ours";

export interface Verdict {
  readonly id: string;
  readonly seed: number;
  readonly messages: number;
  /** What differs first; undefined where nothing does. */
  readonly difference: string | undefined;
  /** This machine was too busy to post or to send in time: the case says nothing. */
  readonly disturbed: boolean;
  /** Our messages if nothing of Alertmanager 0.25 is imitated. */
  readonly deviates: boolean;
}

export interface DifferentialOptions {
  readonly seed: number;
  readonly cases: number;
  /** Waits so that the full minute at which time intervals change lies within the run. */
  readonly acrossMinute: boolean;
}

const TOLERANCE_MS = 1_000;
const DISTURBED_MS = 150;
const LEAD_MS = 1_500;

/** Plays seeded cases into a real Alertmanager, at real time and all at once, and into the router on virtual time. */
export async function compareWithAlertmanager(o: DifferentialOptions): Promise<Verdict[]> {
  const inRun = o.acrossMinute ? 7_000 : RUN_MS + 120_000;
  const cases = Array.from({ length: o.cases }, (_, i) =>
    generateCase(o.seed * 100_003 + i, `c${i}`, inRun),
  );
  const earliestMs = Date.now() + LEAD_MS + 1_000;
  const startMs = o.acrossMinute ? alignedStart(earliestMs, inRun) : earliestMs;
  // Else the minute lies behind the run: nothing changes within it.
  const boundaryMs = o.acrossMinute ? startMs + inRun : alignedStart(startMs, inRun) + inRun;
  // Alertmanager sweeps empty groups every 30 s from its start: it starts just before.
  await until(startMs - LEAD_MS);
  const am = new Alertmanager();
  let configuration = "";
  const happened = new Map<CaseEvent, number>();
  const stalls = new Stalls();
  try {
    await am.start((url) => (configuration = configurationOf(cases, url, boundaryMs)));
    if (Date.now() > startMs) throw new Error("Alertmanager took too long to start");
    await playAll(am, cases, startMs, happened);
    await until(startMs + RUN_MS + 300);
  } finally {
    stalls.stop();
    await am.stop();
  }
  const config = parseConfiguration(configuration);
  const ours = (deviations: Deviations): ReadonlyMap<string, Message[]> => {
    const inputs = cases.flatMap((c) =>
      inputsOf(c.id, c.events, startMs, (e) => happened.get(e) ?? startMs + e.atMs),
    );
    return byCase(runOurs(config, inputs, startMs + RUN_MS, deviations).messages);
  };
  const theirs = byCase(am.messages);
  const imitating = ours(AS_ALERTMANAGER_025);
  const asIs = ours({ emptyGroupsGo: true, unheardResolutionsCount: true, logForgets: true });
  return cases.map((c, i) => {
    const within = (all: ReadonlyMap<string, Message[]>): Message[] =>
      (all.get(c.id) ?? []).filter((m) => m.atMs < startMs + c.endMs);
    return {
      id: c.id,
      seed: o.seed * 100_003 + i,
      messages: within(theirs).length,
      difference: difference(within(theirs), within(imitating), startMs),
      disturbed:
        c.events.some(
          (e) => Math.abs((happened.get(e) ?? Infinity) - startMs - e.atMs) > DISTURBED_MS,
        ) || within(imitating).some((m) => stalls.near(m.atMs)),
      deviates: difference(within(imitating), within(asIs), startMs) !== undefined,
    };
  });
}

/** Notes when this process did not get to run: Alertmanager beside it hardly did then. */
class Stalls {
  private readonly spans: { readonly fromMs: number; readonly toMs: number }[] = [];
  private lastMs = Date.now();
  private readonly timer = setInterval(() => {
    const now = Date.now();
    if (now - this.lastMs > DISTURBED_MS) this.spans.push({ fromMs: this.lastMs, toMs: now });
    this.lastMs = now;
  }, 25);

  stop(): void {
    clearInterval(this.timer);
  }

  near(ms: number): boolean {
    return this.spans.some((s) => s.fromMs - DISTURBED_MS < ms && ms < s.toMs + DISTURBED_MS);
  }
}

async function playAll(
  am: Alertmanager,
  cases: readonly Case[],
  startMs: number,
  happened: Map<CaseEvent, number>,
): Promise<void> {
  const all = cases
    .flatMap((c) => c.events.map((event) => ({ id: c.id, event })))
    .sort((a, b) => a.event.atMs - b.event.atMs);
  const silences = new Map<string, Promise<string>>();
  const open: Promise<void>[] = [];
  for (const { id, event } of all) {
    await until(startMs + event.atMs);
    const before = Date.now();
    open.push(
      playOne(am, id, event, startMs, silences).then(() => {
        happened.set(event, (before + Date.now()) / 2);
      }),
    );
  }
  await Promise.all(open);
}

async function playOne(
  am: Alertmanager,
  id: string,
  e: CaseEvent,
  startMs: number,
  silences: Map<string, Promise<string>>,
): Promise<void> {
  const key = `${id}/${"name" in e ? e.name : ""}`;
  switch (e.kind) {
    case "post": {
      const { labels, annotations, generatorUrl, startsAtMs, endsAtMs } = postedOf(e, startMs);
      return am.post({
        labels,
        annotations,
        generatorURL: generatorUrl,
        ...(startsAtMs === undefined ? {} : { startsAt: new Date(startsAtMs).toISOString() }),
        ...(endsAtMs === undefined ? {} : { endsAt: new Date(endsAtMs).toISOString() }),
      });
    }
    case "silence": {
      const made = am.silence({
        matchers: [
          { name: "case", value: id, isRegex: false },
          { name: e.label, value: e.value, isRegex: false },
        ],
        startsAt: new Date(Date.now()).toISOString(),
        endsAt: new Date(startMs + e.atMs + e.forMs).toISOString(),
        createdBy: "test",
        comment: "test",
      });
      silences.set(key, made);
      await made;
      return;
    }
    case "expire":
      return am.expire((await silences.get(key)) ?? "");
  }
}

function byCase(messages: readonly Message[]): ReadonlyMap<string, Message[]> {
  const out = new Map<string, Message[]>();
  for (const m of messages) {
    const id = /^r(c\d+)-/.exec(m.hook)?.[1] ?? "";
    const list = out.get(id);
    if (list === undefined) out.set(id, [m]);
    else list.push(m);
  }
  return out;
}

/** The first message, by webhook and group, that is not the same in both. */
function difference(
  theirs: readonly Message[],
  ours: readonly Message[],
  startMs: number,
): string | undefined {
  const lanes = new Set([...theirs, ...ours].map(laneOf));
  const found: { atMs: number; text: string }[] = [];
  for (const lane of lanes) {
    const a = theirs.filter((m) => laneOf(m) === lane);
    const b = ours.filter((m) => laneOf(m) === lane);
    for (let i = 0; i < Math.max(a.length, b.length); i++) {
      const why = unlike(a[i], b[i]);
      if (why === undefined) continue;
      const atMs = Math.min(a[i]?.atMs ?? Infinity, b[i]?.atMs ?? Infinity);
      found.push({
        atMs,
        text: [
          `${lane}: ${why}`,
          ...a.slice(0, i + 2).map((m) => `  theirs ${describe(m, startMs)}`),
          ...b.slice(0, i + 2).map((m) => `  ours   ${describe(m, startMs)}`),
        ].join("\n"),
      });
      break;
    }
  }
  return found.sort((a, b) => a.atMs - b.atMs)[0]?.text;
}

const laneOf = (m: Message): string => `${m.hook} ${m.data.groupKey}`;

function unlike(a: Message | undefined, b: Message | undefined): string | undefined {
  if (a === undefined) return "only ours";
  if (b === undefined) return "only theirs";
  if (Math.abs(a.atMs - b.atMs) > TOLERANCE_MS) return "another time";
  const fields = [
    "status",
    "receiver",
    "groupLabels",
    "commonLabels",
    "commonAnnotations",
    "truncatedAlerts",
  ] as const;
  for (const field of fields)
    if (!isDeepStrictEqual(a.data[field], b.data[field])) return `another ${field}`;
  if (a.data.alerts.length !== b.data.alerts.length) return "other members";
  for (const [i, x] of a.data.alerts.entries()) {
    const y = b.data.alerts[i];
    if (y === undefined || x.fingerprint !== y.fingerprint || x.status !== y.status)
      return "other members";
    for (const field of ["labels", "annotations", "generatorURL"] as const)
      if (!isDeepStrictEqual(x[field], y[field])) return `another ${field} of ${x.fingerprint}`;
    if (far(x.startsAt, y.startsAt)) return `another startsAt of ${x.fingerprint}`;
    if (far(x.endsAt, y.endsAt)) return `another endsAt of ${x.fingerprint}`;
  }
  return undefined;
}

function far(a: string, b: string): boolean {
  return Math.abs(Date.parse(a) - Date.parse(b)) > TOLERANCE_MS;
}

function describe(m: Message, startMs: number): string {
  const members = m.data.alerts.map((a) => {
    const { case: _, ...labels } = a.labels;
    const at = (t: string): string => ((Date.parse(t) - startMs) / 1000).toFixed(2);
    const until = a.status === "resolved" ? `..${at(a.endsAt)}` : "";
    return `${a.status === "resolved" ? "-" : ""}${Object.values(labels).join("/")}(${at(a.startsAt)}${until})`;
  });
  return `${((m.atMs - startMs) / 1000).toFixed(2)}s ${m.data.status} ${members.join(" ")}`;
}

/** Never before: timers may fire a millisecond early, and an alert that ends as it is posted has not ended before. */
async function until(ms: number): Promise<void> {
  for (let wait = ms - Date.now(); wait > 0; wait = ms - Date.now())
    await new Promise((done) => setTimeout(done, wait));
}
