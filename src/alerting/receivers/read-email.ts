import type { EmailIntegration } from "../config";
import type { Struct } from "../config-decode";
import { canonicalHeader } from "../config-http";
import { type Place, base } from "./place";
import type { email } from "./delivered";

type EmailYaml = Struct<(typeof email)["fields"]>;

const SMTP_FIELDS = [
  "smarthost",
  "hello",
  "auth_username",
  "auth_password",
  "auth_password_file",
  "auth_secret",
  "auth_secret_file",
  "auth_identity",
  "require_tls",
  "tls_config",
  "force_implicit_tls",
] as const;

/** Mail, which the deployment's provider sends: what belongs to a smarthost is read and named. */
export function readEmail(c: EmailYaml, at: Place): EmailIntegration {
  const { to, path } = at;
  noteSmtp(c, at);
  if (c.threading?.enabled === true) to.refuseFields(c, ["threading"], path);
  const headers: Record<string, string> = {};
  for (const [name, value] of c.headers ?? [])
    headers[canonicalHeader(name)] = to.template(
      to.d.at(c.headers ?? c, name),
      `${path}.headers.${name}`,
      value ?? "",
    );
  for (const field of ["subject", "body"] as const)
    if (c[field] !== undefined)
      to.note(
        "email_subject_body",
        "subject and body are none of Alertmanager's fields: taken for the Subject header and the text",
        to.d.at(c, field),
        `${path}.${field}`,
      );
  if (c.subject !== undefined)
    headers.Subject ??= to.template(to.d.at(c, "subject"), `${path}.subject`, c.subject);
  const from = c.from || to.global.smtp_from;
  const texts = to.templates(c, path, [
    ["html", "html"],
    ["text", "text"],
    ["body", "body"],
  ]);
  const text = texts.text ?? texts.body;
  // A body in the file's own words is the whole message.
  const html = texts.html ?? (texts.body === undefined ? undefined : "");
  return {
    type: "email",
    ...base(c, at, false),
    to: to.template(to.d.at(c, "to"), `${path}.to`, c.to ?? ""),
    ...(from ? { from: to.template(to.d.at(c, "from"), `${path}.from`, from) } : {}),
    headers,
    ...(html === undefined ? {} : { html }),
    ...(text === undefined ? {} : { text }),
  };
}

function noteSmtp(c: EmailYaml, { to, path }: Place): void {
  for (const field of SMTP_FIELDS)
    if (c[field] !== undefined) noteUnused(to, to.d.at(c, field), `${path}.${field}`);
}

/** The notice that a smarthost's settings have no effect here. */
export function noteUnused(to: Place["to"], at: unknown, what: string): void {
  to.note(
    "smtp_unused",
    "mail leaves by the deployment's mail binding or provider: settings of a smarthost have no effect",
    at,
    what,
  );
}
