//! NIST's suite of paths (PKITS), sections 4.1 to 4.4 and 4.14, driven by the step that our depth-1 check is made of:
//! `Issuer::step`. The program checks no chains and calls it nowhere; `Anchors::check` rests on the same test of issuer,
//! name, key and signature (`Issuer::issued`) and on the same reader of certificates and lists.
//!
//! The suite's data are no part of this tree: `SHIKAKU_PKITS` names the folder that holds `certs` and `crls` (`./test`
//! fetches it); without it the test fails, with `none` it says that it is left out. `docs/pkits.md` is what it makes.
//! Not here: sections 4.5 to 4.13, 4.15 and 4.16: paths with policies, constraints and delta lists, which JPKI has not.

use super::pem;
use crate::desk::{Home, outsider};
use base::{Date, Instant};
use expect_test::expect_file;
use pki::{Certificate, Crl, Issuer, Refused, judge};
use std::{
    ffi::OsStr,
    fmt::Write,
    fs,
    path::{Path, PathBuf},
};

const SECTIONS: [(&str, &str, &[&str]); 5] = [
    (
        "4.1",
        "Signature verification",
        &[
            "ValidCertificatePathTest1",
            "InvalidCASignatureTest2",
            "InvalidEESignatureTest3",
            "ValidDSASignaturesTest4",
            "ValidDSAParameterInheritanceTest5",
            "InvalidDSASignatureTest6",
        ],
    ),
    (
        "4.2",
        "Validity periods",
        &[
            "InvalidCAnotBeforeDateTest1",
            "InvalidEEnotBeforeDateTest2",
            "Validpre2000UTCnotBeforeDateTest3",
            "ValidGeneralizedTimenotBeforeDateTest4",
            "InvalidCAnotAfterDateTest5",
            "InvalidEEnotAfterDateTest6",
            "Invalidpre2000UTCEEnotAfterDateTest7",
            "ValidGeneralizedTimenotAfterDateTest8",
        ],
    ),
    (
        "4.3",
        "Verifying name chaining",
        &[
            "InvalidNameChainingTest1",
            "InvalidNameChainingOrderTest2",
            "ValidNameChainingWhitespaceTest3",
            "ValidNameChainingWhitespaceTest4",
            "ValidNameChainingCapitalizationTest5",
            "ValidNameUIDsTest6",
            "ValidRFC3280MandatoryAttributeTypesTest7",
            "ValidRFC3280OptionalAttributeTypesTest8",
            "ValidUTF8StringEncodedNamesTest9",
            "ValidRolloverfromPrintableStringtoUTF8StringTest10",
            "ValidUTF8StringCaseInsensitiveMatchTest11",
        ],
    ),
    (
        "4.4",
        "Basic certificate revocation tests",
        &[
            "InvalidMissingCRLTest1",
            "InvalidRevokedCATest2",
            "InvalidRevokedEETest3",
            "InvalidBadCRLSignatureTest4",
            "InvalidBadCRLIssuerNameTest5",
            "InvalidWrongCRLTest6",
            "ValidTwoCRLsTest7",
            "InvalidUnknownCRLEntryExtensionTest8",
            "InvalidUnknownCRLExtensionTest9",
            "InvalidUnknownCRLExtensionTest10",
            "InvalidOldCRLnextUpdateTest11",
            "Invalidpre2000CRLnextUpdateTest12",
            "ValidGeneralizedTimeCRLnextUpdateTest13",
            "ValidNegativeSerialNumberTest14",
            "InvalidNegativeSerialNumberTest15",
            "ValidLongSerialNumberTest16",
            "ValidLongSerialNumberTest17",
            "InvalidLongSerialNumberTest18",
            "ValidSeparateCertificateandCRLKeysTest19",
            "InvalidSeparateCertificateandCRLKeysTest20",
            "InvalidSeparateCertificateandCRLKeysTest21",
        ],
    ),
    (
        "4.14",
        "Distribution points",
        &[
            "ValiddistributionPointTest1",
            "InvaliddistributionPointTest2",
            "InvaliddistributionPointTest3",
            "ValiddistributionPointTest4",
            "ValiddistributionPointTest5",
            "InvaliddistributionPointTest6",
            "ValiddistributionPointTest7",
            "InvaliddistributionPointTest8",
            "InvaliddistributionPointTest9",
            "ValidNoissuingDistributionPointTest10",
            "InvalidonlyContainsUserCertsTest11",
            "InvalidonlyContainsCACertsTest12",
            "ValidonlyContainsCACertsTest13",
            "InvalidonlyContainsAttributeCertsTest14",
            "InvalidonlySomeReasonsTest15",
            "InvalidonlySomeReasonsTest16",
            "InvalidonlySomeReasonsTest17",
            "ValidonlySomeReasonsTest18",
            "ValidonlySomeReasonsTest19",
            "InvalidonlySomeReasonsTest20",
            "InvalidonlySomeReasonsTest21",
            "ValidIDPwithindirectCRLTest22",
            "InvalidIDPwithindirectCRLTest23",
            "ValidIDPwithindirectCRLTest24",
            "ValidIDPwithindirectCRLTest25",
            "InvalidIDPwithindirectCRLTest26",
            "InvalidcRLIssuerTest27",
            "ValidcRLIssuerTest28",
            "ValidcRLIssuerTest29",
            "ValidcRLIssuerTest30",
            "InvalidcRLIssuerTest31",
            "InvalidcRLIssuerTest32",
            "ValidcRLIssuerTest33",
            "InvalidcRLIssuerTest34",
            "InvalidcRLIssuerTest35",
        ],
    ),
];

