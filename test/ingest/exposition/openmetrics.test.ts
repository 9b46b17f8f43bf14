import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { renderLabels } from "../../../src/core/labels";
import { canonicalFloat } from "../../../src/ingest/names";
import { expositionFormat, parseExpositionBytes } from "../../../src/ingest/exposition/read";

/** Everything a body holds as text lines, and the error's message. */
function lines(text: string): { rows: string[]; error: string | undefined } {
  const rows: string[] = [];
  const at = (ms: number | undefined): string => (ms === undefined ? "" : ` @${ms}`);
  const done = parseExpositionBytes(new TextEncoder().encode(text), "openmetrics", {
    sample: (l, v, t) => rows.push(`${renderLabels(l)} ${v}${at(t)}`),
    metadata: (m) => rows.push(`# ${m.name} ${m.type} ${m.unit} ${m.help}`),
    exemplar: (l, e) =>
      rows.push(`${renderLabels(l)} # ${renderLabels(e.labels)} ${e.value}${at(e.timeMs)}`),
    created: (l, ms) => rows.push(`${renderLabels(l)} from ${ms}`),
  });
  return { rows, error: done.ok ? undefined : done.error.message };
}

describe("OpenMetrics", () => {
  it("tells when counters, histograms and summaries began, wherever the line stands", () => {
    const { rows, error } = lines(
      [
        "# TYPE c counter",
        'c_created{a="1"} 100.5',
        'c_total{a="1"} 3',
        'c_total{a="2"} 4',
        "# TYPE h histogram",
        'h_bucket{le="1"} 1',
        'h_bucket{le="+Inf"} 2',
        "h_sum 3",
        "h_count 2",
        "h_created 200",
        "# TYPE s summary",
        's{quantile="0.5"} 1',
        "s_sum 2",
        "s_count 2",
        "s_created 300",
        "# TYPE other gauge",
        "other_created 5",
        "# EOF",
        "",
      ].join("\n"),
    );
    expect(error).toBeUndefined();
    expect(rows.filter((r) => r.includes(" from "))).toEqual([
      'c_total{a="1"} from 100500',
      'h_bucket{le="1.0"} from 200000',
      'h_bucket{le="+Inf"} from 200000',
      "h_sum from 200000",
      "h_count from 200000",
      "s_sum from 300000",
      "s_count from 300000",
    ]);
    // As in Prometheus, the line is a series of its own, too.
    expect(rows).toContain('c_created{a="1"} 100.5');
  });

  it("gives exemplars their own time, else the sample's, else none", () => {
    const { rows } = lines(
      [
        "# TYPE a counter",
        'a_total 1 # {trace_id="x"} 0.5 7.25',
        'a_total{b="c"} 1 5 # {trace_id="y"} 0.5',
        'a_total{b="d"} 1 # {} 2',
        "# EOF",
      ].join("\n"),
    );
    expect(rows.filter((r) => r.includes("#") && !r.startsWith("#"))).toEqual([
      'a_total # {trace_id="x"} 0.5 @7250',
      'a_total{b="c"} # {trace_id="y"} 0.5 @5000',
      'a_total{b="d"} # {} 2',
    ]);
  });

  it("reads info, stateset, gaugehistogram, units and quoted names", () => {
    const { rows, error } = lines(
      [
        "# TYPE build info",
        '# HELP build A \\"build\\".',
        'build_info{version="1"} 1',
        "# TYPE mode stateset",
        'mode{mode="on"} 1',
        "# TYPE depth_bytes gaugehistogram",
        "# UNIT depth_bytes bytes",
        'depth_bytes_bucket{le="+Inf"} 4',
        "depth_bytes_gcount 4",
        "depth_bytes_gsum 10",
        '# TYPE "my.counter" counter',
        '{"my.counter_total","a.b"="c"} 2',
        "# EOF",
      ].join("\n"),
    );
    expect(error).toBeUndefined();
    expect(rows).toEqual([
      'build_info{version="1"} 1',
      'mode{mode="on"} 1',
      'depth_bytes_bucket{le="+Inf"} 4',
      "depth_bytes_gcount 4",
      "depth_bytes_gsum 10",
      '{"my.counter_total", "a.b"="c"} 2',
      '# build info  A "build".',
      "# mode stateset  ",
      "# depth_bytes gaugehistogram bytes ",
      "# my.counter counter  ",
    ]);
  });

  it.each([
    ["a 1\n", "line 2, column 1: OpenMetrics must end with # EOF"],
    ["", "line 1, column 1: OpenMetrics must end with # EOF"],
    ["a 1\n# EOF\nb 2\n", "line 3, column 1: data after # EOF"],
    [
      "# TYPE a gauge\n# UNIT a seconds\n# EOF",
      'line 2, column 10: unit "seconds" is not a suffix of metric "a"',
    ],
    ["# EOF\n\n", "line 2, column 1: data after # EOF"],
    ['a 1 # {b="c"}\n# EOF', "line 1, column 14: expected the value of an exemplar"],
    ['a 1 # {"b"} 1\n# EOF', "line 1, column 7: a metric name in an exemplar"],
    ["a 1 # b 1\n# EOF", "line 1, column 7: expected '{' of an exemplar, found \"b\""],
    ["a 1 nan\n# EOF", 'line 1, column 5: expected a timestamp in seconds, found "nan"'],
  ])("refuses %j", (text, message) => {
    expect(lines(text).error).toBe(message);
  });

  it("names the line of bytes that are no text", () => {
    const bytes = Uint8Array.from([97, 32, 49, 10, 98, 0xff, 32, 49, 10]);
    const done = parseExpositionBytes(bytes, "text", {
      sample: () => undefined,
      metadata: () => undefined,
    });
    expect(done).toMatchObject({ ok: false, error: { where: "2:1" } });
  });
});

