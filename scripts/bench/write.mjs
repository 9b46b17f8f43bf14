// Remote-write rate of both, a fresh receiver for each run.
import { ADMIN, prometheusInstalled, startPrometheus, startVedette } from "./processes.mjs";
import { bodiesOf, requestCounters, send } from "./remote-write.mjs";
import { median } from "./report.mjs";
import { POINTS, RUNS, SERIES, STEP_S, gridEnd } from "./size.mjs";

export async function benchWrite(report) {
  if (!prometheusInstalled()) return;
  const data = requestCounters({ series: SERIES, points: POINTS, stepS: STEP_S, endS: gridEnd() });
  // Made before the clock starts: the sender must not be what is measured.
  const bodies = bodiesOf(data, { batch: 2000, connections: 4 }).map((c) => [...c]);
  const rates = { ours: [], theirs: [] };
  for (let run = 0; run < RUNS; run++) {
    rates.ours.push(await rateOf(await startVedette(), bodies, ADMIN));
    rates.theirs.push(await rateOf(await startPrometheus(), bodies, {}));
  }
  const [ours, theirs] = [median(rates.ours), median(rates.theirs)];
  const note = `${Math.round(ours / 1000)},000 a second, theirs ${Math.round(theirs / 1000)},000`;
  report.add({ what: "remote write, ours ÷ theirs", value: ours / theirs, atLeast: 0.8, note });
}

async function rateOf(server, bodies, headers) {
  try {
    const { seconds, failed } = await send(`${server.url}/api/v1/write`, bodies, headers);
    if (failed > 0) throw new Error(`${failed} requests were refused`);
    return (SERIES * POINTS) / seconds;
  } finally {
    await server.stop();
  }
}
