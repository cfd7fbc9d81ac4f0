//! Identities that come whole or not at all.

use rcgen::{Issuer, SanType};
use x509_parser::certification_request::X509CertificationRequest;

use super::*;

/// An authority as the server has one.
struct Ca {
    certificate: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
}

impl Ca {
    fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap().der().clone();
        Self { certificate, issuer: Issuer::new(params, key) }
    }

    /// A certificate of 90 days for the key of a request, PEM.
    fn certify(&self, request: &[u8], uri: &str) -> String {
        let request = rustls::pki_types::CertificateSigningRequestDer::from(request.to_vec());
        let mut request = rcgen::CertificateSigningRequestParams::from_der(&request).unwrap();
        request.params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        request.params.not_after = rcgen::date_time_ymd(2026, 4, 1);
        request.params.subject_alt_names = vec![SanType::URI(uri.try_into().unwrap())];
        let leaf = request.signed_by(&self.issuer).unwrap();
        format!("{}{}", leaf.pem(), pem(&self.certificate))
    }
}

fn home() -> (tempfile::TempDir, Home) {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::find(Some(folder.path().join("home")), &|_| None);
    home.create().unwrap();
    (folder, home)
}

fn enrolled(home: &Home, ca: &Ca) -> Identity {
    let enrolment = Enrolment::in_home(home);
    let certificate =
        ca.certify(&enrolment.signing_request().unwrap(), "tiendo://so-khcn/agent/pc-1");
    enrolment.complete(&ca.certificate, &certificate).unwrap()
}

