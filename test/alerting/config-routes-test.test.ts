import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { parseRouterConfig } from "../../src/alerting/config-parse";
import { routesTest, takingRoutes } from "../../src/alerting/route-test";

const AMTOOL = spawnSync("amtool", ["--version"]).status === 0;
const TREES = 100;
const ALERTS_PER_TREE = 6;

/** Mulberry32: the same trees in every run. */
function random(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

const NAMES = ["alertname", "team", "severity", "a_b"];
const VALUES = ["x", "y", "z", "x y", "1"];
const REGEXES = ["x|y", ".*", ".+", "x.*", "[xy]", "", "(?i:X)", "^x$", "z|", "\\\\d"];

function pick<T>(next: () => number, list: readonly T[]): T {
  return list[Math.floor(next() * list.length)] as T; // next() lies below 1
}

function matcher(next: () => number): string {
  const name = pick(next, NAMES);
  return pick(next, [
    () => `${name}="${pick(next, VALUES)}"`,
    () => `${name}!="${pick(next, VALUES)}"`,
    () => `${name}=""`,
    () => `${name}=~"${pick(next, REGEXES)}"`,
    () => `${name}!~"${pick(next, REGEXES)}"`,
    () => `{${name}="${pick(next, VALUES)}",${pick(next, NAMES)}!~"${pick(next, REGEXES)}"}`,
  ])();
}

interface RouteYaml {
  receiver?: string;
  continue?: boolean;
  matchers?: string[];
  match?: Record<string, string>;
  match_re?: Record<string, string>;
  routes?: RouteYaml[];
}

function tree(next: () => number, depth: number): RouteYaml {
  const route: RouteYaml = {};
  if (depth === 0 || next() < 0.7) route.receiver = `r${Math.floor(next() * 6)}`;
  if (depth > 0) {
    route.continue = next() < 0.7;
    if (next() < 0.7) route.matchers = [matcher(next)];
    if (next() < 0.2) route.match = { [pick(next, NAMES)]: pick(next, VALUES) };
    if (next() < 0.2)
      route.match_re = { [pick(next, NAMES)]: pick(next, ["x|y", "x.*", ".+", ""]) };
  }
  if (depth < 4)
    route.routes = Array.from({ length: Math.floor(next() * (5 - depth)) }, () =>
      tree(next, depth + 1),
    );
  return route;
}

function alert(next: () => number): Record<string, string> {
  return Object.fromEntries(
    NAMES.filter(() => next() < 0.7).map((name) => [name, pick(next, VALUES)]),
  );
}

/** JSON is YAML. */
function configText(route: RouteYaml): string {
  const receivers = Array.from({ length: 6 }, (_, i) => ({ name: `r${i}` }));
  return JSON.stringify({ route, receivers });
}

it.skipIf(!AMTOOL)(
  `routes as amtool config routes test does: ${TREES * ALERTS_PER_TREE} alerts through ${TREES} trees`,
  { timeout: 120_000 },
  async () => {
    const dir = mkdtempSync(join(tmpdir(), "routes-"));
    const run = promisify(execFile);
    const next = random(4);
    let several = 0;
    try {
      for (let n = 0; n < TREES; n++) {
        const text = configText(tree(next, 0));
        const file = join(dir, `${n}.yml`);
        writeFileSync(file, text);
        const parsed = parseRouterConfig(text);
        if (!parsed.ok) throw new Error(`${parsed.error.message}: ${text}`);
        const alerts = Array.from({ length: ALERTS_PER_TREE }, () => alert(next));
        const theirs = await Promise.all(
          alerts.map(async (labels) => {
            const pairs = Object.entries(labels).map(([k, v]) => `${k}="${v}"`);
            const args = ["config", "routes", "test", `--config.file=${file}`, ...pairs];
            return (await run("amtool", args)).stdout.trim().split(",");
          }),
        );
        alerts.forEach((labels, i) => {
          const ours = routesTest(parsed.value, labels);
          if (ours.length > 1) several++;
          expect({ text, labels, receivers: ours }).toEqual({ text, labels, receivers: theirs[i] });
        });
      }
    } finally {
      rmSync(dir, { recursive: true });
    }
    // The trees are such that it matters which routes go on.
    expect(several).toBeGreaterThan(100);
  },
);

it("says in which group an alert would be, with the route's own timers", () => {
  const parsed = parseRouterConfig(`
route:
  receiver: all
  group_by: [alertname]
  routes:
    - { matchers: [team="a"], receiver: a, group_wait: 1s, continue: true }
    - { matchers: [team=~"a|b"], group_by: ['...'] }
receivers: [{ name: all }, { name: a }]`);
  if (!parsed.ok) throw new Error(parsed.error.message);
  const labels = { alertname: "X", team: "a" };
  expect(
    takingRoutes(parsed.value, labels).map((t) => [
      t.route.id,
      t.route.receiver,
      t.groupKey,
      t.route.groupWaitMs,
    ]),
  ).toEqual([
    ["0/0", "a", '{}/{team="a"}:{alertname="X"}', 1_000],
    ["0/1", "all", '{}/{team=~"a|b"}:{alertname="X", team="a"}', 30_000],
  ]);
  expect(routesTest(parsed.value, { alertname: "X" })).toEqual(["all"]);
});
