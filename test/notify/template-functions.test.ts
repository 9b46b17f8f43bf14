import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseTemplateFiles } from "../../src/core/template/set";
import { VEDETTE_TEMPLATES, alertmanagerTemplates } from "../../src/notify/default-templates";
import { expander, templateData } from "../../src/notify/template-data";
import { expandTemplate } from "../../src/core/template";
import { alert, data } from "./data";

const NOW = Date.parse("2026-07-01T12:00:00Z");
const DATA = data([
  alert(
    { alertname: "HighErrors", instance: "db-1", severity: "critical" },
    { startsAt: "2026-07-01T10:29:58.5Z", annotations: { summary: "a <b> & 'c'" } },
  ),
  alert(
    { alertname: "HighErrors", instance: "db-2" },
    { status: "resolved", startsAt: "2026-01-01T00:00:00Z", annotations: {} },
  ),
]);
const { expand, expandHtml } = expander(DATA, undefined, NOW);

describe("functions of Alertmanager 0.34", () => {
  it.each([
    ['{{ (index .Alerts 0).StartsAt | date "2006-01-02 15:04" }}', "2026-07-01 10:29"],
    [
      '{{ (index .Alerts 0).StartsAt | tz "Europe/Paris" | date "15:04 MST -0700" }}',
      "12:29 CEST +0200",
    ],
    [
      '{{ (index .Alerts 1).StartsAt | tz "Europe/Paris" | date "15:04 MST Z07:00" }}',
      "01:00 CET +01:00",
    ],
    ['{{ (index .Alerts 0).StartsAt | tz "America/New_York" }}', "2026-07-01 06:29:58.5 -0400 EDT"],
    ['{{ (index .Alerts 0).StartsAt | tz "Asia/Tokyo" | date "15:04 MST" }}', "19:29 JST"],
    [
      '{{ (index .Alerts 0).StartsAt | tz "Asia/Kathmandu" | date "15:04 MST Z0700" }}',
      "16:14 +0545 +0545",
    ],
    ["{{ since (index .Alerts 0).StartsAt }}", "1h30m1.5s"],
    ["{{ (since (index .Alerts 0).StartsAt).Truncate 60000000000 }}", "1h30m0s"],
    ["{{ since (index .Alerts 0).StartsAt | humanizeDuration }}", "1h 30m 1s"],
    ['{{ (since (index .Alerts 0).StartsAt).Hours | printf "%.1f" }}', "1.5"],
    ['{{ now | date "15:04:05" }}', "12:00:00"],
    ['{{ humanizeDuration 93784 }} {{ humanizeDuration "0.5" }}', "1d 2h 3m 4s 500ms"],
    [
      '{{ (toDate "2006-01-02" "2026-03-04").Format "2 Jan 06" }} {{ (toDate "2006" "x").IsZero }}',
      "4 Mar 26 true",
    ],
    [
      '{{ (mustToDate "2006-01-02T15:04:05Z07:00" "2026-03-04T05:06:07+02:00").Unix }}',
      "1772593567",
    ],
    ['{{ safeUrl "https://x/?a=1" }} {{ urlUnescape "a%20b+c%26" }}', "https://x/?a=1 a b c&"],
    ['{{ base64encode "a?>b" }} {{ base64decode "YT8-Yg==" }}', "YT8-Yg== a?>b"],
    [
      '{{ $d := dict "a" 1 "b" (list 1 "x" true) }}{{ $d.a }} {{ $d.b }} {{ toJson $d }} {{ $d.c }}',
      '1 [1 x true] {"a":1,"b":[1,"x",true]} <no value>',
    ],
    [
      "{{ $l := list }}{{ range .Alerts }}{{ $l = append $l .Labels.instance }}{{ end }}{{ len $l }} {{ toJson $l }}",
      '2 ["db-1","db-2"]',
    ],
    [
      "{{ toJson (index .Alerts 0).Annotations }}",
      String.raw`{"summary":"a \u003cb\u003e \u0026 'c'"}`,
    ],
    [
      "{{ toJson (index .Alerts 1) }}",
      '{"status":"resolved","labels":{"alertname":"HighErrors","instance":"db-2"},"annotations":{},"startsAt":"2026-01-01T00:00:00Z","endsAt":"0001-01-01T00:00:00Z","generatorURL":"https://vedette.example/explore?q=1","fingerprint":"0123456789abcdef"}',
    ],
    [
      "{{ .CommonLabels }}|{{ .GroupLabels.SortedPairs }}",
      "alertname=HighErrors, severity=critical|alertname=HighErrors",
    ],
    ['{{ trimSpace " x \\n" }}|', "x|"],
  ])("%s", (text, expected) => {
    expect(expand(text)).toBe(expected);
  });

  it.each([
    ['{{ tz "Mars/Olympus" now }}', "error calling tz: unknown time zone Mars/Olympus"],
    ['{{ mustToDate "2006" "x" }}', 'error calling mustToDate: cannot parse "x" as "2006"'],
    ['{{ dict "a" }}', "error calling dict: dict wants a value for each key"],
    ['{{ urlUnescape "%zz" }}', 'error calling urlUnescape: invalid URL escape in "%zz"'],
    ["{{ .Nothing }}", "can't evaluate field Nothing in type *template.Data"],
    [
      "{{ range .Alerts }}{{ .Nothing }}{{ end }}",
      "can't evaluate field Nothing in type template.Alert",
    ],
    ['{{ template "nobody" . }}', 'template "nobody" not defined'],
    ["{{ .Alerts.constructor }}", "can't evaluate field constructor"],
    ["{{ (now).constructor }}{{ (now).ms }}", "can't evaluate field constructor"],
    ["{{ (now).ms }}", "can't evaluate field ms"],
  ])("%s is named", (text, expected) => {
    expect(expand(text)).toContain(expected);
  });

  it("has no clock where nobody gives one", () => {
    const r = expandTemplate("{{ now }}", "alertmanager", { dot: templateData(DATA) });
    expect(r).toMatchObject({
      ok: false,
      error: { message: "error calling now: there is no clock here" },
    });
  });
});

