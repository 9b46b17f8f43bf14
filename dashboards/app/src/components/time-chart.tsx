import { useComputedColorScheme } from "@mantine/core";
import { type ReactNode, useEffect, useRef } from "react";
import uPlot from "uplot";
import { formatNumber } from "../format";

export interface ChartSeries {
  readonly label: string;
  readonly values: readonly (number | null)[];
}

interface TimeChartProps {
  /** Seconds, rising. */
  readonly times: readonly number[];
  readonly series: readonly ChartSeries[];
  readonly height?: number;
  readonly format?: (value: number) => string;
}

/** Distinguishable on dark and light, in turn. */
const COLORS = [
  "#2dd4bf",
  "#60a5fa",
  "#f59e0b",
  "#f472b6",
  "#a78bfa",
  "#84cc16",
  "#fb7185",
  "#22d3ee",
  "#fbbf24",
  "#34d399",
  "#c084fc",
  "#f97316",
];

export function colorOf(i: number): string {
  return COLORS[i % COLORS.length] ?? "#2dd4bf";
}

/** Lines over time with axes, a cursor, and zoom by dragging (double click: back). */
export function TimeChart({
  times,
  series,
  height = 320,
  format = formatNumber,
}: TimeChartProps): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const scheme = useComputedColorScheme("dark");

  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const ink = scheme === "dark" ? "#8595a9" : "#495057";
    const grid = scheme === "dark" ? "#1f2a3a" : "#e9ecef";
    const axis = {
      stroke: ink,
      grid: { stroke: grid, width: 1 },
      ticks: { stroke: grid, width: 1 },
      font: "11px system-ui",
    };
    const plot = new uPlot(
      {
        width: Math.max(1, element.clientWidth),
        height,
        legend: { show: false },
        cursor: { y: false, points: { size: 6 } },
        axes: [
          {
            ...axis,
            values: (_u, ticks) =>
              ticks.map((t, i) => tickText(t, ticks[i - 1], (ticks.at(-1) ?? t) - (ticks[0] ?? t))),
          },
          { ...axis, size: 64, values: (_u, ticks) => ticks.map(format) },
        ],
        series: [
          {},
          ...series.map((s, i) => ({
            label: s.label,
            stroke: colorOf(i),
            width: 1.5,
            spanGaps: false,
            points: { show: times.length < 3 },
          })),
        ],
      },
      [times as number[], ...series.map((s) => s.values as (number | null)[])],
      element,
    );
    const observer = new ResizeObserver(() =>
      plot.setSize({ width: Math.max(1, element.clientWidth), height }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [times, series, height, format, scheme]);

  return (
    <div
      ref={box}
      style={{ minHeight: height }}
      role="img"
      aria-label={`Chart of ${series.length} series; the table below has the numbers`}
    />
  );
}

const minute = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const withSeconds = new Intl.DateTimeFormat("en-GB", {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});
const day = new Intl.DateTimeFormat("en-GB", { day: "2-digit", month: "short" });

/** The hour; the day where one begins; seconds where the whole axis is short. */
function tickText(t: number, before: number | undefined, span: number): string {
  const ms = t * 1000;
  if (before !== undefined && day.format(before * 1000) !== day.format(ms)) return day.format(ms);
  return (span < 300 ? withSeconds : minute).format(ms);
}
