import { createRemoteJWKSet, errors, jwtVerify } from "jose";
import type { Config } from "../../env";
import { type Result, err, ok } from "../../core/result";

/** Cloudflare Access puts a signed token on every request that it let through. */
export const ACCESS_HEADER = "cf-access-jwt-assertion";

export type AccessRefusal =
  | { readonly reason: "not_valid"; readonly message: string }
  | { readonly reason: "keys_unavailable" };

type KeySet = ReturnType<typeof createRemoteJWKSet>;

/** Per isolate and team; jose fetches the keys when it meets an unknown one, at most every 30 s. */
const keySets = new Map<string, KeySet>();

/**
 * Who a Cloudflare Access token is for: the e-mail, or a service token's common name
 * (D:cloudflare-one/access-controls/applications/http-apps/authorization-cookie/validating-json).
 */
export async function verifyAccess(
  access: NonNullable<Config["access"]>,
  token: string,
): Promise<Result<string, AccessRefusal>> {
  const issuer = `https://${access.team}.cloudflareaccess.com`;
  let keys = keySets.get(issuer);
  if (keys === undefined) {
    keys = createRemoteJWKSet(new URL(`${issuer}/cdn-cgi/access/certs`), {
      timeoutDuration: 5_000,
    });
    keySets.set(issuer, keys);
  }
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer,
      audience: access.audience,
      algorithms: ["RS256"],
    });
    const name = payload["email"] ?? payload["common_name"];
    return typeof name === "string" && name !== ""
      ? ok(name)
      : err({ reason: "not_valid", message: "it names nobody" });
  } catch (e) {
    if (e instanceof errors.JOSEError && !(e instanceof errors.JWKSTimeout))
      return err({ reason: "not_valid", message: e.message });
    return err({ reason: "keys_unavailable" });
  }
}
