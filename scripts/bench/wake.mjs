// The first append to a shard that the runtime has evicted.
import { ADMIN, startVedette } from "./processes.mjs";
import { load, requestCounters, bodiesOf, send } from "./remote-write.mjs";
import { median } from "./report.mjs";
import { gridEnd } from "./size.mjs";

const ROUNDS = 10;
const RUNS = 5;
/** An object is evicted after 10 s without a request; the last request's own figures arrive up to 2 s after it. */
const IDLE_MS = 14_000;

export async function benchWake(report) {
  const [small, large] = await Promise.all([firstAppends(1_000), firstAppends(50_000)]);
  add(report, 1_000, 50, small);
  add(report, 50_000, 1_000, large);
}

function add(report, series, atMost, { first, next }) {
  const note = `the next ${median(next).toFixed(1)} ms`;
  report.add({
    what: `first append to an evicted shard of ${series} series`,
    value: median(first),
    unit: " ms",
    atMost,
    note,
  });
}

async function firstAppends(series) {
  const vedette = await startVedette();
  try {
    const endS = gridEnd();
    await load(vedette.url, requestCounters({ series, points: ROUNDS, stepS: 15, endS }), {
      headers: ADMIN,
    });
    const times = { first: [], next: [] };
    for (let run = 0; run < RUNS; run++) {
      await new Promise((r) => setTimeout(r, IDLE_MS));
      for (const which of ["first", "next"]) {
        const one = requestCounters({
          series: 100,
          points: 1,
          stepS: 15,
          endS: endS + 2 * run + (which === "next" ? 1 : 0) + 1,
        });
        const bodies = bodiesOf(one, { batch: 2000, connections: 1 }).map((c) => [...c]);
        const { seconds, failed } = await send(`${vedette.url}/api/v1/write`, bodies, ADMIN);
        if (failed > 0) throw new Error("the append was refused");
        times[which].push(1000 * seconds);
      }
    }
    return times;
  } finally {
    await vedette.stop();
  }
}
