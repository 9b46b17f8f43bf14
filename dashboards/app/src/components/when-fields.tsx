import { Chip, Group, SegmentedControl, Text, TextInput } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { DAYS, type When } from "../when-form";

/** What is chosen, and how to choose otherwise. */
export function useWhen(first: () => When): readonly [When, (change: Partial<When>) => void] {
  const [when, setWhen] = useState(first);
  return [when, (change) => setWhen((w) => ({ ...w, ...change }))];
}

/** Once, or each week on some days; or by the schedule that it has. */
export function WhenFields({
  when,
  onChange,
}: {
  readonly when: When;
  readonly onChange: (change: Partial<When>) => void;
}): ReactNode {
  // A schedule that has more to it than the fields can be kept as it is.
  const [planned] = useState(when.kind === "planned");
  return (
    <>
      <SegmentedControl
        size="xs"
        aria-label="How often"
        data={[
          ...(planned ? [{ value: "planned", label: "As planned" }] : []),
          { value: "once", label: "Once" },
          { value: "weekly", label: "Each week" },
        ]}
        value={when.kind}
        onChange={(kind) =>
          onChange({ kind: kind === "weekly" || kind === "planned" ? kind : "once" })
        }
      />
      {when.kind === "once" && (
        <Group gap="xs" grow preventGrowOverflow={false}>
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
      )}
      {when.kind === "weekly" && <Weekly when={when} onChange={onChange} />}
      {when.kind === "planned" && (
        <pre className="vd-code" tabIndex={0}>
          {when.was?.schedule?.intervals.map((i) => JSON.stringify(i)).join("\n")}
        </pre>
      )}
      {when.kind !== "once" && (
        <Group gap="xs" grow preventGrowOverflow={false}>
          <Field
            label="First day"
            type="date"
            value={when.first}
            onChange={(first) => onChange({ first })}
          />
          <Field
            label="Last day"
            type="date"
            value={when.last}
            onChange={(last) => onChange({ last })}
          />
        </Group>
      )}
    </>
  );
}

function Weekly({
  when,
  onChange,
}: {
  readonly when: When;
  readonly onChange: (change: Partial<When>) => void;
}): ReactNode {
  return (
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
          {when.zone}
        </Text>
      </Group>
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
  readonly type: "time" | "date" | "datetime-local";
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
