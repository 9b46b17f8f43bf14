import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Vedette, startVedette } from "../vedette";
import { configuration } from "./requests";
import { type AlertmanagerServer, installed, startAlertmanager } from "./server";

const BODIES = 600;

/** A small generator of its own, so that a failure comes again. */
let seed = 20_260_203;
function random(n: number): number {
  seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
  return (seed >>> 8) % n;
}
const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;

/** Values that a field may be given instead of a good one. */
const ODD: readonly unknown[] = [
  "",
  "x",
  0,
  1.5,
  true,
  false,
  null,
  [],
  {},
  ["x"],
  { x: "y" },
  "2026-01-01T00:00:00Z",
  "2099-01-01T00:00:00.123456Z",
  "0001-01-01T00:00:00Z",
  "2026-01-01T00:00:00+02:00",
  "http://example.test/x?y=z#w",
  "/path",
  "mailto:x@y.test",
  ":bad",
  "日本",
  "(",
  ".*",
];

function alertBody(): unknown {
  const alert: Record<string, unknown> = {
    labels: { alertname: `Fuzz${random(5)}`, n: String(random(3)) },
    annotations: { note: "x" },
    startsAt: "2026-01-01T00:00:00Z",
    endsAt: "2026-01-02T00:00:00Z",
    generatorURL: "http://prometheus.test/graph",
  };
  mutate(alert);
  const { labels, annotations } = alert;
  for (const map of [labels, annotations])
    if (random(4) === 0 && typeof map === "object" && map !== null && !Array.isArray(map))
      (map as Record<string, unknown>)[pick(["n", "other", ""])] = structuredClone(pick(ODD));
  return [alert];
}

function silenceBody(): unknown {
  const matcher: Record<string, unknown> = {
    name: pick(["a", "b"]),
    value: pick(["x", "", ".*", "("]),
    isRegex: pick([true, false]),
    isEqual: pick([true, false]),
  };
  const second = { name: "never", value: "matches", isRegex: false };
  if (random(3) === 0) mutate(matcher);
  const silence: Record<string, unknown> = {
    matchers: random(3) === 0 ? [matcher, second] : [matcher],
    startsAt: "2098-01-01T00:00:00Z",
    endsAt: "2099-01-01T00:00:00Z",
    createdBy: "ann",
    comment: "fuzz",
  };
  if (random(2) === 0) mutate(silence);
  return silence;
}

/** Takes a field away, or gives it another value. */
function mutate(fields: Record<string, unknown>): void {
  const name = pick(Object.keys(fields));
  if (random(3) === 0) delete fields[name];
  else fields[name] = structuredClone(pick(ODD));
}

