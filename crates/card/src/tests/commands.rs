//! Commands and replies, in the sequences of the reference (sections 1.1, 1.3, 1.7, 1.8 and 4.6).
//! Each line is a command and what must come back.

use super::{card, play, word};
use crate::card::Behaviour;
use crate::key::digest_info_sha384;
use aws_lc_rs::digest::{SHA256, SHA384, SHA512, digest};
use aws_lc_rs::signature::{
    ECDSA_P384_SHA384_ASN1, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_2048_8192_SHA256,
    RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, RsaKeyPair, UnparsedPublicKey,
};

/// SHA-256 `DigestInfo` prefix as the reference spells it.
const PREFIX: &str = "3031300D060960864801650304020105000420";
const HASH: &str = "000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1F";

/// The sequence "sign" of the reference, with `HASH`.
fn sign(p2: &str, reply: &str) -> String {
    format!("802A00{p2}33 {PREFIX}{HASH} 00 -> {reply}")
}

#[test]
fn the_sequences_of_the_reference() {
    let mut card = card("rsa");
    play(
        &mut card,
        &format!(
            "
            # SELECT AP, SELECT EF, tries left, VERIFY; 63Cx even when verified
            00A4040C0A D392F000260100000001 -> 9000
            00A4020C02 0018 -> 9000
            00200080 -> 63C3
            0020008004 [7294] -> 9000
            00200080 -> 63C3
            # read certificate
            00A4020C02 000A -> 9000
            00B0000004 -> 308203A0 9000
            00B0000000 -> 256+9000
            00B0010000 -> 256+9000
            00B0020000 -> 256+9000
            00B0030000 -> 164+9000
            00B003A401 -> 6B00
            # sign
            00A4020C02 0017 -> 9000
            {}
            802A028020 {HASH} 00 -> 256+9000
            # change PIN: VERIFY old, then the new one
            00A4020C02 0018 -> 9000
            0020008004 [7294] -> 9000
            0024018004 [5318] -> 9000
            0020008004 [7294] -> 63C2
            0020008004 [5318] -> 9000
            ",
            sign("80", "256+9000")
        ),
    );
}

#[test]
fn a_certificate_is_read_in_pieces() {
    let mut card = card("rsa");
    play(&mut card, "00A4040C0A D392F000260100000001 -> 9000\n00A4020C02 000A -> 9000");
    let mut read = Vec::new();
    while let [data @ .., 0x90, 0x00] =
        &card.transmit(&[0, 0xB0, (read.len() >> 8) as u8, read.len() as u8, 0])[..]
    {
        read.extend_from_slice(data);
    }
    assert_eq!(read, card.authentication_certificate());
}

#[test]
fn three_wrong_tries_block_the_pin() {
    let mut card = card("rsa");
    play(
        &mut card,
        &format!(
            "
            00A4040C0A D392F000260100000001 -> 9000
            0020009804 [0000] -> 63C2
            # another length is a wrong one too
            0020009803 [729] -> 63C1
            # the right one gives all tries back
            0020009804 [7294] -> 9000
            00200098 -> 63C3
            0020009804 [0000] -> 63C2
            0020009805 [72940] -> 63C1
            0020009804 [7295] -> 63C0
            0020009804 [7294] -> 6984
            0020009804 [0000] -> 6984
            00200098 -> 63C0
            {}
            0024019804 [5318] -> 6984
            power
            00A4040C0A D392F000260100000001 -> 9000
            0020009804 [7294] -> 6984
            # the other lock is another lock
            002000 9B 0C [TESTPASS7294] -> 9000
            ",
            sign("97", "6982")
        ),
    );
    assert_eq!((card.tries_left(), card.signing_tries_left()), (0, Some(5)));
}

#[test]
fn the_password_opens_the_signing_side() {
    let mut card = card("rsa");
    play(
        &mut card,
        &format!(
            "
            00A4040C0A D392F000260100000001 -> 9000
            00B0810004 -> 6982
            002000 9B -> 63C5
            # capital letters as stored; the card does not fold
            002000 9B 0C [testpass7294] -> 63C4
            002000 9B 04 [7294] -> 63C3
            002000 9B 0C [TESTPASS7294] -> 9000
            00B0810002 -> 3082 9000
            {}
            # the authentication key does not take it
            {}
            # a new one of a wrong form
            002401 9B 0C [TESTPASSWORD] -> 6A80
            002401 9B 05 [TEST1] -> 6A80
            002401 9B 06 [test12] -> 6A80
            002401 9B 00 -> 6700
            002401 9B 11 [TESTPASS729472941] -> 6700
            002401 9B 06 [TEST12] -> 9000
            002000 9B 06 [TEST12] -> 9000
            # five tries
            002000 9B 0C [TESTPASS7294] -> 63C4
            00B0810002 -> 6982
            002000 9B 0C [TESTPASS7294] -> 63C3
            002000 9B 0C [TESTPASS7294] -> 63C2
            002000 9B 0C [TESTPASS7294] -> 63C1
            002000 9B 0C [TESTPASS7294] -> 63C0
            002000 9B 06 [TEST12] -> 6984
            ",
            sign("9A", "256+9000"),
            sign("97", "6982"),
        ),
    );
}

