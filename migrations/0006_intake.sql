-- Outside offices that file what they know, and how far each of their deliveries has come.

-- Offices, known by the SHA-256 of their client certificate.
-- in: main
create table intake_office (
    office bigint primary key,
    kind text not null,
    label text not null,
    insurer_number text,
    fingerprint bytea not null,
    admitted_at bigint not null,
    expires_at bigint not null,
    barred_at bigint
);
create unique index intake_office_by_fingerprint on intake_office (fingerprint);

-- A delivery: how many lines are done, the SHA-256 of their bytes, and what became of them. Office 0 is the operator.
-- in: main
create table intake_delivery (
    office bigint not null,
    delivery text not null,
    kind text not null,
    lines bigint not null,
    digest bytea not null,
    taken bigint not null,
    unchanged bigint not null,
    held bigint not null,
    refused bigint not null,
    started_at bigint not null,
    moved_at bigint not null,
    finished_at bigint,
    primary key (office, delivery)
);

-- What was wrong with a delivery's lines, or is to be known of them: never anything of the line itself.
-- in: main
create table intake_problem (
    office bigint not null,
    delivery text not null,
    line bigint not null,
    field text not null,
    code text not null,
    primary key (office, delivery, line)
);
