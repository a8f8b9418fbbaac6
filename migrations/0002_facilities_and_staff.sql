-- Who may ask: facilities, their terminals, and people with accounts.

-- What is known of a facility; the row with the highest revision stands, earlier ones stay.
-- in: main
create table facility_entry (
    facility bigint not null,
    revision bigint not null,
    code text not null,
    name text not null,
    kind text not null,
    postcode text,
    address text,
    pre_operation_from bigint,
    operates_from bigint,
    closes_on bigint,
    primary key (facility, revision)
);
create index facility_entry_by_code on facility_entry (code);

-- Terminals, known by the SHA-256 of their client certificate.
-- in: main
create table facility_terminal (
    terminal bigint primary key,
    facility bigint not null,
    label text not null,
    fingerprint bytea not null,
    admitted_at bigint not null,
    expires_at bigint not null,
    barred_at bigint
);
create unique index facility_terminal_by_fingerprint on facility_terminal (fingerprint);
create index facility_terminal_by_facility on facility_terminal (facility);

-- Accounts. A password with `one_time_until` was given out by somebody else and must be changed before that instant.
-- in: main
create table staff_account (
    staff bigint primary key,
    login text not null,
    name text not null,
    role text not null,
    facility bigint,
    password text,
    one_time_until bigint,
    totp bytea,
    totp_step bigint not null,
    failures bigint not null,
    locked_until bigint,
    made_at bigint not null,
    closed_at bigint
);
create unique index staff_account_by_login on staff_account (login);
create index staff_account_by_facility on staff_account (facility);

-- Sessions, known by the SHA-256 of their cookie; `totp_pending` is a second factor that is being set up in it.
-- in: main
create table staff_session (
    token bytea primary key,
    staff bigint not null,
    begun_at bigint not null,
    seen_at bigint not null,
    proof bigint not null,
    totp_pending bytea,
    ended_at bigint
);
create index staff_session_by_staff on staff_session (staff);
