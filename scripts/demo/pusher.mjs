// A batch worker that pushes its gauges with prom-client's Pushgateway client.
import { Counter, Gauge, Pushgateway, Registry } from "prom-client";

export async function startPusher(base, token) {
  const registry = new Registry();
  const depth = new Gauge({
    name: "shop_queue_depth",
    help: "Orders that wait.",
    registers: [registry],
  });
  const shipped = new Counter({
    name: "shop_orders_shipped_total",
    help: "Orders shipped.",
    registers: [registry],
  });
  const gateway = new Pushgateway(
    base,
    { headers: { authorization: `Bearer ${token}` } },
    registry,
  );
  let waiting = 20;
  const timer = setInterval(async () => {
    waiting = Math.max(0, waiting + Math.round((Math.random() - 0.48) * 8));
    depth.set(waiting);
    shipped.inc(Math.floor(Math.random() * 5));
    try {
      await gateway.push({ jobName: "shop-worker", groupings: { instance: "demo-1" } });
    } catch (e) {
      console.error(`push: ${e instanceof Error ? e.message : e}`);
    }
  }, 2000);
  return { stop: async () => clearInterval(timer) };
}