/// Tests that are not run, and why.
const SKIPPED: [(&str, &str); 3] = [("4.1.4", DSA), ("4.1.5", DSA), ("4.1.6", DSA)];
const DSA: &str = "DSA: neither cards nor their authorities have such keys, and the library has no DSA";

/// Where we refuse what NIST calls valid, and why that is meant so. There is no list for the other direction.
const STRICTER: [(&str, &str); 19] = [
    ("4.3.3", NAMES),
    ("4.3.4", NAMES),
    ("4.3.5", NAMES),
    ("4.3.10", NAMES),
    ("4.3.11", NAMES),
    ("4.4.14", "a negative serial number makes the whole list malformed; RFC 5280 forbids them"),
    ("4.4.19", "JPKI's authorities sign certificates and lists with one key, and so we want it"),
    ("4.14.4", RELATIVE),
    ("4.14.5", RELATIVE),
    ("4.14.7", RELATIVE),
    ("4.14.18", REASONS),
    ("4.14.19", REASONS),
    ("4.14.22", INDIRECT),
    ("4.14.24", INDIRECT),
    ("4.14.25", INDIRECT),
    ("4.14.28", INDIRECT),
    ("4.14.29", INDIRECT),
    ("4.14.30", INDIRECT),
    ("4.14.33", INDIRECT),
];
const NAMES: &str = "names are compared byte for byte: all of JPKI's are written in one way";
const RELATIVE: &str = "lists named relatively to their issuer (nameRelativeToCRLIssuer) are not looked for; JPKI names them in full";
const REASONS: &str =
    "lists for some reasons only are not added up: JPKI has none, and half an answer is not taken";
const INDIRECT: &str = "lists of another issuer (indirect) are not taken: JPKI has none";

#[test]
fn pkits() {
    let Some(folder) = folder() else { return };
    let suite = Suite::read(&folder);
    let (mut table, mut problems) = (String::from(HEAD), Vec::new());
    for (section, title, tests) in SECTIONS {
        let _ = write!(
            table,
            "\n## {section} {title}\n\n| test | name | NIST | ours | OpenSSL | note |\n|---|---|---|---|---|---|\n"
        );
        for (index, name) in tests.iter().enumerate() {
            let number = format!("{section}.{}", index + 1);
            let _ = writeln!(table, "{}", suite.row(&number, name, &mut problems));
        }
    }
    assert_eq!(problems, [] as [String; 0]);
    expect_file!["../../../docs/pkits.md"].assert_eq(&table);
}

