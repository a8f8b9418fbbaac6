-- Who people are (people) and where they are insured (coverage). All insert-only, with revision and replaces.

-- The resident register's attributes as given to us; the row with the highest revision stands.
-- in: main
create table people_entry (
    person bigint not null,
    revision bigint not null,
    name text not null,
    kana text not null,
    birth bigint not null,
    sex bigint not null,
    postcode text,
    address text,
    primary key (person, revision)
);
create index people_entry_by_birth on people_entry (birth);

-- The only place of the 12-digit number (docs/rules.md S1 r2).
-- in: main
create table people_number (
    person bigint primary key,
    my_number text not null,
    revision bigint not null
);
create unique index people_number_by_number on people_number (my_number);

-- in: main
create table coverage_insurer (
    insurer_number text not null,
    revision bigint not null,
    name text not null,
    primary key (insurer_number, revision)
);

-- A coverage as its insurer registered it: the numbers that a patient shows, and the insurer's copy of the person.
-- in: main
create table coverage_entry (
    entry bigint primary key,
    coverage bigint not null,
    revision bigint not null,
    replaces bigint,
    insurer_number text not null,
    symbol text,
    number text not null,
    branch bigint,
    symbol_key text not null,
    number_key text not null,
    card_class text not null,
    relation bigint,
    insured_name text,
    name text not null,
    kana text not null,
    other_name text,
    other_kana text,
    sex bigint not null,
    birth bigint not null,
    postcode text,
    address text,
    qualified_on bigint not null,
    issued_on bigint,
    card_from bigint,
    card_until bigint
);
create index coverage_entry_by_number on coverage_entry (number_key, insurer_number, symbol_key);
create index coverage_entry_by_coverage on coverage_entry (coverage);

-- Dated facts of a coverage: link, loss, rate, elderly, limit, disease, ticket, withheld.
-- in: main
create table coverage_fact (
    fact bigint primary key,
    coverage bigint not null,
    revision bigint not null,
    replaces bigint,
    kind text not null,
    person bigint,
    starts_on bigint,
    ends_on bigint,
    issued_on bigint,
    class text,
    code text,
    amount bigint,
    long_term_on bigint,
    facility_code text,
    label text
);
create index coverage_fact_by_coverage on coverage_fact (coverage);
create index coverage_fact_by_person on coverage_fact (person) where person is not null;
create index coverage_fact_in_doubt on coverage_fact (coverage) where kind = 'link' and code <> 'verified';

-- Coverages without a standing link, listed so that they can be counted; it follows from the facts.
-- in: main
create table coverage_unlinked (
    coverage bigint primary key
);
