import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { renderLabels } from "../../../src/core/labels";
import type { MetricMetadata } from "../../../src/core/series";
import {
  LABELS_LIMIT,
  type ExpositionError,
  parseExposition,
} from "../../../src/ingest/exposition/parse";

interface Parsed {
  readonly rows: string[];
  readonly meta: MetricMetadata[];
  readonly error: ExpositionError | undefined;
}

function parse(text: string, openMetrics = false): Parsed {
  const rows: string[] = [];
  const meta: MetricMetadata[] = [];
  const done = parseExposition(
    text,
    { openMetrics },
    {
      sample: (labels, value, timeMs) =>
        rows.push(`${renderLabels(labels)} ${value}${timeMs === undefined ? "" : ` @${timeMs}`}`),
      metadata: (m) => meta.push(m),
    },
  );
  return { rows, meta, error: done.ok ? undefined : done.error };
}

describe("text exposition 0.0.4", () => {
  it("reads the format page's kinds of lines", () => {
    const got = parse(`# HELP http_requests_total The total number of HTTP requests.
# TYPE http_requests_total counter
http_requests_total{method="post",code="200"} 1027 1395066363000
http_requests_total{method="post",code="400"}    3 1395066363000

# Escaping in label values:
msdos_file_access_time_seconds{path="C:\\\\DIR\\\\FILE.TXT",error="Cannot find file:\\n\\"FILE.TXT\\""} 1.458255915e9
metric_without_timestamp_and_labels 12.47
something_weird{problem="division by zero"} +Inf -3982045
# TYPE rpc_duration_seconds summary
rpc_duration_seconds{quantile="0.01"} 3102
rpc_duration_seconds_sum 1.7560473e+07
`);
    expect(got.error).toBeUndefined();
    expect(got.rows).toEqual([
      'http_requests_total{code="200", method="post"} 1027 @1395066363000',
      'http_requests_total{code="400", method="post"} 3 @1395066363000',
      'msdos_file_access_time_seconds{error="Cannot find file:\\n\\"FILE.TXT\\"", path="C:\\\\DIR\\\\FILE.TXT"} 1458255915',
      "metric_without_timestamp_and_labels 12.47",
      'something_weird{problem="division by zero"} Infinity @-3982045',
      'rpc_duration_seconds{quantile="0.01"} 3102',
      "rpc_duration_seconds_sum 17560473",
    ]);
    expect(got.meta).toEqual([
      {
        name: "http_requests_total",
        type: "counter",
        help: "The total number of HTTP requests.",
        unit: "",
      },
      { name: "rpc_duration_seconds", type: "summary", help: "", unit: "" },
    ]);
  });

  it.each([
    ["a 1", "a 1"],
    ["a 1\r\n", "a 1"],
    ["  a\t{ } \t 1  ", "a 1"],
    ['a { b = "c" , } 1', 'a{b="c"} 1'],
    ['a{b=""} 1', "a 1"],
    ["a NaN", "a NaN"],
    ["a -inf", "a -Infinity"],
    ["a +Infinity", "a Infinity"],
    ["a .5", "a 0.5"],
    ["a 1e-3", "a 0.001"],
    ["a:b_1 0", "a:b_1 0"],
    ['{"with.dots", "k e y"="v"} 1', '{"with.dots", "k e y"="v"} 1'],
    ['a{b="}"} 1', 'a{b="}"} 1'],
    ['a{b="ü\u{1f600}"} 1', 'a{b="ü\u{1f600}"} 1'],
  ])("takes %j", (text, row) => {
    const got = parse(text);
    expect(got.error).toBeUndefined();
    expect(got.rows).toEqual([row]);
  });

  it.each([
    ["ok 1\na", 2, 2, /expected a value, found the end/],
    ["a b", 1, 3, /expected a value, found "b"/],
    ["a 0x10", 1, 3, /expected a value/],
    ["a 1_000", 1, 3, /expected a value/],
    ["a 1 2.5", 1, 5, /milliseconds, found "2.5"/],
    ["a 1 99999999999999999999", 1, 5, /milliseconds/],
    ["a 1 2 3", 1, 7, /end of the line, found "3"/],
    ["1a 1", 1, 1, /expected a metric name, found "1"/],
    ["ü 1", 1, 1, /metric name, found "ü"/],
    ["a-b 1", 1, 2, /expected a value, found "-b"/],
    ['a{b="c"', 1, 8, /'}'/],
    ['a{b="c} 1', 1, 5, /not closed/],
    ['a{b="c" d="e"} 1', 1, 9, /',' or '}'/],
    ["a{b=c} 1", 1, 5, /'"'/],
    ["a{b} 1", 1, 4, /'='/],
    ['a{1="c"} 1', 1, 3, /label name, found "1"/],
    ['a{b="\\x"} 1', 1, 6, /escape/],
    ['a{b="c",b="d"} 1', 1, 9, /"b" twice/],
    ['a{__name__="b"} 1', 1, 3, /metric name stands/],
    ['a{"b"} 1', 1, 3, /second metric name/],
    ['{b="c"} 1', 1, 1, /without a metric name/],
    ["# TYPE a countre\n", 1, 10, /unknown metric type "countre"/],
    ["# TYPE a counter\n# TYPE a gauge\n", 2, 10, /declared a counter/],
    ["# TYPE 1a counter", 1, 8, /metric name/],
    ['a 1 # {t="1"} 2', 1, 5, /end of the line, found "#"/],
  ])("refuses %j at %i:%i", (text, line, column, message) => {
    const { error } = parse(text);
    expect(error).toMatchObject({
      line,
      column,
      message: expect.stringMatching(message) as string,
    });
  });

  it("bounds the labels of a sample", () => {
    const labels = (n: number): string =>
      Array.from({ length: n }, (_, i) => `l${i}="v"`).join(",");
    expect(parse(`a{${labels(LABELS_LIMIT)}} 1`).error).toBeUndefined();
    expect(parse(`a{${labels(LABELS_LIMIT + 1)}} 1`).error?.message).toMatch(
      /more than 256 labels/,
    );
  });

  it("leaves other comments alone", () => {
    expect(
      parse("#\n# TYPE\n#TYPE a counter\n# EOF\n# HELP a two\\nlines \\\\ here\n#nothing\na 1")
        .meta,
    ).toEqual([{ name: "a", type: "counter", help: "two\nlines \\ here", unit: "" }]);
  });

  it("throws nothing, whatever the text, and places errors inside it", () => {
    const piece = fc.constantFrom(
      "a",
      "{",
      "}",
      '"',
      "=",
      ",",
      " ",
      "\n",
      "\\",
      "1",
      "#",
      "# TYPE ",
      "# HELP ",
      "NaN",
      "é",
      "\t",
      "b_c",
      'x{y="z"} 1\n',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 30 }).map((p) => p.join("")),
        ),
        fc.boolean(),
        (text, om) => {
          const { error } = parse(text, om);
          if (error !== undefined) {
            const lines = text.split("\n");
            expect(error.line).toBeLessThanOrEqual(lines.length);
            expect(error.column).toBeLessThanOrEqual((lines[error.line - 1] ?? "").length + 1);
          }
        },
      ),
      { numRuns: 5000 },
    );
  });

  it("gives back what was written", () => {
    const escape = (s: string): string =>
      s.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: "binary" }), fc.double(), (value, number) => {
        const rows: unknown[] = [];
        parseExposition(
          `m{l="${escape(value)}"} ${Object.is(number, -0) ? "-0" : String(number)}\n`,
          { openMetrics: false },
          { sample: (l, v) => rows.push([l, v]), metadata: () => undefined },
        );
        expect(rows).toEqual([[["__name__", "m", "l", value], number]]);
      }),
    );
  });
});

