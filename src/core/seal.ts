import { type Result, err, ok } from "./result";

/**
 * Secrets at rest (docs/formats/sealed.md): `sealed:v1:<key id>:<base64url of nonce and ciphertext>`,
 * AES-256-GCM bound to the project and to what the secret is for, so that a sealed text moved elsewhere does not open.
 */
export interface Sealer {
  seal(purpose: SealPurpose, text: string): Promise<string>;
  open(purpose: SealPurpose, sealed: string): Promise<Result<string, SealProblem>>;
  /** Whether it was sealed with the key that seals now: one that was not is to be sealed anew when it is next written. */
  isCurrent(sealed: string): Promise<boolean>;
}

/** `config`: secrets inside configuration files. `secret`: a project's secrets. `integration`: what a Receiver sends with. */
export type SealPurpose = "config" | "secret" | "integration" | "scrape";

export type SealProblem =
  /** Sealed under a key that is neither the present nor a previous one. */
  | { readonly reason: "key_unknown"; readonly keyId: string }
  /** Not of this form, cut, altered, or sealed for another project or purpose. */
  | { readonly reason: "broken" };

/** Gives that many random bytes. */
export type RandomBytes = (count: number) => Uint8Array;

/** A key and its id, which says nothing about it. */
export interface SealKey {
  readonly id: string;
  readonly key: CryptoKey;
}

const PREFIX = "sealed:v1:";
const NONCE_BYTES = 12;
const ID_BYTES = 4;
const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function isSealed(text: string): boolean {
  return text.startsWith(PREFIX);
}

/** HKDF-SHA-256 of a secret of any length; the same secret always gives the same key and id. */
export async function deriveSealKey(secret: string): Promise<SealKey> {
  const material = await crypto.subtle.importKey("raw", encoder.encode(secret), "HKDF", false, [
    "deriveKey",
    "deriveBits",
  ]);
  const step = (info: string) => ({
    name: "HKDF",
    hash: "SHA-256",
    salt: encoder.encode("vedette sealed v1"),
    info: encoder.encode(info),
  });
  const [key, id] = await Promise.all([
    crypto.subtle.deriveKey(step("key"), material, { name: "AES-GCM", length: 256 }, false, [
      "encrypt",
      "decrypt",
    ]),
    crypto.subtle.deriveBits(step("key id"), material, 8 * ID_BYTES),
  ]);
  return { id: hexOf(new Uint8Array(id)), key };
}

/** Seals with the first key and opens with any of them. */
export function makeSealer(
  projectId: string,
  keys: () => Promise<readonly [SealKey, ...SealKey[]]>,
  random: RandomBytes,
): Sealer {
  const bound = (purpose: SealPurpose): Uint8Array<ArrayBuffer> =>
    new Uint8Array(encoder.encode(`vedette\0${projectId}\0${purpose}`));
  return {
    async isCurrent(sealed) {
      const [{ id }] = await keys();
      return sealed.startsWith(`${PREFIX}${id}:`);
    },
    async seal(purpose, text) {
      const [{ id, key }] = await keys();
      const nonce = new Uint8Array(random(NONCE_BYTES));
      const made = await crypto.subtle.encrypt(
        { name: "AES-GCM", iv: nonce, additionalData: bound(purpose) },
        key,
        encoder.encode(text),
      );
      const bytes = new Uint8Array(NONCE_BYTES + made.byteLength);
      bytes.set(nonce);
      bytes.set(new Uint8Array(made), NONCE_BYTES);
      return `${PREFIX}${id}:${toBase64Url(bytes)}`;
    },
    async open(purpose, sealed) {
      const m = SHAPE.exec(sealed);
      if (m === null) return err({ reason: "broken" });
      const [, keyId = "", body = ""] = m;
      const known = (await keys()).find((k) => k.id === keyId);
      if (known === undefined) return err({ reason: "key_unknown", keyId });
      const raw = fromBase64Url(body);
      if (raw === undefined) return err({ reason: "broken" });
      const bytes = new Uint8Array(raw);
      try {
        const opened = await crypto.subtle.decrypt(
          {
            name: "AES-GCM",
            iv: bytes.subarray(0, NONCE_BYTES),
            additionalData: bound(purpose),
          },
          known.key,
          bytes.subarray(NONCE_BYTES),
        );
        return ok(decoder.decode(opened));
      } catch {
        return err({ reason: "broken" });
      }
    },
  };
}

/** What a reader is told of a sealed text that does not open. */
export function sealProblemText(problem: SealProblem): string {
  switch (problem.reason) {
    case "key_unknown":
      return `it was sealed with the key ${problem.keyId}, which is not here: set SECRETS_KEY_PREVIOUS to the secret that it was made of`;
    case "broken":
      return "it is damaged, or was sealed for another project or purpose";
  }
}

const SHAPE = /^sealed:v1:([0-9a-f]{8}):([A-Za-z0-9_-]+)$/;

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

/** Characters of one String.fromCharCode call, whose arguments lie on the stack. */
const SLICE = 8_192;

function toBase64Url(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i += SLICE)
    text += String.fromCharCode(...bytes.subarray(i, i + SLICE));
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function fromBase64Url(text: string): Uint8Array | undefined {
  try {
    const raw = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(raw, (c) => c.charCodeAt(0));
  } catch {
    return undefined;
  }
}
