CREATE TABLE `config_documents` (
	`project_id` text NOT NULL,
	`kind` text NOT NULL,
	`name` text NOT NULL,
	`version` integer NOT NULL,
	`body` text,
	`updated_at_ms` integer NOT NULL,
	`updated_by` text NOT NULL,
	PRIMARY KEY(`project_id`, `kind`, `name`, `version`)
);
--> statement-breakpoint
CREATE TABLE `projects` (
	`id` text PRIMARY KEY NOT NULL,
	`name` text NOT NULL,
	`created_at_ms` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `ticking_objects` (
	`project_id` text NOT NULL,
	`class_name` text NOT NULL,
	`object_name` text NOT NULL,
	`registered_at_ms` integer NOT NULL,
	PRIMARY KEY(`class_name`, `object_name`)
);
--> statement-breakpoint
CREATE TABLE `tokens` (
	`id` text PRIMARY KEY NOT NULL,
	`project_id` text NOT NULL,
	`name` text NOT NULL,
	`scopes` text NOT NULL,
	`origins` text DEFAULT '' NOT NULL,
	`created_at_ms` integer NOT NULL,
	`created_by` text NOT NULL,
	`revoked_at_ms` integer
);
--> statement-breakpoint
CREATE TABLE `push_groups` (
	`project_id` text NOT NULL,
	`key` text NOT NULL,
	`version` integer NOT NULL,
	`body` text NOT NULL,
	`pushed_at_ms` integer NOT NULL,
	PRIMARY KEY(`project_id`, `key`)
);
--> statement-breakpoint
CREATE TABLE `log_batch_ids` (
	`project_id` text NOT NULL,
	`id` text NOT NULL,
	`at_ms` integer NOT NULL,
	PRIMARY KEY(`project_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `log_chunks` (
	`project_id` text NOT NULL,
	`last_ms` integer NOT NULL,
	`id` text NOT NULL,
	`first_ms` integer NOT NULL,
	`line_count` integer NOT NULL,
	`levels` integer NOT NULL,
	`services` text NOT NULL,
	`words` blob NOT NULL,
	`lines` blob NOT NULL,
	PRIMARY KEY(`project_id`, `last_ms`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `span_chunks` (
	`project_id` text NOT NULL,
	`last_ms` integer NOT NULL,
	`id` text NOT NULL,
	`first_ms` integer NOT NULL,
	`span_count` integer NOT NULL,
	`services` text NOT NULL,
	`has_error` integer NOT NULL,
	`index_keys` text NOT NULL,
	`spans` blob NOT NULL,
	PRIMARY KEY(`project_id`, `last_ms`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `trace_index` (
	`project_id` text NOT NULL,
	`key` text NOT NULL,
	`last_ms` integer NOT NULL,
	`chunk_id` text NOT NULL,
	`fragments` text NOT NULL,
	PRIMARY KEY(`project_id`, `key`, `last_ms`, `chunk_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `incidents` (
	`project_id` text NOT NULL,
	`id` text NOT NULL,
	`title` text NOT NULL,
	`severity` text NOT NULL,
	`status` text NOT NULL,
	`group_key` text NOT NULL,
	`alerts` integer NOT NULL,
	`assignee` text,
	`opened_at_ms` integer NOT NULL,
	`acknowledged_at_ms` integer,
	`acknowledged_by` text,
	`resolved_at_ms` integer,
	`resolved_by` text,
	`body` text NOT NULL,
	PRIMARY KEY(`project_id`, `id`)
);
--> statement-breakpoint
CREATE INDEX `incidents_by_time` ON `incidents` (`project_id`,`opened_at_ms`);--> statement-breakpoint
CREATE TABLE `job_runs` (
	`job` text PRIMARY KEY NOT NULL,
	`slot_ms` integer NOT NULL,
	`started_at_ms` integer NOT NULL,
	`finished_at_ms` integer,
	`outcome` text,
	`detail` text
);
--> statement-breakpoint
CREATE TABLE `anomaly_states` (
	`project_id` text NOT NULL,
	`name` text NOT NULL,
	`states` text NOT NULL,
	`scanned_at_ms` integer NOT NULL,
	PRIMARY KEY(`project_id`, `name`)
);
--> statement-breakpoint
CREATE TABLE `reports` (
	`project_id` text NOT NULL,
	`id` text NOT NULL,
	`kind` text NOT NULL,
	`day` text NOT NULL,
	`body` text NOT NULL,
	`written_at_ms` integer NOT NULL,
	`sent_at_ms` integer,
	PRIMARY KEY(`project_id`, `id`)
);
--> statement-breakpoint
CREATE TABLE `events` (
	`project_id` text NOT NULL,
	`person` text NOT NULL,
	`time_ms` integer NOT NULL,
	`id` text NOT NULL,
	`name` text NOT NULL,
	`path` text NOT NULL,
	`session_id` text NOT NULL,
	`referrer` text NOT NULL,
	`country` text NOT NULL,
	`device` text NOT NULL,
	`browser` text NOT NULL,
	`os` text NOT NULL,
	`value` real,
	`details` text NOT NULL,
	PRIMARY KEY(`project_id`, `person`, `time_ms`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `events_by_time` ON `events` (`project_id`,`time_ms`,`name`,`path`);--> statement-breakpoint
CREATE TABLE `alert_history` (
	`project_id` text NOT NULL,
	`fingerprint` text NOT NULL,
	`starts_at_ms` integer NOT NULL,
	`ended_at_ms` integer,
	`name` text NOT NULL,
	`severity` text NOT NULL,
	`labels` text NOT NULL,
	`annotations` text NOT NULL,
	`value` real,
	PRIMARY KEY(`project_id`, `fingerprint`, `starts_at_ms`)
);
--> statement-breakpoint
CREATE INDEX `alert_history_by_time` ON `alert_history` (`project_id`,`starts_at_ms`);