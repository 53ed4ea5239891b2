//! Every connection of a configuration, tried once: the AMS, the store, the sites, the certificate.

use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

use super::finding::Finding;
use super::stored;
use crate::adapters::ams::AmsError;
use crate::adapters::ams::catalogue::SelfTest;
use crate::adapters::ams::kinds::AmsSettings;
use crate::adapters::community_file;
use crate::adapters::toml_reading::Problem;
use crate::adapters::upstream::{Endpoint, EndpointFault, UpstreamError};
use crate::config::Settings;
use crate::config::settings::{Community, SiteSettings, Tls};
use crate::domain::catalogue::{Catalogue, Unlisted};
use crate::domain::rule::Rules;
use crate::serve::certificate::not_after;
use crate::serve::tls;

/// A certificate that ends sooner than this is told about.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);

/// What an AMS said that could be reached.
#[derive(Debug, Clone, Default)]
pub(super) struct Tried {
    /// It finds somebody who is there.
    pub(super) is_found: bool,
    /// Its lists, if they could be read.
    pub(super) lists: Option<Catalogue>,
    /// What our credentials show.
    pub(super) shown: SelfTest,
}

/// Tries everything, in the order of the configuration file.
pub(super) fn all(
    runtime: &Runtime,
    settings: &Settings,
    ams: impl AsyncFn(AmsSettings) -> Result<Tried, AmsError>,
    now: Timestamp,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    findings.extend(settings.listen.tls.as_ref().map(|tls| listener(tls, now)));
    findings.extend(unsupplied(settings));
    for environment in [Some(&settings.ams.live), settings.ams.standby.as_ref()].into_iter().flatten() {
        let tried = runtime.block_on(ams(environment.clone()));
        findings.push(association_system(environment, tried.as_ref().err()));
        findings.extend(tried.as_ref().ok().filter(|tried| !tried.is_found).map(|_| not_found(environment)));
        findings.extend(tried.iter().flat_map(|tried| shown(environment, &tried.shown)));
        if let Ok(Tried { lists: Some(lists), .. }) = tried {
            findings.extend(lists.faults(&settings.rules).into_iter().map(|fault| {
                Finding::failed(settings.rules_file.display().to_string(), fault.what, fault.remedy)
            }));
            findings.extend(fit_two(&lists, settings));
            findings.extend(unknown(&lists, settings));
        }
    }
    findings.extend(stored::check(runtime, &settings.store));
    findings.extend(sites(runtime, &settings.sites));
    findings.extend(settings.higher_logic.iter().flat_map(|it| community(runtime, settings, it)));
    findings.extend(settings.higher_logic.iter().filter_map(|it| no_events(settings, it)));
    findings
}

/// Whatever is posted there is taken for people, so nothing is.
fn community(runtime: &Runtime, settings: &Settings, of_file: &Community) -> Vec<Finding> {
    let (what, file) = ("higher_logic", of_file.file.display());
    let said = |groups: usize, place: &str| {
        Finding::fine(what, format!("{groups} groups in {place}; Higher Logic itself is not asked"))
    };
    let Some((number, text)) = stored::community_in_force(runtime, settings) else {
        return vec![said(of_file.mapping.groups.len(), &file.to_string())];
    };
    let place = format!("version {number}, which administrators published; {file} is not used");
    match community_file::parse(&text.text) {
        Ok(mapping) => vec![said(mapping.groups.len(), &place)],
        Err(problems) => {
            let place = |line: usize| format!("line {line} of {place}");
            let of = |problem: Problem| {
                Finding::failed(what, format!("{}: {}", place(problem.line), problem.what), problem.remedy)
            };
            problems.into_iter().map(of).collect()
        }
    }
}

/// The calendar is on, and the AMS tells of no events.
fn no_events(settings: &Settings, community: &Community) -> Option<Finding> {
    let supplied = settings.ams.live.kind().supplied();
    let is_in_vain = community.mapping.calendar.is_some() && !supplied.has_public_events;
    is_in_vain.then(|| {
        Finding::warning(
            community.file.display().to_string(),
            format!(
                "`calendar.events` is on, and {} does not say which events are public; none is sent",
                supplied.ams
            ),
            "Take `[calendar]` out",
        )
    })
}

