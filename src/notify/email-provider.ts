import { type EmailAddress, formatAddress } from "./email-address";
import type { EmailMessage } from "./email";
import type { OutgoingRequest } from "./model";

/** Whose HTTP API takes a deployment's mail. */
export const EMAIL_PROVIDERS = ["resend", "postmark", "sendgrid", "http"] as const;
type EmailProvider = (typeof EMAIL_PROVIDERS)[number];

/** How a deployment sends mail; its own binding where `provider` is absent. */
export interface EmailSettings {
  /** EMAIL_FROM: the sender of receivers that name none. */
  readonly from: string | undefined;
  readonly provider:
    | { readonly name: EmailProvider; readonly apiKey: string; readonly url: string }
    | undefined;
}

/** Where each provider takes a message, unless EMAIL_API_URL says otherwise; `http` has no such place. */
export const PROVIDER_URLS: Readonly<Record<Exclude<EmailProvider, "http">, string>> = {
  resend: "https://api.resend.com/emails",
  postmark: "https://api.postmarkapp.com/email",
  sendgrid: "https://api.sendgrid.com/v3/mail/send",
};

/** `id` lets a provider that knows of such a thing take a repeated attempt once. */
export function providerRequest(
  provider: NonNullable<EmailSettings["provider"]>,
  m: EmailMessage,
  id: string,
): OutgoingRequest {
  const bearer = { authorization: `Bearer ${provider.apiKey}` };
  const make = (
    headers: Readonly<Record<string, string>>,
    body: Readonly<Record<string, unknown>>,
  ): OutgoingRequest => ({
    url: provider.url,
    headers: { "content-type": "application/json", accept: "application/json", ...headers },
    body: JSON.stringify(body),
  });
  switch (provider.name) {
    case "resend":
      return make({ ...bearer, "idempotency-key": id.slice(0, 256) }, resendBody(m));
    case "postmark":
      return make({ "x-postmark-server-token": provider.apiKey }, postmarkBody(m));
    case "sendgrid":
      return make(bearer, sendgridBody(m));
    case "http":
      return make({ ...bearer, "idempotency-key": id.slice(0, 256) }, plainBody(m));
  }
}

/** resend.com/docs/api-reference/emails/send-email */
function resendBody(m: EmailMessage): Readonly<Record<string, unknown>> {
  return {
    from: formatAddress(m.from),
    to: m.to.map(formatAddress),
    ...(m.cc.length === 0 ? {} : { cc: m.cc.map(formatAddress) }),
    ...(m.bcc.length === 0 ? {} : { bcc: m.bcc.map(formatAddress) }),
    ...(m.replyTo === undefined ? {} : { reply_to: formatAddress(m.replyTo) }),
    subject: m.subject,
    ...parts(m, "html", "text"),
    headers: m.headers,
  };
}

/** postmarkapp.com/developer/api/email-api */
function postmarkBody(m: EmailMessage): Readonly<Record<string, unknown>> {
  const list = (a: readonly EmailAddress[]): string => a.map(formatAddress).join(", ");
  return {
    From: formatAddress(m.from),
    To: list(m.to),
    ...(m.cc.length === 0 ? {} : { Cc: list(m.cc) }),
    ...(m.bcc.length === 0 ? {} : { Bcc: list(m.bcc) }),
    ...(m.replyTo === undefined ? {} : { ReplyTo: formatAddress(m.replyTo) }),
    Subject: m.subject,
    ...parts(m, "HtmlBody", "TextBody"),
    Headers: Object.entries(m.headers).map(([Name, Value]) => ({ Name, Value })),
    MessageStream: "outbound",
  };
}

/** twilio.com/docs/sendgrid/api-reference/mail-send; a text part must come before the HTML. */
function sendgridBody(m: EmailMessage): Readonly<Record<string, unknown>> {
  const one = (a: EmailAddress): Readonly<Record<string, string>> =>
    a.name === "" ? { email: a.email } : { email: a.email, name: a.name };
  // Of one address in two fields SendGrid refuses the whole message.
  const seen = new Set<string>();
  const fresh = (list: readonly EmailAddress[]): Readonly<Record<string, string>>[] =>
    list
      .filter((a) => !seen.has(a.email.toLowerCase()) && seen.add(a.email.toLowerCase()))
      .map(one);
  const to = fresh(m.to);
  const cc = fresh(m.cc);
  const bcc = fresh(m.bcc);
  return {
    personalizations: [
      { to, ...(cc.length === 0 ? {} : { cc }), ...(bcc.length === 0 ? {} : { bcc }) },
    ],
    from: one(m.from),
    ...(m.replyTo === undefined ? {} : { reply_to: one(m.replyTo) }),
    subject: m.subject,
    content: [
      ...(m.text === undefined ? [] : [{ type: "text/plain", value: m.text }]),
      ...(m.html === undefined ? [] : [{ type: "text/html", value: m.html }]),
    ],
    headers: m.headers,
  };
}

/** For a gateway of one's own: addresses as objects, everything under its own name. */
function plainBody(m: EmailMessage): Readonly<Record<string, unknown>> {
  return {
    from: m.from,
    to: m.to,
    cc: m.cc,
    bcc: m.bcc,
    ...(m.replyTo === undefined ? {} : { reply_to: m.replyTo }),
    subject: m.subject,
    ...parts(m, "html", "text"),
    headers: m.headers,
  };
}

function parts(m: EmailMessage, html: string, text: string): Readonly<Record<string, string>> {
  return {
    ...(m.html === undefined ? {} : { [html]: m.html }),
    ...(m.text === undefined ? {} : { [text]: m.text }),
  };
}