const HEAD: &str = "# NIST's suite of paths (PKITS)\n\nMade by a test (`tests/src/pki/pkits.rs`; `UPDATE_EXPECT=1` writes it anew); \
the data come from the Python package\n`cryptography-vectors`. Each path is checked step by step by what our check of a card's \
certificate is made of: one step\nfrom an issuer to what it signed, and the issuer's revocation lists. (The program itself follows no chain: a card's \
certificate\nhangs on an authority that it knows.) OpenSSL's verdict \
(`openssl verify -crl_check_all\n-extended_crl -policy_check`) stands beside ours. Both judge as of 2026-11-20.\n\n**We never accept what \
NIST calls invalid.** Where we refuse what NIST calls valid, the note says why.\n\nSections 4.5 to 4.13, 4.15 and 4.16 are left \
out: key usage and basic constraints of chains, policies, name constraints,\ndelta lists and private extensions. A card's \
certificate is one step from its authority, under one policy, and `crates/pki`\ntests that step alone.\n";

fn at() -> Instant {
    Date::new(2026, 11, 20).expect("a day").begins()
}

/// The folder with the suite, if it is not left out.
#[expect(clippy::disallowed_methods, reason = "where the suite is, only the environment can say")]
#[expect(clippy::print_stderr, reason = "a test that is left out must be seen")]
fn folder() -> Option<PathBuf> {
    let named = std::env::var("SHIKAKU_PKITS").unwrap_or_default();
    match named.as_str() {
        "" => panic!(
            "SHIKAKU_PKITS is not set: run ./test, which fetches NIST's suite and sets it, or set it to the folder with \
             certs and crls (PKITS_data in the Python package cryptography-vectors), or to `none` to leave the suite out"
        ),
        "none" => {
            eprintln!("pkits: left out, as SHIKAKU_PKITS=none says");
            None
        }
        _ => Some(PathBuf::from(named)),
    }
}

/// The files of a folder by their names, without ending, in order.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let list =
        fs::read_dir(folder).unwrap_or_else(|e| panic!("SHIKAKU_PKITS has no {} ({e})", folder.display()));
    let mut found: Vec<_> = list
        .map(|entry| {
            let path = entry.expect("a file").path();
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            (name, fs::read(&path).expect("its bytes"))
        })
        .collect();
    found.sort();
    found
}

struct Suite {
    home: Home,
    /// Everything, the holders' certificates too.
    files: Vec<(String, Vec<u8>)>,
    /// Those that we can read.
    certificates: Vec<Certificate>,
    lists: Vec<Crl>,
}

impl Suite {
    fn read(folder: &Path) -> Suite {
        let (files, lists) = (files(&folder.join("certs")), files(&folder.join("crls")));
        let home = Home::new();
        let put = |name: &str, text: String| fs::write(home.path(name), text).expect("written");
        let authorities = files.iter().filter(|(name, _)| name.ends_with("Cert"));
        put("authorities.pem", authorities.map(|(_, der)| pem("CERTIFICATE", der)).collect());
        put("lists.pem", lists.iter().map(|(_, der)| pem("X509 CRL", der)).collect());
        let suite = Suite {
            certificates: files.iter().filter_map(|(_, der)| Certificate::parse(der).ok()).collect(),
            lists: lists.iter().filter_map(|(_, der)| Crl::parse(der).ok()).collect(),
            files,
            home,
        };
        fs::write(suite.home.path("anchor.pem"), pem("CERTIFICATE", suite.file(ANCHOR))).expect("written");
        suite
    }

    fn file(&self, name: &str) -> &[u8] {
        let found = self.files.iter().find(|(known, _)| known == name);
        &found.unwrap_or_else(|| panic!("the suite has no {name}")).1
    }

