import { useQuery, type UseQueryResult } from "@tanstack/react-query";
import type { FigureKey, FigureLevel, Threshold } from "../../../../src/live/figures";
import { getJson } from "./client";

/** What the page needs of GET /api/v1/monitoring/dashboard. */
export interface Dashboard {
  readonly figures: Readonly<
    Record<
      FigureKey,
      {
        readonly value: number | null;
        readonly level: FigureLevel;
        readonly threshold: Threshold | null;
        readonly expr: string | null;
      }
    >
  >;
}

export function useDashboard(): UseQueryResult<Dashboard> {
  return useQuery({
    queryKey: ["dashboard"],
    queryFn: ({ signal }) => getJson<Dashboard>("/api/v1/monitoring/dashboard", signal),
    staleTime: 60_000,
  });
}
