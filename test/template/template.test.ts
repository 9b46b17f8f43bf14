import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { type Dialect, expandTemplate } from "../../src/core/template";
import { stringMap } from "../../src/core/template/values";

const labels = stringMap({
  alertname: "Deep",
  instance: "db-1.example.com:9100",
  severity: "critical",
});
const alert = { Labels: labels, Value: 0.0534 };
const rule = (text: string): string => {
  const r = expandTemplate(text, "prometheus", {
    dot: alert,
    variables: { $labels: labels, $value: 0.0534, $externalURL: "http://v" },
  });
  return r.ok ? r.value : `ERROR ${r.error.message}`;
};

describe("a rule's annotations", () => {
  it.each([
    ["plain", "plain"],
    ["{{ $labels.instance }} has {{ $value }}", "db-1.example.com:9100 has 0.0534"],
    ["{{ .Labels.severity | toUpper }}", "CRITICAL"],
    ['{{ $labels.absent }}|{{ $labels.absent | toUpper }}|{{ eq $labels.absent "" }}', "||true"],
    ["{{ $value | humanizePercentage }}", "5.34%"],
    ["{{ humanize 1234567 }}", "1.235M"],
    ["{{ humanize 0.00042 }}", "420u"],
    ["{{ humanize1024 1048576 }}", "1Mi"],
    ["{{ humanizeDuration 93784 }}", "1d 2h 3m 4s"],
    ["{{ humanizeDuration 0.0123 }}", "12.3ms"],
    ["{{ humanizeTimestamp 1435065584.128 }}", "2015-06-23 13:19:44.128 +0000 UTC"],
    ['{{ printf "%.2f of %d %q" $value 7 "x" }}', '0.05 of 7 "x"'],
    ['{{ if eq $labels.severity "critical" "page" }}now{{ else }}later{{ end }}', "now"],
    ["{{ if gt $value 1.0 }}a{{ else if gt $value 0.01 }}b{{ else }}c{{ end }}", "b"],
    ["{{ with $labels.nothing }}some{{ else }}none{{ end }}", "none"],
    [
      "{{ range $k, $v := $labels }}{{ $k }}={{ $v }};{{ end }}",
      "alertname=Deep;instance=db-1.example.com:9100;severity=critical;",
    ],
    ["a {{- /* gone */ -}} b", "ab"],
    ["{{ `raw {{ text` }}", "raw {{ text"],
    ['{{ $x := "a" }}{{ $x = "b" }}{{ $x }}', "b"],
    ['{{ reReplaceAll "(.*):.*" "$1" $labels.instance }}', "db-1.example.com"],
    ["{{ $labels.instance | stripPort | stripDomain }}", "db-1"],
    ['{{ match "db-[0-9]" $labels.instance }}', "true"],
    ['{{ define "t" }}<{{ . }}>{{ end }}{{ template "t" $labels.severity }}', "<critical>"],
    ['{{ and true "" }}|{{ or "" "x" }}|{{ not 0 }}', "|x|true"],
    ['{{ len $labels }} {{ index $labels "severity" }}', "3 critical"],
    ["{{ 1e21 }} {{ 0.00001 }} {{ 100000 }}", "1e+21 1e-05 100000"],
  ])("%s", (text, expected) => {
    expect(rule(text)).toBe(expected);
  });

  it.each([
    ["{{ nope }}", 'function "nope" not defined', 1, 4],
    ["a\n  {{ $x }}", 'undefined variable "$x"', 2, 6],
    ["{{ if }}x{{ end }}", "missing value for command", 1, 7],
    ["{{ range $labels }}", "unexpected EOF", 1, 20],
    ["{{ end }}", "unexpected {{end}}", 1, 10],
    ['{{ "open }}', "unterminated quoted string", 1, 4],
    ["{{ $value", "unclosed action", 1, 1],
    ['{{ humanize "x" }}', 'error calling humanize: "x" is not a number', 1, 4],
    ['{{ query "up" }}', "error calling query: there is nothing to query", 1, 4],
    ['{{ match "(" "a" }}', undefined, 1, 4],
  ])("are refused with their place: %s", (text, message, line, column) => {
    const r = expandTemplate(text, "prometheus", {
      dot: alert,
      variables: { $labels: labels, $value: 1 },
    });
    expect(r.ok).toBe(false);
    if (r.ok) return;
    if (message !== undefined) expect(r.error.message).toBe(message);
    expect([r.error.line, r.error.column]).toEqual([line, column]);
  });
});

