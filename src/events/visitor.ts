/** Bytes of the digest that are kept: 10 give 80 bits, no collision among a day's visitors. */
const KEPT = 10;

/**
 * A visitor without a cookie: a keyed digest of address and browser. The key changes with the
 * project and the UTC day, so that nobody can be followed from one site or day to the next, and the
 * address cannot be found by trying all of them without the deployment's secret. Lower-case hex.
 */
export async function visitorId(
  secret: string,
  projectId: string,
  nowMs: number,
  client: { readonly ip: string; readonly userAgent: string },
): Promise<string> {
  const day = new Date(nowMs).toISOString().slice(0, 10);
  const salt = await hmac(utf8(secret), `vedette visitor\n${projectId}\n${day}`);
  const digest = await hmac(salt, `${client.ip}\n${client.userAgent}`);
  return [...digest.subarray(0, KEPT)].map((b) => b.toString(16).padStart(2, "0")).join("");
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(new TextEncoder().encode(text));
}

async function hmac(key: Uint8Array<ArrayBuffer>, text: string): Promise<Uint8Array<ArrayBuffer>> {
  const k = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
  ]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", k, utf8(text)));
}
