CREATE TABLE `notifications` (
	`project_id` text NOT NULL,
	`at_ms` integer NOT NULL,
	`id` text NOT NULL,
	`receiver` text NOT NULL,
	`integration` text NOT NULL,
	`group_key` text NOT NULL,
	`decision` text NOT NULL,
	`reason` text NOT NULL,
	`status` text NOT NULL,
	`alert_names` text NOT NULL,
	`members` text NOT NULL,
	`outcome` text,
	`attempts` integer,
	`last_attempt_ms` integer,
	`latency_ms` integer,
	`status_code` integer,
	`error` text,
	`response` text,
	`attempt_log` text,
	PRIMARY KEY(`project_id`, `at_ms`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `alert_history` ADD `ended_by` text;--> statement-breakpoint
ALTER TABLE `alert_history` ADD `dismissed_by` text;--> statement-breakpoint
ALTER TABLE `alert_history` ADD `acknowledged_at_ms` integer;--> statement-breakpoint
ALTER TABLE `alert_history` ADD `acknowledged_by` text;