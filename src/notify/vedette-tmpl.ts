/**
 * Templates under the names that Alertmanager's own have, so that a configuration that calls or
 * overrides one works. What they say is Vedette's.
 */
export const VEDETTE_TMPL = `
{{ define "__alertmanager" }}Vedette{{ end }}
{{ define "__alertmanagerURL" }}{{ .ExternalURL }}/alerts{{ end }}

{{ define "__subject" -}}
  {{- if eq .Status "firing" }}[FIRING:{{ len .Alerts.Firing }}]{{ else }}[RESOLVED]{{ end }}
  {{- with .GroupLabels.SortedPairs.Values }} {{ join " " . }}{{ end }}
  {{- with (.CommonLabels.Remove .GroupLabels.Names).SortedPairs.Values }} ({{ join " " . }}){{ end }}
{{- end }}
{{ define "__description" }}{{ end }}

{{ define "__vedette_what" -}}
  {{- if .Annotations.summary }}{{ .Annotations.summary }}
  {{- else if .Annotations.message }}{{ .Annotations.message }}
  {{- else if .Annotations.description }}{{ .Annotations.description }}
  {{- else }}{{ .Labels.alertname }}{{ end }}
{{- end }}

{{ define "__text_alert_list" -}}
{{ range . }}- {{ template "__vedette_what" . }}
{{ with .Annotations.description }}  {{ . }}
{{ end }}{{ range .Labels.SortedPairs }}  {{ .Name }} = {{ .Value }}
{{ end }}{{ with .GeneratorURL }}  {{ . }}
{{ end }}{{ end }}
{{- end }}

{{ define "__text_alert_list_markdown" -}}
{{ range . }}**{{ template "__vedette_what" . }}**

{{ with .Annotations.description }}{{ . }}

{{ end }}{{ range .Labels.SortedPairs }}- {{ .Name }}: {{ .Value }}
{{ end }}{{ with .GeneratorURL }}
[Source]({{ . }})
{{ end }}
{{ end }}
{{- end }}

{{ define "__vedette_text" -}}
{{ if .Alerts.Firing }}Firing:
{{ template "__text_alert_list" .Alerts.Firing }}{{ end }}
{{- if .Alerts.Resolved }}Resolved:
{{ template "__text_alert_list" .Alerts.Resolved }}{{ end }}
{{- end }}

{{ define "__vedette_markdown" -}}
{{ if .Alerts.Firing }}### Firing

{{ template "__text_alert_list_markdown" .Alerts.Firing }}{{ end }}
{{- if .Alerts.Resolved }}### Resolved

{{ template "__text_alert_list_markdown" .Alerts.Resolved }}{{ end }}
{{- end }}

{{ define "slack.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "slack.default.username" }}{{ template "__alertmanager" . }}{{ end }}
{{ define "slack.default.fallback" }}{{ template "__subject" . }} | {{ template "__alertmanagerURL" . }}{{ end }}
{{ define "slack.default.callbackid" }}{{ end }}
{{ define "slack.default.pretext" }}{{ end }}
{{ define "slack.default.titlelink" }}{{ template "__alertmanagerURL" . }}{{ end }}
{{ define "slack.default.iconemoji" }}{{ end }}
{{ define "slack.default.iconurl" }}{{ end }}
{{ define "slack.default.text" }}{{ range .Alerts }}{{ template "__vedette_what" . }}
{{ end }}{{ end }}
{{ define "slack.default.footer" }}{{ end }}

{{ define "pagerduty.default.description" }}{{ template "__subject" . }}{{ end }}
{{ define "pagerduty.default.client" }}{{ template "__alertmanager" . }}{{ end }}
{{ define "pagerduty.default.clientURL" }}{{ template "__alertmanagerURL" . }}{{ end }}
{{ define "pagerduty.default.instances" }}{{ template "__text_alert_list" . }}{{ end }}

{{ define "discord.default.content" }}{{ end }}
{{ define "discord.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "discord.default.message" }}{{ template "__vedette_text" . }}{{ end }}

{{ define "msteams.default.summary" }}{{ template "__subject" . }}{{ end }}
{{ define "msteams.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "msteams.default.text" }}{{ template "__vedette_markdown" . }}{{ end }}
{{ define "msteamsv2.default.title" }}{{ template "__subject" . }}{{ end }}
{{ define "msteamsv2.default.text" }}{{ template "__vedette_markdown" . }}{{ end }}

{{ define "telegram.default.message" }}{{ template "__vedette_text" . }}{{ end }}

{{ define "__vedette_rows" -}}
{{ range . }}<div style="border-left: 3px solid {{ if eq .Status "firing" }}#d92c2c{{ else }}#2eb67d{{ end }}; margin: 0 0 16px; padding: 4px 12px">
<p style="margin: 0 0 4px"><strong>{{ template "__vedette_what" . }}</strong></p>
{{ with .Annotations.description }}<p style="margin: 0 0 4px">{{ . }}</p>
{{ end }}<p style="color: #555555; margin: 0">{{ range .Labels.SortedPairs }}{{ .Name }} = {{ .Value }}<br>{{ end }}</p>
{{ with .GeneratorURL }}<p style="margin: 4px 0 0"><a href="{{ . }}">Source</a></p>
{{ end }}</div>
{{ end }}
{{- end }}

{{ define "email.default.subject" }}{{ template "__subject" . }}{{ end }}
{{ define "email.default.html" -}}
<!DOCTYPE html>
<html>
<head><meta charset="utf-8"><title>{{ template "__subject" . }}</title></head>
<body style="color: #222222; font-family: sans-serif">
<h1 style="font-size: 18px">{{ template "__subject" . }}</h1>
{{ if .Alerts.Firing }}<h2 style="font-size: 15px">Firing: {{ len .Alerts.Firing }}</h2>
{{ template "__vedette_rows" .Alerts.Firing }}{{ end }}
{{- if .Alerts.Resolved }}<h2 style="font-size: 15px">Resolved: {{ len .Alerts.Resolved }}</h2>
{{ template "__vedette_rows" .Alerts.Resolved }}{{ end -}}
<p><a href="{{ template "__alertmanagerURL" . }}">All alerts in {{ template "__alertmanager" . }}</a></p>
</body>
</html>
{{- end }}
`;
