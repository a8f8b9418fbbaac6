CREATE TABLE audit_checkpoint (
    number integer primary key,
    at integer not null,
    heads blob not null,
    hash blob not null,
    signature blob not null
) strict;
CREATE TABLE audit_row (
    stream integer not null,
    sequence integer not null,
    hash blob not null,
    commitment blob not null,
    salt blob,
    at integer,
    act text,
    facility integer,
    person integer,
    answer integer,
    outcome text,
    repeated integer,
    body blob,
    primary key (stream, sequence)
) strict, without rowid;
CREATE INDEX audit_row_by_answer on audit_row (answer) where answer is not null;
CREATE INDEX audit_row_by_facility on audit_row (facility, at) where facility is not null;
CREATE INDEX audit_row_by_person on audit_row (person, at) where person is not null;
CREATE TABLE audit_sealed (
    stream integer primary key,
    sequence integer not null
) strict;
CREATE TABLE audit_stream (
    stream integer primary key,
    opened_at integer not null,
    month integer not null
) strict;
CREATE TABLE consent_answer (
    person integer not null,
    facility integer not null,
    given_at integer not null,
    consent integer not null,
    available_until integer not null,
    agreed text not null,
    declined text not null,
    decision integer not null,
    primary key (person, facility, given_at, consent)
) strict, without rowid;
CREATE TABLE consent_withdrawal (
    consent integer not null,
    kind text not null,
    at integer not null,
    primary key (consent, kind)
) strict, without rowid;
CREATE TABLE store_migration (
            number integer primary key, name text not null, length integer not null, checksum integer not null) strict;
CREATE TABLE store_request (
    facility integer not null,
    request text not null,
    at integer not null,
    digest blob not null,
    answer integer not null,
    primary key (facility, request)
) strict, without rowid;
CREATE INDEX store_request_by_at on store_request (at);
