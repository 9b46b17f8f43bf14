import type { Integration } from "../src/alerting/config";
import type { NotificationData } from "../src/alerting/notification-data";
import { type StoredIntegration, openIntegration } from "../src/alerting/sealed-config";
import { checkOutgoingUrl } from "../src/core/outgoing-url";
import type { OutgoingNotification } from "../src/core/objects";
import { sealProblemText } from "../src/core/seal";
import type { TemplateSet } from "../src/core/template/set";
import type { Deps } from "../src/http/deps";
import { readAnswer } from "../src/notify/answer";
import { renderEmail } from "../src/notify/email";
import { bindingFailure, bindingMessage } from "../src/notify/email-binding";
import { providerRequest } from "../src/notify/email-provider";
import { hideSecrets } from "../src/notify/hide-secrets";
import { actionLinks } from "../src/notify/links";
import { type MessageContext, groupHash } from "../src/notify/message";
import type { OutgoingRequest } from "../src/notify/model";
import { renderRequest } from "../src/notify/render";
import type { AttemptResult } from "../src/notify/retry";
import { expander } from "../src/notify/template-data";
import { withOwnTemplates } from "../src/notify/template-overrides";
import { SIGNATURE_HEADER, signature } from "../src/notify/webhook";

export const ATTEMPT_TIMEOUT_MS = 10_000;
/** How much of an answer is read: enough for the JSON that services answer with. */
const READ_CHARS = 4_000;
/** How much of it the log shows. */
const SHOWN_CHARS = 300;
/** How long an answer's body is waited for once its status is there. */
const BODY_MS = 1_000;

/** What one attempt came to; `response` is the beginning of the other side's answer. */
export type Sent =
  | { readonly kind: "tried"; readonly result: AttemptResult; readonly response: string | null }
  | {
      readonly kind: "url_refused" | "no_mail_provider" | "cannot_be_sent";
      readonly error: string;
    };

/** One attempt at one message, and a second one at once where only its form was disliked. */
export async function sendMessage(
  deps: Deps,
  projectId: string,
  stored: StoredIntegration,
  notification: OutgoingNotification,
  templates: TemplateSet | undefined,
): Promise<Sent> {
  const opened = await openIntegration(stored, deps.sealer(projectId));
  if (!opened.ok) throw new Error(`the receiver's secrets: ${sealProblemText(opened.error)}`);
  const data = JSON.parse(notification.dataJson) as NotificationData; // as the router or a job made it
  const { config } = deps;
  const source = { secret: config.tokenSecret, projectId, externalUrl: config.externalUrl };
  const message: MessageContext = {
    data,
    id: notification.id,
    reason: notification.reason,
    groupHash: await groupHash(notification.groupKey),
    links: await actionLinks(source, notification, deps.clock()),
    plain: false,
    ...expander(data, templates, deps.clock()),
  };
  const integration = withOwnTemplates(opened.value, templates);
  const first = await sendOnce(deps, integration, message);
  const again =
    first.kind === "tried" && first.result.kind === "refused" && first.result.again === "plain";
  const sent = again ? await sendOnce(deps, integration, { ...message, plain: true }) : first;
  const apiKey = config.email.provider?.apiKey;
  const hide = (text: string): string =>
    hideSecrets(text, opened.value, apiKey === undefined ? [] : [apiKey]);
  return shown(sent, hide);
}

/** What came of it as the history may show it. */
function shown(sent: Sent, hide: (text: string) => string): Sent {
  if (sent.kind !== "tried") return { ...sent, error: hide(sent.error) };
  const { result, response } = sent;
  return {
    ...sent,
    result: result.kind === "taken" ? result : { ...result, error: hide(result.error) },
    response: response === null ? null : hide(response),
  };
}