fn names(home: &Home) -> Vec<String> {
    let listed = fs::read_dir(home.path()).unwrap();
    let mut names: Vec<_> =
        listed.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn an_enrolled_computer_knows_who_it_is() {
    let (_folder, home) = home();
    assert!(Identity::load(&home).unwrap().is_none());
    let ca = Ca::new();
    enrolled(&home, &ca);
    let identity = Identity::load(&home).unwrap().unwrap();
    assert_eq!(identity.bearer.to_string(), "so-khcn/agent/pc-1");
    assert_eq!(identity.bearer.department.as_deref(), Some("so-khcn"));
    assert_eq!(identity.not_after.to_string(), "2026-04-01T00:00:00Z");
    assert_eq!(identity.authority, ca.certificate);
    assert_eq!(names(&home), ["agent.key", "agent.pem", "ca.pem", "ledger"]);
    let shown = format!("{identity:?}");
    assert!(!shown.contains("PRIVATE") && shown.contains("pc-1"), "{shown}");
    #[cfg(unix)]
    for path in files(&home) {
        let mode = std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }
}

#[test]
fn roles_of_the_province_act_for_no_department() {
    let (_folder, home) = home();
    let (ca, enrolment) = (Ca::new(), Enrolment::in_home(&home));
    let certificate =
        ca.certify(&enrolment.signing_request().unwrap(), "tiendo://province/operator/lan");
    let bearer = enrolment.complete(&ca.certificate, &certificate).unwrap().bearer;
    assert_eq!((bearer.department, bearer.role.as_str()), (None, "operator"));
}

#[test]
fn a_request_says_nothing_but_its_key() {
    let (_folder, home) = home();
    let enrolment = Enrolment::in_home(&home);
    let request = enrolment.signing_request().unwrap();
    let (rest, parsed) = X509CertificationRequest::from_der(&request).unwrap();
    assert!(rest.is_empty());
    parsed.verify_signature().unwrap();
    let info = &parsed.certification_request_info;
    assert_eq!(info.subject.iter().count(), 0);
    assert_eq!(info.attributes().len(), 0);
    let key = |request: &[u8]| {
        let (_, parsed) = X509CertificationRequest::from_der(request).unwrap();
        parsed.certification_request_info.subject_pki.raw.to_vec()
    };
    // A lost answer is asked for again with the same key, by whatever program comes next.
    let again = Enrolment::in_home(&home).signing_request().unwrap();
    assert_eq!(key(&again), key(&request));
    enrolment.forget_key().unwrap();
    assert_ne!(key(&enrolment.signing_request().unwrap()), key(&request));
    let identity = enrolled(&home, &Ca::new());
    let certified = identity.signing_request().unwrap();
    let (_, leaf) = x509_parser::pem::parse_x509_pem(identity.certificate.as_bytes()).unwrap();
    assert_eq!(key(&certified), leaf.parse_x509().unwrap().tbs_certificate.subject_pki.raw);
}

/// Whatever was written when the power went, one identity or the other is there.
#[test]
fn a_crash_leaves_the_old_identity_or_the_new_one() {
    for written in 0..=6 {
        let (_folder, home) = home();
        let (old_ca, new_ca) = (Ca::new(), Ca::new());
        let old = enrolled(&home, &old_ca);
        let enrolment = Enrolment::in_home(&home);
        let request = enrolment.signing_request().unwrap();
        let certificate = new_ca.certify(&request, "tiendo://so-nv/agent/pc-1");
        let folder = pending(&home);
        let moved = |name: &str| fs::rename(folder.join(name), path(&home, name)).unwrap();
        if written > 0 {
            replace(&folder.join(AUTHORITY), &pem(&new_ca.certificate)).unwrap();
        }
        if written > 1 {
            replace(&folder.join(CERTIFICATE), &certificate).unwrap();
        }
        [KEY, AUTHORITY, CERTIFICATE]
            .into_iter()
            .take(usize::saturating_sub(written, 2))
            .for_each(moved);
        let found = Identity::load(&home).unwrap().unwrap();
        let is_new = written > 1;
        assert_eq!(found.bearer.department.as_deref() == Some("so-nv"), is_new, "{written}");
        assert_eq!(found.authority == new_ca.certificate, is_new, "{written}");
        assert_eq!(found.key == old.key, !is_new, "{written}");
        KeyPair::from_pem(&found.key).unwrap();
        Identity::load(&home).unwrap().unwrap();
    }
}

#[test]
fn renewal_begins_at_half_life_and_not_for_all_at_once() {
    let (_folder, home) = home();
    let ca = Ca::new();
    let mut days: Vec<i64> = (0..50)
        .map(|_| {
            let identity = enrolled(&home, &ca);
            identity.renewed_from().duration_since(identity.not_before).as_hours() / 24
        })
        .collect();
    days.sort_unstable();
    assert!(days[0] >= 45 && days[49] <= 60, "{days:?}");
    days.dedup();
    assert!(days.len() > 5, "{days:?}");
}

#[test]
fn a_renewed_certificate_replaces_the_old_one_and_anothers_does_not() {
    let (_folder, home) = home();
    let ca = Ca::new();
    let mut identity = enrolled(&home, &ca);
    let request = identity.signing_request().unwrap();
    let other = ca.certify(&request, "tiendo://so-khcn/agent/pc-2");
    assert!(identity.renew(&home, &other).unwrap_err().cause.contains("another"));
    assert!(identity.renew(&home, "nothing").is_err());
    assert_eq!(Identity::load(&home).unwrap().unwrap().bearer.name, "pc-1");
    let renewed = ca.certify(&request, "tiendo://so-khcn/agent/pc-1");
    identity.renew(&home, &renewed).unwrap();
    assert_eq!(Identity::load(&home).unwrap().unwrap().certificate, renewed);
}

#[test]
fn a_file_that_cannot_be_used_is_named() {
    let (_folder, home) = home();
    let ca = Ca::new();
    for (name, text) in [(AUTHORITY, "x"), (CERTIFICATE, "x"), (CERTIFICATE, "")] {
        enrolled(&home, &ca);
        fs::write(path(&home, name), text).unwrap();
        let error = Identity::load(&home).unwrap_err();
        assert!(error.to_string().contains(name), "{error}");
    }
    enrolled(&home, &ca);
    fs::write(path(&home, CERTIFICATE), pem(&ca.certificate)).unwrap();
    assert!(Identity::load(&home).unwrap_err().cause.contains("no bearer"));
    fs::remove_file(path(&home, KEY)).unwrap();
    assert!(Identity::load(&home).unwrap_err().to_string().contains(KEY));
}
