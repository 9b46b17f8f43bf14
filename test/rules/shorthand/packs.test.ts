import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Document } from "yaml";
import { compileShorthand, isShorthand } from "../../../src/rules/shorthand/compile";
import { PACKS, packText } from "./packs";
import { firings, timeline } from "./virtual";

const MINUTES = 120;

describe("the packs' alerts, on virtual time with their own durations", () => {
  it.each(Object.entries(PACKS))("%s", async (name, { series, firings: expected }) => {
    expect(await firings(packText(name), series, MINUTES)).toEqual(expected);
  });
});

it("bare thresholds fire on the same figures", async () => {
  const config = JSON.stringify({
    alert_configuration: {
      error_rate_threshold: 5.0,
      average_response_time_threshold_ms: 1000,
      delivery_rate_threshold: 90.0,
      disk_usage_threshold: 85.0,
    },
    metrics: { average_response_time: "average_response_time_ms" },
  });
  const series = PACKS["messaging-service"]?.series ?? {};
  expect(await firings(config, series, MINUTES)).toEqual({
    error_rate: "0m-41m",
    average_response_time: "0m-41m",
    delivery_rate: "0m-41m",
    disk_usage: "0m-41m",
  });
});

const promtool = spawnSync("promtool", ["--version"]).status === 0;

/** The minutes at which both are asked: before, while and after things go wrong. */
const ASKED = [0, 1, 2, 3, 4, 5, 6, 10, 15, 16, 21, 25, 31, 40, 41, 42, 43, 45, 47, 60, 120];

/**
 * With windows that begin between samples: whether a sample at the beginning belongs to a window is what
 * Prometheus 3 changed, and the one installed may be older.
 */
function offGrid(rules: string): string {
  const between = rules
    .replaceAll("[5m]", "[4m50s]")
    .replaceAll("[1h]", "[59m50s]")
    .replaceAll(
      / (in|over) (\d+)m\b/g,
      (_, word, m) => ` ${word} ${Number(m) === 1 ? "1m10s" : `${Number(m) - 1}m50s`}`,
    )
    .replaceAll(/(change\([a-z_]+), 5m\)/g, "$1, 4m50s)");
  return isShorthand(rules) ? `window: 4m50s\n${between}` : between;
}

describe.skipIf(!promtool)("the packs' alerts beside Prometheus' own engine", () => {
  it.each(Object.entries(PACKS))("%s", async (name, { series }) => {
    const text = offGrid(packText(name));
    const compiled = isShorthand(text) ? compileShorthand(text) : undefined;
    const rules = compiled === undefined ? text : compiled.ok ? compiled.value.yaml : "";
    const alerts = await timeline(text, series, MINUTES);
    const names = Object.keys(PACKS[name]?.firings ?? {});
    const tests = new Document({
      rule_files: ["rules.yml"],
      evaluation_interval: "1m",
      tests: [
        {
          interval: "1m",
          input_series: Object.entries(series).map(([s, values]) => ({ series: s, values })),
          alert_rule_test: ASKED.flatMap((minute) =>
            names.map((alertname) => ({
              eval_time: `${minute}m`,
              alertname,
              exp_alerts: (alerts[minute] ?? [])
                .filter((a) => a.labels["alertname"] === alertname)
                .map((a) => ({ exp_labels: a.labels, exp_annotations: a.annotations })),
            })),
          ),
        },
      ],
    });
    const dir = mkdtempSync(join(tmpdir(), "vedette-promtool-"));
    try {
      writeFileSync(join(dir, "rules.yml"), rules);
      writeFileSync(join(dir, "test.yml"), String(tests));
      const r = spawnSync("promtool", ["test", "rules", "test.yml"], {
        cwd: dir,
        encoding: "utf8",
      });
      expect(r.stdout + r.stderr).toContain("SUCCESS");
      expect(r.status).toBe(0);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
