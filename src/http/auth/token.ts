import { type Result, err, ok } from "../../core/result";
import type { Scope } from "../../core/auth";

/**
 * A token verifies itself: `vdt_<scopes>_<project>_<id>_<mac>`, where scopes are letters
 * (i b r a) and mac is HMAC-SHA-256 over what stands before it, cut to 160 bits in hex.
 * The name and the revocation live in D1 under the id.
 */
export interface TokenClaims {
  readonly projectId: string;
  readonly id: string;
  readonly scopes: readonly Scope[];
}

export type TokenRefusal = { readonly reason: "malformed" } | { readonly reason: "bad_signature" };

const LETTERS: Readonly<Record<string, Scope>> = {
  i: "ingest",
  b: "beacon",
  r: "read",
  a: "admin",
};
const SHAPE = /^vdt_([ibra]{1,4})_([a-z0-9-]{1,40})_([a-z0-9]{8,32})_([0-9a-f]{40})$/;

export async function makeToken(secret: string, claims: TokenClaims): Promise<string> {
  const letters = Object.entries(LETTERS)
    .filter(([, s]) => claims.scopes.includes(s))
    .map(([l]) => l)
    .join("");
  const body = `vdt_${letters}_${claims.projectId}_${claims.id}`;
  return `${body}_${hex(await sign(secret, body))}`;
}

/** Checks shape and signature; the comparison takes the same time wherever the first difference is. */
export async function verifyToken(
  secret: string,
  token: string,
): Promise<Result<TokenClaims, TokenRefusal>> {
  const m = SHAPE.exec(token);
  if (m === null) return err({ reason: "malformed" });
  const [, letters = "", projectId = "", id = "", mac = ""] = m;
  const expected = await sign(secret, token.slice(0, token.length - mac.length - 1));
  if (!crypto.subtle.timingSafeEqual(expected, unhex(mac))) return err({ reason: "bad_signature" });
  const scopes = [...letters].map((l) => LETTERS[l]).filter((s) => s !== undefined);
  return ok({ projectId, id, scopes });
}

/** Equal texts, compared in constant time through their digests. */
export async function sameSecret(a: string, b: string): Promise<boolean> {
  const [x, y] = await Promise.all(
    [a, b].map((t) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(t))),
  );
  return crypto.subtle.timingSafeEqual(x as ArrayBuffer, y as ArrayBuffer);
}

const MAC_BYTES = 20;
const keys = new Map<string, Promise<CryptoKey>>();

/** HMAC-SHA-256 cut to 160 bits; keys are imported once per isolate. */
export async function sign(secret: string, text: string): Promise<Uint8Array> {
  let key = keys.get(secret);
  if (key === undefined) {
    key = crypto.subtle.importKey(
      "raw",
      new TextEncoder().encode(secret),
      { name: "HMAC", hash: "SHA-256" },
      false,
      ["sign"],
    );
    keys.set(secret, key);
  }
  const mac = await crypto.subtle.sign("HMAC", await key, new TextEncoder().encode(text));
  return new Uint8Array(mac, 0, MAC_BYTES);
}

export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

function unhex(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length / 2 }, (_, i) =>
    Number.parseInt(text.slice(2 * i, 2 * i + 2), 16),
  );
}
