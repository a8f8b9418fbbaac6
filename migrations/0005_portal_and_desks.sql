-- The person's own pages, cases for insurers, and the clinics' own patient numbers.

-- What a card proved for a browser's session, known by the SHA-256 of its cookie: at most once, since a nonce is bound
-- to the session. The browser then enters under a new cookie.
-- in: main
create table portal_proof (
    session bytea primary key,
    person bigint not null,
    certificate bigint not null,
    proved_at bigint not null,
    entered_at bigint
);
create index portal_proof_by_time on portal_proof (proved_at);

-- Sessions of people at their own pages, known by the SHA-256 of their cookie.
-- in: main
create table portal_session (
    token bytea primary key,
    person bigint not null,
    certificate bigint not null,
    begun_at bigint not null,
    seen_at bigint not null,
    ended_at bigint
);
create index portal_session_by_person on portal_session (person);

-- Calls to the call centre: who took one, and whom the answers fitted; nobody when they did not fit one person.
-- in: main
create table portal_call (
    call_id bigint primary key,
    staff bigint not null,
    at bigint not null,
    person bigint,
    strict bigint not null,
    ended_at bigint
);
create index portal_call_by_staff on portal_call (staff, at);

-- Cases for insurers: a person says that a coverage is not theirs.
-- in: main
create table registration_case (
    case_id bigint primary key,
    coverage bigint not null,
    person bigint not null,
    opened_at bigint not null,
    kind text not null
);
create index registration_case_by_coverage on registration_case (coverage);

-- How a case ended; at most once.
-- in: main
create table registration_case_end (
    case_id bigint primary key,
    at bigint not null,
    outcome text not null
);

-- A clinic's own patient number for a person (照会番号); the newest stands.
-- in: main
create table counter_reference (
    facility bigint not null,
    person bigint not null,
    at bigint not null,
    reference text not null,
    primary key (facility, person, at)
);
