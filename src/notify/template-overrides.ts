import type { Integration } from "../alerting/config";
import type { TemplateSet } from "../core/template/set";
import { VEDETTE_TEMPLATES } from "./default-templates";

/** Fields that Alertmanager fills, where a receiver leaves them out, by calling a template of that name. */
const CALLED: Partial<
  Readonly<Record<Integration["type"], readonly (readonly [field: string, template: string])[]>>
> = {
  slack: [
    ["title", "slack.default.title"],
    ["titleLink", "slack.default.titlelink"],
    ["pretext", "slack.default.pretext"],
    ["text", "slack.default.text"],
    ["fallback", "slack.default.fallback"],
    ["footer", "slack.default.footer"],
    ["username", "slack.default.username"],
    ["callbackId", "slack.default.callbackid"],
    ["iconEmoji", "slack.default.iconemoji"],
    ["iconUrl", "slack.default.iconurl"],
  ],
  pagerduty: [
    ["description", "pagerduty.default.description"],
    ["client", "pagerduty.default.client"],
    ["clientUrl", "pagerduty.default.clientURL"],
  ],
  email: [["html", "email.default.html"]],
  discord: [
    ["title", "discord.default.title"],
    ["message", "discord.default.message"],
    ["content", "discord.default.content"],
  ],
  msteams: [
    ["title", "msteams.default.title"],
    ["summary", "msteams.default.summary"],
    ["text", "msteams.default.text"],
  ],
  msteamsv2: [
    ["title", "msteamsv2.default.title"],
    ["text", "msteamsv2.default.text"],
  ],
  telegram: [["message", "telegram.default.message"]],
};

const SUBJECT = "__subject";
/** Their default says no more than the subject, so that a subject of one's own is theirs too. */
const SUBJECT_FIELDS = new Set(["title", "summary", "description"]);

/**
 * The integration with each field that it leaves out calling the project's own template, where there is one under the name
 * that Alertmanager calls for it. Without one the message has Vedette's own form.
 */
export function withOwnTemplates<I extends Integration>(
  integration: I,
  templates: TemplateSet | undefined,
): I {
  if (templates === undefined) return integration;
  const own = (name: string): boolean =>
    templates.defines.get(name) !== VEDETTE_TEMPLATES.defines.get(name);
  const filled = (CALLED[integration.type] ?? []).filter(
    ([field, name]) =>
      !Object.hasOwn(integration, field) &&
      (own(name) || (SUBJECT_FIELDS.has(field) && own(SUBJECT))),
  );
  const calls = Object.fromEntries(filled.map(([f, name]) => [f, `{{ template "${name}" . }}`]));
  if (integration.type !== "email") return { ...integration, ...calls };
  const named = Object.keys(integration.headers).some((h) => h.toLowerCase() === "subject");
  const subject =
    !named && (own("email.default.subject") || own(SUBJECT))
      ? { Subject: '{{ template "email.default.subject" . }}' }
      : {};
  return { ...integration, ...calls, headers: { ...integration.headers, ...subject } };
}