describe("a hostile template", () => {
  it.each([
    ['{{ define "a" }}{{ template "a" . }}{{ end }}{{ template "a" . }}', "too deeply"],
    ["{{ range 100000 }}{{ range 100000 }}x{{ end }}{{ end }}", "more than"],
    ['{{ range 150000 }}{{ printf "%1000s" "x" }}{{ end }}', "grows beyond"],
    ["{{ ".repeat(3), "unexpected"],
    [`${"{{ if true }}".repeat(200)}`, "nested too deeply"],
  ])("ends by a bound: %s", (text, message) => {
    const r = expandTemplate(text, "prometheus", { dot: alert });
    expect(r).toMatchObject({ ok: false });
    if (!r.ok) expect(r.error.message).toContain(message);
  });

  it.each(["constructor", "__proto__", "toString", "hasOwnProperty"])(
    "reaches no JavaScript: .%s",
    (name) => {
      expect(rule(`{{ .${name} }}`)).toBe("<no value>");
    },
  );

  it("fails in no other way than by a TemplateError", () => {
    const piece = fc.constantFrom(
      "{{",
      "}}",
      " ",
      ".",
      "$labels",
      "$value",
      "|",
      "(",
      ")",
      "if",
      "end",
      "range",
      "else",
      '"a"',
      "printf",
      "eq",
      "1",
      "{{end}}",
      "{{- ",
      " -}}",
      ".Labels",
      "x",
      ":=",
      "$y",
    );
    for (const dialect of ["prometheus", "alertmanager"] satisfies Dialect[]) {
      fc.assert(
        fc.property(
          fc.array(piece, { maxLength: 24 }),
          (parts) =>
            typeof expandTemplate(parts.join(""), dialect, {
              dot: alert,
              variables: { $labels: labels, $value: 1 },
            }).ok === "boolean",
        ),
      );
    }
  });
});

describe("a template made to be expensive", () => {
  const doubling =
    '{{ $x := "aaaaaaaaaa" }}' + "{{ $x = print $x $x }}".repeat(40) + "{{ len $x }}";
  const many =
    '{{ $x := printf "%1000s" "" }}' +
    Array.from(
      { length: 200 },
      (_, i) =>
        `{{ $v${i} := print $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x $x }}`,
    ).join("");
  it.each([
    ["text that doubles", doubling, "functions made more than"],
    ["many variables", many.repeat(2), "functions made more than"],
    [
      "a replacement at every place",
      `{{ $x := printf "%1000s" "" }}{{ $y := print $x $x $x $x $x $x $x $x }}{{ reReplaceAll "" $y $y }}`,
      "may have more than",
    ],
    [
      "ranges in ranges",
      "{{ range 1000 }}{{ range 1000 }}{{ range 1000 }}{{ end }}{{ end }}{{ end }}",
      "more than",
    ],
    [
      "a template that calls itself",
      '{{ define "t" }}{{ template "t" }}{{ template "t" }}{{ end }}{{ template "t" }}',
      "too deeply",
    ],
    ["parentheses", `{{ ${"(".repeat(50_000)} 1 }}`, "nested too deeply"],
    ["blocks", `${"{{ if 1 }}".repeat(5_000)}${"{{ end }}".repeat(5_000)}`, "nested too deeply"],
    ["else if", `{{ if 0 }}${"{{ else if 0 }}".repeat(5_000)}{{ end }}`, "nested too deeply"],
    ["a regular expression", `{{ match "((a{1000}){1000}){1000}" "a" }}`, "expression too large"],
    ["half a surrogate pair", '{{ urlquery (slice "\u{1F600}" 0 1) }}', "urlquery"],
    ["a date that no calendar has", "{{ humanizeTimestamp 1e300 }}", "is not a time"],
  ])("fails by name, in time: %s", (_, text, message) => {
    const start = performance.now();
    expect(rule(text)).toContain("ERROR");
    expect(rule(text)).toContain(message);
    expect(performance.now() - start).toBeLessThan(2_000);
  });

  it.each(["constructor", "__proto__", "toString", "hasOwnProperty"])(
    "does not reach JavaScript's own %s",
    (name) => {
      expect(rule(`{{ $labels.${name} }}|{{ index $labels "${name}" }}`)).toBe("|");
      expect(rule(`{{ ${name} }}`)).toContain("not defined");
    },
  );
});

describe("a receiver's fields", () => {
  const data = {
    Status: "firing",
    GroupLabels: { alertname: "Deep" },
    Alerts: Object.assign([alert, alert], {}),
    CommonLabels: labels,
  };
  it.each([
    ["[{{ .Status | toUpper }}] {{ .GroupLabels.alertname }}", "[FIRING] Deep"],
    ["{{ range .Alerts }}{{ .Labels.severity }},{{ end }}", "critical,critical,"],
    [
      "{{ range $i, $a := .Alerts }}{{ if $i }}; {{ end }}{{ $a.Labels.alertname }}{{ end }}",
      "Deep; Deep",
    ],
    ['{{ join ", " (stringSlice "a" "b") }}', "a, b"],
    ["{{ .CommonLabels | toJson }}", JSON.stringify(labels)],
    ["{{ range .Alerts }}{{ break }}x{{ else }}none{{ end }}", ""],
  ])("%s", (text, expected) => {
    const r = expandTemplate(text, "alertmanager", { dot: data });
    expect(r.ok ? r.value : r.error.message).toBe(expected);
  });
});