async function sendOnce(
  deps: Deps,
  integration: Integration,
  message: MessageContext,
): Promise<Sent> {
  if (integration.type === "email") {
    const { provider, from } = deps.config.email;
    if (provider === undefined && deps.sendEmail === undefined)
      return {
        kind: "no_mail_provider",
        error: "set EMAIL_PROVIDER and EMAIL_API_KEY, or bind EMAIL (docs/alerting.md, Email)",
      };
    const made = renderEmail(integration, message, from);
    if (!made.ok) return { kind: "cannot_be_sent", error: made.error.message };
    if (provider !== undefined)
      return call(deps, integration, providerRequest(provider, made.value, message.id), 0);
    return {
      kind: "tried",
      result: await sendByBinding(deps, made.value),
      response: null,
    };
  }
  if (integration.type === "incident" || integration.type === "builtin")
    throw new Error(`${integration.type} is not sent`);
  const request = renderRequest(integration, message);
  const secret = integration.type === "webhook" ? integration.signingSecret : undefined;
  if (secret === undefined) return call(deps, integration, request, integration.timeoutMs ?? 0);
  const signed = await signature(secret, request.body, deps.clock());
  const headers = { ...request.headers, [SIGNATURE_HEADER]: signed };
  return call(deps, integration, { ...request, headers }, integration.timeoutMs ?? 0);
}

async function sendByBinding(
  deps: Deps,
  mail: Parameters<typeof bindingMessage>[0],
): Promise<AttemptResult> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), ATTEMPT_TIMEOUT_MS);
  });
  try {
    const sent = deps.sendEmail?.(bindingMessage(mail));
    if ((await Promise.race([sent, late])) === "late")
      return { kind: "no_response", error: noAnswer(ATTEMPT_TIMEOUT_MS) };
    return { kind: "taken", status: null };
  } catch (e) {
    return bindingFailure(e);
  } finally {
    clearTimeout(timer);
  }
}

/** The address is checked before each call: one that was let in before a rule was stricter is not called. */
async function call(
  deps: Deps,
  integration: Integration,
  request: OutgoingRequest,
  wantedTimeoutMs: number,
): Promise<Sent> {
  const address = checkOutgoingUrl(request.url, deps.config.local);
  if (!address.ok) return { kind: "url_refused", error: address.error.message };
  const timeoutMs =
    wantedTimeoutMs === 0 ? ATTEMPT_TIMEOUT_MS : Math.min(wantedTimeoutMs, ATTEMPT_TIMEOUT_MS);
  try {
    const response = await fetch(address.value, {
      method: "POST",
      headers: { "user-agent": "Vedette", ...request.headers },
      body: request.body,
      // A redirect could lead to an address that was never checked.
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    const body = await firstOf(response);
    const answer = {
      status: response.status,
      retryAfter: response.headers.get("retry-after"),
      body,
    };
    return {
      kind: "tried",
      result: readAnswer(integration.type, answer, deps.clock()),
      response: body.slice(0, SHOWN_CHARS),
    };
  } catch (e) {
    const late =
      e instanceof DOMException && (e.name === "TimeoutError" || e.name === "AbortError");
    const error = late ? noAnswer(timeoutMs) : withoutSecrets(String(e), request.url);
    return { kind: "tried", result: { kind: "no_response", error }, response: null };
  }
}

function noAnswer(timeoutMs: number): string {
  return `no answer within ${timeoutMs / 1000} s`;
}

/** Addresses hold tokens; an error that repeats one must not put it into the log. */
function withoutSecrets(error: string, url: string): string {
  const { origin } = new URL(url);
  return error.replaceAll(url, `${origin}/…`);
}

/** The first characters of a body, however much of it there is; its status is the answer, whatever becomes of the rest. */
async function firstOf(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (reader === undefined) return "";
  const enough = setTimeout(() => void reader.cancel().catch(() => undefined), BODY_MS);
  const decoder = new TextDecoder();
  let text = "";
  try {
    while (text.length < READ_CHARS) {
      const { done, value } = await reader.read();
      if (done) break;
      text += decoder.decode(value as Uint8Array, { stream: true });
    }
    await reader.cancel();
  } catch {
    // What came before it broke off is shown.
  } finally {
    clearTimeout(enough);
  }
  return text.slice(0, READ_CHARS);
}
