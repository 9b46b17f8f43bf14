import type { RequestClient } from "../../events/enrich";

/** What Cloudflare tells about who sent the request. The address is used for the visitor id and kept nowhere. */
export function requestClient(request: Request): RequestClient {
  const country = request.headers.get("cf-ipcountry") ?? cfCountry(request) ?? "";
  return {
    ip: request.headers.get("cf-connecting-ip") ?? "",
    userAgent: request.headers.get("user-agent") ?? "",
    // XX and T1 stand for unknown and Tor.
    country: /^[A-Z]{2}$/.test(country) && country !== "XX" ? country : "",
  };
}

function cfCountry(request: Request): string | undefined {
  // `cf` is there on Cloudflare alone; the types do not know it on a standard Request.
  const cf = (request as { readonly cf?: { readonly country?: unknown } }).cf;
  return typeof cf?.country === "string" ? cf.country : undefined;
}
