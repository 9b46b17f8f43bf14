import { describe, expect, it } from "vitest";
import { type Dialect, expandTemplate, parseTemplate } from "../../src/core/template/index";

function render(text: string, dot: unknown = {}, dialect: Dialect = "alertmanager"): string {
  const began = performance.now();
  const r = expandTemplate(text, dialect, { dot, nowMs: 0 });
  expect(performance.now() - began).toBeLessThan(4_000);
  return r.ok ? r.value.slice(0, 200) : `ERROR ${r.error.message}`;
}

const twice = "{{ $a = list $a $a }}".repeat(60);

describe("a template that means harm", () => {
  it.each([
    ["a list in itself, printed", `{{ $a := list "x" }}${twice}{{ $a }}`],
    ["…formatted", `{{ $a := list "x" }}${twice}{{ printf "%v" $a }}`],
    ["…as JSON", `{{ $a := list "x" }}${twice}{{ toJson $a }}`],
    ["…joined", `{{ $a := list "x" }}${twice}{{ join "," $a }}`],
    ["…in a map", `{{ $a := list "x" }}${"{{ $a = dict `k` $a `l` $a }}".repeat(60)}{{ $a }}`],
    ["deep lists", "{{ $a := list 1 }}{{ range 100000 }}{{ $a = list $a }}{{ end }}{{ $a }}"],
    ["a list that grows", "{{ $a := list 1 }}{{ range 200000 }}{{ $a = append $a 1 }}{{ end }}"],
    ["ranges that break off", "{{ range 200000 }}{{ range 200000 }}{{ break }}{{ end }}{{ end }}"],
    ["calls from deep branches", deepCalls()],
    ["a define that calls itself", `{{ define "a" }}{{ template "a" }}{{ end }}{{ template "a" }}`],
    ["widths", `{{ printf "${"%1000d".repeat(40_000)}" 1 }}`],
    [
      "a huge pattern",
      `{{ reReplaceAll (printf "%999s" "x{999}") "" "y" }}{{ range 9999 }}x{{ end }}`,
    ],
    ["a pattern of many", `{{ match "${"x{1000}".repeat(1_000)}" "y" }}`],
    ["a layout of many pieces", `{{ toDate "${"1".repeat(60)}" "${"1".repeat(90)}x" }}`],
    [
      "a replacement of replacements",
      `{{ reReplaceAll "" (printf "%999s" "") (printf "%999s" "") }}`,
    ],
  ])("ends in time: %s", (_, text) => {
    expect(typeof render(text)).toBe("string");
  });

  it("is told so, in the words of what it did", () => {
    expect(render(`{{ $a := list "x" }}${twice}{{ $a }}`)).toContain("functions made more than");
    expect(render("{{ $a := list 1 }}{{ range 1000 }}{{ $a = list $a }}{{ end }}{{ $a }}")).toBe(
      "ERROR lists are nested too deeply",
    );
    expect(render(deepCalls())).toMatch(/^ERROR (too much at once|templates call each other)/);
    const wrong = parseTemplate(String.raw`{{ "\UFFFFFFFF" }}`, "alertmanager");
    expect(wrong).toMatchObject({ ok: false, error: { message: "\\UFFFFFFFF is no character" } });
  });

  it("reaches nothing of JavaScript's own", () => {
    const sample = { Labels: { job: "a" }, Value: 1 };
    const prometheus = (text: string): string => render(text, sample, "prometheus");
    expect(prometheus('{{ label "job" . }}|{{ label "constructor" . }}|')).toBe("a||");
    for (const name of ["constructor", "__proto__", "hasOwnProperty", "toString"]) {
      expect(prometheus(`{{ (args (label "${name}" .)).arg0 }}`)).toBe("");
      expect(prometheus(`{{ (args (label "${name}" .)).arg0 "x" }}`)).toMatch(/^ERROR/);
      expect(prometheus(`{{ .${name} }}`)).toBe("<no value>");
      expect(prometheus(`{{ index .Labels "${name}" }}`)).toBe("");
    }
  });
});

describe("a template that means well", () => {
  const alerts = Array.from({ length: 3_000 }, (_, i) => ({ Labels: { instance: `host-${i}` } }));
  it.each([
    [
      "range .",
      "{{ $n := 0 }}{{ range .Alerts }}{{ $n = len .Labels.instance }}{{ end }}{{ $n }}",
      "9",
    ],
    ["else", "{{ range .None }}x{{ else }}none{{ end }}", "none"],
    [
      "break",
      "{{ range $i, $a := .Alerts }}{{ if eq $i 2 }}{{ break }}{{ end }}{{ $a.Labels.instance }} {{ end }}",
      "host-0 host-1 ",
    ],
    [
      "a list of 2,000",
      "{{ $l := list }}{{ range $i, $a := .Alerts }}{{ if lt $i 2000 }}{{ $l = append $l $a.Labels.instance }}{{ end }}{{ end }}{{ len $l }}",
      "2000",
    ],
    [
      "handing all on",
      '{{ define "t" }}{{ len .alerts }} {{ .x }}{{ end }}{{ range 100 }}{{ end }}{{ template "t" (dict "alerts" .Alerts "x" "y") }}',
      "3000 y",
    ],
    ["all as JSON", "{{ len (toJson .Alerts) }}", "106891"],
  ])("is rendered: %s", (_, text, expected) => {
    expect(render(text, { Alerts: alerts })).toBe(expected);
  });
});

function deepCalls(): string {
  const [open, close] = ["{{ if true }}".repeat(90), "{{ end }}".repeat(90)];
  return `{{ define "a" }}${open}{{ template "a" . }}${close}{{ end }}{{ template "a" . }}`;
}
