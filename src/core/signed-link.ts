import { type Result, err, ok } from "./result";

/** What whoever holds a message may do without a login. */
export type LinkAction = "acknowledge" | "silence" | "resolve";

/** What a link says. It names a group of alerts as a message told of it. */
export interface LinkClaims {
  readonly action: LinkAction;
  readonly projectId: string;
  /** Whose message carried the link; the history names it as the actor. */
  readonly receiver: string;
  /** Hash of the group's key, hex. */
  readonly group: string;
  /** The group's labels; absent where they were too long for a link. */
  readonly groupLabels?: Readonly<Record<string, string>>;
  /** Alerts of the message, the first of them where there were many: they are found where the group is gone. */
  readonly fingerprints: readonly string[];
  /** Whole seconds since the epoch. */
  readonly expiresAtS: number;
}

export type LinkRefusal =
  | { readonly reason: "malformed" }
  | { readonly reason: "bad_signature" }
  | { readonly reason: "expired"; readonly expiredAtS: number };

/** Longer than any link that makeLink writes. */
const MAX_TOKEN_CHARS = 3_000;
const MAC_BYTES = 32;
const LETTER: Readonly<Record<LinkAction, string>> = {
  acknowledge: "a",
  silence: "s",
  resolve: "r",
};

/** `<claims>.<HMAC-SHA-256>`, both base64url; the key is the deployment's secret, bound to this use. */
export async function makeLink(secret: string, claims: LinkClaims): Promise<string> {
  const payload = utf8(
    JSON.stringify([
      LETTER[claims.action],
      claims.projectId,
      claims.receiver,
      claims.group,
      claims.groupLabels ?? null,
      claims.fingerprints.join(","),
      claims.expiresAtS,
    ]),
  );
  const mac = await crypto.subtle.sign("HMAC", await keyOf(secret), payload);
  return `${base64url(payload)}.${base64url(new Uint8Array(mac))}`;
}

/** Checks signature (in constant time), then shape, then expiry. */
export async function readLink(
  secret: string,
  token: string,
  nowMs: number,
): Promise<Result<LinkClaims, LinkRefusal>> {
  const m = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/.exec(token);
  if (m === null || token.length > MAX_TOKEN_CHARS) return err({ reason: "malformed" });
  const payload = unbase64url(m[1] ?? "");
  const mac = unbase64url(m[2] ?? "");
  if (payload === undefined || mac?.length !== MAC_BYTES) return err({ reason: "malformed" });
  if (!(await crypto.subtle.verify("HMAC", await keyOf(secret), mac, payload)))
    return err({ reason: "bad_signature" });
  const claims = claimsOf(payload);
  if (claims === undefined) return err({ reason: "malformed" });
  if (claims.expiresAtS * 1_000 <= nowMs)
    return err({ reason: "expired", expiredAtS: claims.expiresAtS });
  return ok(claims);
}

/** The signature holds, so that makeLink wrote it: perhaps that of another version. */
function claimsOf(payload: Uint8Array): LinkClaims | undefined {
  const parts: unknown = JSON.parse(new TextDecoder().decode(payload));
  if (!Array.isArray(parts) || parts.length !== 7) return undefined;
  const [letter, projectId, receiver, group, labels, fingerprints, expiresAtS] =
    parts as readonly unknown[];
  const action = (Object.keys(LETTER) as LinkAction[]).find((a) => LETTER[a] === letter);
  const texts = [projectId, receiver, group, fingerprints];
  if (action === undefined || !texts.every((t) => typeof t === "string")) return undefined;
  if (typeof expiresAtS !== "number" || typeof labels !== "object") return undefined;
  return {
    action,
    // Texts, as was just checked; labels as makeLink wrote them.
    projectId: projectId as string,
    receiver: receiver as string,
    group: group as string,
    ...(labels === null ? {} : { groupLabels: labels as Readonly<Record<string, string>> }),
    fingerprints: (fingerprints as string).split(",").filter((f) => f !== ""),
    expiresAtS,
  };
}

const keys = new Map<string, Promise<CryptoKey>>();

/** HMAC-SHA-256 of the purpose under the secret is the key, so that no other signature of the deployment is one of a link. */
function keyOf(secret: string): Promise<CryptoKey> {
  let key = keys.get(secret);
  if (key === undefined) {
    key = (async () => {
      const root = await importKey(utf8(secret), ["sign"]);
      const derived = await crypto.subtle.sign("HMAC", root, utf8("vedette action link v1"));
      return importKey(new Uint8Array(derived), ["sign", "verify"]);
    })();
    keys.set(secret, key);
  }
  return key;
}

function importKey(
  raw: Uint8Array<ArrayBuffer>,
  usages: readonly ("sign" | "verify")[],
): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, [...usages]);
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(text));
}

function base64url(bytes: Uint8Array): string {
  let binary = "";
  for (const b of bytes) binary += String.fromCharCode(b);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function unbase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(binary, (c) => c.charCodeAt(0));
  } catch {
    return undefined; // a length that base64 cannot have
  }
}