describe("HTML beyond what amtool's version knows", () => {
  it.each([
    ['<a href="{{ safeUrl "tel:+1" }}">', '<a href="tel:&#43;1">'],
    ['<a href="{{ "data:text/html,x" }}">', '<a href="#ZgotmplZ">'],
    ['<p>{{ .CommonLabels.alertname | html }} {{ "<" | html }}</p>', "<p>HighErrors &lt;</p>"],
    [
      "<script>var x = {{ .CommonLabels.alertname }};</script>",
      '<script>var x = "HighErrors";</script>',
    ],
    [
      "<script>var x = '{{ \"</script><b>'\" }}';</script>",
      String.raw`<script>var x = '\u003c\u002fscript\u003e\u003cb\u003e\u0027';</script>`,
    ],
    ['<p onclick="f({{ "\\"x" }})">', String.raw`<p onclick="f(&#34;\&#34;x&#34;)">`],
    ['<p {{ "onclick=x" }}>', "<p ZgotmplZ>"],
  ])("%s", (text, expected) => {
    expect(expandHtml(text)).toBe(expected);
  });
});

describe("Vedette's templates under Alertmanager's names", () => {
  const names = [
    "__subject",
    "__alertmanager",
    "__alertmanagerURL",
    "__description",
    "__text_alert_list",
    "__text_alert_list_markdown",
    "slack.default.title",
    "slack.default.username",
    "slack.default.fallback",
    "slack.default.callbackid",
    "slack.default.pretext",
    "slack.default.titlelink",
    "slack.default.iconemoji",
    "slack.default.iconurl",
    "slack.default.text",
    "slack.default.footer",
    "pagerduty.default.description",
    "pagerduty.default.client",
    "pagerduty.default.clientURL",
    "pagerduty.default.instances",
    "email.default.subject",
    "email.default.html",
    "discord.default.content",
    "discord.default.title",
    "discord.default.message",
    "msteams.default.summary",
    "msteams.default.title",
    "msteams.default.text",
    "msteamsv2.default.title",
    "msteamsv2.default.text",
    "telegram.default.message",
  ];

  it.each(names)("%s renders as text and as HTML", (name) => {
    const dot = /alert_list|instances/.test(name) ? ".Alerts" : ".";
    const call = `{{ template "${name}" ${dot} }}`;
    for (const text of [expand(call), expandHtml(call)]) expect(text).not.toContain("(template:");
    expect(VEDETTE_TEMPLATES.defines.has(name)).toBe(true);
  });

  it("says what fires, in plain words and in safe HTML", () => {
    expect(expand('{{ template "__subject" . }}')).toBe("[FIRING:1] HighErrors (critical)");
    const text = expand('{{ template "telegram.default.message" . }}');
    expect(text).toContain("Firing:\n- a <b> & 'c'\n  alertname = HighErrors\n");
    expect(text).toContain("Resolved:\n- HighErrors\n");
    const html = expandHtml('{{ template "email.default.html" . }}');
    expect(html).toContain("<strong>a &lt;b&gt; &amp; &#39;c&#39;</strong>");
    expect(html).toContain('<a href="https://vedette.example/alerts">All alerts in Vedette</a>');
    expect(html.trimStart().startsWith("<!DOCTYPE html>")).toBe(true);
  });

  it("speaks of thousands of alerts", () => {
    const many = data(
      Array.from({ length: 1_500 }, (_, i) =>
        alert({ alertname: "Many", instance: `i-${i}`, a: "1", b: "2", c: "3", d: "4", e: "5" }),
      ),
    );
    const large = expander(many, undefined, NOW);
    expect(large.expandHtml('{{ template "email.default.html" . }}')).toContain(
      "instance = i-1499<br>",
    );
    expect(large.expand('{{ template "discord.default.message" . }}')).toContain(
      "instance = i-1499\n",
    );
  });

  it("gives way to the project's own, one by one", () => {
    const own = alertmanagerTemplates({
      "x.tmpl":
        '{{ define "__subject" }}ours: {{ .Status }}{{ end }}{{ define "slack.default.footer" }} {{ end }}',
      "broken.tmpl": "{{ if }}",
    });
    const with_ = expander(DATA, own, NOW);
    expect(with_.expand('{{ template "slack.default.title" . }}')).toBe("ours: firing");
    expect(with_.expand('{{ template "pagerduty.default.client" . }}')).toBe("Vedette");
    expect(parseTemplateFiles({ "broken.tmpl": "a\n{{ if }}" }, "alertmanager")).toMatchObject({
      ok: false,
      error: { file: "broken.tmpl", error: { line: 2 } },
    });
  });
});