// Alertmanager is Debian's; where it is not installed there is nothing to compare with.
describe.skipIf(!installed("prometheus-alertmanager"))("bodies of all kinds", () => {
  let vedette: Vedette;
  let alertmanager: AlertmanagerServer;

  beforeAll(async () => {
    const config = configuration("http://127.0.0.1:9");
    [vedette, alertmanager] = await Promise.all([startVedette(), startAlertmanager(config)]);
  }, 90_000);
  afterAll(async () => {
    await Promise.all([vedette?.stop(), alertmanager?.stop()]);
  });

  it.each([
    ["/api/v2/alerts", alertBody],
    ["/api/v2/silences", silenceBody],
  ] as const)("%s: what one takes the other takes", async (path, make) => {
    const differing: string[] = [];
    const seen = new Map<number, number>();
    for (let i = 0; i < BODIES; i++) {
      const body = JSON.stringify(make());
      const init = { method: "POST", headers: { "content-type": "application/json" }, body };
      const [ours, theirs] = await Promise.all([
        vedette.fetch(path, { ...init, token: "vdt_admin_local" }),
        fetch(alertmanager.url + path, init).catch(() => undefined),
      ]);
      const [a, b] = [await ours.text(), await theirs?.text()];
      seen.set(ours.status, (seen.get(ours.status) ?? 0) + 1);
      // Debian's falls over a null among the matchers; this may not.
      if (theirs === undefined) expect(ours.status).toBe(400);
      // Any UTF-8 text is a name since 0.27.
      else if (UTF8_NAME.test(b ?? "")) continue;
      else if (ours.status !== theirs.status || kindOf(a) !== kindOf(b ?? ""))
        differing.push(`${body}\n  ours ${ours.status} ${a}\n  theirs ${theirs.status} ${b}`);
    }
    expect(differing).toEqual([]);
    // There is something of everything.
    for (const status of [200, 400, 422]) expect(seen.get(status)).toBeGreaterThan(20);
  });

  it("filters: what one finds the other finds", async () => {
    const alerts = [..."123"].map((n) => ({
      labels: { alertname: n === "3" ? "Other" : "Filter", n, a_b: `x${n}` },
      startsAt: "2026-01-01T00:00:00Z",
      endsAt: "2099-01-01T00:00:00Z",
    }));
    const init = {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(alerts),
    };
    await vedette.fetch("/api/v2/alerts", { ...init, token: "vdt_admin_local" });
    await fetch(`${alertmanager.url}/api/v2/alerts`, init);
    const differing: string[] = [];
    const seen = new Map<string, number>();
    for (let i = 0; i < BODIES; i++) {
      const text = filter();
      // Both have other alerts by now.
      const path = `/api/v2/alerts?${new URLSearchParams([
        ["filter", 'a_b=~"x[123]"'],
        ["filter", text],
      ])}`;
      const [ours, theirs] = await Promise.all([
        vedette.fetch(path, { token: "vdt_admin_local" }),
        fetch(alertmanager.url + path),
      ]);
      const [a, b] = await Promise.all([foundBy(ours), foundBy(theirs)]);
      const kind = a.startsWith("found") ? a : "refused";
      seen.set(kind, (seen.get(kind) ?? 0) + 1);
      // What only the grammar of 0.27 takes.
      const newer = /bad matcher format|unescaped double quote/.test(b) && a.startsWith("found");
      // `a)(b` is refused here: there it ends the group that anchors it.
      const unanchored = a.startsWith("error parsing regexp: unexpected )") && text.includes("(");
      // No brace may stand around a single matcher since 0.27.
      const braced = text.startsWith("{") || text.endsWith("}");
      if (braced) expect(a).toBe(`unexpected open or close brace: ${text}`);
      else if (!newer && !unanchored && a !== b)
        differing.push(`${JSON.stringify(text)}\n  ours ${a}\n  theirs ${b}`);
    }
    expect(differing).toEqual([]);
    for (const kind of ["found ", "found 1,2", "found 1,2,3", "refused"])
      expect(seen.get(kind), kind).toBeGreaterThan(1);
  });
});

async function foundBy(r: Response): Promise<string> {
  const value = (await r.json()) as string | { labels: { n: string } }[];
  // Which part of a pattern is wrong is told with or without what anchors it.
  if (typeof value === "string") return value.replace(/(error parsing regexp: [^`]*)`.*/s, "$1");
  return `found ${value
    .map((a) => a.labels.n)
    .toSorted()
    .join(",")}`;
}

const UTF8_NAME = /invalid (?:label )?name \\"[^"\\]/;

const PIECES = [
  ..."a b _ : = =~ != !~ ~ ! , { } ( ) [ ] | . * + ? ^ $ \\ \" '".split(" "),
  ...'alertname instance Filter n 1 2 .* \\d \\n \\" x|y [ab] é'.split(" "),
  " ",
  "\n",
  "\t",
];

/** Mostly near a matcher, so that many are ones. */
function filter(): string {
  const some = (n: number): string =>
    Array.from({ length: random(n) }, () => pick(PIECES)).join("");
  const name = random(6) === 0 ? some(3) : pick(["alertname", "n", "missing", " n ", "a_b"]);
  const value =
    random(2) === 0 ? some(5) : pick(["Filter", "1", "[12]", "F.*", '""', '"1"', "1|2"]);
  const text = `${name}${pick(["=", "!=", "=~", "!~", "=", some(2)])}${value}`;
  return random(8) === 0 ? `${text}${some(3)}` : text;
}

/** A text, an error with its code, or nothing. */
function kindOf(text: string): string {
  if (text === "") return "nothing";
  const value = JSON.parse(text) as unknown;
  if (typeof value === "string") return "text";
  return `error ${String((value as { code?: number }).code)}`;
}
