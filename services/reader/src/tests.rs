//! Stories of the reader: cards go in, what the person and the facility are told comes out.
//!
//! Always holds: as `stage` says of every story.
//! Not here: the card and its PIN (`card`, `terminal`), every way a certificate can be wrong (`pki`).

mod stage;

use expect_test::expect;
use stage::check;

#[test]
fn s1_r1_a_card_shows_its_person_and_the_coverage_of_today() {
    check(
        "
        on 20260801
        insure c1 p1
        fact c1 limit A03
        card p1
        enrolled p1
        A nonce
        A shows p1 ask
        A answers yes=checkups,drugs no=diagnosis,operation limit
        A nonce
        A shows p1 eye
        card p1 next
        A nonce
        A shows p1 yes=drugs
        ",
        expect![[r#"
            ask [limit diseases checkups drugs diagnosis operation]
            done valid · class 1 status 1 validity 1 患者1 DiagnosisInfo=0 LimitApplicationCertificateRelated=1@0801090000 OperationInfo=0 PharmacistsInfo=1@0801090000@0802090000 SpecificDiseasesCertificateRelated=0 SpecificHealthCheckupsInfo=1@0801090000@0802090000 (limit shown)
            done valid · class 1 status 1 validity 1 患者1 DiagnosisInfo=0 LimitApplicationCertificateRelated=0 OperationInfo=0 PharmacistsInfo=0 SpecificDiseasesCertificateRelated=0 SpecificHealthCheckupsInfo=0
            done valid · class 1 status 1 validity 1 患者1 DiagnosisInfo=0 LimitApplicationCertificateRelated=0 OperationInfo=0 PharmacistsInfo=1@0801090000@0802090000 SpecificDiseasesCertificateRelated=0 SpecificHealthCheckupsInfo=0
        "#]],
    );
}

#[test]
fn s1_r1_a_proof_serves_once_where_and_while_it_was_asked_for() {
    check(
        "
        insure c1 p1
        insure c2 p2
        card p1
        card p2
        enrolled p1
        enrolled p2
        A nonce
        A shows p1 key=same
        A shows p1 key=same
        A shows p1 key=other
        A shows p2 key=third
        A nonce
        B shows p1
        A shows p1 terminal=999
        A shows p1 session=another-session-1
        A shows p1 signed=p2
        A shows p2 signed=p1
        wait 120000
        A shows p1
        A nonce
        wait 120001
        A shows p1
        A nonce
        wait -2001
        A shows p1
        wait 1
        A shows p1
        ",
        expect![[r#"
            done valid · class 1 status 1 validity 1 患者1 DiagnosisInfo=0 LimitApplicationCertificateRelated=0 OperationInfo=0 PharmacistsInfo=0 SpecificDiseasesCertificateRelated=0 SpecificHealthCheckupsInfo=0
            done valid · class 1 status 1 validity 1 患者1 DiagnosisInfo=0 LimitApplicationCertificateRelated=0 OperationInfo=0 PharmacistsInfo=0 SpecificDiseasesCertificateRelated=0 SpecificHealthCheckupsInfo=0
            refused cards.nonce-used
            refused cards.nonce-used
            refused cards.nonce-foreign
            refused cards.nonce-foreign
            refused cards.nonce-foreign
            done valid · class 1 status 1 validity 1 患者1 DiagnosisInfo=0 LimitApplicationCertificateRelated=0 OperationInfo=0 PharmacistsInfo=0 SpecificDiseasesCertificateRelated=0 SpecificHealthCheckupsInfo=0
            refused cards.nonce-used
            refused cards.nonce-used
            refused cards.nonce-stale
            refused cards.nonce-foreign
            done valid · class 1 status 1 validity 1 患者1 DiagnosisInfo=0 LimitApplicationCertificateRelated=0 OperationInfo=0 PharmacistsInfo=0 SpecificDiseasesCertificateRelated=0 SpecificHealthCheckupsInfo=0
        "#]],
    );
}

#[test]
fn s1_r1_only_an_authentication_certificate_of_the_accepted_hierarchy_counts() {
    check(
        "
        insure c1 p1
        enrolled p1
        card p1 signing
        A nonce
        A shows p1
        A shows p1 certificate=AAAA
        card p1 unknown
        A nonce
        A shows p1
        card p2
        A nonce
        production
        A shows p2
        C nonce
        C shows p2
        ",
        expect![[r#"
            refused cards.not-an-authentication-certificate
            refused cards.certificate-malformed
            refused cards.unknown-card
            refused cards.test-card
            refused counter.not-operating
        "#]],
    );
}

#[test]
fn s1_r11_a_suspended_card_is_refused_also_between_two_questions() {
    check(
        "
        insure c1 p1
        card p1
        enrolled p1
        hold p1
        A nonce
        A shows p1
        lift p1
        A nonce
        A shows p1 ask
        hold p1
        A answers yes=drugs
        lift p1
        A nonce
        A shows p1 ask
        A answers yes=drugs key=one
        A answers yes=drugs key=one
        A answers yes=drugs,checkups
        A nonce
        A shows p1 ask key=two
        A answers yes=drugs
        A shows p1 ask key=two
        A answers yes=checkups
        A nonce
        A shows p1 ask
        wait 300001
        A answers
        A nonce
        A shows p1 ask
        wait 300000
        B answers
        A answers session=another-session-1
        A answers
        ",
        expect![[r#"
            refused cards.on-hold
            ask [limit diseases checkups drugs diagnosis operation]
            refused cards.on-hold
            ask [limit diseases checkups drugs diagnosis operation]
            done valid · class 1 status 1 validity 1 患者1 DiagnosisInfo=0 LimitApplicationCertificateRelated=0 OperationInfo=0 PharmacistsInfo=1@0601090000@0602090000 SpecificDiseasesCertificateRelated=0 SpecificHealthCheckupsInfo=0
            done valid · class 1 status 1 validity 1 患者1 DiagnosisInfo=0 LimitApplicationCertificateRelated=0 OperationInfo=0 PharmacistsInfo=1@0601090000@0602090000 SpecificDiseasesCertificateRelated=0 SpecificHealthCheckupsInfo=0
            refused reader.pass-used
            ask [limit diseases checkups drugs diagnosis operation]
            done valid · class 1 status 1 validity 1 患者1 DiagnosisInfo=0 LimitApplicationCertificateRelated=0 OperationInfo=0 PharmacistsInfo=1@0601090000@0602090000 SpecificDiseasesCertificateRelated=0 SpecificHealthCheckupsInfo=0
            ask [limit diseases checkups drugs diagnosis operation]
            refused reader.pass-used
            ask [limit diseases checkups drugs diagnosis operation]
            refused reader.pass-stale
            ask [limit diseases checkups drugs diagnosis operation]
            refused reader.pass-stale
            refused reader.pass-stale
            done valid · class 1 status 1 validity 1 患者1 DiagnosisInfo=0 LimitApplicationCertificateRelated=0 OperationInfo=0 PharmacistsInfo=0 SpecificDiseasesCertificateRelated=0 SpecificHealthCheckupsInfo=0
        "#]],
    );
}

#[test]
fn s1_r1_grace_gives_eligibility_only() {
    check(
        "
        insure c1 p1
        fact c1 limit A03
        card p1 until=20260910
        enrolled p1
        on 20260609
        A nonce
        A shows p1 ask
        on 20260610
        A nonce
        A shows p1 ask
        A answers yes=drugs limit
        end-of 20260910 -1
        A nonce
        A shows p1 ask
        end-of 20260910 0
        A nonce
        A shows p1 ask
        A answers yes=drugs,checkups limit
        end-of 20261210 -1
        A nonce
        A shows p1 yes=drugs
        end-of 20261210 0
        A nonce
        A shows p1 yes=drugs
        insure c2 p2
        card p2 until=20260910
        on 20261001
        A nonce
        A shows p2 ask
        A shows p2 enrol
        ",
        expect![[r#"
            ask [limit diseases checkups drugs diagnosis operation]
            ask [limit diseases checkups drugs diagnosis operation] notice counter.card-expires-soon
            done valid notice counter.card-expires-soon · class 1 status 1 validity 1 SKC00003I 患者1 DiagnosisInfo=0 LimitApplicationCertificateRelated=1@0610090000 OperationInfo=0 PharmacistsInfo=1@0610090000@0611090000 SpecificDiseasesCertificateRelated=0 SpecificHealthCheckupsInfo=0 (limit shown)
            ask [limit diseases checkups drugs diagnosis operation] notice counter.card-expires-soon
            ask [] notice counter.card-in-grace
            done valid notice counter.card-in-grace · class 1 status 1 validity 1 SKC00004I 患者1 LimitApplicationCertificateRelated=0 SpecificDiseasesCertificateRelated=0
            done valid notice counter.card-in-grace · class 1 status 1 validity 1 SKC00004I 患者1 LimitApplicationCertificateRelated=0 SpecificDiseasesCertificateRelated=0
            refused cards.expired
            refused reader.enrol-with-expired
            refused cards.nonce-used
        "#]],
    );
}

#[test]
fn s2_r1_enrolment_is_offered_on_first_use_and_needed_once() {
    check(
        "
        insure c1 p1
        card p1
        A nonce
        A shows p1 ask
        A answers ask enrol=1999-01
        A nonce
        A shows p1 ask
        A answers ask enrol
        A answers yes=drugs
        A nonce
        A shows p1
        insure c2 p2
        card p2
        A nonce
        A shows p2 yes=drugs
        A nonce
        A shows p2 yes=drugs enrol key=k1
        A shows p2 yes=drugs enrol key=k1
        ",
        expect![[r#"
            enrol reader.not-enrolled
            refused enrolment.other-terms
            enrol reader.not-enrolled
            ask [limit diseases checkups drugs diagnosis operation]
            done valid · class 1 status 1 validity 1 患者1 DiagnosisInfo=0 LimitApplicationCertificateRelated=0 OperationInfo=0 PharmacistsInfo=1@0601090000@0602090000 SpecificDiseasesCertificateRelated=0 SpecificHealthCheckupsInfo=0
            done valid · class 1 status 1 validity 1 患者1 DiagnosisInfo=0 LimitApplicationCertificateRelated=0 OperationInfo=0 PharmacistsInfo=0 SpecificDiseasesCertificateRelated=0 SpecificHealthCheckupsInfo=0
            enrol reader.not-enrolled
            done valid · class 1 status 1 validity 1 患者2 DiagnosisInfo=0 LimitApplicationCertificateRelated=0 OperationInfo=0 PharmacistsInfo=1@0601090000@0602090000 SpecificDiseasesCertificateRelated=0 SpecificHealthCheckupsInfo=0
            done valid · class 1 status 1 validity 1 患者2 DiagnosisInfo=0 LimitApplicationCertificateRelated=0 OperationInfo=0 PharmacistsInfo=1@0601090000@0602090000 SpecificDiseasesCertificateRelated=0 SpecificHealthCheckupsInfo=0
        "#]],
    );
}

#[test]
fn s1_r5_a_repeat_gives_nothing_anew_and_nothing_that_was_withdrawn() {
    check(
        "
        insure c1 p1
        card p1
        enrolled p1
        A nonce
        A shows p1 yes=drugs,checkups no=diagnosis key=one
        wait 60000
        A shows p1 yes=drugs,checkups no=diagnosis key=one
        withdraw p1 drugs
        A shows p1 yes=drugs,checkups no=diagnosis key=one
        consents p1
        A nonce
        A shows p1 no=checkups
        consents p1
        card p2
        A nonce
        A shows p2 yes=drugs enrol key=two
        insure c2 p2
        wait 1000
        A shows p2 yes=drugs enrol key=two
        consents p2
        wait 1000
        A shows p2 yes=drugs enrol key=two
        consents p2
        ",
        expect![[r#"
            done valid · class 1 status 1 validity 1 患者1 DiagnosisInfo=0 LimitApplicationCertificateRelated=0 OperationInfo=0 PharmacistsInfo=1@0601090000@0602090000 SpecificDiseasesCertificateRelated=0 SpecificHealthCheckupsInfo=1@0601090000@0602090000
            done valid · class 1 status 1 validity 1 患者1 DiagnosisInfo=0 LimitApplicationCertificateRelated=0 OperationInfo=0 PharmacistsInfo=1@0601090000@0602090000 SpecificDiseasesCertificateRelated=0 SpecificHealthCheckupsInfo=1@0601090000@0602090000
            done valid · class 1 status 1 validity 1 患者1 DiagnosisInfo=0 LimitApplicationCertificateRelated=0 OperationInfo=0 PharmacistsInfo=0 SpecificDiseasesCertificateRelated=0 SpecificHealthCheckupsInfo=1@0601090000@0602090000
            consents: checkups until 0602090000, drugs withdrawn, diagnosis declined
            done valid · class 1 status 1 validity 1 患者1 DiagnosisInfo=0 LimitApplicationCertificateRelated=0 OperationInfo=0 PharmacistsInfo=0 SpecificDiseasesCertificateRelated=0 SpecificHealthCheckupsInfo=0
            consents: checkups declined, drugs withdrawn, diagnosis declined
            done none reader.no-coverage · class 1 status 1 validity 4
            done valid · class 1 status 1 validity 1 患者2 DiagnosisInfo=0 LimitApplicationCertificateRelated=0 OperationInfo=0 PharmacistsInfo=1@0601090101@0602090101 SpecificDiseasesCertificateRelated=0 SpecificHealthCheckupsInfo=0
            consents: drugs until 0602090101
            done valid · class 1 status 1 validity 1 患者2 DiagnosisInfo=0 LimitApplicationCertificateRelated=0 OperationInfo=0 PharmacistsInfo=1@0601090101@0602090101 SpecificDiseasesCertificateRelated=0 SpecificHealthCheckupsInfo=0
            consents: drugs until 0602090101
        "#]],
    );
}

#[test]
fn s1_r1_a_pass_is_worth_what_its_certificate_is_worth_when_it_comes_back() {
    check(
        "
        insure c1 p1
        card p1 until=20260910
        enrolled p1
        end-of 20260910 -1000
        A nonce
        A shows p1 ask
        wait 2000
        A answers yes=drugs limit
        ",
        expect![[r#"
            ask [limit diseases checkups drugs diagnosis operation] notice counter.card-expires-soon
            done valid notice counter.card-in-grace · class 1 status 1 validity 1 SKC00004I 患者1 LimitApplicationCertificateRelated=0 SpecificDiseasesCertificateRelated=0
        "#]],
    );
}

#[test]
fn s2_r3_whoever_has_no_coverage_is_enrolled_and_it_takes_effect_by_itself() {
    check(
        "
        card p1
        A nonce
        A shows p1 enrol yes=drugs
        A nonce
        A shows p1 ask
        insure c1 p1
        A nonce
        A shows p1 ask
        A answers
        ",
        expect![[r#"
            done none reader.no-coverage · class 1 status 1 validity 4
            ask []
            ask [limit diseases checkups drugs diagnosis operation]
            done valid · class 1 status 1 validity 1 患者1 DiagnosisInfo=0 LimitApplicationCertificateRelated=0 OperationInfo=0 PharmacistsInfo=0 SpecificDiseasesCertificateRelated=0 SpecificHealthCheckupsInfo=0
        "#]],
    );
}

#[test]
fn s1_r8_of_several_coverages_the_one_of_today_answers() {
    check(
        "
        card p1
        enrolled p1
        insure c1 p1
        fact c1 loss 20260501
        fact c1 limit A03
        A nonce
        A shows p1 limit
        insure c2 p1 from=20260501 insurer=133066
        A nonce
        A shows p1
        fact c2 quarantine p1
        A nonce
        A shows p1 ask
        A answers
        insure c3 p1 class=A1 insurer=12990010
        A nonce
        A shows p1 ask
        A answers
        ",
        expect![[r#"
            done invalid reader.lost · class 1 status 1 validity 2 患者1 LimitApplicationCertificateRelated=0 SpecificDiseasesCertificateRelated=0
            done valid · class 1 status 1 validity 1 患者2 DiagnosisInfo=0 LimitApplicationCertificateRelated=0 OperationInfo=0 PharmacistsInfo=0 SpecificDiseasesCertificateRelated=0 SpecificHealthCheckupsInfo=0
            ask []
            done undetermined counter.link-not-sure · class 1 status 2 validity - SKC01001W
            ask []
            done aid-unregistered reader.aid-unregistered · class 1 status 1 validity 6 患者3
        "#]],
    );
}

#[test]
fn s1_r5_kinds_are_not_asked_of_groups_that_may_not_be_shown() {
    check(
        "
        card p1
        enrolled p1
        insure c1 p1 class=07
        fact c1 disease 1
        A nonce
        A shows p1 ask
        A answers yes=drugs diseases
        card p2
        enrolled p2
        insure c2 p2 insurer=03130013
        A nonce
        A shows p2 ask
        ",
        expect![[r#"
            ask [limit diseases]
            done valid · class 1 status 1 validity 1 患者1 LimitApplicationCertificateRelated=0 SpecificDiseasesCertificateRelated=1@0601090000
            ask [limit diseases]
        "#]],
    );
}

#[test]
fn s1_r5_no_answer_is_a_no_and_unknown_words_are_refused() {
    check(
        "
        card p1
        enrolled p1
        insure c1 p1
        A nonce
        A shows p1 yes=drugs,checkups no=drugs
        A nonce
        A shows p1 yes=secrets
        A shows p1 session=short
        A sends {}
        A sends nonsense
        A sends {\"session\":\"session-0123456789\",\"pass\":\"x\"}
        A sends {\"session\":\"session-0123456789\",\"pass\":\"x\",\"proof\":{\"nonce\":\"\",\"certificate\":\"\",\"signature\":\"\",\"way\":\"pin\"}}
        A sends {\"session\":\"session-0123456789\",\"proof\":{\"nonce\":\"\",\"certificate\":\"!\",\"signature\":\"\",\"way\":\"pin\"}}
        A sends {\"session\":\"session-0123456789\",\"proof\":{\"nonce\":\"\",\"certificate\":\"\",\"signature\":\"\",\"way\":\"palm\"}}
        A sends {\"session\":\"session-0123456789\",\"proof\":{\"nonce\":\"\",\"certificate\":\"\",\"signature\":\"\",\"way\":\"pin\"}}
        ",
        expect![[r#"
            done valid · class 1 status 1 validity 1 患者1 DiagnosisInfo=0 LimitApplicationCertificateRelated=0 OperationInfo=0 PharmacistsInfo=0 SpecificDiseasesCertificateRelated=0 SpecificHealthCheckupsInfo=1@0601090000@0602090000
            422 reader.malformed
            422 reader.malformed
            422 reader.malformed
            422 reader.malformed
            refused reader.pass-stale
            422 reader.malformed
            422 reader.malformed
            422 reader.malformed
            refused cards.nonce-foreign
        "#]],
    );
}
