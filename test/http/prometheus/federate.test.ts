import { describe, expect, it } from "vitest";
import { expose } from "../../../src/http/prometheus/federate/exposition";
import { negotiate } from "../../../src/http/prometheus/federate/format";

describe("the form of an exposition", () => {
  const kind = (accept: string): string => negotiate(accept).contentType;
  it.each([
    ["", "text/plain; version=0.0.4; charset=utf-8"],
    ["*/*", "text/plain; version=0.0.4; charset=utf-8"],
    ["application/json", "text/plain; version=0.0.4; charset=utf-8"],
    ["text/plain;version=9", "text/plain; version=0.0.4; charset=utf-8"],
    [
      "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5",
      "application/openmetrics-text; version=1.0.0; charset=utf-8",
    ],
    [
      "application/openmetrics-text;q=0.2,text/plain;q=0.5",
      "text/plain; version=0.0.4; charset=utf-8",
    ],
    [
      "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.7,text/plain;q=0.1",
      "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
    ],
    [
      "application/vnd.google.protobuf;q=1,text/plain;q=0.1",
      "text/plain; version=0.0.4; charset=utf-8",
    ],
    [
      "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4",
      "text/plain; version=1.0.0; charset=utf-8; escaping=allow-utf-8",
    ],
    ["text/plain;q=0", "text/plain; version=0.0.4; charset=utf-8"],
  ])("of %j is %s", (accept, expected) => {
    expect(kind(accept)).toBe(expected);
  });
});

describe("an exposition", () => {
  const samples = [
    { name: "a", labels: ["x", 'q"\\\n'], timestampMs: 1500, value: 1e-7 },
    { name: "a", labels: [], timestampMs: 2000, value: Infinity },
    { name: "b.c", labels: ["d.e", "é"], timestampMs: 2000, value: 3 },
  ];

  it("is Prometheus' text, with times in ms", () => {
    expect(expose(samples, negotiate(""))).toBe(
      `# TYPE a untyped
a{x="q\\"\\\\\\n"} 1e-07 1500
a +Inf 2000
# TYPE b_c untyped
b_c{d_e="é"} 3 2000
`,
    );
  });

  it("keeps UTF-8 names for who takes them, and ends OpenMetrics", () => {
    expect(
      expose(samples, negotiate("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8")),
    ).toBe(
      `# TYPE a unknown
a{x="q\\"\\\\\\n"} 1e-07 1.500
a +Inf 2
# TYPE "b.c" unknown
{"b.c","d.e"="é"} 3 2
# EOF
`,
    );
  });
});
