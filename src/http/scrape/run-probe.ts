import type { ProbeModule } from "../../scrape/probe";
import { type ProbeAnswer, judgeProbe, probeSeries } from "../../scrape/probe";
import { type OutgoingAnswer, OutgoingError, type Outside, fetchOutside } from "./fetch";

export interface ProbeResult {
  readonly success: boolean;
  readonly error: string;
  readonly series: ReturnType<typeof probeSeries>;
}

/** Asks `target` as the module says; what was found comes back as blackbox_exporter's series. */
export async function runProbe(
  module: ProbeModule,
  target: string,
  timeoutMs: number,
  outside: Outside,
  now: () => number,
): Promise<ProbeResult> {
  const began = now();
  let got: OutgoingAnswer | undefined;
  let error = "";
  try {
    got = await fetchOutside(
      {
        url: /^https?:\/\//.test(target) ? target : `http://${target}`,
        method: module.method,
        headers: { "user-agent": "Vedette (probe)", ...module.headers },
        body: module.body,
        auth: module.auth,
        followRedirects: module.followRedirects,
        bodyLimit: module.bodyLimit,
        timeoutMs: module.timeoutMs > 0 ? Math.min(module.timeoutMs, timeoutMs) : timeoutMs,
      },
      outside,
      now,
    );
  } catch (e) {
    if (!(e instanceof OutgoingError)) throw e;
    error = e.message;
  }
  const totalMs = now() - began;
  const answer = got === undefined ? undefined : answerOf(got);
  const verdict = judgeProbe(module, answer);
  return {
    success: verdict === "ok",
    error: error === "" && verdict !== "ok" ? `probe failed: ${verdict}` : error,
    series: probeSeries(verdict, answer, { totalMs, headersMs: got?.headersMs ?? totalMs }),
  };
}

function answerOf(got: OutgoingAnswer): ProbeAnswer {
  const declared = got.headers.get("content-length");
  return {
    status: got.status,
    https: got.https,
    redirects: got.redirects,
    headers: got.headers,
    body: new TextDecoder().decode(got.body),
    length: declared === null ? -1 : Number(declared),
    cut: got.cut,
    uncompressedLength: got.body.length,
  };
}