#[test]
fn a_new_pin_has_four_digits() {
    play(
        &mut card("rsa"),
        "
        00A4040C0A D392F000260100000001 -> 9000
        0020009804 [7294] -> 9000
        0024019804 [72x4] -> 6A80
        0024019803 [729] -> 6A80
        0024019805 [72940] -> 6A80
        0020009804 [7294] -> 9000
        ",
    );
}

#[test]
fn security_status_ends_with_the_application_and_with_power() {
    let verified = "00A4040C0A D392F000260100000001 -> 9000\n0020009804 [7294] -> 9000\n";
    let again = "00A4040C0A D392F000260100000001 -> 9000\n";
    let leaves = [
        ("00A4040C0A D392F000260100000001 -> 9000", "256+9000"),
        ("00A4020C02 000A -> 9000", "256+9000"),
        ("00A4020C02 0099 -> 6A82", "256+9000"),
        ("00200098 -> 63C3", "256+9000"),
        ("00A4040C0A D3921000310001010408 -> 6A82", "6982"),
        ("0020009804 [0000] -> 63C2", "6982"),
        ("power", "6982"),
    ];
    for (leave, reply) in leaves {
        play(&mut card("rsa"), &format!("{verified}{leave}\n{again}{}", sign("97", reply)));
    }
    let mut strict = card("rsa");
    strict.set_behaviour(Behaviour { reselect_keeps_status: false });
    play(&mut strict, &format!("{verified}{}\n{again}{}", sign("97", "256+9000"), sign("97", "6982")));
    // Both sides lose it.
    let both = "002000 9B 0C [TESTPASS7294] -> 9000\n00B0810004 -> 4+9000\n";
    play(&mut strict, &format!("{again}{both}{again}00B0810004 -> 6982"));
}

#[test]
fn nothing_is_selected_after_power_on() {
    let mut card = card("rsa");
    let none = "
        00A4020C02 0018 -> 6986
        00200080 -> 6986
        00200098 -> 6986
        0020009804 [7294] -> 6986
        00B08A0000 -> 6986
        0024019804 [5318] -> 6986
        ";
    play(&mut card, none);
    play(&mut card, "00A4040C0A D392F000260100000001 -> 9000\n00A4020C02 0018 -> 9000\npower");
    play(&mut card, none);
}

#[test]
fn both_forms_of_select_and_of_file_ids() {
    play(
        &mut card("rsa"),
        "
        00A404000A D392F000260100000001 -> 9000
        00A404000A D392F000260100000001 00 -> 6F0C840A D392F000260100000001 9000
        00A404000A D392F000260100000001 04 -> 6F0C840A 9000
        00A4020002 0018 -> 9000
        00A4020002 0018 00 -> 6F048302 0018 9000
        00200080 -> 63C3
        # an Le behind an empty VERIFY
        0020008000 -> 63C3
        # a short id makes its file the current one
        00B08A0002 -> 3082 9000
        00B0000002 -> 3082 9000
        00200098 -> 63C3
        00200080 -> 63C3
        00B08B0002 -> 3082 9000
        00B0820002 -> 3082 9000
        # case 4 with the shortest Le
        00A4040C0A D392F000260100000001 01 -> 9000
        ",
    );
}

#[test]
fn the_small_files() {
    let select = "00A4040C0A D392F000260100000001 -> 9000\n";
    for (name, available) in
        [("rsa", "8F8F00"), ("p384", "008F00"), ("child", "008F00"), ("pin-less", "008F00")]
    {
        let mut card = card(name);
        play(&mut card, &format!("{select}00B0880000 -> {available} 9000\n00B0860000 -> 160+9000"));
        let info = card.transmit(&[0x00, 0xB0, 0x86, 0x00, 0xA0]);
        assert_eq!(&info[..32], b"JPKIAPICCTOKEN2                 ");
        assert_eq!(info[96..100], [0, 0, 4, 0x0C]);
        assert_eq!(info[116..124], [0, 0, 0, 16, 0, 0, 0, 4]);
        assert_eq!(info.len(), 162);
    }
}