describe("what an alert's texts can do to HTML", () => {
  const nasty = fc.oneof(
    fc.string({ unit: "binary", maxLength: 20 }),
    fc
      .array(
        fc.constantFrom(
          "<",
          ">",
          '"',
          "'",
          "&",
          "`",
          " ",
          "\n",
          "=",
          "/",
          "\\",
          "javascript:",
          "</p>",
          "--",
          "on",
          "(",
          ")",
          ";",
          "{",
          "}",
          "#",
          "?",
          "%",
          "+",
          "\u0000",
          "</script>",
          "x",
        ),
        { maxLength: 8 },
      )
      .map((parts) => parts.join("")),
  );
  /** The same place with a harmless value: every tag, quote and attribute must stand as it stands there. */
  const shape = (html: string): string => html.replace(/[^<>"']+/g, "");

  it.each([
    "<p>{{ .CommonLabels.v }}</p>",
    '<p title="{{ .CommonLabels.v }}" id="b">x</p>',
    "<p title='{{ .CommonLabels.v }}' id='b'>x</p>",
    "<p title={{ .CommonLabels.v }} id=b>x</p>",
    '<a href="{{ .CommonLabels.v }}">x</a>',
    '<a href="https://x/{{ .CommonLabels.v }}?q={{ .CommonLabels.v }}#{{ .CommonLabels.v }}">x</a>',
    '<p style="color: {{ .CommonLabels.v }}">x</p>',
    '<p onclick="f({{ .CommonLabels.v }})">x</p>',
    "<title>{{ .CommonLabels.v }}</title>",
  ])("changes nothing of %s but what it says", (text) => {
    fc.assert(
      fc.property(nasty, (v) => {
        const render = (value: string): string =>
          expander(data([], { commonLabels: { v: value } }), undefined).expandHtml(text);
        expect(shape(render(v))).toBe(shape(render("x")));
        expect(render(v)).not.toMatch(/href="\s*javascript:/i);
      }),
    );
  });
});
