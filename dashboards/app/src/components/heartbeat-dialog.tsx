import { Button, Group, Modal, SegmentedControl, Select, Stack, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, type ReactNode, useState } from "react";
import { makeHeartbeat } from "../api/heartbeats";
import { ErrorNote } from "./query-state";

/** What is expected of a job: how often it pings, and how late it may be. */
export function HeartbeatDialog({ onClose }: { readonly onClose: () => void }): ReactNode {
  const [name, setName] = useState("");
  const [kind, setKind] = useState("every");
  const [every, setEvery] = useState("1h");
  const [cron, setCron] = useState("0 3 * * *");
  const [grace, setGrace] = useState("5m");
  const [severity, setSeverity] = useState("critical");
  const queries = useQueryClient();
  const make = useMutation({
    mutationFn: () =>
      makeHeartbeat({
        name: name.trim(),
        grace,
        severity,
        ...(kind === "every"
          ? { every }
          : { cron, time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone }),
      }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: ["heartbeats"] });
      onClose();
    },
  });
  const submit = (e: FormEvent): void => {
    e.preventDefault();
    make.mutate();
  };
  return (
    <Modal opened onClose={onClose} title="New heartbeat">
      <form onSubmit={submit}>
        <Stack gap="sm">
          <Field label="Name" value={name} onChange={setName} focus />
          <SegmentedControl
            size="xs"
            aria-label="Schedule"
            data={[
              { value: "every", label: "Each interval" },
              { value: "cron", label: "By cron" },
            ]}
            value={kind}
            onChange={setKind}
          />
          {kind === "every" ? (
            <Field label="Pings every" value={every} onChange={setEvery} />
          ) : (
            <Field label="Cron expression" value={cron} onChange={setCron} />
          )}
          <Group gap="xs" grow>
            <Field label="May be late by" value={grace} onChange={setGrace} />
            <Select
              size="xs"
              label="Severity"
              data={["critical", "high", "warning", "info"]}
              value={severity}
              allowDeselect={false}
              onChange={(v) => setSeverity(v ?? "critical")}
            />
          </Group>
          {make.isError && <ErrorNote error={make.error} />}
          <Group justify="flex-end">
            <Button type="submit" size="xs" disabled={name.trim() === ""} loading={make.isPending}>
              Make
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function Field({
  label,
  value,
  onChange,
  focus = false,
}: {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly focus?: boolean;
}): ReactNode {
  return (
    <TextInput
      size="xs"
      label={label}
      value={value}
      required
      maxLength={200}
      onChange={(e) => onChange(e.currentTarget.value)}
      {...(focus ? { "data-autofocus": true } : {})}
    />
  );
}
