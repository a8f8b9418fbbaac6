//! Stories of admitting a terminal through a facility's page, as a browser without script would send it.
//!
//! Always holds: certificates are made here, each with a key of its own.
//! Not here: Host, Origin and the permissions of every route (`tests/`).
//! Rules come from: DESIGN section 3 ("Ids").

use super::*;
use ::store::testing::Dir;
use ::web::{
    house::{Asker, House, Parts},
    routes::Visitor,
};
use audit::testing::{ledger, seeded_random};
use axum::{
    Router,
    body::Body,
    extract::Request,
    http::{Method, header},
    middleware::{Next, from_fn},
};
use base::Clock;
use tower::ServiceExt;

struct Noon;

impl Clock for Noon {
    fn now(&self) -> Instant {
        day("20261120").begins().plus_ms(12 * 60 * 60 * 1000)
    }
}

/// A certificate in PEM that is good until the end of a year (UTC).
fn pem(until_year: i32) -> String {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut cert = rcgen::CertificateParams::new(vec!["terminal".into()]).unwrap();
    cert.not_after = rcgen::date_time_ymd(until_year, 12, 31);
    cert.self_signed(&key).unwrap().pem()
}

/// The page of a facility, before a system administrator.
struct Office {
    _dir: Dir,
    house: House,
    router: Router,
    body: String,
}

impl Office {
    fn open(name: &str) -> Office {
        let dir = Dir::new(name);
        let random = seeded_random(5);
        let house = House::open(Parts {
            store: Store::open(dir.place(), ledger(1)).unwrap(),
            clock: Arc::new(Noon),
            ids: seeded_ids(2000),
            random: Arc::new(move |out: &mut [u8]| random(out)),
            hosts: vec!["localhost".to_owned()],
            demo: false,
            behind_https: false,
            desk_threads: 1,
            desk_queue: 4,
            page_threads: 1,
            page_queue: 4,
        })
        .unwrap();
        let other = FacilityEntry { code: FacilityCode::from_body("131000001").unwrap(), ..clinic() };
        let cx = house.cx(Asker::new(Actor::System, Purpose::Administration));
        for (id, entry) in [(7, clinic()), (8, other)] {
            let recorded = house.store().record(cx.now, |tx| crate::record(tx, &cx, facility(id), &entry));
            recorded.unwrap().unwrap();
        }
        let role = Role::SystemAdministrator;
        let visitor = Visitor {
            actor: Actor::Staff { staff: 1, role, facility: None },
            role,
            name: "admin".to_owned(),
            place: None,
            csrf: "token".to_owned(),
        };
        let router = crate::web::routes().into_router(house.clone());
        let router = router.layer(from_fn(move |mut request: Request, next: Next| {
            request.extensions_mut().insert(visitor.clone());
            next.run(request)
        }));
        Office { _dir: dir, house, router, body: String::new() }
    }

    async fn send(&mut self, method: Method, path: &str, body: String) -> String {
        let request = Request::builder().method(method).uri(path).body(Body::from(body)).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let to = response.headers().get(header::LOCATION).map(|to| to.to_str().unwrap().to_owned());
        let bytes = axum::body::to_bytes(response.into_body(), usize::MAX).await.unwrap();
        self.body = String::from_utf8(bytes.to_vec()).unwrap();
        let errors = self.body.split("<p class=\"field-error\" id=\"").skip(1);
        let errors = errors.map(|rest| {
            let (field, rest) = rest.split_once("-error").unwrap_or_default();
            let text = rest.split_once('：').and_then(|(_, text)| text.split_once('<')).unwrap_or_default().0;
            format!("\n    {field}: {text}")
        });
        format!("{status}{}{}", to.map(|_| " →").unwrap_or_default(), errors.collect::<String>())
    }

    async fn admit(&mut self, id: i64, label: &str, certificate: &str) -> String {
        let coded = |text: &str| text.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
        let path = format!("/facilities/{}/terminals", facility(id));
        let body = format!("csrf=token&label={}&certificate={}", coded(label), coded(certificate));
        self.send(Method::POST, &path, body).await
    }

    /// Labels of a facility's terminals with the expiry of their certificates.
    fn terminals(&self, id: i64) -> String {
        let terminals = self.house.store().look(|tx| crate::list_terminals(tx, facility(id))).unwrap();
        let told = terminals.iter().map(|one| format!("{} until {}", one.label, one.expires_at.for_people()));
        told.collect::<Vec<_>>().join(", ")
    }
}

