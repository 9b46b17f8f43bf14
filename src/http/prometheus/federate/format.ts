/** In what form an exposition is told. */
export interface Format {
  readonly kind: "text" | "openmetrics" | "protobuf";
  readonly contentType: string;
  /** Whether names beyond letters, digits and underscores may stand as they are. */
  readonly utf8: boolean;
}

const PROTO = "application/vnd.google.protobuf";
const PROTO_MESSAGE = "io.prometheus.client.MetricFamily";

/**
 * The form that an Accept header prefers, of those that there are; plain text where it names none
 * (https://prometheus.io/docs/instrumenting/content_negotiation/).
 */
export function negotiate(accept: string): Format {
  let best: Format = textFormat("0.0.4", false);
  let bestQuality = 0;
  for (const range of accept.split(",")) {
    const [type = "", ...rest] = range.split(";").map((s) => s.trim());
    const params = new Map(
      rest.map((p): [string, string] => {
        const eq = p.indexOf("=");
        return [p.slice(0, eq).trim().toLowerCase(), p.slice(eq + 1).trim()];
      }),
    );
    const quality = Number(params.get("q") ?? "1");
    const format = formatOf(type.toLowerCase(), params);
    // Of equal ones the first.
    if (format === undefined || !(quality > bestQuality)) continue;
    best = format;
    bestQuality = quality;
  }
  return best;
}

function formatOf(type: string, params: ReadonlyMap<string, string>): Format | undefined {
  const utf8 = params.get("escaping") === "allow-utf-8";
  const version = params.get("version");
  switch (type) {
    case "text/plain":
    case "text/*":
    case "*/*":
      return version === undefined || version === "0.0.4" || version === "1.0.0"
        ? textFormat(version === "1.0.0" ? "1.0.0" : "0.0.4", utf8)
        : undefined;
    case "application/openmetrics-text":
      return version === undefined || version === "1.0.0" || version === "0.0.1"
        ? {
            kind: "openmetrics",
            contentType: `application/openmetrics-text; version=${version ?? "1.0.0"}; charset=utf-8${escaping(utf8)}`,
            utf8,
          }
        : undefined;
    case PROTO:
      return params.get("proto") === PROTO_MESSAGE && params.get("encoding") === "delimited"
        ? {
            kind: "protobuf",
            contentType: `${PROTO}; proto=${PROTO_MESSAGE}; encoding=delimited${escaping(utf8)}`,
            utf8,
          }
        : undefined;
    default:
      return undefined;
  }
}

function textFormat(version: string, utf8: boolean): Format {
  return {
    kind: "text",
    contentType: `text/plain; version=${version}; charset=utf-8${escaping(utf8)}`,
    utf8,
  };
}

function escaping(utf8: boolean): string {
  return utf8 ? "; escaping=allow-utf-8" : "";
}
