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
	`region` text,
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