#[tokio::test]
async fn an_administrator_admits_a_terminal_by_its_pasted_certificate() {
    let mut office = Office::open("facility_admitting");
    let page = format!("/facilities/{}", facility(7));
    let good = pem(2027);
    let mut told = vec![format!("page: {}", office.send(Method::GET, &page, String::new()).await)];
    assert!(office.body.contains("端末を登録する") && office.body.contains("<textarea"));
    let printed = format!("Certificate:\n    Data: …\n{}\n", good.replace('\n', "\r\n"));
    told.push(format!("admitted: {}", office.admit(7, " 受付1 ", &printed).await));
    told.push(format!("then: {}", office.terminals(7)));
    let read = read_certificate(&good).unwrap();
    let now = office.house.now();
    let speaks = office.house.store().look(|tx| crate::terminal(tx, &read.fingerprint, now)).unwrap();
    told.push(format!("speaks for: {:?}", speaks.map(|admitted| admitted.facility.raw())));
    told.push(format!("again: {}", office.admit(7, "受付1", &good).await));
    told.push(format!("used elsewhere: {}", office.admit(8, "受付1", &good).await));
    assert!(
        office.body.contains("MII") && office.body.contains("value=\"受付1\""),
        "what was typed is shown again"
    );
    assert!(office.body.contains("value=\"みどり坂内科医院\""), "the other form keeps the standing entry");
    told.push(format!("expired: {}", office.admit(8, "受付1", &pem(2025)).await));
    told.push(format!("two: {}", office.admit(8, "受付1", &(pem(2027) + &pem(2027))).await));
    told.push(format!("none: {}", office.admit(8, " ", "").await));
    told.push(format!("cut: {}", office.admit(8, "受付1", good.get(..300).unwrap()).await));
    let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
    told.push(format!("with its key: {}", office.admit(8, "受付1", &(good + &key)).await));
    assert!(!office.body.contains("PRIVATE KEY"), "a key is shown again");
    told.push(format!("no such facility: {}", office.admit(9, "受付1", &pem(2027)).await));
    told.push(format!(
        "forged: {}",
        office.send(Method::POST, &format!("{page}/terminals"), "csrf=x".into()).await
    ));
    told.push(format!("7: {} · 8: {}", office.terminals(7), office.terminals(8)));
    check(
        &told.join("\n"),
        expect![[r#"
        page: 200
        admitted: 303 →
        then: 受付1 until 2027-12-31 09:00:00
        speaks for: Some(7)
        again: 303 →
        used elsewhere: 409
            certificate: この証明書は、別の端末または停止した端末のものです。新しい証明書を発行してください。
        expired: 422
            certificate: この証明書は期限が切れています。新しい証明書を発行してください。
        two: 422
            certificate: 証明書が2つ以上あります。端末の証明書（多くは最初の1つ）だけを貼り付け、認証局の証明書は除いてください。
        none: 422
            label: 端末の名前を40文字以内で入力してください。「受付1」のように、置き場所が分かる名前にしてください。
            certificate: PEM形式の証明書として読み取れません。証明書のファイルを開き、BEGIN CERTIFICATE の行から END CERTIFICATE の行までをすべて貼り付けてください。
        cut: 422
            certificate: PEM形式の証明書として読み取れません。証明書のファイルを開き、BEGIN CERTIFICATE の行から END CERTIFICATE の行までをすべて貼り付けてください。
        with its key: 422
            certificate: 秘密鍵が含まれています。登録も保存もしていません。秘密鍵は端末の外に出さず、証明書の部分だけを貼り付けてください。
        no such facility: 404
        forged: 403
        7: 受付1 until 2027-12-31 09:00:00 · 8: "#]],
    );
}

#[test]
fn only_a_whole_certificate_is_read() {
    let good = pem(2027);
    assert_eq!(
        read_certificate(&good).unwrap().expires_at,
        day("20271231").begins().plus_ms(9 * 60 * 60 * 1000)
    );
    let far = read_certificate(&pem(2055)).unwrap().expires_at;
    assert_eq!(far.date(), day("20551231"), "after 2049 the time has another form");
    let unreadable = refusals::certificate_unreadable();
    let body: Vec<&str> = good.lines().filter(|line| !line.starts_with('-')).collect();
    let body = body.concat();
    let whole = |body: &str| format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----");
    assert!(read_certificate(&whole(&body)).is_ok());
    // Cut anywhere, it is none.
    for length in (0..body.len()).step_by(4) {
        assert_eq!(read_certificate(&whole(&body[..length])), Err(unreadable), "{length}");
    }
    for bad in ["AAAA", "MAA=", "MIAA", "MIQAAAAA", "hello!", "MIIBCgKCAQEA"] {
        assert_eq!(read_certificate(&whole(bad)), Err(unreadable), "{bad}");
    }
    assert_eq!(read_certificate(&body), Err(unreadable), "without its lines");
    assert_eq!(read_certificate(&good.replace("CERTIFICATE", "PUBLIC KEY")), Err(unreadable));
}
