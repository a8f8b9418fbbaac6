-- Cards and their certificates, enrolment, and consents.

-- Secrets that every process on these data must share, such as the key of the readers' nonces.
-- in: main
create table store_secret (
    name text primary key,
    value bytea not null
);

-- Certificates as the authority told of them: whose they are, and which one each succeeds. Rows are never changed.
-- in: main
create table card_certificate (
    certificate bigint primary key,
    serial bytea not null,
    person bigint not null,
    source text not null,
    succeeds bigint,
    valid_from bigint not null,
    valid_until bigint not null,
    recorded_at bigint not null
);
create unique index card_certificate_by_serial on card_certificate (serial);
create index card_certificate_by_person on card_certificate (person);

-- What happened to a certificate: held, lifted, revoked. The newest stands; a revocation is final.
-- in: main
create table card_event (
    certificate bigint not null,
    sequence bigint not null,
    at bigint not null,
    kind text not null,
    reason text not null,
    channel text not null,
    primary key (certificate, sequence)
);

-- Enrolment (健康保険証利用の申込) of a person, and its cancelling; the newest stands.
-- in: main
create table enrolment_event (
    person bigint not null,
    sequence bigint not null,
    at bigint not null,
    kind text not null,
    channel text not null,
    terms text not null,
    primary key (person, sequence)
);

-- A person's answers at a facility's reader: kinds agreed to and declined, as words. They lie beside the rows of
-- checks, so that an answer and the check it was given for are committed together. Every question about them names the
-- person first, so the key is the only index: each tap writes one.
-- in: log
create table consent_answer (
    person bigint not null,
    facility bigint not null,
    given_at bigint not null,
    consent bigint not null,
    available_until bigint not null,
    agreed text not null,
    declined text not null,
    decision bigint not null,
    primary key (person, facility, given_at, consent)
);

-- in: log
create table consent_withdrawal (
    consent bigint not null,
    kind text not null,
    at bigint not null,
    primary key (consent, kind)
);
