/** Series whose rates are the same in every window: straight lines from 10 min ago until 5 min ahead. */
export function steadyTraffic(nowMs: number): string {
  const slopes: readonly (readonly [string, number])[] = [
    ['http_requests_total{code="200",service="shop"}', 9.5],
    ['http_requests_total{code="503",service="shop"}', 0.5],
    ['http_request_duration_seconds_bucket{le="0.1",service="shop"}', 8],
    ['http_request_duration_seconds_bucket{le="0.25",service="shop"}', 9],
    ['http_request_duration_seconds_bucket{le="0.5",service="shop"}', 10],
    ['http_request_duration_seconds_bucket{le="+Inf",service="shop"}', 10],
  ];
  const lines: string[] = [];
  const start = Math.floor(nowMs / 5_000) * 5_000 - 600_000;
  for (const [series, slope] of slopes) {
    for (let t = 0; t <= 900; t += 5)
      lines.push(`${series} ${1_000 + t * slope} ${start + t * 1_000}`);
  }
  return `${lines.join("\n")}\n`;
}

/** What those lines mean: 10 requests a second, 0.5 of them failed, the 95th of 100 half way between 0.25 s and 0.5 s. */
export const STEADY = { requestRate: 10, errorRate: 0.05, p95Seconds: 0.375 } as const;