/// Each file with conditions, and what it asks.
fn asking(settings: &Settings) -> impl Iterator<Item = (String, &Rules)> {
    let community = settings.higher_logic.iter().map(|it| (&it.file, it.mapping.rules()));
    let files = std::iter::once((&settings.rules_file, &settings.rules)).chain(community);
    files.map(|(file, rules)| (file.display().to_string(), rules))
}

/// Committees that are not on the AMS's list.
fn unknown(lists: &Catalogue, settings: &Settings) -> Vec<Finding> {
    let found = asking(settings).flat_map(|(file, rules)| {
        lists.unlisted_committees(rules).into_iter().map(move |Unlisted { committee, meant }| {
            Finding::warning(
                file.clone(),
                format!("`committee = \"{committee}\"` is not on the AMS's list of committees"),
                match meant {
                    Some(meant) => format!("Did you mean `{meant}`? Compare it with the list in the AMS"),
                    None => "Compare it with the list in the AMS".to_owned(),
                },
            )
        })
    });
    found.collect()
}

/// Committees that fit two entries of the AMS's list.
fn fit_two(lists: &Catalogue, settings: &Settings) -> Vec<Finding> {
    let found = asking(settings).flat_map(|(file, rules)| {
        lists.fit_two(rules).into_iter().map(move |code| {
            Finding::warning(
                file.clone(),
                format!("`committee = \"{code}\"` fits two committees of the AMS; a code goes before a name"),
                "Write the code of the committee that is meant",
            )
        })
    });
    found.collect()
}

fn association_system(environment: &AmsSettings, failed: Option<&AmsError>) -> Finding {
    let what = format!("ams.{}", environment.name());
    match failed {
        None => Finding::fine(what, "signed in, and one call was answered"),
        Some(error) => Finding::failed(what, error.to_string(), environment.remedy(error)),
    }
}

/// The person who stays on file is not found.
fn not_found(environment: &AmsSettings) -> Finding {
    let name = environment.name();
    Finding::warning(
        format!("ams.{name}.canary"),
        "the AMS does not find this person; so nobody else who is missing would count as gone",
        format!("Write the id of somebody who stays on file as `canary` below `[ams.{name}]`"),
    )
}

/// Which of the things that decisions need arrive.
fn shown(environment: &AmsSettings, test: &SelfTest) -> Vec<Finding> {
    let name = environment.name();
    if test.read == 0 && test.arrives.is_empty() && test.missing.is_empty() {
        return Vec::new();
    }
    let arrives = format!("these arrive: {}", test.arrives.join(", "));
    let missing = test.missing.iter().map(|missing| {
        Finding::warning(
            format!("ams.{name}"),
            format!(
                "`{}` did not arrive with any of {} records; without it {} cannot be told",
                missing.what, test.read, missing.needed_for
            ),
            "See whether the key may read it; if nobody who was read has it, name somebody who has as `canary`",
        )
    });
    [Finding::fine(format!("ams.{name}"), arrives)].into_iter().chain(missing).collect()
}

/// What the mappings ask for and the AMS does not have.
fn unsupplied(settings: &Settings) -> Vec<Finding> {
    let supplied = settings.ams.live.kind().supplied();
    let faults = asking(settings).flat_map(|(file, rules)| {
        let faults = supplied.faults(rules).into_iter();
        faults.map(move |fault| Finding::failed(file.clone(), fault.what, fault.remedy))
    });
    faults.collect()
}

/// All sites side by side; each may take its whole time limit.
fn sites(runtime: &Runtime, sites: &[SiteSettings]) -> Vec<Finding> {
    let endpoints: Vec<_> = sites.iter().map(|site| (site.clone(), site.endpoint())).collect();
    runtime.block_on(async {
        let mut tried = JoinSet::new();
        for (place, (site, endpoint)) in endpoints.into_iter().enumerate() {
            tried.spawn(async move { (place, upstream(&site, endpoint).await) });
        }
        let mut findings = tried.join_all().await;
        findings.sort_by_key(|(place, _)| *place);
        findings.into_iter().map(|(_, finding)| finding).collect()
    })
}