describe("OpenMetrics", () => {
  it("reads seconds, units, exemplars and the end", () => {
    const got = parse(
      '# TYPE a_seconds counter\n# UNIT a_seconds seconds\na_seconds_total{x="y"} 1.0 1520879607.789 # {id="1"} 0.5 1520879607\n# EOF\n',
      true,
    );
    expect(got.error).toBeUndefined();
    expect(got.rows).toEqual(['a_seconds_total{x="y"} 1 @1520879607789']);
    expect(got.meta).toEqual([{ name: "a_seconds", type: "counter", help: "", unit: "seconds" }]);
  });
});

const CORPUS = join(import.meta.dirname, "../../../../shared/conformance/exposition");
describe.skipIf(!existsSync(CORPUS))("real exposition files", () => {
  it.each(existsSync(CORPUS) ? readdirSync(CORPUS) : [])("%s", (file) => {
    const text = readFileSync(`${CORPUS}/${file}`, "utf8");
    const got = parse(text, file.endsWith(".om.txt"));
    expect(got.error).toBeUndefined();
    expect(got.rows.length).toBe(
      text.split("\n").filter((l) => l !== "" && !l.startsWith("#")).length,
    );
    expect(new Set(got.rows.map((r) => r.split(" ")[0])).size).toBeGreaterThan(1);
  });
});
