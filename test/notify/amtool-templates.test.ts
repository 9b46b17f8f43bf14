import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { expandTemplate } from "../../src/core/template";
import { type TemplateSet, parseTemplateFiles } from "../../src/core/template/set";
import { templateData } from "../../src/notify/template-data";
import { alert, data } from "./data";

/** Templates rendered by Debian's amtool (0.25) and by Vedette, as text and as HTML. */
const installed = spawnSync("amtool", ["--version"]).status === 0;
const dir = mkdtempSync(join(tmpdir(), "vedette-tmpl-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const DATA = data(
  [
    alert(
      { alertname: "HighErrors", instance: "db-1:9100", job: "node", path: "/a b?c=<d>&e='f'" },
      {
        annotations: {
          summary: 'Errors at <7> & "rising" + 1%',
          runbook: "https://wiki/x?a=1&b=2",
        },
        startsAt: "2026-01-02T03:04:05.678Z",
        endsAt: "2026-01-02T04:00:00Z",
      },
    ),
    alert(
      {
        alertname: "HighErrors",
        instance: "db-2:9100",
        job: "node",
        script: "javascript:alert(1)",
      },
      { annotations: {}, status: "resolved", endsAt: "2026-11-12T13:14:15Z" },
    ),
    alert({ alertname: "Größe", instance: "", zone: "日本" }, { annotations: { summary: "" } }),
  ],
  {
    groupLabels: { alertname: "HighErrors", cluster: "eu" },
    commonLabels: { alertname: "HighErrors", job: "node", severity: "critical" },
  },
);

const FILES = {
  "a.tmpl": `{{ define "ours.title" }}<{{ .Status | toUpper }}> {{ template "ours.name" . }}{{ end }}
{{ define "ours.name" }}{{ .CommonLabels.alertname }}{{ end }}
{{ define "ours.list" }}{{ range . }}- {{ template "ours.one" .Labels }}
{{ end }}{{ end }}{{ define "ours.twice" }}first{{ end }}`,
  "b.tmpl": `{{ define "ours.one" }}{{ range .SortedPairs }}{{ .Name }}={{ .Value }};{{ end }}{{ end }}
{{ define "ours.twice" }}second{{ end }}{{ define "ours.empty" }}said{{ end }}`,
  "c.tmpl": `{{ define "ours.empty" }}  {{ end }}`,
};

const TEXTS = [
  "plain text",
  "{{ .Receiver }} {{ .Status }} {{ .ExternalURL }}",
  "{{ .CommonLabels.alertname }}|{{ .CommonLabels.absent }}|{{ .GroupLabels.cluster }}",
  '{{ .Status | toUpper }} {{ .Status | title }} {{ "hELLO wide wORLD" | title }}',
  "{{ title \"it's o'clock, half-time x_y 3rd\" }}",
  '{{ toLower "ÄÖ Ü" }} {{ toUpper "straße" }}',
  "{{ len .Alerts }} {{ len .Alerts.Firing }} {{ .Alerts.Resolved | len }}",
  "{{ range .Alerts }}{{ .Labels.instance }},{{ end }}",
  "{{ range .Alerts.Firing }}{{ .Annotations.summary }};{{ else }}none{{ end }}",
  "{{ range $i, $a := .Alerts }}{{ $i }}:{{ $a.Fingerprint }} {{ end }}",
  "{{ range $k, $v := .CommonLabels }}{{ $k }}={{ $v }} {{ end }}",
  "{{ range .GroupLabels.SortedPairs }}{{ .Name }}->{{ .Value }} {{ end }}",
  '{{ .GroupLabels.Names | join ", " }}',
  '{{ join "+" .CommonLabels.Values }}',
  '{{ .CommonLabels.SortedPairs.Values | join " " }} {{ .GroupLabels.SortedPairs.Names | join " " }}',
  '{{ with .CommonLabels.Remove .GroupLabels.Names }}{{ .Values | join " " }}{{ end }}',
  '{{ (.CommonLabels.Remove (stringSlice "job" "severity")).Names | join "," }}',
  '{{ with .CommonLabels.Remove (stringSlice "job" "severity" "alertname") }}some{{ else }}none{{ end }}',
  '{{ if eq .Status "firing" }}on{{ else }}off{{ end }}',
  '{{ if eq .Status "x" "firing" }}one of{{ end }}',
  "{{ if and .CommonLabels.job (not .CommonLabels.absent) }}yes{{ end }}",
  "{{ if or .CommonLabels.absent .CommonAnnotations }}a{{ else if .CommonLabels }}b{{ else }}c{{ end }}",
  '{{ if gt (len .Alerts) 2 }}many{{ end }}{{ if lt 1 2 }}!{{ end }}{{ if ne "a" "b" }}?{{ end }}',
  "{{ if .CommonAnnotations }}some{{ else }}no annotations{{ end }}",
  '{{ $x := .Status }}{{ $x }}{{ $x = "other" }} {{ $x }}',
  "{{ $n := 0 }}{{ range .Alerts }}{{ $n = len .Labels }}{{ end }}{{ $n }}",
  "{{ with $a := index .Alerts 0 }}{{ $a.Labels.instance }}{{ end }}",
  '{{ (index .Alerts 0).Labels.job }} {{ index .CommonLabels "severity" }} {{ index .CommonLabels "absent" }}|',
  '{{ (index .Alerts 1).StartsAt.Format "2006-01-02 15:04:05" }}',
  '{{ (index .Alerts 0).StartsAt.Format "Mon Jan _2 15:04:05.000 MST 2006" }}',
  '{{ (index .Alerts 0).StartsAt.Format "Monday, 02-Jan-06 3:04PM Z07:00 -0700" }}',
  '{{ (index .Alerts 1).EndsAt.Format "January 2, 2006 at 03:04pm (__2/002) .999 .000000" }}',
  "{{ (index .Alerts 0).StartsAt }} {{ (index .Alerts 2).EndsAt }}",
  "{{ (index .Alerts 0).StartsAt.Unix }} {{ (index .Alerts 2).EndsAt.IsZero }} {{ (index .Alerts 0).EndsAt.Year }}",
  '{{ ((index .Alerts 0).StartsAt.Add 28800000000000).Format "15:04:05" }}',
  "{{ (index .Alerts 0).EndsAt.Sub (index .Alerts 0).StartsAt }}",
  '{{ ((index .Alerts 0).EndsAt.Sub (index .Alerts 0).StartsAt).Minutes | printf "%.2f" }}',
  "{{ if (index .Alerts 0).StartsAt.Before (index .Alerts 0).EndsAt }}before{{ end }}",
  "{{ (index .Alerts 0).StartsAt.Weekday }} {{ (index .Alerts 0).StartsAt.Month }} {{ (index .Alerts 0).StartsAt.Day }}",
  '{{ match "^db-[0-9]+" (index .Alerts 0).Labels.instance }} {{ match "x" .Status }}',
  '{{ reReplaceAll "(.*):(.*)" "host $1 port ${2}" (index .Alerts 0).Labels.instance }}',
  '{{ reReplaceAll "[aeiou]" "*" .Status }} {{ .Status | reReplaceAll "i" "$0$0" }}',
  '{{ safeHtml "<b>bold</b>" }} {{ "<i>" }}',
  '{{ stringSlice "a" "b" | join "-" }} {{ len (stringSlice "a" "b") }}',
  '{{ printf "%s|%5s|%-5s|%q|%v" "a" "b" "c" "d\\"\\n\\t\\x01é" .Status }}',
  '{{ printf "%d|%5d|%-5d|%05d|%+d|%x|%X|%o|%b|%c" 42 42 42 42 42 255 255 8 5 65 }}',
  '{{ printf "%.2f|%8.3f|%e|%g|%G|%t|%%" 3.14159 2.5 12345.678 0.00001 1e21 true }}',
  '{{ printf "%d" "x" }} {{ printf "%s" 5 }} {{ printf "%d %d" 1 }} {{ printf "x" 1 "y" }}',
  '{{ printf "%x %X" "hi" "hi" }} {{ printf "%.3s|%5.1s" "日本語です" "ab" }}',
  '{{ print 1 2 "a" "b" 3 }}|{{ println "x" 1 }}',
  "{{ 1 }} {{ -2 }} {{ 3.5 }} {{ 1e3 }} {{ 0x10 }} {{ true }} {{ 1_000 }} {{ 'a' }}",
  '{{ `raw \\n {{` }} {{ "esc \\u00e9 \\x41 \\101 \\\\ \\"" }}',
  '{{ html "<a href=\'x\'>&" }} {{ urlquery "a b&c=d/é!\'()*" }} {{ js "it\'s \\"x\\" <&=" }}',
  '{{ slice "abcdef" 1 3 }} {{ slice "abcdef" 2 }} {{ len "é" }}',
  'a\n  {{- " b " -}}  \n c {{/* gone */}}d{{- /* x */ -}} e',
  '{{ range .Alerts }}{{ if eq .Labels.instance "db-2:9100" }}{{ break }}{{ end }}{{ .Labels.instance }}{{ end }}',
  '{{ range .Alerts }}{{ if eq .Labels.instance "db-1:9100" }}{{ continue }}{{ end }}[{{ .Labels.alertname }}]{{ end }}',
  '{{ define "x" }}<{{ . }}>{{ end }}{{ template "x" .Status }}{{ template "x" 5 }}',
  '{{ block "b" .CommonLabels }}{{ .severity }}{{ end }}',
  '{{ template "ours.title" . }}',
  '{{ template "ours.list" .Alerts }}',
  '{{ template "ours.twice" . }} {{ template "ours.empty" . }}',
  '{{ $ }}{{ define "y" }}{{ $.Status }}{{ end }}'.replace("{{ $ }}", '{{ template "y" . }}'),
  "{{ range .Alerts }}{{ $.Status }}/{{ .Status }} {{ end }}",
  "{{ with .CommonLabels }}{{ with .severity }}{{ . }} {{ $.Receiver }}{{ end }}{{ end }}",
  '{{ len .CommonLabels }} {{ len .Status }} {{ not true }} {{ not "" }}',
  '{{ and 1 0 2 }} {{ or 0 "" "x" }} {{ and "a" "b" }}',
  '{{ eq 1 1 }} {{ lt 1.5 2.5 }} {{ ge "b" "a" }} {{ le 2 2 }}',
  '{{ .Alerts.Firing | len | printf "%03d" }}',
  '{{ range $i, $e := stringSlice "a" "b" "c" }}{{ if $i }}, {{ end }}{{ $e }}{{ end }}',
  '{{ if not (eq .Status "firing") }}x{{ else with .CommonLabels.severity }}{{ . }}{{ end }}'
    .replace("else with", "else if eq 1 2 }}y{{ else }}{{ with")
    .replace("{{ . }}{{ end }}", "{{ . }}{{ end }}{{ end }}"),
  "{{ (index .Alerts 2).Labels.zone }} {{ (index .Alerts 2).Labels.alertname | toUpper }}",
];

/** Contexts in which html/template escapes, with values that would break out of them. */
const HTML = [
  "<p>{{ (index .Alerts 0).Annotations.summary }}</p>",
  '<p title="{{ (index .Alerts 0).Annotations.summary }}">x</p>',
  "<p title='{{ (index .Alerts 0).Annotations.summary }}'>x</p>",
  "<p title={{ (index .Alerts 0).Annotations.summary }}>x</p>",
  '<a href="{{ (index .Alerts 0).Annotations.runbook }}">x</a>',
  '<a href="{{ (index .Alerts 1).Labels.script }}">x</a>',
  "<a href='https://x/{{ (index .Alerts 0).Labels.path }}'>x</a>",
  '<a href="https://x/?q={{ (index .Alerts 0).Labels.path }}&r=1#{{ .Status }}">x</a>',
  "<a href={{ .ExternalURL }}/x>x</a>",
  '<a href="{{ .ExternalURL }}/#/alerts?receiver={{ .Receiver | urlquery }}">x</a>',
  '<img src="{{ .ExternalURL }}/{{ (index .Alerts 2).Labels.zone }}.png">',
  '<td style="color: {{ .Status }}; width: {{ len .Alerts }}px">x</td>',
  '<td style="background: {{ (index .Alerts 0).Labels.path }}">x</td>',
  "<title>{{ (index .Alerts 0).Annotations.summary }}</title>",
  "<textarea><b>{{ (index .Alerts 0).Annotations.summary }}</textarea>",
  "<!-- {{ .Status }} gone --><b>stays</b>",
  "a < b {{ .Status }} c > d & e",
  '<!DOCTYPE html><html><body class="{{ .Status }}">{{ template "ours.title" . }}</body></html>',
  '<p>{{ safeHtml "<b>x</b>" }}</p><p title="{{ safeHtml "<b>x</b> &amp; y" }}"></p>',
  '{{ if eq .Status "firing" }}<b>{{ else }}<i>{{ end }}{{ .Status }}</b>',
  '{{ range .Alerts }}<li data-name="{{ .Labels.alertname }}">{{ .Labels.path }}</li>{{ end }}',
  '<input value="{{ (index .Alerts 0).Labels.path }}" disabled name={{ .Receiver }}>',
];

function ours(text: string, html: boolean, set: TemplateSet): string {
  const r = expandTemplate(text, "alertmanager", {
    dot: templateData(DATA),
    defines: set.defines,
    html,
  });
  return r.ok ? r.value : `failed: ${r.error.message}`;
}

function theirs(text: string, html: boolean, glob = join(dir, "*.tmpl")): string {
  const run = spawnSync(
    "amtool",
    [
      "template",
      "render",
      `--template.glob=${glob}`,
      `--template.data=${join(dir, "data.json")}`,
      `--template.type=${html ? "html" : "text"}`,
      `--template.text=${text}`,
    ],
    { encoding: "utf8" },
  );
  return run.status === 0 ? run.stdout : `failed: ${run.stderr}`;
}

function setOf(files: Readonly<Record<string, string>>): TemplateSet {
  const parsed = parseTemplateFiles(files, "alertmanager");
  if (!parsed.ok) throw new Error(`${parsed.error.file}: ${parsed.error.error.message}`);
  return parsed.value;
}

describe.skipIf(!installed)("as amtool renders (skipped where it is not installed)", () => {
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(dir, name), text);
  writeFileSync(join(dir, "data.json"), JSON.stringify(DATA));
  const set = setOf(FILES);

  it.each(TEXTS)("text: %s", (text) => {
    expect(ours(text, false, set)).toBe(theirs(text, false));
  });

  it.each([...HTML, ...TEXTS])("HTML: %s", (text) => {
    expect(ours(text, true, set)).toBe(theirs(text, true));
  });

  it("has enough of them", () => {
    expect(execFileSync("amtool", ["--version"], { encoding: "utf8" })).toContain("amtool");
    expect(TEXTS.length + HTML.length).toBeGreaterThan(80);
  });
});

