import { expect, it } from "vitest";
import type { EmailIntegration, SlackIntegration } from "../../src/alerting/config";
import { alertmanagerTemplates } from "../../src/notify/default-templates";
import { withOwnTemplates } from "../../src/notify/template-overrides";

const slack: SlackIntegration = {
  type: "slack",
  id: "ops/slack/0",
  sendResolved: true,
  apiUrl: "https://hooks.slack.com/x",
  text: "own",
};
const email: EmailIntegration = {
  type: "email",
  id: "ops/email/0",
  sendResolved: true,
  to: "a@example.com",
  headers: {},
};
const files = (text: string) => alertmanagerTemplates({ "x.tmpl": text });

it("calls a project's template where Alertmanager would, and nowhere else", () => {
  const set = files(
    `{{ define "slack.default.title" }}T{{ end }}{{ define "slack.default.text" }}X{{ end }}`,
  );
  expect(withOwnTemplates(slack, set)).toEqual({
    ...slack,
    title: '{{ template "slack.default.title" . }}',
  });
  expect(withOwnTemplates(email, set)).toEqual(email);
  expect(withOwnTemplates(slack, files("nothing"))).toEqual(slack);
  expect(withOwnTemplates(slack, undefined)).toBe(slack);
});

it("takes a subject of one's own for every title", () => {
  const set = files(`{{ define "__subject" }}S{{ end }}`);
  expect(withOwnTemplates(slack, set).title).toBe('{{ template "slack.default.title" . }}');
  expect(withOwnTemplates(email, set).headers).toEqual({
    Subject: '{{ template "email.default.subject" . }}',
  });
  const named = { ...email, headers: { subject: "mine" } };
  expect(withOwnTemplates(named, set).headers).toEqual({ subject: "mine" });
});
