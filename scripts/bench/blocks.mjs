// The same queries from cut blocks, after a restart.
import { startOnCutBlocks } from "./cut.mjs";
import { ADMIN, prometheusInstalled, startPrometheus } from "./processes.mjs";
import { compareQueries } from "./queries.mjs";
import { load, requestCounters } from "./remote-write.mjs";
import { POINTS, SERIES, STEP_S, gridEnd } from "./size.mjs";

/** Old enough that every window of it can be cut. */
const AGO_S = 6 * 3600;

export async function benchBlocks(report) {
  if (!prometheusInstalled()) return;
  const endS = gridEnd(AGO_S);
  const data = requestCounters({ series: SERIES, points: POINTS, stepS: STEP_S, endS });
  const vedette = await startOnCutBlocks("48h", (url) => load(url, data, { headers: ADMIN }));
  const prometheus = await startPrometheus();
  try {
    await load(prometheus.url, data);
    await compareQueries(report, {
      vedette,
      prometheus,
      endS,
      where: "from cut blocks",
      atMost: { range: 1, instant: 1 },
    });
  } finally {
    await vedette.stop();
    await prometheus.stop();
  }
}
