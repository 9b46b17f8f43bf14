import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";

const root = join(import.meta.dirname, "../../..");
// Each command bundles the rules first.
vi.setConfig({ testTimeout: 60_000 });
const compiledDir = join(import.meta.dirname, "compiled");
let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "vedette-rules-"));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function script(name: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(root, "scripts", name), ...args],
    { cwd: root, encoding: "utf8" },
  );
  return { status, stdout, stderr };
}

function file(name: string, text: string): string {
  const path = join(dir, name);
  writeFileSync(path, text);
  return path;
}

describe("rules:compile", () => {
  it("prints what a file is compiled to, and how it read what has no unit", () => {
    const r = script("rules-compile.mjs", "packs/node-service/rules/node-service.yml");
    expect(r.status).toBe(0);
    expect(r.stdout).toBe(readFileSync(join(compiledDir, "node-service.yml"), "utf8"));
    expect(r.stderr).toContain("a cooldown without a unit below 1,000 is in minutes");
  });

  it("says what is wrong, and where", () => {
    const bad = file("bad.yml", "alerts:\n  - { name: a, condition: b.mean > 5 }\n");
    expect(script("rules-compile.mjs", bad)).toEqual({
      status: 1,
      stdout: "",
      stderr: `${bad}:2:27: "b.mean": no aggregate is called "mean"; did you mean "b.avg"?\n`,
    });
    const plain = file("plain.yml", "groups: []\n");
    expect(script("rules-compile.mjs", plain).stderr).toContain("not in the shorthand");
    expect(script("rules-compile.mjs").status).toBe(2);
  });
});

describe("rules:check", () => {
  it("names what promtool refuses, and with --strict refuses it", () => {
    const ours = file("ours.yml", "alerts: [{ name: a, condition: b > 5 }]\n");
    const cooled = file(
      "cooled.yml",
      "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: up == 0\n    cooldown: 15m\n",
    );
    const taken = script("rules-check.mjs", ours, cooled);
    expect(taken.status).toBe(0);
    expect(taken.stdout).toContain("extension: 1:1: Vedette's shorthand");
    expect(taken.stdout).toContain("extension: 6:15: cooldown is Vedette's own");
    expect(taken.stdout.match(/SUCCESS: 1 rules found/g)).toHaveLength(2);
    for (const path of [ours, cooled]) {
      const strict = script("rules-check.mjs", "--strict", path);
      expect([strict.status, strict.stdout.includes("FAILED")]).toEqual([1, true]);
    }
    const plain = file("up.yml", readFileSync(cooled, "utf8").replace(/.*cooldown.*\n/, ""));
    expect(script("rules-check.mjs", "--strict", plain).status).toBe(0);
  });
});

describe("rules:test", () => {
  it("tests rules in the shorthand", () => {
    file("short.yml", "alerts: [{ name: deep, condition: queue.depth > 5, duration: 2m }]\n");
    const test = file(
      "short_test.yml",
      `rule_files: [short.yml]
tests:
  - input_series: [{ series: queue_depth, values: 9x10 }]
    alert_rule_test:
      - { eval_time: 1m, alertname: deep, exp_alerts: [] }
      - eval_time: 2m
        alertname: deep
        exp_alerts: [{ exp_annotations: { summary: "deep: 9 (queue.depth > 5 for 2m)" } }]
`,
    );
    expect(script("rules-test.mjs", test)).toMatchObject({ status: 0 });
  });
});

const promtool = spawnSync("promtool", ["--version"]).status === 0;

describe.skipIf(!promtool)("promtool", () => {
  it("takes what the packs are compiled to", () => {
    const files = readdirSync(compiledDir).map((f) => join(compiledDir, f));
    const r = spawnSync("promtool", ["check", "rules", ...files], { encoding: "utf8" });
    expect(r.status, r.stdout + r.stderr).toBe(0);
    expect(files.length).toBeGreaterThan(3);
  });
});
