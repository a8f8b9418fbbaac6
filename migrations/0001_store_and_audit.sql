-- The store's own tables and the audit streams. Written in PostgreSQL's type words; see crates/store/src/migrate.rs.

-- One row for each transaction that recorded facts: revisions are ordered by commit, and an instant finds its revision.
-- in: main
create table store_revision (
    revision bigint primary key,
    at bigint not null
);
-- Revision 0 is the empty store, so that there always is one before.
insert into store_revision (revision, at) values (0, 0);

-- Keys of requests answered in the last 24 hours, so that a repeat gets the same decision.
-- in: log
create table store_request (
    facility bigint not null,
    request text not null,
    at bigint not null,
    digest bytea not null,
    answer bigint not null,
    primary key (facility, request)
);
create index store_request_by_at on store_request (at);

-- Streams: each is written by one connection and lies in one month, so that a month can be erased as a whole.
-- in: both
create table audit_stream (
    stream bigint primary key,
    opened_at bigint not null,
    month bigint not null
);

-- Rows: hash covers stream, sequence, the previous row's hash and the commitment; the commitment covers salt, columns
-- and body. After the keeping time salt, columns and body are erased and the chain still verifies.
-- in: both
create table audit_row (
    stream bigint not null,
    sequence bigint not null,
    hash bytea not null,
    commitment bytea not null,
    salt bytea,
    at bigint,
    act text,
    facility bigint,
    person bigint,
    answer bigint,
    outcome text,
    repeated bigint,
    body bytea,
    primary key (stream, sequence)
);
create index audit_row_by_facility on audit_row (facility, at) where facility is not null;
create index audit_row_by_answer on audit_row (answer) where answer is not null;
create index audit_row_by_person on audit_row (person, at) where person is not null;

-- Checkpoints: signed, chained statements of where every stream stood.
-- in: log
create table audit_checkpoint (
    number bigint primary key,
    at bigint not null,
    heads bytea not null,
    hash bytea not null,
    signature bytea not null
);

-- How far each stream is sealed: the sealer's memory, so that it need not read all checkpoints when it starts.
-- Nothing rests on it; verifying reads the checkpoints alone.
-- in: log
create table audit_sealed (
    stream bigint primary key,
    sequence bigint not null
);