async fn upstream(site: &SiteSettings, endpoint: Option<Result<Endpoint, EndpointFault>>) -> Finding {
    let what = format!("site `{}`", site.site.name);
    let (Some(upstream), Some(endpoint)) = (&site.upstream, endpoint) else {
        return Finding::fine(what, "its own web server asks us, so there is nothing to connect to");
    };
    let shown = upstream.origin().ascii_serialization();
    let endpoint = match endpoint {
        Ok(endpoint) => endpoint,
        Err(fault) => {
            return Finding::failed(what, fault.to_string(), "Correct its `upstream` or `upstream_ca`");
        }
    };
    match endpoint.probe().await {
        Ok(()) => Finding::fine(what, format!("{shown} accepts connections")),
        Err(error @ UpstreamError::Untrusted(_)) => {
            let remedy = "Name the authority of its certificate in `upstream_ca`, or give it a certificate that this machine trusts";
            Finding::failed(what, format!("{shown}: {error}"), remedy)
        }
        Err(error @ UpstreamError::NameUnknown(_)) => {
            let remedy = "Correct the name in its `upstream`, or see why this machine cannot look it up";
            Finding::failed(what, format!("{shown}: {error}"), remedy)
        }
        Err(error) => {
            Finding::failed(what, format!("{shown}: {error}"), "Start the site, or correct its `upstream`")
        }
    }
}

fn listener(files: &Tls, now: Timestamp) -> Finding {
    let what = "listen.tls_certificate";
    if let Err(fault) = tls::load(&files.certificate, &files.key) {
        return Finding::failed(
            what,
            fault.to_string(),
            "Give it the PEM files of a certificate and of its own key",
        );
    }
    let end = CertificateDer::from_pem_file(&files.certificate).ok().and_then(|der| not_after(&der));
    certificate(end, now)
}

fn certificate(end: Option<Timestamp>, now: Timestamp) -> Finding {
    let what = "listen.tls_certificate";
    let Some(end) = end else {
        return Finding::failed(what, "the certificate does not say until when it is good", "Get a new one");
    };
    let left = end.duration_since(now);
    let days = left.as_hours() / 24;
    match () {
        () if !left.is_positive() => {
            Finding::failed(what, format!("the certificate ended at {end}"), "Get a new one")
        }
        () if left < SOON => {
            let left = match days {
                0 => "less than 1 day".to_owned(),
                1 => "only 1 day".to_owned(),
                days => format!("only {days} days"),
            };
            Finding::warning(what, format!("good until {end}, for {left}"), "Renew it now")
        }
        () => Finding::fine(what, format!("good until {end}, for {days} days")),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn a_certificate_is_told_about_before_and_after_it_ends() {
        let end = "2027-01-31T00:00:00Z".parse().ok();
        for (end, now, told) in [
            (
                end,
                "2026-12-01T00:00:00Z",
                "ok      listen.tls_certificate: good until 2027-01-31T00:00:00Z, for 61 days.",
            ),
            (
                end,
                "2027-01-20T12:00:00Z",
                "warning listen.tls_certificate: good until 2027-01-31T00:00:00Z, for only 10 days. Renew it now.",
            ),
            (
                end,
                "2027-01-29T12:00:00Z",
                "warning listen.tls_certificate: good until 2027-01-31T00:00:00Z, for only 1 day. Renew it now.",
            ),
            (
                end,
                "2027-01-30T12:00:00Z",
                "warning listen.tls_certificate: good until 2027-01-31T00:00:00Z, for less than 1 day. Renew it now.",
            ),
            (
                end,
                "2027-01-31T00:00:00Z",
                "failed  listen.tls_certificate: the certificate ended at 2027-01-31T00:00:00Z. Get a new one.",
            ),
        ] {
            assert_eq!(certificate(end, now.parse().unwrap()).to_string(), told);
        }
    }

    #[test]
    fn each_way_in_which_the_ams_can_fail_has_its_own_remedy() {
        use AmsError::*;
        let environment = crate::config::load(
            Path::new("gate.toml"),
            &super::super::tests::machine("http://127.0.0.1:9", "gate.sqlite"),
        )
        .unwrap_or_else(|problems| panic!("{problems:#?}"))
        .ams
        .live;
        let told: Vec<String> = [
            Unreachable("connection refused".into()),
            CredentialsRefused,
            AddressRefused("host `evil.example`".into()),
            RateLimited { retry_after: None },
            Failed(500),
            Unreadable("not JSON".into()),
        ]
        .into_iter()
        .map(|error| association_system(&environment, Some(&error)).to_string())
        .collect();
        insta::assert_snapshot!(told.join("\n"));
    }
}
