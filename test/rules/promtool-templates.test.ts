import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { stringify } from "yaml";
import { labelsOf } from "../../src/core/labels";
import { TemplateQueries } from "../../src/rules/template-queries";
import { compileTemplates, expandRule, newStepBudget } from "../../src/rules/templates";

/** Annotations as Debian's promtool (2.42) expands them: what Vedette makes of them is what it is told to expect. */
const installed = spawnSync("promtool", ["--version"]).status === 0;
const dir = mkdtempSync(join(tmpdir(), "vedette-rules-"));
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const TEXTS = [
  "plain",
  '[{{ $labels.absent }}] [{{ .Labels.absent }}] {{ eq $labels.absent "" }} {{ if $labels.absent }}y{{ else }}n{{ end }}',
  "{{ $labels.instance }} of {{ $labels.job }} has {{ $value }}",
  "{{ $labels }}",
  "{{ .Value }} {{ .Labels.job }} {{ .ExternalURL }}",
  '{{ humanize $value }} {{ humanize 1234567 }} {{ humanize 0.00042 }} {{ humanize "1e6" }}',
  "{{ humanize1024 1048576 }} {{ humanize1024 $value }} {{ humanizePercentage 0.1234567 }}",
  "{{ humanizeDuration 93784.5 }} {{ humanizeDuration 0.0123 }} {{ humanizeDuration -61 }} {{ humanizeDuration 59.9996 }}",
  "{{ humanizeTimestamp 1435065584.128 }} {{ toTime 1435065584.128 }}",
  '{{ (toTime 1435065584).Format "2006-01-02T15:04:05Z07:00" }} {{ (toTime 0).Unix }}',
  '{{ "hELLO wORLD o\'neil" | title }} {{ toUpper "abc" }} {{ toLower "ABC" }}',
  '{{ graphLink "up{a=\\"b c\\"}" }} {{ tableLink "sum(rate(x[5m]))" }}',
  '{{ reReplaceAll "(.*):(.*)" "${2}-$1" $labels.instance }} {{ match "^db" $labels.instance }}',
  '{{ $labels.instance | stripPort }} {{ stripDomain "a.b.c:80" }} {{ stripDomain "10.0.0.1:80" }} {{ stripPort "x" }}',
  '{{ parseDuration "1h30m" }} {{ args 1 "two" }} {{ safeHtml "<b>" }}',
  '{{ printf "%.2f|%6.1f|%e|%g|%v" $value $value $value $value $value }}',
  '{{ printf "%q %s %v" $labels.job "x" true }} {{ print 1 2 "a" }} {{ len $labels }}',
  "{{ if gt $value 1.0 }}high{{ else if eq $value 0.5 }}half{{ else }}low{{ end }}",
  "{{ range $k, $v := $labels }}{{ $k }}={{ $v }};{{ end }}",
  "{{ with $labels.job }}{{ . }}{{ end }}{{ with $labels.absent }}{{ . }}{{ else }}none{{ end }}",
  '{{ define "t" }}<{{ . }}>{{ end }}{{ template "t" $labels.job }}',
  "{{ $x := $labels.job }}{{ $x }}-{{ $x | len }} {{- /* gone */ -}} .",
  '{{ urlquery "a b&c" }} {{ html "<&>" }} {{ js "it\'s" }}',
  '{{ index $labels "instance" }} {{ index $labels "absent" }}|{{ slice "abcdef" 1 3 }}',
  '{{ and 1 0 }} {{ or "" "x" }} {{ not true }} {{ ne 1 2 }} {{ le 1 1 }}',
];

it.skipIf(!installed)(
  "expands annotations as promtool does (skipped where it is not installed)",
  () => {
    const annotations = Object.fromEntries(TEXTS.map((t, i) => [`a${i}`, t]));
    const rule = {
      alert: "A",
      expr: "up > 0",
      annotations,
    };
    const templates = compileTemplates({
      kind: "alerting",
      name: "A",
      expr: "up > 0",
      labels: {},
      annotations,
      forMs: 0,
      keepFiringForMs: 0,
    } as unknown as Parameters<typeof compileTemplates>[0]); // what it reads of a rule
    const series = { __name__: "up", instance: "db-1.example.com:9100", job: "node" };
    const ours = expandRule(templates, labelsOf(series), 0.5, {
      settings: { externalUrl: "", externalLabels: {} } as unknown as Parameters<
        typeof expandRule
      >[3]["settings"], // what templates see of them
      budget: newStepBudget(),
      queries: new TemplateQueries(),
      atMs: 60_000,
    });
    writeFileSync(join(dir, "rules.yml"), stringify({ groups: [{ name: "g", rules: [rule] }] }));
    writeFileSync(
      join(dir, "test.yml"),
      stringify({
        rule_files: ["rules.yml"],
        evaluation_interval: "1m",
        tests: [
          {
            interval: "1m",
            input_series: [
              { series: 'up{job="node",instance="db-1.example.com:9100"}', values: "0.5 0.5" },
            ],
            alert_rule_test: [
              {
                eval_time: "1m",
                alertname: "A",
                exp_alerts: [
                  {
                    exp_labels: { job: "node", instance: "db-1.example.com:9100" },
                    exp_annotations: ours.annotations,
                  },
                ],
              },
            ],
          },
        ],
      }),
    );
    const run = spawnSync("promtool", ["test", "rules", join(dir, "test.yml")], {
      encoding: "utf8",
    });
    expect(`${run.stdout}${run.stderr}`).toContain("SUCCESS");
    expect(Object.values(ours.annotations).join("\n")).not.toContain("error expanding");
  },
);