const CORPUS = join(import.meta.dirname, "../../../../shared/conformance/exposition");
describe.skipIf(!existsSync(CORPUS))("a real client's OpenMetrics", () => {
  it("gives its exemplars and created times", () => {
    const { rows, error } = lines(readFileSync(join(CORPUS, "alltypes.5mfs.om.txt"), "utf8"));
    expect(error).toBeUndefined();
    expect(rows).toContain(
      'promhttp_metric_handler_errors_total{cause="encoding"} from 1726839813016',
    );
    expect(rows).toContain(
      'rpc_durations_histogram_seconds_bucket{le="-0.0002899999999999998"} # {dummyID="17783"} -0.0003825067330956884 @1726839814224',
    );
  });
});

describe("a content type", () => {
  it.each([
    ["text/plain; version=0.0.4; charset=utf-8", "text"],
    ["text/plain;version=1.0.0;escaping=allow-utf-8", "text"],
    ["application/openmetrics-text; version=1.0.0", "openmetrics"],
    [
      "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
      "protobuf",
    ],
    ["application/vnd.google.protobuf; encoding=text", undefined],
    ["text/html", undefined],
    [null, undefined],
  ])("%s is %s", (type, format) => expect(expositionFormat(type)).toBe(format));
});

// What Go's fmtOpenMetricsFloat writes.
it.each([
  [0, "0.0"],
  [1, "1.0"],
  [0.1, "0.1"],
  [10, "10.0"],
  [99999, "99999.0"],
  [131072, "131072.0"],
  [1_000_000, "1e+06"],
  [1_048_576, "1.048576e+06"],
  [1e-5, "1e-05"],
  [0.0001, "0.0001"],
  [-1.5, "-1.5"],
  [1e100, "1e+100"],
  [Infinity, "+Inf"],
  [Number.NaN, "NaN"],
])("%d is written %s", (x, text) => expect(canonicalFloat(x)).toBe(text));
