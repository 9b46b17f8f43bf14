import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readBatch } from "../../src/core/batch";
import { decodeLabels } from "../../src/core/label-bytes";
import { type Labels, labelsOf, labelsToRecord, renderLabels } from "../../src/core/labels";
import { isStaleAt } from "../../src/core/stale";
import { parseExpositionBytes } from "../../src/ingest/exposition/read";
import { parsePrometheusFile } from "../../src/scrape/config";
import { DEFAULT_MODULES } from "../../src/scrape/probe-config";
import { HTTP_2XX, type ProbeAnswer, judgeProbe, probeSeries } from "../../src/scrape/probe";
import { probeOf } from "../../src/scrape/probe-target";
import { compileRelabel } from "../../src/scrape/relabel";
import {
  NO_SERIES,
  Scrape,
  type SeriesOfTarget,
  endedTarget,
  failedScrape,
  withTargetLabels,
} from "../../src/scrape/scrape-batch";
import { type Target, nextScrape, resumedScrape, targetsOf } from "../../src/scrape/targets";

const noHash = (): bigint => 0n;
const NOW = 1_700_000_000_000;

function jobOf(yaml: string) {
  const file = parsePrometheusFile(`scrape_configs: [${yaml}]`);
  if (!file.ok) throw new Error(file.error.message);
  const job = file.value.jobs[0];
  if (job === undefined) throw new Error("no job");
  return { job, targets: targetsOf(job, noHash) };
}

/** A batch as lines: series, time, value; stale markers by their name. */
function lines(batch: Uint8Array): string[] {
  const v = readBatch(batch);
  const bits = new Uint32Array(v.sampleValues.slice().buffer);
  return [...v.sampleSeries].map((n, i) => {
    const labels = decodeLabels(v.labelBytes.subarray(v.labelOffsets[n], v.labelOffsets[n + 1]));
    const value = isStaleAt(bits, i) ? "stale" : String(v.sampleValues[i]);
    return `${renderLabels(labels)} ${(v.sampleTimes[i] as number) - NOW} ${value}`;
  });
}

function scrape(
  yaml: string,
  body: string,
  before: SeriesOfTarget = NO_SERIES,
): {
  readonly refusal: string | undefined;
  readonly rows: string[];
  readonly series: SeriesOfTarget;
} {
  const { job, targets } = jobOf(yaml);
  const target = targets.active[0] as Target;
  const s = new Scrape(job, target, compileRelabel(job.metricRelabel), noHash, NOW);
  const parsed = parseExpositionBytes(new TextEncoder().encode(body), "text", s);
  if (!parsed.ok) throw new Error(parsed.error.message);
  const { refusal } = s;
  const { batch, series } = s.finish(before, 12);
  return { refusal, rows: lines(batch), series };
}

const JOB = "{ job_name: j, static_configs: [{ targets: ['h:80'], labels: { env: e } }]";