#[test]
fn a_card_without_a_signing_certificate_keeps_its_files() {
    play(
        &mut card("child"),
        &format!(
            "
            00A4040C0A D392F000260100000001 -> 9000
            00A4020C02 0001 -> 9000
            00B0000004 -> 6982
            00B0820004 -> 6B00
            002000 9B -> 63C0
            002000 9B 0C [TESTPASS7294] -> 6984
            002401 9B 0C [TESTPASS7294] -> 6984
            {}
            # one try left of the other PIN, as its file says
            00200098 -> 63C1
            0020009804 [6128] -> 9000
            00200098 -> 63C3
            {}
            ",
            sign("9A", "6982"),
            sign("97", "256+9000"),
        ),
    );
}

#[test]
fn a_pin_less_card_signs_only_for_an_admitted_terminal() {
    play(
        &mut card("pin-less"),
        &format!(
            "
            00A4040C0A D392F000260100000001 -> 9000
            00200098 -> 6984
            0020009804 [0000] -> 6984
            0024019804 [0000] -> 6984
            {no}
            00A4020C02 0016 -> 9000
            80A200C115 [SHIKAKU-TEST-TERMINAL] -> 9000
            {yes}
            {no}
            ",
            no = sign("97", "6982"),
            yes = sign("97", "256+9000"),
        ),
    );
    // A blocked PIN does not stand in the way (section 4.6).
    let admitted = format!(
        "00A4040C0A D392F000260100000001 -> 9000\n0020009804 [0000] -> 63C0\n00A4020C02 0016 -> 9000
        80A200C115 [SHIKAKU-TEST-TERMINAL] -> 9000\n{}",
        sign("97", "256+9000")
    );
    play(&mut card("child"), &admitted);
}

#[test]
fn signatures_verify_and_fit_their_hash() {
    let mut card = card("rsa");
    let key = RsaKeyPair::from_pkcs8(card.auth.key.pkcs8()).unwrap();
    let public = key.public_key().as_ref().to_vec();
    play(&mut card, "00A4040C0A D392F000260100000001 -> 9000\n0020009804 [7294] -> 9000");
    let message = b"a nonce of the server";
    let cases = [
        (&SHA256, &RSA_PKCS1_2048_8192_SHA256, 0x01),
        (&SHA384, &RSA_PKCS1_2048_8192_SHA384, 0x02),
        (&SHA512, &RSA_PKCS1_2048_8192_SHA512, 0x03),
    ];
    for (hash, scheme, arc) in cases {
        let hash = digest(hash, message);
        let length = hash.as_ref().len() as u8;
        let mut info = super::bytes("3000300D0609608648016503040200050004");
        (info[1], info[14]) = (17 + length, arc);
        let command =
            [&[0x80, 0x2A, 0x00, 0x97, 19 + length], &info[..], &[length], hash.as_ref(), &[0x00]].concat();
        let reply = card.transmit(&command);
        assert_eq!(word(&reply), 0x9000);
        UnparsedPublicKey::new(scheme, &public).verify(message, &reply[..256]).unwrap();
        assert!(UnparsedPublicKey::new(scheme, &public).verify(b"another", &reply[..256]).is_err());
        // P1=02 is the same signature from a bare hash, of SHA-256 only.
        let command = [&[0x80, 0x2A, 0x02, 0x97, length], hash.as_ref(), &[0x00]].concat();
        let bare = card.transmit(&command);
        if length == 32 { assert_eq!(bare, reply) } else { assert_eq!(bare, [0x6A, 0x80]) }
    }
}

#[test]
fn the_next_card_signs_with_p384() {
    let mut card = card("p384");
    let key = EcdsaKeyPair::from_pkcs8(
        &aws_lc_rs::signature::ECDSA_P384_SHA384_ASN1_SIGNING,
        card.auth.key.pkcs8(),
    )
    .unwrap();
    let public = key.public_key().as_ref().to_vec();
    play(
        &mut card,
        &format!(
            "00A4040C0A D392F000260100000001 -> 9000\n0020009804 [8351] -> 9000\n{}\n802A029720 {HASH} 00 -> 6A80",
            sign("97", "6A80")
        ),
    );
    let message = b"a nonce of the server";
    let info = digest_info_sha384(digest(&SHA384, message).as_ref().try_into().unwrap());
    let reply = card.transmit(&[&[0x80, 0x2A, 0x00, 0x97, 67], &info[..], &[0x00]].concat());
    assert_eq!(word(&reply), 0x9000);
    let signature = &reply[..reply.len() - 2];
    UnparsedPublicKey::new(&ECDSA_P384_SHA384_ASN1, &public).verify(message, signature).unwrap();
}
