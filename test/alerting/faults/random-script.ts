import { Random } from "../differential/random";
import { KILL_POINTS, type Script, parseScript } from "../timeline/script";

/** A script of random faults, as text, and what really happened in it. */
export interface FaultScript {
  readonly text: string;
  readonly script: Script;
  readonly truth: readonly Firing[];
  readonly repeatMs: number;
  /** Everything has had time to be told by then. */
  readonly settledMs: number;
  readonly duplicates: number;
}

/** One alert's time of firing. */
export interface Firing {
  readonly name: string;
  readonly group: string;
  readonly fromMs: number;
  /** Infinity: it still fires at the end. */
  readonly toMs: number;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const FAULTS_MS = 60 * MINUTE;
const QUIET_MS = 12 * MINUTE;
const INTERVALS = [30 * SECOND, MINUTE, 2 * MINUTE];

/** Alerts that come and go for an hour of faults, and a while without any. */
export function randomFaults(seed: number): FaultScript {
  const r = new Random(seed);
  const repeatMs = r.pick([10, 25, 240]) * MINUTE;
  const lines: { atMs: number; text: string }[] = [];
  const at = (atMs: number, text: string): void => void lines.push({ atMs, text });
  const truth: Firing[] = [];
  for (const group of ["A", "B", "C"])
    for (let i = 1; i <= r.int(1, 3); i++)
      alertLife(r, r.chance(0.25) ? posting : ruled, group, String(i), at, truth);
  let duplicates = 0;
  for (let n = r.int(3, 14); n > 0; n--) {
    const atMs = r.int(1, FAULTS_MS / SECOND) * SECOND + r.int(0, 999);
    const kind = r.int(0, 8);
    if (kind <= 2) {
      const point = r.pick(KILL_POINTS);
      if (point === "after-send") duplicates++;
      at(atMs, `kill ${point}`);
    } else if (kind === 3) at(atMs, "restart");
    else if (kind === 4) at(atMs, "alarms lost");
    else if (kind === 5) at(atMs, `alarms late ${r.int(10, 300)}s`);
    else if (kind === 6) at(atMs, r.pick(["alarms twice", "deliver twice", "redeliver"]));
    else if (kind === 7) at(atMs, `clock ${r.chance(0.5) ? "-" : ""}${r.int(5, 2_400)}s`);
    else at(atMs, `configure\n${configuration(r, repeatMs)}`);
  }
  // A kill that found nothing to kill is over before the quiet.
  at(FAULTS_MS, "alarms once");
  lines.sort((a, b) => a.atMs - b.atMs);
  const endMs = FAULTS_MS + QUIET_MS;
  const text = [
    `# seed ${seed}`,
    "configure",
    configuration(r, repeatMs),
    ...lines.map((l) => `at ${l.atMs}ms ${l.text}`),
    `end ${endMs}ms`,
  ].join("\n");
  return { text, script: parseScript(text), truth, repeatMs, settledMs: endMs, duplicates };
}

type Say = (
  at: (atMs: number, text: string) => void,
  labels: string,
  firing: Firing,
  /** When it fires again. */
  againMs: number,
) => void;

/** A rule's alert: the script's source repeats it. */
const ruled: Say = (at, labels, { fromMs, toMs }) => {
  at(fromMs, `fire ${labels}`);
  if (toMs < Infinity) at(toMs, `resolve ${labels}`);
};

/** As Prometheus posts it: each minute while it fires, and its end for a quarter of an hour. */
const posting: Say = (at, labels, { fromMs, toMs }, againMs) => {
  const lastMs = Math.min(toMs, FAULTS_MS + QUIET_MS);
  for (let ms = fromMs; ms < lastMs; ms += MINUTE) at(ms, `post ${labels}`);
  const untilMs = Math.min(toMs + 15 * MINUTE, againMs);
  for (let ms = toMs; ms < untilMs; ms += MINUTE) at(ms, `post ${labels} until now`);
};

function alertLife(
  r: Random,
  say: Say,
  group: string,
  instance: string,
  at: (atMs: number, text: string) => void,
  truth: Firing[],
): void {
  const labels = `{alertname="${group}", instance="${instance}"}`;
  let atMs = r.int(0, 20 * MINUTE);
  while (atMs < FAULTS_MS) {
    const lastsMs = r.chance(0.3) ? r.int(5, 90) * SECOND : r.int(2, 30) * MINUTE;
    const toMs = atMs + lastsMs < FAULTS_MS ? atMs + lastsMs : Infinity;
    const firing = { name: `${group}/${instance}`, group, fromMs: atMs, toMs };
    truth.push(firing);
    const againMs = toMs + (r.chance(0.3) ? r.int(5, 60) * SECOND : r.int(1, 20) * MINUTE);
    say(at, labels, firing, againMs < FAULTS_MS ? againMs : Infinity);
    atMs = againMs;
  }
}

/** The receiver `hook` hears of every group whatever the rest says. */
function configuration(r: Random, repeatMs: number): string {
  const extra = r.chance(0.3);
  return [
    "  route:",
    "    receiver: hook",
    "    group_by: [alertname]",
    `    group_wait: ${r.pick([0, 10, 30])}s`,
    `    group_interval: ${r.pick(INTERVALS)}ms`,
    `    repeat_interval: ${repeatMs}ms`,
    "    routes:",
    ...(extra
      ? ["      - { receiver: other, matchers: [ alertname=A ], group_wait: 1m, continue: true }"]
      : []),
    '      - { receiver: hook, matchers: [ alertname=~".+" ] }',
    "  receivers:",
    "    - { name: hook, webhook_configs: [{ url: 'http://h/' }] }",
    ...(extra ? ["    - { name: other, webhook_configs: [{ url: 'http://o/' }] }"] : []),
  ].join("\n");
}