describe("what a scrape becomes", () => {
  it("has the target's labels, and the report of the scrape", () => {
    const { rows } = scrape(`${JOB} }`, 'm{x="1"} 5\nm{x="2",job="own"} 6 1700000000500\n');
    expect(rows).toEqual([
      'm{env="e", instance="h:80", job="j", x="1"} 0 5',
      'm{env="e", exported_job="own", instance="h:80", job="j", x="2"} 500 6',
      'up{env="e", instance="h:80", job="j"} 0 1',
      'scrape_duration_seconds{env="e", instance="h:80", job="j"} 0 0.012',
      'scrape_samples_scraped{env="e", instance="h:80", job="j"} 0 2',
      'scrape_samples_post_metric_relabeling{env="e", instance="h:80", job="j"} 0 2',
      'scrape_series_added{env="e", instance="h:80", job="j"} 0 1',
    ]);
  });

  it("marks stale what vanished, but not what came with a time of its own", () => {
    const first = scrape(`${JOB} }`, "a 1\nb 2\nc 3 1700000000000\n");
    const second = scrape(`${JOB} }`, "a 1\n", first.series);
    expect(second.rows.filter((r) => r.endsWith("stale"))).toEqual([
      'b{env="e", instance="h:80", job="j"} 0 stale',
    ]);
  });

  it("ignores the times of a target that is not to be trusted with them", () => {
    const { rows } = scrape(`${JOB}, honor_timestamps: false }`, "a 1 1600000000000\n");
    expect(rows[0]).toBe('a{env="e", instance="h:80", job="j"} 0 1');
  });

  it("holds relabelling and limits", () => {
    const drop =
      "metric_relabel_configs: [{ source_labels: [__name__], regex: 'go_.*', action: drop }]";
    const { rows, refusal } = scrape(`${JOB}, ${drop}, sample_limit: 1 }`, "go_x 1\na 1\n");
    expect(refusal).toBeUndefined();
    expect(rows.filter((r) => r.startsWith("go_x"))).toEqual([]);
    expect(rows).toContain(
      'scrape_samples_post_metric_relabeling{env="e", instance="h:80", job="j"} 0 1',
    );
    expect(scrape(`${JOB}, sample_limit: 1 }`, "a 1\nb 1\n").refusal).toBe("sample limit exceeded");
    expect(scrape(`${JOB}, label_limit: 3 }`, "a 1\n").refusal).toMatch(/^label_limit exceeded/);
    expect(scrape(`${JOB}, label_value_length_limit: 5 }`, 'a{x="123456"} 1\n').refusal).toMatch(
      /^label_value_length_limit exceeded \(label name: x/,
    );
  });

  it("ends everything when the scrape fails, and the report too when the target goes", () => {
    const { series } = scrape(`${JOB} }`, "a 1\n");
    const target = jobOf(`${JOB} }`).targets.active[0] as Target;
    const failed = lines(failedScrape(target, series, NOW, 9));
    expect(failed[0]).toBe('a{env="e", instance="h:80", job="j"} 0 stale');
    expect(failed[1]).toBe('up{env="e", instance="h:80", job="j"} 0 0');
    const ended = lines(endedTarget(target, series, NOW));
    expect(ended).toHaveLength(6);
    expect(ended.every((r) => r.endsWith("stale"))).toBe(true);
  });

  it("keeps both labels of one name, whichever is honoured", () => {
    const own = labelsOf({ job: "own", exported_job: "older", x: "1" });
    const target = labelsOf({ job: "t", instance: "i" });
    expect(labelsToRecord(withTargetLabels(own, target, false))).toEqual({
      job: "t",
      exported_job: "older",
      exported_exported_job: "own",
      instance: "i",
      x: "1",
    });
    expect(labelsToRecord(withTargetLabels(own, target, true))).toEqual({
      job: "own",
      exported_job: "older",
      instance: "i",
      x: "1",
    });
  });
});

describe("targets", () => {
  it("are made by relabelling, dropped without an address, broken with a bad one", () => {
    const { targets } =
      jobOf(`{ job_name: j, params: { a: [x, y] }, static_configs: [{ targets: [one, two, three] }],
      relabel_configs: [
        { source_labels: [__address__], regex: two, action: drop },
        { source_labels: [__address__], regex: three, target_label: __address__, replacement: 'a/b' },
        { target_label: __param_a, replacement: z },
        { target_label: __tmp, replacement: hidden },
        { target_label: zone, replacement: q } ] }`);
    expect(targets.active.map((t) => [t.url, labelsToRecord(t.labels)])).toEqual([
      ["http://one/metrics?a=z&a=y", { instance: "one", job: "j", zone: "q" }],
    ]);
    expect(targets.dropped).toHaveLength(1);
    expect(targets.broken[0]?.error).toBe('"a/b" is not a valid hostname');
  });

  it("are scraped once an interval, each at its own offset", () => {
    const { targets } = jobOf(
      "{ job_name: j, scrape_interval: 15s, static_configs: [{ targets: [a, b, c, d, e, f] }] }",
    );
    const offsets = new Set(targets.active.map((t) => nextScrape(t, NOW) % 15_000));
    expect(offsets.size).toBeGreaterThan(3);
    const t = targets.active[0] as Target;
    fc.assert(
      fc.property(fc.integer({ min: NOW, max: NOW + 1e9 }), (now) => {
        const next = nextScrape(t, now);
        expect(next).toBeGreaterThan(now);
        expect(next - now).toBeLessThanOrEqual(15_000);
        expect(nextScrape(t, next)).toBe(next + 15_000);
      }),
    );
  });

  it("are scraped on being woken late, unless they were or the next scrape is nearer", () => {
    const { targets } = jobOf(
      "{ job_name: j, scrape_interval: 1m, static_configs: [{ targets: [a] }] }",
    );
    const t = targets.active[0] as Target;
    const due = nextScrape(t, NOW);
    for (const late of [0, 1, 9_999]) {
      expect(resumedScrape(t, due + late, 0)).toBe(due);
      expect(resumedScrape(t, due + late, due - 60_000)).toBe(due);
      expect(resumedScrape(t, due + late, due)).toBe(due + 60_000);
    }
    expect(resumedScrape(t, due + 10_000, 0)).toBe(due + 60_000);
    expect(resumedScrape(t, due - 1, 0)).toBe(due);
    // A clock that went back does not put it off.
    expect(resumedScrape(t, due - 1, due + 1e6)).toBe(due);
  });

  it("are probes in the shape of a blackbox job whose module is known", () => {
    const probe = (module: string, path = "/probe"): unknown => {
      const { targets } =
        jobOf(`{ job_name: j, metrics_path: ${path}, params: { module: [${module}] },
        static_configs: [{ targets: ['https://site/x'] }], relabel_configs: [
          { source_labels: [__address__], target_label: __param_target },
          { target_label: __address__, replacement: 'exporter:9115' } ] }`);
      return probeOf(targets.active[0] as Target, DEFAULT_MODULES);
    };
    expect(probe("http_2xx")).toEqual({ module: HTTP_2XX, target: "https://site/x" });
    expect(probe("mine")).toBeUndefined();
    expect(probe("toString")).toBeUndefined();
    expect(probe("http_2xx", "/other")).toBeUndefined();
  });
});

describe("a probe's verdict", () => {
  const answer = (over: Partial<ProbeAnswer> = {}): ProbeAnswer => ({
    status: 200,
    https: false,
    redirects: 1,
    headers: new Headers({ server: "nginx" }),
    body: "all is well",
    length: 11,
    cut: false,
    uncompressedLength: 11,
    ...over,
  });
  const rows: readonly (readonly [
    string,
    Partial<typeof HTTP_2XX>,
    ProbeAnswer | undefined,
    string,
  ])[] = [
    ["a good answer", {}, answer(), "ok"],
    ["none", {}, undefined, "no_answer"],
    ["another status", {}, answer({ status: 302 }), "status"],
    ["a status that is asked for", { validStatusCodes: [418] }, answer({ status: 418 }), "ok"],
    ["a body that must not be", { failIfBodyMatches: ["well$"] }, answer(), "body_matches"],
    [
      "a body that lacks something",
      { failIfBodyNotMatches: ["bad"] },
      answer(),
      "body_not_matches",
    ],
    [
      "a header that must not be",
      { failIfHeaderMatches: [{ header: "Server", regex: "ngi", allowMissing: false }] },
      answer(),
      "header_matches",
    ],
    [
      "a header that is missing",
      { failIfHeaderNotMatches: [{ header: "x", regex: ".", allowMissing: false }] },
      answer(),
      "header_not_matches",
    ],
    [
      "a header that may be missing",
      { failIfHeaderNotMatches: [{ header: "x", regex: ".", allowMissing: true }] },
      answer(),
      "ok",
    ],
    ["no TLS", { failIfNotSsl: true }, answer(), "not_ssl"],
    ["TLS", { failIfSsl: true }, answer({ https: true }), "ssl"],
  ];
  it.each(rows)("of %s", (_, module, got, verdict) => {
    expect(judgeProbe({ ...HTTP_2XX, ...module }, got)).toBe(verdict);
  });

  it("is told by blackbox_exporter's series", () => {
    const series = probeSeries("body_matches", answer(), { totalMs: 30, headersMs: 20 });
    const value = (name: string, labels: Labels = []): number | undefined =>
      series.find(
        ([n, l]) => n === name && labels.every((x, i) => i % 2 === 1 || l[x] === labels[i + 1]),
      )?.[2];
    expect(value("probe_success")).toBe(0);
    expect(value("probe_failed_due_to_regex")).toBe(1);
    expect(value("probe_http_redirects")).toBe(1);
    expect(value("probe_duration_seconds")).toBe(0.03);
    expect(value("probe_http_duration_seconds", ["phase", "transfer"])).toBeCloseTo(0.01);
  });
});
