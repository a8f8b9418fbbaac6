CREATE INDEX audit_row_by_answer ON audit_row USING btree (answer) WHERE (answer IS NOT NULL)
CREATE INDEX audit_row_by_facility ON audit_row USING btree (facility, at) WHERE (facility IS NOT NULL)
CREATE INDEX audit_row_by_person ON audit_row USING btree (person, at) WHERE (person IS NOT NULL)
CREATE INDEX card_certificate_by_person ON card_certificate USING btree (person)
CREATE INDEX coverage_entry_by_coverage ON coverage_entry USING btree (coverage)
CREATE INDEX coverage_entry_by_number ON coverage_entry USING btree (number_key, insurer_number, symbol_key)
CREATE INDEX coverage_fact_by_coverage ON coverage_fact USING btree (coverage)
CREATE INDEX coverage_fact_by_person ON coverage_fact USING btree (person) WHERE (person IS NOT NULL)
CREATE INDEX coverage_fact_in_doubt ON coverage_fact USING btree (coverage) WHERE ((kind = 'link'::text) AND (code <> 'verified'::text))
CREATE INDEX facility_entry_by_code ON facility_entry USING btree (code)
CREATE INDEX facility_terminal_by_facility ON facility_terminal USING btree (facility)
CREATE INDEX people_entry_by_birth ON people_entry USING btree (birth)
CREATE INDEX portal_call_by_staff ON portal_call USING btree (staff, at)
CREATE INDEX portal_proof_by_time ON portal_proof USING btree (proved_at)
CREATE INDEX portal_session_by_person ON portal_session USING btree (person)
CREATE INDEX registration_case_by_coverage ON registration_case USING btree (coverage)
CREATE INDEX staff_account_by_facility ON staff_account USING btree (facility)
CREATE INDEX staff_session_by_staff ON staff_session USING btree (staff)
CREATE INDEX store_request_by_at ON store_request USING btree (at)
CREATE UNIQUE INDEX audit_checkpoint_pkey ON audit_checkpoint USING btree (number)
CREATE UNIQUE INDEX audit_row_pkey ON audit_row USING btree (stream, sequence)
CREATE UNIQUE INDEX audit_sealed_pkey ON audit_sealed USING btree (stream)
CREATE UNIQUE INDEX audit_stream_pkey ON audit_stream USING btree (stream)
CREATE UNIQUE INDEX card_certificate_by_serial ON card_certificate USING btree (serial)
CREATE UNIQUE INDEX card_certificate_pkey ON card_certificate USING btree (certificate)
CREATE UNIQUE INDEX card_event_pkey ON card_event USING btree (certificate, sequence)
CREATE UNIQUE INDEX consent_answer_pkey ON consent_answer USING btree (person, facility, given_at, consent)
CREATE UNIQUE INDEX consent_withdrawal_pkey ON consent_withdrawal USING btree (consent, kind)
CREATE UNIQUE INDEX counter_reference_pkey ON counter_reference USING btree (facility, person, at)
CREATE UNIQUE INDEX coverage_entry_pkey ON coverage_entry USING btree (entry)
CREATE UNIQUE INDEX coverage_fact_pkey ON coverage_fact USING btree (fact)
CREATE UNIQUE INDEX coverage_insurer_pkey ON coverage_insurer USING btree (insurer_number, revision)
CREATE UNIQUE INDEX coverage_unlinked_pkey ON coverage_unlinked USING btree (coverage)
CREATE UNIQUE INDEX enrolment_event_pkey ON enrolment_event USING btree (person, sequence)
CREATE UNIQUE INDEX facility_entry_pkey ON facility_entry USING btree (facility, revision)
CREATE UNIQUE INDEX facility_terminal_by_fingerprint ON facility_terminal USING btree (fingerprint)
CREATE UNIQUE INDEX facility_terminal_pkey ON facility_terminal USING btree (terminal)
CREATE UNIQUE INDEX intake_delivery_pkey ON intake_delivery USING btree (office, delivery)
CREATE UNIQUE INDEX intake_office_by_fingerprint ON intake_office USING btree (fingerprint)
CREATE UNIQUE INDEX intake_office_pkey ON intake_office USING btree (office)
CREATE UNIQUE INDEX intake_problem_pkey ON intake_problem USING btree (office, delivery, line)
CREATE UNIQUE INDEX people_entry_pkey ON people_entry USING btree (person, revision)
CREATE UNIQUE INDEX people_number_by_number ON people_number USING btree (my_number)
CREATE UNIQUE INDEX people_number_pkey ON people_number USING btree (person)
CREATE UNIQUE INDEX portal_call_pkey ON portal_call USING btree (call_id)
CREATE UNIQUE INDEX portal_proof_pkey ON portal_proof USING btree (session)
CREATE UNIQUE INDEX portal_session_pkey ON portal_session USING btree (token)
CREATE UNIQUE INDEX registration_case_end_pkey ON registration_case_end USING btree (case_id)
CREATE UNIQUE INDEX registration_case_pkey ON registration_case USING btree (case_id)
CREATE UNIQUE INDEX staff_account_by_login ON staff_account USING btree (login)
CREATE UNIQUE INDEX staff_account_pkey ON staff_account USING btree (staff)
CREATE UNIQUE INDEX staff_session_pkey ON staff_session USING btree (token)
CREATE UNIQUE INDEX store_migration_pkey ON store_migration USING btree (number)
CREATE UNIQUE INDEX store_request_pkey ON store_request USING btree (facility, request)
CREATE UNIQUE INDEX store_revision_pkey ON store_revision USING btree (revision)
CREATE UNIQUE INDEX store_secret_pkey ON store_secret USING btree (name)
audit_checkpoint.at bigint not null
audit_checkpoint.hash bytea not null
audit_checkpoint.heads bytea not null
audit_checkpoint.number bigint not null
audit_checkpoint.signature bytea not null
audit_row.act text
audit_row.answer bigint
audit_row.at bigint
audit_row.body bytea
audit_row.commitment bytea not null
audit_row.facility bigint
audit_row.hash bytea not null
audit_row.outcome text
audit_row.person bigint
audit_row.repeated bigint
audit_row.salt bytea
audit_row.sequence bigint not null
audit_row.stream bigint not null
audit_sealed.sequence bigint not null
audit_sealed.stream bigint not null
audit_stream.month bigint not null
audit_stream.opened_at bigint not null
audit_stream.stream bigint not null
card_certificate.certificate bigint not null
card_certificate.person bigint not null
card_certificate.recorded_at bigint not null
card_certificate.serial bytea not null
card_certificate.source text not null
card_certificate.succeeds bigint
card_certificate.valid_from bigint not null
card_certificate.valid_until bigint not null
card_event.at bigint not null
card_event.certificate bigint not null
card_event.channel text not null
card_event.kind text not null
card_event.reason text not null
card_event.sequence bigint not null
consent_answer.agreed text not null
consent_answer.available_until bigint not null
consent_answer.consent bigint not null
consent_answer.decision bigint not null
consent_answer.declined text not null
consent_answer.facility bigint not null
consent_answer.given_at bigint not null
consent_answer.person bigint not null
consent_withdrawal.at bigint not null
consent_withdrawal.consent bigint not null
consent_withdrawal.kind text not null
counter_reference.at bigint not null
counter_reference.facility bigint not null
counter_reference.person bigint not null
counter_reference.reference text not null
coverage_entry.address text
coverage_entry.birth bigint not null
coverage_entry.branch bigint
coverage_entry.card_class text not null
coverage_entry.card_from bigint
coverage_entry.card_until bigint
coverage_entry.coverage bigint not null
coverage_entry.entry bigint not null
coverage_entry.insured_name text
coverage_entry.insurer_number text not null
coverage_entry.issued_on bigint
coverage_entry.kana text not null
coverage_entry.name text not null
coverage_entry.number text not null
coverage_entry.number_key text not null
coverage_entry.other_kana text
coverage_entry.other_name text
coverage_entry.postcode text
coverage_entry.qualified_on bigint not null
coverage_entry.relation bigint
coverage_entry.replaces bigint
coverage_entry.revision bigint not null
coverage_entry.sex bigint not null
coverage_entry.symbol text
coverage_entry.symbol_key text not null
coverage_fact.amount bigint
coverage_fact.class text
coverage_fact.code text
coverage_fact.coverage bigint not null
coverage_fact.ends_on bigint
coverage_fact.facility_code text
coverage_fact.fact bigint not null
coverage_fact.issued_on bigint
coverage_fact.kind text not null
coverage_fact.label text
coverage_fact.long_term_on bigint
coverage_fact.person bigint
coverage_fact.replaces bigint
coverage_fact.revision bigint not null
coverage_fact.starts_on bigint
coverage_insurer.insurer_number text not null
coverage_insurer.name text not null
coverage_insurer.revision bigint not null
coverage_unlinked.coverage bigint not null
enrolment_event.at bigint not null
enrolment_event.channel text not null
enrolment_event.kind text not null
enrolment_event.person bigint not null
enrolment_event.sequence bigint not null
enrolment_event.terms text not null
facility_entry.address text
facility_entry.closes_on bigint
facility_entry.code text not null
facility_entry.facility bigint not null
facility_entry.kind text not null
facility_entry.name text not null
facility_entry.operates_from bigint
facility_entry.postcode text
facility_entry.pre_operation_from bigint
facility_entry.revision bigint not null
facility_terminal.admitted_at bigint not null
facility_terminal.barred_at bigint
facility_terminal.expires_at bigint not null
facility_terminal.facility bigint not null
facility_terminal.fingerprint bytea not null
facility_terminal.label text not null
facility_terminal.terminal bigint not null
intake_delivery.delivery text not null
intake_delivery.digest bytea not null
intake_delivery.finished_at bigint
intake_delivery.held bigint not null
intake_delivery.kind text not null
intake_delivery.lines bigint not null
intake_delivery.moved_at bigint not null
intake_delivery.office bigint not null
intake_delivery.refused bigint not null
intake_delivery.started_at bigint not null
intake_delivery.taken bigint not null
intake_delivery.unchanged bigint not null
intake_office.admitted_at bigint not null
intake_office.barred_at bigint
intake_office.expires_at bigint not null
intake_office.fingerprint bytea not null
intake_office.insurer_number text
intake_office.kind text not null
intake_office.label text not null
intake_office.office bigint not null
intake_problem.code text not null
intake_problem.delivery text not null
intake_problem.field text not null
intake_problem.line bigint not null
intake_problem.office bigint not null
people_entry.address text
people_entry.birth bigint not null
people_entry.kana text not null
people_entry.name text not null
people_entry.person bigint not null
people_entry.postcode text
people_entry.revision bigint not null
people_entry.sex bigint not null
people_number.my_number text not null
people_number.person bigint not null
people_number.revision bigint not null
portal_call.at bigint not null
portal_call.call_id bigint not null
portal_call.ended_at bigint
portal_call.person bigint
portal_call.staff bigint not null
portal_call.strict bigint not null
portal_proof.certificate bigint not null
portal_proof.entered_at bigint
portal_proof.person bigint not null
portal_proof.proved_at bigint not null
portal_proof.session bytea not null
portal_session.begun_at bigint not null
portal_session.certificate bigint not null
portal_session.ended_at bigint
portal_session.person bigint not null
portal_session.seen_at bigint not null
portal_session.token bytea not null
registration_case.case_id bigint not null
registration_case.coverage bigint not null
registration_case.kind text not null
registration_case.opened_at bigint not null
registration_case.person bigint not null
registration_case_end.at bigint not null
registration_case_end.case_id bigint not null
registration_case_end.outcome text not null
staff_account.closed_at bigint
staff_account.facility bigint
staff_account.failures bigint not null
staff_account.locked_until bigint
staff_account.login text not null
staff_account.made_at bigint not null
staff_account.name text not null
staff_account.one_time_until bigint
staff_account.password text
staff_account.role text not null
staff_account.staff bigint not null
staff_account.totp bytea
staff_account.totp_step bigint not null
staff_session.begun_at bigint not null
staff_session.ended_at bigint
staff_session.proof bigint not null
staff_session.seen_at bigint not null
staff_session.staff bigint not null
staff_session.token bytea not null
staff_session.totp_pending bytea
store_migration.checksum bigint not null
store_migration.length bigint not null
store_migration.name text not null
store_migration.number bigint not null
store_request.answer bigint not null
store_request.at bigint not null
store_request.digest bytea not null
store_request.facility bigint not null
store_request.request text not null
store_revision.at bigint not null
store_revision.revision bigint not null
store_secret.name text not null
store_secret.value bytea not null
