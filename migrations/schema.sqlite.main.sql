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
CREATE TABLE audit_stream (
    stream integer primary key,
    opened_at integer not null,
    month integer not null
) strict;
CREATE TABLE card_certificate (
    certificate integer primary key,
    serial blob not null,
    person integer not null,
    source text not null,
    succeeds integer,
    valid_from integer not null,
    valid_until integer not null,
    recorded_at integer not null
) strict;
CREATE INDEX card_certificate_by_person on card_certificate (person);
CREATE UNIQUE INDEX card_certificate_by_serial on card_certificate (serial);
CREATE TABLE card_event (
    certificate integer not null,
    sequence integer not null,
    at integer not null,
    kind text not null,
    reason text not null,
    channel text not null,
    primary key (certificate, sequence)
) strict, without rowid;
CREATE TABLE counter_reference (
    facility integer not null,
    person integer not null,
    at integer not null,
    reference text not null,
    primary key (facility, person, at)
) strict, without rowid;
CREATE TABLE coverage_entry (
    entry integer primary key,
    coverage integer not null,
    revision integer not null,
    replaces integer,
    insurer_number text not null,
    symbol text,
    number text not null,
    branch integer,
    symbol_key text not null,
    number_key text not null,
    card_class text not null,
    relation integer,
    insured_name text,
    name text not null,
    kana text not null,
    other_name text,
    other_kana text,
    sex integer not null,
    birth integer not null,
    postcode text,
    address text,
    qualified_on integer not null,
    issued_on integer,
    card_from integer,
    card_until integer
) strict;
CREATE INDEX coverage_entry_by_coverage on coverage_entry (coverage);
CREATE INDEX coverage_entry_by_number on coverage_entry (number_key, insurer_number, symbol_key);
CREATE TABLE coverage_fact (
    fact integer primary key,
    coverage integer not null,
    revision integer not null,
    replaces integer,
    kind text not null,
    person integer,
    starts_on integer,
    ends_on integer,
    issued_on integer,
    class text,
    code text,
    amount integer,
    long_term_on integer,
    facility_code text,
    label text
) strict;
CREATE INDEX coverage_fact_by_coverage on coverage_fact (coverage);
CREATE INDEX coverage_fact_by_person on coverage_fact (person) where person is not null;
CREATE INDEX coverage_fact_in_doubt on coverage_fact (coverage) where kind = 'link' and code <> 'verified';
CREATE TABLE coverage_insurer (
    insurer_number text not null,
    revision integer not null,
    name text not null,
    primary key (insurer_number, revision)
) strict, without rowid;
CREATE TABLE coverage_unlinked (
    coverage integer primary key
) strict;
CREATE TABLE enrolment_event (
    person integer not null,
    sequence integer not null,
    at integer not null,
    kind text not null,
    channel text not null,
    terms text not null,
    primary key (person, sequence)
) strict, without rowid;
CREATE TABLE facility_entry (
    facility integer not null,
    revision integer not null,
    code text not null,
    name text not null,
    kind text not null,
    postcode text,
    address text,
    pre_operation_from integer,
    operates_from integer,
    closes_on integer,
    primary key (facility, revision)
) strict, without rowid;
CREATE INDEX facility_entry_by_code on facility_entry (code);
CREATE TABLE facility_terminal (
    terminal integer primary key,
    facility integer not null,
    label text not null,
    fingerprint blob not null,
    admitted_at integer not null,
    expires_at integer not null,
    barred_at integer
) strict;
CREATE INDEX facility_terminal_by_facility on facility_terminal (facility);
CREATE UNIQUE INDEX facility_terminal_by_fingerprint on facility_terminal (fingerprint);
CREATE TABLE intake_delivery (
    office integer not null,
    delivery text not null,
    kind text not null,
    lines integer not null,
    digest blob not null,
    taken integer not null,
    unchanged integer not null,
    held integer not null,
    refused integer not null,
    started_at integer not null,
    moved_at integer not null,
    finished_at integer,
    primary key (office, delivery)
) strict, without rowid;
CREATE TABLE intake_office (
    office integer primary key,
    kind text not null,
    label text not null,
    insurer_number text,
    fingerprint blob not null,
    admitted_at integer not null,
    expires_at integer not null,
    barred_at integer
) strict;
CREATE UNIQUE INDEX intake_office_by_fingerprint on intake_office (fingerprint);
CREATE TABLE intake_problem (
    office integer not null,
    delivery text not null,
    line integer not null,
    field text not null,
    code text not null,
    primary key (office, delivery, line)
) strict, without rowid;
CREATE TABLE people_entry (
    person integer not null,
    revision integer not null,
    name text not null,
    kana text not null,
    birth integer not null,
    sex integer not null,
    postcode text,
    address text,
    primary key (person, revision)
) strict, without rowid;
CREATE INDEX people_entry_by_birth on people_entry (birth);
CREATE TABLE people_number (
    person integer primary key,
    my_number text not null,
    revision integer not null
) strict;
CREATE UNIQUE INDEX people_number_by_number on people_number (my_number);
CREATE TABLE portal_call (
    call_id integer primary key,
    staff integer not null,
    at integer not null,
    person integer,
    strict integer not null,
    ended_at integer
) strict;
CREATE INDEX portal_call_by_staff on portal_call (staff, at);
CREATE TABLE portal_proof (
    session blob primary key,
    person integer not null,
    certificate integer not null,
    proved_at integer not null,
    entered_at integer
) strict;
CREATE INDEX portal_proof_by_time on portal_proof (proved_at);
CREATE TABLE portal_session (
    token blob primary key,
    person integer not null,
    certificate integer not null,
    begun_at integer not null,
    seen_at integer not null,
    ended_at integer
) strict;
CREATE INDEX portal_session_by_person on portal_session (person);
CREATE TABLE registration_case (
    case_id integer primary key,
    coverage integer not null,
    person integer not null,
    opened_at integer not null,
    kind text not null
) strict;
CREATE INDEX registration_case_by_coverage on registration_case (coverage);
CREATE TABLE registration_case_end (
    case_id integer primary key,
    at integer not null,
    outcome text not null
) strict;
CREATE TABLE staff_account (
    staff integer primary key,
    login text not null,
    name text not null,
    role text not null,
    facility integer,
    password text,
    one_time_until integer,
    totp blob,
    totp_step integer not null,
    failures integer not null,
    locked_until integer,
    made_at integer not null,
    closed_at integer
) strict;
CREATE INDEX staff_account_by_facility on staff_account (facility);
CREATE UNIQUE INDEX staff_account_by_login on staff_account (login);
CREATE TABLE staff_session (
    token blob primary key,
    staff integer not null,
    begun_at integer not null,
    seen_at integer not null,
    proof integer not null,
    totp_pending blob,
    ended_at integer
) strict;
CREATE INDEX staff_session_by_staff on staff_session (staff);
CREATE TABLE store_migration (
            number integer primary key, name text not null, length integer not null, checksum integer not null) strict;
CREATE TABLE store_revision (
    revision integer primary key,
    at integer not null
) strict;
CREATE TABLE store_secret (
    name text primary key,
    value blob not null
) strict;
