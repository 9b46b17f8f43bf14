import { Chip, Group, SegmentedControl, Text, TextInput } from "@mantine/core";
import { type ReactNode, useState } from "react";
import type { Times } from "../api/silences";

const DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
const HOUR_MS = 3_600_000;

/** What is chosen, as the inputs have it. */
export interface When {
  readonly kind: "once" | "weekly";
  readonly from: string;
  readonly to: string;
  readonly days: readonly string[];
  readonly startTime: string;
  readonly endTime: string;
}

export function useWhen(): readonly [When, (change: Partial<When>) => void] {
  const [when, setWhen] = useState<When>(() => ({
    kind: "once",
    from: localInput(Date.now()),
    to: localInput(Date.now() + HOUR_MS),
    days: ["sunday"],
    startTime: "02:00",
    endTime: "04:00",
  }));
  return [when, (change) => setWhen((w) => ({ ...w, ...change }))];
}

/** As the API takes it; undefined where something is missing. */
export function timesOf(w: When): Times | undefined {
  if (w.kind === "weekly") {
    if (w.days.length === 0 || w.startTime === "" || w.endTime === "") return undefined;
    const times = [{ start_time: w.startTime, end_time: w.endTime }];
    return { schedule: { intervals: [{ weekdays: w.days, times, location: zone() }] } };
  }
  const [from, to] = [new Date(w.from), new Date(w.to)];
  if (Number.isNaN(from.getTime()) || Number.isNaN(to.getTime())) return undefined;
  return { startsAt: from.toISOString(), endsAt: to.toISOString() };
}

/** Once, or each week on some days. */
export function WhenFields({
  when,
  onChange,
}: {
  readonly when: When;
  readonly onChange: (change: Partial<When>) => void;
}): ReactNode {
  return (
    <>
      <SegmentedControl
        size="xs"
        aria-label="How often"
        data={[
          { value: "once", label: "Once" },
          { value: "weekly", label: "Each week" },
        ]}
        value={when.kind}
        onChange={(kind) => onChange({ kind: kind === "weekly" ? "weekly" : "once" })}
      />
      {when.kind === "once" ? (
        <Group gap="xs">
          <Field
            label="From"
            type="datetime-local"
            value={when.from}
            onChange={(from) => onChange({ from })}
          />
          <Field
            label="Until"
            type="datetime-local"
            value={when.to}
            onChange={(to) => onChange({ to })}
          />
        </Group>
      ) : (
        <>
          <Chip.Group multiple value={[...when.days]} onChange={(days) => onChange({ days })}>
            <Group gap={6}>
              {DAYS.map((d) => (
                <Chip key={d} value={d} size="xs">
                  {d.slice(0, 3)}
                </Chip>
              ))}
            </Group>
          </Chip.Group>
          <Group gap="xs" align="flex-end">
            <Field
              label="From"
              type="time"
              value={when.startTime}
              onChange={(startTime) => onChange({ startTime })}
            />
            <Field
              label="Until"
              type="time"
              value={when.endTime}
              onChange={(endTime) => onChange({ endTime })}
            />
            <Text fz="xs" c="dimmed">
              {zone()}
            </Text>
          </Group>
        </>
      )}
    </>
  );
}

function Field({
  label,
  type,
  value,
  onChange,
}: {
  readonly label: string;
  readonly type: "time" | "datetime-local";
  readonly value: string;
  readonly onChange: (value: string) => void;
}): ReactNode {
  return (
    <TextInput
      size="xs"
      label={label}
      type={type}
      value={value}
      onChange={(e) => onChange(e.currentTarget.value)}
    />
  );
}

const zone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** As an input of type datetime-local wants it. */
function localInput(ms: number): string {
  const local = new Date(ms - new Date(ms).getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, 16);
}