    /// A line of the table; problems are broken promises.
    fn row(&self, number: &str, name: &str, problems: &mut Vec<String>) -> String {
        let word = |valid: bool| if valid { "valid" } else { "invalid" };
        let der = self.file(&format!("{name}EE"));
        let (nist, openssl) = (name.starts_with("Valid"), word(self.openssl(der)));
        let of = |list: &[(&str, &'static str)]| {
            list.iter().find(|(known, _)| *known == number).map(|(_, why)| *why)
        };
        if let Some(why) = of(&SKIPPED) {
            return format!("| {number} | {name} | {} | skipped | {openssl} | {why} |", word(nist));
        }
        let ours = self.ours(der);
        if !nist && ours.is_ok() {
            problems.push(format!("{number} {name}: we accept what NIST calls invalid"));
        }
        let note = of(&STRICTER);
        if note.is_some() != (nist && ours.is_err()) {
            problems.push(format!(
                "{number} {name}: {ours:?}; a refusal has its reason here, and nothing else has"
            ));
        }
        let said = match ours {
            Ok(()) => "valid".to_owned(),
            Err(refused) => {
                let refused = format!("{refused:?}");
                format!("invalid: {}", refused.split(' ').next().expect("a word"))
            }
        };
        format!("| {number} | {name} | {} | {said} | {openssl} | {} |", word(nist), note.unwrap_or(""))
    }

    /// From the anchor down to the certificate, one step after the other.
    fn ours(&self, der: &[u8]) -> Result<(), Refused> {
        let certificate = Certificate::parse(der)?;
        let mut issuer = Issuer::new(Certificate::parse(self.file(ANCHOR))?)?;
        let mut path = vec![&certificate];
        while let Some(above) = self.above(path[path.len() - 1]) {
            path.push(above);
        }
        while let Some(next) = path.pop() {
            self.step(&issuer, next)?;
            if !path.is_empty() {
                issuer = Issuer::new(Certificate::parse(next.der())?)?;
            }
        }
        Ok(())
    }

    fn step(&self, issuer: &Issuer, certificate: &Certificate) -> Result<(), Refused> {
        issuer.step(certificate, at())?;
        let own = self.lists.iter().filter(|list| list.signed_by(issuer));
        let report = own.filter_map(|list| list.report(certificate, at())).max_by_key(|report| report.as_of);
        judge(report, at(), i64::MAX)
    }

    /// The certificate of whose key signed this one, if it is below the anchor. The key's name decides; some tests are
    /// about other names that do not fit.
    fn above(&self, certificate: &Certificate) -> Option<&Certificate> {
        let named = certificate.authority_key()?;
        let anchor = self.file(ANCHOR);
        let found = self.certificates.iter().find(|one| one.subject_key() == Some(named))?;
        (found.der() != anchor && found.der() != certificate.der()).then_some(found)
    }

    fn openssl(&self, der: &[u8]) -> bool {
        let paths =
            ["anchor.pem", "authorities.pem", "lists.pem", "holder.pem"].map(|name| self.home.path(name));
        fs::write(&paths[3], pem("CERTIFICATE", der)).expect("written");
        let at = (at().ms() / 1000).to_string();
        let mut args: Vec<&OsStr> =
            ["verify", "-no-CApath", "-no-CAstore", "-crl_check_all", "-extended_crl", "-policy_check"]
                .map(OsStr::new)
                .into();
        args.extend([OsStr::new("-attime"), OsStr::new(&at)]);
        for (flag, path) in ["-CAfile", "-untrusted", "-CRLfile"].iter().zip(&paths) {
            args.extend([OsStr::new(flag), path.as_os_str()]);
        }
        args.push(paths[3].as_os_str());
        outsider("openssl", &args, b"").code == Some(0)
    }
}

const ANCHOR: &str = "TrustAnchorRootCertificate";