const GLOB = "/usr/share/prometheus/alertmanager/*.tmpl";

/** The defaults that come with Debian's package: what they define renders the same here. */
const DEFAULTS = ["default.tmpl", "email.tmpl"].map(
  (f) => `/usr/share/prometheus/alertmanager/${f}`,
);

describe.skipIf(!installed || !DEFAULTS.every((f) => existsSync(f)))(
  "Alertmanager's own templates (skipped where they are not installed)",
  () => {
    const files = Object.fromEntries(
      DEFAULTS.map((f) => [f, existsSync(f) ? readFileSync(f, "utf8") : ""]),
    );
    const set = setOf(files);
    const names = Object.values(files).flatMap((text) =>
      [...text.matchAll(/\{\{-?\s*define "([^"]+)"/g)].map((m) => m[1] ?? ""),
    );
    const whole = names.filter((n) => !n.startsWith("__text_alert_list"));

    it.each(whole)("%s", (name) => {
      const call = `{{ template ${JSON.stringify(name)} ${name === "pagerduty.default.instances" ? ".Alerts.Firing" : "."} }}`;
      expect(ours(call, false, set)).toBe(theirs(call, false, GLOB));
      expect(ours(call, true, set)).toBe(theirs(call, true, GLOB));
    });
  },
);
