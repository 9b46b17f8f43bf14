import { Box, Group, Text } from "@mantine/core";
import type { ReactNode } from "react";
import type { HistogramSample } from "../api/prometheus";
import { formatNumber } from "../format";

const HEIGHT = 56;

/** One native histogram: a bar for each bucket, its bounds and count in the title. */
export function HistogramBars({
  label,
  histogram,
}: {
  readonly label: string;
  readonly histogram: HistogramSample;
}): ReactNode {
  const buckets = (histogram.buckets ?? []).map(([, left, right, count]) => ({
    left: Number(left),
    right: right === "+Inf" ? Number.POSITIVE_INFINITY : Number(right),
    count: Number(count),
  }));
  const most = buckets.reduce((n, b) => Math.max(n, b.count), 0);
  const count = Number(histogram.count);
  const first = buckets[0];
  const last = buckets.at(-1);
  return (
    <Box px="md" py="xs">
      <Group justify="space-between" gap="sm" wrap="nowrap">
        <Text fz="xs" ff="monospace" className="vd-wrap">
          {label}
        </Text>
        <Text fz="xs" c="dimmed" className="vd-num" style={{ whiteSpace: "nowrap" }}>
          {formatNumber(count)} observations, mean{" "}
          {formatNumber(count === 0 ? null : Number(histogram.sum) / count)}
        </Text>
      </Group>
      <Group
        gap={1}
        h={HEIGHT}
        align="flex-end"
        wrap="nowrap"
        role="img"
        aria-label={`Buckets of ${label}`}
      >
        {buckets.map((b) => (
          <Box
            key={`${b.left} ${b.right}`}
            flex={1}
            miw={1}
            bg="blue.6"
            title={`${formatNumber(b.left)} to ${formatNumber(b.right)}: ${formatNumber(b.count)}`}
            style={{ height: most === 0 ? 0 : Math.max(1, (HEIGHT * b.count) / most) }}
          />
        ))}
      </Group>
      <Group justify="space-between">
        <Text fz={11} c="dimmed" className="vd-num">
          {formatNumber(first?.left)}
        </Text>
        <Text fz={11} c="dimmed" className="vd-num">
          {formatNumber(last?.right)}
        </Text>
      </Group>
    </Box>
  );
}
