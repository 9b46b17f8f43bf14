import type { EmailMessage } from "./email";
import type { AttemptResult } from "./retry";

/** The message in the shape that the `send_email` binding takes; it makes the MIME itself. */
export function bindingMessage(m: EmailMessage): EmailMessageBuilder {
  return {
    from: m.from.name === "" ? m.from.email : { ...m.from },
    to: m.to.map((a) => a.email),
    ...(m.cc.length === 0 ? {} : { cc: m.cc.map((a) => a.email) }),
    ...(m.bcc.length === 0 ? {} : { bcc: m.bcc.map((a) => a.email) }),
    ...(m.replyTo === undefined ? {} : { replyTo: m.replyTo.email }),
    subject: m.subject,
    ...(m.html === undefined ? {} : { html: m.html }),
    ...(m.text === undefined ? {} : { text: m.text }),
    headers: { ...m.headers },
  };
}

/** Errors that trying again does not mend (developers.cloudflare.com/email-service/api/send-emails/workers-api, "Error codes"). */
const FINAL =
  /^E_(VALIDATION_ERROR|FIELD_MISSING|TOO_MANY_RECIPIENTS|SENDER_NOT_VERIFIED|SENDER_DOMAIN_NOT_AVAILABLE|RECIPIENT_NOT_ALLOWED|RECIPIENT_SUPPRESSED|CONTENT_TOO_LARGE|BODY_TOO_LARGE)$/;
const HEADERS = /^E_HEADER/;

/** What a failed `send()` means. Its errors carry a code; locally the code is in no field. */
export function bindingFailure(e: unknown): AttemptResult {
  const code = typeof e === "object" && e !== null && "code" in e ? String(e.code) : "";
  const said = e instanceof Error ? e.message : String(e);
  const error = code === "" ? said : `${code}: ${said}`;
  if (HEADERS.test(code)) return { kind: "refused", status: null, error, again: "plain" };
  const final = FINAL.test(code) || said.endsWith(" not allowed");
  return { kind: "refused", status: null, error, again: final ? "never" : "later" };
}
