import { useQuery } from "@tanstack/react-query";
import type { Figures } from "../../../../src/core/live";
import { parseSample, queryRange } from "../api/prometheus";
import { useLive } from "./store";

const STEP_S = 3;

interface Line {
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
}

const NOTHING: Line = { times: [], values: [] };

/** A figure's last `spanSeconds`: what the sockets said, and before the page was opened what its expression says. */
export function useFigureLine(
  figure: keyof Figures,
  expr: string | undefined,
  spanSeconds: number,
): Line {
  const times = useLive((v) => v.history.times);
  const values = useLive((v) => v.history.columns[figure]);
  const first = times[0];
  const past = useQuery({
    queryKey: ["past", figure, expr],
    enabled: expr !== undefined && first !== undefined,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
    queryFn: async ({ signal }): Promise<Line> => {
      const end = Math.floor((first ?? 0) / STEP_S) * STEP_S;
      const { series } = await queryRange(expr ?? "", end - spanSeconds, end, STEP_S, signal);
      const samples = series[0]?.values ?? [];
      return { times: samples.map(([t]) => t), values: samples.map(([, v]) => parseSample(v)) };
    },
  });
  const before = past.data ?? NOTHING;
  const kept = before.times.filter((t) => first === undefined || t < first).length;
  return {
    times: [...before.times.slice(0, kept), ...times],
    values: [...before.values.slice(0, kept), ...values],
  };
}
