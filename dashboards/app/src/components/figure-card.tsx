import { Box, Group, Text, Tooltip } from "@mantine/core";
import type { ReactNode } from "react";
import { type FigureKey, levelOf, type Threshold } from "../../../../src/live/figures";
import { formatNumber, formatSeconds, formatShare, NONE } from "../format";
import { useFigureLine } from "../live/past";
import { useLive } from "../live/store";
import { LEVEL_COLOR } from "../theme";
import { Sparkline } from "./sparkline";

interface FigureText {
  readonly title: string;
  readonly about: string;
  readonly format: (value: number) => string;
}

const TEXTS: Readonly<Record<FigureKey, FigureText>> = {
  requestRate: {
    title: "Request rate",
    about: "Requests per second",
    format: (v) => `${formatNumber(v)} /s`,
  },
  errorRate: { title: "Error rate", about: "Share of failed requests", format: formatShare },
  p95Seconds: {
    title: "p95 latency",
    about: "95 % of requests are answered faster",
    format: formatSeconds,
  },
  activeUsers: {
    title: "Active users",
    about: "Distinct visitors of the last 5 min",
    format: formatNumber,
  },
  eventsPerMinute: {
    title: "Events per minute",
    about: "Product events of the last minute",
    format: formatNumber,
  },
};

const SPAN_SECONDS = 180;
const VALUE_COLOR = {
  unknown: "dimmed",
  fine: "var(--mantine-color-text)",
  amber: "light-dark(var(--mantine-color-yellow-8), var(--mantine-color-yellow-5))",
  red: "light-dark(var(--mantine-color-red-7), var(--mantine-color-red-5))",
} as const;

interface FigureCardProps {
  readonly figure: FigureKey;
  readonly threshold: Threshold | undefined;
  readonly expr: string | undefined;
}

/** One figure: its number, its colour by threshold, its last minutes. */
export function FigureCard({ figure, threshold, expr }: FigureCardProps): ReactNode {
  const value = useLive((v) => v.figures[figure]);
  const { times, values } = useFigureLine(figure, expr, SPAN_SECONDS);
  const { title, about, format } = TEXTS[figure];
  const level = levelOf(value, threshold);
  const color = `var(--mantine-color-${LEVEL_COLOR[level]}-5)`;
  return (
    <Box
      className="vd-panel vd-card"
      __vars={{ "--vd-accent": color }}
      data-testid={`figure-${figure}`}
      data-value={value ?? ""}
      data-level={level}
      role="group"
      aria-label={title}
    >
      <Group justify="space-between" wrap="nowrap" gap={4}>
        <Tooltip label={about}>
          <Text fz="xs" fw={500} c="dimmed" truncate>
            {title}
          </Text>
        </Tooltip>
        {threshold !== undefined && (
          <Text fz={10} c="dimmed" className="vd-num" title="Amber and red from">
            {format(threshold.amber)} · {format(threshold.red)}
          </Text>
        )}
      </Group>
      <Text component="div" className="vd-card-value vd-num" c={VALUE_COLOR[level]}>
        {value === null ? NONE : format(value)}
      </Text>
      <Sparkline times={times} values={values} color={resolved(level)} spanSeconds={SPAN_SECONDS} />
    </Box>
  );
}

/** A canvas knows no CSS variables. */
function resolved(level: keyof typeof LEVEL_COLOR): string {
  return { unknown: "#5c6b80", fine: "#2dd4bf", amber: "#fcc419", red: "#ff6b6b" }[level];
}
