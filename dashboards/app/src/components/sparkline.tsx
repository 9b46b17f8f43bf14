import { type ReactNode, useEffect, useRef } from "react";
import uPlot from "uplot";

interface SparklineProps {
  readonly times: readonly number[];
  readonly values: readonly (number | null)[];
  /** Six hex digits: a canvas draws it. */
  readonly color: string;
  readonly height?: number;
  readonly spanSeconds: number;
}

/** A line without axes that moves with time. Decoration: the number stands beside it. */
export function Sparkline({
  times,
  values,
  color,
  height = 44,
  spanSeconds,
}: SparklineProps): ReactNode {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(null);
  const stroke = useRef(color);
  const span = useRef(spanSeconds);

  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const made = new uPlot(
      {
        width: Math.max(1, element.clientWidth),
        height,
        cursor: { show: false },
        legend: { show: false },
        select: { show: false, left: 0, top: 0, width: 0, height: 0 },
        padding: [4, 0, 2, 0],
        axes: [{ show: false }, { show: false }],
        scales: {
          x: { time: false, range: (_u, _min, max) => [max - span.current, max] },
          y: { range: (_u, min, max) => [Math.min(0, min), max > 0 ? max * 1.15 : 1] },
        },
        series: [
          {},
          {
            stroke: () => stroke.current,
            width: 1.5,
            fill: () => `${stroke.current}26`,
            points: { show: false },
            spanGaps: false,
          },
        ],
      },
      [[], []],
      element,
    );
    plot.current = made;
    const observer = new ResizeObserver(() =>
      made.setSize({ width: Math.max(1, element.clientWidth), height }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [height]);

  useEffect(() => {
    stroke.current = color;
    span.current = spanSeconds;
    plot.current?.setData([times as number[], values as (number | null)[]]);
  }, [times, values, color, spanSeconds]);

  return <div ref={box} style={{ height, margin: "0 -12px" }} aria-hidden="true" />;
}
